//! Every official client uses the whole surface of the versions before 2026-07-28 on real workerd, in a
//! session: it lists, calls, reads and completes; it is asked and answers; it sets the level of the log,
//! subscribes, gives up a call; it comes back to a stream that broke, and goes on after the host was
//! killed, even in the middle of a question.
//!
//! Each client does each of these in a test of its own, under the client's name. All are driven by the
//! same words:
//!
//! | word | what it does, and what it says |
//! |---|---|
//! | `surface` | lists, calls, reads, completes: what it was given |
//! | `session`, `terminate` | which session it is in; that it has ended it: of JavaScript clients over HTTP |
//! | `ping` | pings: that it was answered |
//! | `elicit`, `sample`, `roots` | calls what asks that, and answers at once: the result |
//! | `level L` | sets the level of the log: the level |
//! | `log` | calls what writes three entries of level info: those that it was sent |
//! | `subscribe`, `unsubscribe` | to a resource: that it is so |
//! | `count N` | calls what counts to N: that it has begun; then each number that it was told, and the result |
//! | `long` | calls what takes long: that it runs; waits for a word, gives it up: how it ended |
//! | `question` | calls what asks: what was asked; waits for a word, answers: the result |
//! | `task NAME JSON` | of `typescript_v1`: calls that as a task: how it stood in between, and the result |
//! | `patient NAME JSON` | the same of one that asks: what was asked; waits for a word, answers: as before |
//!
//! Whatever else it hears it says at once: that a resource was `updated`, that the tools have `changed`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod inspector;
mod rust;
mod steps;

use std::process::Command;

use smcp_tests::driven::Driven;
use smcp_xtask::paths;

/// How a client is started: with an endpoint and a key.
type Start = fn(&str, &str) -> Driven;

/// A JavaScript client: see `tests/clients/legacy.mjs` for the kinds.
fn javascript(kind: &str, endpoint: &str, key: &str) -> Driven {
    let mut node = Command::new(paths::node());
    node.arg(paths::root().join("tests/clients/legacy.mjs"));
    // Where one of them keeps what it knows of authorization: nothing that another left.
    node.env(
        "MCP_REMOTE_CONFIG_DIR",
        paths::target().join("e2e/mcp-remote"),
    );
    Driven::process(node.args([kind, endpoint, key])).unwrap()
}

fn typescript_v1(endpoint: &str, key: &str) -> Driven {
    javascript("sdk", endpoint, key)
}

fn typescript_v2(endpoint: &str, key: &str) -> Driven {
    javascript("legacy", endpoint, key)
}

fn mcp_remote(endpoint: &str, key: &str) -> Driven {
    javascript("remote", endpoint, key)
}

fn python(endpoint: &str, key: &str) -> Driven {
    let mut python = Command::new(smcp_xtask::python::python().unwrap());
    python.arg(paths::root().join("tests/clients/legacy.py"));
    Driven::process(python.args([endpoint, key])).unwrap()
}

/// The tests of a client, each of one step.
macro_rules! client {
    ($name:ident: $start:path) => {
        mod $name {
            use super::{Start, steps};

            const NAME: &str = stringify!($name);
            const START: Start = $start;

            #[test]
            fn it_lists_calls_reads_and_completes() {
                steps::surface(NAME, START);
            }

            #[test]
            fn it_is_asked_by_a_form_and_answers() {
                steps::elicit(NAME, START);
            }

            #[test]
            fn its_model_is_asked_and_answers() {
                steps::sample(NAME, START);
            }

            #[test]
            fn it_is_asked_for_its_roots_and_answers() {
                steps::roots(NAME, START);
            }

            #[test]
            fn it_is_sent_the_log_from_the_level_that_it_set() {
                steps::log(NAME, START);
            }

            #[test]
            fn it_hears_of_what_it_subscribed_to_until_it_unsubscribes() {
                steps::subscribe(NAME, START);
            }

            #[test]
            fn it_hears_that_another_release_has_gone_live() {
                steps::changed(NAME, START);
            }

            #[test]
            fn what_it_gives_up_stops_on_the_host() {
                steps::gives_up(NAME, START);
            }

            #[test]
            fn it_resumes_a_broken_stream_without_loss_or_repetition() {
                steps::resumes(NAME, START);
            }

            #[test]
            fn it_answers_a_question_whose_stream_has_broken() {
                steps::answers_after_a_break(NAME, START);
            }

            #[test]
            fn its_session_outlives_the_host() {
                steps::session_outlives(NAME, START);
            }

            #[test]
            fn its_question_outlives_the_host() {
                steps::question_outlives(NAME, START);
            }

            #[test]
            fn what_ran_when_the_host_was_killed_is_not_waited_for_in_vain() {
                steps::call_ends_with_the_host(NAME, START);
            }
        }
    };
}

client!(typescript_v1: super::typescript_v1);
client!(typescript_v2: super::typescript_v2);
client!(mcp_remote: super::mcp_remote);
client!(python: super::python);
client!(rmcp: super::rust::start);

/// It is the one client that has the tasks of 2025-11-25.
#[test]
fn typescript_v1_has_its_calls_run_as_tasks() {
    steps::tasks("typescript-v1", typescript_v1);
}

#[test]
fn typescript_v1_answers_a_task_that_asks_though_the_host_was_killed_meanwhile() {
    steps::task_outlives("typescript-v1", typescript_v1);
}

#[test]
fn a_session_that_a_client_has_ended_is_gone() {
    for (name, start) in [
        ("typescript-v1", typescript_v1 as Start),
        ("typescript-v2", typescript_v2),
    ] {
        steps::ends_its_session(name, start);
    }
}
