//! `cargo xtask bench`: what the host costs, against the least that the platform takes and against
//! the usual TypeScript servers, all in one run on real workerd.
//!
//! Fails only if something cannot be measured or answers wrongly; a missed budget is in the report.

mod beside;
mod budget;
mod cold;
mod crowd;
mod edge;
mod heavy;
mod http;
mod listeners;
mod lists;
mod load;
mod report;
mod rounds;
mod runtime;
mod stage;
mod startup;
mod stream;
mod subjects;
mod waiting;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::progress::Step;
use crate::{build, paths, setup};
use beside::Callers;
use budget::Budget;
use crowd::Crowd;
use listeners::Listeners;
use lists::Lists;
use report::{HostTo, Machine, Ratio, Report, SandboxLine};
use rounds::{Plan, Rounds};
use stage::Stage;
use subjects::{AGENT, FLOOR, HOST, LEGACY_HOST, STATELESS};

/// How much of everything to measure.
#[derive(Debug, Clone, Copy)]
struct Extent {
    plan: Plan,
    /// Tenants to call cold at each start.
    tenants: usize,
    starts: usize,
    /// Calls of another tenant before that.
    warm_up: Duration,
    startups: usize,
    beside_rounds: usize,
    beside: Duration,
    edge_rounds: usize,
    heavy_rounds: usize,
    tasks: usize,
    sandbox_rounds: usize,
    /// Servers of the tenant that has many.
    servers: usize,
    lists: lists::Plan,
    listeners: listeners::Plan,
}

const FULL: Extent = Extent {
    plan: Plan {
        rounds: 16,
        idle: Duration::from_millis(600),
        loaded: Duration::from_millis(1_000),
    },
    tenants: 8,
    starts: 5,
    warm_up: Duration::from_secs(4),
    startups: 15,
    beside_rounds: 3,
    beside: Duration::from_secs(4),
    edge_rounds: 11,
    heavy_rounds: 5,
    tasks: 1_000,
    sandbox_rounds: 11,
    servers: crowd::LONG,
    lists: lists::Plan {
        rounds: 16,
        lasting: Duration::from_millis(250),
    },
    listeners: listeners::Plan {
        streams: 1_000,
        rounds: 11,
        warm_up: Duration::from_secs(2),
    },
};

const QUICK: Extent = Extent {
    plan: Plan {
        rounds: 4,
        idle: Duration::from_millis(200),
        loaded: Duration::from_millis(300),
    },
    tenants: 3,
    starts: 2,
    warm_up: Duration::from_secs(1),
    startups: 5,
    beside_rounds: 1,
    beside: Duration::from_secs(2),
    edge_rounds: 3,
    heavy_rounds: 1,
    tasks: 50,
    sandbox_rounds: 3,
    servers: 2 * crowd::SHORT_UNION,
    lists: lists::Plan {
        rounds: 4,
        lasting: Duration::from_millis(80),
    },
    listeners: listeners::Plan {
        streams: 200,
        rounds: 3,
        warm_up: Duration::from_millis(500),
    },
};

/// How many heavy calls another caller has at once, while echoes are measured: one that never ends, and
/// more than he may have.
const HEAVY_AT_ONCE: [usize; 2] = [1, 9];

/// Builds, measures, prints: a table, or JSON. The JSON is also left in `target/bench/report.json`.
///
/// # Errors
///
/// If something cannot be built, started or measured, or an answer is wrong. Not if a budget is
/// missed.
pub fn run(quick: bool, json: bool) -> Result<()> {
    let extent = if quick { QUICK } else { FULL };
    let built = build::build(build::Mode::Release)?;
    let benches = build_benches()?;
    let machine = Machine::this()?;
    let (stage, platform) = Stage::set_up(extent.tenants)?;
    let rounds = side_by_side(&stage, platform.url(), platform.pid(), extent.plan)?;
    let step = Step::begin("an echo beside a busy neighbour");
    let beside = HEAVY_AT_ONCE
        .into_iter()
        .map(|heavy_at_once| {
            let callers = Callers {
                echo: &stage.key,
                heavy: &stage.other_key,
                heavy_at_once,
            };
            beside::measure(platform.url(), callers, extent.beside_rounds, extent.beside)
        })
        .collect::<Result<Vec<_>>>()?;
    step.done();
    let step = Step::begin("credentials at the edge");
    let edge = edge::measure(&stage, &platform, extent.edge_rounds)?;
    step.done();
    drop(platform);
    let step = Step::begin("a call that computes for long, alone");
    let heavy = heavy::measure(&stage, extent.heavy_rounds)?;
    step.done();
    let step = Step::begin(format!("{} tasks that wait", extent.tasks));
    let waiting = waiting::measure(&stage, extent.tasks)?;
    step.done();
    let step = Step::begin("first times");
    let cold = cold::measure(&stage, extent.starts, extent.warm_up)?;
    let startup = startup::measure(extent.startups)?;
    step.done();
    let (lists, listeners) = crowded(&benches, extent)?;
    let sandbox = sandbox(&benches, extent.sandbox_rounds)?;
    let mut report = Report {
        machine,
        quick,
        rounds: extent.plan.rounds,
        subjects: rounds.figures(),
        host_to: [FLOOR, LEGACY_HOST, STATELESS, AGENT]
            .map(|other| HostTo {
                other,
                ratios: rounds.ratios(HOST, other),
            })
            .into(),
        cold,
        startup,
        beside,
        edge,
        heavy,
        waiting,
        lists,
        listeners,
        bundle_bytes: built.gzipped()?,
        sandbox: sandbox.lines,
        ratios: sandbox.ratios,
        budgets: Vec::new(),
    };
    report.budgets = budgets(&report, &rounds);
    report.write(&subjects::home()?.join("report.json"))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(())
}

fn side_by_side(stage: &Stage, origin: &str, group: u32, plan: Plan) -> Result<Rounds> {
    let step = Step::begin("starting what to compare with");
    let path = stage::path(stage::MAIN, stage::ECHO);
    let mut subjects = [
        subjects::floor()?,
        subjects::host(origin, group, &path, &stage.key)?,
        subjects::legacy_host(origin, group, &path, &stage.key)?,
        subjects::stateless()?,
        subjects::agent()?,
    ];
    step.done();
    let step = Step::begin(format!("{} rounds side by side", plan.rounds));
    let rounds = rounds::measure(&mut subjects, plan)?;
    step.done();
    Ok(rounds)
}

/// Long lists, and many who listen.
fn crowded(benches: &Path, extent: Extent) -> Result<(Lists, Listeners)> {
    let step = Step::begin(format!(
        "publishing {} servers",
        crowd::SHORT_UNION + extent.servers
    ));
    let (crowd, platform) = Crowd::set_up(benches, extent.servers)?;
    step.done();
    let step = Step::begin("pages of short and long lists");
    let lists = lists::measure(&crowd, platform.url(), extent.lists)?;
    step.done();
    drop(platform);
    let step = Step::begin(format!("{} clients that listen", extent.listeners.streams));
    let listeners = listeners::measure(&crowd, extent.listeners)?;
    step.done();
    Ok((lists, listeners))
}

/// Builds the command that measures the sandbox and makes packages; gives its path.
fn build_benches() -> Result<PathBuf> {
    let step = Step::begin("building smcp-benches");
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--quiet", "--release", "--package", "smcp-benches"])
        .current_dir(paths::root());
    setup::run(&mut cargo)?;
    step.done();
    Ok(paths::target().join("release/smcp-benches"))
}

#[derive(Deserialize)]
struct Sandbox {
    lines: Vec<SandboxLine>,
    ratios: Vec<Ratio>,
}

/// The sandbox's own cost, by the command that measures it.
fn sandbox(benches: &Path, rounds: usize) -> Result<Sandbox> {
    let step = Step::begin("the sandbox by itself");
    let output = Command::new(benches)
        .args(["sandbox", "--json", "--rounds", &rounds.to_string()])
        .current_dir(paths::root())
        .stdin(Stdio::null())
        .output()
        .context("starting smcp-benches")?;
    step.done();
    // It fails when a budget is broken too; then it has printed all the same.
    serde_json::from_slice(&output.stdout).with_context(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("smcp-benches ended with {}: {said}", output.status)
    })
}

/// What must hold and what should, with what was measured.
fn budgets(report: &Report, rounds: &Rounds) -> Vec<Budget> {
    let floor = rounds.ratios(HOST, FLOOR);
    let stateless = rounds.ratios(HOST, STATELESS);
    let agent = rounds.ratios(HOST, AGENT);
    let legacy = rounds.ratios(LEGACY_HOST, HOST);
    let mut budgets = vec![
        Budget::low("echo, p50 over the floor's", floor.p50, "x")
            .must(1.6)
            .aim(1.25),
        Budget::low("echo, CPU under load over the floor's", floor.cpu, "x")
            .must(2.0)
            .aim(1.6),
        Budget::low("echo in a session, p50 over the stateless", legacy.p50, "x").must(1.2),
        Budget::low("echo, p50 over createMcpHandler's", stateless.p50, "x").must(1.0),
        Budget::low("echo, p50 over McpAgent's", agent.p50, "x").must(1.0 / 3.0),
        Budget::high(
            "echo, calls per second over createMcpHandler's",
            stateless.per_second,
            "x",
        )
        .must(1.0)
        .aim(2.0),
        Budget::high(
            "echo, calls per second over McpAgent's",
            agent.per_second,
            "x",
        )
        .must(1.0),
        Budget::low(
            "first call of an unseen module over a warm one",
            report.cold.module_over_warm(),
            "ms",
        )
        .must(10.0)
        .aim(3.0),
        Budget::low("bundle, gzipped", mib(report.bundle_bytes), "MiB")
            .must(mib(build::BUNDLE_MAX))
            .aim(1.0),
        Budget::low(
            "Worker start-up over an empty Worker's",
            report.startup.added(),
            "ms",
        )
        .must(60.0)
        .aim(30.0),
    ];
    budgets.extend(report.beside.iter().map(|beside| {
        let what = match beside.heavy_at_once {
            1 => "echo beside another caller's endless call".to_owned(),
            calls => format!("echo beside {calls} endless calls of another caller"),
        };
        let added = beside.p99_millis - beside.idle_p99_millis;
        Budget::low(format!("{what}, p99 over p99 alone"), added, "ms")
            .must(25.0)
            .aim(12.0)
    }));
    budgets.extend(report.edge.budgets());
    let what = "a heavy call over HTTP, alone, over one slice of the same work";
    budgets.push(Budget::low(what, report.heavy.ratio, "x").must(report::OVERHEAD_MUST));
    budgets.extend(crowded_budgets(&report.lists, &report.listeners));
    budgets.extend(report.ratios.iter().filter_map(|ratio| {
        let budget = Budget::low(format!("in V8: {}", ratio.what), ratio.v8, "x");
        Some(budget.must(ratio.must?))
    }));
    for line in &report.sandbox {
        if line.must.is_none() && line.aim.is_none() {
            continue;
        }
        let mut budget = Budget::low(format!("in V8: {}", line.what), line.v8.median / 1e3, "us");
        budget.must = line.must.map(|nanos| nanos / 1e3);
        budget.aim = line.aim.map(|nanos| nanos / 1e3);
        budgets.push(budget);
    }
    budgets
}

/// A page costs the same however long its list is, and everyone who listens is told.
fn crowded_budgets(lists: &Lists, listeners: &Listeners) -> Vec<Budget> {
    let mut budgets = Vec::new();
    for (what, pair) in [("tools", &lists.tools), ("servers", &lists.servers)] {
        let (short, long) = (pair.short, pair.long);
        let first = format!("a page of {long} {what} over one of {short}, p50");
        let last = format!("the last page of {long} {what} over the first, p50");
        budgets.push(Budget::low(first, pair.first_to_short, "x").must(1.2));
        budgets.push(Budget::low(last, pair.last_to_first, "x").must(1.2));
    }
    let what = format!("told of {} who listen", listeners.streams);
    budgets.push(Budget::high(what, listeners.told_percent(), "%").must(100.0));
    budgets
}

#[allow(clippy::cast_precision_loss, reason = "a size of some MiB")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
