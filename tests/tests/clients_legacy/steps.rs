//! What each client must be able to do, one step a function, whatever the client. Steps that kill the host
//! have a platform of their own, since the stage must live on.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use smcp_tests::driven::Driven;
use smcp_tests::everything::{Served, quiet};
use smcp_tests::http::Ask;
use smcp_tests::mortal::{Mortal, kill};
use smcp_tests::wire::Wire;

use super::Start;

/// Whose publisher signs the releases.
const TENANT: &str = "legacy";
/// One red pixel, as a PNG, in Base64.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
/// What `test_elicitation` makes of what every client answers.
const ELICITED: &str =
    r#"User response: action=accept, content={"username":"ada","email":"ada@example.com"}"#;
const UPDATED: &str = "test://static-text";

/// A client of a tenant of its own on the stage.
#[track_caller]
fn on_stage(step: &str, client: &str, start: Start) -> (Served, Driven) {
    let name = format!("{client}-{step}").replace('_', "-");
    let served = Served::new(TENANT, &name).unwrap();
    let client = start(&served.endpoint, &served.key);
    (served, client)
}

#[track_caller]
fn must(client: &mut Driven, word: &str, expected: Value) {
    assert_eq!(client.ask(word).unwrap(), expected, "told {word:?}");
}

#[track_caller]
fn must_say(client: &mut Driven, expected: Value) {
    assert_eq!(client.heard().unwrap(), expected);
}

fn has(list: &Value, name: &str) -> bool {
    list.as_array().unwrap().contains(&json!(name))
}

/// What every client must have been given by the first release.
#[track_caller]
fn check_surface(client: &mut Driven) {
    let mut seen = client.ask("surface").unwrap();
    let tools = seen["tools"].take();
    assert!(has(&tools, "test_simple_text"), "{seen} {tools}");
    assert!(has(&tools, "test_this_release"), "{seen} {tools}");
    for list in ["resources", "prompts"] {
        let list = seen[list].as_array_mut().unwrap();
        list.sort_by_key(ToString::to_string);
    }
    // Over stdio the client does not say which version is spoken.
    if seen["version"].is_null() {
        seen["version"] = json!("2025-11-25");
    }
    let expected = json!({
        "version": "2025-11-25",
        "tools": null,
        "resources": ["test://static-binary", "test://static-text", "test://watched-resource"],
        "templates": ["test://template/{id}/data"],
        "prompts": [
            "test_input_required_result_prompt",
            "test_prompt_with_arguments",
            "test_prompt_with_embedded_resource",
            "test_prompt_with_image",
            "test_simple_prompt",
            "test_this_release_prompt",
        ],
        "called": "This is a simple text response for testing.",
        "text": "This is the content of the static text resource.",
        "bytes": PIXEL,
        "prompt": "Prompt with arguments: arg1='one', arg2='two'",
        "completed": ["paris", "park", "party"],
    });
    assert_eq!(seen, expected);
}

pub(super) fn surface(name: &str, start: Start) {
    let (_served, mut client) = on_stage("surface", name, start);
    check_surface(&mut client);
    must(&mut client, "ping", json!({"pong": {}}));
    client.end().unwrap();
}

// ---- Questions ----------------------------------------------------------------------------------

pub(super) fn elicit(name: &str, start: Start) {
    let (_served, mut client) = on_stage("elicit", name, start);
    // A second time too: answers find the question that they are to.
    for _ in 0..2 {
        must(&mut client, "elicit", json!({"elicited": ELICITED}));
    }
    client.end().unwrap();
}

pub(super) fn sample(name: &str, start: Start) {
    let (_served, mut client) = on_stage("sample", name, start);
    let sampled = json!({"sampled": "LLM response: Paris"});
    must(&mut client, "sample", sampled);
    client.end().unwrap();
}

pub(super) fn roots(name: &str, start: Start) {
    let (_served, mut client) = on_stage("roots", name, start);
    let roots = json!({"roots": "The client lends file:///home"});
    must(&mut client, "roots", roots);
    client.end().unwrap();
}

// ---- What is heard beside results ---------------------------------------------------------------

/// The three entries of `test_tool_with_logging`, which are of the level info.
fn three_entries() -> Value {
    json!({"logged": [
        "Tool execution started",
        "Tool processing data",
        "Tool execution completed",
    ]})
}

pub(super) fn log(name: &str, start: Start) {
    let (_served, mut client) = on_stage("log", name, start);
    must(&mut client, "level info", json!({"level": "info"}));
    must(&mut client, "log", three_entries());
    must(&mut client, "level warning", json!({"level": "warning"}));
    must(&mut client, "log", json!({"logged": []}));
    must(&mut client, "level debug", json!({"level": "debug"}));
    must(&mut client, "log", three_entries());
    client.end().unwrap();
}

pub(super) fn subscribe(name: &str, start: Start) {
    let (served, mut client) = on_stage("subscribe", name, start);
    served.call("test_resource_update").unwrap();
    must(&mut client, "subscribe", json!({"subscribed": true}));
    for _ in 0..2 {
        served.call("test_resource_update").unwrap();
        must_say(&mut client, json!({"updated": UPDATED}));
    }
    must(&mut client, "unsubscribe", json!({"unsubscribed": true}));
    served.call("test_resource_update").unwrap();
    says_nothing_before_a_pong(&mut client);
    client.end().unwrap();
}

/// What it would have said by now it has not.
#[track_caller]
fn says_nothing_before_a_pong(client: &mut Driven) {
    thread::sleep(Duration::from_millis(500));
    must(client, "ping", json!({"pong": {}}));
}

pub(super) fn changed(name: &str, start: Start) {
    let (served, mut client) = on_stage("changed", name, start);
    check_surface(&mut client);
    served.publish_next().unwrap();
    must_say(&mut client, json!({"changed": "tools"}));
    let tools = client.ask("surface").unwrap()["tools"].take();
    assert!(has(&tools, "test_next_release"), "{tools}");
    assert!(!has(&tools, "test_this_release"), "{tools}");
    client.end().unwrap();
}

pub(super) fn gives_up(name: &str, start: Start) {
    let tenant = format!("{name}-gives-up").replace('_', "-");
    let served = Served::alone(TENANT, &tenant).unwrap();
    let mut client = start(&served.endpoint, &served.key);
    // It is connected, and its host knows the release.
    check_surface(&mut client);
    served.gives_up(&mut client).unwrap();
    // The client goes on as if nothing had been.
    check_surface(&mut client);
    client.end().unwrap();
}

// ---- Broken streams -----------------------------------------------------------------------------

/// A client at the end of a wire that can be cut.
fn on_wire(step: &str, client: &str, start: Start) -> (Served, Wire, Driven) {
    let name = format!("{client}-{step}").replace('_', "-");
    let served = Served::new(TENANT, &name).unwrap();
    let wire = Wire::to(&served.endpoint).unwrap();
    let client = start(&wire.through(&served.endpoint), &served.key);
    (served, wire, client)
}

/// All numbers once, and in their order, though the wire is cut twice while they come: 12 seconds, of which
/// a client that comes back when it is told to misses half.
pub(super) fn resumes(name: &str, start: Start) {
    const TO: usize = 60;
    // The second time the Python client would go back to where it was the first time: when a stream
    // that it has resumed breaks, it forgets what it was told on it.
    let cuts = if name == "python" { 1 } else { 2 };
    let (_served, wire, mut client) = on_wire("resumes", name, start);
    must(&mut client, "ping", json!({"pong": {}}));
    let begun = client.ask(&format!("count {TO}")).unwrap();
    assert_eq!(begun, json!({"counting": true}));
    thread::sleep(Duration::from_millis(500));
    for _ in 0..cuts {
        wire.cut();
        // Time to come back, and to hear some more.
        thread::sleep(Duration::from_millis(4500));
    }
    let all: Vec<_> = (1..=TO).collect();
    let expected = json!({"counted": all, "result": format!("Counted to {TO}.")});
    must_say(&mut client, expected);
    // And the session is as it was.
    must(&mut client, "elicit", json!({"elicited": ELICITED}));
    client.end().unwrap();
}

pub(super) fn answers_after_a_break(name: &str, start: Start) {
    let (_served, wire, mut client) = on_wire("breaks", name, start);
    must(&mut client, "question", json!({"asked": "Who are you?"}));
    wire.cut();
    must(&mut client, "answer", json!({"elicited": ELICITED}));
    client.end().unwrap();
}

// ---- Outliving ----------------------------------------------------------------------------------

/// A client of a platform that is killed between what is done before and what is done after.
fn outlives(start: Start, before: impl Fn(&mut Driven), after: impl Fn(&Served, &mut Driven)) {
    let mortal = Mortal::new().unwrap();
    let platform = mortal.start().unwrap();
    let served = Served::on(&platform, TENANT).unwrap();
    let _quiet = quiet();
    let mut client = start(&served.endpoint, &served.key);
    before(&mut client);
    kill(platform).unwrap();
    let _running = mortal.start_bare().unwrap();
    after(&served, &mut client);
    client.end().unwrap();
}

/// What was agreed on before holds: the level of the log, and the subscription, of which the client hears
/// when it has come back to listen.
pub(super) fn session_outlives(_: &str, start: Start) {
    let before = |client: &mut Driven| {
        must(client, "level info", json!({"level": "info"}));
        must(client, "subscribe", json!({"subscribed": true}));
    };
    let after = |served: &Served, client: &mut Driven| {
        must(client, "log", three_entries());
        must(client, "elicit", json!({"elicited": ELICITED}));
        served.call("test_resource_update").unwrap();
        must_say(client, json!({"updated": UPDATED}));
        must(client, "unsubscribe", json!({"unsubscribed": true}));
        check_surface(client);
    };
    outlives(start, before, after);
}

pub(super) fn question_outlives(_: &str, start: Start) {
    let before = |client: &mut Driven| {
        must(client, "question", json!({"asked": "Who are you?"}));
    };
    let after = |_: &Served, client: &mut Driven| {
        must(client, "answer", json!({"elicited": ELICITED}));
        must(client, "elicit", json!({"elicited": ELICITED}));
    };
    outlives(start, before, after);
}

/// What it has done so far is lost with the host, so the client is told that it failed, and may call again.
pub(super) fn call_ends_with_the_host(_: &str, start: Start) {
    let before = |client: &mut Driven| {
        let begun = client.ask("count 60").unwrap();
        assert_eq!(begun, json!({"counting": true}));
    };
    let after = |_: &Served, client: &mut Driven| {
        let said = client.heard().unwrap();
        assert!(said["failed"].is_string(), "{said}");
        must(client, "elicit", json!({"elicited": ELICITED}));
    };
    outlives(start, before, after);
}

// ---- Tasks --------------------------------------------------------------------------------------

pub(super) fn tasks(name: &str, start: Start) {
    let (_served, mut client) = on_stage("tasks", name, start);
    let done = client.ask(r#"task slow_compute {"seconds":2}"#).unwrap();
    let expected = json!({
        "stood": ["working", "completed"],
        "result": "the computation is done after 2 seconds.",
    });
    assert_eq!(done, expected);
    // It is asked on the stream on which it waits for the result.
    let asked = client
        .ask(r#"task confirm_delete {"filename":"a"}"#)
        .unwrap();
    assert_eq!(asked["result"], "a is deleted.", "{asked}");
    assert!(has(&asked["stood"], "input_required"), "{asked}");
    let failed = client.ask("task failing_job").unwrap();
    assert!(has(&failed["stood"], "failed"), "{failed}");
    // What is no task is answered as ever.
    let greeted = client.ask(r#"task greet {"name":"Ada"}"#).unwrap();
    assert_eq!(greeted, json!({"stood": [], "result": "Hello, Ada!"}));
    client.end().unwrap();
}

pub(super) fn task_outlives(_: &str, start: Start) {
    let before = |client: &mut Driven| {
        let word = r#"patient confirm_delete {"filename":"a"}"#;
        must(client, word, json!({"asked": "Delete a?"}));
    };
    let after = |_: &Served, client: &mut Driven| {
        let done = client.ask("answer").unwrap();
        assert_eq!(done["result"], "a is deleted.", "{done}");
        must(client, "elicit", json!({"elicited": ELICITED}));
    };
    outlives(start, before, after);
}

// ---- Ending -------------------------------------------------------------------------------------

pub(super) fn ends_its_session(name: &str, start: Start) {
    let (served, mut client) = on_stage("ends", name, start);
    let session = client.ask("session").unwrap()["session"].take();
    let session = session.as_str().unwrap();
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let status = || {
        let ask = Ask::new("POST", &served.endpoint)
            .header("authorization", &format!("Bearer {}", served.key))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-11-25")
            .header("mcp-session-id", session);
        ask.send(ping.as_bytes()).unwrap().status
    };
    assert_eq!(status(), 200);
    must(&mut client, "terminate", json!({"terminated": true}));
    assert_eq!(status(), 404);
    client.end().unwrap();
}
