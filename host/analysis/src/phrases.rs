//! Texts that give instructions, where they should describe: phrases, as data, looked for in words as they look.
//!
//! A phrase is a row of words. `a|b` is one of several, `a*` begins so, `?a` may be missing, `~3` are up to three words
//! of any kind. A row does not go on beyond the end of a sentence. What begins with `/` is looked for as it is written,
//! in places that name files.

use std::collections::BTreeMap;

use crate::alike::plain;
use crate::code::Code;
use crate::finding::{Findings, quoted};
use crate::invisible::is_invisible;
use crate::texts::Text;

/// The phrases, by what they are a finding of.
const PHRASES: &str = include_str!("phrases.json");
/// What stands for the end of a sentence among words.
const END: &str = ".";

/// All phrases, ready to be looked for.
#[derive(Debug, Default)]
pub(crate) struct Phrases {
    rows: Vec<(Code, Vec<Part>)>,
    paths: Vec<(Code, String)>,
}

#[derive(Debug)]
enum Part {
    /// One of these words must come.
    Word(Vec<Word>),
    /// One of them may.
    Maybe(Vec<Word>),
    /// So many of any kind may.
    Gap(usize),
}

#[derive(Debug)]
struct Word {
    letters: String,
    is_beginning: bool,
}

impl Word {
    fn fits(&self, word: &str) -> bool {
        if self.is_beginning {
            word.starts_with(&self.letters)
        } else {
            word == self.letters
        }
    }
}

impl Phrases {
    /// Those of the file. It is part of the program, and a test reads it.
    pub(crate) fn load() -> Self {
        let by_code: BTreeMap<Code, Vec<String>> =
            serde_json::from_str(PHRASES).unwrap_or_default();
        let mut phrases = Self::default();
        for (code, rows) in by_code {
            for row in rows {
                match row.strip_prefix('/') {
                    Some(path) => phrases.paths.push((code, path.to_owned())),
                    None => phrases
                        .rows
                        .push((code, row.split(' ').map(part).collect())),
                }
            }
        }
        phrases
    }

    /// Looks at one text.
    pub(crate) fn look(&self, text: &Text, findings: &mut Findings) {
        let words = words(&text.content);
        for at in 0..words.len() {
            let here = words.get(at..).unwrap_or_default();
            for (code, row) in &self.rows {
                if let Some(length) = matches(row, here) {
                    let said = here.get(..length).unwrap_or_default();
                    let said: Vec<&str> = said.iter().map(|word| word.seen.as_str()).collect();
                    let says = format!("it says {:?}", quoted(&said.join(" ")));
                    findings.add(*code, &text.place, says);
                }
            }
        }
        let lower = text.content.to_lowercase().replace('\\', "/");
        for (code, path) in &self.paths {
            if lower.contains(path.as_str()) {
                findings.add(*code, &text.place, format!("it names {path:?}"));
            }
        }
    }
}

fn part(text: &str) -> Part {
    if let Some(most) = text.strip_prefix('~') {
        return Part::Gap(most.parse().unwrap_or_default());
    }
    let is_maybe = text.starts_with('?');
    let words = text.split('|').map(|word| {
        let word = word.trim_start_matches('?');
        let is_beginning = word.ends_with('*');
        Word {
            letters: word.chars().filter_map(plain).collect(),
            is_beginning,
        }
    });
    let words = words.collect();
    if is_maybe {
        Part::Maybe(words)
    } else {
        Part::Word(words)
    }
}

/// A word as it is written, and as it looks.
struct Seen {
    seen: String,
    plain: String,
}

/// The words of a text. What is not seen is not there; an apostrophe ends no word, and a full stop no sentence that a
/// letter follows.
fn words(text: &str) -> Vec<Seen> {
    let mut words: Vec<Seen> = Vec::new();
    let mut seen = String::new();
    let mut letters = String::new();
    let is_there = |c: &char| !is_invisible(*c) && !matches!(c, '\'' | '’' | '\u{2bc}');
    let mut rest = text.chars().filter(is_there).chain([' ']).peekable();
    while let Some(c) = rest.next() {
        if let Some(letter) = plain(c) {
            seen.push(c);
            letters.push(letter);
            continue;
        }
        if !letters.is_empty() {
            words.push(Seen {
                seen: core::mem::take(&mut seen),
                plain: core::mem::take(&mut letters),
            });
        }
        let ends = matches!(c, '.' | '!' | '?' | ';' | '。' | '！' | '？');
        let is_followed = rest.peek().copied().and_then(plain).is_some();
        if ends && !is_followed && words.last().is_some_and(|word| word.plain != END) {
            words.push(Seen {
                seen: c.to_string(),
                plain: END.to_owned(),
            });
        }
    }
    words
}

/// How many words a row takes at the beginning of these, if it fits.
fn matches(row: &[Part], words: &[Seen]) -> Option<usize> {
    let Some((part, rest)) = row.split_first() else {
        return Some(0);
    };
    let first = words.first().filter(|word| word.plain != END);
    let fits = |any: &[Word]| first.is_some_and(|word| any.iter().any(|one| one.fits(&word.plain)));
    let after = |taken: usize| {
        let words = words.get(taken..)?;
        matches(rest, words).map(|more| taken + more)
    };
    match part {
        Part::Word(any) => {
            if fits(any) {
                after(1)
            } else {
                None
            }
        }
        Part::Maybe(any) => fits(any).then(|| after(1)).flatten().or_else(|| after(0)),
        Part::Gap(most) => {
            let sentence = words.iter().take_while(|word| word.plain != END).count();
            (0..=sentence.min(*most)).find_map(after)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_file_is_read_whole() {
        let by_code: BTreeMap<Code, Vec<String>> = serde_json::from_str(PHRASES).unwrap();
        let phrases = Phrases::load();
        let all: usize = by_code.values().map(Vec::len).sum();
        assert_eq!(phrases.rows.len() + phrases.paths.len(), all);
        for (_, row) in &phrases.rows {
            assert!(matches!(row.first(), Some(Part::Word(_))), "{row:?}");
            for part in row {
                match part {
                    Part::Word(words) | Part::Maybe(words) => {
                        assert!(words.iter().all(|word| !word.letters.is_empty()), "{row:?}");
                    }
                    Part::Gap(most) => assert!((1..=6).contains(most), "{row:?}"),
                }
            }
        }
    }

    #[test]
    fn a_row_fits_words_in_their_order_within_a_sentence() {
        let row: Vec<Part> = "ignore|forget ~2 ?all rule*".split(' ').map(part).collect();
        for (text, taken) in [
            ("ignore rules", Some(2)),
            ("Forget, please, the RULESET!", Some(4)),
            ("ignore one two all rules", Some(5)),
            ("ignore one two three four rules", None),
            ("ignore it. Rules follow", None),
            ("rules to ignore", None),
            ("1gn0re r\u{200b}ules", Some(2)),
            ("іgnоrе rulеѕ", Some(2)),
            ("", None),
        ] {
            assert_eq!(matches(&row, &words(text)), taken, "{text}");
        }
    }
}
