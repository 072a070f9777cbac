//! The official clients complete OAuth with their own code, on workerd: they discover, register, send a person to the
//! consent page, get tokens, renew them, and recover when these were taken back. The person is a script that follows
//! the page's form.
//!
//! Each client is told what to do in the same words, so that each claim is written once:
//!
//! | word | what it does |
//! |---|---|
//! | `connect`, `connect SCOPE` | connects, with what the host asks for, or with less |
//! | `list` | lists the tools |
//! | `call TOOL` | calls one |
//! | `finish` | is given the answer of the person whom it asked in a call that is over |
//! | `spoil` | its access token is good no more |
//! | `forget` | it has no refresh token any more |
//!
//! It says how often its person was asked by then, and which scopes the last time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod more;
mod rust;

use std::process::Command;

use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::driven::Driven;
use smcp_tests::{person, stage};
use smcp_xtask::{paths, python};

const GREET: &str = include_str!("../../guests/greet.wat");

/// A server of a fresh tenant, and a member who may use it.
struct Place {
    admin: Admin,
    tenant: String,
    access_code: String,
}

impl Place {
    fn new() -> Self {
        Self::with(GREET)
    }

    fn with(guest: &str) -> Self {
        let platform = stage().platform();
        let tenant = stage().tenant_with(guest).unwrap().name;
        let admin = Admin::new(platform.url(), platform.admin_token());
        let path = format!("/tenants/{tenant}/members");
        let invited = admin.send("POST", &path, &json!({"name": "Ada"})).unwrap();
        assert_eq!(invited.status, 201, "{}", invited.text());
        let invited = invited.json().unwrap();
        let link = invited["invitation"].as_str().unwrap();
        Self {
            access_code: person::accept(link).unwrap(),
            admin,
            tenant,
        }
    }

    fn url(&self) -> String {
        stage().platform().endpoint(&self.tenant, "guest")
    }

    fn connections(&self) -> Vec<Value> {
        let path = format!("/tenants/{}/connections", self.tenant);
        let listed = self.admin.get(&path).unwrap().json().unwrap();
        listed["connections"].as_array().unwrap().clone()
    }

    fn end_connections(&self) {
        for connection in self.connections() {
            let id = connection["id"].as_str().unwrap();
            let path = format!("/tenants/{}/connections/{id}", self.tenant);
            let ended = self.admin.send("DELETE", &path, &Value::Null).unwrap();
            assert_eq!(ended.status, 200, "{}", ended.text());
        }
    }
}

fn javascript(kind: &str, place: &Place) -> Driven {
    let mut node = Command::new(paths::node());
    let script = paths::root().join("tests/clients/oauth.mjs");
    Driven::process(
        node.arg(script)
            .args([kind, &place.url(), &place.access_code]),
    )
    .unwrap()
}

fn told(client: &mut Driven, word: &str) -> Value {
    let said = client.ask(word).unwrap();
    assert_eq!(said["failed"], Value::Null, "{word}: {said}");
    said
}

/// The whole of it, whoever the client is.
fn completes_the_flow(place: &Place, mut client: Driven, recovers: bool) {
    let connected = told(&mut client, "connect");
    assert_eq!(
        (&connected["asked"], &connected["scope"]),
        (&json!(1), &json!("mcp"))
    );
    assert_eq!(told(&mut client, "list")["tools"], json!(["greet"]));
    assert_eq!(told(&mut client, "call greet")["text"], "hello");
    assert_eq!(place.connections().len(), 1);
    told(&mut client, "spoil");
    let renewed = told(&mut client, "call greet");
    assert_eq!(
        (&renewed["text"], &renewed["asked"]),
        (&json!("hello"), &json!(1)),
        "without asking"
    );
    assert_ne!(renewed["access"], connected["access"]);
    place.end_connections();
    if recovers {
        let again = told(&mut client, "call greet");
        assert_eq!(
            (&again["text"], &again["asked"]),
            (&json!("hello"), &json!(2)),
            "after asking"
        );
    } else {
        let refused = told(&mut client, "call greet");
        assert_eq!(
            (&refused["unauthorized"], &refused["asked"]),
            (&json!(true), &json!(2))
        );
        assert_eq!(told(&mut client, "connect")["scope"], "mcp");
        assert_eq!(told(&mut client, "call greet")["text"], "hello");
    }
    // One that was agreed to and not begun is there until its code is too old.
    assert!(!place.connections().is_empty());
}

#[test]
fn the_newer_javascript_client_completes_the_flow_renews_and_recovers() {
    let place = Place::new();
    completes_the_flow(&place, javascript("client", &place), false);
}

#[test]
fn the_older_javascript_client_completes_the_flow_renews_and_recovers() {
    let place = Place::new();
    completes_the_flow(&place, javascript("sdk", &place), false);
}

#[test]
fn the_python_client_completes_the_flow_renews_and_recovers() {
    let place = Place::new();
    let script = paths::root().join("tests/clients/oauth.py");
    let mut python = Command::new(python::python().unwrap());
    python.arg(script).args([&place.url(), &place.access_code]);
    completes_the_flow(&place, Driven::process(&mut python).unwrap(), true);
}

#[test]
fn the_rust_client_completes_the_flow_renews_and_recovers() {
    let place = Place::new();
    completes_the_flow(&place, rust::start(&place), true);
}
