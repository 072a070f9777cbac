//! Tasks of 2025-11-25: calls that their client asks to be tasks, whose they are, and how they end.

use crate::in_session::{OBJECT, last_id, messages, post};
use crate::tasking::{
    Client, GUEST, PLAIN, ada, end, has_ended_well, live, name_of, question, until_it_asks, world,
};
use crate::world::{World, package_as, publisher};
use serde_json::{Value, json};
use smcp_ids::limits;

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
    for (server, version, is_said) in [(GUEST, "2.0.0", true), (PLAIN, "3.0.0", false)] {
        world.publish(server, version);
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
        crate::world::catalogue(GUEST)
            .replace(r#""execution":{"taskSupport":"optional"}"#, &execution)
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
            &crate::world::catalogue(GUEST).replace('"', "\\\""),
            &catalogue.replace('"', "\\\""),
        );
        let length = format!("(i32.const {})", catalogue.len());
        let wat = wat.replace("(i32.const 97)", &length);
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
    let older = world.call(&client.key, &crate::in_session::initialize("2025-06-18"));
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
    let mut call = crate::world::tool_call(3, "ask", json!({}));
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
    world.delete_retired();
    live(&mut world, 1.0);
    assert_eq!(client.get(&mut world, &id)["status"], "failed");
    let failed = client.ask(&mut world, "tasks/result", json!({"taskId": id}));
    assert!(failed["error"]["code"].is_i64(), "{failed}");
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
