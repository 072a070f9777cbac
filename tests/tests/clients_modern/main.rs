//! Every official client uses the whole surface of MCP 2026-07-28 on real workerd: it lists, calls,
//! reads, completes, answers questions, gives up a call, and listens, for lists and for a resource.
//! What it gives up stops on the host; and a question outlives the host that asked it.
//!
//! All three clients support all of that in this era, each by its own means: none is spared a part.
//! They are driven by the same words, so that each test is written once:
//!
//! | word | what it does, and what it says |
//! |---|---|
//! | `surface` | lists, calls, reads, completes, answers: what it was given |
//! | `listen` | says that it listens; then that a resource was updated; then which tools there are |
//! | `long` | calls what takes long: that it runs; waits for a word, gives it up: how it ended |
//! | `question` | calls what asks: what was asked; waits for a word, answers: the result |

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod rust;

use std::process::Command;

use serde_json::{Value, json};
use smcp_tests::driven::Driven;
use smcp_tests::everything::Served;
use smcp_tests::mortal::{Mortal, kill};
use smcp_xtask::paths;

/// Whose publisher signs the releases.
const TENANT: &str = "modern";
/// One red pixel, as a PNG, in Base64.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

/// The official JavaScript client.
fn javascript(served: &Served) -> Driven {
    let mut node = Command::new(paths::node());
    script(&mut node, "tests/clients/surface.mjs", served)
}

/// The official Python client.
fn python(served: &Served) -> Driven {
    let mut python = Command::new(smcp_xtask::python::python().unwrap());
    script(&mut python, "tests/clients/surface.py", served)
}

fn script(interpreter: &mut Command, file: &str, served: &Served) -> Driven {
    let script = interpreter.arg(paths::root().join(file));
    Driven::process(script.args([&served.endpoint, &served.key])).unwrap()
}

// ---- The whole surface --------------------------------------------------------------------------

/// What every client must have been given by the first release.
#[track_caller]
fn check(mut seen: Value) {
    let tools = seen["tools"].take();
    assert!(has(&tools, "test_simple_text"), "{tools}");
    assert!(has(&tools, "test_this_release"), "{tools}");
    for list in ["resources", "prompts"] {
        let list = seen[list].as_array_mut().unwrap();
        list.sort_by_key(ToString::to_string);
    }
    let expected = json!({
        "version": "2026-07-28",
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
        "elicited": "Hello, Ada!",
        "sampled": "Paris",
        "roots": "The client lends file:///home",
    });
    assert_eq!(seen, expected);
}

fn has(list: &Value, name: &str) -> bool {
    list.as_array().unwrap().contains(&json!(name))
}

/// It lists, calls, reads and answers; then it listens while a resource is said to be another, and
/// while the next release goes live.
fn uses_all(name: &str, start: fn(&Served) -> Driven) {
    let served = Served::new(TENANT, name).unwrap();
    let mut client = start(&served);
    check(client.ask("surface").unwrap());

    let wish = json!({"toolsListChanged": true, "resourceSubscriptions": ["test://static-text"]});
    assert_eq!(client.ask("listen").unwrap(), json!({"listening": wish}));
    served.call("test_resource_update").unwrap();
    assert_eq!(
        client.heard().unwrap(),
        json!({"updated": "test://static-text"})
    );
    served.publish_next().unwrap();
    let tools = client.heard().unwrap()["tools"].take();
    assert!(has(&tools, "test_next_release"), "{tools}");
    assert!(!has(&tools, "test_this_release"), "{tools}");
    client.end().unwrap();
}

#[test]
fn the_javascript_client_uses_all_that_a_server_offers() {
    uses_all("javascript", javascript);
}

#[test]
fn the_python_client_uses_all_that_a_server_offers() {
    uses_all("python", python);
}

#[test]
fn the_rust_client_uses_all_that_a_server_offers() {
    uses_all("rust", rust::start);
}

// ---- Giving up ----------------------------------------------------------------------------------

fn what_it_gives_up_stops(name: &str, start: fn(&Served) -> Driven) {
    let served = Served::alone(TENANT, &format!("{name}-gives-up")).unwrap();
    let mut client = start(&served);
    // It is connected, and its host knows the release.
    check(client.ask("surface").unwrap());
    served.gives_up(&mut client).unwrap();
    // The client goes on as if nothing had been.
    check(client.ask("surface").unwrap());
    client.end().unwrap();
}

#[test]
fn what_the_javascript_client_gives_up_stops_on_the_host() {
    what_it_gives_up_stops("javascript", javascript);
}

#[test]
fn what_the_python_client_gives_up_stops_on_the_host() {
    what_it_gives_up_stops("python", python);
}

#[test]
fn what_the_rust_client_gives_up_stops_on_the_host() {
    what_it_gives_up_stops("rust", rust::start);
}

// ---- Outliving ----------------------------------------------------------------------------------

#[test]
fn a_question_outlives_the_host_that_asked_it_whichever_client_is_asked() {
    // Not the stage's: that one must live on.
    let mortal = Mortal::new().unwrap();
    let platform = mortal.start().unwrap();
    let served = Served::on(&platform, TENANT).unwrap();

    let clients = [javascript, python, rust::start];
    let mut clients = clients.map(|client| client(&served));
    for client in &mut clients {
        assert_eq!(
            client.ask("question").unwrap(),
            json!({"asked": "What is your name?"})
        );
    }
    kill(platform).unwrap();
    let _platform = mortal.start().unwrap();
    for mut client in clients {
        assert_eq!(
            client.ask("answer").unwrap(),
            json!({"elicited": "Hello, Ada!"})
        );
        client.end().unwrap();
    }
}
