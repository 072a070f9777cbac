//! What a tenant may use, its members, their clients, and web pages.

use serde_json::{Value, json};
use smcp_ids::limits::{CLIENTS_MAX, ORIGINS_MAX};
use smcp_tests::http::{Answer, Ask};
use smcp_tests::person;

use crate::{Inquiry, TENANT, stage};

pub(crate) fn limits(inquiry: &mut Inquiry) {
    limits_at(inquiry, "/limits");
    inquiry.ask("GET", "/quotas", Value::Null, 200);
    let all = json!({
        "servers": 100, "releases": 100, "keys": 10_000, "members": 100, "module_bytes": 1 << 30, "store_bytes": 1 << 20,
        "fuel_per_day": 1_000_000_000_000_u64, "calls_per_minute": 100_000,
    });
    let set = inquiry.ask("PUT", "/quotas", all.clone(), 200);
    assert_eq!(set, all);
    inquiry.ask("PUT", "/quotas", json!({"servers": -1}), 400);
    inquiry.ask("PUT", "/quotas", json!({}), 200);
}

fn limits_at(inquiry: &mut Inquiry, path: &str) {
    inquiry.ask("GET", path, Value::Null, 200);
    let set = json!({"fuel_per_day": 1_000_000_000_000_u64, "calls_per_minute": 100_000});
    inquiry.ask("PUT", path, set, 200);
    inquiry.ask("PUT", path, json!({"calls_per_minute": 0}), 400);
    inquiry.ask("PUT", path, json!({}), 200);
}

pub(crate) fn audit(inquiry: &mut Inquiry) {
    for path in ["^/audit", "/audit"] {
        inquiry.ask("GET", path, Value::Null, 200);
        inquiry.ask("GET", &format!("{path}?after=2&limit=1"), Value::Null, 200);
        inquiry.ask("GET", &format!("{path}?after=x"), Value::Null, 400);
        inquiry.ask("GET", &format!("{path}/head"), Value::Null, 200);
    }
    inquiry.ask("GET", "/audit/heads", Value::Null, 200);
    inquiry.take("GET", "/metrics", 200);
    let settings = inquiry.ask("GET", "/audit/settings", Value::Null, 200);
    inquiry.ask("PUT", "/audit/settings", settings, 200);
    let short = json!({"keep_days": 1, "calls": false});
    inquiry.ask("PUT", "/audit/settings", short, 400);
}

pub(crate) fn provider(inquiry: &mut Inquiry) {
    let mut body =
        json!({"issuer": "https://login.example", "client_id": "x", "client_secret": "y"});
    inquiry.ask("PUT", "/provider", body.clone(), 200);
    inquiry.ask("GET", "/provider", Value::Null, 200);
    body["issuer"] = json!("https://login.example/");
    inquiry.ask("PUT", "/provider", body, 400);
    inquiry.ask("DELETE", "/provider", Value::Null, 200);
}

pub(crate) fn people(inquiry: &mut Inquiry) {
    let body = json!({"name": "Ada", "email": "ada@example.com", "scopes": "mcp/guest:read"});
    let invited = inquiry.ask("POST", "/members", body.clone(), 201);
    inquiry.ask("POST", "/members", body, 409);
    inquiry.ask(
        "POST",
        "/members",
        json!({"name": "Eve", "scopes": "admin"}),
        400,
    );
    let member = format!("/members/{}", invited["id"].as_str().unwrap());
    limits_at(inquiry, &format!("{member}/limits"));
    let again = inquiry.ask("POST", &format!("{member}/invitation"), Value::Null, 201);
    let link = again["invitation"].as_str().unwrap();
    let code = person::accept(link).unwrap();
    inquiry.ask("GET", "/members", Value::Null, 200);

    let body =
        json!({"name": "Suite", "redirect_uris": ["http://127.0.0.1/healthz"], "secret": true});
    let client = inquiry.ask("POST", "/clients", body, 201);
    let wrong = json!({"name": "x", "redirect_uris": ["javascript:x"]});
    inquiry.ask("POST", "/clients", wrong, 400);
    let made = inquiry.ask("GET", "/clients", Value::Null, 200);
    let plain = json!({"name": "x", "redirect_uris": ["editor://cb"]});
    for _ in made["clients"].as_array().unwrap().len()..CLIENTS_MAX {
        let path = format!("/tenants/{TENANT}/clients");
        let more = inquiry.admin.send("POST", &path, &plain);
        assert_eq!(more.unwrap().status, 201);
    }
    inquiry.ask("POST", "/clients", plain, 409);

    let asked = format!(
        "{}/authorize?response_type=code&client_id={}&code_challenge={}&code_challenge_method=S256&redirect_uri={}/healthz&resource={}",
        inquiry.admin.url(),
        client["client_id"].as_str().unwrap(),
        "A".repeat(43),
        inquiry.admin.url(),
        stage().platform().endpoint(TENANT, "guest"),
    );
    let sent = form(&asked, &format!("decision=agree&access_code={code}"));
    assert_eq!(sent.status, 303, "{}", sent.text());
    let there = format!("{}/healthz?code=", inquiry.admin.url());
    assert!(sent.header("location").starts_with(&there), "{sent:?}");
    let there = inquiry.ask("GET", "/connections", Value::Null, 200);
    let connection = there["connections"][0]["id"].as_str().unwrap();
    inquiry.ask(
        "DELETE",
        &format!("/connections/{connection}"),
        Value::Null,
        200,
    );
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    inquiry.ask("DELETE", &path, Value::Null, 200);
    inquiry.ask("DELETE", &member, Value::Null, 200);
}

/// What a browser sends.
fn form(url: &str, body: &str) -> Answer {
    Ask::new("POST", url)
        .header("content-type", "application/x-www-form-urlencoded")
        .send(body.as_bytes())
        .unwrap()
}

pub(crate) fn web(inquiry: &mut Inquiry) {
    for number in 0..=ORIGINS_MAX {
        let status = if number < ORIGINS_MAX { 200 } else { 409 };
        let origin = json!({"origin": format!("https://o{number}.example")});
        inquiry.ask("POST", "/origins", origin, status);
    }
    inquiry.ask("POST", "/origins", json!({"origin": "*"}), 400);
    inquiry.ask("GET", "/origins", Value::Null, 200);
    inquiry.ask(
        "DELETE",
        "/origins?origin=https://o1.example",
        Value::Null,
        200,
    );
    let path = "/servers/guest/oauth";
    inquiry.ask("GET", path, Value::Null, 200);
    inquiry.ask("PUT", path, json!({"enabled": "no"}), 400);
    inquiry.ask("PUT", path, json!({"enabled": false}), 200);
}
