//! Scopes at an MCP endpoint, end to end on real workerd: official clients list what their key may use and no
//! more, and a refusal says over HTTP which scope would have done.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::OnceLock;

use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::mcp::{Client, MODERN};
use smcp_tests::{code, stage};
use smcp_xtask::platform::official_client;

const TENANT: &str = "scoped";

/// The endpoints of a tenant with the server `notes`: its own, and that of all.
fn endpoints() -> [String; 2] {
    static MADE: OnceLock<()> = OnceLock::new();
    let platform = stage().platform();
    MADE.get_or_init(|| {
        platform.tenant(TENANT).unwrap();
        let package = platform.package(TENANT, "notes").unwrap();
        platform.publish(&package, TENANT, "notes").unwrap();
    });
    [
        platform.endpoint(TENANT, "notes"),
        format!("{}/t/{TENANT}/mcp", platform.url()),
    ]
}

fn key(scopes: &str) -> String {
    endpoints();
    let platform = stage().platform();
    let admin = Admin::new(platform.url(), platform.admin_token());
    let path = format!("/tenants/{TENANT}/keys");
    let made = admin.made(&path, &json!({"scopes": scopes})).unwrap();
    made["key"].as_str().unwrap().to_owned()
}

/// What a JavaScript client sees with a key of those scopes: its tools, then what each call came to.
fn sees(kind: &str, scopes: &str, calls: &Value) -> [Vec<Value>; 2] {
    let endpoints = endpoints();
    let key = key(scopes);
    endpoints.map(|endpoint| {
        let is_union = endpoint.ends_with(&format!("/t/{TENANT}/mcp"));
        let prefixed = |text: &str| text.replace("notes__", if is_union { "notes__" } else { "" });
        let calls = serde_json::from_str(&prefixed(&calls.to_string())).unwrap();
        let lines = official_client(kind, &endpoint, &key, &calls).unwrap();
        let lines = lines.into_iter().skip(1);
        // Named as at the server's own endpoint.
        let own = |line: Value| line.to_string().replace("notes__", "");
        lines
            .map(|line| serde_json::from_str(&own(line)).unwrap())
            .collect()
    })
}

/// The names of a list, whatever key they have.
fn listed<'a>(line: &'a Value, list: &str) -> Vec<&'a str> {
    let items = line["result"][list].as_array();
    let items = items.unwrap_or_else(|| panic!("{line}"));
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

fn a_client_sees_what_its_key_may_use(kind: &str) {
    let calls = json!([
        {"list": "Resources"},
        {"list": "ResourceTemplates"},
        {"list": "Prompts"},
        {"tool": "notes__search", "arguments": {"words": "none"}},
        {"tool": "notes__add", "arguments": {"title": "t", "text": "words"}},
    ]);
    for lines in sees(kind, "mcp:read", &calls) {
        assert_eq!(lines[0]["tools"], json!(["read", "search"]), "{lines:?}");
        assert_eq!(listed(&lines[2], "resourceTemplates"), ["note"]);
        assert_eq!(listed(&lines[3], "prompts"), ["summarise"]);
        assert!(lines[4]["result"].is_object(), "{lines:?}");
        let refusal = lines[5]["error"].to_string();
        assert!(refusal.contains("scope"), "{refusal}");
    }
    for lines in sees(kind, "mcp/notes/add", &calls) {
        assert_eq!(lines[0]["tools"], json!(["add"]), "{lines:?}");
        for (line, list) in [(1, "resources"), (2, "resourceTemplates"), (3, "prompts")] {
            assert!(listed(&lines[line], list).is_empty(), "{lines:?}");
        }
        assert!(lines[4]["error"].is_object(), "{lines:?}");
        assert!(lines[5]["result"].is_object(), "{lines:?}");
    }
}

#[test]
fn the_javascript_client_sees_what_its_key_may_use_in_the_modern_era() {
    a_client_sees_what_its_key_may_use("modern");
}

#[test]
fn the_javascript_client_sees_what_its_key_may_use_in_the_legacy_era() {
    a_client_sees_what_its_key_may_use("legacy");
}

#[test]
fn a_refusal_says_which_scope_would_do_whoever_answers_it() {
    let key = key("mcp/notes/add");
    let [own, all] = endpoints();
    for (endpoint, method, params, scope) in [
        (
            &own,
            "tools/call",
            json!({"name": "remove"}),
            "mcp/notes/remove",
        ),
        (
            &own,
            "tools/call",
            json!({"name": "nothing"}),
            "mcp/notes/nothing",
        ),
        (
            &all,
            "tools/call",
            json!({"name": "notes__remove"}),
            "mcp/notes/remove",
        ),
        (
            &own,
            "resources/read",
            json!({"uri": "note://1"}),
            "mcp/notes:read",
        ),
        // The edge holds the connection of who listens, and passes on what its object says.
        (
            &own,
            "subscriptions/listen",
            json!({"notifications": {"toolsListChanged": true}}),
            "mcp/notes:read",
        ),
        (
            &all,
            "subscriptions/listen",
            json!({"notifications": {"toolsListChanged": true}}),
            "mcp:read",
        ),
    ] {
        let client = Client::new(endpoint, &key, MODERN);
        let refused = client.send(method, params).unwrap();
        assert_eq!(refused.status, 403, "{method} {}", refused.text());
        assert_eq!(code(&refused).unwrap(), "insufficient_scope");
        let challenge = refused.header("www-authenticate");
        assert!(challenge.starts_with("Bearer "), "{method} {challenge}");
        for part in [
            r#"error="insufficient_scope""#.to_owned(),
            format!(r#"scope="{scope}""#),
        ] {
            assert!(challenge.contains(&part), "{method} {challenge}");
        }
    }
}
