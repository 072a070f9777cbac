//! OAuth through the frames that reach an object: from an invitation to a call, and to its end.

use crate::browser::*;
use crate::world::{World, tool_call};
use serde_json::{Value, json};
use smcp_ids::limits;

const CHALLENGED: &str = "resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/t/acme/hello/mcp\"";

fn world() -> (World, String, String) {
    let setting = Setting::new();
    (setting.world, setting.access_code, setting.client)
}

fn calls(world: &mut World, token: &str) -> u16 {
    world
        .call(token, &tool_call(1, "greet", json!({})))
        .status()
}

fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

fn next(tokens: &Value) -> &str {
    tokens["refresh_token"].as_str().unwrap()
}

#[test]
fn a_person_who_agrees_lets_a_client_call_until_they_end_it() {
    let (mut world, access_code, client) = world();
    let request = authorization(&client);
    let path = format!("/authorize?{}", form(&request));
    let shown = world.anonymous(OBJECT, "GET", &path, "");
    assert_eq!(shown.status(), 200);
    for said in [
        "Editor",
        "127.0.0.1:7777",
        "/t/acme/hello/mcp",
        "use everything",
    ] {
        assert!(shown.text().contains(said), "{said}: {}", shown.text());
    }
    let policy = header(&shown, "content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(
        policy.contains("form-action 'self' http://127.0.0.1:7777;"),
        "{policy}"
    );
    let sent = location(&world.agree(&request, &access_code));
    assert!(sent.starts_with(CALLBACK));
    assert_eq!(parameter(&sent, "state").as_deref(), Some("xyz"));
    assert_eq!(
        parameter(&sent, "iss").as_deref(),
        Some("https%3A%2F%2Fmcp.example")
    );
    let code = parameter(&sent, "code").unwrap();
    let told = world.token(&exchange(&client, &code));
    assert_eq!(header(&told, "cache-control").as_deref(), Some("no-store"));
    let tokens = told.json();
    assert_eq!(
        (&tokens["token_type"], &tokens["scope"]),
        (&json!("Bearer"), &json!("mcp"))
    );
    assert_eq!(tokens["expires_in"], 600);
    assert_eq!(calls(&mut world, access(&tokens)), 200);
    // An object that was evicted knows it as well.
    world.evict();
    assert_eq!(calls(&mut world, access(&tokens)), 200);
    let gone = world.anonymous(
        OBJECT,
        "POST",
        "/revoke",
        &form(&[("client_id", &client), ("token", next(&tokens))]),
    );
    assert_eq!(gone.status(), 200);
    assert_eq!(calls(&mut world, access(&tokens)), 401);
    assert_eq!(
        world.token(&refresh(&client, next(&tokens))).json()["error"],
        "invalid_grant"
    );
}

#[test]
fn an_access_token_is_over_after_ten_minutes_and_is_renewed() {
    let (mut world, access_code, client) = world();
    let tokens = world.connect(&client, &access_code);
    world.pass(limits::ACCESS_TOKEN_MILLIS as f64);
    let refused = world.call(access(&tokens), &tool_call(1, "greet", json!({})));
    assert_eq!(refused.status(), 401);
    let challenge = header(&refused, "www-authenticate").unwrap();
    for said in [
        "Bearer ",
        "error=\"invalid_token\"",
        "scope=\"mcp\"",
        CHALLENGED,
    ] {
        assert!(challenge.contains(said), "{said}: {challenge}");
    }
    let renewed = world.token(&refresh(&client, next(&tokens)));
    assert_eq!(renewed.status(), 200, "{}", renewed.text());
    assert_ne!(next(&renewed.json()), next(&tokens));
    assert_eq!(calls(&mut world, access(&renewed.json())), 200);
}

#[test]
fn a_removed_member_and_an_ended_connection_are_refused_at_once() {
    let (mut world, _, client) = world();
    let (ada, code) = world.member(json!({"name": "Eve"}));
    let (tokens, others) = (world.connect(&client, &code), world.connect(&client, &code));
    let listed = world
        .admin("GET", "/tenants/acme/connections", Value::Null)
        .json();
    let all = listed["connections"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(
        (&all[0]["member"], &all[0]["server"]),
        (&json!(ada), &json!("hello"))
    );
    for connection in all {
        let path = format!(
            "/tenants/acme/connections/{}",
            connection["id"].as_str().unwrap()
        );
        let statuses = [
            calls(&mut world, access(&tokens)),
            calls(&mut world, access(&others)),
        ];
        let ended = world.admin("DELETE", &path, Value::Null);
        assert_eq!(ended.status(), 200);
        assert_ne!(
            statuses,
            [
                calls(&mut world, access(&tokens)),
                calls(&mut world, access(&others))
            ]
        );
        assert_eq!(world.admin("DELETE", &path, Value::Null).status(), 404);
    }
    let tokens = world.connect(&client, &code);
    assert_eq!(calls(&mut world, access(&tokens)), 200);
    let path = format!("/tenants/acme/members/{ada}");
    assert_eq!(world.admin("DELETE", &path, Value::Null).status(), 200);
    assert_eq!(calls(&mut world, access(&tokens)), 401);
    assert_eq!(
        world.token(&refresh(&client, next(&tokens))).json()["error"],
        "invalid_grant"
    );
    assert_eq!(world.agree(&authorization(&client), &code).status(), 401);
}

#[test]
fn a_token_is_for_one_endpoint_and_allows_what_both_the_member_may_and_the_client_asked() {
    let (mut world, _, client) = world();
    let (_, code) =
        world.member(json!({"name": "Eve", "scopes": "mcp/hello:read mcp/hello/greet mcp/other"}));
    let tokens = world.connect(&client, &code);
    let mut said: Vec<&str> = tokens["scope"].as_str().unwrap().split(' ').collect();
    said.sort_unstable();
    assert_eq!(said, ["mcp/hello/greet", "mcp/hello:read", "mcp/other"]);
    assert_eq!(calls(&mut world, access(&tokens)), 200);
    let elsewhere = world.call_at(
        "/t/acme/mcp",
        access(&tokens),
        &tool_call(1, "hello__greet", json!({})),
    );
    assert_eq!(elsewhere.status(), 401);
    let narrower = with(&refresh(&client, next(&tokens)), "scope", "mcp/hello:read");
    assert_eq!(world.token(&narrower).json()["scope"], "mcp/hello:read");
    let other = "https://mcp.example/t/acme/third/mcp";
    let asked = with(&authorization(&client), "resource", other);
    assert_eq!(
        world.agree(&asked, &code).status(),
        403,
        "a server that the member may not see"
    );
    let request = authorization(&client);
    let asked = with(&request, "scope", "mcp/third");
    assert_eq!(world.agree(&asked, &code).status(), 403);
}

#[test]
fn a_client_without_a_resource_has_its_person_say_for_what() {
    let (mut world, access_code, client) = world();
    let request = authorization(&client);
    let asked = with(&request, "resource", "");
    let path = format!("/authorize?{}", form(&asked));
    let shown = world.anonymous("platform", "GET", &path, "");
    assert!(
        shown.text().contains("name=\"resource\""),
        "{}",
        shown.text()
    );
    let by_hand = with(&asked, "by_hand", "yes");
    let wrong = with(&by_hand, "resource", "acme");
    let path = format!("/authorize?{}", form(&wrong));
    let again = world.anonymous("platform", "GET", &path, "");
    assert!(again.text().contains("role=\"alert\""), "{}", again.text());
    let right = with(&by_hand, "resource", RESOURCE);
    let code = parameter(&location(&world.agree(&right, &access_code)), "code").unwrap();
    // Nor does it say it when it asks for tokens.
    let request = exchange(&client, &code);
    let told = world.token(&with(&request, "resource", ""));
    assert_eq!(told.status(), 200, "{}", told.text());
}

#[test]
fn a_client_that_an_admin_registered_proves_itself_by_its_secret() {
    let (mut world, access_code, _) = world();
    let added = world.admin(
        "POST",
        "/tenants/acme/clients",
        json!({"name": "Suite", "redirect_uris": ["http://127.0.0.1/callback", "suite://callback"], "secret": true}),
    );
    assert_eq!(added.status(), 201, "{}", added.text());
    let added = added.json();
    let (client, secret) = (
        added["client_id"].as_str().unwrap(),
        added["client_secret"].as_str().unwrap(),
    );
    let code = |world: &mut World| {
        let sent = location(&world.agree(&authorization(client), &access_code));
        parameter(&sent, "code").unwrap()
    };
    let first = code(&mut world);
    for wrong in [
        "",
        "x",
        "smcps_acme_x_1_AAAA",
        &secret.replace("smcps_", "smcpr_"),
    ] {
        let request = exchange(client, &first);
        let refused = world.token(&with(&request, "client_secret", wrong));
        assert_eq!(
            (refused.status(), &refused.json()["error"]),
            (401, &json!("invalid_client")),
            "{wrong}"
        );
    }
    let request = exchange(client, &first);
    let told = world.token(&with(&request, "client_secret", secret));
    assert_eq!(told.status(), 200, "{}", told.text());
    let path = format!("/tenants/acme/clients/{}", added["id"].as_str().unwrap());
    assert_eq!(world.admin("DELETE", &path, Value::Null).status(), 200);
    assert_eq!(
        world.agree(&authorization(client), &access_code).status(),
        400
    );
}

#[test]
fn a_client_that_registered_itself_is_known_for_ninety_days_and_nothing_is_stored_of_it() {
    let (mut world, access_code, client) = world();
    let rows = world.rows("platform").len();
    for _ in 0..100 {
        world.register();
    }
    assert_eq!(world.rows("platform").len(), rows);
    world.pass((limits::CLIENT_MILLIS - 1) as f64);
    assert_eq!(
        world.agree(&authorization(&client), &access_code).status(),
        303
    );
    world.pass(1.0);
    assert_eq!(
        world.agree(&authorization(&client), &access_code).status(),
        400
    );
}

#[test]
fn a_members_limits_count_for_all_its_clients_together_and_for_no_other_member() {
    let (mut world, access_code, client) = world();
    let (bob, bobs_code) = world.member(json!({"name": "Bob"}));
    let path = format!("/tenants/acme/members/{bob}/limits");
    let set = world.admin("PUT", &path, json!({"calls_per_minute": 3}));
    assert_eq!(set.json(), json!({"calls_per_minute": 3}));
    assert_eq!(world.admin("GET", &path, Value::Null).json(), set.json());
    let other = world.register();
    let bobs = [&client, &other].map(|client| world.connect(client, &bobs_code));
    let adas = world.connect(&client, &access_code);
    let statuses: Vec<u16> = (0..4)
        .map(|number| calls(&mut world, access(&bobs[number % 2])))
        .collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    assert_eq!(calls(&mut world, access(&adas)), 200);
    assert_eq!(world.admin("PUT", &path, json!({})).json(), json!({}));
    assert_eq!(calls(&mut world, access(&bobs[0])), 200);
    let unknown = "/tenants/acme/members/nobody/limits";
    assert_eq!(world.admin("PUT", unknown, json!({})).status(), 404);
}

/// What a step-up needs is in the refusal, whoever it is for; at a server that takes keys only, nothing else is named.
#[test]
fn a_refusal_for_a_scope_names_the_metadata_unless_keys_only_are_taken() {
    let (mut world, access_code, client) = world();
    let mut request = authorization(&client);
    request.push(("scope", "mcp:read"));
    let sent = location(&world.agree(&request, &access_code));
    let code = parameter(&sent, "code").unwrap();
    let tokens = world.token(&exchange(&client, &code)).json();
    let key = world.key("acme", json!({"scopes": "mcp:read"}));
    let refused = |world: &mut World, credential: &str| {
        let refused = world.call(credential, &tool_call(1, "greet", json!({})));
        assert_eq!(refused.status(), 403, "{}", refused.text());
        header(&refused, "www-authenticate").unwrap()
    };
    let needed = "error=\"insufficient_scope\", scope=\"mcp/hello/greet\"";
    for credential in [access(&tokens), &key] {
        let challenge = refused(&mut world, credential);
        assert_eq!(
            challenge,
            format!("Bearer realm=\"smcp\", {needed}, {CHALLENGED}")
        );
    }
    let off = json!({"enabled": false});
    let off = world.admin("PUT", "/tenants/acme/servers/hello/oauth", off);
    assert_eq!(off.status(), 200, "{}", off.text());
    assert_eq!(
        refused(&mut world, &key),
        format!("Bearer realm=\"smcp\", {needed}")
    );
}
