//! Sessions of the legacy era: what they outlive, whose they are, and calls that wait for their client.

use crate::in_session::{OBJECT, attach, begin, frame, last_id, messages, post};
use crate::world::{Outcome, World, tool_call};
use serde_json::{Value, json};
use smcp_ids::limits;

const GUEST: &str = include_str!("../../../../tests/guests/ask.wat");
const NEXT: &str = include_str!("../../../../tests/guests/greet.wat");
fn world() -> (World, String) {
    let mut world = World::new();
    let key = world.acme(GUEST);
    (world, key)
}

/// Calls the tool that asks; gives what its stream said.
fn ask(world: &mut World, key: &str, session: &str, id: u64) -> String {
    let asked = post(world, key, session, &tool_call(id, "ask", json!({})));
    asked.stream.unwrap_or_else(|| panic!("no stream"))
}

/// Answers the question that a stream ends with.
fn answer(world: &mut World, key: &str, session: &str, stream: &str, answer: Value) -> Outcome {
    let question = messages(stream).pop().unwrap();
    assert_eq!(question["method"], "elicitation/create", "{stream}");
    let mut body = json!({"jsonrpc": "2.0", "id": question["id"]});
    for (name, value) in answer.as_object().unwrap() {
        body[name] = value.clone();
    }
    post(world, key, session, &body)
}

fn ada() -> Value {
    json!({"result": {"action": "accept", "content": {"name": "Ada"}}})
}

#[test]
fn a_session_outlives_its_object_and_costs_no_look_elsewhere_while_that_is_awake() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for _ in 0..3 {
        assert_eq!(post(&mut world, &key, &session, &ping).status(), 200);
    }
    assert_eq!(world.session_reads, 0);
    // Young, it is known by the object itself: elsewhere it may not be seen yet.
    let elsewhere = std::mem::take(&mut world.sessions);
    world.evict();
    assert_eq!(post(&mut world, &key, &session, &ping).status(), 200);
    assert_eq!(world.session_reads, 0);
    world.sessions = elsewhere;
    world.pass(limits::SESSION_YOUNG_MILLIS as f64 + 1.0);
    world.evict();
    for _ in 0..3 {
        assert_eq!(post(&mut world, &key, &session, &ping).status(), 200);
    }
    assert_eq!(world.session_reads, 1);
}

#[test]
fn a_session_that_is_used_lasts_and_one_that_is_not_ends() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for _ in 0..4 {
        world.pass(limits::SESSION_MILLIS as f64 * 0.6);
        world.evict();
        assert_eq!(post(&mut world, &key, &session, &ping).status(), 200);
    }
    world.pass(limits::SESSION_MILLIS as f64);
    assert_eq!(post(&mut world, &key, &session, &ping).status(), 404);
    world.evict();
    assert_eq!(post(&mut world, &key, &session, &ping).status(), 404);
}

#[test]
fn a_session_that_was_ended_stays_so_whatever_is_still_shown_elsewhere() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let shown = world.sessions.clone();
    let frame = frame(&mut world, "DELETE", &key, &session, &Value::Null);
    assert_eq!(world.send(OBJECT, frame).status(), 204);
    assert!(world.sessions.is_empty());
    world.sessions = shown;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for _ in 0..2 {
        assert_eq!(post(&mut world, &key, &session, &ping).status(), 404);
        world.pass(limits::SESSION_YOUNG_MILLIS as f64 * 2.0);
        world.evict();
    }
}

#[test]
fn a_session_is_nobody_elses_and_no_made_up_name_is_one() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let other = world.key("acme", json!({"name": "other"}));
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for evicted in [false, true] {
        let stranger = post(&mut world, &other, &session, &ping);
        assert_eq!((evicted, stranger.status()), (evicted, 404));
        assert_eq!(stranger.json()["error"]["code"], -32001);
        world.evict();
    }
    let mut altered = session.clone().into_bytes();
    altered[50] = if altered[50] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    for name in ["", "x", &altered, &session[..63], &format!("{session}A")] {
        assert_eq!(post(&mut world, &key, name, &ping).status(), 404, "{name}");
    }
    // At the address of all servers it is another's too.
    let mut frame = frame(&mut world, "POST", &key, &session, &ping);
    frame.path = "/t/acme/mcp".to_owned();
    assert_eq!(world.send(OBJECT, frame).status(), 404);
    assert_eq!(post(&mut world, &key, &session, &ping).status(), 200);
}

#[test]
fn a_question_goes_out_on_the_stream_and_its_answer_ends_the_call_on_it() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let stream = ask(&mut world, &key, &session, 7);
    let said = messages(&stream);
    assert_eq!(said[0]["method"], "notifications/message", "{stream}");
    assert_eq!(said.len(), 2, "{stream}");
    let attached = attach(&mut world, &key, &session, Some(&last_id(&stream)));
    let attached = attached.unwrap_or_else(|outcome| panic!("{}", outcome.text()));
    // Nothing of it is in memory.
    world.evict();
    assert_eq!(
        answer(&mut world, &key, &session, &stream, ada()).status(),
        202
    );
    assert!(world.alarm.is_some(), "a kill is looked after");
    world.run_begun(OBJECT);
    let stream = &world.streams[attached];
    assert!(
        stream.ended && stream.told.ends_with(": over\n\n"),
        "{}",
        stream.told
    );
    let said = messages(&stream.told);
    // What was told before the question is not told again.
    assert_eq!(said.len(), 2, "{}", stream.told);
    assert_eq!(said[1]["id"], 7);
    let content = &said[1]["result"]["structuredContent"];
    assert_eq!(content["content"]["name"], "Ada", "{}", stream.told);
}

#[test]
fn a_call_whose_turn_was_killed_goes_on_by_the_alarm() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let stream = ask(&mut world, &key, &session, 7);
    answer(&mut world, &key, &session, &stream, ada());
    // The turn that was begun is lost with the object.
    world.begun.clear();
    world.evict();
    world.pass(limits::RUN_AGAIN_MILLIS as f64 + 1.0);
    world.ring(OBJECT);
    world.run_begun(OBJECT);
    let rest = attach(&mut world, &key, &session, Some(&last_id(&stream)));
    let rest = rest.err().unwrap();
    assert_eq!(messages(rest.text()).pop().unwrap()["id"], 7);
    assert_eq!(rest.status(), 200);
    // Nothing is left to be done, and what was is forgotten with the next change.
    world.pass(1e6);
    begin(&mut world, &key);
    assert_eq!(world.items(OBJECT).removed(), 0);
    world.ring(OBJECT);
    assert!(world.begun.is_empty());
}

#[test]
fn a_call_that_kills_the_host_each_time_is_given_up() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let stream = ask(&mut world, &key, &session, 7);
    answer(&mut world, &key, &session, &stream, ada());
    let mut tries = 0;
    loop {
        world.pass(1e5);
        // The last turn is one that gives up: it is not killed.
        if world.begun.iter().any(|path| path.ends_with("/4")) {
            break;
        }
        world.begun.clear();
        world.evict();
        world.ring(OBJECT);
        tries += 1;
        assert!(tries < 10, "it goes on for ever");
    }
    world.run_begun(OBJECT);
    let rest = attach(&mut world, &key, &session, Some(&last_id(&stream)));
    let said = messages(rest.err().unwrap().text()).pop().unwrap();
    assert_eq!(said["error"]["data"]["code"], "call_lost", "{said}");
    world.pass(1e5);
    world.ring(OBJECT);
    assert!(world.begun.is_empty());
}

#[test]
fn a_stream_is_taken_up_again_without_loss_or_repetition_from_any_event() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let stream = ask(&mut world, &key, &session, 7);
    answer(&mut world, &key, &session, &stream, ada());
    world.run_begun(OBJECT);
    let name = last_id(&stream);
    let name = name.split('.').next().unwrap();
    let whole = attach(&mut world, &key, &session, Some(&format!("{name}.0")));
    let whole = whole.err().unwrap();
    let all = messages(whole.text());
    assert_eq!(all.len(), 4, "{}", whole.text());
    let over = attach(&mut world, &key, &session, Some(&format!("{name}.4")));
    assert_eq!(over.err().unwrap().status(), 405, "nothing is left");
    for seen in 0..4 {
        let rest = attach(&mut world, &key, &session, Some(&format!("{name}.{seen}")));
        let rest = rest.err().unwrap();
        assert_eq!(messages(rest.text()), all[seen..], "after {seen}");
        assert!(rest.text().ends_with(": over\n\n"));
    }
    for (unknown, status) in [("ffffffffffffffff.0", 400), ("x", 400), ("0", 400)] {
        let refused = attach(&mut world, &key, &session, Some(unknown));
        assert_eq!(refused.err().unwrap().status(), status, "{unknown}");
    }
}

#[test]
fn an_answer_counts_once_and_only_its_sessions() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let other = begin(&mut world, &key);
    let stream = ask(&mut world, &key, &session, 7);
    // Another session of the same caller answers nothing here.
    assert_eq!(
        answer(&mut world, &key, &other, &stream, ada()).status(),
        202
    );
    assert!(world.begun.is_empty());
    answer(&mut world, &key, &session, &stream, ada());
    let bob = json!({"result": {"action": "accept", "content": {"name": "Bob"}}});
    answer(&mut world, &key, &session, &stream, bob);
    assert_eq!(world.begun.len(), 1);
    let again = world.begun.clone();
    world.run_begun(OBJECT);
    world.begun = again;
    world.run_begun(OBJECT);
    let rest = attach(&mut world, &key, &session, Some(&last_id(&stream)));
    let rest = rest.err().unwrap();
    let said = messages(rest.text());
    assert_eq!(said.len(), 2, "{}", rest.text());
    assert_eq!(
        said[1]["result"]["structuredContent"]["content"]["name"],
        "Ada"
    );
}

#[test]
fn a_client_that_answers_with_an_error_or_nonsense_ends_the_call_by_that() {
    for (given, code) in [
        (json!({"error": {"code": -1, "message": "no"}}), -1),
        (
            json!({"result": {"action": "accept", "content": {}}}),
            -32602,
        ),
    ] {
        let (mut world, key) = world();
        let session = begin(&mut world, &key);
        let stream = ask(&mut world, &key, &session, 7);
        answer(&mut world, &key, &session, &stream, given.clone());
        world.run_begun(OBJECT);
        let rest = attach(&mut world, &key, &session, Some(&last_id(&stream)));
        let said = messages(rest.err().unwrap().text()).pop().unwrap();
        assert_eq!(said["error"]["code"], code, "{given} {said}");
    }
}

#[test]
fn a_call_that_waits_is_cancelled_and_its_answer_comes_to_nothing() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let stream = ask(&mut world, &key, &session, 7);
    let attached = attach(&mut world, &key, &session, Some(&last_id(&stream)));
    let attached = attached.unwrap_or_else(|outcome| panic!("{}", outcome.text()));
    let cancel = |id: u64| json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
    assert_eq!(post(&mut world, &key, &session, &cancel(8)).status(), 202);
    assert!(!world.streams[attached].ended);
    assert_eq!(post(&mut world, &key, &session, &cancel(7)).status(), 202);
    assert!(world.streams[attached].ended);
    answer(&mut world, &key, &session, &stream, ada());
    assert!(world.begun.is_empty());
}

#[test]
fn a_call_that_waits_ends_on_the_release_on_which_it_began() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let stream = ask(&mut world, &key, &session, 7);
    world.publish(NEXT, "2.0.0");
    world.evict();
    answer(&mut world, &key, &session, &stream, ada());
    world.run_begun(OBJECT);
    let rest = attach(&mut world, &key, &session, Some(&last_id(&stream)));
    let said = messages(rest.err().unwrap().text()).pop().unwrap();
    let content = &said["result"]["structuredContent"];
    assert_eq!(content["content"]["name"], "Ada", "{said}");
}

#[test]
fn a_call_that_waits_for_a_release_that_is_gone_is_refused() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let stream = ask(&mut world, &key, &session, 7);
    world.publish(NEXT, "2.0.0");
    world.delete_retired();
    answer(&mut world, &key, &session, &stream, ada());
    world.run_begun(OBJECT);
    let rest = attach(&mut world, &key, &session, Some(&last_id(&stream)));
    let said = messages(rest.err().unwrap().text()).pop().unwrap();
    assert!(said["error"]["code"].is_i64(), "{said}");
}

#[test]
fn a_session_is_told_of_changes_once_each_also_of_those_it_missed() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let own = attach(&mut world, &key, &session, None);
    let own = own.unwrap_or_else(|outcome| panic!("{}", outcome.text()));
    let first = world.streams[own].told.clone();
    world.publish(NEXT, "2.0.0");
    let told = messages(&world.streams[own].told);
    assert_eq!(told[0]["method"], "notifications/tools/list_changed");
    // It was not there when this happened.
    world.streams[own].ended = true;
    world.evict();
    world.publish(GUEST, "3.0.0");
    let again = attach(&mut world, &key, &session, Some(&last_id(&first)));
    let again = again.unwrap_or_else(|outcome| panic!("{}", outcome.text()));
    let both = messages(&world.streams[again].told);
    assert_eq!(both.len(), 2 * told.len(), "{both:?}");
    let seen = last_id(&world.streams[again].told);
    world.streams[again].ended = true;
    let last = attach(&mut world, &key, &session, Some(&seen));
    let last = last.unwrap_or_else(|outcome| panic!("{}", outcome.text()));
    assert!(messages(&world.streams[last].told).is_empty());
}

#[test]
fn a_session_sets_what_it_is_sent_of_logs() {
    let (mut world, key) = world();
    let session = begin(&mut world, &key);
    let set = |level: &str| json!({"jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": {"level": level}});
    let set = post(&mut world, &key, &session, &set("error")).json();
    assert_eq!(set["result"], json!({}), "{set}");
    world.evict();
    let stream = ask(&mut world, &key, &session, 7);
    assert_eq!(messages(&stream).len(), 1, "the question only: {stream}");
}

#[test]
fn a_batch_is_answered_as_one_where_the_version_has_batches() {
    let (mut world, key) = world();
    let ping = |id: u64| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
    let batch =
        json!([ping(1), {"jsonrpc": "2.0", "method": "notifications/initialized"}, ping(2)]);
    let answered = world.call(&key, &batch);
    assert_eq!(answered.status(), 200, "{}", answered.text());
    let ids: Vec<_> = answered
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(ids, [1, 2]);
    let session = begin(&mut world, &key);
    assert_eq!(post(&mut world, &key, &session, &batch).status(), 400);
}
