//! `cargo xtask test`: every test there is, but the soak.

use std::process::Command;

use anyhow::Result;

use crate::{build, conformance, paths, platform, python, setup};

/// The crate whose tests run on workerd.
const END_TO_END: &str = "smcp-tests";
/// How many of them run at once: most of their time they wait, for sleep, for clients, for a host that starts.
const END_TO_END_THREADS: usize = 4;

/// Sees to everything that tests need, so that none fails for a missing tool, and runs them all.
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
    // Tests that start Node.js take that of the lock file, not the machine's.
    let mut path = vec![
        paths::node()
            .parent()
            .map(ToOwned::to_owned)
            .unwrap_or_default(),
    ];
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let path = std::env::join_paths(path)?;
    let run = |which: &[&str], threads: Option<usize>| {
        let mut cargo = Command::new("cargo");
        cargo
            .args(["test", "--locked"])
            .args(which)
            .args(filter)
            .env("PATH", &path)
            .current_dir(paths::root());
        if let Some(threads) = threads {
            cargo.env("RUST_TEST_THREADS", threads.to_string());
        }
        setup::run_loud(&mut cargo)
    };
    run(&["--workspace", "--exclude", END_TO_END], None)?;
    run(&["--package", END_TO_END], Some(END_TO_END_THREADS))?;
    if !filter.is_empty() {
        return Ok(());
    }
    conformance::run(&conformance::Options {
        built: true,
        ..conformance::Options::default()
    })
}
