//! Every official client uses the whole surface of MCP 2026-07-28 on real workerd: it lists, calls,
//! reads, completes, answers questions, gives up a call, and listens, for lists and for a resource.
//! What it gives up stops on the host; and a question outlives the host that asked it.
//!
//! All three clients support all of that in this era, each by its own means: none is spared a part.
//! They are driven by the same words (`driven`), so that each test is written once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod driven;
mod rust;

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smcp_ids::limits::CALLS_AT_ONCE_EACH;
use smcp_tests::http::Open;
use smcp_tests::mcp::{self, MODERN};
use smcp_tests::mortal::{Mortal, kill};
use smcp_tests::stage;

use driven::{Driven, javascript, python};

/// Whose publisher signs the releases.
const TENANT: &str = "modern";
const SERVER: &str = "everything";
/// One red pixel, as a PNG, in Base64.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

/// A tenant of a test's own, with the first release of `everything`.
pub(crate) struct Served {
    tenant: String,
    pub(crate) endpoint: String,
    pub(crate) key: String,
    next: PathBuf,
}

impl Served {
    fn new(name: &str) -> Self {
        static RELEASES: OnceLock<[PathBuf; 2]> = OnceLock::new();
        let platform = stage().platform();
        let [first, next] = RELEASES.get_or_init(|| {
            platform.tenant(TENANT).unwrap();
            [
                ("everything", "first.wasm"),
                ("everything/next", "next.wasm"),
            ]
            .map(|(source, file)| platform.package_as(TENANT, source, file).unwrap())
        });
        let tenant = format!("{TENANT}-{name}");
        platform.smcp(["tenant", "create", &tenant]).unwrap();
        let publisher = platform.scratch(&format!("{TENANT}.key.pub"));
        let publisher = publisher.to_str().unwrap();
        let trust = ["publisher", "trust", publisher, "--tenant", &tenant];
        platform.smcp(trust).unwrap();
        platform.publish(first, &tenant, SERVER).unwrap();
        Self {
            endpoint: platform.endpoint(&tenant, SERVER),
            key: platform.key(&tenant).unwrap(),
            next: next.clone(),
            tenant,
        }
    }

    fn publish_next(&self) {
        let platform = stage().platform();
        platform.publish(&self.next, &self.tenant, SERVER).unwrap();
    }

    /// A client that the tests drive themselves.
    fn plain(&self) -> mcp::Client {
        mcp::Client::new(&self.endpoint, &self.key, MODERN)
    }
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
    let served = Served::new(name);
    let mut client = start(&served);
    check(client.ask("surface"));

    let wish = json!({"toolsListChanged": true, "resourceSubscriptions": ["test://static-text"]});
    assert_eq!(client.ask("listen"), json!({"listening": wish}));
    let update = json!({"name": "test_resource_update"});
    served.plain().call("tools/call", update).unwrap();
    assert_eq!(client.heard(), json!({"updated": "test://static-text"}));
    served.publish_next();
    let tools = client.heard()["tools"].take();
    assert!(has(&tools, "test_next_release"), "{tools}");
    assert!(!has(&tools, "test_this_release"), "{tools}");
    client.end();
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

/// How long the tool `test_long_call` takes.
const LONG: Duration = Duration::from_secs(25);

/// What such a test holds is most of what an isolate has for all of its tenants: one of them at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A call that takes long, and has begun. It is given up when this is dropped.
fn hold_a_place(client: &mcp::Client) -> Open {
    let client = client.clone().with_meta("progressToken", json!(1));
    let call = client.message("tools/call", json!({"name": "test_long_call"}));
    let mut stream = client.ask(&call).open(call.to_string().as_bytes()).unwrap();
    let begun = stream.message().unwrap();
    assert_eq!(begun["method"], "notifications/progress");
    stream
}

/// Takes all places of a caller but one with calls of the test's own, and the last with the
/// client's. Another call then waits, until one of them ends. When the client gives its own up, the
/// waiting one is answered, sooner than any of the others can end by itself: so the client's guest was
/// stopped.
fn what_it_gives_up_stops(name: &str, start: fn(&Served) -> Driven) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let served = Served::new(&format!("{name}-gives-up"));
    let mut client = start(&served);
    // It is connected, and its host knows the release.
    check(client.ask("surface"));
    let plain = served.plain();
    let began = Instant::now();
    let others: Vec<_> = (1..CALLS_AT_ONCE_EACH)
        .map(|_| hold_a_place(&plain))
        .collect();
    assert_eq!(client.ask("long"), json!({"running": true}));

    let (answer, answered) = mpsc::channel();
    thread::spawn(move || {
        let call = json!({"name": "test_simple_text"});
        answer.send(plain.call("tools/call", call).unwrap())
    });
    let early = answered.recv_timeout(Duration::from_secs(1));
    assert!(early.is_err(), "there was a place: {early:?}");
    assert_eq!(client.ask("give up"), json!({"ended": "given up"}));
    let answer = answered.recv_timeout(LONG).unwrap();
    let since = began.elapsed();
    assert!(since < LONG, "{since:?}: one of the others may have ended");
    assert!(answer["result"]["content"].is_array(), "{answer}");
    drop(others);
    // The client goes on as if nothing had been.
    check(client.ask("surface"));
    client.end();
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
    platform.tenant(TENANT).unwrap();
    let release = platform.package_as(TENANT, "everything", "first.wasm");
    platform.publish(&release.unwrap(), TENANT, SERVER).unwrap();
    let served = Served {
        tenant: TENANT.to_owned(),
        endpoint: platform.endpoint(TENANT, SERVER),
        key: platform.key(TENANT).unwrap(),
        next: PathBuf::new(),
    };

    let clients = [javascript, python, rust::start];
    let mut clients = clients.map(|client| client(&served));
    for client in &mut clients {
        assert_eq!(
            client.ask("question"),
            json!({"asked": "What is your name?"})
        );
    }
    kill(platform).unwrap();
    let _platform = mortal.start().unwrap();
    for mut client in clients {
        assert_eq!(client.ask("answer"), json!({"elicited": "Hello, Ada!"}));
        client.end();
    }
}
