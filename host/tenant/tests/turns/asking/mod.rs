//! A tenant whose server asks for hosts, secrets and settings.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use serde_json::{Value, json};
use smcp_package::{Asks, Manifest, capabilities, embed_manifest, sign};

use crate::world::{Outcome, World, catalogue, publisher, tool_call};

pub const GREET: &str = include_str!("../../../../../tests/guests/greet.wat");
pub const SETTING: &str = include_str!("../../../../../tests/guests/setting.wat");
pub const SERVER: &str = "/tenants/acme/servers/hello";

/// The guest with imports that it does not use.
pub fn importing(wat: &str) -> String {
    let http = r#"(import "smcp:server/http@0.1.0" "send"
        (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
    let config = r#"(import "smcp:server/config@0.1.0" "get" (func (param i32 i32 i32)))"#;
    let imports = if wat.contains("server/config") {
        http.to_owned()
    } else {
        format!("{http}{config}")
    };
    wat.replacen("(module", &format!("(module {imports}"), 1)
}

/// A signed package of the guest that asks for `asks`.
pub fn package(wat: &str, version: &str, asks: &Value) -> Vec<u8> {
    let module = wat::parse_str(importing(wat)).unwrap();
    let interfaces = capabilities(&module).unwrap();
    let name = "hello".parse().unwrap();
    let manifest = Manifest::new(name, version, catalogue(wat), interfaces).unwrap();
    let manifest = manifest.with_asks(Asks::parse(&asks.to_string()).unwrap());
    sign(
        &embed_manifest(&module, &manifest).unwrap(),
        &[&publisher()],
    )
    .unwrap()
}

/// A tenant that trusts the publisher and has nothing published yet.
pub struct Acme {
    pub world: World,
    pub key: String,
}

impl Acme {
    pub fn new() -> Self {
        let mut world = World::new();
        world.admin("POST", "/tenants", json!({"tenant": "acme"}));
        let publisher = publisher().public().to_string();
        world.admin(
            "POST",
            "/tenants/acme/publishers",
            json!({"key": publisher}),
        );
        let key = world.key("acme", json!({"name": "test"}));
        Self { world, key }
    }

    /// One whose server asks for that, has it, and is live.
    pub fn with(asks: &Value) -> Self {
        let mut acme = Self::new();
        acme.publish("1.0.0", asks);
        for ask in asks["http"].as_array().into_iter().flatten() {
            acme.put("/grants", ask.clone());
        }
        for secret in asks["secrets"].as_array().into_iter().flatten() {
            let path = format!("/secrets/{}", secret["name"].as_str().unwrap());
            acme.put(&path, json!({"value": "a-secret-value"}));
        }
        assert_eq!(acme.show()["version"], "1.0.0", "{}", acme.show());
        acme
    }

    pub fn publish(&mut self, version: &str, asks: &Value) -> (u16, Value) {
        self.publish_as(GREET, version, asks)
    }

    pub fn publish_as(&mut self, wat: &str, version: &str, asks: &Value) -> (u16, Value) {
        let path = format!("{SERVER}/releases");
        let package = package(wat, version, asks);
        answer(&self.world.admin_bytes("POST", &path, package))
    }

    /// A request about the server.
    pub fn ask(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        answer(&self.world.admin(method, &format!("{SERVER}{path}"), body))
    }

    /// What is set, and taken.
    #[track_caller]
    pub fn put(&mut self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask("PUT", path, body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub fn show(&mut self) -> Value {
        self.ask("GET", "", Value::Null).1
    }

    /// The status of a call of a tool.
    pub fn call(&mut self) -> u16 {
        let key = self.key.clone();
        self.world
            .call(&key, &tool_call(1, "greet", json!({})))
            .status()
    }
}

fn answer(outcome: &Outcome) -> (u16, Value) {
    (outcome.status(), outcome.json())
}

/// Status and code of a refusal.
pub fn refusal(answer: &(u16, Value)) -> (u16, &str) {
    (
        answer.0,
        answer.1["error"]["code"].as_str().unwrap_or_default(),
    )
}
