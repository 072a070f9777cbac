//! `cargo xtask spec`: the clauses of MCP's specification that bind a server, each with the place that
//! obeys it and the test that shows it, or with the reason why it is declined.
//!
//! They are in `docs/spec`, a directory for each version and in it a file for each page, under the
//! page's own path. Refused: an entry that is neither, and a place or a test that is gone. That a test
//! shows what it is listed for, no machine sees: reviews do.

mod find;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use self::find::Tree;

/// Where the clauses are.
const CLAUSES: &str = "docs/spec";

/// How strongly the specification puts it (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
enum Level {
    #[serde(rename = "MUST")]
    Must,
    #[serde(rename = "MUST NOT")]
    MustNot,
    #[serde(rename = "SHOULD")]
    Should,
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
}

/// A file of clauses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    clause: Vec<Entry>,
}

/// A clause as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    section: String,
    level: Level,
    /// What it asks for, in our words.
    sense: String,
    #[serde(default)]
    place: Names,
    #[serde(default)]
    test: Names,
    declined: Option<String>,
}

/// One name, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

/// What is done about a clause.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    /// By what, and which tests show it.
    Obeyed {
        place: Vec<String>,
        test: Vec<String>,
    },
    /// Why not.
    Declined(String),
}

/// A clause that was read.
#[derive(Debug, Serialize)]
struct Clause {
    version: String,
    page: String,
    section: String,
    level: Level,
    sense: String,
    #[serde(flatten)]
    answer: Answer,
}

/// Prints all clauses.
///
/// # Errors
///
/// If a file cannot be read, or a place or a test is gone.
pub fn run(root: &Path, json: bool) -> Result<()> {
    let clauses = read(root)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&clauses)?);
    } else {
        table::print(&clauses);
    }
    let faults = faults_of(&clauses, &Tree::new(root)?);
    for (page, fault) in &faults {
        eprintln!("{page}: {fault}");
    }
    match faults.len() {
        0 => Ok(()),
        count => bail!("{count} entries are not as the code is"),
    }
}

/// What is wrong with the entries: the file, and what to do.
///
/// # Errors
///
/// If a file cannot be read.
pub fn faults(root: &Path) -> Result<Vec<(String, String)>> {
    Ok(faults_of(&read(root)?, &Tree::new(root)?))
}

fn faults_of(clauses: &[Clause], tree: &Tree) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for clause in clauses {
        let file = format!("{CLAUSES}/{}/{}.toml", clause.version, clause.page);
        let named = &clause.sense;
        if !seen.insert((&clause.version, &clause.page, &clause.section, named)) {
            faults.push((file.clone(), format!("is there twice: {named}")));
        }
        if let Answer::Obeyed { place, test } = &clause.answer {
            let places = place.iter().filter_map(|name| tree.lacks_place(name));
            let tests = test.iter().filter_map(|name| tree.lacks_test(name));
            for lack in places.chain(tests) {
                faults.push((file.clone(), format!("{lack}, named by: {named}")));
            }
        }
    }
    faults
}

/// All clauses: versions, and in each its pages, in the order of their paths.
fn read(root: &Path) -> Result<Vec<Clause>> {
    let top = root.join(CLAUSES);
    let mut files = Vec::new();
    collect(&top, &mut files)?;
    files.sort();
    let mut clauses = Vec::new();
    for file in files {
        let within = file.strip_prefix(&top)?.with_extension("");
        let within = within.to_str().context("a path that is not UTF-8")?;
        let (version, page) = within
            .split_once('/')
            .with_context(|| format!("{within}: put it into the directory of a version"))?;
        let text = fs::read_to_string(&file)?;
        clauses.extend(parse(version, page, &text).with_context(|| file.display().to_string())?);
    }
    ensure!(!clauses.is_empty(), "{CLAUSES} has no clauses");
    Ok(clauses)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    Ok(())
}

fn parse(version: &str, page: &str, text: &str) -> Result<Vec<Clause>> {
    let file: File = toml::from_str(text)?;
    file.clause
        .into_iter()
        .map(|entry| {
            let named = format!("{}: {}", entry.section, entry.sense);
            Ok(Clause {
                version: version.to_owned(),
                page: page.to_owned(),
                section: entry.section,
                level: entry.level,
                sense: entry.sense,
                answer: answer(entry.place.all(), entry.test.all(), entry.declined)
                    .context(named)?,
            })
        })
        .collect()
}

fn answer(place: Vec<String>, test: Vec<String>, declined: Option<String>) -> Result<Answer> {
    match (place.is_empty(), test.is_empty(), declined) {
        (false, false, None) => Ok(Answer::Obeyed { place, test }),
        (true, true, Some(reason)) if !reason.is_empty() => Ok(Answer::Declined(reason)),
        _ => bail!("give it a place and a test, or else say why it is declined"),
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl Names {
    fn all(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::Several(names) => names,
        }
    }
}

impl Level {
    const ALL: [Self; 4] = [Self::Must, Self::MustNot, Self::Should, Self::ShouldNot];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const HEAD: &str = "[[clause]]\nsection = \"s\"\nlevel = \"MUST NOT\"\nsense = \"x\"\n";

    #[test]
    fn a_clause_is_obeyed_somewhere_and_shown_or_else_declined() {
        for (more, good) in [
            ("place = \"a.rs#b\"\ntest = \"a.rs#c\"", true),
            (
                "place = [\"a.rs\", \"b.rs\"]\ntest = [\"conformance:x\"]",
                true,
            ),
            ("declined = \"not yet\"", true),
            ("declined = \"\"", false),
            ("place = \"a.rs\"", false),
            ("test = \"a.rs#c\"", false),
            (
                "place = \"a.rs\"\ntest = \"a.rs#c\"\ndeclined = \"no\"",
                false,
            ),
            ("", false),
            ("declined = \"no\"\nreason = \"x\"", false),
        ] {
            let text = format!("{HEAD}{more}\n");
            assert_eq!(parse("v", "p", &text).is_ok(), good, "{more}");
        }
        let may = HEAD.replace("MUST NOT", "MAY");
        assert!(parse("v", "p", &format!("{may}declined = \"no\"")).is_err());
    }

    #[test]
    fn what_is_gone_or_there_twice_is_a_fault() {
        let tree = Tree::of([
            ("a.rs", "fn b() {}\n#[test]\nfn c() {}\n"),
            ("tests/conformance/modern.txt", "# x\nscene check-1\n"),
        ]);
        for (place, test, faults) in [
            ("a.rs#b", "a.rs#c", 0),
            ("a.rs", "conformance:check-1", 0),
            ("a.rs#gone", "a.rs#c", 1),
            ("gone.rs#b", "conformance:gone", 2),
        ] {
            let text = format!("{HEAD}place = \"{place}\"\ntest = \"{test}\"\n");
            let clauses = parse("v", "p", &text).unwrap();
            assert_eq!(faults_of(&clauses, &tree).len(), faults, "{place} {test}");
        }
        let twice = format!("{HEAD}declined = \"no\"\n{HEAD}declined = \"no\"\n");
        assert_eq!(faults_of(&parse("v", "p", &twice).unwrap(), &tree).len(), 1);
    }
}
