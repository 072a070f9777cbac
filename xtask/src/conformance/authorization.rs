//! The suite's part on authorization servers: a client that an admin has registered, and a person whose browser is a
//! script (`xtask/node/browser.mjs`) that follows the page's form.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::fixture::{Fixture, TENANT};
use super::suite::{self, Check};
use crate::paths;
use crate::platform;
use crate::progress::Step;

/// What it came to, by scenario.
pub(super) fn run(fixture: &Fixture, results: &Path) -> Result<Vec<(String, Vec<Check>)>> {
    let platform = fixture.platform();
    let added = platform.smcp([
        "client",
        "add",
        "Suite",
        "--tenant",
        TENANT,
        "--redirect",
        "http://127.0.0.1/callback",
    ])?;
    let client = text(&added, "client_id")?;
    let access_code = platform.access_code(TENANT)?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    fs::create_dir_all(results)?;
    let step = Step::begin("running the scenarios of authorization servers");
    let mut suite = Command::new(paths::node())
        .arg(suite::home().join("dist/index.js"))
        .args([
            "authorization",
            "--url",
            platform.url(),
            "--client-id",
            &client,
        ])
        .args([
            "--resource",
            &fixture.resource(),
            "--port",
            &port.to_string(),
        ])
        .arg("--output-dir")
        .arg(results)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(results.join("output.log"))?)
        .spawn()
        .context("starting the suite: run `cargo xtask build` once")?;
    let said = suite.stdout.take().context("the suite has no output")?;
    let page = format!("{}/authorize?", platform.url());
    for line in BufReader::new(said).lines() {
        let line = line?;
        if line.starts_with(&page) {
            let went = platform::browser()
                .args(["agree", &line, &access_code])
                .status()?;
            ensure!(
                went.success(),
                "the browser did not come to the client: {line}"
            );
        }
    }
    suite.wait()?;
    step.done();
    let outcomes = suite::all_written(results)?;
    ensure!(
        !outcomes.is_empty(),
        "the suite wrote nothing: see {}",
        results.display()
    );
    Ok(outcomes)
}

fn text(value: &Value, member: &str) -> Result<String> {
    let text = value.get(member).and_then(Value::as_str);
    Ok(text
        .with_context(|| format!("{value} has no {member}"))?
        .to_owned())
}
