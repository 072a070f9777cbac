//! Tasks on workerd: they go on without their client, and hold nothing while they wait, be it for a person, for a
//! time, or for a host that was killed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smcp_tests::mcp::{Client, MODERN};
use smcp_tests::mortal::{self, Mortal};
use smcp_tests::{Stage, UNTIL_ASLEEP, guests};

const TASK: &str = include_str!("../guests/waits.wat");

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| Stage::start(true).unwrap())
}

/// A client that takes tasks, and whose user can be asked.
fn client(endpoint: &str, key: &str) -> Client {
    let can = json!({"elicitation": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}});
    Client::new(endpoint, key, MODERN).with_meta("io.modelcontextprotocol/clientCapabilities", can)
}

/// Begins the task of the guest: its name.
fn begin(client: &Client) -> String {
    let begun = client.call("tools/call", json!({"name": "ask", "arguments": {}}));
    let begun = begun.unwrap();
    assert_eq!(begun["result"]["resultType"], "task", "{begun}");
    begun["result"]["taskId"].as_str().unwrap().to_owned()
}

fn get(client: &Client, id: &str) -> Value {
    let answer = client.call("tasks/get", json!({"taskId": id})).unwrap();
    answer["result"].clone()
}

/// The task, when it has come to that.
#[track_caller]
fn until(client: &Client, id: &str, status: &str) -> Value {
    let begun = Instant::now();
    loop {
        let task = get(client, id);
        if task["status"] == status {
            return task;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{status}: {task}"
        );
        thread::sleep(Duration::from_millis(200));
    }
}

fn answer(client: &Client, id: &str) {
    let answers = json!({"name": {"action": "accept", "content": {"name": "Ada"}}});
    let params = json!({"taskId": id, "inputResponses": answers});
    let taken = client.call("tasks/update", params).unwrap();
    assert_eq!(taken["result"]["resultType"], "complete", "{taken}");
}

#[track_caller]
fn has_ended_well(client: &Client, id: &str) {
    let done = until(client, id, "completed");
    let name = &done["result"]["structuredContent"]["content"]["name"];
    assert_eq!(name, "Ada", "{done}");
}

#[test]
fn a_task_that_waits_ten_minutes_for_a_person_holds_no_compute() {
    let tenant = stage().tenant_with(TASK).unwrap();
    let endpoint = stage().platform().endpoint(&tenant.name, "guest");
    let client = client(&endpoint, &tenant.key);
    let id = begin(&client);
    until(&client, &id, "input_required");
    let woken = stage().woke(&tenant).unwrap();
    thread::sleep(UNTIL_ASLEEP);
    stage().provoke(&tenant, "move-clock=600000").unwrap();
    assert_eq!(
        stage().woke(&tenant).unwrap(),
        woken + 1,
        "it has not slept"
    );
    answer(&client, &id);
    has_ended_well(&client, &id);
}

#[test]
fn a_task_outlives_hosts_that_are_killed_while_it_sleeps_and_while_it_waits() {
    let mortal = Mortal::new().unwrap();
    let platform = mortal.start().unwrap();
    platform.smcp(["tenant", "create", "acme"]).unwrap();
    let publisher = guests::publisher().public().to_string();
    let trust = ["publisher", "trust", &publisher, "--tenant", "acme"];
    platform.smcp(trust).unwrap();
    let package = platform.scratch("task.wasm");
    std::fs::write(&package, guests::package(TASK, "1.0.0").unwrap()).unwrap();
    platform.publish(&package, "acme", "guest").unwrap();
    let client = client(
        &platform.endpoint("acme", "guest"),
        &platform.key("acme").unwrap(),
    );
    let id = begin(&client);
    mortal::kill(platform).unwrap();
    // It sleeps for ten seconds, or was killed before it came to that.
    let platform = mortal.start().unwrap();
    until(&client, &id, "input_required");
    mortal::kill(platform).unwrap();
    let platform = mortal.start().unwrap();
    answer(&client, &id);
    has_ended_well(&client, &id);
    drop(platform);
}
