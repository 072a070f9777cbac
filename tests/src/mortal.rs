//! A platform that is killed and started again, on the same state and at the same address.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

use anyhow::{Result, ensure};
use smcp_xtask::dev::{self, Options, Running};
use smcp_xtask::paths;
use smcp_xtask::platform::Platform;

/// What such a platform is started with each time.
#[derive(Debug, Clone)]
pub struct Mortal {
    options: Options,
    files: PathBuf,
}

impl Mortal {
    /// One with fresh state, not running yet.
    ///
    /// # Errors
    ///
    /// If there is no place or no port for it.
    pub fn new() -> Result<Self> {
        Self::within(&paths::target().join("e2e").join(dev::random_hex(6)?))
    }

    /// The same in that directory, which must not have the state of another.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn within(home: &Path) -> Result<Self> {
        std::fs::create_dir_all(home)?;
        let options = Options {
            log: Some(home.join("worker.log")),
            port: dev::free_port()?,
            ..Options::new(home.join("state"), dev::random_hex(16)?)
        };
        let files = home.join("files");
        Ok(Self { options, files })
    }

    /// The same, which sends what guests send to other hosts to that port of this machine.
    #[must_use]
    pub fn sending_to(mut self, port: u16) -> Self {
        self.options.outbound = Some(port);
        self
    }

    /// The file with its master keys, once it was started: what is in it holds from its next start on.
    pub fn master_keys(&self) -> PathBuf {
        self.options.state.join("master-keys")
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start(&self) -> Result<Platform> {
        Platform::start(self.options.clone(), &self.files)
    }

    /// Starts it without the command that administers it, which takes its time and says so.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start_bare(&self) -> Result<Running> {
        dev::start(self.options.clone())
    }
}

/// Kills the runtime as if the machine had lost power, and waits until it is gone.
///
/// # Errors
///
/// If it is not killed.
pub fn kill(mut platform: Platform) -> Result<()> {
    let group = format!("-{}", platform.pid());
    let killed = Command::new("kill")
        .args(["-KILL", "--", &group])
        .status()?;
    ensure!(killed.success(), "it cannot be killed");
    let (_open, never) = mpsc::channel();
    ensure!(
        platform.running().wait(&never).is_err(),
        "it ended by itself"
    );
    Ok(())
}
