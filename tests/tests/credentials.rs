//! Who has a good credential is let in without a look at KV, whatever kind it is of: on workerd, where a Worker that
//! stands between the host and KV logs every read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::driven::Driven;
use smcp_tests::http::{Ask, tool_call};
use smcp_tests::mcp::{Client, LEGACY, MODERN};
use smcp_tests::{Stage, Tenant, person};
use smcp_xtask::dev::{Options, StaleKv};
use smcp_xtask::{paths, platform};

const GREET: &str = include_str!("../guests/greet.wat");
const READ: &str = "KV get ";
const SOON: Duration = Duration::from_secs(10);

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        Stage::with(|options| Options {
            stale_kv: Some(StaleKv::Here),
            ..options
        })
        .unwrap()
    })
}

fn endpoint(tenant: &str) -> String {
    stage().platform().endpoint(tenant, "guest")
}

/// The status that somebody without a credential gets.
fn without(tenant: &str) -> u16 {
    let ask = Ask::new("POST", &endpoint(tenant));
    ask.send(b"{}").unwrap().status
}

/// What was read of KV by now, in order: until a read of a tenant that is not there is in the log, since that comes
/// after all of before.
fn reads(until: &str) -> Vec<String> {
    assert_eq!(without(until), 401);
    let begun = Instant::now();
    loop {
        let log = stage().log().unwrap();
        let read = |line: &str| Some(line.split_once(READ)?.1.trim().to_owned());
        let read: Vec<String> = log.lines().filter_map(read).collect();
        let last = format!("tenant-{until}:config:public");
        if let Some(end) = read.iter().position(|key| *key == last) {
            return read.get(..end).unwrap().to_vec();
        }
        assert!(begun.elapsed() < SOON, "no read of {until}: {read:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The key, with a time and a scope.
fn narrowed(key: &str) -> String {
    let output = Command::new(platform::build_command().unwrap())
        .args(["key", "narrow", "--json", "--from-env", "KEY"])
        .args(["--scope", "mcp/guest", "--for", "1h"])
        .env("KEY", key)
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    said["key"].as_str().unwrap().to_owned()
}

/// The access token of a member's client.
fn token(tenant: &Tenant) -> String {
    let platform = stage().platform();
    let admin = Admin::new(platform.url(), platform.admin_token());
    let path = format!("/tenants/{}/members", tenant.name);
    let invited = admin.made(&path, &json!({"name": "Ada"})).unwrap();
    let access_code = person::accept(invited["invitation"].as_str().unwrap()).unwrap();
    let mut node = Command::new(paths::node());
    node.arg(paths::root().join("tests/clients/oauth.mjs"))
        .args(["modern", &endpoint(&tenant.name), &access_code]);
    let mut client = Driven::process(&mut node).unwrap();
    let connected = client.ask("connect").unwrap();
    connected["access"]
        .as_str()
        .unwrap_or_else(|| panic!("{connected}"))
        .to_owned()
}

/// Calls in both eras, alone and in a session.
fn calls(tenant: &Tenant, credential: &str) {
    let endpoint = endpoint(&tenant.name);
    let greet = json!({"name": "greet", "arguments": {}});
    let modern = Client::new(&endpoint, credential, MODERN);
    let called = modern.send("tools/call", greet).unwrap();
    assert_eq!(called.status, 200, "{}", called.text());
    let ask = stage()
        .ask(tenant)
        .header("authorization", &format!("Bearer {credential}"));
    let call = tool_call("greet", &json!({})).to_string();
    let called = ask.clone().send(call.as_bytes()).unwrap();
    assert_eq!(called.status, 200, "{}", called.text());
    let params = json!({
        "protocolVersion": LEGACY[0],
        "capabilities": {},
        "clientInfo": {"name": "smcp-tests", "version": "1.0.0"},
    });
    let begin = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
    let begun = ask.clone().send(begin.to_string().as_bytes()).unwrap();
    let ask = ask
        .header("mcp-session-id", begun.header("mcp-session-id"))
        .header("mcp-protocol-version", LEGACY[0])
        .header("accept", "application/json, text/event-stream");
    let called = ask.send(call.as_bytes()).unwrap();
    assert_eq!(called.status, 200, "{}", called.text());
}

#[test]
fn a_call_with_a_good_credential_reads_no_kv_and_one_without_does() {
    let tenant = stage().tenant_with(GREET).unwrap();
    let credentials = [tenant.key.clone(), narrowed(&tenant.key), token(&tenant)];
    let distinct: BTreeSet<_> = credentials.iter().collect();
    assert_eq!(distinct.len(), credentials.len());
    let before = reads("nobody-1");
    for credential in &credentials {
        calls(&tenant, credential);
    }
    let after = reads("nobody-2");
    let since = after.get(before.len()..).unwrap();
    // What `nobody-1` read, to see the end of the log, and nothing else.
    assert_eq!(since, ["tenant-nobody-1:config:public"]);
    assert_eq!(without(&tenant.name), 401);
    let own = format!("tenant-{}:config:public", tenant.name);
    assert!(reads("nobody-3").get(after.len()..).unwrap().contains(&own));
}
