//! What names one call of a guest.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// Names a call: in the errors that its client gets, in its author's log and on its tape. 64 random bits,
/// so that no two calls of a tenant have one name; it opens nothing, and need not be kept secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId([u8; Self::BYTES]);

/// Why a text names no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a call is 16 hexadecimal digits in lower case")]
pub struct CallIdError;

impl CallId {
    /// Bytes of an id.
    pub const BYTES: usize = 8;

    /// The id of those bytes.
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallId({self})")
    }
}

impl FromStr for CallId {
    type Err = CallIdError;

    fn from_str(text: &str) -> Result<Self, CallIdError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let mut bytes = [0; Self::BYTES];
        if !text.bytes().all(is_digit) || hex::decode_to_slice(text, &mut bytes).is_err() {
            return Err(CallIdError);
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_its_text_are_inverse() {
        let id = CallId::new([0, 1, 2, 0xab, 0xcd, 0xef, 0xf0, 0xff]);
        assert_eq!(id.to_string(), "000102abcdeff0ff");
        assert_eq!("000102abcdeff0ff".parse(), Ok(id));
        for text in [
            "",
            "000102abcdeff0f",
            "000102abcdeff0ff0",
            "000102ABCDEFF0FF",
            "000102abcdeff0fg",
        ] {
            assert_eq!(text.parse::<CallId>(), Err(CallIdError), "{text}");
        }
    }
}
