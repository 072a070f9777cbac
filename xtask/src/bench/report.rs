//! All that one run measured: as a table for people, as JSON for machines.

use core::fmt;
use std::path::Path;
use std::process::Command;
use std::{env, fs, thread};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::beside::Beside;
use super::budget::{Budget, number};
use super::cold::Cold;
use super::edge::Edge;
use super::heavy::Heavy;
use super::listeners::Listeners;
use super::lists::Lists;
use super::rounds::{Figures, Ratios};
use super::startup::Startup;
use super::waiting::Waiting;
use crate::{paths, setup};

/// One run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// Where it ran.
    pub(super) machine: Machine,
    /// Whether it was a short run, whose figures say little.
    pub(super) quick: bool,
    /// Of how many rounds the figures are medians.
    pub(super) rounds: usize,
    /// The subjects, the floor first.
    pub(super) subjects: Vec<Figures>,
    /// The host's figures as multiples of the TypeScript servers'.
    pub(super) host_to: Vec<HostTo>,
    /// First times.
    pub(super) cold: Cold,
    /// The start of the Worker.
    pub(super) startup: Startup,
    /// An echo beside a busy neighbour, by how much that has at once.
    pub(super) beside: Vec<Beside>,
    /// Credentials at the edge.
    pub(super) edge: Edge,
    /// A call that computes for long, alone.
    pub(super) heavy: Heavy,
    /// Tasks that wait.
    pub(super) waiting: Waiting,
    /// Pages of short and long lists.
    pub(super) lists: Lists,
    /// Many clients that listen.
    pub(super) listeners: Listeners,
    /// The bundle in bytes, each file compressed.
    pub(super) bundle_bytes: u64,
    /// The sandbox by itself.
    pub(super) sandbox: Vec<SandboxLine>,
    /// What slices and fuel cost in it.
    pub(super) ratios: Vec<Ratio>,
    /// What all that is against what it must be.
    pub(super) budgets: Vec<Budget>,
}

/// The host against another.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HostTo {
    /// The other.
    pub(super) other: &'static str,
    /// The host's figures as multiples of its.
    pub(super) ratios: Ratios,
}

/// A line of `smcp-benches sandbox --json`; times are nanoseconds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SandboxLine {
    /// Its stable name.
    pub(super) id: String,
    /// What it is.
    pub(super) what: String,
    /// Natively.
    pub(super) native: Times,
    /// In V8.
    pub(super) v8: Times,
    /// On plain native wasmi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) plain: Option<Times>,
    /// The most that it may take in V8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) must: Option<f64>,
    /// What it should take in V8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aim: Option<f64>,
}

/// What slicing and metering may cost, as a multiple of the work without them.
pub(super) const OVERHEAD_MUST: f64 = 1.1;

/// A ratio of `smcp-benches sandbox --json`: one subject's time over another's, measured in turns.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ratio {
    /// Its stable name.
    pub(super) id: String,
    /// What it is.
    pub(super) what: String,
    /// Natively.
    pub(super) native: f64,
    /// In V8.
    pub(super) v8: f64,
    /// The most that it may be in V8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) must: Option<f64>,
}

/// The times of all rounds, in nanoseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Times {
    /// The typical one.
    pub(super) median: f64,
    /// The least disturbed one.
    pub(super) least: f64,
}

/// The machine that measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Machine {
    /// How many threads run at once.
    pub(super) cores: usize,
    /// The processor's name for itself.
    pub(super) processor: String,
    /// The system and its architecture.
    pub(super) system: String,
    /// The version of workerd.
    pub(super) workerd: String,
    /// How many processes wanted to run, at the beginning; more than a few spoil the figures.
    pub(super) load: String,
}

impl Machine {
    /// This one, now.
    ///
    /// # Errors
    ///
    /// If the runtime has no version.
    pub(super) fn this() -> Result<Self> {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info
            .lines()
            .find_map(|line| line.strip_prefix("model name"));
        let model = model.map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned());
        let asked = || said("sysctl", &["-n", "machdep.cpu.brand_string"]);
        let load = fs::read_to_string("/proc/loadavg")
            .ok()
            .or_else(|| said("sysctl", &["-n", "vm.loadavg"]));
        let mut node = Command::new(paths::node());
        node.args(["--print", "require(\"workerd\").version"])
            .current_dir(paths::root());
        Ok(Self {
            cores: thread::available_parallelism()?.get(),
            processor: model.or_else(asked).unwrap_or_else(|| "unknown".to_owned()),
            system: format!("{} {}", env::consts::OS, env::consts::ARCH),
            workerd: setup::output(&mut node)?.trim().to_owned(),
            load: load.unwrap_or_default().trim().to_owned(),
        })
    }
}

fn said(command: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(command);
    let text = setup::output(command.args(arguments)).ok()?;
    Some(text.trim().to_owned())
}

impl Report {
    /// Writes it as JSON.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub(super) fn write(&self, to: &Path) -> Result<()> {
        Ok(fs::write(to, serde_json::to_string_pretty(self)?)?)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine {
            cores,
            processor,
            system,
            workerd,
            load,
        } = &self.machine;
        writeln!(
            f,
            "{cores} x {processor}, {system}, workerd {workerd}, load {load}"
        )?;
        if self.quick {
            writeln!(
                f,
                "a quick run: its figures show that it works, not how fast it is"
            )?;
        }
        self.fmt_subjects(f)?;
        self.fmt_first_times(f)?;
        write!(f, "\n{}", self.edge)?;
        let heavy = &self.heavy;
        writeln!(
            f,
            "\na call of {} million fuel, on workerd, medians of {} rounds in turns: over HTTP in slices {} ms\n  \
             ({} ns a unit, trips to the event loop included), and in one slice {} ms",
            heavy.fuel / 1_000_000,
            heavy.rounds,
            number(heavy.call_millis),
            number(heavy.fuel_nanos),
            number(heavy.whole_millis)
        )?;
        let waiting = &self.waiting;
        writeln!(
            f,
            "\n{} tasks that wait for a person: all waited after {} s; {} KiB of storage each, on disk; \
             {} ms of CPU in 5 s, together",
            waiting.tasks,
            number(waiting.seconds),
            number(waiting.bytes_each / 1024.0),
            number(waiting.idle_cpu_millis)
        )?;
        write!(f, "\n{}\n{}", self.lists, self.listeners)?;
        self.fmt_sandbox(f)?;
        writeln!(f, "\nbudgets")?;
        for budget in &self.budgets {
            writeln!(f, "  {budget}")?;
        }
        let failed = self.budgets.iter().filter(|budget| !budget.is_kept());
        match failed.count() {
            0 => write!(f, "\nall that must hold holds"),
            1 => write!(f, "\n1 that must hold FAILS"),
            count => write!(f, "\n{count} that must hold FAIL"),
        }
    }
}

impl Report {
    fn fmt_subjects(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nmedians of {} rounds in turns; in brackets, multiples of the floor's",
            self.rounds
        )?;
        writeln!(
            f,
            "  {:17} {:>16} {:>16} {:>16} {:>16}",
            "", "p50, ms", "p99, ms", "calls/s by 32", "CPU/call, us"
        )?;
        for subject in &self.subjects {
            let ratios = subject.to_floor;
            let pair = |value: f64, ratio: f64| format!("{} ({ratio:.2})", number(value));
            writeln!(
                f,
                "  {:17} {:>16} {:>16} {:>16} {:>16}",
                subject.id,
                pair(subject.p50_millis, ratios.p50),
                pair(subject.p99_millis, ratios.p99),
                pair(subject.per_second, ratios.per_second),
                pair(subject.cpu_micros, ratios.cpu),
            )?;
        }
        for subject in &self.subjects {
            writeln!(f, "  {:17} {}", subject.id, subject.what)?;
        }
        Ok(())
    }

    fn fmt_first_times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cold = &self.cold;
        writeln!(
            f,
            "\nfirst times, ms ({} starts, {} modules)",
            cold.starts, cold.modules
        )?;
        for (what, millis) in [
            (
                "cold process (Node.js, Miniflare, workerd) to the first answer",
                cold.process_millis,
            ),
            ("  of that, the call", cold.process_call_millis),
            (
                "bare workerd with an empty Worker to its first answer",
                self.startup.empty_millis,
            ),
            (
                "bare workerd with the host to its first answer",
                self.startup.host_millis,
            ),
            (
                "first call of a tenant in a running process",
                cold.object_millis,
            ),
            ("first call of a module after it", cold.module_millis),
            ("  the worst of them", cold.module_worst_millis),
            ("  R2 alone, read by an empty object", cold.r2_millis),
            ("calls after that", cold.warm_millis),
        ] {
            writeln!(f, "  {what:66} {:>8}", number(millis))?;
        }
        writeln!(
            f,
            "\nan echo in the object where another caller computes without end, ms"
        )?;
        for beside in &self.beside {
            writeln!(
                f,
                "  {} at once: alone p50 {}, p99 {}; beside p50 {}, p99 {} ({} echoes, {} heavy calls done)",
                beside.heavy_at_once,
                number(beside.idle_p50_millis),
                number(beside.idle_p99_millis),
                number(beside.p50_millis),
                number(beside.p99_millis),
                beside.echoes,
                beside.heavy_calls
            )?;
        }
        Ok(())
    }

    fn fmt_sandbox(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nthe sandbox by itself, us {:>43} {:>10} {:>12}",
            "native", "V8", "plain wasmi"
        )?;
        for line in &self.sandbox {
            let micros = |times: Times| number(times.median / 1e3);
            writeln!(
                f,
                "  {:54} {:>11} {:>10} {:>12}",
                line.what,
                micros(line.native),
                micros(line.v8),
                line.plain.map(micros).unwrap_or_default()
            )?;
        }
        for ratio in &self.ratios {
            writeln!(
                f,
                "  {:54} {:>9.2} x {:>8.2} x",
                ratio.what, ratio.native, ratio.v8
            )?;
        }
        Ok(())
    }
}
