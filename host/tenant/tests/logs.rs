//! What can be known of a call afterwards: its name in every error, its author's log, and its tape.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod kv_world;
mod world;

use base64::Engine as _;
use kv_world::{Kv, Running};
use serde_json::{Value, json};
use smcp_capability::turn::{Effect, Performed, Step};
use smcp_ids::{Fuel, limits};
use smcp_package::{Admission, Policy, UntrustedPackage};
use smcp_sandbox::{Bounds, LoadedModule};
use smcp_tape::{End, Kind, Recording};
use smcp_tenant::replay::{self, How};
use world::{World, package, publisher, tool_call};

const OBJECT: &str = "tenant:acme";
const ASK: &str = include_str!("../../../tests/guests/ask.wat");
const GREET: &str = include_str!("../../../tests/guests/greet.wat");

fn logs_at(world: &mut World, query: &str) -> Value {
    let path = format!("/tenants/acme/servers/hello/logs{query}");
    let answer = world.admin("GET", &path, Value::Null);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

fn logs(world: &mut World) -> Vec<Value> {
    logs_at(world, "?limit=1000")["entries"]
        .as_array()
        .unwrap()
        .clone()
}

fn tapes(world: &mut World) -> Vec<Value> {
    let answer = world.admin("GET", "/tenants/acme/servers/hello/tapes", Value::Null);
    answer.json()["tapes"].as_array().unwrap().clone()
}

fn tape(world: &mut World, call: &str) -> Recording {
    let path = format!("/tenants/acme/servers/hello/tapes/{call}");
    let answer = world.admin("GET", &path, Value::Null);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let text = answer.json()["tape"].as_str().unwrap().to_owned();
    let bytes = base64::engine::general_purpose::STANDARD.decode(text);
    Recording::from_bytes(&bytes.unwrap()).unwrap()
}

fn keep(world: &mut World, what: &str) {
    let set = world.admin("PUT", "/tenants/acme/tapes", json!({"keep": what}));
    assert_eq!(set.json(), json!({"keep": what}));
}

/// The name of a call that failed.
#[track_caller]
fn named(reply: &Value) -> String {
    let id = match &reply["error"]["data"]["callId"] {
        Value::Null => &reply["result"]["_meta"]["smcp/call"],
        id => id,
    };
    let id = id.as_str().unwrap_or_else(|| panic!("{reply}"));
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    id.to_owned()
}

fn loaded(package: Vec<u8>) -> LoadedModule {
    let verified = UntrustedPackage::parse(package).unwrap();
    let verified = verified.verify(&[publisher().public()]).unwrap();
    let admission = Admission::start(verified, &Policy::default()).unwrap();
    LoadedModule::load(&admission.finish().unwrap()).unwrap()
}

/// Runs a recording again, and holds it against what was recorded.
#[track_caller]
fn replays(wat: &str, recording: &Recording) {
    let bounds = Bounds {
        memory: recording.memory as usize,
        fuel: recording.fuel,
        output: recording.output as usize,
    };
    for slice in [50, 1_000_000] {
        let how = How {
            slice: Fuel(slice),
            stop_at: None,
        };
        let loaded = loaded(package(wat, "1.0.0"));
        let replayed = replay::replay(&loaded, recording, bounds, how, |_| {}).unwrap();
        assert_eq!(
            replay::compare(recording, &replayed),
            Ok(()),
            "{replayed:?}"
        );
    }
}

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
    let refused = world.call_at(
        "/admin/v1/tenants/acme/servers/hello/logs",
        &key,
        &json!({}),
    );
    assert_eq!(refused.status(), 401);
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
                Step::Need(Effect::Transact(_) | Effect::Commit(_)) => panic!("it writes"),
                Step::Need(effect) => answer = Some(kv.world.perform(OBJECT, effect)),
                _ => {}
            }
        }
    }
    assert!(kv.world.items(OBJECT).is_empty());
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
fn what_did_not_fit_its_servers_storage_is_on_the_tape_and_in_the_log() {
    let mut kv = Kv::new();
    let full = usize::try_from(limits::KV_STORE_MAX).unwrap();
    kv.store("filler", vec![0; full]);
    let id = named(&kv.call("sby"));
    let end = logs(&mut kv.world).pop().unwrap();
    assert_eq!(end["outcome"], "guest_store_full");
    let recording = tape(&mut kv.world, &id);
    // The guest had done all that was its to do.
    assert_eq!(recording.end.name(), "returned");
    assert_eq!(recording.told.as_deref(), Some("guest_store_full"));
    replays(kv_world::GUEST, &recording);
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
fn a_call_that_asks_has_one_name_in_all_its_rounds() {
    let mut kv = Kv::new();
    let asked = kv.call("?u");
    let state = asked["result"]["requestState"].as_str().unwrap().to_owned();
    let frame = kv.frame("?u", Some((&state, 1)));
    let turn = kv.world.begin(OBJECT, frame);
    let id = named(&Running::new(turn).finish(&mut kv.world));
    let entries = logs_at(&mut kv.world, &format!("?call={id}"));
    let codes: Vec<_> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["outcome"])
        .collect();
    assert_eq!(codes, ["asked", "guest_panicked"]);
    // With the answer of its client, which is on the tape.
    let recording = tape(&mut kv.world, &id);
    assert_eq!(recording.tape.entries.len(), 1);
    replays(kv_world::GUEST, &recording);
}

#[test]
fn the_tape_of_a_failed_call_repeats_it() {
    let mut kv = Kv::new();
    kv.run("saxsby");
    for (program, code) in [
        ("gak*scqzu", "guest_panicked"),
        ("gagbp", "refused"),
        ("s\\k*", "returned"),
    ] {
        let id = named(&kv.call(program));
        let recording = tape(&mut kv.world, &id);
        assert_eq!(
            (recording.end.name(), recording.kind),
            (code, Kind::Tool),
            "{program}"
        );
        assert_eq!(recording.call.unwrap().to_string(), id);
        let has_told = recording.told.is_some();
        assert_eq!(has_told, code == "returned", "{:?}", recording.told);
        replays(kv_world::GUEST, &recording);
    }
    let listed = tapes(&mut kv.world);
    let codes: Vec<_> = listed.iter().map(|tape| &tape["outcome"]).collect();
    assert_eq!(codes, ["result_invalid_json", "refused", "guest_panicked"]);
    // Neither a success nor a tool that says it failed has one.
    kv.call("ga");
    named(&kv.call("e"));
    assert_eq!(tapes(&mut kv.world).len(), 3);
}

#[test]
fn a_call_that_its_host_ended_is_repeated_as_far_as_it_went() {
    const NAP: &str = include_str!("../../../tests/guests/spin.wat");
    let mut world = World::new();
    let key = world.acme(NAP);
    world.slice_millis = 1_000.0;
    let reply = world.call(&key, &tool_call(1, "spin", json!({})));
    let text = reply.text().rsplit("data: ").next().unwrap().to_owned();
    let id = named(&serde_json::from_str(&text).unwrap());
    let recording = tape(&mut world, &id);
    assert!(
        matches!(
            &recording.end,
            End::Fault {
                from_outside: true,
                ..
            }
        ),
        "{:?}",
        recording.end
    );
    replays(NAP, &recording);
}

#[test]
fn the_newest_tapes_are_kept_for_some_days_and_none_if_the_tenant_wants_none() {
    let mut kv = Kv::new();
    let ids: Vec<_> = (0..limits::TAPES_MAX + 3)
        .map(|_| {
            kv.world.pass(1.0);
            named(&kv.call("u"))
        })
        .collect();
    let kept = |kv: &mut Kv| -> Vec<String> {
        let tapes = tapes(&mut kv.world);
        tapes
            .iter()
            .map(|tape| tape["call"].as_str().unwrap().to_owned())
            .collect()
    };
    let newest: Vec<_> = ids.iter().rev().take(limits::TAPES_MAX).cloned().collect();
    assert_eq!(kept(&mut kv), newest);
    kv.world.evict();
    kv.world.pass(limits::TAPES_MILLIS as f64 - 1_000.0);
    assert_eq!(kept(&mut kv).len(), limits::TAPES_MAX);
    kv.world.pass(1_000.0);
    assert_eq!(kept(&mut kv).len(), 0);
    let id = named(&kv.call("u"));
    assert_eq!(kept(&mut kv), [id]);
    keep(&mut kv.world, "none");
    kv.world.evict();
    assert_eq!(kv.world.items(OBJECT).len_of("tape/"), 0);
    let id = named(&kv.call("u"));
    assert_eq!(kept(&mut kv).len(), 0);
    let path = format!("/tenants/acme/servers/hello/tapes/{id}");
    assert_eq!(kv.world.admin("GET", &path, Value::Null).status(), 404);
}

#[test]
fn a_tenant_can_keep_the_tapes_of_calls_whose_clients_asked_for_a_receipt() {
    let mut world = World::new();
    let key = world.acme(GREET);
    let mut message = tool_call(1, "greet", json!({}));
    message["params"]["_meta"] = json!({"smcp/receipt": true});
    world.call(&key, &message);
    assert_eq!(tapes(&mut world).len(), 0);
    keep(&mut world, "receipts");
    let answer = world.call(&key, &message).json();
    world.call(&key, &tool_call(2, "greet", json!({})));
    let listed = tapes(&mut world);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(
        listed[0]["call"],
        named(&answer),
        "the receipt's call is named"
    );
    let recording = tape(&mut world, listed[0]["call"].as_str().unwrap());
    replays(GREET, &recording);
    let receipt = &answer["result"]["_meta"]["smcp/receipt"];
    let digest = smcp_crypto::sha256(&recording.tape.to_bytes());
    assert_eq!(receipt["tape"], digest.to_string());
}

#[test]
fn what_is_kept_of_a_servers_calls_goes_with_it() {
    let mut kv = Kv::new();
    kv.call("u");
    assert!(!kv.world.items(OBJECT).is_empty());
    let path = "/tenants/acme/servers/hello";
    assert_eq!(kv.world.admin("DELETE", path, Value::Null).status(), 200);
    assert!(kv.world.items(OBJECT).is_empty());
    let gone = kv.world.admin("GET", &format!("{path}/logs"), Value::Null);
    assert_eq!(gone.status(), 404);
}
