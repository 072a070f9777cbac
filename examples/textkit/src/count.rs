//! Counts what a text is made of.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// What a text is made of.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    /// Characters, spaces and line ends included.
    characters: usize,
    /// Words.
    words: usize,
    /// Words, each counted once, however it is capitalized.
    distinct_words: usize,
    /// Sentences: stretches of words up to `.`, `!`, `?` or the end.
    sentences: usize,
    /// Lines.
    lines: usize,
    /// The most frequent words; of two that are as frequent, the first in the alphabet.
    top: Vec<Frequency>,
}

/// How often a word occurs.
#[derive(Serialize, JsonSchema)]
struct Frequency {
    /// The word, in lower case.
    word: String,
    /// How often it occurs.
    count: usize,
}

impl Counts {
    /// Counts a text, and names its `top` most frequent words.
    pub(crate) fn of(text: &str, top: usize) -> Self {
        let mut frequencies = BTreeMap::new();
        let mut words = 0;
        for word in words_of(text) {
            words += 1;
            *frequencies.entry(word.to_lowercase()).or_insert(0usize) += 1;
        }
        let distinct_words = frequencies.len();
        let mut ranking: Vec<_> = frequencies.into_iter().collect();
        // The map was in alphabetical order, and the sort is stable.
        ranking.sort_by_key(|&(_, count)| Reverse(count));
        ranking.truncate(top);
        Self {
            characters: text.chars().count(),
            words,
            distinct_words,
            sentences: text
                .split(['.', '!', '?'])
                .filter(|part| words_of(part).next().is_some())
                .count(),
            lines: text.lines().count(),
            top: ranking
                .into_iter()
                .map(|(word, count)| Frequency { word, count })
                .collect(),
        }
    }
}

/// Stretches of letters, digits, apostrophes and hyphens that hold a letter or a digit.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let part_of_word =
        |character: char| character.is_alphanumeric() || matches!(character, '\'' | '’' | '-');
    text.split(move |character| !part_of_word(character))
        .filter(|word| word.contains(char::is_alphanumeric))
}
