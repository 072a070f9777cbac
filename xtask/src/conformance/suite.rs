//! The suite itself, as its package has it: which scenarios a revision requires, and what the checks
//! of one came to. Judges nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::paths;
use crate::progress::Step;

/// Scenarios that the requirements leave out, since the suite's own server does not pass them.
const UNSCORED: [&str; 3] = [
    "json-schema-2020-12",
    "http-header-validation",
    "http-custom-header-server-validation",
];

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

/// The scenarios of a revision, in the order of its requirements; only the `wanted` ones, if there
/// are any.
pub(super) fn scenarios(revision: &str, wanted: &[String]) -> Result<Vec<String>> {
    let path = home().join(format!("requirements/{revision}.yaml"));
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut all = required(&text);
    ensure!(
        !all.is_empty(),
        "{} requires nothing of servers",
        path.display()
    );
    all.extend(UNSCORED.map(str::to_owned));
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        anyhow::bail!(
            "there is no scenario {unknown}; there are: {}",
            all.join(", ")
        );
    }
    all.retain(|name| wanted.is_empty() || wanted.contains(name));
    Ok(all)
}

/// The items of the list `server`, which is plain.
fn required(text: &str) -> Vec<String> {
    text.lines()
        .skip_while(|line| *line != "server:")
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter_map(|line| line.trim().strip_prefix("- "))
        .map(str::to_owned)
        .collect()
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

fn home() -> PathBuf {
    paths::root().join("node_modules/@modelcontextprotocol/conformance")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_required_of_servers_is_read() {
        let text = "# a\nserver:\n  - one\n  - two\n\nclient:\n  - three\nnot_scored:\n  - scenario: four\n";
        assert_eq!(required(text), ["one", "two"]);
        assert!(required("client:\n  - three\n").is_empty());
    }

    #[test]
    fn of_two_results_the_worse_is_the_greater() {
        assert!(Status::Success < Status::Info);
        assert!(Status::Skipped < Status::Warning && Status::Warning < Status::Failure);
    }
}
