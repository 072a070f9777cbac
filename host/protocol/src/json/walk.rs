//! Walking through a text that was scanned: members, elements, strings. It trusts the scan for the
//! grammar and nothing for the bounds: on any other text it would answer nonsense, never panic.

use std::borrow::Cow;

use super::Json;

/// The white space of JSON.
pub(super) const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// How many bytes at the front mean themselves in a string: no quote, backslash or control
/// character. Eight at a time, since most of what is sent is text.
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let (chunks, tail) = bytes.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        // The high bit of a byte that ends the run. A borrow can mark a byte above such a one too,
        // never below the first.
        let ends =
            below(word, 0x20) | below(word ^ (ONES * 0x22), 1) | below(word ^ (ONES * 0x5C), 1);
        if ends != 0 {
            return index * 8 + ends.trailing_zeros() as usize / 8;
        }
    }
    let ends = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    bytes.len() - tail.len() + tail.iter().position(ends).unwrap_or(tail.len())
}

/// A place in a text.
#[derive(Clone, Debug)]
struct Walk<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Walk<'a> {
    /// Just inside the container that `json` is, if it opens with `bracket`.
    fn into(json: Json<'a>, bracket: u8) -> Self {
        let text = if json.0.as_bytes().first() == Some(&bracket) {
            json.0
        } else {
            ""
        };
        Self { text, at: 1 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes to the next byte that means something: past white space, commas and colons.
    fn next_token(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => self.at += 1,
                token => return Some(token),
            }
        }
    }

    /// The value that begins here.
    fn value(&mut self) -> Option<Json<'a>> {
        let first = self.next_token()?;
        let start = self.at;
        match first {
            b'}' | b']' => return None,
            b'"' => self.skip_string(),
            b'{' | b'[' => self.skip_container(),
            _ => self.skip_word(),
        }
        self.text.get(start..self.at).map(Json)
    }

    fn skip_string(&mut self) {
        self.at += 1;
        loop {
            self.at += plain_run(self.text.as_bytes().get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'\\') => self.at += 2,
                Some(b'"') | None => break,
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
    }

    fn skip_container(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.skip_string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_word(&mut self) {
        while let Some(byte) = self.peek() {
            if matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'}' | b']') {
                return;
            }
            self.at += 1;
        }
    }
}

/// The members of an object: names decoded, values as they stand.
#[derive(Clone, Debug)]
pub struct Members<'a>(Walk<'a>);

impl<'a> Members<'a> {
    pub(super) fn of(json: Json<'a>) -> Self {
        Self(Walk::into(json, b'{'))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.value()?.as_str()?;
        let value = self.0.value()?;
        Some((name, value))
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'a>(Walk<'a>);

impl<'a> Elements<'a> {
    pub(super) fn of(json: Json<'a>) -> Self {
        Self(Walk::into(json, b'['))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.value()
    }
}

/// What the text between the quotes of a string stands for.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    let Some((plain, _)) = text.split_once('\\') else {
        return Cow::Borrowed(text);
    };
    let mut decoded = String::with_capacity(text.len());
    decoded.push_str(plain);
    let mut rest = text.get(plain.len()..).unwrap_or_default();
    while let Some(escape) = rest.strip_prefix('\\') {
        let (character, length) = unescape_one(escape);
        decoded.push(character);
        let after = escape.get(length..).unwrap_or_default();
        let plain = after.split('\\').next().unwrap_or_default();
        decoded.push_str(plain);
        rest = after.get(plain.len()..).unwrap_or_default();
    }
    Cow::Owned(decoded)
}

/// The character of an escape whose backslash is gone, and how many bytes of it follow.
fn unescape_one(escape: &str) -> (char, usize) {
    match escape.bytes().next() {
        Some(b'b') => ('\u{8}', 1),
        Some(b'f') => ('\u{c}', 1),
        Some(b'n') => ('\n', 1),
        Some(b'r') => ('\r', 1),
        Some(b't') => ('\t', 1),
        Some(b'u') => {
            let high = code_unit(escape.get(1..5));
            match char::from_u32(high) {
                Some(character) => (character, 5),
                None => (surrogate_pair(high, code_unit(escape.get(7..11))), 11),
            }
        }
        Some(other) => (char::from(other), 1),
        None => (char::REPLACEMENT_CHARACTER, 0),
    }
}

fn code_unit(digits: Option<&str>) -> u32 {
    digits
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .unwrap_or_default()
}

fn surrogate_pair(high: u32, low: u32) -> char {
    let code = (high.wrapping_sub(0xD800) << 10)
        .wrapping_add(low.wrapping_sub(0xDC00))
        .wrapping_add(0x1_0000);
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}
