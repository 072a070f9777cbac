//! Receipts on real workerd, verified with the real command.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;

use serde_json::{Value, json};
use smcp_tests::guests;
use smcp_tests::http::{Answer, Ask, tool_call};
use smcp_tests::mortal::{Mortal, kill};
use smcp_tests::{Tenant, stage};
use smcp_xtask::build;
use smcp_xtask::platform::Platform;

const GREET: &str = include_str!("../guests/greet.wat");
const NAP: &str = include_str!("../guests/nap.wat");
const KEYS: &str = "/.well-known/smcp-keys";

/// A call whose client asks for a receipt.
fn asking(tool: &str) -> Value {
    let mut message = tool_call(tool, &json!({}));
    message["params"]["_meta"] = json!({"smcp/receipt": true});
    message
}

/// Verifies what a file has with the command, as it is on a user's machine.
fn verify(platform: &Platform, file: &str, more: &[&str]) -> Result<Value, String> {
    let file = platform.scratch(file);
    let args = ["verify-receipt", file.to_str().unwrap()];
    let verified = platform.smcp(args.iter().chain(more));
    verified.map_err(|error| format!("{error:#}"))
}

fn keep(platform: &Platform, file: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = platform.scratch(file);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn post(platform: &Platform, tenant: &Tenant, message: &Value, accept: &str) -> Answer {
    Ask::new("POST", &platform.endpoint(&tenant.name, "guest"))
        .header("authorization", &format!("Bearer {}", tenant.key))
        .header("content-type", "application/json")
        .header("accept", accept)
        .send(message.to_string().as_bytes())
        .unwrap()
}

#[test]
fn a_receipt_is_verified_against_its_host_and_still_after_a_restart() {
    build::build(build::Mode::Release).unwrap();
    let mortal = Mortal::new().unwrap();
    let platform = mortal.start().unwrap();
    platform.tenant("acme").unwrap();
    let publisher = guests::publisher().public().to_string();
    let trust = ["publisher", "trust", &publisher, "--tenant", "acme"];
    platform.smcp(trust).unwrap();
    let module = keep(
        &platform,
        "guest.wasm",
        guests::package(GREET, "1.0.0").unwrap(),
    );
    platform.publish(&module, "acme", "guest").unwrap();
    let tenant = Tenant {
        name: "acme".to_owned(),
        key: platform.key("acme").unwrap(),
    };
    let call = asking("greet");
    let request = keep(&platform, "call.json", call.to_string());
    let answer = post(&platform, &tenant, &call, "application/json");
    keep(&platform, "answer.json", &answer.body);
    let all = [
        "--module",
        module.to_str().unwrap(),
        "--request",
        request.to_str().unwrap(),
    ];
    let before = verify(&platform, "answer.json", &all).unwrap();
    let checked = json!(["signature", "module", "request", "result"]);
    assert_eq!(before["checked"], checked, "{before}");
    assert_eq!(before["unchecked"], json!(["tape"]));
    assert_eq!(before["receipt"]["tenant"], "acme");
    for (from, to, code) in [
        ("hello", "hallo", "receipt_result"),
        (r#""fuel":"#, r#""fuel":1"#, "receipt_signature"),
    ] {
        keep(&platform, "altered.json", answer.text().replace(from, to));
        let refused = verify(&platform, "altered.json", &[]).unwrap_err();
        assert!(refused.contains(code), "{refused}");
    }
    kill(platform).unwrap();
    let platform = mortal.start().unwrap();
    let after = verify(&platform, "answer.json", &all).unwrap();
    assert_eq!(after, before);
    let again = post(&platform, &tenant, &call, "application/json")
        .json()
        .unwrap();
    let receipt = &again["result"]["_meta"]["smcp/receipt"];
    assert_eq!(receipt["key"], before["receipt"]["key"], "{again}");
    assert_eq!(receipt["result"], before["receipt"]["result"]);
    assert_eq!(receipt["fuel"], before["receipt"]["fuel"]);
    assert_ne!(
        receipt["tape"], before["receipt"]["tape"],
        "two calls had one seed"
    );
}

#[test]
fn a_call_that_is_answered_as_a_stream_has_a_receipt_too() {
    let tenant = stage().tenant_with(NAP).unwrap();
    let platform = stage().platform();
    let answer = post(platform, &tenant, &asking("nap"), "text/event-stream");
    assert_eq!(answer.header("content-type"), "text/event-stream");
    keep(platform, "stream.txt", &answer.body);
    let verified = verify(platform, "stream.txt", &[]).unwrap();
    assert_eq!(verified["checked"], json!(["signature", "result"]));
    // Another tenant's receipt is not this one's, whatever it is told to say.
    let theirs = answer.text().replace(&tenant.name, "tenant-0");
    keep(platform, "theirs.txt", theirs);
    let refused = verify(platform, "theirs.txt", &[]).unwrap_err();
    assert!(refused.contains("receipt_signature"), "{refused}");
}

#[test]
fn the_keys_are_for_everybody_and_each_origin_may_read_them_once() {
    let platform = stage().platform();
    let url = format!("{}{KEYS}", platform.url());
    let own = platform.url().to_owned();
    for origin in ["", "https://app.example", "https://evil.example", &own] {
        let mut ask = Ask::new("GET", &url);
        if !origin.is_empty() {
            ask = ask.header("origin", origin);
        }
        let answer = ask.send(b"").unwrap();
        assert_eq!(answer.status, 200, "{origin}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "*",
            "{origin}"
        );
        assert_eq!(answer.header("cache-control"), "public, max-age=3600");
        let keys = answer.json().unwrap();
        let key = &keys["keys"][0];
        assert_eq!(key["algorithm"], "Ed25519", "{keys}");
        assert_eq!(key["publicKey"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn who_does_not_ask_is_given_none() {
    let tenant = stage().tenant_with(GREET).unwrap();
    let answer = stage().call(&tenant, "greet").unwrap();
    assert!(!answer.text().contains("smcp/receipt"), "{}", answer.text());
}
