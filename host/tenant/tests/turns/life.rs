//! The life of a tenant, a server and a key, through the frames that reach an object.

use crate::world::{World, package, package_as, publisher, tool_call};
use serde_json::{Value, json};
use smcp_capability::turn::{Effect, Step};
use smcp_ids::limits;
use smcp_tenant::TurnId;

const OBJECT: &str = "tenant:acme";
const TOOL: &str = include_str!("../../../../tests/guests/greet.wat");

#[test]
fn a_published_tool_is_listed_and_called() {
    let mut world = World::new();
    let key = world.acme(TOOL);
    let listed = world.call(
        &key,
        &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}),
    );
    assert_eq!(listed.json()["result"]["tools"][0]["name"], "greet");
    let called = world.call(&key, &tool_call(2, "greet", json!({})));
    assert_eq!(called.status(), 200);
    assert_eq!(called.json()["result"]["content"][0]["text"], "hello");
    assert!(
        called.json()["result"]["_meta"]["smcp/usage"]["fuel"]
            .as_u64()
            .unwrap()
            > 0
    );
}

#[test]
fn an_evicted_object_answers_as_before() {
    let mut world = World::new();
    let key = world.acme(TOOL);
    world.evict();
    assert_eq!(
        world.call(&key, &tool_call(2, "greet", json!({}))).status(),
        200
    );
}

#[test]
fn a_revoked_key_is_refused_at_once_and_ever_after() {
    let mut world = World::new();
    let key = world.acme(TOOL);
    let id = key.split('_').nth(2).unwrap().to_owned();
    assert_eq!(
        world
            .admin("DELETE", &format!("/tenants/acme/keys/{id}"), Value::Null)
            .status(),
        200
    );
    assert_eq!(
        world.call(&key, &tool_call(2, "greet", json!({}))).status(),
        401
    );
    world.evict();
    assert_eq!(
        world.call(&key, &tool_call(2, "greet", json!({}))).status(),
        401
    );
}

#[test]
fn a_key_for_one_server_sees_no_other() {
    let mut world = World::new();
    world.acme(TOOL);
    let other = world.key("acme", json!({"scopes": "mcp/other"}));
    let unseen = world.call(&other, &tool_call(1, "greet", json!({})));
    let absent = world.call_at(
        "/t/acme/nothing/mcp",
        &other,
        &tool_call(1, "greet", json!({})),
    );
    assert_eq!((unseen.status(), unseen.text()), (404, absent.text()));
}

#[test]
fn the_same_version_with_other_bytes_is_refused_and_the_same_bytes_are_welcome() {
    let mut world = World::new();
    world.acme(TOOL);
    let path = "/tenants/acme/servers/hello/releases";
    let again = world.admin_bytes("POST", path, package(TOOL, "1.0.0"));
    assert_eq!(
        (again.status(), &again.json()["again"]),
        (200, &json!(true))
    );
    let changed = TOOL.replace(";; changed", "(data (i32.const 2000) \"x\")");
    assert_ne!(changed, TOOL);
    let other = world.admin_bytes("POST", path, package(&changed, "1.0.0"));
    assert_eq!(
        (other.status(), &other.json()["error"]["code"]),
        (409, &json!("version_exists"))
    );
    let raised = world.admin_bytes("POST", path, package(&changed, "1.0.1"));
    assert_eq!(raised.status(), 201);
    let releases = world.admin("GET", path, Value::Null).json();
    assert_eq!(releases["releases"].as_array().unwrap().len(), 2);
}

#[test]
fn a_manifest_that_the_module_does_not_say_is_refused() {
    let mut world = World::new();
    world.acme(TOOL);
    let lying = package_as(TOOL, "2.0.0", "{\"tools\":[]}", &publisher());
    let refused = world.admin_bytes("POST", "/tenants/acme/servers/hello/releases", lying);
    assert_eq!(
        (refused.status(), &refused.json()["error"]["code"]),
        (422, &json!("catalogue_mismatch"))
    );
}

#[test]
fn a_revoked_publisher_can_publish_nothing_more_but_what_is_live_stays() {
    let mut world = World::new();
    let key = world.acme(TOOL);
    let publisher = publisher().public();
    let path = format!("/tenants/acme/publishers/{publisher}");
    let revoked = world.admin("DELETE", &path, Value::Null);
    assert_eq!(revoked.json()["flagged"], json!(["hello"]));
    assert_eq!(
        world.call(&key, &tool_call(1, "greet", json!({}))).status(),
        200
    );
    let refused = world.admin_bytes(
        "POST",
        "/tenants/acme/servers/hello/releases",
        package(TOOL, "3.0.0"),
    );
    assert_eq!(refused.status(), 422);
    let stopped = world.admin("DELETE", &format!("{path}?stop=true"), Value::Null);
    assert_eq!(stopped.json()["stopped"], json!(["hello"]));
    assert_eq!(
        world.call(&key, &tool_call(1, "greet", json!({}))).status(),
        404
    );
}

#[test]
fn a_deleted_tenant_leaves_nothing_and_its_keys_open_nothing() {
    let mut world = World::new();
    let key = world.acme(TOOL);
    assert_eq!(
        world
            .admin("DELETE", "/tenants/acme?grace_days=0", Value::Null)
            .status(),
        200
    );
    assert!(world.modules().is_empty());
    assert!(world.rows("tenant:acme").is_empty());
    assert_eq!(
        world.call(&key, &tool_call(1, "greet", json!({}))).status(),
        401
    );
    assert_eq!(
        world.admin("GET", "/tenants", Value::Null).json(),
        json!({"tenants": []})
    );
    assert_eq!(
        world
            .admin("POST", "/tenants", json!({"tenant": "acme"}))
            .status(),
        201
    );
    assert_eq!(
        world.call(&key, &tool_call(1, "greet", json!({}))).status(),
        401
    );
}

#[test]
fn altered_rows_and_modules_are_never_answered_from() {
    let mut world = World::new();
    let key = world.acme(TOOL);
    world.evict();
    for module in world.modules().values_mut() {
        *module.last_mut().unwrap() ^= 1;
    }
    assert_eq!(
        world.call(&key, &tool_call(1, "greet", json!({}))).status(),
        503
    );
    for row in world.rows("tenant:acme").values_mut() {
        *row.last_mut().unwrap() ^= 1;
    }
    world.evict();
    assert_eq!(
        world.call(&key, &tool_call(1, "greet", json!({}))).status(),
        503
    );
}

#[test]
fn a_call_that_takes_long_is_answered_as_a_stream() {
    let mut world = World::new();
    world.slice_millis = 20.0;
    let key = world.acme(include_str!("../../../../tests/guests/work.wat"));
    let called = world.call(&key, &tool_call(1, "work", json!({})));
    assert!(called.yields > 2, "{}", called.yields);
    let stream = called.stream.as_ref().unwrap();
    assert!(stream.starts_with(":\n\n"), "{stream}");
    assert!(
        called.text().starts_with("event: message\ndata: {"),
        "{}",
        called.text()
    );
}

#[test]
fn a_call_that_never_ends_runs_out_of_fuel_and_says_so() {
    let mut world = World::new();
    let key = world.acme(include_str!("../../../../tests/guests/spin.wat"));
    world.slice_millis = 0.0;
    let called = world.call(&key, &tool_call(1, "spin", json!({})));
    let error = &called.json()["error"];
    assert_eq!(error["data"]["code"], "guest_out_of_fuel", "{error}");
    world.slice_millis = 5_000.0;
    let called = world.call(&key, &tool_call(1, "spin", json!({})));
    assert!(
        called.text().contains("guest_deadline"),
        "{}",
        called.text()
    );
}

/// Begins a call that never ends, up to its first yield: whether it computes, or waits for a place.
fn spins(world: &mut World, key: &str) -> (TurnId, bool) {
    let body = tool_call(1, "spin", json!({})).to_string().into_bytes();
    let frame = world.frame("POST", "/t/acme/hello/mcp", key, body);
    let turn = world.begin(OBJECT, frame);
    let mut answer = None;
    loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(effect) => answer = Some(world.perform(OBJECT, effect)),
            Step::Yield => return (turn, true),
            Step::Queued => return (turn, false),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_caller_who_has_all_that_he_may_waits_and_keeps_nobody_else_from_computing() {
    let mut world = World::new();
    let key = world.acme(include_str!("../../../../tests/guests/spin.wat"));
    let other = world.key("acme", json!({"name": "other"}));
    let held: Vec<_> = (0..limits::CALLS_AT_ONCE_EACH)
        .map(|_| spins(&mut world, &key))
        .collect();
    assert!(held.iter().all(|(_, computes)| *computes));
    let (waits, computes) = spins(&mut world, &key);
    assert!(!computes, "more than one caller may have");
    assert!(spins(&mut world, &other).1, "another caller waits");
    assert_eq!(world.step(OBJECT, waits, None), Step::Queued);
    // Who has gone makes room: its first slice is run, and asks for memory for more.
    world.cancel(OBJECT, held[3].0);
    let step = world.step(OBJECT, waits, None);
    assert!(
        matches!(step, Step::Need(Effect::Reserve { .. })),
        "{step:?}"
    );
}
