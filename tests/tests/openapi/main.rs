//! The OpenAPI document is true: every operation is asked for on the real platform, and every answer, errors too, is
//! held against it. What it documents and nothing provokes is listed, with the reason.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod life;
mod moving;
mod people;
mod refusals;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use smcp_crypto::SigningKey;
use smcp_ids::limits::{GRANTS_MAX, KEYS_MAX, PUBLISHERS_MAX, SECRETS_MAX, SETTINGS_MAX};
use smcp_package::{Asks, Manifest, capabilities, embed_manifest, sign};
use smcp_tests::admin::Admin;
use smcp_tests::http::{Answer, Ask, tool_call};
use smcp_tests::openapi::{Document, Operation};
use smcp_tests::outside::{self, Outside};
use smcp_tests::{Stage, guests};

const ASK: &str = include_str!("../../guests/ask.wat");
const GREET: &str = include_str!("../../guests/greet.wat");
const TENANT: &str = "described";

/// A platform whose requests to other hosts are answered as by an OpenID provider that describes itself.
fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let outside = Outside::start(|request| {
            let issuer = format!("https://{}", request.header("host"));
            let described = json!({
                "issuer": issuer, "authorization_endpoint": format!("{issuer}/a"),
                "token_endpoint": format!("{issuer}/t"), "jwks_uri": format!("{issuer}/k"),
            });
            outside::Answer::new(200, described.to_string())
        });
        Stage::sending_to(outside.unwrap().port()).unwrap()
    })
}

/// Requests to a platform, each answer held against the document, and which of its responses were seen.
struct Inquiry {
    admin: Admin,
    document: Document,
    seen: BTreeSet<(String, String)>,
}

impl Inquiry {
    fn begin() -> Self {
        let platform = stage().platform();
        Self {
            admin: Admin::new(platform.url(), platform.admin_token()),
            document: Document::of(platform.url()).unwrap(),
            seen: BTreeSet::new(),
        }
    }

    /// Sends a request that must be answered with that status; `path` begins after the tenant.
    #[track_caller]
    fn ask(&mut self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let body = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        self.ask_bytes(method, path, &body, status)
    }

    #[track_caller]
    fn ask_bytes(&mut self, method: &str, path: &str, body: &[u8], status: u16) -> Value {
        let path = match path.strip_prefix('^') {
            Some(path) => path.to_owned(),
            None => format!("/tenants/{TENANT}{path}"),
        };
        let answer = self.admin.ask(method, &path).send(body).unwrap();
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        let document = self.document.clone();
        let operation = document.operation(method, &path).unwrap();
        if status < 300 {
            let taken = document.check_request(&operation, &path, body);
            taken.unwrap_or_else(|error| panic!("{method} {path}: {error:#}"));
        }
        self.hold(&document, &operation, &answer);
        answer.json().unwrap()
    }

    /// Asks for what is no JSON.
    #[track_caller]
    fn take(&mut self, method: &str, path: &str, status: u16) -> Vec<u8> {
        let path = format!("/tenants/{TENANT}{path}");
        let answer = self.admin.ask(method, &path).send(b"").unwrap();
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        let document = self.document.clone();
        let operation = document.operation(method, &path).unwrap();
        self.hold(&document, &operation, &answer);
        answer.body
    }

    #[track_caller]
    fn hold(&mut self, document: &Document, operation: &Operation<'_>, answer: &Answer) {
        let held = document.check_answer(operation, answer);
        let response = held.unwrap_or_else(|error| panic!("{}: {error:#}", operation.id));
        self.seen.insert((operation.id.to_owned(), response));
    }
}

/// A package that asks for a host and a secret, and declares a setting.
fn asking(version: &str) -> Vec<u8> {
    let import = r#"(module (import "smcp:server/http@0.1.0" "send"
        (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
    let module = wat::parse_str(GREET.replacen("(module", import, 1)).unwrap();
    let asks = json!({
        "http": [{"host": "*.example.com", "methods": ["GET"]}],
        "secrets": [{"name": "TOKEN", "hosts": ["api.example.com"], "description": "From its page."}],
    });
    let interfaces = capabilities(&module).unwrap();
    let catalogue = r#"{"tools":[{"name":"greet","inputSchema":{"type":"object"}}]}"#;
    let manifest = Manifest::new("guest".parse().unwrap(), version, catalogue, interfaces).unwrap();
    let manifest = manifest.with_asks(Asks::parse(&asks.to_string()).unwrap());
    let package = embed_manifest(&module, &manifest).unwrap();
    sign(&package, &[&guests::publisher()]).unwrap()
}

/// A guest that logs more than it may, and then fails.
fn loud() -> Vec<u8> {
    let told = "(local.set $len (i32.const 300))
      (loop $more (call $tell)
        (br_if $more (local.tee $len (i32.sub (local.get $len) (i32.const 1)))))
      (call $ask";
    let loud = ASK.replacen("(call $tell)\n    (call $ask", told, 1);
    assert_ne!(loud, ASK);
    guests::package(&loud, "1.0.0").unwrap()
}

fn public(number: u16) -> String {
    let [high, low] = number.to_be_bytes();
    let mut seed = [9; 32];
    seed[..2].copy_from_slice(&[high, low]);
    SigningKey::from_seed(&seed).public().to_string()
}

#[test]
fn every_operation_answers_as_the_document_says() {
    let mut inquiry = Inquiry::begin();
    tenants_and_publishers(&mut inquiry);
    releases(&mut inquiry);
    grants_and_secrets(&mut inquiry);
    life::life(&mut inquiry);
    settings(&mut inquiry);
    calls(&mut inquiry);
    keys(&mut inquiry);
    people::limits(&mut inquiry);
    people::people(&mut inquiry);
    people::provider(&mut inquiry);
    people::audit(&mut inquiry);
    people::web(&mut inquiry);
    refusals::refusals(&mut inquiry);
    moving::moves(&mut inquiry);
    ends(&mut inquiry);
    let documented = inquiry.document.clone();
    let documented = documented.operations().into_iter().flat_map(|operation| {
        let responses = operation.said["responses"].as_object().unwrap();
        let id = operation.id.to_owned();
        let keys: Vec<String> = responses.keys().cloned().collect();
        keys.into_iter().map(move |status| (id.clone(), status))
    });
    let unseen: Vec<_> = documented.filter(|it| !inquiry.seen.contains(it)).collect();
    assert!(unseen.is_empty(), "documented and never seen: {unseen:?}");
}

fn tenants_and_publishers(inquiry: &mut Inquiry) {
    let made = json!({"tenant": TENANT});
    inquiry.ask("POST", "^/tenants", made.clone(), 201);
    inquiry.ask("POST", "^/tenants", made, 409);
    inquiry.ask("POST", "^/tenants", json!({"tenant": "No Name"}), 400);
    inquiry.ask("POST", "^/tenants", json!({"tenant": "a", "x": 1}), 400);
    inquiry.ask("GET", "^/tenants", Value::Null, 200);
    let publisher = guests::publisher().public().to_string();
    inquiry.ask("POST", "/publishers", json!({"key": publisher}), 201);
    inquiry.ask("POST", "/publishers", json!({"key": "00"}), 400);
    inquiry.ask("POST", "/publishers", json!({"key": "00".repeat(32)}), 400);
    for number in 1..u16::try_from(PUBLISHERS_MAX).unwrap() {
        inquiry.ask("POST", "/publishers", json!({"key": public(number)}), 201);
    }
    inquiry.ask("POST", "/publishers", json!({"key": public(9_999)}), 409);
    let path = format!("/publishers/{}", public(1));
    inquiry.ask("DELETE", &path, Value::Null, 200);
    inquiry.ask("GET", "/publishers", Value::Null, 200);
}

fn releases(inquiry: &mut Inquiry) {
    let path = "/servers/guest/releases";
    let (loud, asking) = (loud(), asking("2.0.0"));
    inquiry.ask_bytes("POST", path, &loud, 201);
    inquiry.ask_bytes("POST", path, &loud, 200);
    let waits = inquiry.ask_bytes("POST", path, &asking, 202);
    assert!(
        waits["missing"]["secrets"][0]["description"].is_string(),
        "{waits}"
    );
    let other = guests::package(GREET, "1.0.0").unwrap();
    inquiry.ask_bytes("POST", path, &other, 409);
    inquiry.ask_bytes("POST", path, b"no package", 422);
    inquiry.ask_bytes("POST", "/servers/No_Name/releases", &other, 400);
    inquiry.ask_bytes("POST", "/servers/asking/releases", &asking, 202);
    inquiry.ask("GET", "/servers", Value::Null, 200);
    inquiry.ask("GET", "/servers?after=guest", Value::Null, 200);
    inquiry.ask("GET", "/servers?after=No_Name", Value::Null, 400);
    inquiry.ask("GET", "/servers/guest", Value::Null, 200);
    inquiry.ask("GET", path, Value::Null, 200);
    reports(inquiry, waits["release"].as_str().unwrap());
}

fn reports(inquiry: &mut Inquiry, release: &str) {
    let report = |release: &str| format!("/servers/guest/releases/{release}/report");
    let shown = inquiry.ask("GET", &report(release), Value::Null, 200);
    assert_eq!(shown["facts"]["can"][0]["name"], "http", "{shown}");
    inquiry.ask("GET", &report("abc"), Value::Null, 400);
    let policy = json!({"refuse_level": "danger", "accept": ["long_text"], "known_bad": [release]});
    let set = inquiry.ask("PUT", "/policy", policy, 200);
    let bad = set["known_bad_releases"].as_array().unwrap();
    assert_eq!(bad.len(), 2, "{set}");
    let refused = inquiry.ask_bytes("POST", "/servers/more/releases", &asking("2.0.0"), 422);
    assert_eq!(
        refused["error"]["findings"][0]["code"], "known_bad",
        "{refused}"
    );
    inquiry.ask("PUT", "/policy", json!({"refuse_level": "all"}), 400);
    inquiry.ask("GET", "/policy", Value::Null, 200);
    inquiry.ask("DELETE", "/policy", Value::Null, 200);
}

fn grants_and_secrets(inquiry: &mut Inquiry) {
    let (grants, secret) = ("/servers/asking/grants", "/servers/asking/secrets/TOKEN");
    let granted = json!({"host": "*.example.com", "methods": ["GET"]});
    let granted = inquiry.ask("PUT", grants, granted, 200);
    assert!(granted["missing"].is_object(), "{granted}");
    let wrong = json!({"host": "localhost", "methods": ["GET"]});
    inquiry.ask("PUT", grants, wrong, 400);
    inquiry.ask(
        "PUT",
        secret,
        json!({"value": "a value", "hosts": ["127.0.0.1"]}),
        400,
    );
    inquiry.ask("PUT", secret, json!({}), 400);
    inquiry.ask(
        "PUT",
        "/servers/asking/secrets/a%20b",
        json!({"value": "a value of it"}),
        400,
    );
    let set = inquiry.ask("PUT", secret, json!({"value": "a value of it"}), 200);
    assert!(set["went_live"].is_string(), "{set}");
    for number in 1..=GRANTS_MAX {
        let status = if number < GRANTS_MAX { 200 } else { 409 };
        let grant = json!({"host": format!("h{number}.example.com"), "methods": ["GET", "POST"]});
        inquiry.ask("PUT", grants, grant, status);
    }
    for number in 1..=SECRETS_MAX {
        let status = if number < SECRETS_MAX { 200 } else { 409 };
        let path = format!("/servers/asking/secrets/S{number}");
        let secret = json!({"value": "a value of it", "hosts": ["api.example.com"]});
        inquiry.ask("PUT", &path, secret, status);
    }
    inquiry.ask("GET", grants, Value::Null, 200);
    inquiry.ask("GET", "/servers/asking/secrets", Value::Null, 200);
    inquiry.ask(
        "DELETE",
        &format!("{grants}?host=h1.example.com"),
        Value::Null,
        200,
    );
    inquiry.ask("DELETE", grants, Value::Null, 400);
    inquiry.ask("DELETE", secret, Value::Null, 200);
}

fn settings(inquiry: &mut Inquiry) {
    let path = |name: &str| format!("/servers/guest/config/{name}");
    for value in [json!(null), json!("text"), json!({"a": [1, 2.5]})] {
        inquiry.ask("PUT", &path("S0"), json!({"value": value}), 200);
    }
    inquiry.ask("PUT", &path("a%20b"), json!({"value": 1}), 400);
    let long = json!({"value": "x".repeat(16 * 1024)});
    inquiry.ask("PUT", &path("S0"), long, 400);
    for number in 1..=SETTINGS_MAX {
        let status = if number < SETTINGS_MAX { 200 } else { 409 };
        inquiry.ask(
            "PUT",
            &path(&format!("S{number}")),
            json!({"value": number}),
            status,
        );
    }
    inquiry.ask("GET", "/servers/guest/config", Value::Null, 200);
    inquiry.ask("DELETE", &path("S1"), Value::Null, 200);
}

fn calls(inquiry: &mut Inquiry) {
    let key = inquiry.ask("POST", "/keys", json!({"name": "calls"}), 201);
    let key = key["key"].as_str().unwrap();
    let failed = Ask::new("POST", &stage().platform().endpoint(TENANT, "guest"))
        .header("authorization", &format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .send(tool_call("ask", &json!({})).to_string().as_bytes())
        .unwrap();
    assert!(failed.text().contains("callId"), "{}", failed.text());
    let logs = inquiry.ask(
        "GET",
        "/servers/guest/logs?limit=1000&level=debug&after=0",
        Value::Null,
        200,
    );
    let kinds = logs["entries"].as_array().unwrap().iter();
    let kinds: BTreeSet<_> = kinds.map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["end", "log", "note"].into(), "{logs}");
    inquiry.ask("GET", "/servers/guest/logs?limit=0", Value::Null, 400);
    for by in ["server", "tool&server=guest&from=0&to=1999999999999", "key"] {
        let usage = inquiry.ask("GET", &format!("/usage?by={by}"), Value::Null, 200);
        assert!(usage["all"]["requests"].as_u64().unwrap() > 0, "{usage}");
    }
    inquiry.ask("GET", "/usage?by=hour", Value::Null, 400);
    let alerts = inquiry.ask("GET", "/alerts?from=0", Value::Null, 200);
    assert_eq!(alerts["alerts"][0]["kind"], "trap", "{alerts}");
    inquiry.ask("GET", "/alerts?from=x", Value::Null, 400);
    let tapes = inquiry.ask("GET", "/servers/guest/tapes", Value::Null, 200);
    let call = tapes["tapes"][0]["call"].as_str().unwrap().to_owned();
    inquiry.ask(
        "GET",
        &format!("/servers/guest/tapes?call={call}"),
        Value::Null,
        200,
    );
    inquiry.ask("GET", "/servers/guest/tapes?call=x", Value::Null, 400);
    inquiry.ask(
        "GET",
        &format!("/servers/guest/tapes/{call}"),
        Value::Null,
        200,
    );
    inquiry.ask("GET", "/tapes", Value::Null, 200);
    for keep in ["receipts", "all", "none", "failures"] {
        inquiry.ask("PUT", "/tapes", json!({"keep": keep}), 200);
    }
    inquiry.ask("PUT", "/tapes", json!({"keep": "some"}), 400);
}

fn keys(inquiry: &mut Inquiry) {
    let scopes = "mcp mcp:read mcp/guest mcp/guest:read mcp/guest/ask admin publish audit";
    let body = json!({"name": "all", "scopes": scopes, "expires_in_days": 30});
    let made = inquiry.ask("POST", "/keys", body, 201);
    inquiry.ask("POST", "/keys", json!({"scopes": "everything"}), 400);
    inquiry.ask("POST", "/keys", json!({"expires_in_days": -1}), 400);
    let path = format!("/keys/{}", made["id"].as_str().unwrap());
    inquiry.ask("DELETE", &path, Value::Null, 200);
    let there = inquiry.ask("GET", "/keys", Value::Null, 200);
    for _ in there["keys"].as_array().unwrap().len()..KEYS_MAX {
        let more = inquiry
            .admin
            .send("POST", &format!("/tenants/{TENANT}/keys"), &json!({}));
        assert_eq!(more.unwrap().status, 201);
    }
    inquiry.ask("POST", "/keys", json!({}), 409);
}

fn ends(inquiry: &mut Inquiry) {
    inquiry.ask("GET", "", Value::Null, 200);
    let publisher = guests::publisher().public();
    let path = format!("/publishers/{publisher}?stop=true");
    inquiry.ask("DELETE", &path, Value::Null, 200);
    inquiry.ask("GET", "/servers/guest", Value::Null, 200);
    inquiry.ask("DELETE", "/servers/guest", Value::Null, 200);
    inquiry.ask("DELETE", "?grace_days=0", Value::Null, 200);
}

#[test]
fn it_is_an_openapi_document_by_the_rules_of_others() {
    let file = stage().platform().scratch("openapi.json");
    let url = format!("{}/admin/v1/openapi.json", stage().platform().url());
    let served = Ask::new("GET", &url).send(b"").unwrap();
    std::fs::write(&file, &served.body).unwrap();
    let mut validator = Command::new(smcp_xtask::python::python().unwrap());
    let validator = validator.args(["-m", "openapi_spec_validator"]).arg(&file);
    let said = validator.output().unwrap();
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stdout)
    );
}

#[test]
fn everybody_may_read_it_from_any_page_and_keep_it() {
    let url = format!("{}/admin/v1/openapi.json", stage().platform().url());
    for ask in [
        Ask::new("GET", &url),
        Ask::new("GET", &url).header("origin", "https://evil.example"),
        Ask::new("GET", &url).header("authorization", "Bearer smcp_a_b_c"),
    ] {
        let answer = ask.send(b"").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("cache-control"), "public, max-age=3600");
        assert_eq!(
            answer.text(),
            include_str!("../../../host/shell/src/openapi.json")
        );
    }
}
