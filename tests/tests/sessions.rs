//! Sessions of the legacy era on workerd: they outlive sleep with the key-value namespace at its worst, and a call
//! that waits for its client holds nothing while its stream stays open.
//!
//! On a platform whose clock a test moves, and whose log says when an object woke.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use smcp_tests::http::{Answer, Ask, Events, tool_call};
use smcp_tests::{Stage, Tenant, UNTIL_ASLEEP, guests};
use smcp_xtask::dev::{Options, StaleKv};

const ASK: &str = include_str!("../guests/ask.wat");
const GREET: &str = include_str!("../guests/greet.wat");
const NAP: &str = include_str!("../guests/nap.wat");
const TASK: &str = include_str!("../guests/waits.wat");
const VERSION: &str = "2025-11-25";
const SOON: Duration = Duration::from_secs(5);

/// One test at a time: the clock is everybody's.
static ALONE: Mutex<()> = Mutex::new(());

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        Stage::with(|options| Options {
            provoke_faults: true,
            stale_kv: Some(StaleKv::Elsewhere),
            ..options
        })
        .unwrap()
    })
}

/// A platform whose clock tests move, and whose KV keeps to its own.
fn moved() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| Stage::start(true).unwrap())
}

/// A session of a tenant's client.
struct Session {
    stage: &'static Stage,
    tenant: Tenant,
    id: String,
}

impl Session {
    fn begin(tenant: &Tenant) -> Self {
        Self::begin_on(stage(), tenant)
    }

    fn begin_on(stage: &'static Stage, tenant: &Tenant) -> Self {
        let params = json!({
            "protocolVersion": VERSION,
            "capabilities": {"elicitation": {}},
            "clientInfo": {"name": "smcp-tests", "version": "1.0.0"},
        });
        let body = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
        let begun = stage.post(tenant, &body).unwrap();
        assert_eq!(begun.status, 200, "{}", begun.text());
        Self {
            stage,
            tenant: tenant.clone(),
            id: begun.header("mcp-session-id").to_owned(),
        }
    }

    fn ask(&self, method: &str) -> Ask {
        let url = self.stage.platform().endpoint(&self.tenant.name, "guest");
        Ask::new(method, &url)
            .header("authorization", &format!("Bearer {}", self.tenant.key))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", VERSION)
            .header("mcp-session-id", &self.id)
    }

    fn post(&self, body: &Value) -> Answer {
        self.ask("POST").send(body.to_string().as_bytes()).unwrap()
    }

    fn ping(&self) -> u16 {
        self.post(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}))
            .status
    }

    fn call(&self, tool: &str, arguments: Value) -> Events {
        let body = tool_call(tool, &arguments).to_string();
        self.ask("POST").listen(body.as_bytes()).unwrap()
    }

    fn answer(&self, question: &Value, name: &str) -> Answer {
        let result = json!({"action": "accept", "content": {"name": name}});
        self.post(&json!({"jsonrpc": "2.0", "id": question["id"], "result": result}))
    }

    /// Lets ten minutes pass over a question, sees that the object slept through
    /// them, and answers.
    fn answer_after_ten_minutes_asleep(&self, question: &Value) {
        let woken = self.stage.woke(&self.tenant).unwrap();
        thread::sleep(UNTIL_ASLEEP);
        self.stage
            .provoke(&self.tenant, "move-clock=600000")
            .unwrap();
        let woken_since = self.stage.woke(&self.tenant).unwrap();
        assert_eq!(woken_since, woken + 1, "it has not slept");
        assert_eq!(self.answer(question, "Ada").status, 202);
    }
}

/// The question that a stream comes to.
#[track_caller]
fn question(events: &Events) -> Value {
    loop {
        let message = events.next_within(SOON).unwrap();
        if message["method"] == "elicitation/create" {
            return message;
        }
    }
}

/// The response that a stream ends with, and what came before it.
#[track_caller]
fn response(events: &Events) -> (Value, usize) {
    for before in 0.. {
        let message = events.next_within(SOON).unwrap();
        if message.get("method").is_none() {
            assert!(events.ends_within(SOON), "the stream goes on");
            return (message, before);
        }
    }
    unreachable!("an event is not the last but one for ever")
}

#[test]
fn no_session_is_lost_and_none_that_was_ended_returns_with_kv_at_its_worst() {
    let tenant = stage().tenant_with(GREET).unwrap();
    let (kept, ended) = (Session::begin(&tenant), Session::begin(&tenant));
    assert_eq!((kept.ping(), ended.ping()), (200, 200));
    assert_eq!(ended.ask("DELETE").send(b"").unwrap().status, 204);
    assert_eq!(ended.ping(), 404);
    let woken = stage().woke(&tenant).unwrap();
    thread::sleep(UNTIL_ASLEEP);
    assert_eq!((kept.ping(), ended.ping()), (200, 404));
    assert_eq!(
        stage().woke(&tenant).unwrap(),
        woken + 1,
        "it has not slept"
    );
}

/// The object itself knows a session for three minutes only.
#[test]
fn an_old_session_comes_back_from_kv_and_one_that_was_ended_does_not() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let stage = moved();
    let tenant = stage.tenant_with(GREET).unwrap();
    let (kept, ended) = (
        Session::begin_on(stage, &tenant),
        Session::begin_on(stage, &tenant),
    );
    assert_eq!(ended.ask("DELETE").send(b"").unwrap().status, 204);
    stage.provoke(&tenant, "move-clock=200000").unwrap();
    thread::sleep(UNTIL_ASLEEP);
    assert_eq!((kept.ping(), ended.ping()), (200, 404));
    assert_eq!(stage.woke(&tenant).unwrap(), 2, "it has not slept");
}

#[test]
fn a_call_that_waits_ten_minutes_for_its_client_leaves_the_object_asleep() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let stage = moved();
    let tenant = stage.tenant_with(ASK).unwrap();
    let session = Session::begin_on(stage, &tenant);
    let events = session.call("ask", json!({}));
    let question = question(&events);
    session.answer_after_ten_minutes_asleep(&question);
    // On the stream that was open all the time.
    let (done, before) = response(&events);
    let name = &done["result"]["structuredContent"]["content"]["name"];
    assert_eq!((name, before), (&json!("Ada"), 1), "{done}");
}

#[test]
fn a_stream_that_waits_for_a_task_leaves_the_object_asleep() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let stage = moved();
    let tenant = stage.tenant_with(TASK).unwrap();
    let session = Session::begin_on(stage, &tenant);
    let request = |method: &str, params: Value| json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let call = json!({"name": "ask", "arguments": {}, "task": {}});
    let begun = session.post(&request("tools/call", call)).json().unwrap();
    let id = &begun["result"]["task"]["taskId"];
    let result = request("tasks/result", json!({"taskId": id})).to_string();
    let events = session.ask("POST").listen(result.as_bytes()).unwrap();
    // It sleeps for ten seconds before it asks.
    let question = events.next_within(Duration::from_secs(30)).unwrap();
    assert_eq!(question["method"], "elicitation/create", "{question}");
    session.answer_after_ten_minutes_asleep(&question);
    let (done, before) = response(&events);
    let name = &done["result"]["structuredContent"]["content"]["name"];
    assert_eq!((name, before), (&json!("Ada"), 0), "{done}");
}

#[test]
fn a_connection_lost_behind_the_edge_is_not_seen_by_the_client() {
    let tenant = stage().tenant_with(ASK).unwrap();
    let session = Session::begin(&tenant);
    let events = session.call("ask", json!({}));
    let question = question(&events);
    for _ in 0..3 {
        stage().provoke(&tenant, "lose-listeners").unwrap();
        thread::sleep(Duration::from_millis(400));
    }
    session.answer(&question, "Ada");
    let (done, before) = response(&events);
    assert_eq!(
        done["result"]["structuredContent"]["content"]["name"],
        "Ada"
    );
    assert_eq!(before, 1, "the guest's second log entry, once");
}

#[test]
fn hanging_up_cancels_nothing_and_the_rest_is_there_for_who_comes_back() {
    let tenant = stage().tenant_with(NAP).unwrap();
    let session = Session::begin(&tenant);
    let body = tool_call("nap", &json!({})).to_string();
    let mut open = session.ask("POST").open(body.as_bytes()).unwrap();
    let id = loop {
        let line = open.line().unwrap();
        if let Some(id) = line.strip_prefix("id: ") {
            break id.to_owned();
        }
    };
    drop(open);
    let rest = session.ask("GET").header("last-event-id", &id).listen(b"");
    let rest = rest.unwrap();
    let (done, _) = response(&rest);
    assert!(done["result"].is_object(), "{done}");
    let again = session.ask("GET").header("last-event-id", &id).listen(b"");
    assert_eq!(response(&again.unwrap()).0, done);
}

#[test]
fn a_session_hears_of_changes_on_its_own_stream_once_whatever_breaks() {
    let tenant = stage().tenant_with(GREET).unwrap();
    let session = Session::begin(&tenant);
    let events = session.ask("GET").listen(b"").unwrap();
    let publish = |wat: &str, version: &str| {
        let package = guests::package(wat, version).unwrap();
        let published = stage().publish(&tenant, "guest", &package).unwrap();
        assert_eq!(published.status, 201, "{}", published.text());
    };
    publish(ASK, "2.0.0");
    let told = events.next_within(SOON).unwrap();
    assert_eq!(told["method"], "notifications/tools/list_changed");
    while events.next_within(Duration::from_secs(1)).is_ok() {}
    stage().provoke(&tenant, "lose-listeners").unwrap();
    publish(GREET, "3.0.0");
    let mut tools = 0;
    while let Ok(told) = events.next_within(Duration::from_secs(3)) {
        tools += usize::from(told["method"] == "notifications/tools/list_changed");
    }
    assert_eq!(tools, 1);
    assert_eq!(session.ask("DELETE").send(b"").unwrap().status, 204);
    assert!(events.ends_within(SOON));
}
