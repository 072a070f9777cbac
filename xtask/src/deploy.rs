//! `cargo xtask deploy`: a thin wrapper of wrangler, which does all that touches the platform, and a smoke call at the end.
//!
//! It refuses, before it asks anybody, an environment that wrangler.toml does not have or that lacks a binding, a missing,
//! malformed or development master key, an admin token that could be guessed, a tree with changes that are not committed,
//! and a bundle that is too large. Secrets come from the environment and go to wrangler through a pipe: they are on no
//! command line and in no file.

mod config;
mod secrets;
mod wrangler;

use std::env;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

pub use config::Config;

use crate::build::BUNDLE_MAX;
use crate::{build, paths, setup, smoke};

/// Until a deployment is seen at its address: it is everywhere within seconds, a certificate takes minutes.
const SEEN_WITHIN: Duration = Duration::from_secs(300);

/// What to deploy, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The environment: an `[env.NAME]` of wrangler.toml.
    pub env: String,
    /// Whether to build and check only.
    pub dry_run: bool,
    /// Whether the deployment has its secrets, and keeps them.
    pub keep_secrets: bool,
    /// Whether what is not committed may be deployed.
    pub allow_dirty: bool,
    /// Where the smoke call goes; where wrangler says, if it is not given.
    pub url: Option<String>,
    /// Whether to end without it.
    pub no_smoke: bool,
    /// Whether what was done is printed as JSON.
    pub json: bool,
}

/// Checks, builds, makes what is missing, deploys, and calls a tool there.
///
/// # Errors
///
/// If something is refused (the message says how to mend it), wrangler fails, or the platform does not do what it should.
pub fn run(options: &Options) -> Result<()> {
    let get = |name: &str| env::var(name).ok();
    let secrets = secrets::secrets(options.keep_secrets, get)?;
    let token = admin_token(options, get)?;
    setup::ready()?;
    let config = Config::read(&options.env)?;
    if let Some(warning) = config.says_unguarded() {
        eprintln!("warning: {warning}");
    }
    committed(options)?;
    checked_build(options)?;
    prepare(options, &config)?;
    let mut arguments = vec!["deploy", "--env", options.env.as_str()];
    match &secrets {
        Some(_) => arguments.extend(["--secrets-file", "/dev/stdin"]),
        None => say(options, "the secrets stay as they are"),
    }
    if options.dry_run {
        arguments.push("--dry-run");
        let with = secrets.as_ref().map_or("", |_| ", and set its secrets");
        say(
            options,
            &format!("would deploy the Worker {}{with}", config.worker),
        );
    }
    let record = paths::target().join("deploy.ndjson");
    let input = secrets.as_deref().unwrap_or_default();
    let deployed = wrangler::deploy(&arguments, input, &record)?;
    if options.dry_run {
        return Ok(());
    }
    let version = deployed.version_id.clone();
    say(
        options,
        &format!("deployed {}", version.as_deref().unwrap_or_default()),
    );
    let Some(token) = token else {
        if options.json {
            println!(
                "{}",
                json!({ "version": version, "targets": deployed.targets })
            );
        }
        return Ok(());
    };
    let url = options.url.clone().or_else(|| deployed.url()).with_context(|| {
        let targets = deployed.targets.join(", ");
        format!("it is deployed, but wrangler names no address that can be called ({targets}): give --url")
    })?;
    called(
        &smoke::Options {
            url,
            token,
            version,
            wait: SEEN_WITHIN,
        },
        options.json,
    )
}

/// Makes the smoke call at the end, or `cargo xtask smoke`.
///
/// # Errors
///
/// If the platform does not do what it should.
pub fn called(options: &smoke::Options, json: bool) -> Result<()> {
    let report = smoke::run(options, json)?;
    if json {
        report.print_json()?;
    }
    ensure!(
        report.ok(),
        "{} does not work as it should; to go back to the version before: `wrangler rollback --env NAME`",
        report.url
    );
    Ok(())
}

/// The token that the smoke call shows: that which is set, or the one that the deployment keeps. None without a call.
fn admin_token(options: &Options, get: impl Fn(&str) -> Option<String>) -> Result<Option<String>> {
    if options.no_smoke || options.dry_run {
        return Ok(None);
    }
    let name = if options.keep_secrets {
        "SMCP_TOKEN"
    } else {
        secrets::ADMIN_TOKEN
    };
    let token = get(name).filter(|token| !token.trim().is_empty());
    token.map(Some).with_context(|| {
        format!("{name} is not set: the smoke call at the end shows the admin's token; or give --no-smoke")
    })
}

/// Refuses what nobody could deploy again.
fn committed(options: &Options) -> Result<()> {
    let mut git = Command::new("git");
    git.args(["status", "--porcelain"])
        .current_dir(paths::root());
    let changed = setup::output(&mut git)?;
    ensure!(
        changed.is_empty() || options.allow_dirty || options.dry_run,
        "these changes are not committed, so what would be deployed could not be found again:\n{changed}\
         commit them, or give --allow-dirty"
    );
    Ok(())
}

fn checked_build(options: &Options) -> Result<()> {
    let built = build::build(build::Mode::Release)?;
    if !options.json {
        built.print_sizes()?;
    }
    let bytes = built.gzipped()?;
    ensure!(
        bytes <= BUNDLE_MAX,
        "the bundle is {bytes} bytes gzipped, over the {BUNDLE_MAX} that it may be"
    );
    Ok(())
}

/// Makes buckets, and looks whether there are secrets to keep.
fn prepare(options: &Options, config: &Config) -> Result<()> {
    for bucket in &config.buckets {
        if options.dry_run {
            say(
                options,
                &format!("would make the bucket {bucket}, unless it is there"),
            );
        } else {
            wrangler::make_bucket(bucket)?;
        }
    }
    // Its id is the platform's to give: wrangler makes it in the same step, and knows it by the Worker.
    let makes = if options.dry_run {
        "would make"
    } else {
        "wrangler makes"
    };
    let sessions = config::SESSIONS;
    say(
        options,
        &format!("{makes} a KV namespace for {sessions}, unless the Worker has it"),
    );
    if options.keep_secrets && !options.dry_run {
        wrangler::has_secrets(&options.env)?;
    }
    Ok(())
}

fn say(options: &Options, text: &str) {
    if options.json {
        eprintln!("{text}");
    } else {
        println!("{text}");
    }
}
