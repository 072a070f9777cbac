//! Two tenants that have one of everything; a third there is not.

use serde_json::{Value, json};

use crate::provider;
use crate::world::{BASE, World, package, publisher, tool_call};

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
    pub(crate) release: String,
    pub(crate) member: String,
    pub(crate) client: String,
    pub(crate) connection: String,
}

/// A tenant with a publisher, two servers, a grant, a secret, a setting, a key, and a tape.
pub(crate) fn furnish(world: &mut World, tenant: &str) -> Things {
    let at = |what: &str| format!("/tenants/{tenant}{what}");
    world.web = provider::web;
    let ask = |world: &mut World, method, path: &str, body: Value| {
        let answer = world.admin(method, path, body);
        assert!(answer.status() < 300, "{path}: {}", answer.text());
        answer.json()
    };
    ask(world, "POST", "/tenants", json!({"tenant": tenant}));
    let publisher = publisher().public().to_string();
    ask(world, "POST", &at("/publishers"), json!({"key": publisher}));
    let mut releases = Vec::new();
    for (server, version) in [("hello", "0.9.0"), ("hello", "1.0.0"), ("second", "1.0.0")] {
        let path = at(&format!("/servers/{server}/releases"));
        let answer = world.admin_bytes("POST", &path, package(&guest(), version));
        assert_eq!(answer.status(), 201, "{}", answer.text());
        releases.push(answer.json()["release"].as_str().unwrap().to_owned());
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
    ask(
        world,
        "POST",
        &at("/origins"),
        json!({"origin": "https://a.example"}),
    );
    ask(world, "PUT", &at("/provider"), provider::set("smcp"));
    let invited = ask(world, "POST", &at("/members"), json!({"name": "Ada"}));
    let client = json!({"name": "Suite", "redirect_uris": ["https://a.example/cb"]});
    let client = ask(world, "POST", &at("/clients"), client);
    connect(world, tenant, &invited, &client);
    ask(world, "PUT", &at("/quotas"), json!({"servers": 500}));
    let settings = json!({"keep_days": 90, "calls": true});
    ask(world, "PUT", &at("/audit/settings"), settings);
    let connections = ask(world, "GET", &at("/connections"), Value::Null);
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    Things {
        member: id(&invited),
        client: id(&client),
        connection: id(&connections["connections"][0]),
        key: made["id"].as_str().unwrap().to_owned(),
        call,
        // It was live, and is not.
        release: releases.swap_remove(0),
    }
}

/// A member accepts its invitation, and lets a client use all servers.
fn connect(world: &mut World, tenant: &str, invited: &Value, client: &Value) {
    let post = |world: &mut World, path: &str, form: String| {
        let mut frame = world.frame("POST", path, "", form.into_bytes());
        frame.headers.retain(|(name, _)| name != "authorization");
        world.send(&format!("tenant:{tenant}"), frame)
    };
    let link = invited["invitation"].as_str().unwrap();
    let (page, invitation) = link.strip_prefix(BASE).unwrap().split_once('?').unwrap();
    let given = post(world, page, invitation.to_owned());
    let code = given.text().split("access-code\">").nth(1).unwrap();
    let code = code.split('<').next().unwrap();
    let asked = format!(
        "/authorize?response_type=code&client_id={}&code_challenge={}&code_challenge_method=S256&resource={BASE}/t/{tenant}/mcp",
        client["client_id"].as_str().unwrap(),
        "A".repeat(43),
    );
    let sent = post(world, &asked, format!("decision=agree&access_code={code}"));
    assert_eq!(sent.status(), 303, "{}", sent.text());
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
