//! What bad input gets, over real HTTP: a clear error with a stable code, and nothing changed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::Read;
use std::sync::OnceLock;

use serde_json::json;
use smcp_tests::http::{Answer, tool_call};
use smcp_tests::{Tenant, code, guests, stage};

const GREET: &str = include_str!("../guests/greet.wat");

/// One tenant for all tests that change nothing in it.
fn tenant() -> &'static Tenant {
    static TENANT: OnceLock<Tenant> = OnceLock::new();
    TENANT.get_or_init(|| stage().tenant_with(GREET).unwrap())
}

fn still_works() {
    let answer = stage().call(tenant(), "greet").unwrap();
    assert_eq!(
        answer.json().unwrap()["result"]["content"][0]["text"],
        "hello"
    );
}

#[track_caller]
fn refused(answer: &Answer, status: u16, expected: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(code(answer).unwrap(), expected, "{}", answer.text());
    still_works();
}

// ---- Messages -----------------------------------------------------------------------------------

fn send(body: &[u8]) -> Answer {
    stage().ask(tenant()).send(body).unwrap()
}

#[test]
fn duplicate_keys_are_refused() {
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","name":"other"}}"#;
    refused(&send(body), 400, "invalid_json");
}

#[test]
fn nesting_of_ten_thousand_is_refused() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"greet","arguments":{{"a":{deep}}}}}}}"#
    );
    refused(&send(body.as_bytes()), 400, "invalid_json");
}

#[test]
fn invalid_utf_8_is_refused() {
    let mut body = tool_call("greet", &json!({"a": "?"}))
        .to_string()
        .into_bytes();
    let at = body.iter().position(|&byte| byte == b'?').unwrap();
    body[at] = 0xff;
    refused(&send(&body), 400, "invalid_json");
}

#[test]
fn broken_json_is_refused() {
    for body in [
        "",
        "{",
        "nonsense",
        "[]",
        "1",
        "{\"jsonrpc\":\"2.0\"",
        "\u{0}",
    ] {
        let answer = send(body.as_bytes());
        assert_eq!(answer.status, 400, "{body:?} {}", answer.text());
        code(&answer).unwrap();
    }
    still_works();
}

#[test]
fn a_wrong_content_type_is_refused() {
    let body = tool_call("greet", &json!({})).to_string();
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let answer = stage()
            .ask(tenant())
            .header("content-type", media)
            .send(body.as_bytes())
            .unwrap();
        refused(&answer, 415, "unsupported_media_type");
    }
}

#[test]
fn a_body_of_100_mb_that_says_so_is_refused_before_it_is_read() {
    let answer = stage().ask(tenant()).send(&vec![b' '; 100_000_000]);
    // The host may close the connection while the client still writes.
    if let Ok(answer) = answer {
        assert_eq!(answer.status, 413, "{}", answer.text());
    }
    still_works();
}

#[test]
fn a_body_of_100_mb_that_does_not_say_so_is_counted_and_refused() {
    let answer = stage()
        .ask(tenant())
        .stream(std::io::repeat(b' ').take(100_000_000));
    if let Ok(answer) = answer {
        assert_eq!(answer.status, 413, "{}", answer.text());
    }
    still_works();
}

#[test]
fn a_method_that_no_endpoint_has_is_refused() {
    for method in ["GET", "DELETE", "PUT", "PATCH"] {
        let url = stage().platform().endpoint(&tenant().name, "guest");
        let answer = smcp_tests::http::Ask::new(method, &url)
            .header("authorization", &format!("Bearer {}", tenant().key))
            .send(b"{}")
            .unwrap();
        assert_eq!(answer.status, 405, "{method} {}", answer.text());
        assert!(answer.header("allow").contains("POST"), "{method}");
    }
}

#[test]
fn a_browser_that_looks_at_an_endpoint_is_told_what_it_is() {
    let url = stage().platform().endpoint(&tenant().name, "guest");
    let answer = smcp_tests::http::Ask::new("GET", &url)
        .header("accept", "text/html,application/xhtml+xml")
        .send(b"")
        .unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/html"));
}

#[test]
fn a_foreign_origin_is_refused_and_a_listed_one_is_told_so() {
    let body = tool_call("greet", &json!({})).to_string();
    let foreign = stage()
        .ask(tenant())
        .header("origin", "https://evil.example")
        .send(body.as_bytes())
        .unwrap();
    refused(&foreign, 403, "origin_forbidden");
    assert_eq!(foreign.header("access-control-allow-origin"), "");
    let listed = stage()
        .ask(tenant())
        .header("origin", "https://app.example")
        .send(body.as_bytes())
        .unwrap();
    assert_eq!(listed.status, 200);
    assert_eq!(
        listed.header("access-control-allow-origin"),
        "https://app.example"
    );
}

// ---- Credentials --------------------------------------------------------------------------------

#[test]
fn a_missing_or_forged_key_is_challenged() {
    let key = &tenant().key;
    let (head, _) = key.rsplit_once('_').unwrap();
    let forged = format!("Bearer {head}_{}", "A".repeat(43));
    let truncated = format!("Bearer {}", &key[..key.len() - 1]);
    for authorization in ["", "Bearer", "Bearer x", "Basic eDp5", &forged, &truncated] {
        let ask = stage().ask(tenant()).without("authorization");
        let ask = if authorization.is_empty() {
            ask
        } else {
            ask.header("authorization", authorization)
        };
        let answer = ask.send(b"{}").unwrap();
        assert_eq!(answer.status, 401, "{authorization:?} {}", answer.text());
        assert!(
            answer.header("www-authenticate").starts_with("Bearer"),
            "{authorization:?}"
        );
    }
    still_works();
}

#[test]
fn an_unknown_tenant_or_server_is_answered_like_one_that_the_caller_may_not_see() {
    let platform = stage().platform();
    let other = stage().tenant_with(GREET).unwrap();
    let ask = |url: &str| {
        stage()
            .ask(tenant())
            .to(url)
            .send(tool_call("greet", &json!({})).to_string().as_bytes())
            .unwrap()
    };
    let foreign = ask(&platform.endpoint(&other.name, "guest"));
    let unknown = ask(&platform.endpoint("no-such-tenant", "guest"));
    assert_eq!(
        (foreign.status, foreign.text()),
        (unknown.status, unknown.text())
    );
    let limited = platform
        .smcp([
            "key",
            "create",
            "--tenant",
            &tenant().name,
            "--name",
            "x",
            "--server",
            "other",
        ])
        .unwrap();
    let limited = limited["key"].as_str().unwrap();
    let ask = |server: &str| {
        stage()
            .ask(tenant())
            .header("authorization", &format!("Bearer {limited}"))
            .to(&platform.endpoint(&tenant().name, server))
            .send(tool_call("greet", &json!({})).to_string().as_bytes())
            .unwrap()
    };
    let (unseen, absent) = (ask("guest"), ask("nothing"));
    assert_eq!((unseen.status, unseen.text()), (404, absent.text()));
}

#[test]
fn a_revoked_key_opens_nothing_from_the_next_request_on() {
    let platform = stage().platform();
    let made = platform
        .smcp(["key", "create", "--tenant", &tenant().name, "--name", "x"])
        .unwrap();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let ask = || {
        stage()
            .ask(tenant())
            .header("authorization", &format!("Bearer {key}"))
            .send(tool_call("greet", &json!({})).to_string().as_bytes())
            .unwrap()
    };
    assert_eq!(ask().status, 200);
    platform
        .smcp(["key", "revoke", id, "--tenant", &tenant().name])
        .unwrap();
    assert_eq!(ask().status, 401);
}

#[test]
fn the_admin_api_wants_the_admin_token() {
    for bearer in ["", "wrong", &tenant().key] {
        let url = format!("{}/admin/v1/tenants", stage().platform().url());
        let answer = smcp_tests::http::Ask::new("GET", &url)
            .header("authorization", &format!("Bearer {bearer}"))
            .send(b"")
            .unwrap();
        assert_eq!(answer.status, 401, "{bearer} {}", answer.text());
    }
}

#[test]
fn the_paths_of_objects_among_themselves_are_closed_from_outside() {
    let platform = stage().platform();
    for path in [
        "/internal/tenant",
        "/t/x/../../internal/tenant",
        "//internal/tenant",
    ] {
        let answer = smcp_tests::http::Ask::new("DELETE", &format!("{}{path}", platform.url()))
            .header("authorization", "Bearer whatever")
            .send(b"")
            .unwrap();
        assert!(
            matches!(answer.status, 401 | 404 | 405),
            "{path} {}",
            answer.status
        );
    }
}

// ---- Packages -----------------------------------------------------------------------------------

#[track_caller]
fn publish_refused(bytes: &[u8], expected: &str) {
    let answer = stage().publish(tenant(), "guest", bytes).unwrap();
    assert!(
        matches!(answer.status, 409 | 413 | 422),
        "{} {}",
        answer.status,
        answer.text()
    );
    if !expected.is_empty() {
        assert_eq!(code(&answer).unwrap(), expected, "{}", answer.text());
    }
    still_works();
}

#[test]
fn a_truncated_package_is_refused() {
    let package = guests::package(GREET, "2.0.0").unwrap();
    for len in [0, 1, 8, 40, package.len() / 2, package.len() - 1] {
        publish_refused(&package[..len], "");
    }
}

#[test]
fn an_unsigned_package_is_refused() {
    let package = guests::package(GREET, "2.0.0").unwrap();
    publish_refused(&smcp_package::unsign(&package).unwrap(), "");
}

#[test]
fn a_package_signed_by_a_stranger_is_refused() {
    let stranger = smcp_crypto::SigningKey::from_seed(&[8; 32]);
    let package = guests::package(GREET, "2.0.0").unwrap();
    let resigned = smcp_package::sign(&smcp_package::unsign(&package).unwrap(), &[&stranger]);
    publish_refused(&resigned.unwrap(), "");
}

#[test]
fn an_altered_package_is_refused() {
    let package = guests::package(GREET, "2.0.0").unwrap();
    for at in [8, 12, 30, 60, 100, package.len() / 2, package.len() - 1] {
        let mut altered = package.clone();
        altered[at] ^= 1;
        publish_refused(&altered, "");
    }
}

#[test]
fn an_oversized_package_is_refused() {
    // Over the limit of a package, under that of an upload: admission refuses it.
    let padding = format!("(data (i32.const 1000) \"{}\")", "x".repeat(3 << 20));
    let large = GREET
        .replace(";; changed", &padding)
        .replace("\"memory\") 1)", "\"memory\") 60)");
    publish_refused(&guests::package(&large, "2.0.0").unwrap(), "limit_package");
    // Over both: the edge refuses it, and may close the connection while the client still writes.
    if let Ok(answer) = stage().publish(tenant(), "guest", &vec![0; 17 << 20]) {
        assert_eq!(answer.status, 413, "{}", answer.text());
    }
    still_works();
}

#[test]
fn a_manifest_that_does_not_match_is_refused() {
    let lying = guests::package_as(GREET, "2.0.0", "{\"tools\":[]}", &guests::publisher()).unwrap();
    publish_refused(&lying, "catalogue_mismatch");
}

#[test]
fn the_same_version_with_other_bytes_is_refused() {
    let changed = GREET.replace(";; changed", "(data (i32.const 2000) \"x\")");
    publish_refused(
        &guests::package(&changed, "1.0.0").unwrap(),
        "version_exists",
    );
}

#[test]
fn a_revoked_publisher_can_publish_nothing_more() {
    let tenant = stage().tenant_with(GREET).unwrap();
    let publisher = guests::publisher().public().to_string();
    stage()
        .platform()
        .smcp(["publisher", "revoke", &publisher, "--tenant", &tenant.name])
        .unwrap();
    let answer = stage()
        .publish(&tenant, "guest", &guests::package(GREET, "3.0.0").unwrap())
        .unwrap();
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(stage().call(&tenant, "greet").unwrap().status, 200);
}
