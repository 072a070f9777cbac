//! Answers as streams, on real workerd: when there is something to tell, or the call takes long.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::OnceLock;

use serde_json::{Value, json};
use smcp_tests::http::{Answer, tool_call};
use smcp_tests::{Tenant, guests, stage};

const NAP: &str = include_str!("../guests/nap.wat");
const BOTH: &str = "application/json, text/event-stream";

/// A tenant with the example `dice` as its server `guest`, and a guest that naps as `nap`.
fn tenant() -> &'static Tenant {
    static TENANT: OnceLock<Tenant> = OnceLock::new();
    TENANT.get_or_init(|| {
        let platform = stage().platform();
        platform.tenant("streams").unwrap();
        let package = platform.package("streams", "dice").unwrap();
        platform.publish(&package, "streams", "guest").unwrap();
        let publisher = guests::publisher().public().to_string();
        platform
            .smcp(["publisher", "trust", &publisher, "--tenant", "streams"])
            .unwrap();
        let tenant = Tenant {
            name: "streams".into(),
            key: platform.key("streams").unwrap(),
        };
        let nap = guests::package(NAP, "1.0.0").unwrap();
        assert_eq!(stage().publish(&tenant, "nap", &nap).unwrap().status, 201);
        tenant
    })
}

fn roll(accept: &str, meta: Value) -> Answer {
    let mut message = tool_call("roll", &json!({"count": 4, "sides": 6}));
    message["params"]["_meta"] = meta;
    stage()
        .ask(tenant())
        .header("accept", accept)
        .send(message.to_string().as_bytes())
        .unwrap()
}

fn nap(accept: &str) -> Answer {
    stage()
        .ask(tenant())
        .to(&stage().platform().endpoint("streams", "nap"))
        .header("accept", accept)
        .send(tool_call("nap", &json!({})).to_string().as_bytes())
        .unwrap()
}

/// The messages of a stream.
fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!(
        answer.header("content-type"),
        "text/event-stream",
        "{}",
        answer.text()
    );
    let text = answer.text();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|json| serde_json::from_str(json).unwrap())
        .collect()
}

#[test]
fn progress_that_was_asked_for_is_streamed_before_the_result() {
    let answer = roll(BOTH, json!({"progressToken": "p"}));
    let events = events(&answer);
    assert_eq!(events.len(), 5, "{events:?}");
    for (number, event) in events[..4].iter().enumerate() {
        assert_eq!(event["method"], "notifications/progress");
        let expected = json!({"progressToken": "p", "progress": number + 1, "total": 4});
        let same = |name: &str| event["params"][name].as_f64() == expected[name].as_f64();
        assert!(same("progress") && same("total"), "{event}");
        assert_eq!(event["params"]["progressToken"], "p");
    }
    assert!(
        events[4]["result"]["structuredContent"]["sum"].is_u64(),
        "{events:?}"
    );
    assert_eq!(answer.header("x-accel-buffering"), "no");
}

#[test]
fn progress_that_nobody_asked_for_is_not_sent() {
    let answer = roll(BOTH, json!({}));
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.json().unwrap()["result"]["structuredContent"]["sum"].is_u64());
}

#[test]
fn a_client_that_takes_json_only_is_answered_with_json_whatever_it_takes() {
    assert_eq!(
        roll("application/json", json!({"progressToken": 1})).header("content-type"),
        "application/json"
    );
    let slow = nap("application/json");
    assert_eq!(slow.header("content-type"), "application/json");
    assert!(slow.text().contains("rested"));
}

#[test]
fn a_call_that_takes_long_is_a_stream_that_begins_at_once() {
    let answer = nap(BOTH);
    assert!(answer.text().starts_with(':'), "{}", answer.text());
    let events = events(&answer);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["result"]["content"][0]["text"], "rested");
}

#[test]
fn a_client_that_takes_streams_only_gets_one() {
    let events = events(&roll("text/event-stream", json!({})));
    assert_eq!(events.len(), 1);
}
