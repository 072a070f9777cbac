//! `cargo xtask test`: every test there is, but the soak.
//!
//! End-to-end tests wait most of their time: for sleep, for clients, for a host that starts. So their binaries run two at
//! a time, but for those that measure, and the output of each is shown when it has ended.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{build, conformance, paths, platform, python, setup};

/// How many tests of one binary run at once.
const THREADS: usize = 4;
/// How many binaries run at once.
const SIDE_BY_SIDE: usize = 2;
/// The package of the end-to-end tests.
const END_TO_END: &str = "smcp-tests";
/// Those that measure how late or how large something is: beside them nothing else runs.
const ALONE: [&str; 2] = ["alive", "memory"];

/// Sees to everything that tests need, so that none fails for a missing tool, and runs them all, or those whose names
/// match a filter.
///
/// # Errors
///
/// If something cannot be had, or a test fails.
pub fn run(filter: &[String]) -> Result<()> {
    setup::check("git", (2, 0), "install git")?;
    setup::check(
        "python3",
        (3, 10),
        "install Python 3.10 or newer, with its venv module",
    )?;
    build::build(build::Mode::Release)?;
    platform::build_command()?;
    python::python()?;
    if !filter.is_empty() {
        return setup::run_loud(cargo_test()?.args(filter));
    }
    setup::run_loud(cargo_test()?.arg("--no-run"))?;
    let (alone, beside) = groups()?.into_iter().partition(Group::is_alone);
    let mut failed = at_once(SIDE_BY_SIDE, beside)?;
    failed.extend(at_once(1, alone)?);
    if !failed.is_empty() {
        bail!("these failed: {}", failed.join(", "));
    }
    conformance::run(&conformance::Options {
        built: true,
        ..conformance::Options::default()
    })
}

fn cargo_test() -> Result<Command> {
    let mut cargo = Command::new("cargo");
    cargo
        // The whole workspace each time: with a part of it, crates would be built again with fewer features.
        .args(["test", "--workspace", "--locked"])
        .env("RUST_TEST_THREADS", THREADS.to_string())
        .current_dir(paths::root());
    // Tests that start Node.js take that of the lock file, not the machine's.
    let mut path: Vec<_> = paths::node().parent().map(Into::into).into_iter().collect();
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    cargo.env("PATH", std::env::join_paths(path)?);
    Ok(cargo)
}

/// Tests that one run of cargo runs.
#[derive(Debug)]
struct Group {
    name: String,
    /// What selects them.
    arguments: Vec<OsString>,
}

impl Group {
    fn of_tests<'a>(name: &str, tests: impl IntoIterator<Item = &'a String>) -> Self {
        let arguments = tests.into_iter();
        Self {
            name: name.to_owned(),
            arguments: arguments
                .flat_map(|test| ["--test".into(), test.into()])
                .collect(),
        }
    }

    fn of_flags(name: &str, flags: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            arguments: flags.iter().map(Into::into).collect(),
        }
    }

    fn is_alone(&self) -> bool {
        ALONE.contains(&self.name.as_str())
    }

    fn output(&self) -> Result<Output> {
        let mut cargo = cargo_test()?;
        cargo.arg("--quiet").args(&self.arguments);
        let output = setup::of_no_package(&mut cargo).output();
        output.with_context(|| format!("starting the tests {}", self.name))
    }
}

/// All tests of the workspace: the end-to-end ones each by itself (with what has the same name elsewhere), the others
/// together.
fn groups() -> Result<Vec<Group>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        targets: Vec<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
        kind: Vec<String>,
    }
    let metadata: Metadata = setup::metadata(&paths::root())?;
    let (mut end_to_end, mut others) = (BTreeSet::new(), BTreeSet::new());
    for package in metadata.packages {
        let tests = package.targets.into_iter();
        let tests = tests.filter(|target| target.kind.iter().any(|kind| kind == "test"));
        let names = tests.map(|target| target.name);
        if package.name == END_TO_END {
            end_to_end.extend(names);
        } else {
            others.extend(names);
        }
    }
    let others = others.difference(&end_to_end);
    let mut groups = vec![
        Group::of_flags("of units", &["--lib", "--bins", "--examples"]),
        Group::of_flags("in documentation", &["--doc"]),
        Group::of_tests("of crates", others),
    ];
    groups.extend(end_to_end.iter().map(|name| Group::of_tests(name, [name])));
    Ok(groups)
}

/// Runs groups, so many at a time; the names of those that failed.
fn at_once(many: usize, groups: Vec<Group>) -> Result<Vec<String>> {
    let queue = Mutex::new(groups.into_iter());
    let failed = Mutex::new(Vec::new());
    let next = || {
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.next()
    };
    let work = || -> Result<()> {
        while let Some(group) = next() {
            let begun = Instant::now();
            let output = group.output()?;
            let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
            // With this lock held, one at a time writes.
            show(&group, &output, begun.elapsed().as_secs());
            if !output.status.success() {
                failed.push(group.name);
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..many).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| match worker.join() {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ended.collect::<Result<Vec<()>>>()
    })?;
    Ok(failed.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn show(group: &Group, output: &Output, seconds: u64) {
    let passed = output.status.success();
    let result = if passed { "passed" } else { "FAILED" };
    anstream::println!("tests {}: {result} in {seconds} s", group.name);
    for text in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(text);
        let lines = text.lines().filter(|line| !line.is_empty());
        let shown = lines.filter(|line| !passed || line.starts_with("test result:"));
        for line in shown {
            anstream::println!("    {line}");
        }
    }
}
