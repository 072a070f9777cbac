//! `cargo xtask coverage`: how many lines of the crates that keep tenants safe their own tests run.
//!
//! Only their own: what another crate's tests run by the way is not tested by them. All else is built as ever, so that
//! nothing of others is counted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::progress::Step;
use crate::{cargo_tools, paths, setup};

/// The crates that are measured, by their directories in `host`.
const CRATES: [&str; 6] = ["auth", "capability", "crypto", "package", "sandbox", "tape"];
/// Of a hundred lines of each, so many are run at least.
const LEAST: u64 = 90;

/// What the report says, as far as it is read.
#[derive(Deserialize)]
struct Report {
    data: Vec<Data>,
}

#[derive(Deserialize)]
struct Data {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: PathBuf,
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    lines: Lines,
}

/// Lines that hold code, and how many of them were run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
struct Lines {
    count: u64,
    covered: u64,
}

impl Lines {
    fn is_enough(self) -> bool {
        self.count > 0 && self.covered * 100 >= self.count * LEAST
    }
}

/// Runs their tests and prints the share of each crate; with `missing` the lines that no test runs too.
///
/// # Errors
///
/// If a test fails, or a crate has less than it must.
pub fn run(missing: bool) -> Result<()> {
    tools()?;
    let step =
        Step::begin("running the tests of auth, capability, crypto, package, sandbox and tape");
    let written = paths::target().join("coverage.json");
    setup::run(
        measured("test")?
            .args(["--json", "--summary-only", "--output-path"])
            .arg(&written),
    )?;
    step.done();
    if missing {
        setup::run_loud(measured("report")?.arg("--show-missing-lines"))?;
    }
    let text = fs::read(&written).with_context(|| format!("reading {}", written.display()))?;
    let report: Report = serde_json::from_slice(&text)?;
    let mut short = Vec::new();
    println!("crate         lines      run     of which");
    for (name, lines) in by_crate(&report) {
        let Lines { count, covered } = lines;
        let share = covered as f64 * 100.0 / count.max(1) as f64;
        println!("{name:<12} {count:>6} {covered:>8} {share:>10.1} %");
        if !lines.is_enough() {
            short.push(name);
        }
    }
    ensure!(
        short.is_empty(),
        "less than {LEAST} % of the lines of {} are run by their tests: `cargo xtask coverage --missing` names the others",
        short.join(" and ")
    );
    Ok(())
}

/// `cargo llvm-cov`, for those crates.
fn measured(verb: &str) -> Result<Command> {
    let mut cargo = cargo_tools::cargo()?;
    cargo.args(["llvm-cov", verb]);
    if verb == "test" {
        cargo.arg("--locked");
    }
    for name in CRATES {
        cargo.arg("--package").arg(format!("smcp-{name}"));
    }
    Ok(cargo)
}

/// What reads the counters, of the compiler's own version.
fn tools() -> Result<()> {
    let library = setup::output(Command::new("rustc").args(["--print", "target-libdir"]))?;
    let tool = Path::new(library.trim())
        .with_file_name("bin")
        .join("llvm-profdata");
    if tool.exists() {
        return Ok(());
    }
    let step = Step::begin("installing llvm-tools");
    setup::run(Command::new("rustup").args(["component", "add", "llvm-tools"]))
        .context("could not add the component llvm-tools with rustup")?;
    step.done();
    Ok(())
}

/// The lines of each crate together, those without a single one too.
fn by_crate(report: &Report) -> BTreeMap<&'static str, Lines> {
    let mut crates: BTreeMap<_, _> = CRATES.map(|name| (name, Lines::default())).into();
    for file in report.data.iter().flat_map(|data| &data.files) {
        let sources = |name: &&str| {
            file.filename
                .starts_with(paths::root().join("host").join(name).join("src"))
        };
        if let Some(lines) = CRATES
            .into_iter()
            .find(sources)
            .and_then(|name| crates.get_mut(name))
        {
            lines.count += file.summary.lines.count;
            lines.covered += file.summary.lines.covered;
        }
    }
    crates
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn lines_are_added_by_crate_and_a_crate_that_nobody_measured_has_too_few() {
        let file = |name: &str, count: u64, covered: u64| {
            let filename = paths::root().join(name);
            serde_json::json!({"filename": filename, "summary": {"lines": {"count": count, "covered": covered}}})
        };
        let report = serde_json::json!({"data": [{"files": [
            file("host/tape/src/lib.rs", 50, 50),
            file("host/tape/src/player.rs", 50, 40),
            file("host/tape/tests/recordings.rs", 500, 500),
            file("host/auth/src/lib.rs", 100, 89),
            file("host/ids/src/lib.rs", 9, 0),
        ]}]});
        let report = serde_json::from_value(report).unwrap();
        let crates = by_crate(&report);
        assert_eq!(
            crates["tape"],
            Lines {
                count: 100,
                covered: 90
            }
        );
        let enough: Vec<_> = crates
            .iter()
            .filter(|(_, lines)| lines.is_enough())
            .collect();
        assert_eq!(enough.len(), 1, "{enough:?}");
    }
}
