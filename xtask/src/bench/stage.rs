//! The host as the benchmark finds it: tenants, signed examples, keys. It can be ended and started
//! again on the same state, so that everything is cold.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::http::Connection;
use super::load::Client;
use super::subjects;
use super::waiting;
use crate::dev::{self, Options, Running};
use crate::platform::Platform;

/// The tenant that is measured warm.
pub(super) const MAIN: &str = "bench";
/// A server whose tool does next to nothing.
pub(super) const ECHO: &str = "hello";
/// A server whose tools can be kept busy.
pub(super) const HEAVY: &str = "textkit";

/// Tenants with keys, in storage.
#[derive(Debug)]
pub(super) struct Stage {
    options: Options,
    /// The key of [`MAIN`].
    pub(super) key: String,
    /// A key of another caller of [`MAIN`].
    pub(super) other_key: String,
    /// Tenants to be called cold, with their keys. Each has [`ECHO`] and `units`.
    pub(super) cold: Vec<(String, String)>,
    /// The package of [`ECHO`].
    pub(super) package: PathBuf,
}

impl Stage {
    /// Sets everything up with the `smcp` command, in fresh storage; gives the host that runs.
    ///
    /// # Errors
    ///
    /// If the host refuses anything.
    pub(super) fn set_up(tenants: usize) -> Result<(Self, Platform)> {
        let home = subjects::home()?.join("host");
        if home.exists() {
            fs::remove_dir_all(&home)?;
        }
        fs::create_dir_all(&home)?;
        let options = Options {
            log: Some(home.join("worker.log")),
            ..Options::new(home.join("state"), dev::random_hex(16)?)
        };
        let platform = Platform::start(options.clone(), home.join("files"))?;
        platform.tenant(MAIN)?;
        let publish = |tenant: &str, package: &PathBuf, server: &str| {
            platform.publish(package, tenant, server).map(drop)
        };
        let echo = platform.package(MAIN, ECHO)?;
        let other = platform.package(MAIN, "units")?;
        publish(MAIN, &echo, ECHO)?;
        let heavy = platform.package(MAIN, HEAVY)?;
        publish(MAIN, &heavy, HEAVY)?;
        let waits = platform.package(MAIN, waiting::SERVER)?;
        publish(MAIN, &waits, waiting::SERVER)?;
        let public = platform.scratch(&format!("{MAIN}.key.pub"));
        let mut cold = Vec::new();
        for number in 0..tenants {
            let tenant = format!("cold{number}");
            platform.smcp(["tenant", "create", &tenant])?;
            let [trust, flag] = [["publisher", "trust"], ["--tenant", &tenant]];
            let words = trust.into_iter().map(OsStr::new);
            let words = words.chain([public.as_os_str()]);
            platform.smcp(words.chain(flag.into_iter().map(OsStr::new)))?;
            publish(&tenant, &echo, ECHO)?;
            publish(&tenant, &other, "units")?;
            cold.push((tenant.clone(), platform.key(&tenant)?));
        }
        let stage = Self {
            options,
            key: platform.key(MAIN)?,
            other_key: platform.key(MAIN)?,
            cold,
            package: echo,
        };
        Ok((stage, platform))
    }

    /// Where the host keeps its state.
    pub(super) fn state(&self) -> &Path {
        &self.options.state
    }

    /// Starts the host anew on the state that is there.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(super) fn restart(&self) -> Result<Running> {
        dev::start(self.options.clone())
    }

    /// The same, in the mode in which requests may provoke faults and fix slices.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(super) fn restart_provocable(&self) -> Result<Running> {
        dev::start(Options {
            provoke_faults: true,
            ..self.options.clone()
        })
    }
}

/// The path of a server's endpoint.
pub(super) fn path(tenant: &str, server: &str) -> String {
    format!("/t/{tenant}/{server}/mcp")
}

/// A client of the echo of a tenant.
///
/// # Errors
///
/// If nobody listens.
pub(super) fn echo_client(origin: &str, tenant: &str, key: &str) -> Result<Client> {
    let request = subjects::echo(origin, &path(tenant, ECHO), Some(key));
    Ok(Client::new(Connection::open(origin)?, request))
}

/// Milliseconds.
pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A call of another server of the same tenant: it wakes the object and warms the isolate.
///
/// # Errors
///
/// If the call fails.
pub(super) fn wake(origin: &str, tenant: &str, key: &str) -> Result<Duration> {
    let arguments = serde_json::json!({ "value": "26.2", "from": "mi", "to": "km" });
    let request = subjects::tool(
        origin,
        &path(tenant, "units"),
        Some(key),
        "convert",
        &arguments,
    );
    let mut connection = Connection::open(origin)?;
    let begun = std::time::Instant::now();
    let status = connection.exchange(&request)?;
    let took = begun.elapsed();
    let body = String::from_utf8_lossy(connection.body()).into_owned();
    (status == 200 && body.contains("42.16"))
        .then_some(took)
        .with_context(|| format!("{tenant}/units answered {status}: {body}"))
}
