//! The real `cargo xtask`, as a process, and what it leaves behind.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use smcp_xtask::{paths, setup};

/// A command that runs a chore. The binary is built if it is not there.
///
/// # Errors
///
/// If it does not build.
pub fn chore<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Result<Command> {
    static BUILT: OnceLock<std::result::Result<(), String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--quiet", "--package", "smcp-xtask"]);
        let built = setup::run(cargo.current_dir(paths::root()));
        built.map_err(|error| format!("{error:#}"))
    });
    ensure!(built.is_ok(), "{built:?}");
    let mut command = Command::new(paths::target().join("debug/smcp-xtask"));
    command.args(arguments).current_dir(paths::root());
    Ok(command)
}

/// A chore that runs, and whose standard output is read.
#[derive(Debug)]
pub struct Chore {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Chore {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self { child, output })
    }

    /// The next line that it prints; empty at the end.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// The processes that descend from it now.
    ///
    /// # Errors
    ///
    /// If `ps` cannot be run.
    pub fn descendants(&self) -> Result<Vec<Process>> {
        let all = processes()?;
        let mut family = vec![self.child.id()];
        let mut found = Vec::new();
        // A parent need not stand before its child in the list.
        while let Some(parent) = family.pop() {
            let children = all.iter().filter(|process| process.parent == parent);
            for child in children {
                family.push(child.id);
                found.push(child.clone());
            }
        }
        Ok(found)
    }

    /// Sends a signal, and waits until the chore has ended; gives whether it says it went well.
    ///
    /// # Errors
    ///
    /// If it does not end within ten seconds.
    pub fn end(mut self, signal: &str) -> Result<bool> {
        let id = self.child.id().to_string();
        setup::run(Command::new("kill").args([signal, "--", &id]))?;
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.success());
            }
            ensure!(
                since.elapsed() < Duration::from_secs(10),
                "still there after {signal}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Chore {
    fn drop(&mut self) {
        // It has ended, or the test has failed: then what it started ends with its standard input.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    id: u32,
    parent: u32,
    /// The file that it runs.
    pub name: String,
}

/// Those of `processes` that run still.
///
/// # Errors
///
/// If `ps` cannot be run.
pub fn alive(before: &[Process]) -> Result<Vec<Process>> {
    let now = self::processes()?;
    let is = |process: &&Process| {
        now.iter()
            .any(|other| (other.id, &other.name) == (process.id, &process.name))
    };
    Ok(before.iter().filter(is).cloned().collect())
}

/// Resident memory of the processes of a group that run workerd, in KiB.
///
/// # Errors
///
/// If `ps` cannot be run.
pub fn workerd_memory(group: u32) -> Result<u64> {
    let said = setup::output(Command::new("ps").args(["-A", "-o", "pgid=,rss=,comm="]))?;
    let group = group.to_string();
    let of_group = |line: &str| {
        let mut words = line.split_whitespace();
        let (pgid, rss, comm) = (words.next()?, words.next()?, words.next()?);
        (pgid == group && comm.contains("workerd")).then(|| rss.parse::<u64>().ok())?
    };
    Ok(said.lines().filter_map(of_group).sum())
}

/// All processes but those that have ended and are not waited for yet.
fn processes() -> Result<Vec<Process>> {
    let said = setup::output(Command::new("ps").args(["-A", "-o", "pid=,ppid=,stat=,comm="]))?;
    let read = |line: &str| {
        let mut words = line.split_whitespace();
        let (id, parent) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let state = words.next()?;
        let name = words.collect::<Vec<_>>().join(" ");
        (!state.starts_with('Z')).then_some(Process { id, parent, name })
    };
    Ok(said.lines().filter_map(read).collect())
}
