//! `cargo xtask conformance`: the official conformance suite against the example server `everything`,
//! signed and published, on workerd, through the real edge and authentication.
//!
//! There is no list of expected failures: every check that is made must succeed, and one that has
//! succeeded before, as `tests/conformance` says, must succeed again. Both eras are run against one
//! Worker, one after the other, and then what the suite has for authorization servers.

mod authorization;
mod fixture;
mod report;
mod suite;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Result, bail, ensure};

use crate::{build, paths};
use fixture::Fixture;
use report::{Known, Report};
use suite::Check;

/// Which protocol the suite speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Era {
    /// MCP 2026-07-28, which knows no sessions.
    Modern,
    /// MCP 2025-11-25, where a session begins with `initialize`.
    Legacy,
}

/// What to run, and how to tell.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which protocol; both, if none is named.
    pub era: Option<Era>,
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
    /// Both.
    const ALL: [Self; 2] = [Self::Modern, Self::Legacy];

    /// The revision of the specification, as the suite names it.
    const fn revision(self) -> &'static str {
        match self {
            Self::Modern => "2026-07-28",
            Self::Legacy => "2025-11-25",
        }
    }

    /// What the file of its known checks is called.
    const fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Legacy => "legacy",
        }
    }
}

/// What the part on authorization servers is called.
const AUTHORIZATION: &str = "authorization";

/// An era, and its scenarios that are to be run.
type Plan = (Era, Vec<String>);

/// Runs the suite.
///
/// # Errors
///
/// If a check does not succeed, one that did is not made, or the suite cannot be run.
pub fn run(options: &Options) -> Result<()> {
    if !options.built {
        build::build(build::Mode::Release)?;
    }
    let plans = plans(options)?;
    let home = paths::target().join("conformance");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&home)?;
    let fixture = Fixture::start(&home)?;
    let mut reports = BTreeMap::new();
    for (era, scenarios) in plans {
        let report = of_era(era, scenarios, &fixture, &home, options.accept)?;
        if !options.json {
            print!("{}: MCP {}\n{report}", era.name(), era.revision());
        }
        reports.insert(era.name(), report);
    }
    if options.era.is_none() && options.scenarios.is_empty() {
        let outcomes = authorization::run(&fixture, &home.join("results").join(AUTHORIZATION))?;
        let report = judged(AUTHORIZATION, outcomes, options.accept)?;
        if !options.json {
            print!("{AUTHORIZATION}\n{report}");
        }
        reports.insert(AUTHORIZATION, report);
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    }
    ensure!(
        reports.values().all(Report::holds),
        "the suite is not passed; what it and the Worker said is in {}",
        home.display()
    );
    Ok(())
}

/// What is to be run: of each era that was named the scenarios that were. Each of those must be one of
/// an era that was.
fn plans(options: &Options) -> Result<Vec<Plan>> {
    let eras = options.era.map_or(Era::ALL.to_vec(), |era| vec![era]);
    let mut plans = Vec::new();
    for era in eras {
        plans.push((era, suite::scenarios(era.revision())?));
    }
    let known = |name: &&String| plans.iter().any(|(_, all)| all.contains(name));
    if let Some(unknown) = options.scenarios.iter().find(|name| !known(name)) {
        let all = plans.iter().flat_map(|(_, all)| all).cloned();
        let all = all.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
        bail!(
            "there is no scenario {unknown}; there are: {}",
            all.join(", ")
        );
    }
    if !options.scenarios.is_empty() {
        for (_, scenarios) in &mut plans {
            scenarios.retain(|name| options.scenarios.contains(name));
        }
    }
    plans.retain(|(_, scenarios)| !scenarios.is_empty());
    Ok(plans)
}

/// Runs scenarios of an era, and compares what they came to with its list.
fn of_era(
    era: Era,
    scenarios: Vec<String>,
    fixture: &Fixture,
    home: &Path,
    accept: bool,
) -> Result<Report> {
    let results = home.join("results").join(era.name());
    let mut outcomes = Vec::new();
    for scenario in scenarios {
        let results = results.join(&scenario);
        let checks = suite::run(fixture.endpoint(), &scenario, era.revision(), &results)?;
        outcomes.push((scenario, checks));
    }
    judged(era.name(), outcomes, accept)
}

/// Compares what was found with the list of that name.
fn judged(name: &str, outcomes: Vec<(String, Vec<Check>)>, accept: bool) -> Result<Report> {
    let path = paths::root().join(format!("tests/conformance/{name}.txt"));
    let mut known = Known::read(&path)?;
    let report = Report::new(outcomes, &known);
    let fresh = report.fresh();
    if accept {
        known.add(fresh);
        known.write(&path)?;
        eprintln!("{} checks added to {}", fresh.len(), path.display());
    } else if !fresh.is_empty() {
        eprintln!(
            "{} checks succeed that are not in the list: --accept adds them",
            fresh.len()
        );
    }
    Ok(report)
}
