//! Strict JSON, read once: a text is scanned as a whole, and what comes out is a [`Json`], the proof
//! that it was; after that only slices of it are looked at, and nothing is copied.
//!
//! Refused: what is not JSON (RFC 8259), invalid UTF-8, trailing bytes, a name that an object holds
//! twice (at any depth, however it is escaped), lone surrogates, nesting over `JSON_NESTING_MAX`,
//! and objects of more than `JSON_MEMBERS_MAX` members. Numbers are left as they are written.
//! Nothing here recurses, and nothing here knows JSON-RPC or MCP.

mod scan;
#[cfg(test)]
mod tests;
mod walk;
mod write;

use std::borrow::Cow;

pub use scan::JsonError;
pub use walk::{Elements, Members};
pub(crate) use write::{push_member, push_string, quoted};

/// One JSON value inside a text that was scanned: well formed, without repeated names, of bounded
/// depth. No white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

/// What kind of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An object.
    Object,
    /// An array.
    Array,
    /// A string.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`.
    Null,
}

impl<'a> Json<'a> {
    /// Scans a whole text: one value, and nothing after it but white space.
    ///
    /// # Errors
    /// The first thing that is wrong with it, and where.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(bytes).map_err(|error| JsonError::Utf8 {
            at: error.valid_up_to(),
        })?;
        scan::scan(text)?;
        Ok(Self(text.trim_matches(walk::WHITE_SPACE)))
    }

    /// A value again whose text is a slice of one that was scanned.
    pub(crate) fn of_scanned(text: &'a str) -> Self {
        Self(text)
    }

    /// The value as it was written.
    pub fn text(self) -> &'a str {
        self.0
    }

    /// What kind of value it is: the first byte tells.
    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The members of an object in order; none of anything else.
    pub fn members(self) -> Members<'a> {
        Members::of(self)
    }

    /// The elements of an array in order; none of anything else.
    pub fn elements(self) -> Elements<'a> {
        Elements::of(self)
    }

    /// The member of that name, if this is an object that holds it.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        self.members()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The string, if it is one; copied only if it holds an escape.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        Some(walk::unescape(inner))
    }

    /// Whether it is a number written without fraction and exponent.
    pub fn is_integer(self) -> bool {
        let digits = self.0.strip_prefix('-').unwrap_or(self.0);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}
