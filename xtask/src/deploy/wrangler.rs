//! wrangler of the lock file: what is asked of it, and what it says it has done.

use std::fs;
use std::io::{Write, stderr};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::secrets::{ADMIN_TOKEN, MASTER_KEYS, SECRETS};
use crate::{paths, setup};

/// Where wrangler leaves what it did, for programs.
const OUTPUT: &str = "WRANGLER_OUTPUT_FILE_PATH";

/// What was deployed, as wrangler's own record has it.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Deployed {
    /// The version, which `/healthz` says too.
    pub(super) version_id: Option<String>,
    /// Where it is reached, in wrangler's words.
    #[serde(default)]
    pub(super) targets: Vec<String>,
}

impl Deployed {
    /// The record of the last deployment among lines of JSON.
    pub(super) fn of(lines: &str) -> Option<Self> {
        let records = lines.lines().rev();
        records
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .find(|record| record["type"] == "deploy")
            .and_then(|record| serde_json::from_value(record).ok())
    }

    /// An address that can be asked: one of its own before that at workers.dev.
    pub(super) fn url(&self) -> Option<String> {
        let domain = self.targets.iter().find_map(|target| {
            let domain = target.strip_suffix(" (custom domain)")?;
            Some(format!("https://{domain}"))
        });
        let listed = || {
            self.targets
                .iter()
                .find(|target| target.starts_with("https://"))
        };
        domain.or_else(|| listed().cloned())
    }
}

/// wrangler, without the secrets in its environment: its build would inherit them.
pub(super) fn wrangler() -> Command {
    let mut command = Command::new(paths::node());
    command
        .arg(paths::root().join("node_modules/wrangler/bin/wrangler.js"))
        .current_dir(paths::root())
        .env_remove(MASTER_KEYS)
        .env_remove(ADMIN_TOKEN)
        .env_remove("SMCP_TOKEN");
    command
}

/// Makes a bucket unless it is there. Who may not ask for it may not make it either, and is told.
pub(super) fn make_bucket(bucket: &str) -> Result<()> {
    if setup::run(wrangler().args(["r2", "bucket", "info", bucket])).is_ok() {
        eprintln!("the bucket {bucket} is there");
        return Ok(());
    }
    setup::run(wrangler().args(["r2", "bucket", "create", bucket]))
        .with_context(|| format!("could not make the bucket {bucket}: are you logged in?"))
}

/// Refuses to keep secrets that are not there.
pub(super) fn has_secrets(env: &str) -> Result<()> {
    let said = setup::output(wrangler().args(["secret", "list", "--env", env, "--format", "json"]))
        .context("could not list the secrets: are you logged in, and is there a deployment?")?;
    let missing = missing(&said)?;
    ensure!(
        missing.is_empty(),
        "the deployment has no {}, so there is nothing to keep: deploy without --keep-secrets",
        missing.join(" and no ")
    );
    Ok(())
}

fn missing(listed: &str) -> Result<Vec<&'static str>> {
    #[derive(Deserialize)]
    struct Secret {
        name: String,
    }
    let listed: Vec<Secret> =
        serde_json::from_str(listed).with_context(|| format!("wrangler said {listed:?}"))?;
    let is_missing = |name: &&str| !listed.iter().any(|secret| secret.name == *name);
    Ok(SECRETS.into_iter().filter(is_missing).collect())
}

/// Deploys, with that as its standard input; what it says goes to standard error.
pub(super) fn deploy(arguments: &[&str], input: &str, record: &Path) -> Result<Deployed> {
    let _ = fs::remove_file(record);
    let mut child = wrangler()
        .args(arguments)
        .env(OUTPUT, record)
        .stdin(Stdio::piped())
        .stdout(stderr())
        .spawn()
        .context("starting wrangler")?;
    // A few hundred bytes, which fit a pipe: they wait there until they are read.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let status = child.wait()?;
    ensure!(status.success(), "wrangler failed ({status})");
    let lines = fs::read_to_string(record).unwrap_or_default();
    Ok(Deployed::of(&lines).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_record_says_which_version_and_where() {
        let session = r#"{"type":"wrangler-session","version":1,"wrangler_version":"4.164.0"}"#;
        let cases = [
            (
                r#""https://smcp-production.acme.workers.dev""#,
                Some("https://smcp-production.acme.workers.dev"),
            ),
            (
                r#""https://smcp-production.acme.workers.dev","mcp.example.com (custom domain)""#,
                Some("https://mcp.example.com"),
            ),
            (r#""mcp.example.com/* (zone name: example.com)""#, None),
            ("", None),
        ];
        for (targets, url) in cases {
            let lines = format!(
                "{session}\n{{\"type\":\"deploy\",\"version\":1,\"version_id\":\"d9c2\",\"targets\":[{targets}]}}\n"
            );
            let deployed = Deployed::of(&lines).unwrap();
            assert_eq!(deployed.version_id.as_deref(), Some("d9c2"));
            assert_eq!(deployed.url().as_deref(), url, "{targets}");
        }
        assert_eq!(Deployed::of(session), None);
    }

    #[test]
    fn secrets_that_are_not_there_are_named() {
        let listed = r#"[{"name":"ADMIN_TOKEN","type":"secret_text"}]"#;
        assert_eq!(missing(listed).unwrap(), ["MASTER_KEYS"]);
        assert_eq!(missing("[]").unwrap(), SECRETS);
        assert!(missing("not logged in").is_err());
    }
}
