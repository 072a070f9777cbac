//! The suite itself, as its package has it: which scenarios a revision requires, and what the checks
//! of one came to. Judges nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::paths;
use crate::progress::Step;

/// Scenarios of servers that are never run, each with the reason.
const LEFT_OUT: [(&str, &str); 1] = [(
    "tasks-status-notifications",
    "the suite checks nothing in it yet, and says that it skipped it",
)];

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    /// What must be is.
    Success,
    /// Nothing was checked; it only tells.
    Info,
    /// It was not made.
    Skipped,
    /// What should be is not.
    Warning,
    /// What must be is not.
    Failure,
}

/// A check of a scenario. One id can stand for several, told apart by their names.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Check {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error_message: Option<String>,
}

/// The scenarios of a revision that are for servers, in the order of its requirements: those that
/// count, and then those that are run but do not count, since the suite's own server does not pass
/// them, or they are of an extension, or were written later.
pub(super) fn scenarios(revision: &str) -> Result<Vec<String>> {
    let path = home().join(format!("requirements/{revision}.yaml"));
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut all = required(&text);
    ensure!(
        !all.is_empty(),
        "{} requires nothing of servers",
        path.display()
    );
    all.extend(unscored(&text));
    all.retain(|name| LEFT_OUT.iter().all(|(left_out, _)| left_out != name));
    Ok(all)
}

/// The items of the list `server`, which is plain.
fn required(text: &str) -> Vec<String> {
    let items = section(text, "server:");
    let items = items.filter_map(|line| line.strip_prefix("- "));
    items.map(str::to_owned).collect()
}

/// Of the list `not_scored`, whose items say which leg they are of, the scenarios of servers.
fn unscored(text: &str) -> Vec<String> {
    let mut scenario = None;
    let mut found = Vec::new();
    for line in section(text, "not_scored:") {
        if let Some(name) = line.strip_prefix("- scenario: ") {
            scenario = Some(name.to_owned());
        } else if line == "leg: server" {
            found.extend(scenario.take());
        }
    }
    found
}

/// The lines of a list, without what they are indented by.
fn section<'a>(text: &'a str, head: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines()
        .skip_while(move |line| *line != head)
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .map(str::trim)
}

/// Runs one scenario, in a process of its own: nothing is left of the one before.
pub(super) fn run(
    endpoint: &str,
    scenario: &str,
    revision: &str,
    results: &Path,
) -> Result<Vec<Check>> {
    fs::create_dir_all(results)?;
    let step = Step::begin(format!("running {scenario}"));
    let log = results.join("output.log");
    let output = File::create(&log)?;
    // `--force` as with `--requirements`: the set decides, not what the scenario says of itself.
    let status = Command::new(paths::node())
        .arg(home().join("dist/index.js"))
        .args(["server", "--url", endpoint, "--scenario", scenario])
        .args(["--spec-version", revision, "--force", "--output-dir"])
        .arg(results)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()
        .context("starting the suite: run `cargo xtask build` once")?;
    step.done();
    match written(results)? {
        Some(path) => serde_json::from_str(&fs::read_to_string(&path)?)
            .with_context(|| format!("reading {}", path.display())),
        // The suite writes nothing if the scenario ends by an exception.
        None => Ok(vec![Check {
            id: scenario.to_owned(),
            name: "NotRun".to_owned(),
            status: Status::Failure,
            error_message: Some(format!(
                "the scenario broke off ({status}): see {}",
                log.display()
            )),
        }]),
    }
}

/// The checks of all scenarios that one run of the suite has written, by the names of their directories.
pub(super) fn all_written(results: &Path) -> Result<Vec<(String, Vec<Check>)>> {
    let mut outcomes = Vec::new();
    for entry in fs::read_dir(results)? {
        let directory = entry?.path();
        let path = directory.join("checks.json");
        if !path.is_file() {
            continue;
        }
        let name = directory.file_name().unwrap_or_default().to_string_lossy();
        // The time follows the name.
        let digits = name.find(|letter: char| letter.is_ascii_digit());
        let scenario = name
            .split_at(digits.unwrap_or(name.len()))
            .0
            .trim_end_matches('-');
        let checks = serde_json::from_str(&fs::read_to_string(&path)?)
            .with_context(|| format!("reading {}", path.display()))?;
        outcomes.push((scenario.to_owned(), checks));
    }
    outcomes.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(outcomes)
}

/// The suite makes a directory with the time in its name.
fn written(results: &Path) -> Result<Option<PathBuf>> {
    for entry in fs::read_dir(results)? {
        let path = entry?.path().join("checks.json");
        if path.is_file() {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

pub(super) fn home() -> PathBuf {
    paths::root().join("node_modules/@modelcontextprotocol/conformance")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_required_of_servers_is_read() {
        let text = "# a\nserver:\n  - one\n  - two\n\nclient:\n  - three\nnot_scored:\n  \
                    - scenario: four\n    leg: client\n    reason: late\n  \
                    - scenario: five\n    leg: server\n    note: >-\n      of a server\n";
        assert_eq!(required(text), ["one", "two"]);
        assert_eq!(unscored(text), ["five"]);
        let nothing = "client:\n  - three\n";
        assert!(required(nothing).is_empty() && unscored(nothing).is_empty());
    }

    #[test]
    fn of_two_results_the_worse_is_the_greater() {
        assert!(Status::Success < Status::Info);
        assert!(Status::Skipped < Status::Warning && Status::Warning < Status::Failure);
    }
}
