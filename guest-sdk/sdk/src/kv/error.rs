//! Why key-value storage did not do something: what the host refused, and JSON that does not fit.
//!
//! It decides nothing of that; it says what to do.

use std::fmt;

use crate::error::ProtocolError;

/// Why something was not read from key-value storage, or not stored. It displays what to do, so a
/// tool may return it, or a `String` that `?` makes of it, for the model to read. What the call has
/// stored before is kept then: `?` into a [`ProtocolError`] takes that back too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KvError {
    /// A key is 1 to 512 bytes long and has neither U+0000 nor U+10FFFF.
    InvalidKey {
        /// What was to be a key.
        key: String,
    },
    /// A value is at most 128 KiB.
    TooLarge {
        /// Whose value.
        key: String,
        /// How many bytes it has.
        size: usize,
    },
    /// A call makes at most 1,024 changes, whose keys and values total at most 4 MiB.
    TooMany,
    /// The tool says `read_only_hint` of itself, and wanted to change something.
    ReadOnly,
    /// What is stored is not JSON of the type that was asked for.
    Unfit {
        /// Whose value.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// What was to be stored does not become JSON.
    NotJson {
        /// Whose value.
        key: String,
        /// What is wrong with it.
        message: String,
    },
}

/// Why the host refused, as the contract has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    InvalidKey,
    TooLarge,
    TooMany,
    ReadOnly,
}

impl Refused {
    /// With what it was about: a value of `size` bytes.
    pub(crate) fn of(self, key: &str, size: usize) -> KvError {
        let key = || key.to_owned();
        match self {
            Self::InvalidKey => KvError::InvalidKey { key: key() },
            Self::TooLarge => KvError::TooLarge { key: key(), size },
            Self::TooMany => KvError::TooMany,
            Self::ReadOnly => KvError::ReadOnly,
        }
    }
}

impl fmt::Display for KvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidKey { key } => write!(
                f,
                "{} cannot be a key: take 1 to 512 bytes of text without U+0000 and U+10FFFF",
                Shortened(key)
            ),
            Self::TooLarge { key, size } => write!(
                f,
                "The value of {} has {size} bytes, and may have 128 KiB: store it in parts, under a key each",
                Shortened(key)
            ),
            Self::TooMany => f.write_str(
                "This call has changed all that it may, 1,024 times or 4 MiB: change the rest in another call",
            ),
            Self::ReadOnly => f.write_str(
                "This tool says that it only reads, so it cannot change what is stored: take its `read_only_hint` away",
            ),
            Self::Unfit { key, message } => write!(
                f,
                "What is stored under {} does not fit: {message}. Store it anew, or read its bytes with `get`",
                Shortened(key)
            ),
            Self::NotJson { key, message } => write!(
                f,
                "What is to be stored under {} does not become JSON: {message}. Store a type that does, or bytes with `set`",
                Shortened(key)
            ),
        }
    }
}

impl std::error::Error for KvError {}

impl From<KvError> for ProtocolError {
    fn from(error: KvError) -> Self {
        Self::internal_error(error, None)
    }
}

impl From<KvError> for String {
    fn from(error: KvError) -> Self {
        error.to_string()
    }
}

/// A key in a message: quoted, and cut where no one would read on.
struct Shortened<'a>(&'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 64;
        match self.0.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(f, "{:?} (and so on)", &self.0[..end]),
            None => write!(f, "{:?}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_key_and_says_what_to_do() {
        let long = "ä".repeat(300);
        let unfit = KvError::Unfit {
            key: "a".to_owned(),
            message: "it is null".to_owned(),
        };
        let table = [
            (
                Refused::InvalidKey.of("", 0),
                "\"\" cannot be a key: take 1 to 512 bytes",
            ),
            (Refused::InvalidKey.of("a\0", 0), "\"a\\0\" cannot be a key"),
            (
                Refused::TooLarge.of("a", 200_000),
                "The value of \"a\" has 200000 bytes",
            ),
            (
                Refused::TooMany.of("a", 0),
                "This call has changed all that it may",
            ),
            (
                Refused::ReadOnly.of("a", 0),
                "This tool says that it only reads",
            ),
            (
                unfit,
                "What is stored under \"a\" does not fit: it is null. Store it anew",
            ),
        ];
        for (error, begins) in table {
            let text = String::from(error.clone());
            assert!(text.starts_with(begins), "{text}");
            let expected = ProtocolError::internal_error(text, None);
            assert_eq!(ProtocolError::from(error), expected);
        }
        let text = Refused::InvalidKey.of(&long, 0).to_string();
        let shown = format!("\"{}\" (and so on) cannot", "ä".repeat(64));
        assert!(text.starts_with(&shown), "{text}");
    }
}
