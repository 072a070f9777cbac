//! Secrets of a server: written by its admin, and read by nobody.

use crate::asking::{Acme, refusal};
use serde_json::{Value, json};
use smcp_capability::turn::Table;
use smcp_ids::limits;

const OBJECT: &str = "tenant:acme";
const VALUE: &str = "xyzzy-the-value-0123456789";

/// A secret for two hosts.
fn asks() -> Value {
    json!({
        "http": [{"host": "*.example.com", "methods": ["GET"]}],
        "secrets": [{"name": "TOKEN", "hosts": ["a.example.com", "b.example.com"]}],
    })
}

fn acme() -> Acme {
    let mut acme = Acme::new();
    acme.publish("1.0.0", &asks());
    acme.put("/grants", asks()["http"][0].clone());
    acme
}

#[test]
fn no_answer_and_no_row_has_the_value_or_its_length() {
    let mut acme = acme();
    let mut answers = vec![acme.put("/secrets/TOKEN", json!({ "value": VALUE }))];
    answers.push(acme.put("/secrets/TOKEN", json!({"hosts": ["*.example.com"]})));
    for path in ["/secrets", "", "/releases", "/grants", "/config"] {
        answers.push(acme.ask("GET", path, Value::Null).1);
    }
    // Nor has a refusal.
    for body in [
        json!({"value": VALUE, "hosts": ["localhost"]}),
        json!({"value": VALUE, "hosts": VALUE}),
        json!({"value": VALUE, "hosts": []}),
        json!({"value": VALUE, VALUE: 1}),
        json!({"value": [VALUE]}),
        json!({"value": 4_242_424_242_u64}),
        json!({"value": format!(" {VALUE}")}),
        json!({"value": format!("{VALUE}\n")}),
    ] {
        let answer = acme.ask("PUT", "/secrets/TOKEN", body.clone());
        assert_eq!(answer.0, 400, "{body}");
        answers.push(answer.1);
    }
    for answer in answers {
        let text = answer.to_string();
        let length = VALUE.len().to_string();
        assert!(
            !text.contains("xyzzy") && !text.contains("4242424242"),
            "{text}"
        );
        let changed = answer["changed"].to_string();
        assert!(
            !text.replace(&changed, "").contains(&format!(":{length}")),
            "{text}"
        );
    }
    for ((_, key), row) in acme.world.rows(OBJECT) {
        let has = |part: &[u8]| row.windows(part.len()).any(|window| window == part);
        assert!(!has(b"xyzzy") && !key.contains("xyzzy"), "{key}");
    }
    let is_secret =
        |(table, key): &&(Table, String)| *table == Table::Secrets && key == "hello/TOKEN";
    assert_eq!(acme.world.rows(OBJECT).keys().filter(is_secret).count(), 1);
}

#[test]
fn a_secret_goes_where_it_is_asked_for_unless_the_admin_says_otherwise() {
    let mut acme = acme();
    let set = acme.put("/secrets/TOKEN", json!({ "value": VALUE }));
    assert_eq!(set["hosts"], json!(["a.example.com", "b.example.com"]));
    assert!(set["went_live"].is_string(), "{set}");
    // A narrower binding than is asked for is the admin's to choose.
    let set = acme.put(
        "/secrets/TOKEN",
        json!({"value": VALUE, "hosts": ["a.example.com"]}),
    );
    let lacking = json!([{"name": "TOKEN", "hosts": ["b.example.com"], "is_set": true}]);
    assert_eq!(set["missing"]["secrets"], lacking);
    // A new value alone takes it nowhere new, and other hosts alone keep the value.
    let set = acme.put("/secrets/TOKEN", json!({"value": "another-value"}));
    assert_eq!(set["hosts"], json!(["a.example.com"]));
    let set = acme.put(
        "/secrets/TOKEN",
        json!({"hosts": ["B.example.com", "b.example.com:443"]}),
    );
    assert_eq!(set["hosts"], json!(["b.example.com"]));
    let listed = acme.ask("GET", "/secrets", Value::Null).1;
    let rows = listed["secrets"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    let members: Vec<_> = rows[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["changed", "hosts", "name"]);
}

#[test]
fn a_release_that_asks_for_a_secret_elsewhere_waits_until_it_is_bound_there() {
    let mut acme = acme();
    acme.put("/secrets/TOKEN", json!({ "value": VALUE }));
    let mut more = asks();
    more["secrets"][0]["hosts"] = json!(["a.example.com", "c.example.com"]);
    let (status, published) = acme.publish("2.0.0", &more);
    assert_eq!(status, 202, "{published}");
    let new = json!([{"name": "TOKEN", "hosts": ["c.example.com"]}]);
    assert_eq!(published["diff"]["new"]["secrets"], new);
    let rotated = acme.put("/secrets/TOKEN", json!({"value": "another-value"}));
    assert_eq!(rotated["went_live"], Value::Null, "{rotated}");
    let bound = acme.put(
        "/secrets/TOKEN",
        json!({"hosts": ["a.example.com", "c.example.com"]}),
    );
    assert_eq!(bound["went_live"], published["release"]);
}

#[test]
fn what_is_no_secret_is_refused_and_changes_nothing() {
    let mut acme = acme();
    let long = "x".repeat(limits::SECRET_MAX + 1);
    let name = "n".repeat(limits::SECRET_NAME_MAX + 1);
    let many: Vec<_> = (0..=limits::SECRET_HOSTS_MAX)
        .map(|at| format!("h{at}.example.com"))
        .collect();
    let good = json!({ "value": VALUE, "hosts": ["a.example.com"] });
    for (name, body, code) in [
        ("TOKEN", json!({}), "invalid_body"),
        (
            "TOKEN",
            json!({"hosts": ["a.example.com"]}),
            "secret_invalid",
        ),
        ("TOKEN", json!({"value": "short"}), "secret_invalid"),
        ("TOKEN", json!({"value": long}), "secret_invalid"),
        ("TOKEN", json!({"value": "not ascii: é"}), "secret_invalid"),
        (
            "TOKEN",
            json!({"value": VALUE, "hosts": many}),
            "secret_invalid",
        ),
        (
            "TOKEN",
            json!({"value": VALUE, "hosts": ["127.0.0.1"]}),
            "secret_invalid",
        ),
        ("OTHER", json!({"value": VALUE}), "secret_invalid"),
        ("a%20b", good.clone(), "invalid_name"),
        (&*name, good.clone(), "invalid_name"),
    ] {
        let answer = acme.ask("PUT", &format!("/secrets/{name}"), body.clone());
        assert_eq!(refusal(&answer), (400, code), "{name} {body} {}", answer.1);
    }
    let path = "/tenants/acme/servers/absent/secrets/TOKEN";
    assert_eq!(acme.world.admin("PUT", path, good).status(), 404);
    assert_eq!(
        acme.ask("GET", "/secrets", Value::Null).1,
        json!({"secrets": []})
    );
    assert_eq!(acme.ask("GET", "/secrets/TOKEN", Value::Null).0, 405);
}

#[test]
fn a_secret_that_was_removed_is_gone_and_the_release_that_asked_for_it_stays_live() {
    let mut acme = acme();
    acme.put("/secrets/TOKEN", json!({ "value": VALUE }));
    assert_eq!(acme.ask("DELETE", "/secrets/TOKEN", Value::Null).0, 200);
    assert_eq!(acme.ask("DELETE", "/secrets/TOKEN", Value::Null).0, 404);
    assert_eq!(acme.call(), 200);
    let missing = acme.show()["missing"]["secrets"].clone();
    assert_eq!(missing[0]["is_set"], json!(false), "{missing}");
    let answer = acme.ask("PUT", "/secrets/TOKEN", json!({"hosts": ["a.example.com"]}));
    assert_eq!(
        refusal(&answer),
        (400, "secret_invalid"),
        "its value is gone"
    );
}

#[test]
fn a_server_has_so_many_secrets_and_no_more() {
    let mut acme = acme();
    let body = json!({"value": VALUE, "hosts": ["a.example.com"]});
    for number in 0..limits::SECRETS_MAX {
        acme.put(&format!("/secrets/S{number}"), body.clone());
    }
    let answer = acme.ask("PUT", "/secrets/TOKEN", body.clone());
    assert_eq!(refusal(&answer), (409, "too_many_secrets"));
    acme.put("/secrets/S0", body);
}

#[test]
fn another_server_has_none_of_it() {
    let mut acme = acme();
    acme.put("/secrets/TOKEN", json!({ "value": VALUE }));
    let package = crate::asking::package(crate::asking::GREET, "1.0.0", &asks());
    let path = "/tenants/acme/servers/other/releases";
    assert_eq!(acme.world.admin_bytes("POST", path, package).status(), 202);
    for what in ["secrets", "grants"] {
        let path = format!("/tenants/acme/servers/other/{what}");
        let listed = acme.world.admin("GET", &path, Value::Null).json();
        assert_eq!(listed, json!({ what: [] }));
    }
}
