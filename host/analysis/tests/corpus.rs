//! A corpus of good and bad releases, as data: what each is found to be, no more and no less.
//!
//! A file says what its server is, what it is held against, and what is found there: pairs of a code and a place. Good
//! ones may be found to have what is worth knowing, and nothing that is worth worrying about.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use smcp_analysis::{Code, Level};
use support::Case;

fn corpus(folder: &str) -> Vec<(String, Case)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(folder);
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let all: Vec<Value> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        for case in all {
            let case = Case::of(case);
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            cases.push((format!("{file}: {}", case.claim), case));
        }
    }
    assert!(!cases.is_empty());
    cases
}

#[test]
fn good_releases_have_nothing_to_be_warned_of() {
    for (name, case) in corpus("good") {
        let report = case.report();
        let worst = report.worst.unwrap_or(Level::Info);
        assert_eq!(worst, Level::Info, "{name}: {:#?}", report.findings);
    }
}

#[test]
fn bad_releases_are_found_to_be_what_they_are_and_nothing_else() {
    for (name, case) in corpus("bad") {
        assert_eq!(case.found(), case.finds, "{name}");
        assert!(!case.finds.is_empty(), "{name}");
    }
}

#[test]
fn every_finding_that_needs_no_run_is_in_the_corpus() {
    let mut found: BTreeSet<String> = BTreeSet::new();
    for (_, case) in corpus("bad") {
        found.extend(case.finds.into_iter().map(|(code, _)| code));
    }
    // What is found by running a tool is tested where tools are run.
    let by_running = [Code::NeverEnds, Code::FailsOnProbe, Code::NotProbed];
    let expected = Code::ALL.iter().filter(|code| !by_running.contains(code));
    let expected: BTreeSet<String> = expected.map(|code| code.name().to_owned()).collect();
    assert_eq!(found, expected);
}
