//! The search: every match with its place and its groups, up to a limit.

use regex::{Captures, Regex};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to search for.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Search {
    /// The text to search.
    text: String,
    /// A regular expression in the syntax of Rust's `regex` crate.
    pattern: String,
    /// How many matches to show; 100 if left out. All are counted.
    #[serde(default = "hundred")]
    limit: u16,
}

fn hundred() -> u16 {
    100
}

/// What was found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Found {
    /// How many matches there are.
    total: usize,
    /// Whether there are more matches than are shown.
    pub(crate) truncated: bool,
    /// The matches, in the order of the text.
    matches: Vec<Match>,
}

/// One match.
#[derive(Serialize, JsonSchema)]
struct Match {
    /// The line it starts on, from 1.
    line: usize,
    /// The character it starts with in that line, from 1.
    column: usize,
    /// What matched.
    text: String,
    /// The groups that took part.
    groups: Vec<Group>,
}

/// What a group of the pattern captured.
#[derive(Serialize, JsonSchema)]
struct Group {
    /// The name of the group, or its number.
    name: String,
    /// What it captured.
    text: String,
}

impl Search {
    /// Searches.
    pub(crate) fn run(&self) -> Result<Found, regex::Error> {
        let regex = Regex::new(&self.pattern)?;
        let names: Vec<_> = regex.capture_names().enumerate().map(name).collect();
        let mut lines = Lines {
            text: &self.text,
            line: 1,
            start: 0,
        };
        let mut matches = Vec::new();
        let mut total = 0;
        for captures in regex.captures_iter(&self.text) {
            total += 1;
            if matches.len() < usize::from(self.limit) {
                matches.extend(read(&captures, &names, &mut lines));
            }
        }
        Ok(Found {
            total,
            truncated: total > matches.len(),
            matches,
        })
    }
}

fn name((index, name): (usize, Option<&str>)) -> String {
    name.map_or_else(|| index.to_string(), str::to_owned)
}

fn read(captures: &Captures<'_>, names: &[String], lines: &mut Lines<'_>) -> Option<Match> {
    let whole = captures.get(0)?;
    let (line, column) = lines.place(whole.start());
    let groups = captures
        .iter()
        .zip(names)
        .skip(1)
        .filter_map(|(group, name)| {
            let text = group?.as_str().to_owned();
            Some(Group {
                name: name.clone(),
                text,
            })
        });
    Some(Match {
        line,
        column,
        text: whole.as_str().to_owned(),
        groups: groups.collect(),
    })
}

/// Counts lines on the way through the text, so that the search stays linear.
struct Lines<'a> {
    text: &'a str,
    line: usize,
    /// Where the line starts, in bytes.
    start: usize,
}

impl Lines<'_> {
    /// Line and column of a byte, which is not before the one asked for last.
    fn place(&mut self, byte: usize) -> (usize, usize) {
        let passed = self.text.get(self.start..byte).unwrap_or_default();
        let (line, start) = (self.line, self.start);
        self.line = line + passed.matches('\n').count();
        self.start = passed
            .rfind('\n')
            .map_or(start, |newline| start + newline + 1);
        let column = self
            .text
            .get(self.start..byte)
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (self.line, column)
    }
}
