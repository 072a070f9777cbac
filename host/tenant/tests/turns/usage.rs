//! What requests came to: counted without a write, stored in batches, and told to who may know.

use serde_json::{Value, json};
use smcp_capability::turn::{Effect, Performed, Step};
use smcp_ids::limits;

use crate::counted::{OBJECT, effects, lines, row, store, usage};
use crate::kept::named;
use crate::kv_world::Kv;
use crate::world::{World, tool_call};

const HOUR: f64 = 3_600_000.0;
const REST: f64 = limits::USAGE_REST_MILLIS as f64;
const GREET: &str = include_str!("../../../../tests/guests/greet.wat");

#[test]
fn an_echo_performs_no_effect_for_being_counted_and_is_counted_all_the_same() {
    let mut world = World::new();
    let key = world.acme(GREET);
    world.call(&key, &tool_call(1, "greet", json!({"name": "a"})));
    for _ in 0..20 {
        let body = tool_call(1, "greet", json!({"name": "a"})).to_string();
        let frame = world.frame("POST", "/t/acme/hello/mcp", &key, body.into_bytes());
        assert_eq!(effects(&mut world, frame), []);
    }
    let found = usage(&mut world, "?by=tool");
    let echo = row(&found, &[("server", "hello"), ("name", "greet")]);
    assert_eq!((&echo["requests"], &echo["ok"]), (&json!(21), &json!(21)));
    assert_eq!(echo["method"], "tools/call");
    assert!(echo["p99Fuel"].as_u64().unwrap() > 0, "{echo}");
    assert!(echo["memory"].as_u64().unwrap() >= 65_536, "{echo}");
    assert!(echo["bytesIn"].as_u64().unwrap() > 21 * 50, "{echo}");
    assert!(echo["bytesOut"].as_u64().unwrap() > 21 * 50, "{echo}");
}

#[test]
fn whose_fault_a_failure_was_is_told_apart() {
    let mut kv = Kv::new();
    for (program, _) in [
        ("ga", "ok"),
        ("saxe", "tool error"),
        ("saxp", "its own"),
        ("saxu", "trap"),
    ] {
        kv.call(program);
    }
    // The client's: a tool that there is not, arguments that do not fit, another's method, another's server.
    kv.call_tool("nothing", "ga");
    let key = kv.key.clone();
    let no_object = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "run", "arguments": 7}});
    for message in [
        &no_object,
        &json!({"jsonrpc": "2.0", "id": 1, "method": "no/method"}),
    ] {
        kv.world.call(&key, message);
    }
    kv.world
        .call_at("/t/acme/nowhere/mcp", &key, &tool_call(1, "run", json!({})));
    // The host's.
    let frame = kv.frame("ga", None);
    let turn = kv.world.begin(OBJECT, frame);
    let mut answer = None;
    loop {
        match kv.world.step(OBJECT, turn, answer.take()) {
            Step::Done(_) => break,
            Step::Need(Effect::ReadItem(..)) => answer = Some(Performed::Failed("disk".into())),
            Step::Need(effect) => answer = Some(kv.world.perform(OBJECT, effect)),
            _ => {}
        }
    }
    // Whose client has gone.
    let frame = kv.frame("gazzz", None);
    let turn = kv.world.begin(OBJECT, frame);
    kv.world.step(OBJECT, turn, None);
    kv.world.cancel(OBJECT, turn);
    let all = usage(&mut kv.world, "")["all"].clone();
    let errors = json!({"guest": 1, "client": 4, "host": 1});
    assert_eq!(all["errors"], errors, "{all}");
    let others = ["requests", "ok", "toolErrors", "cancelled"].map(|member| all[member].clone());
    assert_eq!(others, [10, 1, 2, 1].map(Value::from), "{all}");
    // What is no tool of the catalogue has no row.
    let tools = usage(&mut kv.world, "?by=tool&server=hello");
    let names: Vec<_> = tools["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].clone())
        .collect();
    assert!(
        names.iter().all(|name| name == "run" || name.is_null()),
        "{names:?}"
    );
}

#[test]
fn what_is_counted_is_stored_when_nobody_has_called_for_a_while_and_a_kill_loses_one_batch() {
    let mut kv = Kv::new();
    let requests = |kv: &mut Kv| usage(&mut kv.world, "")["all"]["requests"].clone();
    kv.call("ga");
    store(&mut kv.world, REST / 2.0);
    // Somebody has called not long ago: it waits, and is lost.
    kv.world.evict();
    assert_eq!(requests(&mut kv), 0);
    kv.call("ga");
    store(&mut kv.world, REST);
    kv.call("ga");
    kv.world.evict();
    assert_eq!(requests(&mut kv), 1, "a batch that was stored is there");
    // Who calls all the time is stored after a minute.
    let mut stored = 0;
    let pause = REST / 2.0;
    let mut passed = 0.0;
    while passed <= limits::USAGE_BATCH_MILLIS as f64 {
        kv.call("ga");
        kv.world.pass(pause);
        passed += pause;
        let frame = kv.world.own_frame(smcp_tenant::usage::STORE_PATH);
        let needed = effects(&mut kv.world, frame);
        let writes = needed
            .iter()
            .filter(|effect| matches!(effect, Effect::Transact(_)))
            .count();
        stored += writes;
        let is_time = passed >= limits::USAGE_BATCH_MILLIS as f64;
        assert!(writes == 0 || is_time, "after {passed} ms");
    }
    assert_eq!(stored, 1, "one transaction, whatever it writes");
}

#[test]
fn what_cannot_be_stored_waits_and_nothing_is_counted_twice() {
    let mut kv = Kv::new();
    kv.call("ga");
    kv.world.pass(REST);
    for fails in [true, true, false, false] {
        let frame = kv.world.own_frame(smcp_tenant::usage::STORE_PATH);
        let turn = kv.world.begin(OBJECT, frame);
        let mut answer = None;
        loop {
            match kv.world.step(OBJECT, turn, answer.take()) {
                Step::Done(_) => break,
                Step::Need(Effect::Transact(_)) if fails => {
                    answer = Some(Performed::Failed("disk".into()))
                }
                Step::Need(effect) => answer = Some(kv.world.perform(OBJECT, effect)),
                _ => {}
            }
        }
        kv.world.pass(REST);
    }
    kv.world.evict();
    assert_eq!(usage(&mut kv.world, "")["all"]["requests"], 1);
}

#[test]
fn an_engine_that_is_given_up_hands_over_what_it_has_counted() {
    let mut kv = Kv::new();
    let mut handed = Vec::new();
    for _ in 0..2 {
        kv.call("ga");
        kv.call("saxu");
        handed.extend(kv.world.counted(OBJECT));
        kv.world.evict();
    }
    let mut frame = kv.world.own_frame(smcp_tenant::usage::STORE_PATH);
    frame.body = handed;
    kv.world.send(OBJECT, frame);
    store(&mut kv.world, REST);
    kv.world.evict();
    let all = usage(&mut kv.world, "")["all"].clone();
    assert_eq!(
        (&all["requests"], &all["errors"]["guest"]),
        (&json!(4), &json!(2))
    );
    // Bytes that are none are passed over.
    let mut frame = kv.world.own_frame(smcp_tenant::usage::STORE_PATH);
    frame.body = vec![255; 40];
    assert_eq!(kv.world.send(OBJECT, frame).status(), 204);
    assert_eq!(usage(&mut kv.world, "")["all"]["requests"], 4);
}

#[test]
fn a_time_is_answered_in_whole_hours_or_days_for_as_long_as_they_are_kept() {
    let mut kv = Kv::new();
    let start = kv.world.now();
    for _ in 0..3 {
        kv.call("ga");
        kv.world.pass(HOUR);
    }
    let of = |kv: &mut Kv, from: u64, to: u64| {
        let found = usage(&mut kv.world, &format!("?from={from}&to={to}"));
        (
            found["all"]["requests"].as_u64().unwrap(),
            found["step"].as_str().unwrap().to_owned(),
        )
    };
    let hour = HOUR as u64;
    assert_eq!(of(&mut kv, start, start), (1, "hour".into()));
    assert_eq!(of(&mut kv, start, start + hour), (2, "hour".into()));
    assert_eq!(
        of(&mut kv, start + hour, start + 3 * hour),
        (2, "hour".into())
    );
    assert_eq!(
        of(&mut kv, start - 8 * 24 * hour, start + 3 * hour),
        (3, "day".into())
    );
    let whole = usage(&mut kv.world, &format!("?from={start}&to={start}"));
    assert_eq!(whole["from"].as_u64().unwrap() % hour, 0);
    assert_eq!(
        whole["to"].as_u64().unwrap() - whole["from"].as_u64().unwrap(),
        hour
    );
    // The hours go first, then the days.
    kv.world.pass(10.0 * 24.0 * HOUR);
    kv.call("ga");
    assert_eq!(of(&mut kv, start, start + 3 * hour), (3, "day".into()));
    kv.world.pass(limits::USAGE_DAYS_MILLIS as f64);
    kv.call("ga");
    assert_eq!(of(&mut kv, start, start + 3 * hour), (0, "day".into()));
}

#[test]
fn who_called_is_counted_too_and_wrong_questions_are_told_what_is_right() {
    let mut kv = Kv::new();
    kv.call("ga");
    let other = kv.world.key("acme", json!({"name": "other"}));
    kv.run_as(&other, "ga");
    kv.run_as(&other, "saxu");
    let found = usage(&mut kv.world, "?by=key");
    let id = |key: &str| format!("key:{}", key.split('_').nth(2).unwrap());
    assert_eq!(row(&found, &[("key", &id(&kv.key))])["requests"], 1);
    assert_eq!(row(&found, &[("key", &id(&other))])["errors"]["guest"], 1);
    assert_eq!(found["rows"][0]["key"], id(&other), "the most first");
    for (query, says) in [
        ("?by=hour", "server, tool or key"),
        ("?by=key&server=hello", "server or tool"),
        ("?from=yesterday", "milliseconds"),
        ("?from=2&to=1", "not later"),
        ("?server=No!", "name of a server"),
    ] {
        let answer = kv
            .world
            .admin("GET", &format!("/tenants/acme/usage{query}"), Value::Null);
        assert_eq!(answer.status(), 400, "{query}");
        assert!(answer.text().contains(says), "{query}: {}", answer.text());
    }
}

#[test]
fn a_request_has_a_line_that_says_what_it_was_and_a_name_that_its_response_has_too() {
    let mut kv = Kv::new();
    kv.world.lines(OBJECT);
    kv.meta = json!({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"});
    let frame = kv.frame("gap", None);
    let answer = kv.world.send(OBJECT, frame);
    let (name, id) = answer.reply.head.headers.last().unwrap().clone();
    assert_eq!(name, "x-request-id");
    let found = lines(&mut kv.world, "request");
    let [line] = found.as_slice() else {
        panic!("{found:?}")
    };
    for (member, value) in [
        ("request", json!(id)),
        ("tenant", json!("acme")),
        ("server", json!("hello")),
        ("http", json!("POST")),
        ("place", json!("mcp")),
        ("method", json!("tools/call")),
        ("name", json!("run")),
        ("status", json!(200)),
        ("code", json!("refused")),
        ("call", json!(named(&answer.json()))),
        ("traceparent", kv.meta["traceparent"].clone()),
    ] {
        assert_eq!(line[member], value, "{member} of {line}");
    }
    assert!(
        line["fuel"].as_u64().unwrap() > 0 && line["effects"].as_u64().unwrap() > 0,
        "{line}"
    );
    assert_eq!(line["release"].as_str().unwrap().len(), 64);
    // The header says it where the request's own text does not.
    kv.meta = json!({});
    let mut frame = kv.frame("ga", None);
    let trace = "00-11111111111111111111111111111111-00f067aa0ba902b7-00";
    frame.headers.push(("traceparent".into(), trace.into()));
    kv.world.send(OBJECT, frame);
    assert_eq!(lines(&mut kv.world, "request")[0]["traceparent"], trace);
    // An admin's has the name of the action, and that of its entry in the record.
    kv.world
        .admin("PUT", "/tenants/acme/tapes", json!({"keep": "none"}));
    let line = lines(&mut kv.world, "request").pop().unwrap();
    assert_eq!(
        (&line["place"], &line["method"], &line["caller"]),
        (&json!("admin"), &json!("SetKeptTapes"), &json!("admin"))
    );
    let audit = kv
        .world
        .admin("GET", "/tenants/acme/audit", Value::Null)
        .json();
    let entry = audit["entries"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .as_str()
        .unwrap();
    let entry: Value = serde_json::from_str(entry).unwrap();
    assert_eq!(entry["request"], line["request"]);
}
