//! Clients that begin with less than their person may do, and get more when they need it: they are refused by name
//! of the scope that they lack, ask the person for it by themselves, and go on.

use serde_json::{Value, json};
use smcp_tests::driven::Driven;

use crate::{Place, javascript, rust, told};

/// A tool that only reads, and one that writes.
const DESK: &str = include_str!("../../guests/desk.wat");
const NARROW: &str = "mcp:read";
/// What the tool that writes needs.
const NEEDED: &str = "mcp/guest/write";

/// Connects with leave to read: the other tool is not shown.
fn begins_with_less(client: &mut Driven) {
    let connected = told(client, &format!("connect {NARROW}"));
    let (asked, scope) = (&connected["asked"], &connected["scope"]);
    assert_eq!((asked, scope), (&json!(1), &json!(NARROW)));
    assert_eq!(told(client, "list")["tools"], json!(["look"]));
    assert_eq!(told(client, "call look")["text"], "web");
}

/// Its person was asked a second time, for that; it has now those scopes, and the call is done.
#[track_caller]
fn was_given(called: &Value, asked_for: &str, scope: &str) {
    assert_eq!(called["text"], "web", "{called}");
    assert_eq!(called["asked"], 2, "{called}");
    assert_eq!(called["askedFor"], asked_for, "{called}");
    assert_eq!(called["scope"], scope, "{called}");
}

/// A JavaScript client asks in the middle of a call, which ends with that; its program comes back with the answer.
#[track_caller]
fn asks(client: &mut Driven) -> Value {
    let refused = told(client, "call write");
    assert_eq!(refused["unauthorized"], true, "{refused}");
    assert_eq!(refused["asked"], 2, "{refused}");
    told(client, "finish");
    told(client, "call write")
}

/// All that it had, and what it lacked; both tools are there then.
fn gets_more_beside_what_it_has(kind: &str) {
    let place = Place::with(DESK);
    let mut client = javascript(kind, &place);
    begins_with_less(&mut client);
    let called = asks(&mut client);
    let asked_for = format!("{NARROW} {NEEDED} offline_access");
    was_given(&called, &asked_for, &format!("{NARROW} {NEEDED}"));
    assert_eq!(told(&mut client, "list")["tools"], json!(["look", "write"]));
    assert_eq!(told(&mut client, "call look")["asked"], 2);
}

#[test]
fn the_newer_javascript_client_asks_for_more_beside_what_it_has() {
    gets_more_beside_what_it_has("modern");
}

#[test]
fn the_newer_javascript_client_asks_for_more_beside_what_it_has_in_a_session() {
    gets_more_beside_what_it_has("client");
}

/// It has code for this, but renews its token first if it can, which gives it no scope that it had not; then it is
/// refused again and gives up (typescript-sdk, issue 2255). No challenge changes that. Without a refresh token it asks,
/// for what it lacks and nothing else (its issue 1582): since 2026-07-28 it is the client that adds what it has
/// (basic/authorization, "Step-Up Authorization Flow"), and this one is older.
#[test]
fn the_older_javascript_client_asks_for_more_if_it_has_no_refresh_token() {
    let place = Place::with(DESK);
    let mut client = javascript("sdk", &place);
    begins_with_less(&mut client);
    let refused = client.ask("call write").unwrap();
    assert!(
        refused["failed"]
            .as_str()
            .is_some_and(|why| why.contains("403")),
        "{refused}"
    );
    let still = told(&mut client, "call look");
    assert_eq!(
        (&still["asked"], &still["scope"]),
        (&json!(1), &json!(NARROW))
    );
    told(&mut client, "forget");
    was_given(&asks(&mut client), NEEDED, NEEDED);
    assert_eq!(told(&mut client, "list")["tools"], json!(["write"]));
}

#[test]
fn the_rust_client_asks_for_more_beside_what_it_has() {
    let place = Place::with(DESK);
    let mut client = rust::start(&place);
    begins_with_less(&mut client);
    let called = told(&mut client, "call write");
    let asked_for = format!("{NARROW} {NEEDED} offline_access");
    was_given(&called, &asked_for, &format!("{NARROW} {NEEDED}"));
    assert_eq!(told(&mut client, "list")["tools"], json!(["look", "write"]));
    assert_eq!(told(&mut client, "call look")["asked"], 2);
}
