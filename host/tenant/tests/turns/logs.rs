//! What can be known of a call afterwards: its name in every error, and its author's log.

use crate::kept::{keep, logs, logs_at, named};
use crate::kv_world::{Kv, Running};
use crate::world::{World, tool_call};
use serde_json::{Value, json};
use smcp_capability::turn::{Effect, Performed, Step};
use smcp_ids::limits;

const OBJECT: &str = "tenant:acme";
const ASK: &str = include_str!("../../../../tests/guests/ask.wat");

#[test]
fn every_error_of_a_call_names_it_and_its_log_has_it_under_that_name() {
    let mut kv = Kv::new();
    for (program, code, level) in [
        ("saxu", "guest_panicked", "error"),
        ("saxp", "refused", "warning"),
        ("saxe", "tool_error", "warning"),
        // It keeps a backslash, and lists it as it is: what it returns then is no JSON.
        ("s\\k*", "result_invalid_json", "error"),
    ] {
        let id = named(&kv.call(program));
        let found = logs_at(&mut kv.world, &format!("?call={id}"));
        let entries = found["entries"].as_array().unwrap();
        let end = entries.last().unwrap_or_else(|| panic!("{program}"));
        assert_eq!(end["kind"], "end");
        assert_eq!(
            (&end["outcome"], &end["level"]),
            (&json!(code), &json!(level))
        );
        assert_eq!(
            (&end["method"], &end["name"]),
            (&json!("tools/call"), &json!("run"))
        );
        assert!(end["fuel"].as_u64().unwrap() > 0, "{end}");
        assert!(end["caller"].as_str().unwrap().starts_with("key:"), "{end}");
    }
    let fine = kv.call("ga");
    assert_eq!(fine["result"]["_meta"]["smcp/call"], Value::Null, "{fine}");
}

#[test]
fn a_host_that_fails_names_the_call_too() {
    let mut kv = Kv::new();
    let frame = kv.frame("ga", None);
    let turn = kv.world.begin(OBJECT, frame);
    let mut answer = None;
    let reply = loop {
        match kv.world.step(OBJECT, turn, answer.take()) {
            Step::Done(reply) => break reply,
            Step::Need(Effect::ReadItem(..)) => answer = Some(Performed::Failed("disk".into())),
            Step::Need(effect) => answer = Some(kv.world.perform(OBJECT, effect)),
            _ => {}
        }
    };
    assert_eq!(reply.head.status, 503);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    let id = body["error"]["callId"].as_str().unwrap().to_owned();
    let end = logs(&mut kv.world).pop().unwrap();
    assert_eq!(
        (&end["call"], &end["outcome"]),
        (&json!(id), &json!("host_fault"))
    );
    // An error that is no call's has no name.
    let refused = kv
        .world
        .call("smcp_acme_nobody_00", &tool_call(1, "run", json!({})));
    assert_eq!(refused.status(), 401);
    assert!(!refused.text().contains("callId"), "{}", refused.text());
}

#[test]
fn what_a_guest_logs_is_kept_whatever_its_client_wants_to_hear() {
    let mut world = World::new();
    let key = world.acme(ASK);
    // The client cannot be asked, and wants no log.
    let reply = world.call(&key, &tool_call(1, "ask", json!({}))).json();
    let id = named(&reply);
    world.evict();
    let entries = logs(&mut world);
    let kinds: Vec<_> = entries
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["log", "end"]);
    assert!(
        entries.iter().all(|entry| entry["call"] == id),
        "{entries:?}"
    );
    assert_eq!(entries[1]["outcome"], "refused");
    let items = world.items(OBJECT).to_bytes();
    let told = entries[0]["data"].to_string();
    let is_there = |text: &[u8]| items.windows(text.len()).any(|found| found == text);
    assert!(
        !is_there(told.trim_matches('"').as_bytes()),
        "it is not sealed"
    );
    // A key for MCP is known to the admin API, and has no role there.
    let path = "/admin/v1/tenants/acme/servers/hello/logs";
    let frame = world.frame("GET", path, &key, Vec::new());
    let refused = world.send(OBJECT, frame);
    assert_eq!(refused.status(), 403, "{}", refused.text());
}

#[test]
fn a_call_that_succeeds_and_logs_nothing_writes_nothing() {
    let mut kv = Kv::new();
    for _ in 0..50 {
        let frame = kv.frame("ga", None);
        let turn = kv.world.begin(OBJECT, frame);
        let mut answer = None;
        loop {
            match kv.world.step(OBJECT, turn, answer.take()) {
                Step::Done(_) => break,
                Step::Need(Effect::Transact(_)) => panic!("it writes"),
                Step::Need(effect) => answer = Some(kv.world.perform(OBJECT, effect)),
                _ => {}
            }
        }
    }
    let items = kv.world.items(OBJECT);
    let others = ["catalogue/", "report/", "audit", "due"].map(|space| items.len_of(space));
    let others: usize = others.iter().sum();
    assert_eq!(items.len(), others);
    // How they ended is known while the object is awake, and stored with what is worth it.
    kv.call("u");
    kv.world.evict();
    let entries = logs(&mut kv.world);
    assert_eq!(entries.len(), 51);
    assert_eq!(kv.world.items(OBJECT).len_of("log/"), 1);
    assert!(entries[..50].iter().all(|entry| entry["outcome"] == "ok"));
}

/// It logs, asks what it is not told, and returns a result all the same.
fn loud() -> String {
    let answers = ASK.replace(
        "(memory.copy (i32.const 16) (i32.const 2048) (i32.const 28))",
        "(i32.store8 (i32.const 16) (i32.const 0)) (i32.store (i32.const 20) (i32.const 704))
         (i32.store (i32.const 24) (i32.const 14))",
    );
    let result = r#"(data (i32.const 704) "{\"content\":[]}") (func $tell"#;
    answers.replace("(func $tell", result)
}

#[test]
fn a_server_that_logs_with_every_call_does_not_write_with_each() {
    let mut world = World::new();
    let key = world.acme(&loud());
    let message = tool_call(1, "ask", json!({}));
    for _ in 0..100 {
        let reply = world.call(&key, &message).json();
        assert_eq!(reply["result"]["content"], json!([]), "{reply}");
        world.pass(10.0);
    }
    let batches = world.items(OBJECT).len_of("log/");
    assert!((2..=5).contains(&batches), "{batches}");
    world.pass(1_000.0);
    world.call(&key, &message);
    world.evict();
    assert_eq!(logs(&mut world).len(), 202, "what waited was stored");
    assert_eq!(logs_at(&mut world, "?level=warning")["entries"], json!([]));
}

#[test]
fn a_call_that_tells_more_than_it_may_is_told_so_in_its_log() {
    let told = "(local.set $len (i32.const 300))
      (loop $more (call $tell)
        (br_if $more (local.tee $len (i32.sub (local.get $len) (i32.const 1)))))
      (call $ask";
    let chatty = loud().replace("(call $tell)\n    (call $ask", told);
    let mut world = World::new();
    let key = world.acme(&chatty);
    let reply = world.call(&key, &tool_call(1, "ask", json!({}))).json();
    assert!(reply["result"].is_object(), "{reply}");
    let entries = logs(&mut world);
    let logged = entries
        .iter()
        .filter(|entry| entry["kind"] == "log")
        .count();
    assert_eq!(logged, limits::NOTIFICATIONS_MAX);
    let note = &entries[logged];
    assert_eq!(
        (&note["kind"], &note["level"]),
        (&json!("note"), &json!("warning"))
    );
    assert!(
        note["message"]
            .as_str()
            .unwrap()
            .starts_with("44 log entries"),
        "{note}"
    );
}

#[test]
fn the_newest_entries_are_kept_and_no_more_than_a_server_may_have() {
    let mut kv = Kv::new();
    keep(&mut kv.world, "none");
    let calls = limits::LOGS_MAX as usize + 50;
    let mut last = String::new();
    for _ in 0..calls {
        last = named(&kv.call("u"));
        kv.world.pass(1.0);
    }
    let entries = logs(&mut kv.world);
    assert_eq!(entries.len(), limits::LOGS_MAX as usize);
    assert_eq!(entries.last().unwrap()["call"], last);
    let numbers: Vec<_> = entries
        .iter()
        .map(|entry| entry["number"].as_u64())
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a < b));
    kv.world.pass(limits::LOGS_MILLIS as f64);
    assert_eq!(logs(&mut kv.world).len(), 0, "they are not kept for ever");
}

#[test]
fn who_follows_sees_each_entry_once_and_only_what_was_asked_for() {
    let mut kv = Kv::new();
    let ids: Vec<_> = (0..7).map(|_| named(&kv.call("u"))).collect();
    kv.call("ga");
    let newest = logs_at(&mut kv.world, "?limit=2");
    assert_eq!(newest["entries"].as_array().unwrap().len(), 2);
    assert_eq!(newest["entries"][1]["outcome"], "ok");
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = logs_at(
            &mut kv.world,
            &format!("?after={after}&limit=3&level=error"),
        );
        after = page["next"].as_u64().unwrap();
        let entries = page["entries"].as_array().unwrap();
        seen.extend(
            entries
                .iter()
                .map(|entry| entry["call"].as_str().unwrap().to_owned()),
        );
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(seen, ids);
    let none = logs_at(&mut kv.world, &format!("?after={after}"));
    assert_eq!(none["entries"], json!([]));
    kv.call("ga");
    let later = logs_at(&mut kv.world, &format!("?after={after}"));
    assert_eq!(later["entries"].as_array().unwrap().len(), 1, "{later}");
    for query in [
        "?limit=0",
        "?limit=1001",
        "?after=x",
        "?call=zz",
        "?level=loud",
    ] {
        let path = format!("/tenants/acme/servers/hello/logs{query}");
        let refused = kv.world.admin("GET", &path, Value::Null);
        assert_eq!(
            refused.json()["error"]["code"],
            "invalid_parameter",
            "{query}"
        );
    }
}

#[test]
fn a_call_whose_client_has_gone_is_logged_as_cancelled() {
    let mut kv = Kv::new();
    let frame = kv.frame("saxz", None);
    let turn = kv.world.begin(OBJECT, frame);
    assert!(Running::new(turn).advance(&mut kv.world).is_none());
    kv.world.cancel(OBJECT, turn);
    let end = logs(&mut kv.world).pop().unwrap();
    assert_eq!(end["outcome"], "cancelled");
}

#[test]
fn what_is_kept_of_a_servers_calls_goes_with_it() {
    let mut kv = Kv::new();
    kv.call("u");
    assert!(kv.world.items(OBJECT).len_of("log/") > 0);
    let path = "/tenants/acme/servers/hello";
    assert_eq!(kv.world.admin("DELETE", path, Value::Null).status(), 200);
    kv.assert_nothing_is_kept();
    let gone = kv.world.admin("GET", &format!("{path}/logs"), Value::Null);
    assert_eq!(gone.status(), 404);
}
