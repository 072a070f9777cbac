//! What the end-to-end tests share: one platform on real workerd for each test binary, and requests
//! as a client or an attacker would write them.
//!
//! Tests of one binary run side by side on one Worker, each with a tenant of its own: so they also
//! show that tenants do not disturb each other.

pub mod admin;
pub mod chore;
pub mod driven;
pub mod everything;
pub mod github;
pub mod guests;
pub mod http;
pub mod mcp;
pub mod mortal;
pub mod moved;
pub mod openapi;
pub mod outside;
pub mod person;
pub mod rules;
pub mod schema;
pub mod wire;

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use smcp_xtask::dev::{self, Options};
use smcp_xtask::platform::Platform;
use smcp_xtask::{build, paths};

/// The platform of this test binary. It is started by the first test that asks, and ends with the
/// process.
pub struct Stage {
    platform: Platform,
    /// The tenants that were made: names are not used twice.
    tenants: Mutex<u32>,
    home: PathBuf,
}

/// A tenant with a key.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name.
    pub name: String,
    /// An API key for all of its servers.
    pub key: String,
}

/// The platform of this test binary.
///
/// # Panics
///
/// If it cannot be started; the message says why.
pub fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| match Stage::start(false) {
        Ok(stage) => stage,
        #[allow(clippy::panic, reason = "without a platform no test can go on")]
        Err(error) => panic!("{error:#}"),
    })
}

impl Stage {
    /// Starts a platform with fresh state.
    ///
    /// # Errors
    ///
    /// If the Worker cannot be built or started.
    pub fn start(provoke_faults: bool) -> Result<Self> {
        Self::with(|options| Options {
            provoke_faults,
            ..options
        })
    }

    /// The same, where everything that guests send to other hosts goes to that port of this machine.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start).
    pub fn sending_to(port: u16) -> Result<Self> {
        Self::with(|options| Options {
            outbound: Some(port),
            ..options
        })
    }

    /// The same, with options of its own.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start).
    pub fn with(change: impl FnOnce(Options) -> Options) -> Result<Self> {
        build::build(build::Mode::Release)?;
        let home = paths::target().join("e2e").join(dev::random_hex(6)?);
        std::fs::create_dir_all(&home)?;
        let options = Options {
            log: Some(home.join("worker.log")),
            allowed_origins: "https://app.example".to_owned(),
            ..Options::new(home.join("state"), dev::random_hex(16)?)
        };
        let platform = Platform::start(change(options), home.join("files"))?;
        Ok(Self {
            platform,
            tenants: Mutex::new(0),
            home,
        })
    }

    /// The platform.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// What the Worker has logged so far.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.home.join("worker.log"))?)
    }

    /// Where the platform keeps its state.
    pub fn state(&self) -> PathBuf {
        self.home.join("state")
    }

    /// A fresh tenant whose publisher is [`guests::publisher`], with a key.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn tenant(&self) -> Result<Tenant> {
        let number = {
            let mut tenants = self
                .tenants
                .lock()
                .map_err(|_| anyhow::anyhow!("poisoned"))?;
            *tenants += 1;
            *tenants
        };
        let name = format!("tenant-{number}");
        self.platform.smcp(["tenant", "create", &name])?;
        let publisher = guests::publisher().public().to_string();
        self.platform
            .smcp(["publisher", "trust", &publisher, "--tenant", &name])?;
        let key = self.platform.key(&name)?;
        Ok(Tenant { name, key })
    }

    /// A fresh tenant with a guest in WAT as its server `guest`.
    ///
    /// # Errors
    ///
    /// If the host refuses.
    pub fn tenant_with(&self, wat: &str) -> Result<Tenant> {
        let tenant = self.tenant()?;
        let published = self.publish(&tenant, "guest", &guests::package(wat, "1.0.0")?)?;
        anyhow::ensure!(published.status == 201, "{}", published.text());
        Ok(tenant)
    }

    /// Uploads bytes as a release of a tenant's server.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn publish(&self, tenant: &Tenant, server: &str, bytes: &[u8]) -> Result<http::Answer> {
        let path = format!(
            "/admin/v1/tenants/{}/servers/{server}/releases",
            tenant.name
        );
        http::Ask::new("POST", &format!("{}{path}", self.platform.url()))
            .header(
                "authorization",
                &format!("Bearer {}", self.platform.admin_token()),
            )
            .header("content-type", "application/wasm")
            .send(bytes)
    }

    /// Calls a tool of a tenant's server `guest` in the legacy era.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn call(&self, tenant: &Tenant, tool: &str) -> Result<http::Answer> {
        self.post(tenant, &http::tool_call(tool, &serde_json::json!({})))
    }

    /// Posts a message to a tenant's server `guest`.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn post(&self, tenant: &Tenant, message: &Value) -> Result<http::Answer> {
        self.ask(tenant).send(message.to_string().as_bytes())
    }

    /// Has the platform do to itself what only tests may ask; the answer is to a ping of the tenant.
    ///
    /// # Errors
    ///
    /// If no answer comes.
    pub fn provoke(&self, tenant: &Tenant, what: &str) -> Result<http::Answer> {
        let ping = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
        self.ask(tenant)
            .header("x-smcp-provoke", what)
            .send(ping.to_string().as_bytes())
    }

    /// How often a tenant's object was made, on a platform that may provoke faults.
    ///
    /// # Errors
    ///
    /// If the log cannot be read.
    pub fn woke(&self, tenant: &Tenant) -> Result<usize> {
        let line = format!("tenant:{} woke", tenant.name);
        Ok(self.log()?.matches(&line).count())
    }

    /// A request to a tenant's server `guest`, to be altered.
    pub fn ask(&self, tenant: &Tenant) -> http::Ask {
        http::Ask::new("POST", &self.platform.endpoint(&tenant.name, "guest"))
            .header("authorization", &format!("Bearer {}", tenant.key))
            .header("content-type", "application/json")
            .header("accept", "application/json")
    }
}

/// The platform lets an object sleep that has had nothing to do for ten seconds; before that, what it has counted is
/// stored, which takes ten seconds at the most.
pub const UNTIL_ASLEEP: Duration = Duration::from_secs(25);

/// The `code` of an answer's error, wherever that kind of error has it.
///
/// # Errors
///
/// If the answer is no error.
pub fn code(answer: &http::Answer) -> Result<String> {
    let json = answer.json()?;
    let error = &json["error"];
    let code = error["data"]["code"].as_str().or(error["code"].as_str());
    Ok(code
        .with_context(|| format!("{json} has no code"))?
        .to_owned())
}
