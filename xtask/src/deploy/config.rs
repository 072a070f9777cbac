//! What wrangler makes of an environment of wrangler.toml, and what is refused of it before anybody is asked.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::secrets::SECRETS;
use crate::{paths, setup};

/// What the Worker calls its KV namespace.
pub(super) const SESSIONS: &str = "SESSIONS";

/// An environment; `xtask/node/config.mjs` prints it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// All environments that there are.
    pub names: Vec<String>,
    /// The Worker's name.
    pub worker: String,
    /// Its buckets.
    pub buckets: Vec<String>,
    /// The bindings of its KV namespaces.
    pub namespaces: Vec<String>,
    /// The secrets without which wrangler deploys nothing.
    pub required: Vec<String>,
    /// Bindings of all kinds, variables among them.
    pub bindings: Vec<String>,
    /// Addresses of its own.
    pub domains: Vec<String>,
    /// What must not differ between environments.
    pub alike: Value,
    /// Whether it has an address at workers.dev.
    pub workers_dev: bool,
}

impl Config {
    /// Asks wrangler for an environment, and nobody else.
    ///
    /// # Errors
    ///
    /// If there is none of that name, or it lacks what no deployment can be without.
    pub fn read(env: &str) -> Result<Self> {
        let said = setup::output(
            Command::new(paths::node())
                .arg(paths::root().join("xtask/node/config.mjs"))
                .arg(env)
                .current_dir(paths::root()),
        )?;
        let config: Self =
            serde_json::from_str(&said).with_context(|| format!("wrangler said {said:?}"))?;
        config.check(env)?;
        Ok(config)
    }

    fn check(&self, env: &str) -> Result<()> {
        ensure!(
            self.names.iter().any(|name| name == env),
            "wrangler.toml has no [env.{env}], only {}: copy one of them, as docs/deploy.md says",
            self.names.join(", ")
        );
        for secret in SECRETS {
            ensure!(
                self.required.iter().any(|required| required == secret),
                "[env.{env}.secrets] in wrangler.toml does not require {secret}: without it a Worker \
                 that serves nothing could be deployed"
            );
        }
        ensure!(
            self.namespaces.iter().any(|binding| binding == SESSIONS),
            "[env.{env}] in wrangler.toml has no KV namespace {SESSIONS}: without it no session would outlive \
             its object; copy `[[env.production.kv_namespaces]]`"
        );
        for binding in ["OBJECTS HostObject", "MODULES", "VERSION"] {
            ensure!(
                self.bindings.iter().any(|bound| bound == binding),
                "[env.{env}] in wrangler.toml does not bind {binding}, and wrangler takes no binding from above: \
                 copy it from [env.production]"
            );
        }
        Ok(())
    }

    /// What is asked for to be known at deploying: an address, if this says none of its own.
    pub(super) fn says_unguarded(&self) -> Option<String> {
        let domain = self.domains.first()?;
        self.workers_dev.then(|| {
            format!(
                "{} is reached at workers.dev too, past every rule of the zone of {domain}: set `workers_dev = false`",
                self.worker
            )
        })
    }
}
