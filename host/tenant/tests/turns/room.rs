//! Memory for calls: when they ask for it, how they wait for it, and that nobody can tell that they did.

use crate::world::{Outcome, World, tool_call};
use serde_json::{Value, json};
use smcp_ids::limits;

const GREET: &str = include_str!("../../../../tests/guests/greet.wat");
const WORK: &str = include_str!("../../../../tests/guests/work.wat");
const NAP: &str = include_str!("../../../../tests/guests/nap.wat");
const ASK: &str = include_str!("../../../../tests/guests/ask.wat");

/// A call in the modern era of a client that wants all log entries.
fn call(world: &mut World, key: &str, tool: &str) -> Outcome {
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {
        "name": tool,
        "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
            "io.modelcontextprotocol/logLevel": "debug",
        },
    }});
    let body = body.to_string().into_bytes();
    let mut frame = world.frame("POST", "/t/acme/hello/mcp", key, body);
    for (name, value) in [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", tool),
    ] {
        frame.headers.push((name.to_owned(), value.to_owned()));
    }
    world.send("tenant:acme", frame)
}

/// The last message of an answer, whether it is a stream or not.
fn last(outcome: &Outcome) -> Value {
    let line = outcome.text().trim().lines().last().unwrap();
    serde_json::from_str(line.trim_start_matches("data: ")).unwrap()
}

#[test]
fn a_call_asks_for_memory_once_if_it_outlives_its_first_slice() {
    for (guest, tool, asks) in [
        (GREET, "greet", 0),
        (WORK, "work", 1),
        (NAP, "nap", 1),
        (ASK, "ask", 1),
    ] {
        let mut world = World::new();
        let key = world.acme(guest);
        let outcome = call(&mut world, &key, tool);
        assert_eq!(outcome.status(), 200, "{}", outcome.text());
        assert_eq!(world.reservations, asks, "{tool}");
    }
}

#[test]
fn a_call_that_has_waited_for_memory_is_the_same_call() {
    for (guest, tool) in [(WORK, "work"), (NAP, "nap"), (ASK, "ask")] {
        let mut results = Vec::new();
        for refusals in [0, 3] {
            let mut world = World::new();
            let key = world.acme(guest);
            world.refusals = refusals;
            let outcome = call(&mut world, &key, tool);
            let told = outcome.stream.as_deref().unwrap_or("").matches("told");
            // The state that a client carries is sealed, and never twice the same.
            let mut result = last(&outcome);
            if let Some(result) = result["result"].as_object_mut() {
                result.remove("requestState");
            }
            results.push((result, told.count()));
            assert_eq!(world.reservations, refusals + 1, "{tool}");
        }
        assert_eq!(results[0], results[1], "{tool}");
    }
}

#[test]
fn a_call_that_waits_too_long_for_memory_is_told_to_come_again() {
    let mut world = World::new();
    let key = world.acme(WORK);
    world.refusals = u32::MAX;
    let refused = world.call(&key, &tool_call(1, "work", json!({})));
    assert_eq!(refused.status(), 429, "{}", refused.text());
    assert_eq!(refused.json()["error"]["code"], "busy");
    let retry = ("retry-after".to_owned(), "1".to_owned());
    assert!(refused.reply.head.headers.contains(&retry));
    let looks = limits::ROOM_WAIT_MILLIS / u64::from(limits::ROOM_POLL_MILLIS);
    assert!(u64::from(world.reservations) >= looks);
    assert_eq!(world.turns("tenant:acme"), 0);
    // It has kept none of the tenant's places.
    world.refusals = 0;
    for _ in 0..=limits::CALLS_AT_ONCE {
        let answered = world.call(&key, &tool_call(1, "work", json!({})));
        assert_eq!(answered.status(), 200, "{}", answered.text());
    }
}
