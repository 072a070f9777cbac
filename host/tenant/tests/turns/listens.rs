//! Who listens, what they are told, and what they are not.

use crate::world::{World, tool_call};
use serde_json::{Value, json};
use smcp_capability::turn::{Frame, Reply};

const FIRST: &str = include_str!("../../../../tests/guests/ask.wat");
const SECOND: &str = include_str!("../../../../tests/guests/greet.wat");
const OBJECT: &str = "tenant:acme";

/// A tenant whose server has been called once, so that its lists are known.
fn world() -> (World, String) {
    let mut world = World::new();
    let key = world.acme(FIRST);
    world.call(&key, &tool_call(1, "ask", json!({})));
    (world, key)
}

fn frame(world: &mut World, path: &str, key: &str, notifications: &Value) -> Frame {
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
    frame
}

/// Listens to one server; gives the stream.
fn listen(world: &mut World, key: &str, notifications: Value) -> usize {
    let frame = frame(world, "/t/acme/hello/mcp", key, &notifications);
    world.listen(OBJECT, "hello", frame).unwrap()
}

/// What a stream was told since this was last asked.
fn told(world: &mut World, stream: usize) -> String {
    std::mem::take(&mut world.streams[stream].told)
}

#[test]
fn who_listens_is_told_of_the_lists_that_changed_and_of_nothing_else() {
    let (mut world, key) = world();
    let wish = json!({"toolsListChanged": true, "promptsListChanged": true});
    let tools = listen(&mut world, &key, wish);
    let first = told(&mut world, tools);
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
    let prompts = listen(&mut world, &key, json!({"promptsListChanged": true}));
    told(&mut world, prompts);
    world.publish(SECOND, "2.0.0");
    let news = told(&mut world, tools);
    assert!(news.contains("notifications/tools/list_changed"), "{news}");
    assert_eq!(told(&mut world, prompts), "");
}

#[test]
fn who_listens_costs_no_turn_and_hears_of_changes_after_the_object_has_slept() {
    let (mut world, key) = world();
    let stream = listen(&mut world, &key, json!({"toolsListChanged": true}));
    told(&mut world, stream);
    assert_eq!(world.turns(OBJECT), 0);
    world.evict();
    world.publish(SECOND, "2.0.0");
    assert!(told(&mut world, stream).contains("tools/list_changed"));
}

#[test]
fn one_whose_connection_was_lost_is_told_that_everything_may_have_changed() {
    let (mut world, key) = world();
    let wish = json!({"toolsListChanged": true, "promptsListChanged": true});
    let mut resumed = frame(&mut world, "/t/acme/hello/mcp", &key, &wish);
    resumed.headers.push(("x-smcp-resumed".into(), "1".into()));
    let stream = world.listen(OBJECT, "hello", resumed).unwrap();
    let first = told(&mut world, stream);
    assert!(first.contains("tools/list_changed"), "{first}");
    assert!(!first.contains("acknowledged"), "{first}");
    // Of what the server does not have nothing can have changed.
    assert!(!first.contains("prompts/list_changed"), "{first}");
}

#[test]
fn a_key_that_was_revoked_meanwhile_is_told_nothing_more() {
    let (mut world, key) = world();
    let stream = listen(&mut world, &key, json!({"toolsListChanged": true}));
    told(&mut world, stream);
    let id = key.split('_').nth(2).unwrap().to_owned();
    world.admin("DELETE", &format!("/tenants/acme/keys/{id}"), Value::Null);
    world.publish(SECOND, "2.0.0");
    let last = told(&mut world, stream);
    assert!(!last.contains("list_changed"), "{last}");
    assert!(last.contains(r#""resultType":"complete""#), "{last}");
    assert!(world.streams[stream].ended);
}

#[test]
fn a_key_that_has_expired_meanwhile_is_told_nothing_more() {
    let (mut world, _) = world();
    let key = world.key("acme", json!({"expires_in_days": 1}));
    let stream = listen(&mut world, &key, json!({"toolsListChanged": true}));
    told(&mut world, stream);
    world.pass(86_400_000.0);
    world.publish(SECOND, "2.0.0");
    assert!(!told(&mut world, stream).contains("list_changed"));
    assert!(world.streams[stream].ended);
}

#[test]
fn at_the_address_of_all_servers_a_key_hears_of_those_it_sees() {
    let (mut world, key) = world();
    let other = world.key("acme", json!({"scopes": "mcp/other"}));
    let wish = json!({"toolsListChanged": true});
    let streams = [&key, &other].map(|key| {
        let frame = frame(&mut world, "/t/acme/mcp", key, &wish);
        let stream = world.listen(OBJECT, "*", frame).unwrap();
        told(&mut world, stream);
        stream
    });
    world.publish(SECOND, "2.0.0");
    let heard = streams.map(|stream| told(&mut world, stream).contains("tools/list_changed"));
    assert_eq!(heard, [true, false]);
}

#[test]
fn a_request_that_says_it_listens_and_does_not_is_refused_and_not_performed() {
    let (mut world, key) = world();
    let body = tool_call(1, "ask", json!({})).to_string().into_bytes();
    let mut frame = world.frame("POST", "/t/acme/hello/mcp", &key, body);
    let header = ("mcp-method".to_owned(), "subscriptions/listen".to_owned());
    frame.headers.push(header);
    let Reply { head, body } = world.listen(OBJECT, "hello", frame).unwrap_err();
    assert_eq!(head.status, 400);
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains("-32020"), "{text}");
}
