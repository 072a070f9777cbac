//! `cargo xtask test`: every test there is, but the soak.

use std::process::Command;

use anyhow::Result;

use crate::{build, conformance, paths, platform, python, setup};

/// How many tests of one binary run at once: those on workerd wait most of their time, for sleep, for clients, for a
/// host that starts.
const THREADS: usize = 4;

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
    let mut cargo = Command::new("cargo");
    cargo
        .args(["test", "--workspace", "--locked"])
        .args(filter)
        .env("RUST_TEST_THREADS", THREADS.to_string())
        .current_dir(paths::root());
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
    cargo.env("PATH", std::env::join_paths(path)?);
    setup::run_loud(&mut cargo)?;
    if !filter.is_empty() {
        return Ok(());
    }
    conformance::run(&conformance::Options {
        built: true,
        ..conformance::Options::default()
    })
}
