//! What the checks came to together, beside what is known to succeed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::suite::{Check, Status};

/// The first lines of the list.
const HEAD: &str = "\
# Checks of the official conformance suite that succeed: a scenario and the id of a check. One that
# no longer does fails `cargo xtask conformance`; `--accept` adds new ones. Take none out by hand.
";

/// A scenario, and the id of one of its checks.
type Key = (String, String);

/// The list of the checks that have succeeded.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeSet<Key>);

/// All checks of a run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    scenarios: Vec<Scenario>,
    /// Known checks that were not made, or not with success.
    lost: Vec<Key>,
    /// Checks that succeed and are not known.
    fresh: Vec<Key>,
    passed: bool,
}

#[derive(Debug, Serialize)]
struct Scenario {
    scenario: String,
    checks: Vec<Check>,
}

impl Known {
    /// The list in a file; an empty one if there is none.
    pub(super) fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim);
        let mut keys = BTreeSet::new();
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                [scenario, id] => keys.insert((scenario.to_owned(), id.to_owned())),
                _ => bail!("not a scenario and a check: {line:?}"),
            };
        }
        Ok(Self(keys))
    }

    /// Adds what succeeded. Nothing is ever taken out.
    pub(super) fn add(&mut self, fresh: &[Key]) {
        self.0.extend(fresh.iter().cloned());
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(path, self.text()).with_context(|| path.display().to_string())
    }

    fn text(&self) -> String {
        let lines = self
            .0
            .iter()
            .map(|(scenario, id)| format!("{scenario} {id}\n"));
        HEAD.to_owned() + &lines.collect::<String>()
    }
}

impl Report {
    /// Compares the checks of the scenarios that were run with the known ones of these.
    pub(super) fn new(outcomes: Vec<(String, Vec<Check>)>, known: &Known) -> Self {
        let mut worst = BTreeMap::<Key, Status>::new();
        for (scenario, checks) in &outcomes {
            for check in checks {
                let status = worst
                    .entry((scenario.clone(), check.id.clone()))
                    .or_insert(check.status);
                *status = check.status.max(*status);
            }
        }
        let succeeds = |key: &&Key| worst.get(*key) == Some(&Status::Success);
        let was_run = |key: &&Key| outcomes.iter().any(|(scenario, _)| *scenario == key.0);
        let lost = known.0.iter().filter(was_run);
        let lost: Vec<Key> = lost.filter(|key| !succeeds(key)).cloned().collect();
        let fresh = worst
            .keys()
            .filter(|key| succeeds(key) && !known.0.contains(*key))
            .cloned()
            .collect();
        let good = |status: &Status| matches!(status, Status::Success | Status::Info);
        Self {
            passed: lost.is_empty() && worst.values().all(good),
            scenarios: outcomes
                .into_iter()
                .map(|(scenario, checks)| Scenario { scenario, checks })
                .collect(),
            lost,
            fresh,
        }
    }

    /// Checks that succeed and are not known.
    pub(super) fn fresh(&self) -> &[Key] {
        &self.fresh
    }

    /// Whether every check succeeded, and every known one was made.
    pub(super) fn holds(&self) -> bool {
        self.passed
    }
}

impl Scenario {
    fn count(&self, status: Status) -> usize {
        self.checks
            .iter()
            .filter(|check| check.status == status)
            .count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const COLUMNS: [Status; 4] = [
            Status::Success,
            Status::Failure,
            Status::Warning,
            Status::Skipped,
        ];
        let mut total = [0; COLUMNS.len()];
        writeln!(
            f,
            "{:<48} {:>7} {:>7} {:>7} {:>7}",
            "scenario", "success", "failure", "warning", "skipped"
        )?;
        for scenario in &self.scenarios {
            let counts = COLUMNS.map(|status| scenario.count(status));
            total
                .iter_mut()
                .zip(counts)
                .for_each(|(sum, count)| *sum += count);
            row(f, &scenario.scenario, counts)?;
            for check in scenario
                .checks
                .iter()
                .filter(|check| check.status > Status::Info)
            {
                let why = check.error_message.as_deref().unwrap_or_default();
                writeln!(
                    f,
                    "  {:?} {} ({}): {why}",
                    check.status, check.id, check.name
                )?;
            }
        }
        row(f, "together", total)?;
        for (scenario, id) in &self.lost {
            writeln!(f, "lost: {scenario} {id} succeeded before")?;
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, counts: [usize; 4]) -> fmt::Result {
    let [success, failure, warning, skipped] = counts;
    writeln!(
        f,
        "{name:<48} {success:>7} {failure:>7} {warning:>7} {skipped:>7}"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn check(id: &str, status: Status) -> Check {
        Check {
            id: id.to_owned(),
            name: id.to_owned(),
            status,
            error_message: None,
        }
    }

    #[test]
    fn a_run_holds_if_all_succeeds_and_nothing_known_is_lost() {
        use Status::{Failure, Info, Skipped, Success, Warning};
        for (known, made, holds, lost, fresh) in [
            ("", vec![("a", Success)], true, 0, 1),
            ("s a", vec![("a", Success), ("b", Info)], true, 0, 0),
            ("s a", vec![("a", Info)], false, 1, 0),
            ("s a", vec![("b", Success)], false, 1, 1),
            ("s a", vec![("a", Success), ("a", Failure)], false, 1, 0),
            ("", vec![("a", Warning)], false, 0, 0),
            ("", vec![("a", Skipped)], false, 0, 0),
            // Another scenario was not run: nothing is said of it.
            ("t a", vec![("a", Success)], true, 0, 1),
        ] {
            let known = Known::parse(known).unwrap();
            let made = made
                .into_iter()
                .map(|(id, status)| check(id, status))
                .collect();
            let report = Report::new(vec![("s".to_owned(), made)], &known);
            assert_eq!(
                (report.holds(), report.lost.len(), report.fresh.len()),
                (holds, lost, fresh),
                "{report}"
            );
        }
    }

    #[test]
    fn the_list_reads_what_it_writes_and_only_grows() {
        let mut known = Known::parse("# a remark\n\nt b\ns a\n").unwrap();
        known.add(&[("s".to_owned(), "c".to_owned())]);
        assert_eq!(known.text().strip_prefix(HEAD), Some("s a\ns c\nt b\n"));
        assert_eq!(Known::parse(&known.text()).unwrap().0, known.0);
        assert!(Known::parse("only-a-scenario").is_err());
    }
}
