//! Two tenants that have one of everything; a third there is not.

use serde_json::{Value, json};

use crate::world::{World, package, publisher, tool_call};

pub(crate) const ACME: &str = "acme";
pub(crate) const OTHER: &str = "other";
pub(crate) const GHOST: &str = "ghost";

const GREET: &str = include_str!("../../../../tests/guests/greet.wat");

/// A guest whose tool traps: so there is a tape.
pub(crate) fn guest() -> String {
    let broken = GREET.replace("(call $ok)))", "(unreachable)))");
    assert_ne!(broken, GREET);
    broken
}

/// What each tenant has that has a name of its own there.
#[derive(Clone, Debug)]
pub(crate) struct Things {
    pub(crate) key: String,
    pub(crate) call: String,
}

/// A tenant with a publisher, two servers, a grant, a secret, a setting, a key, and a tape.
pub(crate) fn furnish(world: &mut World, tenant: &str) -> Things {
    let at = |what: &str| format!("/tenants/{tenant}{what}");
    let ask = |world: &mut World, method, path: &str, body: Value| {
        let answer = world.admin(method, path, body);
        assert!(answer.status() < 300, "{path}: {}", answer.text());
        answer.json()
    };
    ask(world, "POST", "/tenants", json!({"tenant": tenant}));
    let publisher = publisher().public().to_string();
    ask(world, "POST", &at("/publishers"), json!({"key": publisher}));
    for server in ["hello", "second"] {
        let path = at(&format!("/servers/{server}/releases"));
        let answer = world.admin_bytes("POST", &path, package(&guest(), "1.0.0"));
        assert_eq!(answer.status(), 201, "{}", answer.text());
    }
    let grant = json!({"host": "api.example.com", "methods": ["GET"]});
    ask(world, "PUT", &at("/servers/hello/grants"), grant);
    let secret = json!({"value": "a value for tests", "hosts": ["api.example.com"]});
    ask(world, "PUT", &at("/servers/hello/secrets/TOKEN"), secret);
    ask(
        world,
        "PUT",
        &at("/servers/hello/config/limit"),
        json!({"value": 1}),
    );
    let made = ask(world, "POST", &at("/keys"), json!({"name": "spare"}));
    let call = call(world, tenant, made["key"].as_str().unwrap());
    Things {
        key: made["id"].as_str().unwrap().to_owned(),
        call,
    }
}

/// A call that fails, and whose tape is kept.
fn call(world: &mut World, tenant: &str, key: &str) -> String {
    let body = tool_call(1, "greet", json!({})).to_string().into_bytes();
    let frame = world.frame("POST", &format!("/t/{tenant}/hello/mcp"), key, body);
    let answer = world.send(&format!("tenant:{tenant}"), frame).json();
    let call = answer["error"]["data"]["callId"].as_str();
    call.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A key of `acme` with these scopes.
pub(crate) fn made(world: &mut World, scopes: &str, days: Option<u32>) -> String {
    let mut body = json!({"name": scopes, "scopes": scopes});
    if let Some(days) = days {
        body["expires_in_days"] = days.into();
    }
    world.key(ACME, body)
}
