//! A client in a session of the legacy era: its requests, its streams, what it reads on them.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use serde_json::{Value, json};
use smcp_capability::turn::Frame;

use crate::world::{Outcome, World};

pub const OBJECT: &str = "tenant:acme";
pub const ENDPOINT: &str = "/t/acme/hello/mcp";
pub const VERSION: &str = "2025-11-25";

pub fn initialize(version: &str) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": version,
            "capabilities": {"elicitation": {}},
            "clientInfo": {"name": "tester", "version": "1"},
        },
    })
}

pub fn frame(world: &mut World, method: &str, key: &str, session: &str, body: &Value) -> Frame {
    let body = match body {
        Value::Null => Vec::new(),
        body => body.to_string().into_bytes(),
    };
    let mut frame = world.frame(method, ENDPOINT, key, body);
    for (name, value) in [
        ("mcp-session-id", session),
        ("mcp-protocol-version", VERSION),
    ] {
        frame.headers.push((name.to_owned(), value.to_owned()));
    }
    frame
}

pub fn post(world: &mut World, key: &str, session: &str, body: &Value) -> Outcome {
    let frame = frame(world, "POST", key, session, body);
    world.send(OBJECT, frame)
}

/// A session: its name.
pub fn begin(world: &mut World, key: &str) -> String {
    let begun = world.call(key, &initialize(VERSION));
    assert_eq!(begun.status(), 200, "{}", begun.text());
    let headers = &begun.reply.head.headers;
    let (_, id) = headers
        .iter()
        .find(|(name, _)| name == "mcp-session-id")
        .unwrap();
    id.clone()
}

/// The messages of events, in order.
pub fn messages(text: &str) -> Vec<Value> {
    let data = text
        .split('\n')
        .filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| !data.is_empty())
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

pub fn last_id(text: &str) -> String {
    let mut ids = text
        .split('\n')
        .filter_map(|line| line.strip_prefix("id: "));
    ids.next_back().unwrap().to_owned()
}

/// Takes a stream up again after that event: its place among the streams, or the reply.
pub fn attach(
    world: &mut World,
    key: &str,
    session: &str,
    after: Option<&str>,
) -> Result<usize, Outcome> {
    let mut frame = frame(world, "GET", key, session, &Value::Null);
    if let Some(after) = after {
        frame
            .headers
            .push(("last-event-id".to_owned(), after.to_owned()));
    }
    world
        .listen(OBJECT, session, frame)
        .map_err(|reply| Outcome {
            reply,
            stream: None,
            yields: 0,
        })
}
