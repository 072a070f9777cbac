//! The pages of an invitation and of a consent, in a real browser: Debian's Chromium, which must be there. Without
//! scripts, with nothing that another site could use, and for people who do not see them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::TcpListener;
use std::process::Command;

use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::http::Ask;
use smcp_tests::stage;
use smcp_xtask::paths;

const GREET: &str = include_str!("../guests/greet.wat");
/// RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[test]
fn a_person_accepts_an_invitation_and_agrees_in_a_browser_without_scripts() {
    let platform = stage().platform();
    let tenant = stage().tenant_with(GREET).unwrap().name;
    let admin = Admin::new(platform.url(), platform.admin_token());
    let invited = admin
        .send(
            "POST",
            &format!("/tenants/{tenant}/members"),
            &json!({"name": "Ada"}),
        )
        .unwrap();
    let invitation = invited.json().unwrap()["invitation"]
        .as_str()
        .unwrap()
        .to_owned();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let document = json!({
        "client_name": "Edit <b>or</b>", "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    });
    let registered = Ask::new("POST", &format!("{}/register", platform.url()))
        .header("content-type", "application/json")
        .send(document.to_string().as_bytes())
        .unwrap();
    let client = registered.json().unwrap()["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let endpoint = platform.endpoint(&tenant, "guest");
    let (resource, callback) = (
        encoded(&endpoint),
        encoded(&format!("http://127.0.0.1:{port}/callback")),
    );
    let url = format!(
        "{}/authorize?response_type=code&client_id={client}&redirect_uri={callback}&code_challenge={CHALLENGE}\
         &code_challenge_method=S256&state=xyz&resource={resource}",
        platform.url()
    );
    let output = Command::new(paths::node())
        .arg(paths::root().join("tests/clients/chromium.mjs"))
        .args([&invitation, &url, &port.to_string()])
        .current_dir(paths::root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let seen: Value = serde_json::from_str(&said)
        .unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(seen["failed"], Value::Null, "{seen}");
    assert_eq!(seen["title"], "Connect Edit <b>or</b>?");
    let heading = seen["heading"].as_str().unwrap();
    assert!(
        heading.contains("Edit <b>or</b>") && heading.contains(&tenant),
        "{heading}"
    );
    let text = seen["text"].as_str().unwrap();
    for said in [
        &format!("127.0.0.1:{port}"),
        "calls itself",
        "use everything",
        "the machine you are sitting at",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(
        (&seen["fields"], &seen["buttons"]),
        (&json!(1), &json!(["Agree", "Refuse"]))
    );
    assert!(
        seen["alert"].as_str().unwrap().contains("not right"),
        "{seen}"
    );
    assert_eq!(seen["typed"], "", "what was typed is not shown again");
    let called = seen["called"]["url"].as_str().unwrap();
    assert!(
        called.starts_with("/callback?code=smcpc_") && called.contains("&state=xyz&iss=http"),
        "{called}"
    );
    assert_eq!(
        seen["called"]["referer"],
        Value::Null,
        "nobody is told where the person came from"
    );
    assert_eq!(seen["cookies"], 0, "{seen}");
    let console = seen["console"].to_string();
    assert!(!console.contains("Security Policy"), "{console}");
    assert_eq!(
        (&seen["runs"], &seen["framed"]),
        (&json!(false), &json!(0)),
        "{seen}"
    );
}

fn encoded(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F")
}
