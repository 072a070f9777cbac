//! Tenants with several servers, and what a client asks of all of them at their one address.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use serde_json::{Value, json};

use crate::world::{self, Outcome, World, package_as, publisher};

pub const SHELF: &str = include_str!("../../../../../tests/guests/shelf.wat");
pub const GREET: &str = include_str!("../../../../../tests/guests/greet.wat");
pub const TELL: &str = include_str!("../../../../../tests/guests/tell.wat");
pub const APPS: &str = include_str!("../../../../../tests/guests/apps.wat");
pub const UNION: &str = "/t/acme/mcp";
pub const OBJECT: &str = "tenant:acme";

/// A tenant with a server `hello`, and these beside it.
pub fn world(servers: &[(&str, &str)]) -> (World, String) {
    let mut world = World::new();
    let key = world.acme(GREET);
    for (server, wat) in servers {
        assert_eq!(publish(&mut world, server, wat).status(), 201, "{server}");
    }
    (world, key)
}

pub fn publish(world: &mut World, server: &str, wat: &str) -> Outcome {
    publish_as(world, server, wat, &world::catalogue(wat))
}

pub fn publish_as(world: &mut World, server: &str, wat: &str, catalogue: &str) -> Outcome {
    let package = package_as(wat, "1.0.0", catalogue, &publisher());
    let path = format!("/tenants/acme/servers/{server}/releases");
    world.admin_bytes("POST", &path, package)
}

/// A request of the legacy era to all servers; its result or error.
pub fn ask(world: &mut World, key: &str, method: &str, params: Value) -> Value {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let outcome = world.call_at(UNION, key, &message);
    assert_eq!(outcome.status(), 200, "{}", outcome.text());
    outcome.json()
}

/// All of a list, and how many pages it had.
pub fn list(world: &mut World, key: &str, method: &str) -> (Vec<String>, usize) {
    let (mut keys, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let params = cursor.map_or(json!({}), |cursor: Value| json!({"cursor": cursor}));
        let answer = ask(world, key, method, params);
        let result = answer["result"].as_object().unwrap();
        let items = result.values().find_map(Value::as_array).unwrap();
        for item in items {
            let key = [&item["uri"], &item["uriTemplate"], &item["name"]]
                .into_iter()
                .find_map(Value::as_str);
            keys.push(key.unwrap().to_owned());
        }
        pages += 1;
        cursor = result.get("nextCursor").cloned();
        if cursor.is_none() {
            return (keys, pages);
        }
    }
}
