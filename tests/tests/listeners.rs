//! Clients that listen cost their object nothing: it sleeps, and they hear when it has woken.
//!
//! On a platform that lets tests break its connections, and whose log says when an object woke.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use smcp_ids::limits::LISTEN_BODY_MAX;
use smcp_tests::http::{Ask, Events};
use smcp_tests::mcp::{Client, MODERN};
use smcp_tests::{Stage, Tenant, UNTIL_ASLEEP, guests};

const FIRST: &str = include_str!("../guests/greet.wat");
const SECOND: &str = include_str!("../guests/ask.wat");
const SOON: Duration = Duration::from_secs(5);

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| Stage::start(true).unwrap())
}

const LISTEN: &str = "subscriptions/listen";

/// A request of a tenant's client, and its body.
fn request(tenant: &Tenant, method: &str, params: Value) -> (Ask, Vec<u8>) {
    let endpoint = stage().platform().endpoint(&tenant.name, "guest");
    let client = Client::new(&endpoint, &tenant.key, MODERN);
    let message = client.message(method, params);
    (client.ask(&message), message.to_string().into_bytes())
}

/// Listens for changes of the tools, up to the acknowledgement.
fn listen(tenant: &Tenant) -> Events {
    let wish = json!({"notifications": {"toolsListChanged": true}});
    let (ask, body) = request(tenant, LISTEN, wish);
    let events = ask.listen(&body).unwrap();
    let first = events.next_within(SOON).unwrap();
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    events
}

fn publish(tenant: &Tenant, wat: &str, version: &str) {
    let package = guests::package(wat, version).unwrap();
    let published = stage().publish(tenant, "guest", &package).unwrap();
    assert_eq!(published.status, 201, "{}", published.text());
}

#[track_caller]
fn hears_of_the_tools(events: &Events) {
    let told = events.next_within(SOON).unwrap();
    assert_eq!(told["method"], "notifications/tools/list_changed");
    let subscription = &told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
    assert_eq!(subscription, 1);
}

#[test]
fn an_object_sleeps_while_clients_listen_and_they_hear_when_it_has_woken() {
    let tenant = stage().tenant_with(FIRST).unwrap();
    let listeners = [listen(&tenant), listen(&tenant)];
    assert_eq!(stage().woke(&tenant).unwrap(), 1);
    thread::sleep(UNTIL_ASLEEP);
    publish(&tenant, SECOND, "2.0.0");
    for listener in &listeners {
        hears_of_the_tools(listener);
    }
    assert_eq!(stage().woke(&tenant).unwrap(), 2, "it has not slept");
}

#[test]
fn a_lost_connection_is_made_again_and_nothing_is_missed() {
    let tenant = stage().tenant_with(FIRST).unwrap();
    let listener = listen(&tenant);
    let provoked = stage().provoke(&tenant, "lose-listeners").unwrap();
    assert_eq!(provoked.status, 200);
    // What happened meanwhile is not known, so all that it listens for is told.
    hears_of_the_tools(&listener);
    // Lost again while it is being made, it is made once.
    for pause in [0, 200, 400] {
        stage().provoke(&tenant, "lose-listeners").unwrap();
        thread::sleep(Duration::from_millis(pause));
    }
    while listener.next_within(Duration::from_secs(2)).is_ok() {}
    publish(&tenant, SECOND, "2.0.0");
    hears_of_the_tools(&listener);
    assert!(listener.next_within(Duration::from_secs(1)).is_err());
}

#[test]
fn a_listener_whose_key_was_revoked_is_told_so_and_let_go() {
    let tenant = stage().tenant_with(FIRST).unwrap();
    let listener = listen(&tenant);
    let id = tenant.key.split('_').nth(2).unwrap();
    let revoke = ["key", "revoke", id, "--tenant", &tenant.name];
    stage().platform().smcp(revoke).unwrap();
    publish(&tenant, SECOND, "2.0.0");
    let last = listener.next_within(SOON).unwrap();
    assert_eq!(last["result"]["resultType"], "complete", "{last}");
    assert!(listener.ends_within(SOON));
}

#[test]
fn a_client_that_hangs_up_leaves_its_place() {
    let tenant = stage().tenant_with(FIRST).unwrap();
    let listener = listen(&tenant);
    drop(listen(&tenant));
    // The one that has gone is noticed when something is written, or sooner.
    for version in 2..5 {
        let guest = [FIRST, SECOND][(version + 1) % 2];
        publish(&tenant, guest, &format!("{version}.0.0"));
        hears_of_the_tools(&listener);
    }
}

/// The first line of the answer to a request to listen that declares a body of that length: none of it
/// is sent, since the host may close the connection while a client still writes.
fn declaring(tenant: &Tenant, length: usize) -> String {
    let platform = stage().platform();
    let host = platform.url().trim_start_matches("http://");
    let request = format!(
        "POST /t/{}/guest/mcp HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\nmcp-protocol-version: {MODERN}\r\n\
         mcp-method: {LISTEN}\r\ncontent-length: {length}\r\n\r\n",
        tenant.name, tenant.key,
    );
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line
}

#[test]
fn a_wish_to_listen_that_is_refused_is_answered_as_any_request() {
    let tenant = stage().tenant_with(FIRST).unwrap();
    let (ask, bad) = request(&tenant, LISTEN, json!({"notifications": 1}));
    let refused = ask.clone().send(&bad).unwrap();
    assert_eq!(refused.json().unwrap()["error"]["code"], -32602);
    let (_, other) = request(&tenant, "tools/list", json!({}));
    let refused = ask.clone().send(&other).unwrap();
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json().unwrap()["error"]["code"], -32020);
    assert!(declaring(&tenant, LISTEN_BODY_MAX + 1).starts_with("HTTP/1.1 413"));
    let stranger = ask.header("authorization", "Bearer x");
    assert_eq!(stranger.send(&bad).unwrap().status, 401);
}
