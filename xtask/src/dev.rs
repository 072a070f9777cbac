//! Runs the built Worker on this machine: on workerd, through Miniflare, in `xtask/node/dev.mjs`.
//!
//! Node.js and workerd run in a process group of their own and end with it. The script ends when
//! its standard input does, so nothing is left even if this process is killed.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::paths;

/// What to run, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes any that is free.
    pub port: u16,
    /// The directory of the state; made if it is not there.
    pub state: PathBuf,
    /// The token of the admin API.
    pub admin_token: String,
    /// Browser origins that may call, separated by commas.
    pub allowed_origins: String,
    /// Whether requests may provoke faults of the host.
    pub provoke_faults: bool,
    /// The port on 127.0.0.1 where everything goes that guests send to other hosts. If there is none, it
    /// goes where it should.
    pub outbound: Option<u16>,
    /// How stale KV is; if it does not say, not at all.
    pub stale_kv: Option<StaleKv>,
    /// Whether requests to `/faults` can make storage, R2 and KV fail: `xtask/node/faults.mjs`.
    pub faults: bool,
    /// Which requests have a line in the log: `REQUEST_LOG` of wrangler.toml.
    pub request_log: String,
    /// Where the Worker's log goes; to standard error if there is none.
    pub log: Option<PathBuf>,
}

impl Options {
    /// A free port, state in `state`, and nothing unusual.
    pub fn new(state: impl Into<PathBuf>, admin_token: impl Into<String>) -> Self {
        Self {
            port: 0,
            state: state.into(),
            admin_token: admin_token.into(),
            allowed_origins: String::new(),
            provoke_faults: false,
            outbound: None,
            stale_kv: None,
            faults: false,
            request_log: "failures".to_owned(),
            log: None,
        }
    }
}

/// KV at its worst: `xtask/node/stale-kv.mjs`. Either way a second write of a key within a second is
/// refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaleKv {
    /// What was read once, or was not there, is read so for a minute.
    Here,
    /// Besides, nobody sees a write within its first minute.
    Elsewhere,
}

impl StaleKv {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// A Worker that runs; it ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// While it is open, the script runs.
    lifeline: Option<ChildStdin>,
    url: String,
    admin_token: String,
}

/// How long a clean end may take.
const END_TIMEOUT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);

/// Starts the built Worker and returns when it answers.
pub fn start(options: Options) -> Result<Running> {
    make_private(&options.state)?;
    let log: Stdio = match &options.log {
        Some(path) => File::create(path)
            .with_context(|| path.display().to_string())?
            .into(),
        None => Stdio::inherit(),
    };
    let port = match options.port {
        0 => free_port()?,
        port => port,
    };
    let mut node = Command::new(paths::node());
    node.arg(paths::root().join("xtask/node/dev.mjs"))
        .env("SMCP_PORT", port.to_string())
        .env("SMCP_STATE", &options.state)
        .env("SMCP_MASTER_KEYS", master_keys(&options.state)?)
        .env("SMCP_ADMIN_TOKEN", &options.admin_token)
        .env("SMCP_ALLOWED_ORIGINS", &options.allowed_origins)
        .env("SMCP_REQUEST_LOG", &options.request_log)
        .env(
            "SMCP_PROVOKE_FAULTS",
            if options.provoke_faults { "1" } else { "" },
        )
        .stderr(log);
    if let Some(port) = options.outbound {
        node.env("SMCP_OUTBOUND", port.to_string());
    }
    if let Some(stale) = options.stale_kv {
        node.env("SMCP_STALE_KV", stale.as_str());
    }
    if options.faults {
        node.env("SMCP_FAULTS", "1");
    }
    let mut running = launch(&mut node)?;
    running.admin_token = options.admin_token;
    Ok(running)
}

/// Starts a script that serves a Worker, as `xtask/node/dev.mjs` does: it prints `ready URL`, and
/// ends when its standard input does.
///
/// # Errors
///
/// If it ends before it is ready.
pub fn launch(script: &mut Command) -> Result<Running> {
    let mut child = script
        .current_dir(paths::root())
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting Node.js: run `cargo xtask build` first")?;
    let lifeline = child.stdin.take();
    let said = child.stdout.take();
    let mut running = Running {
        child,
        lifeline,
        url: String::new(),
        admin_token: String::new(),
    };
    let mut line = String::new();
    if let Some(said) = said {
        BufReader::new(said)
            .read_line(&mut line)
            .context("reading from Node.js")?;
    }
    match line.trim().strip_prefix("ready ") {
        Some(url) => running.url = url.to_owned(),
        None => bail!("the Worker did not start: see the log above"),
    }
    Ok(running)
}

impl Running {
    /// Where it answers: scheme, host and port, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token of its admin API; empty if it has none.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// The id of the Node.js process, which is also that of the process group.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until something comes through `interrupted`, or the Worker ends by itself, which is an
    /// error.
    pub fn wait(&mut self, interrupted: &Receiver<()>) -> Result<()> {
        loop {
            match interrupted.recv_timeout(POLL) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            if let Some(status) = self.child.try_wait().context("waiting for Node.js")? {
                bail!("the Worker ended by itself ({status})");
            }
        }
    }

    /// Ends at once, as if the machine had lost power: nothing more is written.
    pub fn kill(mut self) {
        self.kill_group();
    }

    fn kill_group(&mut self) {
        // The group may be gone; a negative number names it.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let polls = END_TIMEOUT.as_millis() / POLL.as_millis();
        for _ in 0..polls {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(POLL),
                _ => break,
            }
        }
        // Also when Node.js has ended well: what it started must not outlive it.
        self.kill_group();
    }
}

/// A port that is free now. Chosen here, so that a runtime that starts again has the same.
///
/// # Errors
///
/// If there is none.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("finding a free port")?;
    Ok(listener.local_addr()?.port())
}

/// So many random bytes, in hexadecimal.
pub fn random_hex(bytes: usize) -> Result<String> {
    let mut random = vec![0; bytes];
    let mut source = File::open("/dev/urandom").context("opening /dev/urandom")?;
    source
        .read_exact(&mut random)
        .context("reading /dev/urandom")?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Makes a directory that only this user can look into.
fn make_private(directory: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .with_context(|| format!("creating {}", directory.display()))
}

/// The master key of this state, made on first use: without it the state cannot be read.
fn master_keys(state: &Path) -> Result<String> {
    let path = state.join("master-keys");
    if let Ok(keys) = fs::read_to_string(&path) {
        return Ok(keys);
    }
    let keys = format!("1:{}", random_hex(32)?);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(keys.as_bytes()))
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(keys)
}
