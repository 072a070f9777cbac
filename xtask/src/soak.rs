//! `cargo xtask soak`: long and random tests, with a seed. They are a program of the tests' crate,
//! `tests/src/bin/soak`; this sees to its tools and starts it.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::{build, dev, paths, platform, setup};

/// How long the quick one runs, its set-up not counted.
const QUICK: Duration = Duration::from_secs(40);
/// How long the quick one kills the runtime under key-value storage.
const QUICK_KILLS: Duration = Duration::from_secs(15);
/// How often the long one does, unless it is told otherwise.
const KILLS: u32 = 200;

/// Runs the soak; with the given seed, or a fresh one, and with so many kills, or as many as there
/// mostly are.
///
/// # Errors
///
/// If something cannot be had, or a check fails.
pub fn run(quick: bool, seed: Option<u64>, minutes: u64, kills: Option<u32>) -> Result<()> {
    let seed = match seed {
        Some(seed) => seed,
        // Short enough to be typed again.
        None => u64::from_str_radix(&dev::random_hex(4)?, 16)?,
    };
    let time = if quick {
        QUICK
    } else {
        Duration::from_secs(minutes * 60)
    };
    let kills = match kills {
        None if quick => format!("{}s", QUICK_KILLS.as_secs()),
        kills => kills.unwrap_or(KILLS).to_string(),
    };
    build::build(build::Mode::Release)?;
    platform::build_command()?;
    let mut cargo = Command::new("cargo");
    cargo
        .args(["run", "--quiet", "--package", "smcp-tests", "--bin", "soak"])
        .args(["--", &seed.to_string(), &time.as_secs().to_string(), &kills])
        .arg(if quick { "quick" } else { "whole" })
        .current_dir(paths::root());
    setup::run_loud(&mut cargo)
}
