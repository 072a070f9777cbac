//! Grants and secrets on real workerd: a release waits, a grant makes it live, and a secret is nowhere to be read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;

use serde_json::{Value, json};
use smcp_package::{Asks, Manifest, capabilities, embed_manifest, sign};
use smcp_tests::admin::Admin;
use smcp_tests::{guests, stage};

const GREET: &str = include_str!("../guests/greet.wat");
const CATALOGUE: &str = r#"{"tools":[{"name":"greet","inputSchema":{"type":"object"}}]}"#;
const VALUE: &str = "xyzzy-the-value-0123456789";

/// A server that asks for a host, and for a secret to go there.
fn package(version: &str) -> Vec<u8> {
    let import = r#"(module (import "smcp:server/http@0.1.0" "send"
        (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
    let module = wat::parse_str(GREET.replacen("(module", import, 1)).unwrap();
    let asks = json!({
        "http": [{"host": "*.example.com", "methods": ["GET"]}],
        "secrets": [{"name": "TOKEN", "hosts": ["api.example.com"]}],
    });
    let interfaces = capabilities(&module).unwrap();
    let manifest = Manifest::new("guest".parse().unwrap(), version, CATALOGUE, interfaces).unwrap();
    let manifest = manifest.with_asks(Asks::parse(&asks.to_string()).unwrap());
    let package = embed_manifest(&module, &manifest).unwrap();
    sign(&package, &[&guests::publisher()]).unwrap()
}

/// How often a text occurs in the files below a directory.
fn occurrences(directory: &Path, text: &str) -> usize {
    let entries = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let count = |path: std::path::PathBuf| {
        if path.is_dir() {
            return occurrences(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        let windows = bytes.windows(text.len());
        windows.filter(|window| *window == text.as_bytes()).count()
    };
    entries.map(count).sum()
}

#[test]
fn a_release_waits_for_its_grant_and_its_secret_which_nobody_can_read_back() {
    let tenant = stage().tenant().unwrap();
    let platform = stage().platform();
    let admin = Admin::new(platform.url(), platform.admin_token());
    let server = format!("/tenants/{}/servers/guest", tenant.name);
    let mut answers = Vec::new();
    let mut ask = |method: &str, path: &str, body: Value| {
        let path = format!("{server}{path}");
        let answer = match body {
            Value::Null => admin.ask(method, &path).send(b"").unwrap(),
            body => admin.send(method, &path, &body).unwrap(),
        };
        answers.push(answer.text().to_string());
        (answer.status, answer.json().unwrap())
    };

    let published = stage()
        .publish(&tenant, "guest", &package("1.0.0"))
        .unwrap();
    assert_eq!(published.status, 202, "{}", published.text());
    let release = published.json().unwrap()["release"].clone();
    assert_eq!(stage().call(&tenant, "greet").unwrap().status, 404);

    let grant = json!({"host": "*.example.com", "methods": ["GET"]});
    let (status, granted) = ask("PUT", "/grants", grant);
    assert_eq!(
        (status, &granted["went_live"]),
        (200, &Value::Null),
        "{granted}"
    );
    let (status, set) = ask("PUT", "/secrets/TOKEN", json!({ "value": VALUE }));
    assert_eq!((status, &set["went_live"]), (200, &release), "{set}");
    assert_eq!(set["hosts"], json!(["api.example.com"]));
    let called = stage().call(&tenant, "greet").unwrap();
    assert!(called.text().contains("hello"), "{}", called.text());

    let wrong = json!({"value": format!("{VALUE}\n"), "hosts": ["localhost"]});
    assert_eq!(ask("PUT", "/secrets/TOKEN", wrong).0, 400);
    assert_eq!(
        ask("PUT", "/secrets/TOKEN", json!({"value": {VALUE: VALUE}})).0,
        400
    );
    for path in ["", "/secrets", "/grants", "/releases", "/config"] {
        assert_eq!(ask("GET", path, Value::Null).0, 200, "{path}");
    }
    // A pattern in a query passes the edge, as programs write it and as people do.
    assert_eq!(
        ask("DELETE", "/grants?host=%2A.example.com", Value::Null).0,
        200
    );
    assert_eq!(
        ask("DELETE", "/grants?host=*.example.com", Value::Null).0,
        404
    );
    let called = stage().call(&tenant, "greet").unwrap();
    assert!(called.text().contains("hello"), "what is live stays live");

    for answer in &answers {
        assert!(!answer.contains("xyzzy"), "{answer}");
    }
    assert!(!stage().log().unwrap().contains("xyzzy"));
    let state = stage().state();
    assert!(occurrences(&state, "guest/TOKEN") > 0, "its row is there");
    assert_eq!(occurrences(&state, "xyzzy"), 0);
}

#[test]
fn the_command_publishes_grants_and_sets() {
    let tenant = stage().tenant().unwrap();
    let platform = stage().platform();
    let (file, token) = (
        platform.scratch("asking.wasm"),
        platform.scratch("asking.token"),
    );
    std::fs::write(&file, package("1.0.0")).unwrap();
    std::fs::write(&token, VALUE).unwrap();
    let (file, token) = (file.to_str().unwrap(), token.to_str().unwrap());
    let smcp = |words: &[&str]| {
        let of = ["--server", "guest", "--tenant", &tenant.name];
        platform.smcp(words.iter().chain(&of)).unwrap()
    };
    let published = smcp(&["publish", file, "--grant"]);
    assert_eq!(published["missing"]["http"], json!([]));
    assert_eq!(published["waiting"]["version"], "1.0.0");
    let set = smcp(&["secret", "set", "TOKEN", "--file", token]);
    assert_eq!(set["went_live"], published["release"]);
    assert_eq!(
        smcp(&["grant", "list"])["grants"][0]["host"],
        "*.example.com"
    );
    assert_eq!(smcp(&["secret", "list"])["secrets"][0]["name"], "TOKEN");
    assert_eq!(stage().call(&tenant, "greet").unwrap().status, 200);
}
