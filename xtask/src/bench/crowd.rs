//! A host whose lists are long: servers with many tools, tenants with many servers, and a server
//! that notifies. In storage of its own, so that what else is measured does not carry it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::http::{self, Connection};
use super::subjects;
use crate::dev::{self, Options, Running};
use crate::paths;
use crate::platform::Platform;

/// The tenant whose servers have many tools, or notify.
pub(super) const TOOLS: &str = "tools";
/// Its server with [`SHORT`] tools.
pub(super) const SMALL: &str = "small";
/// Its server with [`LONG`] tools.
pub(super) const LARGE: &str = "large";
/// Its server whose tool of the same name tells who listens.
pub(super) const TELL: &str = "tell";
/// The tenant with [`SHORT_UNION`] servers.
pub(super) const FEW: &str = "few";
/// The tenant with [`LONG`] servers, or as many as could be published in time.
pub(super) const MANY: &str = "many";

/// Items of a short list: a page.
pub(super) const SHORT: usize = 100;
/// Servers of a short list of all: a page too.
pub(super) const SHORT_UNION: usize = 200;
/// Items of a long list.
pub(super) const LONG: usize = 1_000;

/// How long publishing may take; what is published by then must do.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tenants with long lists, in storage.
#[derive(Debug)]
pub(super) struct Crowd {
    options: Options,
    keys: Vec<(&'static str, String)>,
    /// The servers of [`MANY`]: whole pages.
    pub(super) servers: usize,
    /// How many it should have had.
    pub(super) wanted: usize,
    /// How long publishing all servers took.
    pub(super) publishing: Duration,
}

impl Crowd {
    /// Sets everything up, with so many servers of [`MANY`]; gives the host that runs.
    ///
    /// # Errors
    ///
    /// If the host refuses anything.
    pub(super) fn set_up(benches: &Path, servers: usize) -> Result<(Self, Platform)> {
        let home = subjects::home()?.join("crowd");
        if home.exists() {
            fs::remove_dir_all(&home)?;
        }
        fs::create_dir_all(&home)?;
        let options = Options {
            log: Some(home.join("worker.log")),
            ..Options::new(home.join("state"), dev::random_hex(16)?)
        };
        let packages = home.join("packages");
        let publisher = write_packages(benches, &packages, servers)?;
        let platform = Platform::start(options.clone(), home.join("files"))?;
        let mut keys = Vec::new();
        for tenant in [TOOLS, FEW, MANY] {
            platform.smcp(["tenant", "create", tenant])?;
            platform.smcp(["publisher", "trust", &publisher, "--tenant", tenant])?;
            keys.push((tenant, platform.key(tenant)?));
        }
        let mut admin = Admin::of(&platform, packages)?;
        for (server, package) in [
            (SMALL, format!("tools-{SHORT}")),
            (LARGE, format!("tools-{LONG}")),
            (TELL, TELL.to_owned()),
        ] {
            admin.publish(TOOLS, server, &package)?;
        }
        let begun = Instant::now();
        admin.publish_pages(FEW, SHORT_UNION, begun)?;
        let published = admin.publish_pages(MANY, servers, begun)?;
        let crowd = Self {
            options,
            keys,
            servers: published,
            wanted: servers,
            publishing: begun.elapsed(),
        };
        Ok((crowd, platform))
    }

    /// Starts the host anew on the state that is there.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(super) fn restart(&self) -> Result<Running> {
        dev::start(self.options.clone())
    }

    /// The key of a tenant; an empty one if there is no such tenant.
    pub(super) fn key(&self, tenant: &str) -> &str {
        let mut keys = self.keys.iter();
        keys.find(|(other, _)| *other == tenant)
            .map_or("", |(_, key)| key)
    }
}

/// The address of all servers of a tenant.
pub(super) fn all_servers(tenant: &str) -> String {
    format!("/t/{tenant}/mcp")
}

/// Has `smcp-benches` write its packages; gives whose signature they have.
fn write_packages(benches: &Path, to: &Path, servers: usize) -> Result<String> {
    let output = Command::new(benches)
        .args(["packages", "--servers", &servers.to_string(), "--out"])
        .arg(to)
        .current_dir(paths::root())
        .stdin(Stdio::null())
        .output()
        .context("starting smcp-benches")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "smcp-benches packages: {said}");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The admin API over one connection: starting the command a thousand times would take longer than
/// the host does.
struct Admin {
    connection: Connection,
    origin: String,
    bearer: String,
    packages: PathBuf,
}

impl Admin {
    fn of(platform: &Platform, packages: PathBuf) -> Result<Self> {
        Ok(Self {
            connection: Connection::open(platform.url())?,
            origin: platform.url().to_owned(),
            bearer: format!("Bearer {}", platform.admin_token()),
            packages,
        })
    }

    /// Publishes servers with a tool each, a page of them after the other; gives how many there are
    /// when they are all there, or the time is over.
    fn publish_pages(&mut self, tenant: &str, servers: usize, begun: Instant) -> Result<usize> {
        for number in 0..servers {
            if number.is_multiple_of(SHORT_UNION) && number > 0 && begun.elapsed() > PATIENCE {
                return Ok(number);
            }
            let server = format!("s{number:04}");
            self.publish(tenant, &server, &format!("server-{number:04}"))?;
        }
        Ok(servers)
    }

    fn publish(&mut self, tenant: &str, server: &str, package: &str) -> Result<()> {
        let package = fs::read(self.packages.join(format!("{package}.wasm")))?;
        let path = format!("/admin/v1/tenants/{tenant}/servers/{server}/releases");
        let headers = [
            ("Authorization", self.bearer.as_str()),
            ("Content-Type", "application/wasm"),
        ];
        let request = http::request("POST", &self.origin, &path, &headers, &package);
        let status = self.connection.exchange(&request)?;
        let said = String::from_utf8_lossy(self.connection.body()).into_owned();
        ensure!(
            status == 201,
            "publishing {tenant}/{server}: {status} {said}"
        );
        Ok(())
    }
}
