//! `cargo xtask conformance`: the official conformance suite against the example server `everything`,
//! signed and published, on workerd, through the real edge and authentication.
//!
//! There is no list of expected failures: every check that is made must succeed, and one that has
//! succeeded before, as `tests/conformance` says, must succeed again.

mod fixture;
mod report;
mod suite;

use std::fs;

use anyhow::{Result, ensure};

use crate::{build, paths};
use fixture::Fixture;
use report::{Known, Report};

/// Which protocol the suite speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Era {
    /// MCP 2026-07-28, which knows no sessions.
    Modern,
}

/// What to run, and how to tell.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which protocol.
    pub era: Era,
    /// Only these scenarios; all that there are, if empty.
    pub scenarios: Vec<String>,
    /// Print JSON instead of a table.
    pub json: bool,
    /// Add what succeeds to the list of what must.
    pub accept: bool,
    /// Take the Worker that is in `build/` as it is.
    pub built: bool,
}

impl Era {
    /// The revision of the specification, as the suite names it.
    const fn revision(self) -> &'static str {
        match self {
            Self::Modern => "2026-07-28",
        }
    }

    /// What the file of its known checks is called.
    const fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
        }
    }
}

/// Runs the suite.
///
/// # Errors
///
/// If a check does not succeed, one that did is not made, or the suite cannot be run.
pub fn run(options: &Options) -> Result<()> {
    if !options.built {
        build::build(build::Mode::Release)?;
    }
    let scenarios = suite::scenarios(options.era.revision(), &options.scenarios)?;
    let home = paths::target().join("conformance");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&home)?;
    let fixture = Fixture::start(&home)?;
    let mut outcomes = Vec::new();
    for scenario in scenarios {
        let checks = suite::run(
            fixture.endpoint(),
            &scenario,
            options.era.revision(),
            &home.join("results").join(&scenario),
        )?;
        outcomes.push((scenario, checks));
    }
    drop(fixture);
    let path = paths::root().join(format!("tests/conformance/{}.txt", options.era.name()));
    let mut known = Known::read(&path)?;
    let report = Report::new(outcomes, &known);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    let fresh = report.fresh();
    if options.accept {
        known.add(fresh);
        known.write(&path)?;
        eprintln!("{} checks added to {}", fresh.len(), path.display());
    } else if !fresh.is_empty() {
        eprintln!(
            "{} checks succeed that are not in the list: --accept adds them",
            fresh.len()
        );
    }
    ensure!(
        report.holds(),
        "the suite is not passed; what it and the Worker said is in {}",
        home.display()
    );
    Ok(())
}
