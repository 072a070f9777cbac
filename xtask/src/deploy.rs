//! `cargo xtask deploy`: a thin wrapper of wrangler, which does all that touches the platform.
//!
//! It refuses, before it asks anybody, an environment that wrangler.toml does not have or that has no place
//! for sessions, a missing, malformed or development master key, and an admin token that could be guessed. Secrets come from
//! the environment and go to wrangler through a pipe: they are on no command line and in no file.

use std::env;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use smcp_crypto::MasterKeys;
use smcp_ids::limits::ADMIN_TOKEN_MIN;

use crate::{build, paths, setup};

/// The variables that the secrets are read from.
const MASTER_KEYS: &str = "SMCP_MASTER_KEYS";
const ADMIN_TOKEN: &str = "SMCP_ADMIN_TOKEN";
/// What the Worker calls them.
const SECRETS: [&str; 2] = ["MASTER_KEYS", "ADMIN_TOKEN"];
/// What it calls its KV namespace.
const SESSIONS: &str = "SESSIONS";

/// What to deploy, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The environment: an `[env.NAME]` of wrangler.toml.
    pub env: String,
    /// Whether to build and check only.
    pub dry_run: bool,
    /// Whether the deployment has its secrets, and keeps them.
    pub keep_secrets: bool,
}

/// What wrangler makes of an environment; `xtask/node/config.mjs` prints it.
#[derive(Debug, Deserialize)]
struct Config {
    names: Vec<String>,
    worker: String,
    buckets: Vec<String>,
    namespaces: Vec<String>,
    required: Vec<String>,
}

/// Checks, builds, makes what is missing, deploys.
///
/// # Errors
///
/// If something is refused (the message says how to mend it), or wrangler fails.
pub fn run(options: &Options) -> Result<()> {
    let secrets = secrets(options.keep_secrets, |name| env::var(name).ok())?;
    setup::ready()?;
    let config = config(&options.env)?;
    build::build(build::Mode::Release)?.print_sizes()?;
    for bucket in &config.buckets {
        if options.dry_run {
            println!("would make the bucket {bucket}, unless it is there");
        } else {
            make_bucket(bucket)?;
        }
    }
    // Its id is the platform's to give: wrangler makes it in the same step, and knows it by the Worker.
    let makes = if options.dry_run {
        "would make"
    } else {
        "wrangler makes"
    };
    println!("{makes} a KV namespace for {SESSIONS}, unless the Worker has it");
    let mut arguments = vec!["deploy", "--env", options.env.as_str()];
    match &secrets {
        Some(_) => arguments.extend(["--secrets-file", "/dev/stdin"]),
        None => println!("the secrets stay as they are"),
    }
    if options.dry_run {
        arguments.push("--dry-run");
        let with = secrets.as_ref().map_or("", |_| ", and set its secrets");
        println!("would deploy the Worker {}{with}", config.worker);
    }
    feed(
        wrangler().args(arguments),
        secrets.as_deref().unwrap_or_default(),
    )
}

/// The secrets as the JSON that wrangler takes, or none if they are kept. `get` reads a variable.
fn secrets(keep: bool, get: impl Fn(&str) -> Option<String>) -> Result<Option<String>> {
    let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
    let (keys, token) = (get(MASTER_KEYS), get(ADMIN_TOKEN));
    if keep {
        ensure!(
            keys.is_none() && token.is_none(),
            "--keep-secrets sets none, but {MASTER_KEYS} or {ADMIN_TOKEN} is set: leave one or the other away"
        );
        return Ok(None);
    }
    let keys = keys.with_context(|| {
        format!(
            "{MASTER_KEYS} is not set: for a new deployment make a key with \
             `echo 1:$(openssl rand -hex 32)` and keep a copy, since whoever loses it loses every \
             tenant's records; for one that has its secrets already, use --keep-secrets"
        )
    })?;
    let parsed: MasterKeys = keys
        .parse()
        .with_context(|| format!("{MASTER_KEYS} cannot be used"))?;
    ensure!(
        !parsed.is_development(),
        "{MASTER_KEYS} holds the development key, which everybody knows: make one with \
         `echo 1:$(openssl rand -hex 32)`"
    );
    let token = token.with_context(|| {
        format!("{ADMIN_TOKEN} is not set: make one with `openssl rand -hex 32`, and keep it")
    })?;
    ensure!(
        token.trim().len() >= ADMIN_TOKEN_MIN,
        "{ADMIN_TOKEN} has less than {ADMIN_TOKEN_MIN} characters, and could be guessed: \
         make one with `openssl rand -hex 32`"
    );
    let [keys_name, token_name] = SECRETS;
    Ok(Some(
        json!({ keys_name: keys.trim(), token_name: token.trim() }).to_string(),
    ))
}

fn config(env: &str) -> Result<Config> {
    let said = setup::output(
        Command::new(paths::node())
            .arg(paths::root().join("xtask/node/config.mjs"))
            .arg(env)
            .current_dir(paths::root()),
    )?;
    let config: Config =
        serde_json::from_str(&said).with_context(|| format!("wrangler said {said:?}"))?;
    ensure!(
        config.names.iter().any(|name| name == env),
        "wrangler.toml has no [env.{env}], only {}: copy one of them, as docs/deploy.md says",
        config.names.join(", ")
    );
    for secret in SECRETS {
        ensure!(
            config.required.iter().any(|required| required == secret),
            "[env.{env}.secrets] in wrangler.toml does not require {secret}: without it a Worker \
             that serves nothing could be deployed"
        );
    }
    ensure!(
        config.namespaces.iter().any(|binding| binding == SESSIONS),
        "[env.{env}] in wrangler.toml has no KV namespace {SESSIONS}: without it no session would outlive \
         its object; copy `[[env.production.kv_namespaces]]`"
    );
    Ok(config)
}

/// Makes a bucket unless it is there. Who may not ask for it may not make it either, and is told.
fn make_bucket(bucket: &str) -> Result<()> {
    if setup::run(wrangler().args(["r2", "bucket", "info", bucket])).is_ok() {
        println!("the bucket {bucket} is there");
        return Ok(());
    }
    setup::run_loud(wrangler().args(["r2", "bucket", "create", bucket]))
        .with_context(|| format!("could not make the bucket {bucket}: are you logged in?"))
}

/// wrangler of the lock file, without the secrets in its environment: its build would inherit them.
fn wrangler() -> Command {
    let mut command = Command::new(paths::node());
    command
        .arg(paths::root().join("node_modules/wrangler/bin/wrangler.js"))
        .current_dir(paths::root())
        .env_remove(MASTER_KEYS)
        .env_remove(ADMIN_TOKEN);
    command
}

/// Runs a command with this as its standard input.
fn feed(command: &mut Command, input: &str) -> Result<()> {
    let mut child = command
        .stdin(Stdio::piped())
        .spawn()
        .context("starting wrangler")?;
    // A few hundred bytes, which fit a pipe: they wait there until they are read.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let status = child.wait()?;
    ensure!(status.success(), "wrangler failed ({status})");
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use smcp_crypto::DEVELOPMENT_MASTER_KEY;

    use super::*;

    const KEY: &str = "1:0000000000000000000000000000000000000000000000000000000000000001";
    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn given(keep: bool, keys: &str, token: &str) -> Result<Option<String>> {
        secrets(keep, |name| {
            let value = if name == MASTER_KEYS { keys } else { token };
            (!value.is_empty()).then(|| value.to_owned())
        })
    }

    #[test]
    fn secrets_that_would_not_protect_are_refused() {
        let both = format!("{KEY},{}", DEVELOPMENT_MASTER_KEY.replacen('1', "2", 1));
        for (keep, keys, token, said) in [
            (false, "", TOKEN, "SMCP_MASTER_KEYS is not set"),
            (false, " \n", TOKEN, "SMCP_MASTER_KEYS is not set"),
            (false, "1:abc", TOKEN, "SMCP_MASTER_KEYS cannot be used"),
            (false, DEVELOPMENT_MASTER_KEY, TOKEN, "the development key"),
            (false, &both, TOKEN, "the development key"),
            (false, KEY, "", "SMCP_ADMIN_TOKEN is not set"),
            (false, KEY, "hunter2", "could be guessed"),
            (true, KEY, "", "leave one or the other away"),
        ] {
            let error = format!("{:#}", given(keep, keys, token).unwrap_err());
            assert!(error.contains(said), "{keys:?} {token:?}: {error}");
            assert!(
                keys.is_empty() || !error.contains(keys),
                "a secret in {error}"
            );
        }
    }

    #[test]
    fn good_secrets_are_passed_on_and_kept_ones_are_not() {
        let json = given(false, &format!("{KEY}\n"), TOKEN).unwrap().unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json, json!({ "MASTER_KEYS": KEY, "ADMIN_TOKEN": TOKEN }));
        assert_eq!(given(true, "", "").unwrap(), None);
    }
}
