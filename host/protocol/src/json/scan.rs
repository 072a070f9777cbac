//! The scanner: one pass over a text that says whether it is JSON we accept.
//!
//! A loop with a fixed stack of open containers, so that no input can overflow ours. Names are kept
//! for the objects that are open; a small object compares each new name with those before it, a
//! large one sorts its names when it closes, so the cost is never quadratic.

use std::borrow::Cow;

use smcp_ids::limits::{JSON_MEMBERS_MAX, JSON_NESTING_MAX};

use super::walk::{plain_run, unescape};

/// Why a text is not accepted. `at` counts bytes from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Bytes that are not UTF-8.
    #[error("invalid UTF-8 at byte {at}; send UTF-8")]
    Utf8 {
        /// Where.
        at: usize,
    },
    /// Not the grammar of RFC 8259, or something after the value.
    #[error("not JSON at byte {at}")]
    Syntax {
        /// Where.
        at: usize,
    },
    /// Half of a surrogate pair: no text of Unicode.
    #[error("lone surrogate in a string at byte {at}")]
    Surrogate {
        /// Where.
        at: usize,
    },
    /// More containers in one another than a recursive parser survives.
    #[error(
        "more than {JSON_NESTING_MAX} containers inside one another at byte {at}; nest less deeply"
    )]
    Nesting {
        /// Where.
        at: usize,
    },
    /// A name that its object holds already: two readers would take different values for it.
    #[error("repeated name in the object that has or ends at byte {at}; send each name once")]
    Repeated {
        /// Where.
        at: usize,
    },
    /// One object with too many members.
    #[error("more than {JSON_MEMBERS_MAX} members in one object at byte {at}")]
    Members {
        /// Where.
        at: usize,
    },
}

/// Up to so many members are compared one with another as they come.
const COMPARED_AT_ONCE: usize = 16;

/// A name in an open object: what stands between its quotes.
#[derive(Clone, Copy)]
struct Name<'a> {
    text: &'a str,
    escaped: bool,
}

impl<'a> Name<'a> {
    fn decoded(self) -> Cow<'a, str> {
        if self.escaped {
            unescape(self.text)
        } else {
            Cow::Borrowed(self.text)
        }
    }

    fn same_as(self, other: Self) -> bool {
        if self.escaped || other.escaped {
            self.decoded() == other.decoded()
        } else {
            self.text == other.text
        }
    }
}

/// An open container; an object remembers where its names begin.
#[derive(Clone, Copy)]
enum Open {
    Array,
    Object { names_from: usize },
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    open: [Open; JSON_NESTING_MAX],
    depth: usize,
    names: Vec<Name<'a>>,
}

/// Accepts `text` as one JSON value, or says why not.
pub(super) fn scan(text: &str) -> Result<(), JsonError> {
    let mut scanner = Scanner {
        text,
        at: 0,
        open: [Open::Array; JSON_NESTING_MAX],
        depth: 0,
        names: Vec::new(),
    };
    loop {
        if scanner.value()? {
            continue;
        }
        if !scanner.next_value()? {
            return scanner.end();
        }
    }
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn syntax<T>(&self) -> Result<T, JsonError> {
        Err(JsonError::Syntax { at: self.at })
    }

    fn white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads a value up to its end, or up to where the first value inside it begins: true then.
    fn value(&mut self) -> Result<bool, JsonError> {
        self.white_space();
        match self.peek() {
            Some(b'{') => return self.open_object(),
            Some(b'[') => return self.open_array(),
            Some(b'"') => drop(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            _ => return self.syntax(),
        }
        Ok(false)
    }

    /// After a value: closes what ends here, and goes on to where the next value begins. False when
    /// nothing is open any more.
    fn next_value(&mut self) -> Result<bool, JsonError> {
        while let Some(top) = self.depth.checked_sub(1) {
            self.white_space();
            let open = self.open.get(top).copied().unwrap_or(Open::Array);
            match (open, self.peek()) {
                (Open::Array, Some(b',')) => {
                    self.at += 1;
                    return Ok(true);
                }
                (Open::Object { names_from }, Some(b',')) => {
                    self.at += 1;
                    self.name(names_from)?;
                    return Ok(true);
                }
                (Open::Array, Some(b']')) => {}
                (Open::Object { names_from }, Some(b'}')) => self.close_names(names_from)?,
                _ => return self.syntax(),
            }
            self.at += 1;
            self.depth = top;
        }
        Ok(false)
    }

    fn end(&mut self) -> Result<(), JsonError> {
        self.white_space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            self.syntax()
        }
    }

    fn push(&mut self, open: Open) -> Result<(), JsonError> {
        let Some(place) = self.open.get_mut(self.depth) else {
            return Err(JsonError::Nesting { at: self.at });
        };
        *place = open;
        self.depth += 1;
        self.at += 1;
        self.white_space();
        Ok(())
    }

    fn open_array(&mut self) -> Result<bool, JsonError> {
        self.push(Open::Array)?;
        Ok(self.peek() != Some(b']'))
    }

    fn open_object(&mut self) -> Result<bool, JsonError> {
        let names_from = self.names.len();
        self.push(Open::Object { names_from })?;
        if self.peek() == Some(b'}') {
            return Ok(false);
        }
        self.name(names_from)?;
        Ok(true)
    }

    /// Reads `"name" :`.
    fn name(&mut self, names_from: usize) -> Result<(), JsonError> {
        self.white_space();
        let at = self.at;
        if self.peek() != Some(b'"') {
            return self.syntax();
        }
        let name = self.string()?;
        let before = self.names.get(names_from..).unwrap_or_default();
        if before.len() >= JSON_MEMBERS_MAX {
            return Err(JsonError::Members { at });
        }
        if before.len() < COMPARED_AT_ONCE && before.iter().any(|other| other.same_as(name)) {
            return Err(JsonError::Repeated { at });
        }
        self.names.push(name);
        self.white_space();
        if self.peek() != Some(b':') {
            return self.syntax();
        }
        self.at += 1;
        Ok(())
    }

    /// Forgets the names of an object that ends here, after a last look at those of a large one.
    fn close_names(&mut self, names_from: usize) -> Result<(), JsonError> {
        let names = self.names.get(names_from..).unwrap_or_default();
        if names.len() > COMPARED_AT_ONCE {
            let mut sorted: Vec<Cow<'a, str>> = names.iter().map(|name| name.decoded()).collect();
            sorted.sort_unstable();
            if sorted
                .windows(2)
                .any(|pair| matches!(pair, [one, two] if one == two))
            {
                return Err(JsonError::Repeated { at: self.at });
            }
        }
        self.names.truncate(names_from);
        Ok(())
    }

    /// Reads a string, whose opening quote is here.
    fn string(&mut self) -> Result<Name<'a>, JsonError> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at += plain_run(self.text.as_bytes().get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return self.syntax(),
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Name { text, escaped })
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let at = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => match self.code_unit()? {
                0xD800..=0xDBFF => self.low_surrogate(at),
                0xDC00..=0xDFFF => Err(JsonError::Surrogate { at }),
                _ => Ok(()),
            },
            _ => self.syntax(),
        }
    }

    fn low_surrogate(&mut self, at: usize) -> Result<(), JsonError> {
        if !self
            .text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(b"\\u"))
        {
            return Err(JsonError::Surrogate { at });
        }
        self.at += 1;
        match self.code_unit()? {
            0xDC00..=0xDFFF => Ok(()),
            _ => Err(JsonError::Surrogate { at }),
        }
    }

    /// Reads `uXXXX`.
    fn code_unit(&mut self) -> Result<u16, JsonError> {
        let digits = self
            .text
            .as_bytes()
            .get(self.at + 1..self.at + 5)
            .unwrap_or_default();
        let mut unit = 0_u32;
        for &digit in digits {
            let Some(value) = char::from(digit).to_digit(16) else {
                return self.syntax();
            };
            unit = unit << 4 | value;
        }
        if digits.len() != 4 {
            return self.syntax();
        }
        self.at += 5;
        u16::try_from(unit).or_else(|_| self.syntax())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// At least one digit.
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            self.syntax()
        } else {
            Ok(())
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), JsonError> {
        if !self
            .text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word.as_bytes()))
        {
            return self.syntax();
        }
        self.at += word.len();
        Ok(())
    }
}
