//! A tenant whose server has releases that can be told apart: by their catalogues, and by what they answer.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use serde_json::{Value, json};

use crate::asking::{Acme, GREET, SERVER, package};
use crate::world::{ADMIN, Outcome, tool_call};

/// The guest number so and so: `gree1` answers `hell1`.
pub fn guest(number: u8) -> String {
    let guest = GREET
        .replace("greet", &format!("gree{number}"))
        .replace("hello", &format!("hell{number}"));
    assert_ne!(guest, GREET);
    guest
}

/// What those ask for that ask for something.
pub fn asks() -> Value {
    json!({"http": [{"host": "api.example.com", "methods": ["GET"]}]})
}

pub struct Releases {
    pub acme: Acme,
}

impl Releases {
    /// None is there yet.
    pub fn new() -> Self {
        Self { acme: Acme::new() }
    }

    /// Number 1 is live.
    pub fn with_one() -> Self {
        let mut releases = Self::new();
        assert_eq!(releases.publish(1, &json!({})).0, 201);
        releases
    }

    /// Publishes a release by its number; odd ones are of another tool than even ones.
    pub fn publish(&mut self, number: u8, asks: &Value) -> (u16, Value) {
        self.publish_by(ADMIN, number, asks)
    }

    pub fn publish_by(&mut self, by: &str, number: u8, asks: &Value) -> (u16, Value) {
        let package = package(&guest(number), &format!("{number}.0.0"), asks);
        let path = format!("/admin/v1{SERVER}/releases");
        let frame = self.acme.world.frame("POST", &path, by, package);
        said(&self.acme.world.send("tenant:acme", frame))
    }

    pub fn digest(&self, number: u8, asks: &Value) -> String {
        let package = package(&guest(number), &format!("{number}.0.0"), asks);
        let package = smcp_package::UntrustedPackage::parse(package).unwrap();
        let trusted = [crate::world::publisher().public()];
        package.verify(&trusted).unwrap().release().to_string()
    }

    /// A request about the server, by the platform's admin.
    pub fn ask(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.ask_by(ADMIN, method, path, body)
    }

    pub fn ask_by(&mut self, by: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let path = format!("/admin/v1{SERVER}{path}");
        let body = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        let frame = self.acme.world.frame(method, &path, by, body);
        said(&self.acme.world.send("tenant:acme", frame))
    }

    pub fn step(&mut self, release: &str, step: &str) -> (u16, Value) {
        self.ask("POST", &format!("/releases/{release}/{step}"), Value::Null)
    }

    pub fn canary(&mut self, release: &str, percent: u64) -> (u16, Value) {
        let path = format!("/releases/{release}/canary");
        self.ask("PUT", &path, json!({"percent": percent}))
    }

    pub fn delete(&mut self, release: &str) -> (u16, Value) {
        self.ask("DELETE", &format!("/releases/{release}"), Value::Null)
    }

    pub fn roll_back(&mut self) -> (u16, Value) {
        self.ask("POST", "/rollback", Value::Null)
    }

    pub fn rule(&mut self, approval: &str) {
        let path = "/tenants/acme/approval";
        let set = self
            .acme
            .world
            .admin("PUT", path, json!({"approval": approval}));
        assert_eq!(set.status(), 200, "{}", set.text());
    }

    /// What is said of a release; null if it is not there.
    pub fn of(&mut self, release: &str) -> Value {
        let (_, list) = self.ask("GET", "/releases", Value::Null);
        let releases = list["releases"].as_array().unwrap_or(const { &Vec::new() });
        let found = releases.iter().find(|row| row["release"] == release);
        found.cloned().unwrap_or_default()
    }

    /// Where a release is in its life; `gone` if it is not there.
    pub fn state(&mut self, release: &str) -> String {
        let of = self.of(release);
        of["state"].as_str().unwrap_or("gone").to_owned()
    }

    /// The tools that a caller is shown, and what it is answered when it calls the first.
    pub fn seen_by(&mut self, key: &str) -> (String, String) {
        let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
        let list = self.acme.world.call(key, &list).json();
        let tool = list["result"]["tools"][0]["name"]
            .as_str()
            .unwrap()
            .to_owned();
        let called = self
            .acme
            .world
            .call(key, &tool_call(2, &tool, json!({})))
            .json();
        let text = called["result"]["content"][0]["text"].as_str();
        (tool, text.unwrap_or_else(|| panic!("{called}")).to_owned())
    }
}

pub fn said(outcome: &Outcome) -> (u16, Value) {
    let text = outcome.text();
    (
        outcome.status(),
        serde_json::from_str(text).unwrap_or_default(),
    )
}

/// A server with a live release, and another one in that state.
pub fn in_state(state: &str) -> (Releases, String, Value) {
    let mut releases = Releases::with_one();
    let asked = if state == "waiting" {
        asks()
    } else {
        json!({})
    };
    let release = releases.digest(2, &asked);
    if matches!(state, "uploaded" | "approved" | "canary") {
        releases.rule("required");
    }
    let (status, published) = releases.publish(2, &asked);
    assert!(status < 300, "{published}");
    match state {
        "approved" => assert_eq!(releases.step(&release, "approve").0, 200),
        "canary" => {
            assert_eq!(releases.step(&release, "approve").0, 200);
            assert_eq!(releases.canary(&release, 50).0, 200);
        }
        "retired" => assert_eq!(releases.publish(3, &json!({})).0, 201),
        _ => {}
    }
    releases.rule("automatic");
    assert_eq!(releases.state(&release), state);
    (releases, release, asked)
}
