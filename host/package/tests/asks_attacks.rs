//! Attacks by what a manifest asks for; each test is one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use smcp_capability::http::{HostGrant, Method};
use smcp_ids::limits;
use smcp_package::{AskedSecret, Asks, Manifest, PackageError, embed_manifest};
use support::{IMPORTS, REQUIRED, admit, manifest, module, sign_only};

/// A manifest that asks for `asks`, the text of a JSON value.
fn with(asks: &str) -> Result<Manifest, PackageError> {
    let json = format!(
        r#"{{"format":1,"abi":"0.1.0","name":"echo","version":"1.2.0","capabilities":[],"limits":{{}},"asks":{asks},"catalogue":"{{}}"}}"#
    );
    Manifest::parse(json.as_bytes())
}

fn code(asks: &str) -> &'static str {
    with(asks).unwrap_err().code()
}

const GOOD: &str = r#"{"http":[{"host":"api.example.com","methods":["GET","POST"]},{"host":"*.example.org","methods":["GET"]}],"secrets":[{"name":"TOKEN","hosts":["api.example.com","a.b.example.org"],"description":"From the settings page."},{"name":"OTHER"}],"config":{"limit":{"type":"integer"}}}"#;

#[test]
fn what_is_asked_for_is_what_the_manifest_says_and_reads_as_it_was_written() {
    let manifest = with(GOOD).unwrap();
    let asks = manifest.asks();
    let http: Vec<_> = asks.http().iter().map(|ask| ask.host.to_string()).collect();
    assert_eq!(http, ["api.example.com", "*.example.org"]);
    assert_eq!(asks.secrets()[0].hosts.len(), 2);
    assert_eq!(asks.config()["limit"], json!({"type": "integer"}));
    let back = Manifest::parse(&manifest.to_json().unwrap()).unwrap();
    assert_eq!(back, manifest);
    assert_eq!(Asks::parse(&asks.to_json().unwrap()), Ok(asks.clone()));
    // Asking for nothing is not asking.
    let nothing = with("{}").unwrap();
    assert!(nothing.asks().is_empty());
    let json = String::from_utf8(nothing.to_json().unwrap()).unwrap();
    assert!(!json.contains("asks"), "{json}");
}

#[test]
fn members_that_are_unknown_missing_wrong_or_there_twice_are_refused() {
    for asks in [
        "[]",
        "1",
        r#"{"kv":[]}"#,
        r#"{"http":{}}"#,
        r#"{"http":[["api.example.com",["GET"]]]}"#,
        r#"{"secrets":[["A"]]}"#,
        r#"{"http":[],"http":[]}"#,
        r#"{"http":[{"host":"api.example.com"}]}"#,
        r#"{"http":[{"methods":["GET"]}]}"#,
        r#"{"http":[{"host":"api.example.com","methods":["GET"],"ports":[1]}]}"#,
        r#"{"http":[{"host":"api.example.com","host":"evil.example.com","methods":["GET"]}]}"#,
        r#"{"http":[{"host":"api.example.com","methods":"GET"}]}"#,
        r#"{"secrets":[{"hosts":[]}]}"#,
        r#"{"secrets":[{"name":"A","value":"hunter2"}]}"#,
        r#"{"secrets":[{"name":"A","name":"B"}]}"#,
        r#"{"secrets":[{"name":1}]}"#,
        r#"{"config":[]}"#,
        r#"{"config":null}"#,
        r#"{"config":{"a":{},"a":{"type":"string"}}}"#,
        r#"{"config":{"a":{},"\u0061":{"type":"string"}}}"#,
        r#"{"config":{"a":{"type":"string","type":"integer"}}}"#,
        r#"{"config":{"a":{"anyOf":[{"const":1,"const":2}]}}}"#,
    ] {
        assert_eq!(code(asks), "manifest_malformed", "{asks}");
    }
    let deep = format!(r#"{{"config":{{"a":{}"#, r#"{"not":"#.repeat(10_000));
    assert_eq!(code(&deep), "manifest_malformed");
}

#[test]
fn no_server_can_ask_for_addresses_or_the_hosts_own_network() {
    for host in [
        "127.0.0.1",
        "0x7f.1",
        "[::1]",
        "localhost",
        "metadata.google.internal",
        "*.internal",
        "*",
        "*.",
        "*.com*",
        "a.*.example.com",
        "nip.io",
        "10.0.0.1.nip.io",
        "example.com/path",
        "ada@example.com",
        "ftp://example.com",
        "example.com:0",
        "",
    ] {
        let asks = json!({"http": [{"host": host, "methods": ["GET"]}]});
        assert_eq!(code(&asks.to_string()), "manifest_malformed", "{host}");
        let secret = json!({"secrets": [{"name": "A", "hosts": [host]}]});
        assert_eq!(code(&secret.to_string()), "manifest_malformed", "{host}");
    }
    for method in ["CONNECT", "TRACE", "get", "*", ""] {
        let asks = json!({"http": [{"host": "api.example.com", "methods": [method]}]});
        assert_eq!(code(&asks.to_string()), "manifest_malformed", "{method}");
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let http = json!([{"host": "api.example.com", "methods": ["GET"]}]);
    for asks in [
        json!({"http": [{"host": "api.example.com", "methods": []}]}),
        json!({"http": [http[0], {"host": "API.example.com:443", "methods": ["POST"]}]}),
        json!({"secrets": [{"name": "A"}, {"name": "A"}]}),
        json!({"secrets": [{"name": ""}]}),
        json!({"secrets": [{"name": "A}}{{secret:B"}]}),
        json!({"secrets": [{"name": "n".repeat(limits::SECRET_NAME_MAX + 1)}]}),
        json!({"secrets": [{"name": "A", "hosts": ["api.example.com"]}]}),
        json!({"http": http, "secrets": [{"name": "A", "hosts": ["evil.example.com"]}]}),
        json!({"http": http, "secrets": [{"name": "A", "hosts": ["*.example.com"]}]}),
        json!({"http": http, "secrets": [{"name": "A", "hosts": ["http://api.example.com"]}]}),
        json!({"http": http, "secrets": [{"name": "A", "hosts": ["api.example.com:8443"]}]}),
        json!({"secrets": [{"name": "A", "description": "\u{1b}]0;evil\u{7}"}]}),
        json!({"config": {"a b": {}}}),
        json!({"config": {"": {}}}),
        json!({"config": {"n".repeat(limits::SETTING_NAME_MAX + 1): {}}}),
        json!({"config": {"a": true}}),
        json!({"config": {"a": "string"}}),
    ] {
        assert_eq!(code(&asks.to_string()), "asks_invalid", "{asks}");
    }
}

/// Asks for so many, or so much, of something.
type Asking<'a> = &'a dyn Fn(usize) -> Value;

#[test]
fn too_much_of_anything_is_refused() {
    let host =
        |number: usize| json!({"host": format!("h{number}.example.com"), "methods": ["GET"]});
    let secret = |number: usize| json!({"name": format!("S{number}")});
    let setting = |number: usize| (format!("s{number}"), json!({}));
    let bound = |number: usize| {
        let hosts: Vec<_> = (0..number).map(|at| format!("h{at}.example.com")).collect();
        let http = json!([{"host": "*.example.com", "methods": ["GET"]}]);
        json!({"http": http, "secrets": [{"name": "A", "hosts": hosts}]})
    };
    let http = |count| json!({"http": (0..count).map(host).collect::<Vec<_>>()});
    let secrets = |count| json!({"secrets": (0..count).map(secret).collect::<Vec<_>>()});
    let config =
        |count| json!({"config": (0..count).map(setting).collect::<serde_json::Map<_, _>>()});
    let described =
        |bytes: usize| json!({"secrets": [{"name": "A", "description": "x".repeat(bytes)}]});
    let long = |bytes: usize| {
        let around = json!({"config": {"a": {"title": ""}}}).to_string().len();
        json!({"config": {"a": {"title": "x".repeat(bytes - around)}}})
    };
    let cases: [(Asking<'_>, usize, &str); 6] = [
        (&http, limits::GRANTS_MAX, "limit_asked_hosts"),
        (&secrets, limits::SECRETS_MAX, "limit_asked_secrets"),
        (&config, limits::SETTINGS_MAX, "limit_asked_settings"),
        (&bound, limits::SECRET_HOSTS_MAX, "limit_asked_hosts"),
        (&described, limits::DESCRIPTION_MAX, "limit_description"),
        (&long, limits::ASKS_MAX, "limit_asks"),
    ];
    for (asks, most, limit) in cases {
        assert!(with(&asks(most).to_string()).is_ok(), "{limit}");
        assert_eq!(code(&asks(most + 1).to_string()), limit);
    }
}

#[test]
fn asking_for_what_the_module_cannot_use_is_refused_and_using_without_asking_is_not() {
    const HTTP: &str = r#"(import "smcp:server/http@0.1.0" "send"
        (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
    const CONFIG: &str = r#"(import "smcp:server/config@0.1.0" "get" (func (param i32 i32 i32)))"#;
    let http = r#"{"http":[{"host":"api.example.com","methods":["GET"]}]}"#;
    let secrets = r#"{"secrets":[{"name":"A"}]}"#;
    let config = r#"{"config":{"a":{}}}"#;
    for (imports, asks, is_taken) in [
        (IMPORTS, "{}", true),
        (HTTP, "{}", true),
        (CONFIG, "{}", true),
        (HTTP, http, true),
        (HTTP, secrets, true),
        (CONFIG, config, true),
        (IMPORTS, http, false),
        (IMPORTS, secrets, false),
        (IMPORTS, config, false),
        (CONFIG, http, false),
        (HTTP, config, false),
    ] {
        let module = module(&[imports, REQUIRED]);
        let manifest = manifest(&module).with_asks(Asks::parse(asks).unwrap());
        let answer = admit(&sign_only(&embed_manifest(&module, &manifest).unwrap()));
        let code = answer.map_or_else(|error| error.code(), |_| "taken");
        let expected = if is_taken { "taken" } else { "asks_unused" };
        assert_eq!(code, expected, "{imports} {asks}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_asks_for_nothing_and_breaks_nothing(text: String) {
        prop_assert!(Asks::parse(&text).is_err());
    }

    #[test]
    fn asks_read_as_they_were_written(
        hosts in prop::collection::btree_set("(\\*\\.)?[a-z]{1,9}\\.example(:[1-9][0-9]{0,3})?", 0..5),
        names in prop::collection::btree_set("[A-Za-z0-9_.-]{1,20}", 0..5),
        description in prop::option::of("[ -~é]{0,40}"),
        settings in prop::collection::btree_map("[A-Za-z0-9_.-]{1,20}", "[a-z]{1,5}", 0..5),
        methods in prop::collection::btree_set(prop::sample::select(Method::ALL.to_vec()), 1..4),
    ) {
        let http: Vec<HostGrant> = hosts.iter().map(|host| HostGrant {
            host: host.parse().unwrap(),
            methods: methods.clone(),
        }).collect();
        let bound: BTreeSet<_> = http.iter().map(|grant| grant.host.clone()).collect();
        let secrets = names.into_iter().map(|name| AskedSecret {
            name,
            hosts: bound.clone(),
            description: description.clone(),
        }).collect();
        let config: BTreeMap<_, _> = settings.into_iter().map(|(name, text)| (name, json!({"const": text}))).collect();
        let asks = Asks::new(http, secrets, config).unwrap();
        prop_assert_eq!(Asks::parse(&asks.to_json().unwrap()).unwrap(), asks);
    }
}
