//! Attacks on what is counted: rows without end, lines that are not the host's, another tenant's counts.

use serde_json::{Value, json};
use smcp_ids::limits;

use crate::counted::{OBJECT, alerts, alter, lines, store, usage};
use crate::kv_world::Kv;
use crate::world::{World, tool_call};

const REST: f64 = limits::USAGE_REST_MILLIS as f64;
const HELLO: &str = include_str!("../../../../tests/guests/echo.wat");

#[test]
fn names_that_a_client_makes_up_have_no_rows() {
    let mut kv = Kv::new();
    let key = kv.key.clone();
    for number in 0..300 {
        kv.world
            .call(&key, &tool_call(1, &format!("tool{number}"), json!({})));
        let path = format!("/t/acme/server{number}/mcp");
        kv.world
            .call_at(&path, &key, &tool_call(1, "run", json!({})));
        let uri = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": format!("a:{number}")}});
        kv.world.call(&key, &uri);
        kv.world.call(
            &key,
            &json!({"jsonrpc": "2.0", "id": 1, "method": format!("x/{number}")}),
        );
    }
    let found = usage(&mut kv.world, "?by=tool");
    assert_eq!(found["all"]["requests"], 1_200);
    let rows = found["rows"].as_array().unwrap();
    assert!(rows.len() <= 5, "{found}");
}

#[test]
fn what_a_client_writes_is_in_no_line_and_breaks_none() {
    let mut world = World::new();
    let key = world.acme(HELLO);
    world.lines(OBJECT);
    let evil = "\"}\n{\"event\":\"alert\",\"kind\":\"forged\"}\u{2028}\u{1b}[2J";
    let message = json!({"jsonrpc": "2.0", "id": evil, "method": "tools/call",
        "params": {"name": evil, "arguments": {"secret": evil},
                   "_meta": {"traceparent": evil, "progressToken": evil}}});
    let mut frame = world.frame(
        "POST",
        "/t/acme/hello/mcp",
        &key,
        message.to_string().into_bytes(),
    );
    for name in [
        "traceparent",
        "tracestate",
        "mcp-session-id",
        "mcp-name",
        "origin",
    ] {
        frame.headers.push((name.into(), evil.into()));
    }
    world.send(OBJECT, frame);
    let path = format!("/t/acme/hello/mcp?{evil}");
    let frame = world.frame("POST", &path, &key, b"{}".to_vec());
    world.send(OBJECT, frame);
    let text = world.lines(OBJECT);
    assert!(!text.contains("forged") && !text.contains(&key), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["event"], "request");
    }
}

#[test]
fn no_argument_result_or_credential_is_in_a_line_or_an_alert() {
    let mut kv = Kv::new();
    kv.world.lines(OBJECT);
    for program in ["sQxgQ", "sQxgQe", "sQxp", "sQxu", "w"] {
        kv.call(program);
    }
    let shown = [
        kv.world.lines(OBJECT),
        serde_json::to_string(&alerts(&mut kv.world)).unwrap(),
    ]
    .concat();
    assert!(shown.contains("guest_panicked") && shown.contains("http_denied"));
    for secret in ["sQx", "api.example.com", kv.key.as_str()] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn a_batch_is_sealed_and_one_that_was_altered_or_moved_is_refused() {
    let mut kv = Kv::new();
    kv.call("ga");
    kv.call("saxu");
    store(&mut kv.world, REST);
    let items = kv.world.items(OBJECT).to_bytes();
    for text in ["tools/call", "guest_panicked", "key:"] {
        let found = items
            .windows(text.len())
            .any(|part| part == text.as_bytes());
        assert!(!found, "{text} is not sealed");
    }
    alter(&mut kv.world);
    let path = "/tenants/acme/usage";
    let refused = kv.world.admin("GET", path, Value::Null);
    assert_eq!(refused.status(), 503, "{}", refused.text());
    // That is no reason to refuse calls.
    assert_eq!(kv.run("ga"), "-");
}

#[test]
fn a_tenant_sees_its_own_counts_only_and_no_other_leaves_a_trace() {
    let mut kv = Kv::new();
    kv.call("ga");
    kv.world
        .admin("POST", "/tenants", json!({"tenant": "other"}));
    let other = kv
        .world
        .key("other", json!({"name": "a", "scopes": "admin audit"}));
    for path in ["usage", "alerts", "usage?by=key"] {
        let path = format!("/admin/v1/tenants/acme/{path}");
        for object in [OBJECT, "tenant:other"] {
            let frame = kv.world.frame("GET", &path, &other, Vec::new());
            let answer = kv.world.send(object, frame);
            assert_eq!(answer.status(), 404, "{path} {}", answer.text());
            assert!(!answer.text().contains("requests"));
        }
    }
    let answer = kv.world.admin("GET", "/tenants/other/usage", Value::Null);
    assert_eq!(answer.json()["all"]["requests"], 0);
    // An object of no tenant counts nothing, whoever asks it.
    let frame = kv
        .world
        .frame("POST", "/t/nobody/hello/mcp", &other, b"{}".to_vec());
    kv.world.send("tenant:nobody", frame);
    assert!(!kv.world.has_usage("tenant:nobody"));
    // One that is deleted forgets all of it.
    kv.world
        .admin("DELETE", "/tenants/acme?grace_days=0", Value::Null);
    store(&mut kv.world, REST);
    assert!(kv.world.items(OBJECT).to_bytes().len() < 16);
}

#[test]
fn a_flood_of_lines_is_bounded_until_they_are_taken() {
    let mut kv = Kv::new();
    for _ in 0..1_000 {
        kv.call("ga");
    }
    let text = kv.world.lines(OBJECT);
    assert!(text.len() <= limits::LINES_MAX + 100, "{}", text.len());
    let dropped = text.lines().last().unwrap();
    assert!(dropped.starts_with("{\"event\":\"dropped\""), "{dropped}");
    assert_eq!(lines(&mut kv.world, "request"), Vec::<Value>::new());
}
