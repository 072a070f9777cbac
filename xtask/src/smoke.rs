//! `cargo xtask smoke`: whether a platform does, at its public address, what a platform is for. Everything is real: the
//! `smcp` command with the admin's token, the example `hello`, and official clients of both eras.
//!
//! It works in a tenant of its own, `smoke`, and leaves nothing there that opens or serves anything. One run at a time: it
//! tidies up what an earlier one left. What it finds is a [`Report`]; the first thing that is not as it should be ends it,
//! since what comes after needs it, but for the tidying.

mod report;

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use smcp_crypto::{SigningKey, sha256};
use ureq::Agent;

pub use report::{Line, Report};

use crate::platform::{Administrator, official_client};
use crate::progress::Step;
use crate::{dev, paths, setup};

/// The tenant and its server.
const TENANT: &str = "smoke";
const SERVER: &str = "hello";
/// Between two looks at a platform that does not answer yet.
const POLL: Duration = Duration::from_secs(1);
/// What one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More than any answer here has.
const ANSWER_MAX: u64 = 64 * 1024;

/// What to look at.
#[derive(Debug, Clone)]
pub struct Options {
    /// The platform's URL, without a path.
    pub url: String,
    /// The token of its admin.
    pub token: String,
    /// The version that must be deployed there; any, if none is given.
    pub version: Option<String>,
    /// How long it may take until that answers.
    pub wait: Duration,
}

/// Does all of it, and says so line by line unless `quiet`; gives what was found. A platform that fails is no error here.
///
/// # Errors
///
/// If this machine lacks something that it takes.
pub fn run(options: &Options, quiet: bool) -> Result<Report> {
    setup::ready()?;
    let url = options.url.trim_end_matches('/');
    let scratch = paths::target().join("smoke").join(dev::random_hex(6)?);
    let admin = Administrator::new(url, options.token.trim(), &scratch)?;
    let publisher = Publisher::of(options.token.trim(), scratch)?;
    let step = Step::begin("building the example hello");
    let package = admin.package(TENANT, SERVER, "smoke.wasm")?;
    step.done();
    let mut smoke = Smoke {
        options,
        url,
        admin,
        publisher,
        package,
        report: Report::new(url, quiet),
    };
    smoke.all();
    Ok(smoke.report)
}

/// A run in progress.
struct Smoke<'a> {
    options: &'a Options,
    url: &'a str,
    admin: Administrator,
    publisher: Publisher,
    package: PathBuf,
    report: Report,
}

impl Smoke<'_> {
    fn all(&mut self) {
        if self.until_a_call().is_none() {
            return;
        }
        let calls = self.calls();
        let since = Instant::now();
        // Also when they failed: a key that is left would open something.
        let tidied = self.admin.tidy(&self.publisher);
        if calls.is_some() || tidied.is_err() {
            self.say("leaves nothing behind", since, tidied, TIDY);
        }
    }

    /// That it answers, is shut to strangers, and open to its admin.
    fn until_a_call(&mut self) -> Option<()> {
        let since = Instant::now();
        let version = self.awake();
        if let Ok(version) = &version {
            self.report.version.clone_from(version);
        }
        self.say("answers", since, version.map(drop), AWAKE)?;
        self.try_to("refuses strangers", SHUT, Self::refuses)?;
        self.try_to("knows its admin", ADMIN, |smoke| smoke.admin.enter())
    }

    /// That it stores a module and serves calls of both eras.
    fn calls(&mut self) -> Option<()> {
        self.try_to("trusts a publisher", OBJECT, |smoke| {
            smoke.admin.tidy(&smoke.publisher)?;
            smoke.admin.trust(TENANT, &smoke.publisher.public)
        })?;
        self.try_to("stores a module", MODULES, |smoke| {
            smoke
                .admin
                .publish(&smoke.package, TENANT, SERVER)
                .map(drop)
        })?;
        let mut key = String::new();
        self.try_to("makes a key", OBJECT, |smoke| {
            key = smoke.admin.key_for_a_day()?;
            Ok(())
        })?;
        self.try_to("serves a call", MODULES, |smoke| smoke.call("modern", &key))?;
        self.try_to("serves a call in a session", SESSIONS, |smoke| {
            smoke.call("legacy", &key)
        })
    }

    fn try_to(
        &mut self,
        what: &'static str,
        hint: &'static str,
        attempt: impl FnOnce(&Self) -> Result<()>,
    ) -> Option<()> {
        let step = (!self.report.quiet).then(|| Step::begin(what));
        let since = Instant::now();
        let found = attempt(self);
        if let Some(step) = step {
            step.clear();
        }
        self.say(what, since, found, hint)
    }

    fn say(
        &mut self,
        what: &'static str,
        since: Instant,
        found: Result<()>,
        hint: &'static str,
    ) -> Option<()> {
        let good = found.is_ok();
        self.report.add(what, since.elapsed(), found, hint);
        good.then_some(())
    }

    /// Waits until it is healthy and of the right version; gives the version.
    fn awake(&self) -> Result<Option<String>> {
        let since = Instant::now();
        loop {
            let found = self.healthy();
            if found.is_ok() || since.elapsed() >= self.options.wait {
                return found;
            }
            thread::sleep(POLL);
        }
    }

    fn healthy(&self) -> Result<Option<String>> {
        let (status, body) = self.ask("GET", "/healthz")?;
        ensure!(status == 200, "/healthz answered {status}: {body}");
        let said: Value = serde_json::from_str(&body).unwrap_or_default();
        ensure!(
            said["status"] == "ok",
            "what answers at /healthz is not this host: {body:?}"
        );
        let version = said["version"].as_str().map(str::to_owned);
        match &self.options.version {
            Some(wanted) if version.as_ref() != Some(wanted) => bail!(
                "it serves the version {}, not {wanted}",
                version.as_deref().unwrap_or("of a host that does not say")
            ),
            _ => Ok(version),
        }
    }

    /// Asks without a credential for what takes one.
    fn refuses(&self) -> Result<()> {
        let endpoint = format!("/t/{TENANT}/{SERVER}/mcp");
        for (method, path) in [("GET", "/admin/v1/tenants"), ("POST", &endpoint)] {
            let (status, body) = self.ask(method, path)?;
            ensure!(
                status == 401,
                "{method} {path} without a credential was answered {status}, not 401: {body}"
            );
        }
        Ok(())
    }

    fn ask(&self, method: &str, path: &str) -> Result<(u16, String)> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT));
        let agent: Agent = config.build().into();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .body(())?;
        let mut response = agent.run(request)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_MAX);
        Ok((status, body.lossy_utf8(true).read_to_string()?))
    }

    /// Calls the tool as a client of that era.
    fn call(&self, era: &str, key: &str) -> Result<()> {
        let endpoint = format!("{}/t/{TENANT}/{SERVER}/mcp", self.url);
        let calls = json!([{"tool": "greet", "arguments": {"name": "Ada"}}]);
        let lines = official_client(era, &endpoint, key, &calls)?;
        let said = lines.last().context("the client wrote nothing")?;
        let text = said["result"]["content"][0]["text"].as_str();
        ensure!(text == Some("Hello, Ada!"), "greet answered {said}");
        Ok(())
    }
}

/// A publisher that follows from the admin's token: so a tenant does not gather one for each run.
struct Publisher {
    public: String,
    /// What holds its key, and goes with it.
    scratch: PathBuf,
}

impl Publisher {
    fn of(token: &str, scratch: PathBuf) -> Result<Self> {
        let seed = sha256(format!("smcp smoke publisher 1\n{token}").as_bytes());
        let public = SigningKey::from_seed(seed.as_bytes()).public().to_string();
        let file = scratch.join(format!("{TENANT}.key"));
        let mut made = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)
            .with_context(|| file.display().to_string())?;
        writeln!(made, "smcp-secret-key: {seed}")?;
        Ok(Self { public, scratch })
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // All of it can be made again.
        let _ = fs::remove_dir_all(&self.scratch);
    }
}

impl Administrator {
    /// Sees to it that there is the tenant.
    fn enter(&self) -> Result<()> {
        let created = self.smcp(["tenant", "create", TENANT]);
        match created {
            Err(error) if !format!("{error:#}").contains("tenant_exists") => Err(error),
            _ => Ok(()),
        }
    }

    /// A key for the server.
    fn key_for_a_day(&self) -> Result<String> {
        let of = ["--tenant", TENANT, "--name", TENANT, "--server", SERVER];
        let day = ["--expires-in-days", "1"];
        let made = self.smcp(["key", "create"].into_iter().chain(of).chain(day))?;
        let key = made["key"].as_str();
        Ok(key.context("key create printed no key")?.to_owned())
    }

    /// Takes away the server, the keys and the publisher, as far as they are there.
    fn tidy(&self, publisher: &Publisher) -> Result<()> {
        let of = ["--tenant", TENANT];
        let servers = self.smcp(["server", "list"].into_iter().chain(of))?;
        if names(&servers, "servers", "server").contains(&SERVER) {
            self.smcp(["server", "delete", SERVER, "--yes"].into_iter().chain(of))?;
        }
        let keys = self.smcp(["key", "list"].into_iter().chain(of))?;
        for key in names(&keys, "keys", "id") {
            self.smcp(["key", "revoke", key].into_iter().chain(of))?;
        }
        let publishers = self.smcp(["publisher", "list"].into_iter().chain(of))?;
        if names(&publishers, "publishers", "key").contains(&publisher.public.as_str()) {
            let revoke = ["publisher", "revoke", &publisher.public];
            self.smcp(revoke.into_iter().chain(of))?;
        }
        Ok(())
    }
}

/// What those of a list are named that are not revoked.
fn names<'a>(listed: &'a Value, list: &str, name: &str) -> Vec<&'a str> {
    let all = listed[list].as_array().map_or(&[][..], Vec::as_slice);
    let current = all.iter().filter(|one| one["revoked"].is_null());
    current.filter_map(|one| one[name].as_str()).collect()
}

// What to look at when something fails.
const AWAKE: &str = "is the address right, has the deployment both secrets, does its name resolve? `wrangler tail --env NAME` \
                     shows what the Worker says";
const SHUT: &str = "take it off the network: what should refuse strangers does not";
const ADMIN: &str = "is SMCP_TOKEN the ADMIN_TOKEN of this very environment? `not_configured` means a secret that is missing; \
                     a page of HTML, a rule of the network layer or Access before the admin API";
const OBJECT: &str = "the tenant's object refused or failed: docs/errors.md has the code; for `too_many_keys` delete the tenant \
                      smoke, which keeps the ids of keys that were revoked";
const MODULES: &str = "docs/errors.md has the code; if it is `host_fault`: is the R2 bucket of the environment there, and bound as \
                       MODULES? `wrangler r2 bucket list`, and the Worker's log";
const SESSIONS: &str = "the call before was served, so only clients of 2025-11-25 and before are turned away: docs/errors.md has \
                        the code, and the Worker's log the reason";
const TIDY: &str = "look at the tenant smoke by hand: a key that is left there is good for a day";
