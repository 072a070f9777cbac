//! Whether what an entry names is there: a file, an item in it, a test, a check of the conformance suite.
//!
//! Items are found by their words alone: `fn name`, `struct name` and the like. It knows no grammar.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checks that succeed.
const CHECKS: &str = "tests/conformance/modern.txt";
/// Before the id of a check.
const CONFORMANCE: &str = "conformance:";
/// What stands before the name of an item, in Rust and in JavaScript.
const KEYWORDS: [&str; 10] = [
    "fn", "struct", "enum", "const", "static", "type", "trait", "mod", "function", "class",
];

/// The files of the repository, read when they are first asked for.
pub(super) struct Tree {
    root: PathBuf,
    checks: BTreeSet<String>,
    read: RefCell<BTreeMap<String, Option<String>>>,
}

impl Tree {
    pub(super) fn new(root: &Path) -> Result<Self> {
        let checks = fs::read_to_string(root.join(CHECKS)).context(CHECKS)?;
        Ok(Self {
            root: root.to_owned(),
            checks: ids(&checks),
            read: RefCell::default(),
        })
    }

    /// One that has these files and no others.
    #[cfg(test)]
    pub(super) fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        let read: BTreeMap<_, _> = files
            .into_iter()
            .map(|(path, text)| (path.to_owned(), Some(text.to_owned())))
            .collect();
        let checks = read.get(CHECKS).and_then(Option::as_deref).map(ids);
        Self {
            root: PathBuf::from("/nowhere"),
            checks: checks.unwrap_or_default(),
            read: RefCell::new(read),
        }
    }

    /// Why a place is not one: `path`, or `path#item`.
    pub(super) fn lacks_place(&self, name: &str) -> Option<String> {
        let (path, item) = split(name);
        self.with(path, |text| match item {
            Some(item) if definition(text, item).is_none() => Some(format!("{path} has no {item}")),
            _ => None,
        })
    }

    /// Why a test is not one: `path#function`, or `conformance:check`.
    pub(super) fn lacks_test(&self, name: &str) -> Option<String> {
        if let Some(check) = name.strip_prefix(CONFORMANCE) {
            return (!self.checks.contains(check)).then(|| format!("{CHECKS} has no {check}"));
        }
        let (path, item) = split(name);
        let Some(item) = item else {
            return Some(format!("{path} is no test; name one in it"));
        };
        self.with(path, |text| match definition(text, item) {
            Some(at) if is_test(text, at) => None,
            _ => Some(format!("{path} has no test {item}")),
        })
    }

    fn with(&self, path: &str, look: impl Fn(&str) -> Option<String>) -> Option<String> {
        let mut read = self.read.borrow_mut();
        let text = read
            .entry(path.to_owned())
            .or_insert_with(|| fs::read_to_string(self.root.join(path)).ok());
        match text {
            Some(text) => look(text),
            None => Some(format!("there is no {path}")),
        }
    }
}

/// The ids of the checks, each behind the name of its scenario.
fn ids(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().nth(1))
        .map(str::to_owned)
        .collect()
}

fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once('#') {
        Some((path, item)) => (path, Some(item)),
        None => (name, None),
    }
}

/// Where an item of that name is defined.
fn definition(text: &str, item: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(item).map(|(at, _)| at).find(|&at| {
        let before = text[..at].trim_end_matches(' ');
        let keyword = before.rsplit(|c| !is_word(c)).next().unwrap_or_default();
        !text[at + item.len()..].starts_with(is_word)
            && before.len() < at
            && KEYWORDS.contains(&keyword)
    })
}

/// Whether what is defined there has the attribute of a test, of whichever runner.
fn is_test(text: &str, at: usize) -> bool {
    let line = text[..at].rfind('\n').unwrap_or(0);
    text[..line]
        .lines()
        .rev()
        .map(str::trim)
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        .any(|line| line.contains("test]") || line.contains("test("))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_found_by_its_whole_name_behind_a_keyword() {
        for (text, item, found) in [
            ("pub(crate) fn read(", "read", true),
            ("struct Head<'a> {", "Head", true),
            ("pub const SSE_HEADERS: u8", "SSE_HEADERS", true),
            ("export function refuse(a)", "refuse", true),
            ("fn reads(", "read", false),
            ("fn a_read(", "read", false),
            ("call(read)", "read", false),
            ("unfn read(", "read", false),
            ("fn other() { read() } fn read()", "read", true),
            ("read", "read", false),
        ] {
            assert_eq!(definition(text, item).is_some(), found, "{text}");
        }
    }

    #[test]
    fn a_test_is_a_function_with_its_attribute() {
        let tree = Tree::of([(
            "a.rs",
            "#[test]\nfn one() {}\n\n/// Said.\n#[tokio::test(flavor = \"x\")]\n/// More.\nasync fn two() {}\n\n\
             #[test]\nfn three() {}\nfn helper() {}\n    #[test]\n    fn last(a in b) {}\n",
        )]);
        for (name, lacks) in [
            ("a.rs#one", false),
            ("a.rs#two", false),
            ("a.rs#last", false),
            ("a.rs#helper", true),
            ("a.rs#four", true),
            ("a.rs", true),
            ("b.rs#one", true),
            ("conformance:x", true),
        ] {
            assert_eq!(tree.lacks_test(name).is_some(), lacks, "{name}");
        }
    }
}
