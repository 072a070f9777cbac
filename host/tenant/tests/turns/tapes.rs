//! Tapes that are kept of calls: of which, for how long, and that each repeats its call.

use crate::kept::{keep, logs, logs_at, named, replays, tape, tapes};
use crate::kv_world::{Kv, Running};
use crate::world::{World, tool_call};
use serde_json::{Value, json};
use smcp_ids::limits;
use smcp_tape::{End, Kind};

const OBJECT: &str = "tenant:acme";
const GREET: &str = include_str!("../../../../tests/guests/greet.wat");

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
    replays(crate::kv_world::GUEST, &recording);
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
    replays(crate::kv_world::GUEST, &recording);
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
        replays(crate::kv_world::GUEST, &recording);
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
    const NAP: &str = include_str!("../../../../tests/guests/spin.wat");
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
