//! `cargo xtask demo`: the whole path once, real at every point, in front of one's eyes.

use std::fs;
use std::sync::mpsc::Receiver;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::dev::{self, Options};
use crate::platform::{Platform, official_client};
use crate::{build, paths};

const TENANT: &str = "demo";

/// A call of the demonstration: server, tool, arguments, and a text that the answer must hold.
const CALLS: [(&str, &str, &str, &str); 5] = [
    ("hello", "greet", r#"{"name":"Ada"}"#, "Hello, Ada!"),
    (
        "units",
        "convert",
        r#"{"value":"26.2","from":"mi","to":"km"}"#,
        "42.16",
    ),
    ("dice", "roll", r#"{"count":3,"sides":6}"#, "\"sum\""),
    (
        "textkit",
        "search",
        r#"{"pattern":"\\b[A-Z]\\w+","text":"Ada met Grace in London."}"#,
        "Grace",
    ),
    (
        "textkit",
        "count",
        r#"{"text":"to be or not to be"}"#,
        "\"words\":6",
    ),
];

/// Builds, starts, publishes, calls; then serves until `interrupted`, unless `once`.
///
/// # Errors
///
/// If anything was not as it should be.
pub fn run(once: bool, interrupted: &Receiver<()>) -> Result<()> {
    build::build(build::Mode::Release)?;
    let home = paths::target().join("demo");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    let options = Options {
        log: Some(home.join("worker.log")),
        ..Options::new(home.join("state"), dev::random_hex(16)?)
    };
    fs::create_dir_all(&home)?;
    let mut platform = Platform::start(options, home.join("files"))?;
    println!("host      {}", platform.url());
    platform.tenant(TENANT)?;
    println!("tenant    {TENANT}, which trusts the publisher {TENANT}");
    for server in ["hello", "units", "dice", "textkit"] {
        publish(&platform, server)?;
    }
    let key = platform.key(TENANT)?;
    for (server, tool, arguments, expected) in CALLS {
        call(&platform, &key, server, tool, arguments, expected)?;
    }
    println!("all calls were answered as they should be");
    if once {
        return Ok(());
    }
    invite(&platform, &key)?;
    platform.running().wait(interrupted)
}

fn publish(platform: &Platform, server: &str) -> Result<()> {
    let package = platform.package(TENANT, server)?;
    let published = platform.publish(&package, TENANT, server)?;
    let release = published["release"]
        .as_str()
        .context("publish named no release")?;
    let version = published["version"]
        .as_str()
        .context("publish named no version")?;
    let kib = fs::metadata(&package)?.len() / 1024;
    println!(
        "published {server} {version} ({kib} KiB, {})",
        &release[..12]
    );
    Ok(())
}

fn call(
    platform: &Platform,
    key: &str,
    server: &str,
    tool: &str,
    arguments: &str,
    expected: &str,
) -> Result<()> {
    let given: Value = serde_json::from_str(arguments)?;
    // Twice: the second one is warm.
    let calls = json!([{"tool": tool, "arguments": given}, {"tool": tool, "arguments": given}]);
    let lines = official_client("modern", &platform.endpoint(TENANT, server), key, &calls)?;
    let [_, _, first, second] = lines.as_slice() else {
        anyhow::bail!("the client wrote {lines:?}");
    };
    let result = &second["result"];
    let shown = match &result["structuredContent"] {
        Value::Null => result["content"][0]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        structured => structured.to_string(),
    };
    ensure!(
        shown.contains(expected),
        "{server} {tool} {arguments} answered {second}"
    );
    let fuel = result["_meta"]["smcp/usage"]["fuel"]
        .as_u64()
        .context("no fuel in the answer")?;
    println!("call      {server} {tool} {arguments}");
    println!("          {}", shown.replace('\n', "\n          "));
    println!(
        "          {fuel} fuel, {:.1} ms (the first time {:.1} ms)",
        second["millis"].as_f64().unwrap_or_default(),
        first["millis"].as_f64().unwrap_or_default(),
    );
    Ok(())
}

fn invite(platform: &Platform, key: &str) -> Result<()> {
    let connect = platform.smcp([
        "connect", "--client", "generic", "--tenant", TENANT, "--server", "hello", "--key", key,
    ])?;
    println!();
    println!("endpoint  {}", platform.endpoint(TENANT, "hello"));
    println!("key       {key}");
    println!("paste this into your client's configuration:");
    println!("{}", serde_json::to_string_pretty(&connect)?);
    println!("serving until you press Ctrl-C");
    Ok(())
}
