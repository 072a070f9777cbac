//! What workerd has used, CPU time and memory: from `/proc` on Linux, from `ps` elsewhere.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

const RUNTIME: &str = "workerd";

/// What one process has used, or several together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// User and system.
    pub(super) cpu: Duration,
    /// Resident, in bytes.
    pub(super) memory: u64,
}

/// What the runtimes in a process group have used.
///
/// # Errors
///
/// If there is none.
pub(super) fn of_group(group: u32) -> Result<Used> {
    let all = if cfg!(target_os = "linux") {
        from_proc(group)?
    } else {
        from_ps(group)?
    };
    ensure!(
        !all.is_empty(),
        "no {RUNTIME} runs in the process group {group}"
    );
    Ok(all.into_iter().fold(Used::default(), |sum, one| Used {
        cpu: sum.cpu + one.cpu,
        memory: sum.memory + one.memory,
    }))
}

fn from_proc(group: u32) -> Result<Vec<Used>> {
    let units = Units::here()?;
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc").context("reading /proc")? {
        // A process may end while we look.
        let Ok(stat) = fs::read_to_string(entry?.path().join("stat")) else {
            continue;
        };
        all.extend(from_stat(&stat, group, units));
    }
    Ok(all)
}

/// What the line of a runtime in that group says.
fn from_stat(stat: &str, group: u32, units: Units) -> Option<Used> {
    let (before, after) = stat.rsplit_once(") ")?;
    let (_, name) = before.split_once('(')?;
    // From the state on: the fields of proc(5), the third being the first here.
    let field = |number: usize| after.split(' ').nth(number - 3)?.parse::<u32>().ok();
    let in_group = name == RUNTIME && field(5)? == group;
    in_group.then_some(Used {
        cpu: units.tick * (field(14)? + field(15)?),
        memory: units.page * u64::from(field(24)?),
    })
}

/// What `/proc` counts in.
#[derive(Debug, Clone, Copy)]
struct Units {
    tick: Duration,
    /// In bytes.
    page: u64,
}

impl Units {
    fn here() -> Result<Self> {
        static UNITS: OnceLock<Units> = OnceLock::new();
        if let Some(units) = UNITS.get() {
            return Ok(*units);
        }
        let said = |what: &str| -> Result<u32> {
            let said = Command::new("getconf").arg(what).output()?;
            Ok(String::from_utf8(said.stdout)?.trim().parse()?)
        };
        let units = Self {
            tick: Duration::from_secs(1) / said("CLK_TCK")?.max(1),
            page: u64::from(said("PAGESIZE")?),
        };
        Ok(*UNITS.get_or_init(|| units))
    }
}

fn from_ps(group: u32) -> Result<Vec<Used>> {
    let said = Command::new("ps")
        .args(["-A", "-o", "pgid=,time=,rss=,comm="])
        .output()
        .context("starting ps")?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    Ok(text.lines().filter_map(|line| used(line, group)).collect())
}

/// What a line like `123 1:02.50 4096 /bin/workerd` says, if it is of a runtime in that group.
fn used(line: &str, group: u32) -> Option<Used> {
    let mut words = line.split_whitespace();
    let mut next = || words.next();
    let (of, time, kib, command) = (next()?, next()?, next()?, next()?);
    if of.parse() != Ok(group) || !command.ends_with(RUNTIME) {
        return None;
    }
    let seconds = time.split(':').try_fold(0.0, |sum: f64, part| {
        Some(sum.mul_add(60.0, part.parse::<f64>().ok()?))
    })?;
    Some(Used {
        cpu: Duration::from_secs_f64(seconds),
        memory: kib.parse::<u64>().ok()? << 10,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_counts_if_it_is_of_a_runtime_in_the_group() {
        let line = "41 (workerd) S 40 7 7 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 9 0 100 900000 25 1";
        let units = Units {
            tick: Duration::from_millis(10),
            page: 4_096,
        };
        let used = Used {
            cpu: Duration::from_secs(3),
            memory: 102_400,
        };
        assert_eq!(from_stat(line, 7, units), Some(used));
        assert_eq!(from_stat(line, 8, units), None);
        for other in ["node", "a) (b"] {
            let line = line.replace("workerd", other);
            assert_eq!(from_stat(&line, 7, units), None);
        }
    }

    #[test]
    fn a_time_of_ps_has_minutes_and_perhaps_hours() {
        for (line, seconds) in [
            ("  7   1:02.50 8 /opt/workerd", Some(62.5)),
            ("  7 1:00:01 8 workerd", Some(3_601.0)),
            ("  8 1:02.50 8 workerd", None),
            ("  7 1:02.50 8 node", None),
        ] {
            let expected = seconds.map(|seconds| Used {
                cpu: Duration::from_secs_f64(seconds),
                memory: 8_192,
            });
            assert_eq!(used(line, 7), expected);
        }
    }
}
