//! Questions without stored state, and what an attacker may try with what a client carries.

use crate::world::{Outcome, World};
use serde_json::{Value, json};
use smcp_capability::turn::Frame;
use smcp_ids::limits;

const GUEST: &str = include_str!("../../../../tests/guests/ask.wat");
const GREET: &str = include_str!("../../../../tests/guests/greet.wat");
const OBJECT: &str = "tenant:acme";

/// A modern call of the tool, with more members in its params.
fn call(world: &mut World, key: &str, more: &Value) -> Outcome {
    call_as(world, key, more, &json!({"elicitation": {}}))
}

fn call_as(world: &mut World, key: &str, more: &Value, capabilities: &Value) -> Outcome {
    let frame = frame(world, key, "tools/call", more, capabilities);
    world.send("tenant:acme", frame)
}

fn frame(world: &mut World, key: &str, method: &str, more: &Value, capabilities: &Value) -> Frame {
    let mut params = json!({
        "name": "ask",
        "arguments": {"a": 1, "b": 2},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        },
    });
    for (name, value) in more.as_object().unwrap() {
        params[name] = value.clone();
    }
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let mut frame = world.frame(
        "POST",
        "/t/acme/hello/mcp",
        key,
        body.to_string().into_bytes(),
    );
    for (name, value) in [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", method),
        ("mcp-name", "ask"),
    ] {
        frame.headers.push((name.to_owned(), value.to_owned()));
    }
    frame
}

fn state(world: &mut World, key: &str) -> String {
    let asked = call(world, key, &json!({})).json();
    asked["result"]["requestState"].as_str().unwrap().to_owned()
}

fn ada() -> Value {
    json!({"name": {"action": "accept", "content": {"name": "Ada"}}})
}

#[test]
fn a_question_ends_the_round_and_its_answer_ends_the_call() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let asked = call(&mut world, &key, &json!({})).json();
    let result = &asked["result"];
    assert_eq!(result["resultType"], "input_required", "{asked}");
    assert_eq!(
        result["inputRequests"]["name"]["method"],
        "elicitation/create"
    );
    // Nothing is kept in between: not even the object need live on.
    world.evict();
    let more = json!({"requestState": result["requestState"], "inputResponses": ada()});
    let answered = call(&mut world, &key, &more).json();
    assert_eq!(answered["result"]["resultType"], "complete", "{answered}");
    assert_eq!(
        answered["result"]["structuredContent"]["content"]["name"],
        "Ada"
    );
}

#[test]
fn an_answer_that_comes_with_the_first_request_is_taken() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let mut responses = ada();
    responses["unasked"] = json!(17);
    let answered = call(&mut world, &key, &json!({"inputResponses": responses})).json();
    assert_eq!(answered["result"]["resultType"], "complete", "{answered}");
}

#[test]
fn what_is_not_answered_is_asked_again() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    for more in [
        json!({"inputResponses": {"other": {"action": "accept"}}}),
        json!({"requestState": state(&mut world, &key)}),
        json!({"requestState": state(&mut world, &key), "inputResponses": {}}),
    ] {
        let asked = call(&mut world, &key, &more).json();
        assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    }
}

#[test]
fn an_answer_that_does_not_fit_is_refused() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    for response in [
        json!(12345),
        json!({"action": "accept", "content": {}}),
        json!(null),
    ] {
        let more = json!({"inputResponses": {"name": response}});
        let refused = call(&mut world, &key, &more).json();
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
}

#[test]
fn a_client_is_not_asked_what_it_cannot_answer() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let refused = call_as(&mut world, &key, &json!({}), &json!({"sampling": {}}));
    assert_eq!(refused.status(), 400);
    let refused = refused.json();
    assert_eq!(refused["error"]["code"], -32021);
    assert_eq!(
        refused["error"]["data"]["requiredCapabilities"],
        json!({"elicitation": {}})
    );
}

#[test]
fn a_log_entry_of_an_earlier_round_is_not_sent_again() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let meta = |capabilities: Value| {
        json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
            "io.modelcontextprotocol/logLevel": "debug",
        })
    };
    let with_log = meta(json!({"elicitation": {}}));
    let first = call(&mut world, &key, &json!({"_meta": with_log}));
    assert_eq!(
        first
            .stream
            .as_deref()
            .unwrap_or("")
            .matches("told")
            .count(),
        1
    );
    let last: Value = {
        let text = first.text();
        serde_json::from_str(
            text.trim()
                .lines()
                .last()
                .unwrap()
                .trim_start_matches("data: "),
        )
        .unwrap()
    };
    let more = json!({
        "_meta": with_log,
        "requestState": last["result"]["requestState"],
        "inputResponses": ada(),
    });
    let second = call(&mut world, &key, &more);
    assert_eq!(
        second
            .stream
            .as_deref()
            .unwrap_or("")
            .matches("told")
            .count(),
        1
    );
}

#[test]
fn a_state_is_good_for_its_own_request_only() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let other_key = world.key("acme", json!({}));
    let state = state(&mut world, &key);
    let good = json!({"requestState": state, "inputResponses": ada()});
    let mut tampered = good.clone();
    tampered["requestState"] = json!(format!("{state}-TAMPERED"));
    let mut flipped = state.clone().into_bytes();
    flipped[40] = if flipped[40] == b'A' { b'B' } else { b'A' };
    let mut altered = good.clone();
    altered["requestState"] = json!(String::from_utf8(flipped).unwrap());
    let mut arguments = good.clone();
    arguments["arguments"] = json!({"a": 1, "b": 3});
    let mut empty = good.clone();
    empty["requestState"] = json!("");
    for (name, key, more) in [
        ("tampered", &key, &tampered),
        ("one bit", &key, &altered),
        ("other arguments", &key, &arguments),
        ("another principal", &other_key, &good),
        ("empty", &key, &empty),
    ] {
        let refused = call(&mut world, key, more).json();
        assert_eq!(refused["error"]["code"], -32602, "{name}: {refused}");
        assert_eq!(refused["error"]["data"]["code"], "request_state", "{name}");
    }
    let refused = call_as(
        &mut world,
        &key,
        &good,
        &json!({"elicitation": {}, "roots": {}}),
    );
    assert_eq!(refused.json()["error"]["data"]["code"], "request_state");
    // The order of members is nothing to go by.
    let mut reordered = good.clone();
    reordered["arguments"] = serde_json::from_str(r#"{"b":2,"a":1}"#).unwrap();
    let answered = call(&mut world, &key, &reordered).json();
    assert_eq!(answered["result"]["resultType"], "complete", "{answered}");
}

#[test]
fn a_state_expires() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let more = json!({"requestState": state(&mut world, &key), "inputResponses": ada()});
    world.pass(599_000.0);
    assert!(call(&mut world, &key, &more).json()["result"].is_object());
    world.pass(2_000.0);
    let refused = call(&mut world, &key, &more).json();
    assert_eq!(refused["error"]["data"]["code"], "request_state");
}

#[test]
fn a_state_ends_on_the_release_on_which_it_began() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let more = json!({"requestState": state(&mut world, &key), "inputResponses": ada()});
    // Another server, of which nothing is asked that the call does.
    world.publish(GREET, "2.0.0");
    world.evict();
    let answered = call(&mut world, &key, &more).json();
    let result = &answered["result"];
    assert_eq!(
        result["structuredContent"]["content"]["name"], "Ada",
        "{answered}"
    );
    let served = &result["_meta"]["io.modelcontextprotocol/serverInfo"]["version"];
    assert_eq!(served, "1.0.0", "{answered}");
    // What is begun now is of the new one, and of the old one again after a rollback.
    let refused = call(&mut world, &key, &json!({})).json();
    assert!(refused["error"].is_object(), "{refused}");
    let back = world.admin("POST", "/tenants/acme/servers/hello/rollback", Value::Null);
    assert_eq!(back.status(), 200);
    let asked = call(&mut world, &key, &json!({})).json();
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
}

#[test]
fn a_state_is_of_no_use_to_another_release() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let own = state(&mut world, &key);
    world.publish(GUEST, "2.0.0");
    let other = state(&mut world, &key);
    // Each names its release first, in 43 characters of which the last belongs to what follows, too.
    let forged = format!("{}{}", &other[..42], &own[42..]);
    let more = |state: &str| json!({"requestState": state, "inputResponses": ada()});
    for (name, state) in [("another's name", &*forged), ("a name alone", &own[..42])] {
        let refused = call(&mut world, &key, &more(state)).json();
        assert_eq!(refused["error"]["data"]["code"], "request_state", "{name}");
    }
    // One that is gone, or was stopped, has no calls to go on with.
    let more = more(&own);
    assert!(call(&mut world, &key, &more).json()["result"].is_object());
    let publisher = crate::world::publisher().public();
    let path = format!("/tenants/acme/publishers/{publisher}");
    world.admin("DELETE", &path, Value::Null);
    let refused = call(&mut world, &key, &more).json();
    assert_eq!(
        refused["error"]["data"]["code"], "request_state",
        "{refused}"
    );
    let trust = json!({"key": publisher.to_string()});
    world.admin("POST", "/tenants/acme/publishers", trust);
    assert!(call(&mut world, &key, &more).json()["result"].is_object());
    world.delete_retired();
    let refused = call(&mut world, &key, &more).json();
    assert_eq!(
        refused["error"]["data"]["code"], "request_state",
        "{refused}"
    );
}

#[test]
fn a_legacy_client_is_not_asked_yet() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let refused = world
        .call(&key, &crate::world::tool_call(1, "ask", json!({})))
        .json();
    assert_eq!(refused["error"]["code"], -32021, "{refused}");
}

/// A request whose `_meta` alone is more than a client is given to carry.
fn large() -> Value {
    json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
        "com.example/large": "x".repeat(limits::REQUEST_STATE_MAX),
    }})
}

#[test]
fn what_is_too_large_to_be_carried_waits_in_the_object_and_goes_by_itself() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let asked = call(&mut world, &key, &large()).json();
    let state = asked["result"]["requestState"].as_str().unwrap();
    assert!(state.len() < 1_024, "{}", state.len());
    assert_eq!(world.items(OBJECT).len_of("state/"), 1);
    world.evict();
    // An answer that was lost can be sent again.
    for _ in 0..2 {
        let mut more = large();
        more["requestState"] = json!(state);
        more["inputResponses"] = ada();
        let answered = call(&mut world, &key, &more).json();
        assert_eq!(answered["result"]["resultType"], "complete", "{answered}");
    }
    world.pass(600_001.0);
    let mut late = large();
    late["requestState"] = json!(state);
    let refused = call(&mut world, &key, &late).json();
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
    call(&mut world, &key, &large());
    assert_eq!(
        world.items(OBJECT).len_of("state/"),
        1,
        "what has expired was not swept up"
    );
}

#[test]
fn one_caller_leaves_so_much_and_no_more_and_takes_no_room_from_another() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let other = world.key("acme", json!({"name": "other"}));
    for _ in 0..limits::STATES_MAX {
        let asked = call(&mut world, &key, &large()).json();
        assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    }
    let refused = call(&mut world, &key, &large());
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.json()["error"]["code"], "too_many_questions");
    let asked = call(&mut world, &other, &large()).json();
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
}

/// A guest that spends some fuel before it asks ten questions: 60,000 for each time.
fn prefix(times: u32) -> String {
    include_str!("../../../../tests/guests/prefix.wat")
        .replace("(; work ;)", &"i32.eqz ".repeat(60_000))
        .replace("16666", &times.to_string())
}

/// The least and the most fuel that was spent in so many slices that were used up and one more, on a
/// clock on which slices are quick: each is twice the one before, up to the largest.
fn fuel_of(yields: usize) -> (u64, u64) {
    let mut slice = limits::SLICE_FIRST_FUEL;
    let mut spent = 0;
    for _ in 0..yields {
        spent += slice;
        slice = (slice * 2).min(limits::SLICE_MOST_FUEL);
    }
    (spent, spent + slice)
}

/// Answers whatever is asked until the call is over; gives its last answer, how many rounds there were,
/// and the least and the most fuel of all of them.
fn answer_all(world: &mut World, key: &str) -> (Value, usize, (u64, u64)) {
    let (mut least, mut most) = (0, 0);
    let mut more = json!({});
    for round in 1.. {
        let outcome = call(world, key, &more);
        let (low, high) = fuel_of(outcome.yields);
        least += low;
        most += high;
        assert!(
            least <= limits::FUEL_MAX * limits::ROUNDS_FUEL_FACTOR,
            "more fuel than a call has, in round {round}"
        );
        let answer = outcome.json();
        let result = &answer["result"];
        if result["resultType"] != "input_required" {
            return (answer, round, (least, most));
        }
        let asked = result["inputRequests"].as_object().unwrap();
        let given: serde_json::Map<_, _> = asked
            .keys()
            .map(|id| (id.clone(), ada()["name"].clone()))
            .collect();
        more = json!({"requestState": result["requestState"], "inputResponses": given});
    }
    unreachable!("rounds are counted")
}

#[test]
fn ten_questions_after_little_work_are_all_asked() {
    let mut world = World::new();
    let key = world.acme(&prefix(1));
    let (answer, rounds, _) = answer_all(&mut world, &key);
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    assert_eq!(rounds, 11);
}

#[test]
fn the_rounds_of_a_call_spend_no_more_than_their_sum_of_fuel() {
    // A thousand million before the first question, and again in each round.
    let mut world = World::new();
    let key = world.acme(&prefix(16_666));
    let (answer, rounds, (least, most)) = answer_all(&mut world, &key);
    assert_eq!(
        answer["error"]["data"]["code"], "guest_out_of_fuel",
        "{answer}"
    );
    let all = limits::FUEL_MAX * limits::ROUNDS_FUEL_FACTOR;
    assert!(least <= all && all <= most, "{least} to {most} of {all}");
    assert_eq!(rounds, 6);
}
