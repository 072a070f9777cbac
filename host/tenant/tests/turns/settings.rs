//! Settings: an admin sets them, the server that they are for reads them, and nobody else does.

use crate::world::{World, package, tool_call};
use serde_json::{Value, json};
use smcp_ids::limits;

const GUEST: &str = include_str!("../../../../tests/guests/setting.wat");
const SERVERS: &str = "/tenants/acme/servers";

struct Acme {
    world: World,
    key: String,
}

impl Acme {
    fn new() -> Self {
        let mut world = World::new();
        let key = world.acme(GUEST);
        Self { world, key }
    }

    fn set(&mut self, name: &str, value: Value) -> (u16, Value) {
        let path = format!("{SERVERS}/hello/config/{name}");
        let outcome = self.world.admin("PUT", &path, json!({ "value": value }));
        (outcome.status(), outcome.json())
    }

    /// What the guest of a server reads.
    fn read(&mut self, server: &str) -> Value {
        let path = format!("/t/acme/{server}/mcp");
        let call = tool_call(1, "limit", json!({}));
        // A legacy client is given no structured content that is no object: so all of these are.
        let answer = self.world.call_at(&path, &self.key, &call).json();
        answer["result"]["structuredContent"].clone()
    }
}

#[test]
fn a_setting_holds_from_the_next_call_on_and_outlives_the_object() {
    let mut acme = Acme::new();
    assert_eq!(acme.read("hello"), Value::Null);
    let (status, set) = acme.set("limit", json!({"most": 20}));
    assert_eq!((status, &set["value"]), (200, &json!({"most": 20})));
    assert_eq!(acme.read("hello"), json!({"most": 20}));
    acme.world.evict();
    assert_eq!(acme.read("hello"), json!({"most": 20}));
    acme.set("limit", json!({"most": 5}));
    assert_eq!(acme.read("hello"), json!({"most": 5}));
    let path = format!("{SERVERS}/hello/config/limit");
    assert_eq!(acme.world.admin("DELETE", &path, Value::Null).status(), 200);
    assert_eq!(acme.read("hello"), Value::Null);
    assert_eq!(acme.world.admin("DELETE", &path, Value::Null).status(), 404);
}

#[test]
fn settings_are_listed_by_name() {
    let mut acme = Acme::new();
    acme.set("limit", json!(1));
    acme.set("a.b-c_D", json!("x"));
    let path = format!("{SERVERS}/hello/config");
    let listed = acme.world.admin("GET", &path, Value::Null).json();
    let settings: Vec<_> = listed["settings"].as_array().unwrap().iter().collect();
    let pairs = settings
        .iter()
        .map(|row| (row["name"].as_str(), &row["value"]));
    assert_eq!(
        pairs.collect::<Vec<_>>(),
        [(Some("a.b-c_D"), &json!("x")), (Some("limit"), &json!(1))]
    );
}

#[test]
fn another_server_reads_nothing_of_it_and_neither_does_a_successor() {
    let mut acme = Acme::new();
    let path = format!("{SERVERS}/other/releases");
    let published = acme
        .world
        .admin_bytes("POST", &path, package(GUEST, "1.0.0"));
    assert_eq!(published.status(), 201);
    acme.set("limit", json!({"most": 1}));
    assert_eq!(acme.read("other"), Value::Null);
    let path = format!("{SERVERS}/hello");
    assert_eq!(acme.world.admin("DELETE", &path, Value::Null).status(), 200);
    acme.world.publish(GUEST, "1.0.0");
    assert_eq!(acme.read("hello"), Value::Null);
}

#[test]
fn what_is_no_setting_is_refused_and_changes_nothing() {
    let mut acme = Acme::new();
    let large = "x".repeat(limits::SETTING_MAX);
    let long = "n".repeat(limits::SETTING_NAME_MAX + 1);
    for (name, value, status, code) in [
        ("a%20b", json!(1), 400, "invalid_name"),
        (&*long, json!(1), 400, "invalid_name"),
        ("limit", json!(large), 400, "setting_too_large"),
    ] {
        let (found, body) = acme.set(name, value);
        assert_eq!(
            (found, body["error"]["code"].as_str()),
            (status, Some(code)),
            "{name}"
        );
    }
    let path = format!("{SERVERS}/hello/config/limit");
    for body in [json!({}), json!({"value": 1, "more": 2}), json!([])] {
        let refused = acme.world.admin("PUT", &path, body);
        assert_eq!(refused.status(), 400, "{}", refused.text());
    }
    let absent = format!("{SERVERS}/absent/config/limit");
    let refused = acme.world.admin("PUT", &absent, json!({"value": 1}));
    assert_eq!(refused.status(), 404);
    assert_eq!(acme.read("hello"), Value::Null);
}

#[test]
fn a_server_has_so_many_settings_and_no_more() {
    let mut acme = Acme::new();
    for number in 0..limits::SETTINGS_MAX {
        assert_eq!(acme.set(&format!("s{number}"), json!(1)).0, 200);
    }
    let (status, body) = acme.set("limit", json!(1));
    assert_eq!(
        (status, body["error"]["code"].as_str()),
        (409, Some("too_many_settings"))
    );
    // One that is there already can be changed.
    assert_eq!(acme.set("s0", json!(2)).0, 200);
}

/// What the release declares, and whether that is said of its settings.
fn declared() -> Value {
    json!({"config": {
        "limit": {"type": "object", "properties": {"most": {"type": "integer", "minimum": 1}}, "required": ["most"]},
        "greeting": {"type": "string"},
    }})
}

#[test]
fn a_setting_is_what_the_release_declares() {
    let mut acme = crate::asking::Acme::new();
    let (status, published) = acme.publish_as(GUEST, "1.0.0", &declared());
    assert_eq!(status, 201, "{published}");
    acme.put("/config/limit", json!({"value": {"most": 20}}));
    acme.put("/config/greeting", json!({"value": "Good day"}));
    for (name, value, code, told) in [
        (
            "limt",
            json!({"most": 20}),
            "setting_unknown",
            "greeting, limit",
        ),
        (
            "limit",
            json!(20),
            "setting_mismatch",
            "\"required\":[\"most\"]",
        ),
        ("limit", json!({"most": 0}), "setting_mismatch", "/most"),
        ("limit", json!({}), "setting_mismatch", "most"),
        (
            "greeting",
            json!(1),
            "setting_mismatch",
            "{\"type\":\"string\"}",
        ),
    ] {
        let answer = acme.ask("PUT", &format!("/config/{name}"), json!({"value": value}));
        assert_eq!(crate::asking::refusal(&answer), (400, code), "{name}");
        let message = answer.1["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(told), "{message}");
    }
    let listed = acme.ask("GET", "/config", Value::Null).1;
    assert_eq!(listed["settings"][1]["value"], json!({"most": 20}));
}

#[test]
fn settings_that_a_new_release_declares_otherwise_are_told_and_can_be_removed() {
    let mut acme = crate::asking::Acme::new();
    acme.publish_as(GUEST, "1.0.0", &json!({}));
    acme.put("/config/limit", json!({"value": 5}));
    acme.put("/config/greeting", json!({"value": "Good day"}));
    acme.put("/config/old", json!({"value": 1}));
    let (status, published) = acme.publish_as(GUEST, "2.0.0", &declared());
    assert_eq!(
        (status, &published["unfit"]),
        (201, &json!(["limit", "old"]))
    );
    assert_eq!(acme.ask("DELETE", "/config/old", Value::Null).0, 200);
    assert_eq!(acme.ask("PUT", "/config/old", json!({"value": 1})).0, 400);
}

#[test]
fn what_a_waiting_release_declares_can_be_set_before_it_is_live() {
    let waits = json!({
        "http": [{"host": "a.example.com", "methods": ["GET"]}],
        "config": {"limit": {"type": "integer"}, "later": {"type": "boolean"}},
    });
    // Nothing is live: what waits is what counts.
    let mut acme = crate::asking::Acme::new();
    assert_eq!(acme.publish_as(GUEST, "1.0.0", &waits).0, 202);
    acme.put("/config/later", json!({"value": true}));
    assert_eq!(acme.ask("PUT", "/config/later", json!({"value": 1})).0, 400);
    assert_eq!(acme.ask("PUT", "/config/other", json!({"value": 1})).0, 400);
    // Where both declare it, the live one reads it.
    let mut acme = crate::asking::Acme::new();
    assert_eq!(acme.publish_as(GUEST, "1.0.0", &declared()).0, 201);
    assert_eq!(acme.publish_as(GUEST, "2.0.0", &waits).0, 202);
    acme.put("/config/limit", json!({"value": {"most": 2}}));
    assert_eq!(acme.ask("PUT", "/config/limit", json!({"value": 2})).0, 400);
    acme.put("/config/later", json!({"value": true}));
    let answer = acme.ask("PUT", "/config/other", json!({"value": 1}));
    let message = answer.1["error"]["message"].as_str().unwrap();
    assert!(message.contains("greeting, later, limit"), "{message}");
}
