//! Which release answers: a caller of a canary, a call that has begun; what is told of it, and what cannot answer.

use serde_json::json;

use crate::asking::refusal;
use crate::released::{Releases, guest, in_state};
use crate::world::{ADMIN, World, tool_call};
use smcp_capability::turn::{Effect, Frame, Step};

const WORK: &str = include_str!("../../../../tests/guests/work.wat");

/// Keys of the tenant, of which a canary of a half takes some and others not.
fn callers(releases: &mut Releases, release: &str) -> (String, String) {
    releases.canary(release, 50);
    let (mut of_canary, mut of_live) = (None, None);
    for number in 0..64 {
        let key = releases
            .acme
            .world
            .key("acme", json!({"name": format!("caller {number}")}));
        match &*releases.seen_by(&key).1 {
            "hell2" => of_canary = Some(key),
            _ => of_live = Some(key),
        }
        if let (Some(canary), Some(live)) = (&of_canary, &of_live) {
            return (canary.clone(), live.clone());
        }
    }
    panic!("sixty-four callers were given the same release");
}

#[test]
fn a_caller_is_given_one_release_with_its_lists_everywhere() {
    let (mut releases, release, _) = in_state("approved");
    let (of_canary, of_live) = callers(&mut releases, &release);
    for _ in 0..2 {
        for (key, number) in [(&of_canary, 2), (&of_live, 1)] {
            let tool = format!("gree{number}");
            let seen = (tool.clone(), format!("hell{number}"));
            assert_eq!(releases.seen_by(key), seen);
            let world = &mut releases.acme.world;
            let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
            let all = world.call_at("/t/acme/mcp", key, &list).json();
            let united = format!("hello__{tool}");
            assert_eq!(all["result"]["tools"][0]["name"], json!(united));
            let called = world.call_at("/t/acme/mcp", key, &tool_call(1, &united, json!({})));
            assert!(called.text().contains(&seen.1), "{}", called.text());
            // The other's tool is none of theirs.
            let others = format!("gree{}", 3 - number);
            let refused = world.call(key, &tool_call(1, &others, json!({})));
            assert!(refused.json()["error"].is_object(), "{}", refused.text());
        }
        releases.acme.world.evict();
    }
    releases.canary(&release, 0);
    assert_eq!(releases.seen_by(&of_canary).1, "hell1");
}

#[test]
fn a_call_that_computes_ends_on_the_release_on_which_it_began() {
    let mut world = World::new();
    world.slice_millis = 50.0;
    let key = world.acme(WORK);
    let body = tool_call(1, "work", json!({})).to_string().into_bytes();
    let frame = world.frame("POST", "/t/acme/hello/mcp", &key, body);
    let turn = world.begin("tenant:acme", frame);
    let mut answer = None;
    let mut slices = 0;
    let reply = loop {
        match world.step("tenant:acme", turn, answer.take()) {
            Step::Need(effect) => answer = Some(world.perform("tenant:acme", effect)),
            Step::Done(reply) => break reply,
            Step::Yield => slices += 1,
            Step::Open(_) | Step::Emit(_) => {}
            step => panic!("{step:?}"),
        }
        if slices == 2 {
            slices += 1;
            world.publish(&guest(2), "2.0.0");
            world.delete_retired();
            let called = world.call(&key, &tool_call(2, "gree2", json!({})));
            assert!(called.text().contains("hell2"), "{}", called.text());
        }
    };
    assert!(slices > 3, "it was over before another release was live");
    let text = String::from_utf8(reply.body).unwrap();
    assert!(text.contains("done"), "{text}");
}

#[test]
fn who_listens_is_told_when_its_lists_may_be_others_and_only_then() {
    let (mut releases, release, _) = in_state("approved");
    let key = releases.acme.key.clone();
    releases.seen_by(&key);
    let world = &mut releases.acme.world;
    let frame = listening(world, &key);
    let stream = world.listen("tenant:acme", "hello", frame).unwrap();
    let same = releases.digest(3, &json!({}));
    releases.rule("required");
    releases.publish(3, &json!({}));
    releases.step(&same, "approve");
    let told = |releases: &mut Releases| {
        let told = std::mem::take(&mut releases.acme.world.streams[stream].told);
        told.contains("notifications/tools/list_changed")
    };
    assert!(
        !told(&mut releases),
        "what is uploaded or approved is nobody's yet"
    );
    for (name, step, expected) in [
        ("a canary", "10", true),
        ("the same again", "10", false),
        ("more of it", "20", true),
        ("a rollback of it", "rollback", true),
        ("a canary again", "10", true),
        ("its end", "0", true),
        ("its end again", "0", false),
        ("another release", "promote", true),
        ("the same again", "promote", false),
        ("a rollback", "rollback", true),
        ("a rollback to nowhere", "rollback", false),
    ] {
        match step {
            "rollback" => releases.roll_back(),
            "promote" => releases.step(&release, step),
            percent => releases.canary(&release, percent.parse().unwrap()),
        };
        assert_eq!(told(&mut releases), expected, "{name}");
    }
}

fn listening(world: &mut World, key: &str) -> Frame {
    let method = "subscriptions/listen";
    let params = json!({
        "notifications": {"toolsListChanged": true},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    });
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let body = body.to_string().into_bytes();
    let mut frame = world.frame("POST", "/t/acme/hello/mcp", key, body);
    for (name, value) in [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", method),
    ] {
        frame.headers.push((name.to_owned(), value.to_owned()));
    }
    frame
}

#[test]
fn a_module_that_is_published_while_its_last_release_is_deleted_stays() {
    let (mut releases, release, _) = in_state("retired");
    let package = crate::asking::package(&guest(2), "2.0.0", &json!({}));
    let world = &mut releases.acme.world;
    // Another server is given the same package, up to where its module is stored, and its row is not.
    let path = "/admin/v1/tenants/acme/servers/other/releases";
    let frame = world.frame("POST", path, ADMIN, package);
    let turn = world.begin("tenant:acme", frame);
    let mut answer = None;
    let written = loop {
        match world.step("tenant:acme", turn, answer.take()) {
            Step::Need(effect @ Effect::WriteModule { .. }) => {
                break world.perform("tenant:acme", effect);
            }
            Step::Need(effect) => answer = Some(world.perform("tenant:acme", effect)),
            Step::Yield => {}
            step => panic!("{step:?}"),
        }
    };
    assert_eq!(releases.delete(&release).0, 200);
    let world = &mut releases.acme.world;
    let mut answer = Some(written);
    let reply = loop {
        match world.step("tenant:acme", turn, answer.take()) {
            Step::Need(effect) => answer = Some(world.perform("tenant:acme", effect)),
            Step::Done(reply) => break reply,
            Step::Yield => {}
            step => panic!("{step:?}"),
        }
    };
    assert_eq!(reply.head.status, 201);
    world.evict();
    let key = releases.acme.key.clone();
    let called =
        releases
            .acme
            .world
            .call_at("/t/acme/other/mcp", &key, &tool_call(1, "gree2", json!({})));
    assert!(called.text().contains("hell2"), "{}", called.text());
}

#[test]
fn what_cannot_be_loaded_does_not_go_live_and_a_canary_ends_even_so() {
    let (mut releases, release, _) = in_state("canary");
    let name = ("tenant:acme".to_owned(), release.parse().unwrap());
    releases.acme.world.modules().remove(&name);
    releases.acme.world.evict();
    // It answers already, so that promoting it begins nothing that must be loaded; ending it needs nothing of it.
    assert_eq!(releases.roll_back().0, 200);
    for answer in [
        releases.step(&release, "promote"),
        releases.canary(&release, 5),
    ] {
        assert_eq!(refusal(&answer), (503, "host_fault"));
    }
    assert_eq!(releases.state(&release), "approved");
}

/// What is stored is the old state or the new, whatever becomes of the turn; and asked again, it is the new.
#[test]
fn a_step_whose_turn_ends_at_any_effect_is_done_or_not() {
    let steps = ["promote", "canary", "rollback", "delete"];
    for step in steps {
        for is_performed in [false, true] {
            for at in 1.. {
                let state = if step == "rollback" {
                    "canary"
                } else {
                    "approved"
                };
                let (mut releases, release, _) = in_state(state);
                let of = format!("/admin/v1/tenants/acme/servers/hello/releases/{release}");
                let (method, path, body) = match step {
                    "promote" => ("POST", format!("{of}/promote"), Vec::new()),
                    "canary" => ("PUT", format!("{of}/canary"), br#"{"percent": 5}"#.to_vec()),
                    "rollback" => (
                        "POST",
                        "/admin/v1/tenants/acme/servers/hello/rollback".to_owned(),
                        Vec::new(),
                    ),
                    _ => ("DELETE", of, Vec::new()),
                };
                let becomes = match step {
                    "promote" => "live",
                    "canary" => "canary",
                    "rollback" => "approved",
                    _ => "gone",
                };
                let before = releases.acme.show();
                let world = &mut releases.acme.world;
                let frame = world.frame(method, &path, ADMIN, body);
                let is_over = ended_at(world, frame.clone(), at, is_performed);
                world.evict();
                let now = releases.state(&release);
                let entries = |releases: &mut Releases| {
                    releases.acme.world.items("tenant:acme").len_of("audit/")
                };
                let written = entries(&mut releases);
                if now == state {
                    let shown = releases.acme.show();
                    assert_eq!(
                        (&shown["live"], &shown["before"]),
                        (&before["live"], &before["before"])
                    );
                    releases.acme.world.send("tenant:acme", frame);
                    assert_eq!(entries(&mut releases), written + 1, "{step} at {at}");
                }
                assert_eq!(releases.state(&release), becomes, "{step} at {at}: {now}");
                if is_over {
                    break;
                }
            }
        }
    }
}

/// Runs a request to its effect of that number, which is performed or not, and no further. Whether it was over before.
fn ended_at(world: &mut World, frame: Frame, at: usize, is_performed: bool) -> bool {
    let object = "tenant:acme";
    let turn = world.begin(object, frame);
    let (mut answer, mut number) = (None, 0);
    loop {
        match world.step(object, turn, answer.take()) {
            Step::Need(effect) => {
                number += 1;
                if number < at || is_performed {
                    answer = Some(world.perform(object, effect));
                }
                if number == at {
                    return false;
                }
            }
            Step::Done(_) => return true,
            Step::Yield => {}
            step => panic!("{step:?}"),
        }
    }
}
