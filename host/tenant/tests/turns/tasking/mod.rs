//! A client of 2025-11-25 that has tasks: what it asks, and what it reads on streams that wait for them. Each message
//! is held against the official schema.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use serde_json::{Value, json};

use crate::in_session::{OBJECT, attach, begin, last_id, messages, post};
use crate::world::{Outcome, World};

/// Sleeps, and asks.
pub const GUEST: &str = include_str!("../../../../../tests/guests/waits.wat");
/// Has no tasks.
pub const PLAIN: &str = include_str!("../../../../../tests/guests/greet.wat");
const RELATED: &str = "io.modelcontextprotocol/related-task";

/// A client in its session.
pub struct Client {
    pub key: String,
    pub session: String,
}

pub fn world() -> (World, Client) {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let client = Client::new(&mut world, &key);
    (world, client)
}

/// Lets time pass, with its alarms, and the turns that they begin.
pub fn live(world: &mut World, millis: f64) {
    for _ in 0..4 {
        world.run_begun(OBJECT);
    }
    world.pass(millis);
    world.ring(OBJECT);
    for _ in 0..4 {
        world.run_begun(OBJECT);
    }
}

/// Lets it sleep, and come to its question.
pub fn until_it_asks(world: &mut World) {
    live(world, 10_001.0);
}

impl Client {
    pub fn new(world: &mut World, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            session: begin(world, key),
        }
    }

    pub fn send(&self, world: &mut World, id: u64, method: &str, params: Value) -> Outcome {
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        smcp_official::request("2025-11-25", &body.to_string()).unwrap();
        let outcome = post(world, &self.key, &self.session, &body);
        let stream = outcome.stream.as_deref().unwrap_or_default();
        for message in messages(stream).into_iter().chain(messages(outcome.text())) {
            smcp_official::sent("2025-11-25", method, &message.to_string()).unwrap();
        }
        outcome
    }

    /// A request that is answered at once.
    pub fn ask(&self, world: &mut World, method: &str, params: Value) -> Value {
        let answer = self.send(world, 7, method, params);
        assert!(answer.stream.is_none(), "{method}");
        let text = answer.text();
        smcp_official::sent("2025-11-25", method, text).unwrap();
        serde_json::from_str(text).unwrap()
    }

    /// Begins the task: what is said of it.
    pub fn begin(&self, world: &mut World, task: Value) -> Value {
        let call = json!({"name": "ask", "arguments": {}, "task": task});
        let begun = self.ask(world, "tools/call", call);
        let task = &begun["result"]["task"];
        assert_eq!(task["status"], "working", "{begun}");
        task.clone()
    }

    pub fn begin_named(&self, world: &mut World) -> String {
        name_of(&self.begin(world, json!({})))
    }

    pub fn get(&self, world: &mut World, id: &str) -> Value {
        self.ask(world, "tasks/get", json!({"taskId": id}))["result"].clone()
    }

    /// Waits for the result on a stream: what that has said.
    pub fn wait(&self, world: &mut World, id: u64, task: &str) -> String {
        let waits = self.send(world, id, "tasks/result", json!({"taskId": task}));
        assert_eq!(waits.text(), "", "it was left");
        waits.stream.unwrap_or_else(|| panic!("no stream"))
    }

    /// As the edge does, which holds the client's stream: goes on with it.
    #[track_caller]
    pub fn attach(&self, world: &mut World, stream: &str) -> usize {
        let attached = attach(world, &self.key, &self.session, Some(&last_id(stream)));
        attached.unwrap_or_else(|outcome| panic!("{}", outcome.text()))
    }

    /// The rest of a stream that is over.
    #[track_caller]
    pub fn rest(&self, world: &mut World, after: &str) -> Outcome {
        let rest = attach(world, &self.key, &self.session, Some(after));
        rest.err().unwrap_or_else(|| panic!("it goes on"))
    }

    pub fn answer(&self, world: &mut World, question: &Value, mut answer: Value) {
        answer["jsonrpc"] = json!("2.0");
        answer["id"] = question["id"].clone();
        let taken = post(world, &self.key, &self.session, &answer);
        assert_eq!(taken.status(), 202, "{}", taken.text());
    }
}

pub fn name_of(task: &Value) -> String {
    task["taskId"].as_str().unwrap().to_owned()
}

/// The question of the guest, which says of which task it is.
#[track_caller]
pub fn question(told: &str, task: &str) -> Value {
    let question = messages(told).pop().unwrap();
    smcp_official::sent("2025-11-25", "tasks/result", &question.to_string()).unwrap();
    assert_eq!(question["method"], "elicitation/create", "{told}");
    let related = &question["params"]["_meta"][RELATED];
    assert_eq!(related, &json!({"taskId": task}), "{told}");
    question
}

/// The end of a stream: the response, to that request.
#[track_caller]
pub fn end(told: &str, id: u64) -> Value {
    assert!(told.ends_with(": over\n\n"), "{told}");
    let response = messages(told).pop().unwrap();
    smcp_official::sent("2025-11-25", "tasks/result", &response.to_string()).unwrap();
    assert_eq!(response["id"], id, "{told}");
    response
}

#[track_caller]
pub fn has_ended_well(response: &Value, task: &str) {
    let result = &response["result"];
    let name = &result["structuredContent"]["content"]["name"];
    assert_eq!(name, "Ada", "{response}");
    assert_eq!(result["_meta"][RELATED], json!({"taskId": task}));
}

pub fn ada() -> Value {
    json!({"result": {"action": "accept", "content": {"name": "Ada"}}})
}
