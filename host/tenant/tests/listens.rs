//! Who listens, what they are told, and what they are not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod world;

use serde_json::{Value, json};
use smcp_capability::turn::{Performed, Step};
use smcp_tenant::TurnId;
use world::{World, tool_call};

const FIRST: &str = include_str!("../../../tests/guests/ask.wat");
const SECOND: &str = include_str!("../../../tests/guests/greet.wat");
const OBJECT: &str = "tenant:acme";

/// A tenant whose server has been called once, so that its lists are known.
fn world() -> (World, String) {
    let mut world = World::new();
    let key = world.acme(FIRST);
    world.call(&key, &tool_call(1, "ask", json!({})));
    (world, key)
}

/// Listens, up to the first sleep; gives the acknowledgment too.
fn listen(world: &mut World, path: &str, key: &str, notifications: Value) -> (TurnId, String) {
    let params = json!({
        "notifications": notifications,
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    });
    let method = "subscriptions/listen";
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let mut frame = world.frame("POST", path, key, body.to_string().into_bytes());
    for (name, value) in [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", method),
    ] {
        frame.headers.push((name.to_owned(), value.to_owned()));
    }
    let turn = world.begin(OBJECT, frame);
    let first = world.step(OBJECT, turn, None);
    assert!(matches!(first, Step::Open(_)), "{first:?}");
    let Step::Emit(acknowledged) = world.step(OBJECT, turn, None) else {
        panic!("not acknowledged")
    };
    assert!(matches!(world.step(OBJECT, turn, None), Step::Need(_)));
    (turn, String::from_utf8(acknowledged).unwrap())
}

fn woken(world: &mut World, turn: TurnId) -> Step {
    world.step(OBJECT, turn, Some(Performed::Done))
}

#[test]
fn who_listens_is_told_of_the_lists_that_changed_and_of_nothing_else() {
    let (mut world, key) = world();
    let wish = json!({"toolsListChanged": true, "promptsListChanged": true});
    let (tools, first) = listen(&mut world, "/t/acme/hello/mcp", &key, wish);
    assert!(
        first.contains("notifications/subscriptions/acknowledged"),
        "{first}"
    );
    assert!(
        first.contains(r#""io.modelcontextprotocol/subscriptionId":7"#),
        "{first}"
    );
    // The server has no prompts.
    assert!(!first.contains("promptsListChanged"), "{first}");
    let wish = json!({"promptsListChanged": true});
    let (prompts, _) = listen(&mut world, "/t/acme/hello/mcp", &key, wish);
    world.publish(SECOND, "2.0.0");
    assert_eq!(world.woken, [tools]);
    let Step::Emit(told) = woken(&mut world, tools) else {
        panic!("nothing told")
    };
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("notifications/tools/list_changed"), "{told}");
    world.cancel(OBJECT, prompts);
}

#[test]
fn a_client_that_has_gone_is_not_told() {
    let (mut world, key) = world();
    let wish = json!({"toolsListChanged": true});
    let (turn, _) = listen(&mut world, "/t/acme/hello/mcp", &key, wish);
    world.cancel(OBJECT, turn);
    world.publish(SECOND, "2.0.0");
    assert!(world.woken.is_empty());
}

#[test]
fn a_key_that_was_revoked_meanwhile_is_told_nothing_more() {
    let (mut world, key) = world();
    let wish = json!({"toolsListChanged": true});
    let (turn, _) = listen(&mut world, "/t/acme/hello/mcp", &key, wish);
    let id = key.split('_').nth(2).unwrap().to_owned();
    world.admin("DELETE", &format!("/tenants/acme/keys/{id}"), Value::Null);
    world.publish(SECOND, "2.0.0");
    let Step::Done(reply) = woken(&mut world, turn) else {
        panic!("still listening")
    };
    let last = String::from_utf8(reply.body).unwrap();
    assert!(!last.contains("list_changed"), "{last}");
}

#[test]
fn at_the_address_of_all_servers_a_key_hears_of_those_it_sees() {
    let (mut world, key) = world();
    let other = world.key("acme", json!({"servers": ["other"]}));
    let wish = json!({"toolsListChanged": true});
    let (all, _) = listen(&mut world, "/t/acme/mcp", &key, wish.clone());
    let (none, _) = listen(&mut world, "/t/acme/mcp", &other, wish);
    world.publish(SECOND, "2.0.0");
    assert_eq!(world.woken, [all]);
    world.cancel(OBJECT, none);
}
