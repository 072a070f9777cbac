//! Roles on the real platform, where the edge refuses what it can and the object the rest: nobody sees which of them
//! refused, and what a key may do is what its scopes say. All cells of the matrix are in `host/tenant/tests/roles`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};
use smcp_tests::http::Ask;
use smcp_tests::{Tenant, stage};

const GREET: &str = include_str!("../guests/greet.wat");

/// What somebody sees of an answer: status, headers, body.
type Seen = (u16, Vec<(String, String)>, String);

fn sent(method: &str, path: &str, bearer: &str, body: &Value) -> Seen {
    let url = format!("{}{path}", stage().platform().url());
    let mut ask = Ask::new(method, &url)
        .header("content-type", "application/json")
        .header("accept", "application/json");
    if !bearer.is_empty() {
        ask = ask.header("authorization", &format!("Bearer {bearer}"));
    }
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let answer = ask.send(body.as_bytes()).unwrap();
    let mut headers = answer.headers.clone();
    // The runtime's own: whether it had read the body of a request when its answer was there.
    headers.retain(|(name, _)| name != "connection");
    // Each has another.
    for (name, value) in &mut headers {
        if name == "x-request-id" {
            assert_eq!(value.len(), 16, "{value}");
            value.clear();
        }
    }
    headers.sort();
    (answer.status, headers, answer.text())
}

fn admin_token() -> &'static str {
    stage().platform().admin_token()
}

/// A key of a tenant.
fn key(tenant: &Tenant, body: Value) -> String {
    let path = format!("/admin/v1/tenants/{}/keys", tenant.name);
    let (status, _, text) = sent("POST", &path, admin_token(), &body);
    assert_eq!(status, 201, "{text}");
    let made: Value = serde_json::from_str(&text).unwrap();
    made["key"].as_str().unwrap().to_owned()
}

/// One with all scopes, which does not hold any more.
fn revoked(tenant: &Tenant) -> String {
    let key = key(tenant, json!({"scopes": "mcp admin"}));
    let id = key.split('_').nth(2).unwrap();
    let path = format!("/admin/v1/tenants/{}/keys/{id}", tenant.name);
    assert_eq!(sent("DELETE", &path, admin_token(), &Value::Null).0, 200);
    key
}

/// The same key with another MAC.
fn forged(key: &str) -> String {
    let (start, mac) = key.split_at(key.len() - 43);
    let first = if mac.starts_with('A') { 'B' } else { 'A' };
    format!("{start}{first}{}", &mac[1..])
}

#[test]
fn a_refusal_of_the_edge_and_one_of_the_object_are_the_same_bytes() {
    let tenant = stage().tenant_with(GREET).unwrap();
    let (name, revoked) = (&tenant.name, revoked(&tenant));
    let expired = key(
        &tenant,
        json!({"scopes": "mcp admin", "expires_in_days": 0}),
    );
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    for (method, path, body) in [
        ("GET", format!("/admin/v1/tenants/{name}"), Value::Null),
        (
            "GET",
            format!("/admin/v1/tenants/{name}/servers/guest"),
            Value::Null,
        ),
        ("POST", format!("/admin/v1/tenants/{name}/keys"), json!({})),
        ("POST", format!("/t/{name}/guest/mcp"), list.clone()),
        ("POST", format!("/t/{name}/mcp"), list),
    ] {
        let by_edge = sent(method, &path, &forged(&revoked), &body);
        assert_eq!(by_edge.0, 401, "{path}");
        for key in [&revoked, &expired] {
            assert_eq!(sent(method, &path, key, &body), by_edge, "{path}");
        }
    }
    // The edge refuses another tenant's key, and the object knows that there is nothing.
    let other = stage().tenant().unwrap();
    let path = format!("/admin/v1/tenants/{}/servers/guest", other.name);
    let by_edge = sent(
        "GET",
        &path,
        &key(&tenant, json!({"scopes": "admin"})),
        &Value::Null,
    );
    assert_eq!(by_edge.0, 404);
    assert_eq!(sent("GET", &path, admin_token(), &Value::Null), by_edge);
}

/// Everybody, and the scopes that they have; none: no credential of theirs is good.
fn people(tenant: &Tenant) -> Vec<(&'static str, String, Option<&'static str>)> {
    let mut people = vec![
        ("nobody", String::new(), None),
        ("forged", forged(&tenant.key), None),
        ("revoked", revoked(tenant), None),
        (
            "expired",
            key(tenant, json!({"scopes": "mcp admin", "expires_in_days": 0})),
            None,
        ),
        ("wrong token", "a-token-of-nobody-at-all".to_owned(), None),
        ("access token", format!("smcpa_{}_AAAA", tenant.name), None),
        ("platform", admin_token().to_owned(), Some("platform")),
    ];
    for scope in ["mcp", "mcp:read", "mcp/guest", "publish", "audit", "admin"] {
        let key = key(tenant, json!({"scopes": scope}));
        people.push((scope, key, Some(scope)));
    }
    people
}

#[test]
fn each_role_may_what_its_scopes_say_and_learns_of_no_other_tenant() {
    let tenant = stage().tenant_with(GREET).unwrap();
    let other = stage().tenant_with(GREET).unwrap();
    let see = "audit publish admin";
    for (who, bearer, scopes) in people(&tenant) {
        for (method, path, body, may) in [
            ("GET", "/tenants", Value::Null, ""),
            ("POST", "/tenants", json!({"tenant": "guest"}), ""),
            ("GET", "/tenants/{tenant}", Value::Null, "audit admin"),
            ("GET", "/tenants/{tenant}/servers", Value::Null, see),
            ("GET", "/tenants/{tenant}/servers/guest", Value::Null, see),
            ("GET", "/tenants/{tenant}/publishers", Value::Null, see),
            ("GET", "/tenants/{tenant}/keys", Value::Null, "audit admin"),
            (
                "GET",
                "/tenants/{tenant}/servers/guest/logs",
                Value::Null,
                "audit admin",
            ),
            (
                "GET",
                "/tenants/{tenant}/servers/guest/tapes",
                Value::Null,
                "admin",
            ),
            (
                "POST",
                "/tenants/{tenant}/keys",
                json!({"scopes": "mcp admin"}),
                "admin",
            ),
            (
                "PUT",
                "/tenants/{tenant}/servers/guest/config/a",
                json!({"value": 1}),
                "admin",
            ),
            (
                "POST",
                "/tenants/{tenant}/servers/guest/releases",
                json!("no package"),
                "publish admin",
            ),
        ] {
            let is_of_platform = may.is_empty();
            if is_of_platform && method == "POST" && scopes == Some("platform") {
                continue;
            }
            let ask = |tenant: &str| {
                let path = format!("/admin/v1{}", path.replace("{tenant}", tenant));
                sent(method, &path, &bearer, &body)
            };
            let own = ask(&tenant.name);
            let has = |scope| may.split(' ').any(|it| it == scope);
            let expected = match scopes {
                None => &[401][..],
                // A package of ten bytes is none: it was allowed.
                Some("platform") => &[200, 201, 422],
                Some(_) if is_of_platform => &[401],
                Some(scope) if has(scope) => &[200, 201, 422],
                Some(_) => &[403],
            };
            assert!(expected.contains(&own.0), "{who}: {method} {path}: {own:?}");
            let (others, nobodys) = (ask(&other.name), ask("no-such-tenant"));
            if scopes != Some("platform") {
                assert_eq!(others, nobodys, "{who}: {method} {path}");
                assert!(
                    [401, 404].contains(&others.0),
                    "{who}: {method} {path}: {others:?}"
                );
            }
        }
    }
}

#[test]
fn a_publisher_publishes_with_the_command_and_its_key_alone() {
    let tenant = stage().tenant().unwrap();
    let key = key(&tenant, json!({"name": "ci", "scopes": "publish"}));
    let file = stage().platform().scratch("published-with-a-key.wasm");
    std::fs::write(&file, smcp_tests::guests::package(GREET, "1.0.0").unwrap()).unwrap();
    let smcp = |args: &[&str]| {
        let mut command =
            std::process::Command::new(smcp_xtask::platform::build_command().unwrap());
        command
            .arg("--json")
            .args(args)
            .env_remove("SMCP_TENANT")
            .env("SMCP_HOST", stage().platform().url())
            .env("SMCP_TOKEN", &key);
        command.output().unwrap()
    };
    let published = smcp(&["publish", file.to_str().unwrap(), "--server", "guest"]);
    let said = String::from_utf8_lossy(&published.stderr).into_owned();
    assert!(published.status.success(), "{said}");
    assert_eq!(stage().call(&tenant, "greet").unwrap().status, 200);
    let refused = smcp(&["key", "list"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("insufficient_scope"), "{said}");
}
