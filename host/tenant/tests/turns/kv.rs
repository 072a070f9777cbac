//! Key-value storage of a server: one call is one transaction, and calls beside each other come to what
//! they would one after the other.

use crate::kv_world::{Kv, text};
use serde_json::{Value, json};
use smcp_ids::limits;

const OBJECT: &str = "tenant:acme";

#[test]
fn what_a_call_sets_is_there_for_the_next_one_and_after_the_object_has_slept() {
    let mut kv = Kv::new();
    assert_eq!(kv.run("gasaxgak*"), "-xa,");
    kv.world.evict();
    assert_eq!(kv.run("gasaydagak*"), "x-");
    assert_eq!(kv.run("ga"), "-");
}

#[test]
fn a_caller_has_a_space_of_its_own() {
    let mut kv = Kv::new();
    let other = kv.world.key("acme", json!({"name": "other"}));
    assert_eq!(kv.run("SaxGa"), "x");
    let seen = kv.run_as(&other, "Gagasay");
    assert_eq!(text(&seen), "--");
    assert_eq!(kv.run("Gaga"), "xy");
}

#[test]
fn only_a_call_that_returns_a_result_has_changed_anything() {
    for (program, kept) in [
        ("sax", true),
        ("saxe", true),
        ("saxp", false),
        ("saxu", false),
        // Questions end a round, and change nothing before the call has returned.
        ("sax?", false),
    ] {
        let mut kv = Kv::new();
        kv.call(program);
        assert_eq!(kv.run("ga"), if kept { "x" } else { "-" }, "{program}");
    }
}

#[test]
fn a_call_that_was_given_up_has_changed_nothing() {
    let mut kv = Kv::new();
    let frame = kv.frame("saxz", None);
    let turn = kv.world.begin(OBJECT, frame);
    let mut calls = crate::kv_world::Running::new(turn);
    assert!(calls.advance(&mut kv.world).is_none(), "it did not wait");
    kv.world.cancel(OBJECT, turn);
    assert_eq!(kv.run("ga"), "-");
}

#[test]
fn a_pair_goes_by_itself_when_its_time_is_over() {
    let mut kv = Kv::new();
    assert_eq!(kv.run("taxgak*"), "xa,");
    kv.world.pass(999.0);
    assert_eq!(kv.run("gak*"), "xa,");
    kv.world.pass(1.0);
    assert_eq!(kv.run("gak*"), "-");
}

#[test]
fn a_call_whose_reading_expires_before_it_commits_is_run_again() {
    let mut kv = Kv::new();
    kv.run("tax");
    let frame = kv.frame("gazsby", None);
    let turn = kv.world.begin(OBJECT, frame);
    let mut call = crate::kv_world::Running::new(turn);
    assert!(call.advance(&mut kv.world).is_none());
    kv.world.pass(5_000.0);
    let reply = call.finish(&mut kv.world);
    assert_eq!(text(&reply), "-");
}

#[test]
fn compare_and_swap_sets_if_and_only_if() {
    let mut kv = Kv::new();
    for (program, expected) in [
        ("ca-x", "T"),
        ("ca-y", "F"),
        ("caxyga", "Ty"),
        ("cay-ga", "T-"),
        ("sazcazqga", "Tq"),
    ] {
        assert_eq!(kv.run(program), expected, "{program}");
    }
}

#[test]
fn a_call_sees_its_own_changes_in_lists() {
    let mut kv = Kv::new();
    kv.run("saxsbxscx");
    assert_eq!(kv.run("dbsdxk*dak*"), "a,c,d,c,d,");
}

#[test]
fn a_tool_that_says_it_only_reads_cannot_write() {
    let mut kv = Kv::new();
    kv.run("sax");
    // The number of the error in the contract: read-only.
    for program in ["say", "da", "caxy"] {
        let reply = kv.call_tool("look", program);
        assert_eq!(text(&reply), "#3", "{program}");
    }
    assert_eq!(text(&kv.call_tool("look", "gak*")), "xa,");
    assert_eq!(kv.run("ga"), "x");
}

#[test]
fn a_call_that_has_read_what_another_changes_is_run_again() {
    let mut kv = Kv::new();
    let frame = kv.frame("+azga", None);
    let turn = kv.world.begin(OBJECT, frame);
    let mut first = crate::kv_world::Running::new(turn);
    assert!(first.advance(&mut kv.world).is_none());
    assert_eq!(kv.run("+aga"), "1");
    // It waits no second time.
    let reply = first.finish(&mut kv.world);
    assert_eq!(text(&reply), "2");
    assert_eq!(kv.run("ga"), "2");
}

#[test]
fn a_call_that_is_overtaken_again_and_again_is_run_alone_in_the_end() {
    let mut kv = Kv::new();
    // Each run waits anew, since what it read has changed: so it waits for something else each time.
    let frame = kv.frame("gazgbzgczsdx", None);
    let turn = kv.world.begin(OBJECT, frame);
    let mut slow = crate::kv_world::Running::new(turn);
    let mut overtaken = 0;
    let reply = loop {
        if let Some(reply) = slow.advance(&mut kv.world) {
            break reply;
        }
        assert!(overtaken < 40, "it never ends");
        kv.run("+a+b+c");
        overtaken += 1;
    };
    assert_eq!(reply["result"]["isError"], Value::Null, "{reply}");
    assert_eq!(kv.run("gd"), "x");
}

#[test]
fn a_server_keeps_so_much_and_no_more_and_then_changes_nothing() {
    let mut kv = Kv::new();
    kv.run("sax");
    kv.store(
        "filler",
        vec![0; usize::try_from(limits::KV_STORE_MAX).unwrap()],
    );
    let refused = kv.call("dasbysay");
    assert_eq!(
        refused["error"]["data"]["code"], "guest_store_full",
        "{refused}"
    );
    assert_eq!(kv.run("gagb"), "x-");
    // What makes it smaller is done.
    assert_eq!(kv.run("daga"), "-");
}

#[test]
fn a_state_that_is_sent_many_times_with_different_answers_commits_once() {
    let mut kv = Kv::new();
    let asked = kv.call("?+a");
    let state = asked["result"]["requestState"].as_str().unwrap().to_owned();
    let frames: Vec<_> = (0..100)
        .map(|number| kv.frame("?+a", Some((&state, number))))
        .collect();
    let turns = frames
        .into_iter()
        .map(|frame| kv.world.begin(OBJECT, frame));
    let mut running: Vec<_> = turns.map(crate::kv_world::Running::new).collect();
    let mut done = 0;
    while !running.is_empty() {
        running.retain_mut(|call| {
            let Some(reply) = call.advance(&mut kv.world) else {
                return true;
            };
            done += usize::from(reply["result"]["resultType"] == "complete");
            if reply["result"].is_null() {
                let busy = reply["error"]["code"] == "busy";
                assert!(busy || reply["error"]["code"] == -32602, "{reply}");
            }
            false
        });
    }
    assert_eq!(done, 1);
    assert_eq!(kv.run("ga"), "1");
}

#[test]
fn listeners_are_told_when_a_call_has_returned_and_not_when_it_has_failed() {
    for (program, told) in [("nsax", true), ("n?", false), ("np", false), ("nu", false)] {
        let mut kv = Kv::new();
        let stream = kv.listen();
        kv.call(program);
        let heard = kv.world.streams[stream].told.contains("resources/updated");
        assert_eq!(heard, told, "{program}");
    }
}

#[test]
fn a_server_that_is_deleted_leaves_nothing_to_its_successor() {
    let mut kv = Kv::new();
    kv.run("saxSay");
    let deleted = kv
        .world
        .admin("DELETE", "/tenants/acme/servers/hello", Value::Null);
    assert_eq!(deleted.status(), 200, "{}", deleted.text());
    kv.assert_nothing_is_kept();
    kv.world.publish(crate::kv_world::GUEST, "1.0.0");
    assert_eq!(kv.run("gaGa"), "--");
}

#[test]
fn an_altered_pair_is_a_fault_of_the_host_and_not_a_value() {
    let mut kv = Kv::new();
    kv.run("sax");
    kv.store("a", vec![0; 64]);
    let refused = kv.call("ga");
    assert_eq!(refused["error"]["code"], "host_fault", "{refused}");
}

#[test]
fn two_servers_of_a_tenant_share_no_pair() {
    let mut kv = Kv::new();
    kv.run("sax");
    let other = crate::world::package(crate::kv_world::GUEST, "1.0.0");
    let path = "/tenants/acme/servers/other/releases";
    let published = kv.world.admin_bytes("POST", path, other);
    assert_eq!(published.status(), 201, "{}", published.text());
    assert_eq!(text(&kv.call_at("other", "gak*")), "-");
}

#[test]
fn what_waits_in_the_object_may_be_larger_than_a_row() {
    let mut kv = Kv::new();
    kv.meta = json!({"com.example/large": "x".repeat(3 << 20)});
    let asked = kv.call("?+aga");
    let state = asked["result"]["requestState"].as_str().unwrap().to_owned();
    assert!(state.len() < 1_024, "{}", state.len());
    assert_eq!(kv.world.items(OBJECT).len_of("state/"), 4);
    kv.world.evict();
    let frame = kv.frame("?+aga", Some((&state, 0)));
    let reply = kv.world.send(OBJECT, frame).json();
    assert_eq!(text(&reply), "1");
}
