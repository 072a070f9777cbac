//! What a server asks for and its admin grants: a release that asks for more waits until it has it.

use crate::asking::{Acme, GREET, SERVER, package, refusal};
use crate::world::{ADMIN, publisher, tool_call};
use serde_json::{Value, json};
use smcp_capability::turn::{Effect, Performed, Step, Table};
use smcp_ids::limits;

const OBJECT: &str = "tenant:acme";

/// One host, and a secret for it.
fn asks() -> Value {
    json!({
        "http": [{"host": "api.example.com", "methods": ["GET"]}],
        "secrets": [{"name": "TOKEN", "hosts": ["api.example.com"], "description": "From the settings page."}],
    })
}

fn grant(host: &str, methods: &[&str]) -> Value {
    json!({"host": host, "methods": methods})
}

#[test]
fn a_release_waits_until_all_that_it_asks_for_is_granted_and_goes_live_at_once() {
    let mut acme = Acme::new();
    let (status, published) = acme.publish("1.0.0", &asks());
    assert_eq!(status, 202, "{published}");
    let release = published["release"].clone();
    assert_eq!(published["live"], Value::Null);
    assert_eq!(
        published["waiting"],
        json!({"release": release, "version": "1.0.0"})
    );
    let secret = json!({
        "name": "TOKEN", "hosts": ["api.example.com"], "is_set": false,
        "description": "From the settings page.",
    });
    let missing = json!({"http": [grant("api.example.com", &["GET"])], "secrets": [secret]});
    assert_eq!(published["missing"], missing);
    assert_eq!(published["diff"]["new"]["http"], missing["http"]);
    assert_eq!(acme.show()["missing"], missing);
    assert_eq!(acme.call(), 404);

    let granted = acme.put("/grants", grant("api.example.com", &["GET"]));
    assert_eq!(granted["went_live"], Value::Null);
    assert_eq!(granted["missing"], json!({"http": [], "secrets": [secret]}));
    assert_eq!(acme.call(), 404);
    acme.world.evict();

    let set = acme.put("/secrets/TOKEN", json!({"value": "a-secret-value"}));
    assert_eq!(
        (&set["went_live"], &set["missing"]),
        (&release, &Value::Null)
    );
    assert_eq!(acme.call(), 200);
    let shown = acme.show();
    assert_eq!(
        (&shown["live"], &shown["waiting"]),
        (&release, &Value::Null)
    );
    assert_eq!(shown.get("missing"), None);
    acme.world.evict();
    assert_eq!(acme.call(), 200);
}

#[test]
fn what_a_release_asks_for_can_be_granted_before_it_is_published() {
    let mut acme = Acme::new();
    assert_eq!(acme.publish("1.0.0", &json!({})).0, 201);
    acme.put("/grants", grant("*.example.com", &["GET", "POST"]));
    acme.put(
        "/secrets/TOKEN",
        json!({"value": "a-secret-value", "hosts": ["*.example.com"]}),
    );
    let (status, published) = acme.publish("1.1.0", &asks());
    assert_eq!((status, &published["version"]), (201, &json!("1.1.0")));
    assert_eq!(published.get("missing"), None);
}

#[test]
fn while_a_release_waits_the_one_before_answers() {
    let mut acme = Acme::with(&asks());
    let more =
        json!({"http": [grant("api.example.com", &["GET", "POST"])], "secrets": asks()["secrets"]});
    let (status, published) = acme.publish("2.0.0", &more);
    assert_eq!((status, &published["version"]), (202, &json!("1.0.0")));
    let added = json!({
        "interfaces": [], "http": [grant("api.example.com", &["POST"])], "secrets": [], "settings": [],
    });
    let nothing = json!({"interfaces": [], "http": [], "secrets": [], "settings": []});
    assert_eq!(published["diff"], json!({"new": added, "gone": nothing}));
    assert_eq!(acme.call(), 200);
    let releases = acme.ask("GET", "/releases", Value::Null).1;
    let of = |version: &str| {
        let rows = releases["releases"].as_array().unwrap();
        let row = rows.iter().find(|row| row["version"] == version).unwrap();
        (row["live"] == true, row["waiting"] == true)
    };
    assert_eq!((of("1.0.0"), of("2.0.0")), ((true, false), (false, true)));
    let granted = acme.put("/grants", grant("api.example.com", &["GET", "POST"]));
    assert_eq!(granted["went_live"], published["release"]);
    assert_eq!(acme.show()["version"], "2.0.0");
}

#[test]
fn whatever_is_published_next_takes_the_place_of_what_waits() {
    let mut acme = Acme::with(&asks());
    let other = |host: &str| json!({"http": [grant(host, &["GET"])]});
    acme.publish("2.0.0", &other("b.example.com"));
    acme.publish("2.1.0", &other("c.example.com"));
    assert_eq!(acme.show()["waiting"]["version"], "2.1.0");
    // What waited before is not what goes live now.
    let granted = acme.put("/grants", grant("b.example.com", &["GET"]));
    assert_eq!(granted["went_live"], Value::Null);
    // Publishing what is live withdraws what waits.
    let (status, again) = acme.publish("1.0.0", &asks());
    assert_eq!((status, &again["waiting"]), (200, &Value::Null));
    let granted = acme.put("/grants", grant("c.example.com", &["GET"]));
    assert_eq!(granted["went_live"], Value::Null);
    assert_eq!(acme.show()["version"], "1.0.0");
}

#[test]
fn what_is_live_stays_live_when_a_grant_is_taken_back_and_rolling_back_to_it_waits() {
    let mut acme = Acme::with(&asks());
    assert_eq!(
        acme.ask("DELETE", "/grants?host=api.example.com", Value::Null)
            .0,
        200
    );
    assert_eq!(acme.call(), 200);
    let missing = acme.show()["missing"].clone();
    assert_eq!(missing["http"], json!([grant("api.example.com", &["GET"])]));
    // Published again, it stays what it is.
    assert_eq!(acme.publish("1.0.0", &asks()).0, 200);
    assert_eq!(acme.publish("2.0.0", &json!({})).0, 201);
    let (status, back) = acme.publish("1.0.0", &asks());
    assert_eq!((status, &back["again"]), (202, &json!(true)));
    assert_eq!(acme.show()["version"], "2.0.0");
}

#[test]
fn a_release_that_asks_for_nothing_of_an_admin_is_live_as_ever_even_if_it_sends_requests() {
    let mut acme = Acme::new();
    let (status, published) = acme.publish("1.0.0", &json!({"config": {"limit": {}}}));
    assert_eq!((status, published.get("missing")), (201, None));
    assert_eq!(published["diff"]["new"]["settings"], json!(["limit"]));
    let interfaces = published["diff"]["new"]["interfaces"].clone();
    assert_eq!(
        interfaces,
        json!(["smcp:server/config@0.1.0", "smcp:server/http@0.1.0"])
    );
}

#[test]
fn grants_are_listed_changed_and_taken_back_however_the_pattern_is_written() {
    let mut acme = Acme::new();
    acme.publish("1.0.0", &asks());
    for (host, listed) in [
        ("api.example.com", "api.example.com"),
        ("https://B.example.com:443", "b.example.com"),
        ("http://*.example.org:8080", "http://*.example.org:8080"),
    ] {
        acme.put("/grants", grant(host, &["POST"]));
        let changed = acme.put("/grants", grant(listed, &["DELETE", "GET", "GET"]));
        assert_eq!(changed["host"], listed);
        assert_eq!(changed["methods"], json!(["GET", "DELETE"]));
    }
    let listed = acme.ask("GET", "/grants", Value::Null).1;
    let hosts: Vec<_> = listed["grants"].as_array().unwrap().iter().collect();
    let hosts: Vec<_> = hosts
        .iter()
        .map(|row| row["host"].as_str().unwrap())
        .collect();
    let all = [
        "api.example.com",
        "b.example.com",
        "http://*.example.org:8080",
    ];
    assert_eq!(hosts, all);
    for host in [
        "api.example.com",
        "https://b.example.com",
        "http%3A%2F%2F*.example.org%3a8080",
    ] {
        let path = format!("/grants?host={host}");
        assert_eq!(acme.ask("DELETE", &path, Value::Null).0, 200, "{host}");
        assert_eq!(acme.ask("DELETE", &path, Value::Null).0, 404, "{host}");
    }
    assert_eq!(
        acme.ask("GET", "/grants", Value::Null).1,
        json!({"grants": []})
    );
}

#[test]
fn what_is_no_grant_is_refused_and_changes_nothing() {
    let mut acme = Acme::new();
    acme.publish("1.0.0", &asks());
    for (body, code) in [
        (grant("localhost", &["GET"]), "grant_invalid"),
        (grant("127.0.0.1", &["GET"]), "grant_invalid"),
        (grant("*.internal", &["GET"]), "grant_invalid"),
        (grant("*", &["GET"]), "grant_invalid"),
        (grant("api.example.com/v1", &["GET"]), "grant_invalid"),
        (grant("api.example.com", &[]), "grant_invalid"),
        (grant("api.example.com", &["get"]), "grant_invalid"),
        (grant("api.example.com", &["CONNECT"]), "grant_invalid"),
        (json!({"host": "api.example.com"}), "invalid_body"),
        (json!({"methods": ["GET"]}), "invalid_body"),
        (
            json!({"host": "api.example.com", "methods": ["GET"], "for": 1}),
            "invalid_body",
        ),
    ] {
        let answer = acme.ask("PUT", "/grants", body.clone());
        assert_eq!(refusal(&answer), (400, code), "{body}");
    }
    for query in ["", "?host", "?host=%zz", "?hosts=api.example.com"] {
        let answer = acme.ask("DELETE", &format!("/grants{query}"), Value::Null);
        assert_eq!(refusal(&answer), (400, "grant_invalid"), "{query}");
    }
    assert_eq!(acme.ask("POST", "/grants", json!({})).0, 405);
    let path = "/tenants/acme/servers/absent/grants";
    let body = grant("api.example.com", &["GET"]);
    assert_eq!(acme.world.admin("PUT", path, body).status(), 404);
    assert_eq!(
        acme.ask("GET", "/grants", Value::Null).1,
        json!({"grants": []})
    );
}

#[test]
fn a_server_has_so_many_grants_and_no_more() {
    let mut acme = Acme::new();
    acme.publish("1.0.0", &asks());
    let host = |number| grant(&format!("h{number}.example.com"), &["GET"]);
    for number in 0..limits::GRANTS_MAX {
        acme.put("/grants", host(number));
    }
    let answer = acme.ask("PUT", "/grants", grant("api.example.com", &["GET"]));
    assert_eq!(refusal(&answer), (409, "too_many_grants"));
    acme.put("/grants", host(0));
}

#[test]
fn a_server_that_is_deleted_leaves_no_grant_and_no_secret_for_its_successor() {
    let mut acme = Acme::with(&asks());
    assert_eq!(acme.ask("DELETE", "", Value::Null).0, 200);
    let left = |table| move |key: &&(Table, String)| key.0 == table;
    for table in [Table::Grants, Table::Secrets] {
        let rows = acme.world.rows(OBJECT);
        assert_eq!(rows.keys().filter(left(table)).count(), 0);
    }
    assert_eq!(acme.publish("1.0.0", &asks()).0, 202);
}

#[test]
fn what_waits_for_a_revoked_publisher_is_withdrawn() {
    let mut acme = Acme::new();
    acme.publish(
        "1.0.0",
        &json!({"http": [grant("api.example.com", &["GET"])]}),
    );
    let path = format!("/tenants/acme/publishers/{}", publisher().public());
    let revoked = acme.world.admin("DELETE", &path, Value::Null).json();
    assert_eq!(revoked["withdrawn"], json!(["hello"]));
    let granted = acme.put("/grants", grant("api.example.com", &["GET"]));
    assert_eq!(granted["went_live"], Value::Null);
    assert_eq!(acme.call(), 404);
}

#[test]
fn who_listens_is_told_when_a_grant_makes_another_release_live() {
    let mut acme = Acme::with(&asks());
    assert_eq!(acme.call(), 200);
    let more = json!({"http": [grant("b.example.com", &["GET"])]});
    let params = json!({
        "notifications": {"toolsListChanged": true},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    });
    let method = "subscriptions/listen";
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let key = acme.key.clone();
    let body = body.to_string().into_bytes();
    let mut frame = acme.world.frame("POST", "/t/acme/hello/mcp", &key, body);
    for (name, value) in [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", method),
    ] {
        frame.headers.push((name.to_owned(), value.to_owned()));
    }
    let stream = acme.world.listen(OBJECT, "hello", frame).unwrap();
    acme.world.streams[stream].told.clear();
    let told = |acme: &Acme| {
        acme.world.streams[stream]
            .told
            .contains("tools/list_changed")
    };
    acme.publish_as(crate::asking::SETTING, "2.0.0", &more);
    assert!(!told(&acme), "nothing has changed yet");
    acme.put("/grants", grant("b.example.com", &["GET"]));
    assert!(told(&acme));
}

/// Steps a turn until it has asked for the module of a release: that, to go on with.
fn until_it_reads_a_module(acme: &mut Acme, body: &Value) -> (smcp_tenant::TurnId, Performed) {
    let path = format!("/admin/v1{SERVER}/grants");
    let body = body.to_string().into_bytes();
    let frame = acme.world.frame("PUT", &path, ADMIN, body);
    let turn = acme.world.begin(OBJECT, frame);
    let mut answer: Option<Performed> = None;
    loop {
        match acme.world.step(OBJECT, turn, answer.take()) {
            Step::Need(effect @ Effect::ReadModule(_)) => {
                return (turn, acme.world.perform(OBJECT, effect));
            }
            Step::Need(effect) => answer = Some(acme.world.perform(OBJECT, effect)),
            step => panic!("{step:?}"),
        }
    }
}

fn finish(acme: &mut Acme, turn: smcp_tenant::TurnId, module: Performed) -> Value {
    let mut answer = Some(module);
    loop {
        match acme.world.step(OBJECT, turn, answer.take()) {
            Step::Need(effect) => answer = Some(acme.world.perform(OBJECT, effect)),
            Step::Yield => {}
            Step::Done(reply) => return serde_json::from_slice(&reply.body).unwrap(),
            step => panic!("{step:?}"),
        }
    }
}

#[test]
fn what_changes_while_the_waiting_release_is_loaded_is_looked_at_again() {
    let one = |host: &str| json!({"http": [grant(host, &["GET"])]});
    let begin = || {
        let mut acme = Acme::new();
        acme.publish("1.0.0", &one("a.example.com"));
        acme.world.evict();
        let (turn, module) = until_it_reads_a_module(&mut acme, &grant("a.example.com", &["GET"]));
        (acme, turn, module)
    };
    // Nothing has.
    let (mut acme, turn, module) = begin();
    let granted = finish(&mut acme, turn, module);
    assert_eq!(granted["went_live"], acme.show()["live"]);
    assert_eq!(acme.call(), 200);
    // Another release waits now, for more.
    let (mut acme, turn, module) = begin();
    acme.publish("2.0.0", &one("b.example.com"));
    let granted = finish(&mut acme, turn, module);
    assert_eq!(granted["went_live"], Value::Null);
    assert_eq!(acme.show()["waiting"]["version"], "2.0.0");
    // Another waits, for the same: that one goes live.
    let (mut acme, turn, module) = begin();
    acme.publish_as(crate::asking::SETTING, "2.0.0", &one("a.example.com"));
    finish(&mut acme, turn, module);
    assert_eq!(acme.show()["version"], "2.0.0");
    // The server is gone.
    let (mut acme, turn, module) = begin();
    acme.ask("DELETE", "", Value::Null);
    let granted = finish(&mut acme, turn, module);
    assert_eq!(granted["error"]["code"], "not_found");
    let is_grant = |(table, _): &&(Table, String)| *table == Table::Grants;
    assert_eq!(acme.world.rows(OBJECT).keys().filter(is_grant).count(), 0);
}

#[test]
fn if_the_waiting_release_cannot_be_loaded_nothing_is_changed() {
    let mut acme = Acme::new();
    acme.publish(
        "1.0.0",
        &json!({"http": [grant("a.example.com", &["GET"])]}),
    );
    acme.world.evict();
    let kept = std::mem::take(acme.world.modules());
    let answer = acme.ask("PUT", "/grants", grant("a.example.com", &["GET"]));
    assert_eq!(refusal(&answer), (503, "host_fault"));
    assert_eq!(
        acme.ask("GET", "/grants", Value::Null).1,
        json!({"grants": []})
    );
    *acme.world.modules() = kept;
    let granted = acme.put("/grants", grant("a.example.com", &["GET"]));
    assert!(granted["went_live"].is_string(), "{granted}");
}

#[test]
fn what_a_package_asks_for_is_refused_if_its_settings_cannot_be_checked() {
    let mut acme = Acme::new();
    for (schema, code) in [
        (json!({"type": "integre"}), "schema_invalid"),
        (
            json!({"$ref": "https://example.com/schema"}),
            "schema_ref_outside",
        ),
        (json!({"pattern": "(a"}), "schema_pattern"),
    ] {
        let answer = acme.publish("1.0.0", &json!({"config": {"limit": schema}}));
        assert_eq!(refusal(&answer), (422, code), "{}", answer.1);
    }
    assert_eq!(acme.ask("GET", "", Value::Null).0, 404);
}

#[test]
fn a_server_that_waits_is_no_part_of_what_its_tenant_offers() {
    let mut acme = Acme::new();
    acme.publish("1.0.0", &asks());
    let package = package(GREET, "1.0.0", &json!({}));
    let path = "/tenants/acme/servers/other/releases";
    assert_eq!(acme.world.admin_bytes("POST", path, package).status(), 201);
    let key = acme.key.clone();
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    let listed = acme.world.call_at("/t/acme/mcp", &key, &list).json();
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 1);
    assert_eq!(tools[0]["name"], "other__greet");
    let call = tool_call(1, "hello__greet", json!({}));
    let called = acme.world.call_at("/t/acme/mcp", &key, &call).json();
    assert!(called["error"].is_object(), "{called}");
}
