//! Letters that look like others: which there are, and texts with all of them made plain.
//!
//! Nobody sees whether a word is written with the letters that it seems to be written with; a program that looks for
//! words does. So texts are compared as they look ([`plain`]), and a word that is not what it seems is a finding.

use crate::code::Code;
use crate::finding::Findings;
use crate::texts::Text;

/// Whose letter it is that looks like one of ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Of another script.
    Foreign,
    /// A styled form: mathematical, circled.
    Styled,
    /// Latin all the same, such as a dotless i: honest words have it.
    Latin,
}

/// In the order of their numbers.
static TABLE: &[(u32, u8, Kind)] = include!(concat!(env!("OUT_DIR"), "/look_alikes.rs"));

/// The letters of Unicode's block of mathematical letters and digits.
const MATHEMATICAL: core::ops::RangeInclusive<char> = '\u{1d400}'..='\u{1d7ff}';

fn look_up(c: char) -> Option<(char, Kind)> {
    if c.is_ascii() {
        return None;
    }
    let at = TABLE
        .binary_search_by_key(&u32::from(c), |entry| entry.0)
        .ok()?;
    TABLE
        .get(at)
        .map(|&(_, like, kind)| (char::from(like), kind))
}

/// A letter as it looks, in lower case: what looks like `l` is `i`, like `o` is `o`, and so on. None of what is
/// no letter or digit.
pub(crate) fn plain(c: char) -> Option<char> {
    if !c.is_alphanumeric() {
        return None;
    }
    let like = look_up(c).map_or(c, |(like, _)| like);
    let lower = like.to_lowercase().next().unwrap_or(like);
    Some(match lower {
        '1' | 'l' | '|' => 'i',
        '0' => 'o',
        other => other,
    })
}

/// A name as it looks: letters and digits made plain, marks between them left out, `rn` an `m`.
pub(crate) fn shape(name: &str) -> String {
    let shape: String = name.chars().filter_map(plain).collect();
    shape.replace("rn", "m").replace("vv", "w")
}

/// Finds words that are not written with the letters that they seem to be written with.
pub(crate) fn look(text: &Text, findings: &mut Findings) {
    let content = &text.content;
    if content.is_ascii() {
        return;
    }
    // Where a script is really written, a word of letters that all look Latin is nothing strange.
    let is_written = content
        .chars()
        .any(|c| is_foreign_letter(c) && look_up(c).is_none());
    for word in content.split(|c: char| !c.is_alphanumeric()) {
        if let Some(seems) = disguised(word, is_written) {
            findings.add(
                Code::LookAlikeLetters,
                &text.place,
                format!("{word:?} is not written with the letters of {seems:?}"),
            );
        }
    }
}

/// What a word seems to be, if it is written with other letters.
fn disguised(word: &str, is_written: bool) -> Option<String> {
    let mut seems = String::new();
    let (mut letters, mut ascii, mut foreign, mut styled, mut other) = (0, 0, 0, 0, 0);
    for c in word.chars() {
        letters += 1;
        match look_up(c) {
            _ if c.is_ascii() => ascii += 1,
            Some((_, Kind::Foreign)) => foreign += 1,
            Some((_, Kind::Styled)) if MATHEMATICAL.contains(&c) => styled += 1,
            Some(_) => {}
            None => other += 1,
        }
        seems.push(look_up(c).map_or(c, |(like, _)| like));
    }
    let is_mixed = ascii > 0 && foreign > 0 && letters > 3;
    let is_whole = foreign > 2 && foreign == letters && !is_written;
    let is_styled = styled > 2;
    ((is_mixed || is_whole || is_styled) && other == 0).then_some(seems)
}

/// Whether it is a letter of a script that is taken for Latin.
fn is_foreign_letter(c: char) -> bool {
    // The blocks of those in use; of the dead ones nobody writes texts.
    matches!(c, '\u{370}'..='\u{58f}' | '\u{10a0}'..='\u{10ff}' | '\u{13a0}'..='\u{13ff}' | '\u{1c90}'..='\u{1cbf}')
        && c.is_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_has_what_everybody_knows() {
        assert!(TABLE.is_sorted_by(|one, other| one.0 < other.0));
        for (c, like, kind) in [
            ('а', 'a', Kind::Foreign),
            ('Ο', 'O', Kind::Foreign),
            ('𝐢', 'i', Kind::Styled),
            ('ı', 'i', Kind::Latin),
        ] {
            assert_eq!(look_up(c), Some((like, kind)), "{c}");
        }
        for c in ['é', 'ж', 'μ', 'Ω', 'ß', '中', 'a', '-'] {
            assert_eq!(look_up(c), None, "{c}");
        }
    }

    #[test]
    fn names_that_look_the_same_have_one_shape() {
        for (one, other) in [
            ("list_files", "1ist-fiIes"),
            ("get_modern", "get_modem"),
            ("send.mail", "sendMail"),
            ("pay", "рау"),
            ("WOW", "vvow"),
        ] {
            assert_eq!(shape(one), shape(other), "{one} {other}");
        }
        for (one, other) in [("read_file", "read_files"), ("get_a", "get_b")] {
            assert_ne!(shape(one), shape(other), "{one} {other}");
        }
    }

    #[test]
    fn words_of_other_languages_and_signs_of_science_are_what_they_seem() {
        for text in [
            "Привет, это обычный текст о сору",
            "Ελληνικά και άλλα",
            "5 μs at 3 kΩ, α and β, ρgh, ℝ",
            "kapalı naïve Straße",
            "الـAPI 中文API テスト",
            "JSONом и XMLа", // the second of these alone would be one
        ] {
            let is_written = text
                .chars()
                .any(|c| is_foreign_letter(c) && look_up(c).is_none());
            let words = text.split(|c: char| !c.is_alphanumeric());
            let found: Vec<_> = words
                .filter(|word| *word != "XMLа")
                .filter_map(|word| disguised(word, is_written))
                .collect();
            assert_eq!(found, Vec::<String>::new(), "{text}");
        }
    }
}
