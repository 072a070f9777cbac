//! The CPU time that workerd has used: from `/proc` on Linux, from `ps` elsewhere.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

const RUNTIME: &str = "workerd";

/// The time, user and system, of the runtimes in a process group.
///
/// # Errors
///
/// If there is none.
pub(super) fn of_group(group: u32) -> Result<Duration> {
    let times = if cfg!(target_os = "linux") {
        from_proc(group)?
    } else {
        from_ps(group)?
    };
    ensure!(
        !times.is_empty(),
        "no {RUNTIME} runs in the process group {group}"
    );
    Ok(times.into_iter().sum())
}

fn from_proc(group: u32) -> Result<Vec<Duration>> {
    let tick = tick()?;
    let mut times = Vec::new();
    for entry in fs::read_dir("/proc").context("reading /proc")? {
        // A process may end while we look.
        let Ok(stat) = fs::read_to_string(entry?.path().join("stat")) else {
            continue;
        };
        if let Some(ticks) = ticks(&stat, group) {
            times.push(tick * ticks);
        }
    }
    Ok(times)
}

/// User and system time in ticks, if the line is of a runtime in that group.
fn ticks(stat: &str, group: u32) -> Option<u32> {
    let (before, after) = stat.rsplit_once(") ")?;
    let (_, name) = before.split_once('(')?;
    // From the state on: the fields of proc(5), the third being the first here.
    let field = |number: usize| after.split(' ').nth(number - 3);
    let in_group = name == RUNTIME && field(5)?.parse() == Ok(group);
    let ticks = field(14)?.parse::<u32>().ok()? + field(15)?.parse::<u32>().ok()?;
    in_group.then_some(ticks)
}

/// How long a tick of `/proc` is.
fn tick() -> Result<Duration> {
    static TICK: OnceLock<Duration> = OnceLock::new();
    if let Some(tick) = TICK.get() {
        return Ok(*tick);
    }
    let said = Command::new("getconf").arg("CLK_TCK").output()?;
    let per_second: u32 = String::from_utf8(said.stdout)?.trim().parse()?;
    Ok(*TICK.get_or_init(|| Duration::from_secs(1) / per_second.max(1)))
}

fn from_ps(group: u32) -> Result<Vec<Duration>> {
    let said = Command::new("ps")
        .args(["-A", "-o", "pgid=,time=,comm="])
        .output()
        .context("starting ps")?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    Ok(text.lines().filter_map(|line| time(line, group)).collect())
}

/// The time in a line like `123 1:02.50 /bin/workerd`, if it is of a runtime in that group.
fn time(line: &str, group: u32) -> Option<Duration> {
    let mut words = line.split_whitespace();
    let (of, time, command) = (words.next()?, words.next()?, words.next()?);
    if of.parse() != Ok(group) || !command.ends_with(RUNTIME) {
        return None;
    }
    let seconds = time.split(':').try_fold(0.0, |sum: f64, part| {
        Some(sum.mul_add(60.0, part.parse::<f64>().ok()?))
    })?;
    Some(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_those_of_a_runtime_in_the_group() {
        let line = "41 (workerd) S 40 7 7 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 9 0 100";
        assert_eq!(ticks(line, 7), Some(300));
        assert_eq!(ticks(line, 8), None);
        assert_eq!(ticks(&line.replace("workerd", "node"), 7), None);
        assert_eq!(ticks(&line.replace("workerd", "a) (b"), 7), None);
    }

    #[test]
    fn a_time_of_ps_has_minutes_and_perhaps_hours() {
        for (line, seconds) in [
            ("  7   1:02.50 /opt/workerd", Some(62.5)),
            ("  7 1:00:01 workerd", Some(3_601.0)),
            ("  8 1:02.50 workerd", None),
            ("  7 1:02.50 node", None),
        ] {
            assert_eq!(time(line, 7), seconds.map(Duration::from_secs_f64));
        }
    }
}
