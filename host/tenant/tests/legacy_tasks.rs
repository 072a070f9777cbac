//! Tasks of 2025-11-25: calls that their client asks to be tasks, and streams that wait for them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod in_session;
mod world;

use in_session::{OBJECT, attach, begin, frame, last_id, messages, post};
use serde_json::{Value, json};
use smcp_capability::turn::{Effect, Step};
use smcp_ids::limits;
use world::{Outcome, World, package_as, publisher};

const GUEST: &str = include_str!("../../../tests/guests/waits.wat");
const PLAIN: &str = include_str!("../../../tests/guests/greet.wat");
const RELATED: &str = "io.modelcontextprotocol/related-task";

/// A client in its session.
struct Client {
    key: String,
    session: String,
}

fn world() -> (World, Client) {
    let mut world = World::new();
    let key = world.acme(GUEST);
    let client = Client::new(&mut world, &key);
    (world, client)
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

/// Lets it sleep, and come to its question.
fn until_it_asks(world: &mut World) {
    live(world, 10_001.0);
}

impl Client {
    fn new(world: &mut World, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            session: begin(world, key),
        }
    }

    fn send(&self, world: &mut World, id: u64, method: &str, params: Value) -> Outcome {
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
    fn ask(&self, world: &mut World, method: &str, params: Value) -> Value {
        let answer = self.send(world, 7, method, params);
        assert!(answer.stream.is_none(), "{method}");
        let text = answer.text();
        smcp_official::sent("2025-11-25", method, text).unwrap();
        serde_json::from_str(text).unwrap()
    }

    /// Begins the task: what is said of it.
    fn begin(&self, world: &mut World, task: Value) -> Value {
        let call = json!({"name": "ask", "arguments": {}, "task": task});
        let begun = self.ask(world, "tools/call", call);
        let task = &begun["result"]["task"];
        assert_eq!(task["status"], "working", "{begun}");
        task.clone()
    }

    fn begin_named(&self, world: &mut World) -> String {
        name_of(&self.begin(world, json!({})))
    }

    fn get(&self, world: &mut World, id: &str) -> Value {
        self.ask(world, "tasks/get", json!({"taskId": id}))["result"].clone()
    }

    /// Waits for the result on a stream: what that has said.
    fn wait(&self, world: &mut World, id: u64, task: &str) -> String {
        let waits = self.send(world, id, "tasks/result", json!({"taskId": task}));
        assert_eq!(waits.text(), "", "it was left");
        waits.stream.unwrap_or_else(|| panic!("no stream"))
    }

    /// As the edge does, which holds the client's stream: goes on with it.
    #[track_caller]
    fn attach(&self, world: &mut World, stream: &str) -> usize {
        let attached = attach(world, &self.key, &self.session, Some(&last_id(stream)));
        attached.unwrap_or_else(|outcome| panic!("{}", outcome.text()))
    }

    /// The rest of a stream that is over.
    #[track_caller]
    fn rest(&self, world: &mut World, after: &str) -> Outcome {
        let rest = attach(world, &self.key, &self.session, Some(after));
        rest.err().unwrap_or_else(|| panic!("it goes on"))
    }

    fn answer(&self, world: &mut World, question: &Value, mut answer: Value) {
        answer["jsonrpc"] = json!("2.0");
        answer["id"] = question["id"].clone();
        let taken = post(world, &self.key, &self.session, &answer);
        assert_eq!(taken.status(), 202, "{}", taken.text());
    }
}

fn name_of(task: &Value) -> String {
    task["taskId"].as_str().unwrap().to_owned()
}

/// The question of the guest, which says of which task it is.
#[track_caller]
fn question(told: &str, task: &str) -> Value {
    let question = messages(told).pop().unwrap();
    smcp_official::sent("2025-11-25", "tasks/result", &question.to_string()).unwrap();
    assert_eq!(question["method"], "elicitation/create", "{told}");
    let related = &question["params"]["_meta"][RELATED];
    assert_eq!(related, &json!({"taskId": task}), "{told}");
    question
}

/// The end of a stream: the response, to that request.
#[track_caller]
fn end(told: &str, id: u64) -> Value {
    assert!(told.ends_with(": over\n\n"), "{told}");
    let response = messages(told).pop().unwrap();
    smcp_official::sent("2025-11-25", "tasks/result", &response.to_string()).unwrap();
    assert_eq!(response["id"], id, "{told}");
    response
}

#[track_caller]
fn has_ended_well(response: &Value, task: &str) {
    let result = &response["result"];
    let name = &result["structuredContent"]["content"]["name"];
    assert_eq!(name, "Ada", "{response}");
    assert_eq!(result["_meta"][RELATED], json!({"taskId": task}));
}

fn ada() -> Value {
    json!({"result": {"action": "accept", "content": {"name": "Ada"}}})
}

#[test]
fn a_server_whose_tools_can_be_tasks_says_so_and_which() {
    let (mut world, client) = world();
    let tools = client.ask(&mut world, "tools/list", json!({}));
    let execution = &tools["result"]["tools"][0]["execution"];
    assert_eq!(execution, &json!({"taskSupport": "optional"}), "{tools}");
    // Who has no session can have no task: it is told of none.
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let tools = world.call(&client.key, &list).json();
    assert!(!tools.to_string().contains("taskSupport"), "{tools}");
    for (server, is_said) in [(GUEST, true), (PLAIN, false)] {
        world.publish(server, "2.0.0");
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
        for (path, is_said) in [("/t/acme/hello/mcp", is_said), ("/t/acme/mcp", true)] {
            let begun = world.call_at(path, &client.key, &body).json();
            let tasks = &begun["result"]["capabilities"]["tasks"];
            assert_eq!(
                tasks["requests"]["tools"]["call"].is_object(),
                is_said,
                "{begun}"
            );
        }
    }
}

#[test]
fn a_task_begins_before_any_of_it_runs_and_is_told_of_as_it_goes_on() {
    let (mut world, client) = world();
    let task = client.begin(&mut world, json!({"ttl": 60_000}));
    assert_eq!(
        (&task["ttl"], &task["pollInterval"]),
        (&json!(60_000), &json!(limits::TASK_POLL_MILLIS))
    );
    assert!(world.alarm.is_some(), "a kill is looked after");
    let id = name_of(&task);
    assert_eq!(client.get(&mut world, &id), task);
    world.evict();
    until_it_asks(&mut world);
    assert_eq!(client.get(&mut world, &id)["status"], "input_required");
    world.pass(60_000.0);
    let gone = client.ask(&mut world, "tasks/get", json!({"taskId": id}));
    assert_eq!(gone["error"]["data"]["code"], "unknown_task", "{gone}");
}

#[test]
fn what_a_client_says_of_a_tasks_time_is_honoured_within_limits() {
    let (mut world, client) = world();
    for (said, real) in [
        (json!({}), limits::TASK_MILLIS),
        (json!({"ttl": 1}), limits::TASK_MILLIS_MIN),
        (json!({"ttl": 3_600_000}), 3_600_000),
        (json!({"ttl": 1_000_000_000_000_u64}), limits::TASK_MILLIS),
    ] {
        let task = client.begin(&mut world, said);
        assert_eq!(task["ttl"], real);
    }
}

#[test]
fn a_tool_is_called_as_it_says_that_it_must_be() {
    let catalogue = |support: &str| {
        let execution = format!(r#""execution":{{"taskSupport":"{support}"}}"#);
        world::catalogue(GUEST).replace(r#""execution":{"taskSupport":"optional"}"#, &execution)
    };
    // Beside the forbidden one there is another, so that tasks are declared.
    let forbidden = catalogue("forbidden").replace(
        "]}",
        r#",{"name":"other","inputSchema":{"type":"object"},"execution":{"taskSupport":"optional"}}]}"#,
    );
    let lone = catalogue("forbidden");
    for (catalogue, task, code) in [
        (&catalogue("required"), None, Some("task_required")),
        (&catalogue("required"), Some(json!({})), None),
        (&forbidden, Some(json!({})), Some("task_forbidden")),
        (&forbidden, None, None),
        // A server without tasks passes it over, whatever it is.
        (&lone, Some(json!({})), None),
        (
            &catalogue("optional"),
            Some(json!({"ttl": "x"})),
            Some("invalid_params"),
        ),
    ] {
        let (mut world, client) = world();
        let wat = GUEST.replace(
            &world::catalogue(GUEST).replace('"', "\\\""),
            &catalogue.replace('"', "\\\""),
        );
        let length = format!("(i32.const {})", catalogue.len());
        let wat = wat
            .replace("(i32.const 97)", &length)
            .replace("(data (i32.const 256)", "(data (i32.const 320)");
        let wat = wat.replace("\\00\\01\\00\\00\\04", "\\40\\01\\00\\00\\04");
        let package = package_as(&wat, "2.0.0", catalogue, &publisher());
        let path = "/tenants/acme/servers/hello/releases";
        let published = world.admin_bytes("POST", path, package);
        assert_eq!(published.status(), 201, "{}", published.text());
        let mut call = json!({"name": "ask", "arguments": {}});
        if let Some(task) = task {
            call["task"] = task;
        }
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call});
        let outcome = post(&mut world, &client.key, &client.session, &body);
        if let Some(code) = code {
            let refused = outcome.json();
            assert_eq!(refused["error"]["data"]["code"], code, "{refused}");
            let wire = if code == "invalid_params" {
                -32602
            } else {
                -32601
            };
            assert_eq!(refused["error"]["code"], wire, "{refused}");
        } else if call.get("task").is_some() && *catalogue != lone {
            assert!(outcome.json()["result"]["task"].is_object());
        } else {
            // It asks on its stream, as any call.
            let said = outcome.stream.unwrap();
            let asked = messages(&said).pop().unwrap();
            assert_eq!(asked["method"], "elicitation/create", "{said}");
        }
    }
}

#[test]
fn tasks_are_of_sessions_of_their_version_only() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let get = json!({"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": {"taskId": id}});
    let path = "/t/acme/hello/mcp";
    let in_version = |world: &mut World, version: &str, session: Option<&str>, body: &Value| {
        let mut frame = world.frame("POST", path, &client.key, body.to_string().into_bytes());
        let mut add = |name: &str, value: &str| {
            frame.headers.push((name.to_owned(), value.to_owned()));
        };
        add("mcp-protocol-version", version);
        if let Some(session) = session {
            add("mcp-session-id", session);
        }
        world.send(OBJECT, frame)
    };
    let older = world.call(&client.key, &in_session::initialize("2025-06-18"));
    let headers = older.reply.head.headers;
    let (_, older) = headers
        .iter()
        .find(|(name, _)| name == "mcp-session-id")
        .unwrap();
    for (version, session, code) in [
        ("2025-11-25", None, "session_required"),
        ("2025-11-25", Some(older), "session_required"),
        ("2025-06-18", Some(older), "method_not_found"),
        ("2025-06-18", Some(&client.session), "method_not_found"),
    ] {
        let refused = in_version(&mut world, version, session.map(String::as_str), &get).json();
        assert_eq!(
            refused["error"]["data"]["code"], code,
            "{version} {refused}"
        );
    }
    // There, what a call says of tasks is passed over.
    let mut call = world::tool_call(3, "ask", json!({}));
    call["params"]["task"] = json!({"ttl": "x"});
    let asked = in_version(&mut world, "2025-06-18", Some(older), &call);
    let said = messages(&asked.stream.unwrap()).pop().unwrap();
    assert_eq!(said["method"], "elicitation/create", "{said}");
}

#[test]
fn the_result_of_a_task_that_is_over_is_told_at_once_whatever_it_is() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let told = client.wait(&mut world, 8, &id);
    let stream = client.attach(&mut world, &told);
    until_it_asks(&mut world);
    let asked = question(&world.streams[stream].told, &id);
    client.answer(&mut world, &asked, ada());
    live(&mut world, 1.0);
    assert_eq!(client.get(&mut world, &id)["status"], "completed");
    for _ in 0..2 {
        world.evict();
        let result = client.ask(&mut world, "tasks/result", json!({"taskId": id}));
        has_ended_well(&result, &id);
    }
    // One that fails: its release is gone.
    let id = client.begin_named(&mut world);
    world.publish(PLAIN, "2.0.0");
    live(&mut world, 1.0);
    assert_eq!(client.get(&mut world, &id)["status"], "failed");
    let failed = client.ask(&mut world, "tasks/result", json!({"taskId": id}));
    assert!(failed["error"]["code"].is_i64(), "{failed}");
}

#[test]
fn a_stream_that_waits_is_told_the_question_and_the_end_with_nothing_in_memory_in_between() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let told = client.wait(&mut world, 8, &id);
    assert!(messages(&told).is_empty(), "{told}");
    let stream = client.attach(&mut world, &told);
    assert_eq!(world.turns(OBJECT), 0);
    world.evict();
    until_it_asks(&mut world);
    world.evict();
    let asked = question(&world.streams[stream].told, &id);
    world.pass(3_600_000.0);
    client.answer(&mut world, &asked, ada());
    assert_eq!(client.get(&mut world, &id)["status"], "working");
    world.evict();
    live(&mut world, 1.0);
    let stream = &world.streams[stream];
    assert!(stream.ended);
    has_ended_well(&end(&stream.told, 8), &id);
    assert_eq!(messages(&stream.told).len(), 2, "{}", stream.told);
}

#[test]
fn a_stream_that_comes_late_is_asked_at_once_and_each_answer_counts_once() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    until_it_asks(&mut world);
    let other = Client::new(&mut world, &client.key);
    let first = client.wait(&mut world, 8, &id);
    let second = other.wait(&mut world, 9, &id);
    let (asked, also_asked) = (question(&first, &id), question(&second, &id));
    assert_ne!(asked["id"], also_asked["id"]);
    let streams = [
        client.attach(&mut world, &first),
        other.attach(&mut world, &second),
    ];
    // Another session answers nothing that it was not asked.
    other.answer(&mut world, &asked, ada());
    assert_eq!(client.get(&mut world, &id)["status"], "input_required");
    other.answer(&mut world, &also_asked, ada());
    let bob = json!({"result": {"action": "accept", "content": {"name": "Bob"}}});
    client.answer(&mut world, &asked, bob);
    assert_eq!(world.begun.len(), 1);
    live(&mut world, 1.0);
    for (stream, request) in streams.into_iter().zip([8, 9]) {
        has_ended_well(&end(&world.streams[stream].told, request), &id);
    }
    // Nothing is left of them.
    world.pass(1e6);
    client.begin_named(&mut world);
    assert_eq!(world.items(OBJECT).removed(), 0);
}

#[test]
fn a_client_that_declines_or_answers_with_an_error_or_nonsense_is_taken_as_in_any_call() {
    for (given, status, code) in [
        (
            json!({"error": {"code": -1, "message": "no"}}),
            "failed",
            Some(-1),
        ),
        (
            json!({"result": {"action": "accept", "content": {}}}),
            "failed",
            Some(-32602),
        ),
        (json!({"result": {"action": "decline"}}), "completed", None),
    ] {
        let (mut world, client) = world();
        let id = client.begin_named(&mut world);
        until_it_asks(&mut world);
        let told = client.wait(&mut world, 8, &id);
        let asked = question(&told, &id);
        client.answer(&mut world, &asked, given.clone());
        live(&mut world, 1.0);
        assert_eq!(client.get(&mut world, &id)["status"], status, "{given}");
        let rest = client.rest(&mut world, &last_id(&told));
        let response = end(rest.text(), 8);
        match code {
            Some(code) => assert_eq!(response["error"]["code"], code, "{response}"),
            None => {
                let action = &response["result"]["structuredContent"]["action"];
                assert_eq!(action, "decline", "{response}");
            }
        }
    }
}

#[test]
fn a_stream_that_broke_is_taken_up_again_from_any_event_without_loss_or_repetition() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let told = client.wait(&mut world, 8, &id);
    until_it_asks(&mut world);
    // Nobody was there when it asked.
    let stream = client.attach(&mut world, &told);
    let asked = question(&world.streams[stream].told, &id);
    world.streams[stream].ended = true;
    client.answer(&mut world, &asked, ada());
    live(&mut world, 1.0);
    let name = last_id(&told);
    let name = name.split('.').next().unwrap();
    let whole = client.rest(&mut world, &format!("{name}.0"));
    let all = messages(whole.text());
    assert_eq!(all.len(), 2, "{}", whole.text());
    for seen in 0..2 {
        let rest = client.rest(&mut world, &format!("{name}.{seen}"));
        assert_eq!(messages(rest.text()), all[seen..], "after {seen}");
        has_ended_well(&end(rest.text(), 8), &id);
    }
    assert_eq!(client.rest(&mut world, &format!("{name}.2")).status(), 405);
}

/// The turn of the task is killed after each effect in turn; whatever that loses, its alarm brings.
#[test]
fn a_kill_at_any_place_costs_no_stream_its_question_or_its_end() {
    for place in 0.. {
        let (mut world, client) = world();
        let id = client.begin_named(&mut world);
        let told = client.wait(&mut world, 8, &id);
        let stream = client.attach(&mut world, &told);
        world.run_begun(OBJECT);
        world.pass(10_001.0);
        world.ring(OBJECT);
        let asks_whole = runs_until(&mut world, place);
        world.evict();
        for _ in 0..3 {
            live(&mut world, 1e5);
        }
        let asked = question(&world.streams[stream].told, &id);
        client.answer(&mut world, &asked, ada());
        let ends_whole = runs_until(&mut world, place);
        world.evict();
        for _ in 0..3 {
            live(&mut world, 1e5);
        }
        let told = &world.streams[stream].told;
        has_ended_well(&end(told, 8), &id);
        // What was told twice was told under the same name.
        let mut all = messages(told);
        all.dedup();
        assert_eq!(all.len(), 2, "{place}: {told}");
        if asks_whole && ends_whole {
            assert!(place > 10, "{place}");
            return;
        }
    }
}

/// Runs what was begun up to an effect, which is performed; whether it came to its end.
fn runs_until(world: &mut World, place: usize) -> bool {
    let path = world.begun.pop().unwrap();
    let frame = world.own_frame(&path);
    let turn = world.begin(OBJECT, frame);
    let (mut answer, mut performed) = (None, 0);
    loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(effect) => answer = Some(world.perform(OBJECT, effect)),
            Step::Done(_) => return true,
            _ => {}
        }
        performed += 1;
        if performed > place {
            return false;
        }
    }
}

/// The request for the result stops after each effect in turn, and the task ends meanwhile.
#[test]
fn a_task_that_ends_while_a_stream_begins_to_wait_is_not_missed() {
    for place in 0.. {
        let (mut world, client) = world();
        let id = client.begin_named(&mut world);
        until_it_asks(&mut world);
        let told = client.wait(&mut world, 8, &id);
        let asked = question(&told, &id);
        client.answer(&mut world, &asked, ada());
        let body =
            json!({"jsonrpc": "2.0", "id": 9, "method": "tasks/result", "params": {"taskId": id}});
        let frame = frame(&mut world, "POST", &client.key, &client.session, &body);
        let turn = world.begin(OBJECT, frame);
        let (mut answer, mut said, mut performed, mut reply) = (None, String::new(), 0, None);
        while reply.is_none() {
            if performed == place {
                live(&mut world, 1.0);
            }
            performed += 1;
            match world.step(OBJECT, turn, answer.take()) {
                Step::Need(effect) => answer = Some(world.perform(OBJECT, effect)),
                Step::Emit(bytes) => said.push_str(std::str::from_utf8(&bytes).unwrap()),
                Step::Done(done) => reply = Some(Some(done)),
                Step::Listen(_) => reply = Some(None),
                _ => {}
            }
        }
        let was_meanwhile = place < performed;
        live(&mut world, 1.0);
        let response = match reply.flatten() {
            Some(done) if !done.body.is_empty() => {
                said.push_str(std::str::from_utf8(&done.body).unwrap());
                match messages(&said).pop() {
                    Some(response) => response,
                    None => serde_json::from_str(&said).unwrap(),
                }
            }
            _ => end(client.rest(&mut world, &last_id(&said)).text(), 9),
        };
        has_ended_well(&response, &id);
        if !was_meanwhile {
            assert!(place > 5, "{place}");
            return;
        }
    }
}

#[test]
fn a_client_that_takes_no_stream_waits_in_its_turn_and_is_told_to_ask_again() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let result = |world: &mut World| {
        let body =
            json!({"jsonrpc": "2.0", "id": 8, "method": "tasks/result", "params": {"taskId": id}});
        let mut frame = frame(world, "POST", &client.key, &client.session, &body);
        for (name, value) in &mut frame.headers {
            if name == "accept" {
                *value = "application/json".to_owned();
            }
        }
        world.begin(OBJECT, frame)
    };
    let turn = result(&mut world);
    let late = world.finish(OBJECT, turn).json();
    assert_eq!(late["error"]["data"]["code"], "task_unfinished", "{late}");
    until_it_asks(&mut world);
    let asked = question(&client.wait(&mut world, 9, &id), &id);
    let turn = result(&mut world);
    let mut answer = None;
    loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(Effect::Wait(millis)) => {
                assert_eq!(millis, limits::TASK_LOOK_MILLIS);
                break;
            }
            Step::Need(effect) => answer = Some(world.perform(OBJECT, effect)),
            step => panic!("{step:?}"),
        }
    }
    client.answer(&mut world, &asked, ada());
    live(&mut world, 1.0);
    let mut answer = Some(smcp_capability::turn::Performed::Done);
    let reply = loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(effect) => answer = Some(world.perform(OBJECT, effect)),
            Step::Done(reply) => break reply,
            step => panic!("{step:?}"),
        }
    };
    has_ended_well(&serde_json::from_slice(&reply.body).unwrap(), &id);
}

#[test]
fn a_task_is_cancelled_once_and_who_waits_for_it_is_told() {
    for asked in [false, true] {
        let (mut world, client) = world();
        let id = client.begin_named(&mut world);
        let told = client.wait(&mut world, 8, &id);
        let stream = client.attach(&mut world, &told);
        if asked {
            until_it_asks(&mut world);
        }
        let cancelled = client.ask(&mut world, "tasks/cancel", json!({"taskId": id}));
        assert_eq!(cancelled["result"]["status"], "cancelled", "{cancelled}");
        assert_eq!(cancelled["result"]["taskId"], *id);
        let response = end(&world.streams[stream].told, 8);
        assert_eq!(response["error"]["data"]["code"], "task_cancelled");
        let again = client.ask(&mut world, "tasks/cancel", json!({"taskId": id}));
        assert_eq!(again["error"]["code"], -32602, "{again}");
        live(&mut world, 1e5);
        assert_eq!(client.get(&mut world, &id)["status"], "cancelled");
        let result = client.ask(&mut world, "tasks/result", json!({"taskId": id}));
        assert_eq!(
            result["error"]["data"]["code"], "task_cancelled",
            "{result}"
        );
    }
}

#[test]
fn a_wait_that_is_cancelled_ends_and_its_task_goes_on() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let told = client.wait(&mut world, 8, &id);
    let stream = client.attach(&mut world, &told);
    for (request, ended) in [(9, false), (8, true)] {
        let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request}});
        let taken = post(&mut world, &client.key, &client.session, &cancel);
        assert_eq!(taken.status(), 202);
        assert_eq!(world.streams[stream].ended, ended);
    }
    until_it_asks(&mut world);
    assert_eq!(client.get(&mut world, &id)["status"], "input_required");
    assert!(messages(&world.streams[stream].told).is_empty());
}

#[test]
fn a_session_that_ends_ends_its_streams_and_no_task() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let told = client.wait(&mut world, 8, &id);
    let stream = client.attach(&mut world, &told);
    let ends = frame(
        &mut world,
        "DELETE",
        &client.key,
        &client.session,
        &Value::Null,
    );
    assert_eq!(world.send(OBJECT, ends).status(), 204);
    assert!(world.streams[stream].ended);
    until_it_asks(&mut world);
    // Another session of the same caller goes on with it.
    let other = Client::new(&mut world, &client.key);
    let told = other.wait(&mut world, 3, &id);
    let asked = question(&told, &id);
    other.answer(&mut world, &asked, ada());
    live(&mut world, 1.0);
    has_ended_well(&end(other.rest(&mut world, &last_id(&told)).text(), 3), &id);
}

#[test]
fn a_list_of_tasks_has_them_all_in_pages_and_no_others() {
    let (mut world, client) = world();
    let count = limits::TASKS_PAGE as usize + 3;
    let mut expected: Vec<_> = (0..count).map(|_| client.begin_named(&mut world)).collect();
    let other_key = world.key("acme", json!({"name": "other"}));
    let other = Client::new(&mut world, &other_key);
    let theirs = other.begin_named(&mut world);
    let (mut seen, mut pages, mut params) = (Vec::new(), 0, json!({}));
    loop {
        let page = client.ask(&mut world, "tasks/list", params);
        let tasks = page["result"]["tasks"].as_array().unwrap();
        seen.extend(tasks.iter().map(name_of));
        pages += 1;
        match &page["result"]["nextCursor"] {
            Value::Null => break,
            next => params = json!({"cursor": next}),
        }
    }
    expected.sort();
    assert_eq!((pages, seen), (2, expected));
    let page = other.ask(&mut world, "tasks/list", json!({}));
    let tasks = page["result"]["tasks"].as_array().unwrap();
    assert_eq!(tasks.iter().map(name_of).collect::<Vec<_>>(), [theirs]);
    for cursor in ["", "x", "../t/1"] {
        let refused = client.ask(&mut world, "tasks/list", json!({"cursor": cursor}));
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
}

#[test]
fn a_task_is_nobody_elses_nor_of_another_endpoint_or_era() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let other_key = world.key("acme", json!({"name": "other"}));
    let other = Client::new(&mut world, &other_key);
    for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
        let refused = other.ask(&mut world, method, json!({"taskId": id}));
        assert_eq!(
            refused["error"]["data"]["code"], "unknown_task",
            "{refused}"
        );
        for unknown in ["", "x", &id[1..], &format!("{id}0"), "../t/1"] {
            let refused = client.ask(&mut world, method, json!({"taskId": unknown}));
            assert_eq!(refused["error"]["code"], -32602, "{unknown} {refused}");
        }
    }
    let can = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": can,
    });
    let params = json!({"taskId": id, "_meta": meta});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": params});
    let path = "/t/acme/hello/mcp";
    let mut frame = world.frame("POST", path, &client.key, body.to_string().into_bytes());
    for (name, value) in [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tasks/get"),
        ("mcp-name", &id),
    ] {
        frame.headers.push((name.to_owned(), value.to_owned()));
    }
    let modern = world.send(OBJECT, frame).json();
    assert_eq!(modern["error"]["data"]["code"], "unknown_task", "{modern}");
    assert_eq!(client.get(&mut world, &id)["status"], "working");
}

#[test]
fn more_streams_than_may_wait_let_go_of_the_one_that_has_waited_longest() {
    let (mut world, client) = world();
    let id = client.begin_named(&mut world);
    let mut streams = Vec::new();
    for request in 0..=limits::TASK_STREAMS_MAX as u64 {
        let told = client.wait(&mut world, 100 + request, &id);
        streams.push(client.attach(&mut world, &told));
        world.pass(1.0);
    }
    let ended: Vec<_> = streams
        .iter()
        .map(|&stream| world.streams[stream].ended)
        .collect();
    assert!(ended[0] && !ended[1..].contains(&true), "{ended:?}");
}
