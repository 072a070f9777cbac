//! Tasks: calls that go on without their client, through eviction, kills, sleep and questions.

use crate::kv_world::Kv;
use crate::world::{Outcome, World};
use serde_json::{Value, json};
use smcp_capability::http::{HttpAnswer, Method};
use smcp_capability::turn::{Effect, Fetched, Step};
use smcp_ids::limits;

const GUEST: &str = include_str!("../../../../tests/guests/waits.wat");
const NEXT: &str = include_str!("../../../../tests/guests/greet.wat");
const OBJECT: &str = "tenant:acme";

fn request(world: &mut World, key: &str, method: &str, mut params: Value, can: &Value) -> Outcome {
    let name = params.get("taskId").or(params.get("name")).unwrap();
    let name = name.as_str().unwrap().to_owned();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": can,
    });
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let body = body.to_string().into_bytes();
    let mut frame = world.frame("POST", "/t/acme/hello/mcp", key, body);
    for (header, value) in [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", method),
        ("mcp-name", &name),
    ] {
        frame.headers.push((header.to_owned(), value.to_owned()));
    }
    world.send(OBJECT, frame)
}

fn takes_tasks() -> Value {
    json!({"elicitation": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}})
}

fn of_task(world: &mut World, key: &str, method: &str, params: Value) -> Value {
    request(world, key, method, params, &takes_tasks()).json()
}

fn get(world: &mut World, key: &str, id: &str) -> Value {
    of_task(world, key, "tasks/get", json!({"taskId": id}))["result"].clone()
}

/// Begins the task: its name.
fn begin(world: &mut World, key: &str) -> String {
    let call = json!({"name": "ask", "arguments": {}});
    let begun = request(world, key, "tools/call", call, &takes_tasks()).json();
    let result = &begun["result"];
    assert_eq!(result["resultType"], "task", "{begun}");
    assert_eq!(result["status"], "working", "{begun}");
    result["taskId"].as_str().unwrap().to_owned()
}

/// Lets time pass, with its alarms, and the turns that they begin.
fn live(world: &mut World, millis: f64) {
    for _ in 0..4 {
        world.run_begun(OBJECT);
    }
    world.pass(millis);
    world.ring(OBJECT);
    for _ in 0..4 {
        world.run_begun(OBJECT);
    }
}

fn world() -> (World, String) {
    let mut world = World::new();
    let key = world.acme(GUEST);
    (world, key)
}

fn ada() -> Value {
    json!({"name": {"action": "accept", "content": {"name": "Ada"}}})
}

#[test]
fn a_task_sleeps_asks_and_ends_with_nothing_of_it_in_memory_in_between() {
    let (mut world, key) = world();
    let id = begin(&mut world, &key);
    assert_eq!(get(&mut world, &key, &id)["status"], "working");
    world.run_begun(OBJECT);
    world.evict();
    // It sleeps, and its alarm is set.
    assert_eq!(get(&mut world, &key, &id)["status"], "working");
    live(&mut world, 10_001.0);
    let asks = get(&mut world, &key, &id);
    assert_eq!(asks["status"], "input_required", "{asks}");
    let question = &asks["inputRequests"]["name"];
    assert_eq!(question["method"], "elicitation/create");
    // A person thinks for an hour.
    world.evict();
    world.pass(3_600_000.0);
    let params = json!({"taskId": id, "inputResponses": ada()});
    let taken = of_task(&mut world, &key, "tasks/update", params);
    assert_eq!(taken["result"]["resultType"], "complete", "{taken}");
    assert_eq!(get(&mut world, &key, &id)["status"], "working");
    live(&mut world, 1.0);
    let done = get(&mut world, &key, &id);
    assert_eq!(done["status"], "completed", "{done}");
    let content = &done["result"]["structuredContent"]["content"];
    assert_eq!(content["name"], "Ada", "{done}");
    // A day later it is gone.
    world.pass(limits::TASK_MILLIS as f64);
    let gone = of_task(&mut world, &key, "tasks/get", json!({"taskId": id}));
    assert_eq!(gone["error"]["code"], -32602, "{gone}");
}

#[test]
fn a_task_that_was_killed_goes_on_by_its_alarm_and_is_given_up_in_the_end() {
    let (mut world, key) = world();
    let id = begin(&mut world, &key);
    world.begun.clear();
    world.evict();
    live(&mut world, limits::RUN_AGAIN_MILLIS as f64 + 1.0);
    live(&mut world, 10_001.0);
    assert_eq!(get(&mut world, &key, &id)["status"], "input_required");
    // Another is killed each time.
    let id = begin(&mut world, &key);
    for _ in 0..8 {
        world.begun.retain(|path| path.ends_with("/4"));
        world.run_begun(OBJECT);
        world.evict();
        world.pass(1e5);
        world.ring(OBJECT);
    }
    let failed = get(&mut world, &key, &id);
    assert_eq!(failed["status"], "failed", "{failed}");
    assert_eq!(failed["error"]["data"]["code"], "call_lost", "{failed}");
}

#[test]
fn a_task_is_cancelled_wherever_it_is() {
    for asked in [false, true] {
        let (mut world, key) = world();
        let id = begin(&mut world, &key);
        if asked {
            world.run_begun(OBJECT);
            live(&mut world, 10_001.0);
        }
        let cancelled = of_task(&mut world, &key, "tasks/cancel", json!({"taskId": id}));
        assert_eq!(cancelled["result"]["resultType"], "complete", "{cancelled}");
        live(&mut world, 1e5);
        let task = get(&mut world, &key, &id);
        assert_eq!(task["status"], "cancelled", "{task}");
        let params = json!({"taskId": id, "inputResponses": ada()});
        of_task(&mut world, &key, "tasks/update", params);
        live(&mut world, 1e5);
        assert_eq!(get(&mut world, &key, &id)["status"], "cancelled");
    }
}

/// Whose guest computes for longer than the alarm waits.
#[test]
fn a_task_that_runs_long_is_not_taken_for_lost() {
    let (mut world, key) = world();
    let id = begin(&mut world, &key);
    let path = world.begun.pop().unwrap();
    let frame = world.own_frame(&path);
    let turn = world.begin(OBJECT, frame);
    // It has come as far as to read what it goes on with, and more: it is live.
    let mut answer = None;
    for _ in 0..12 {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(Effect::Reserve { .. }) => break,
            Step::Need(effect) => answer = Some(world.perform(OBJECT, effect)),
            _ => {}
        }
    }
    for _ in 0..8 {
        world.pass(1e5);
        world.ring(OBJECT);
        assert!(world.begun.is_empty(), "{:?}", world.begun);
    }
    assert_eq!(get(&mut world, &key, &id)["status"], "working");
    // If it is lost after all, it is begun again.
    world.evict();
    for _ in 0..3 {
        live(&mut world, 1e5);
    }
    assert_eq!(get(&mut world, &key, &id)["status"], "input_required");
}

#[test]
fn a_hundred_tasks_at_once_wait_in_storage_and_none_is_lost() {
    let (mut world, key) = world();
    let ids: Vec<_> = (0..100).map(|_| begin(&mut world, &key)).collect();
    // Begun ones are in memory, and are lost.
    world.begun.clear();
    world.evict();
    for _ in 0..100 {
        live(&mut world, 5_001.0);
    }
    for id in &ids {
        let task = get(&mut world, &key, id);
        assert_eq!(task["status"], "input_required", "{task}");
    }
    world.pass(1e6);
    let day = 24 * 60 * 60 * 1_000;
    let tomorrow = world.now() / day + 1;
    assert!(
        world.alarm.unwrap() >= tomorrow * day,
        "nothing is left to be done today"
    );
    // What was struck off is forgotten with the next change.
    begin(&mut world, &key);
    assert_eq!(world.items(OBJECT).removed(), 0);
}

#[test]
fn a_task_is_nobody_elses() {
    let (mut world, key) = world();
    let id = begin(&mut world, &key);
    let other = world.key("acme", json!({"name": "other"}));
    for method in ["tasks/get", "tasks/cancel"] {
        let refused = of_task(&mut world, &other, method, json!({"taskId": id}));
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
    for unknown in ["", "x", &id[1..], &format!("{id}0"), "../t/1"] {
        let refused = of_task(&mut world, &key, "tasks/get", json!({"taskId": unknown}));
        assert!(refused["error"]["code"].is_i64(), "{unknown} {refused}");
    }
    assert_eq!(get(&mut world, &key, &id)["status"], "working");
}

#[test]
fn who_takes_no_tasks_is_answered_when_the_call_is_done() {
    let (mut world, key) = world();
    let call = json!({"name": "ask", "arguments": {}});
    let can = json!({"elicitation": {}});
    let asked = request(&mut world, &key, "tools/call", call, &can).json();
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let refused = request(&mut world, &key, "tasks/get", json!({"taskId": "x"}), &can).json();
    assert_eq!(refused["error"]["code"], -32021, "{refused}");
}

/// What it logs once it is a task has no client to go to, whatever its client wanted to hear of the call.
#[test]
fn a_task_of_a_client_that_wants_its_log_tells_nobody() {
    let (mut world, key) = world();
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {
        "name": "ask", "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": takes_tasks(),
            "io.modelcontextprotocol/logLevel": "debug",
        },
    }});
    let mut frame = world.frame(
        "POST",
        "/t/acme/hello/mcp",
        &key,
        body.to_string().into_bytes(),
    );
    for (header, value) in [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "ask"),
    ] {
        frame.headers.push((header.to_owned(), value.to_owned()));
    }
    let begun = world.send(OBJECT, frame);
    assert!(begun.stream.is_some(), "what it logs before is told");
    let id = begun.json()["result"]["taskId"]
        .as_str()
        .unwrap()
        .to_owned();
    live(&mut world, 10_001.0);
    let params = json!({"taskId": id, "inputResponses": ada()});
    of_task(&mut world, &key, "tasks/update", params);
    let path = world.begun.pop().unwrap();
    let frame = world.own_frame(&path);
    let own = world.send(OBJECT, frame);
    assert_eq!((own.status(), own.stream), (204, None));
    assert_eq!(get(&mut world, &key, &id)["status"], "completed");
}

#[test]
fn answers_that_do_not_fit_are_refused_and_others_passed_over() {
    let (mut world, key) = world();
    let id = begin(&mut world, &key);
    world.run_begun(OBJECT);
    live(&mut world, 10_001.0);
    let wrong = json!({"name": {"action": "accept", "content": {}}});
    let params = json!({"taskId": id, "inputResponses": wrong});
    let refused = of_task(&mut world, &key, "tasks/update", params);
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
    let params = json!({"taskId": id, "inputResponses": {"other": {"ignored": true}}});
    let taken = of_task(&mut world, &key, "tasks/update", params);
    assert_eq!(taken["result"]["resultType"], "complete", "{taken}");
    assert_eq!(get(&mut world, &key, &id)["status"], "input_required");
}

#[test]
fn a_task_ends_on_the_release_on_which_it_began() {
    let (mut world, key) = world();
    let id = begin(&mut world, &key);
    world.publish(NEXT, "2.0.0");
    world.evict();
    live(&mut world, 10_001.0);
    assert_eq!(get(&mut world, &key, &id)["status"], "input_required");
    let params = json!({"taskId": id, "inputResponses": ada()});
    of_task(&mut world, &key, "tasks/update", params);
    live(&mut world, 1.0);
    assert_eq!(get(&mut world, &key, &id)["status"], "completed");
}

#[test]
fn a_task_of_a_release_that_is_gone_fails() {
    let (mut world, key) = world();
    let id = begin(&mut world, &key);
    world.publish(NEXT, "2.0.0");
    world.delete_retired();
    live(&mut world, 1.0);
    let failed = get(&mut world, &key, &id);
    assert_eq!(failed["status"], "failed", "{failed}");
}

/// A server that may send to a host that answers.
fn granted() -> Kv {
    let mut kv = Kv::new();
    kv.world.web = |_| {
        Fetched::Answer(HttpAnswer {
            status: 200,
            headers: Vec::new(),
            body: b"x".to_vec(),
        })
    };
    kv.grant("api.example.com", &["GET", "POST"]);
    kv
}

/// A server that may send, run as a task: what it has been sent, and how its task stands, when it was killed
/// while that state was kept which it had before the part after the `Z`.
fn killed_in(program: &str) -> (Vec<Method>, Value) {
    let mut kv = granted();
    let key = kv.key.clone();
    let call = json!({"name": "run", "arguments": {"program": format!("!{program}")}});
    let begun = request(&mut kv.world, &key, "tools/call", call, &takes_tasks()).json();
    let id = begun["result"]["taskId"].as_str().unwrap().to_owned();
    let world = &mut kv.world;
    world.run_begun(OBJECT);
    world.pass(10_001.0);
    world.ring(OBJECT);
    // The turn goes on up to its commit, and is killed before anything is known of that.
    let path = world.begun.pop().unwrap();
    let frame = world.own_frame(&path);
    let turn = world.begin(OBJECT, frame);
    let mut answer = None;
    loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(effect) => {
                let fetches = matches!(effect, Effect::Fetch(_));
                answer = Some(world.perform(OBJECT, effect));
                if fetches {
                    break;
                }
            }
            step => panic!("{step:?}"),
        }
    }
    world.evict();
    for _ in 0..3 {
        live(world, 1e5);
    }
    let task = get(world, &key, &id);
    let sent = kv.world.fetched.iter().map(|fetch| fetch.method).collect();
    (sent, task)
}

#[test]
fn what_a_killed_task_had_sent_is_not_sent_again_but_what_only_asks_is() {
    let (sent, task) = killed_in("bZW");
    assert_eq!(
        (sent.len(), &task["status"]),
        (1, &json!("failed")),
        "{task}"
    );
    let (sent, task) = killed_in("bZw");
    assert_eq!(sent, [Method::Get; 2]);
    assert_eq!(task["status"], "completed", "{task}");
}

#[test]
fn a_task_sends_and_asks_on_both_sides_of_its_beginning() {
    let mut kv = granted();
    let key = kv.key.clone();
    let call = json!({"name": "run", "arguments": {"program": "!WbZW?Wsab"}});
    let begun = request(&mut kv.world, &key, "tools/call", call, &takes_tasks()).json();
    let id = begun["result"]["taskId"]
        .as_str()
        .unwrap_or_else(|| panic!("{begun}"));
    let id = id.to_owned();
    live(&mut kv.world, 10_001.0);
    assert_eq!(get(&mut kv.world, &key, &id)["status"], "input_required");
    let answers = json!({"who": {"action": "accept", "content": {}}});
    let params = json!({"taskId": id, "inputResponses": answers});
    of_task(&mut kv.world, &key, "tasks/update", params);
    live(&mut kv.world, 1.0);
    let done = get(&mut kv.world, &key, &id);
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(kv.world.fetched.len(), 3);
    assert_eq!(kv.run("ga"), "b");
}

/// What narrows a key narrows its tasks: they stop when its time is over, and are shown to no wider form of one that
/// began none.
#[test]
fn a_task_of_a_narrowed_key_stays_narrowed_and_is_its_own() {
    let (mut world, key) = world();
    let narrow = |lines: &[&str]| {
        let key: smcp_auth::ApiKey = key.parse().unwrap();
        let narrowed = lines
            .iter()
            .fold(key, |key, line| key.narrow(line.parse().unwrap()).unwrap());
        narrowed.reveal()
    };
    // The clock of this world begins at 1,700,000,000 s.
    let short = narrow(&["scopes=mcp/hello", "until=1700000060"]);
    let id = begin(&mut world, &short);
    let other = narrow(&["scopes=mcp"]);
    let unseen = of_task(&mut world, &other, "tasks/get", json!({"taskId": id}));
    assert_eq!(unseen["error"]["code"], -32602, "{unseen}");
    for wider in [key.as_str(), &narrow(&["scopes=mcp/hello"])] {
        assert_eq!(get(&mut world, wider, &id)["status"], "working");
    }
    let of_key = begin(&mut world, &key);
    let unseen = of_task(&mut world, &short, "tasks/get", json!({"taskId": of_key}));
    assert_eq!(unseen["error"]["code"], -32602, "{unseen}");
    // Over before its guest has slept: it is not gone on with.
    world.run_begun(OBJECT);
    world.evict();
    live(&mut world, 60_001.0);
    let status = |world: &mut World, id: &str| get(world, &key, id)["status"].clone();
    assert_eq!(status(&mut world, &id), "cancelled");
    assert_eq!(status(&mut world, &of_key), "input_required");
}

#[test]
fn a_task_whose_caller_has_spent_its_fuel_goes_on_when_there_is_some() {
    let (mut world, key) = world();
    let limit = |world: &mut World, body: Value| {
        let set = world.admin("PUT", "/tenants/acme/limits", body);
        assert_eq!(set.status(), 200, "{}", set.text());
    };
    limit(&mut world, json!({"fuel_per_day": 1}));
    let id = begin(&mut world, &key);
    // Longer than an errand that fails is tried, and killed in between.
    for _ in 0..20 {
        live(&mut world, limits::PUT_OFF_MILLIS as f64 / 4.0);
        assert_eq!(get(&mut world, &key, &id)["status"], "working");
        world.evict();
    }
    limit(&mut world, json!({}));
    for _ in 0..3 {
        live(&mut world, limits::PUT_OFF_MILLIS as f64 + 10_001.0);
    }
    assert_eq!(get(&mut world, &key, &id)["status"], "input_required");
}
