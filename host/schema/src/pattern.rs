//! Patterns: ECMA-262 as JSON Schema asks for it, matched in linear time.
//!
//! The kept library matches without backtracking, but its syntax is not ECMA's; a pattern is
//! rewritten into it: every literal escaped, every group plain. Refused is what no linear time can
//! match (looking around, back references) and what its tables lack (`\p`). Before anything is built
//! the pattern is weighed: what it is after its repetitions are written out.

use std::iter::Peekable;
use std::str::Chars;

use regex_lite::{Regex, RegexBuilder};
use smcp_ids::limits;

/// A pattern that can be matched.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    weight: u64,
    /// As a problem says it.
    pub(crate) shown: String,
}

impl Pattern {
    pub(crate) fn compile(pattern: &str) -> Result<Self, String> {
        if pattern.len() > limits::SCHEMA_PATTERN_MAX {
            return Err(format!(
                "is longer than {} bytes",
                limits::SCHEMA_PATTERN_MAX
            ));
        }
        let mut rewriter = Rewriter::new(pattern);
        rewriter.all()?;
        let weight = rewriter.weight();
        if weight > limits::SCHEMA_PATTERN_WEIGHT_MAX {
            return Err("repeats too much: use smaller counts, or maxLength".to_owned());
        }
        let regex = RegexBuilder::new(&rewriter.out)
            .size_limit(limits::SCHEMA_PATTERN_PROGRAM_MAX)
            .build()
            .map_err(|error| crate::error::clip(&error.to_string(), limits::MISMATCH_TEXT_MAX))?;
        Ok(Self {
            regex,
            weight,
            shown: crate::error::clip(pattern, limits::MISMATCH_NAME_MAX),
        })
    }

    /// What it weighs: the time of a match grows with it times the length of the text.
    pub(crate) fn weight(&self) -> u64 {
        self.weight
    }

    /// Steps to charge before matching a text.
    pub(crate) fn cost(&self, text: &str) -> u64 {
        1 + self.weight * (text.len() as u64 + 1) / limits::SCHEMA_PATTERN_STEPS_OF_ONE
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// White space in ECMA-262, and all that is not, as insides of a class.
const SPACE: &str =
    r"\t-\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}";
const NOT_SPACE: &str = r"\u{0}-\u{8}\u{E}-\u{1F}\u{21}-\u{9F}\u{A1}-\u{167F}\u{1681}-\u{1FFF}\u{200B}-\u{2027}\u{202A}-\u{202E}\u{2030}-\u{205E}\u{2060}-\u{2FFF}\u{3001}-\u{FEFE}\u{FF00}-\u{10FFFF}";
/// What `.` matches.
const ANY_BUT_LINE_ENDS: &str = r"[^\n\r\u{2028}\u{2029}]";
const EVERYTHING: &str = r"[\u{0}-\u{10FFFF}]";
const NOTHING: &str = r"[^\u{0}-\u{10FFFF}]";

/// The weight of one group so far: of all but the last item, and of that.
#[derive(Default)]
struct Weight {
    before: u64,
    last: u64,
}

struct Rewriter<'p> {
    rest: Peekable<Chars<'p>>,
    out: String,
    groups: Vec<Weight>,
    /// Whether what was read last may be repeated.
    repeatable: bool,
}

/// One escape, or one member of a class.
enum Atom {
    Character(char),
    /// The inside of a class.
    Set(&'static str),
}

impl<'p> Rewriter<'p> {
    fn new(pattern: &'p str) -> Self {
        Self {
            rest: pattern.chars().peekable(),
            out: String::with_capacity(pattern.len() * 2),
            groups: vec![Weight::default()],
            repeatable: false,
        }
    }

    fn weight(&self) -> u64 {
        self.groups.iter().fold(1, |sum: u64, group| {
            sum.saturating_add(group.before).saturating_add(group.last)
        })
    }

    fn all(&mut self) -> Result<(), String> {
        while let Some(next) = self.rest.next() {
            match next {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.open()?,
                ')' => self.close()?,
                '|' => {
                    self.out.push('|');
                    self.item(1, false);
                }
                '^' | '$' => {
                    self.out.push(next);
                    self.item(1, false);
                }
                '.' => {
                    self.out.push_str(ANY_BUT_LINE_ENDS);
                    self.item(2, true);
                }
                '*' | '+' | '?' => {
                    self.out.push(next);
                    self.repeat(if next == '?' { 1 } else { 2 })?;
                }
                '{' => self.counted()?,
                _ => {
                    push_literal(&mut self.out, next);
                    self.item(1, true);
                }
            }
        }
        if self.groups.len() == 1 {
            Ok(())
        } else {
            Err("has a group that is not closed".to_owned())
        }
    }

    fn item(&mut self, weight: u64, repeatable: bool) {
        if let Some(group) = self.groups.last_mut() {
            group.before = group.before.saturating_add(group.last);
            group.last = weight;
        }
        self.repeatable = repeatable;
    }

    fn repeat(&mut self, times: u64) -> Result<(), String> {
        if !self.repeatable {
            return Err("has nothing to repeat before a quantifier".to_owned());
        }
        if let Some(group) = self.groups.last_mut() {
            group.last = group.last.saturating_mul(times.max(1)).saturating_add(1);
        }
        // Whether it is lazy does not change whether it matches.
        self.rest.next_if_eq(&'?');
        self.repeatable = false;
        Ok(())
    }

    /// `{n}`, `{n,}`, `{n,m}`; any other brace is itself.
    fn counted(&mut self) -> Result<(), String> {
        let inside: String = self.rest.clone().take_while(|one| *one != '}').collect();
        let closed = self.rest.clone().any(|one| one == '}');
        let (least, most) = inside.split_once(',').map_or_else(
            || (inside.as_str(), Some(inside.as_str())),
            |(least, most)| (least, Some(most).filter(|most| !most.is_empty())),
        );
        let is_count = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !closed || !is_count(least) || !most.is_none_or(is_count) {
            push_literal(&mut self.out, '{');
            self.item(1, true);
            return Ok(());
        }
        for _ in 0..=inside.chars().count() {
            self.rest.next();
        }
        // An enormous count is refused by its weight.
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        let times = most.map_or(u64::from(number(least)) + 1, |most| u64::from(number(most)));
        if most.is_some_and(|most| number(most) < number(least)) {
            return Err("has a repetition that ends before it begins".to_owned());
        }
        self.out.push('{');
        self.out.push_str(&inside);
        self.out.push('}');
        self.repeat(times)
    }

    fn open(&mut self) -> Result<(), String> {
        if self.groups.len() > limits::SCHEMA_NESTING_MAX {
            return Err("nests its groups too deep".to_owned());
        }
        if self.rest.next_if_eq(&'?').is_some() {
            match self.rest.next() {
                Some(':') => {}
                Some('<') => self.group_name()?,
                Some('=' | '!') => return Err(LOOKS_AROUND.to_owned()),
                _ => return Err("has a group of an unknown kind".to_owned()),
            }
        }
        self.out.push_str("(?:");
        self.groups.push(Weight::default());
        self.repeatable = false;
        Ok(())
    }

    fn group_name(&mut self) -> Result<(), String> {
        if matches!(self.rest.peek(), Some('=' | '!')) {
            return Err(LOOKS_AROUND.to_owned());
        }
        loop {
            match self.rest.next() {
                Some('>') => return Ok(()),
                Some(one) if one.is_alphanumeric() || matches!(one, '_' | '$') => {}
                _ => return Err("has a group with a bad name".to_owned()),
            }
        }
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(group) = self.groups.pop().filter(|_| !self.groups.is_empty()) else {
            return Err("closes a group that is not open".to_owned());
        };
        self.out.push(')');
        self.item(group.before.saturating_add(group.last).max(1), true);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        if let Some(look) = self.rest.next_if(|one| matches!(one, 'b' | 'B')) {
            self.out.push('\\');
            self.out.push(look);
            self.item(1, false);
            return Ok(());
        }
        match self.atom_escape()? {
            Atom::Character(one) => push_literal(&mut self.out, one),
            Atom::Set(inside) => {
                self.out.push('[');
                self.out.push_str(inside);
                self.out.push(']');
            }
        }
        self.item(2, true);
        Ok(())
    }

    /// What stands after a backslash.
    fn atom_escape(&mut self) -> Result<Atom, String> {
        let Some(next) = self.rest.next() else {
            return Err("ends in a backslash".to_owned());
        };
        Ok(match next {
            'd' => Atom::Set(r"\d"),
            'D' => Atom::Set(r"\D"),
            'w' => Atom::Set(r"\w"),
            'W' => Atom::Set(r"\W"),
            's' => Atom::Set(SPACE),
            'S' => Atom::Set(NOT_SPACE),
            't' => Atom::Character('\t'),
            'n' => Atom::Character('\n'),
            'r' => Atom::Character('\r'),
            'f' => Atom::Character('\u{c}'),
            'v' => Atom::Character('\u{b}'),
            '0' if !self.rest.peek().is_some_and(char::is_ascii_digit) => Atom::Character('\0'),
            '0'..='9' | 'k' => {
                return Err("refers back to a group, which no linear time can match".to_owned());
            }
            'p' | 'P' => {
                return Err(r"uses \p, which is not supported: write the ranges".to_owned());
            }
            'c' => match self.rest.next() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    Atom::Character(char::from(letter as u8 % 32))
                }
                _ => return Err(r"has \c without a letter".to_owned()),
            },
            'x' => Atom::Character(self.code_point(2)?),
            'u' => Atom::Character(self.code_point(4)?),
            _ if next.is_alphanumeric() => return Err(format!(r"has an unknown escape \{next}")),
            _ => Atom::Character(next),
        })
    }

    /// The hexadecimal digits of `\x`, `\u` and `\u{}`; a pair of surrogates is one character.
    fn code_point(&mut self, digits: usize) -> Result<char, String> {
        let bad = || "has a bad code point".to_owned();
        if digits == 4 && self.rest.next_if_eq(&'{').is_some() {
            let mut code = 0_u32;
            loop {
                match self.rest.next() {
                    Some('}') => return char::from_u32(code).ok_or_else(bad),
                    Some(one) => {
                        let digit = one.to_digit(16).ok_or_else(bad)?;
                        code = code.checked_mul(16).ok_or_else(bad)? + digit;
                    }
                    None => return Err(bad()),
                }
            }
        }
        let code = self.hexadecimal(digits).ok_or_else(bad)?;
        if !(0xD800..0xDC00).contains(&code) || digits != 4 {
            return char::from_u32(code).ok_or_else(bad);
        }
        let low = (self.rest.next() == Some('\\') && self.rest.next() == Some('u'))
            .then(|| self.hexadecimal(4))
            .flatten()
            .filter(|low| (0xDC00..0xE000).contains(low))
            .ok_or_else(bad)?;
        char::from_u32(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)).ok_or_else(bad)
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<u32> {
        (0..digits).try_fold(0, |code, _| {
            Some(code * 16 + self.rest.next()?.to_digit(16)?)
        })
    }

    fn class(&mut self) -> Result<(), String> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut inside = String::new();
        let mut weight = 1;
        while let Some(atom) = self.class_atom()? {
            weight += 1;
            let from = match atom {
                Atom::Character(from) => from,
                Atom::Set(set) => {
                    inside.push_str(set);
                    continue;
                }
            };
            push_literal(&mut inside, from);
            if !self.range_follows() {
                continue;
            }
            self.rest.next();
            match self.class_atom()? {
                Some(Atom::Character(to)) if from <= to => {
                    inside.push('-');
                    push_literal(&mut inside, to);
                }
                Some(Atom::Set(set)) => {
                    push_literal(&mut inside, '-');
                    inside.push_str(set);
                }
                _ => return Err("has a range that ends before it begins".to_owned()),
            }
        }
        match (inside.is_empty(), negated) {
            (true, true) => self.out.push_str(EVERYTHING),
            (true, false) => self.out.push_str(NOTHING),
            (false, _) => {
                self.out.push_str(if negated { "[^" } else { "[" });
                self.out.push_str(&inside);
                self.out.push(']');
            }
        }
        self.item(weight, true);
        Ok(())
    }

    /// Whether a hyphen is next that is not the last of its class.
    fn range_follows(&mut self) -> bool {
        let mut ahead = self.rest.clone();
        ahead.next() == Some('-') && ahead.next() != Some(']')
    }

    /// The next member of a class; nothing at its end.
    fn class_atom(&mut self) -> Result<Option<Atom>, String> {
        match self.rest.next() {
            None => Err("has a class that is not closed".to_owned()),
            Some(']') => Ok(None),
            Some('\\') if self.rest.next_if_eq(&'b').is_some() => {
                Ok(Some(Atom::Character('\u{8}')))
            }
            Some('\\') => self.atom_escape().map(Some),
            Some(one) => Ok(Some(Atom::Character(one))),
        }
    }
}

const LOOKS_AROUND: &str = "looks ahead or behind, which no linear time can match";

/// A character as itself, in a class and outside.
fn push_literal(out: &mut String, one: char) {
    if one.is_alphanumeric() || !one.is_ascii() {
        out.push(one);
    } else {
        out.push_str(&format!("\\u{{{:X}}}", u32::from(one)));
    }
}
