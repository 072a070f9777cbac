//! Another master key: everything is readable at any time, and in the end nothing needs the old one.

use serde_json::{Value, json};
use smcp_capability::items::PageOf;
use smcp_capability::turn::Table;

use crate::kv_world::{Kv, Running, text};
use crate::stage::{ACME, OTHER, furnish};
use crate::world::{World, tool_call};

const TOOL: &str = include_str!("../../../../tests/guests/greet.wat");

fn keys(versions: &[u32]) -> String {
    let key = |version: &u32| format!("{version}:{}", format!("{version:02x}").repeat(32));
    versions.iter().map(key).collect::<Vec<_>>().join(",")
}

/// All versions that a sealed value of an object names.
fn versions(world: &mut World) -> Vec<u32> {
    let name = "tenant:acme";
    let rows: Vec<_> = world.rows(name).values().cloned().collect();
    let items = world.items(name).page(&PageOf {
        bytes: u64::MAX,
        items: usize::MAX,
        ..Default::default()
    });
    let items = items.items.into_iter().filter_map(|item| item.value);
    let values = rows.into_iter().chain(items.map(|value| value.into_vec()));
    let mut found: Vec<u32> = values
        .map(|value| u32::from_be_bytes(value[1..5].try_into().unwrap()))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn start(world: &mut World) -> Value {
    let answer = world.admin("POST", "/tenants/acme/rotation", Value::Null);
    assert_eq!(answer.status(), 202, "{}", answer.text());
    answer.json()
}

fn show(world: &mut World) -> Value {
    world
        .admin("GET", "/tenants/acme/rotation", Value::Null)
        .json()
}

#[test]
fn after_a_rotation_nothing_needs_the_old_key_and_everything_says_the_same() {
    let mut world = World::new();
    world.master = keys(&[1]);
    for tenant in [ACME, OTHER] {
        furnish(&mut world, tenant);
    }
    let look = |world: &mut World| {
        let places = ["", "/servers", "/keys", "/members", "/servers/hello/tapes"];
        places.map(|place| {
            let path = format!("/tenants/acme{place}");
            world.admin("GET", &path, Value::Null).json()
        })
    };
    let before = look(&mut world);
    // Accepted first, current later: as a deployment would.
    for accepted in [&[2, 1][..], &[1, 2]] {
        world.master = keys(accepted);
        world.evict();
        assert_eq!(look(&mut world), before);
    }
    assert_eq!(show(&mut world)["state"], "due");
    assert_eq!(versions(&mut world), [1]);
    world.pass(1.0);
    assert_eq!(start(&mut world)["state"], "running");
    world.run_begun("tenant:acme");
    let shown = show(&mut world);
    assert_eq!(
        (&shown["state"], &shown["version"]),
        (&json!("done"), &json!(2))
    );
    assert_eq!(
        shown["keys"].as_array().unwrap().len(),
        1,
        "made with the old one"
    );
    assert_eq!(versions(&mut world), [2]);
    world.master = keys(&[2]);
    world.evict();
    assert_eq!(look(&mut world), before);
}

#[test]
fn a_rotation_that_is_killed_at_any_step_goes_on_and_nothing_is_unreadable_meanwhile() {
    let mut at = 0;
    loop {
        let mut world = World::new();
        world.master = keys(&[1]);
        let key = world.acme(TOOL);
        world.master = keys(&[1, 2]);
        world.evict();
        start(&mut world);
        let path = world.begun.remove(0);
        let frame = world.own_frame(&path);
        let was_killed = world.run_steps("tenant:acme", frame, at);
        world.evict();
        let answer = world.call(&key, &tool_call(1, "greet", json!({"name": "Ada"})));
        assert_eq!(answer.status(), 200, "killed at step {at}");
        // The alarm finds what was begun.
        world.pass(10.0 * 60.0 * 1_000.0);
        world.alarm = Some(0);
        world.ring("tenant:acme");
        world.run_begun("tenant:acme");
        assert_eq!(show(&mut world)["state"], "done", "killed at step {at}");
        assert_eq!(versions(&mut world), [2], "killed at step {at}");
        if !was_killed {
            return;
        }
        at += 1;
    }
}

#[test]
fn a_call_that_began_before_a_rotation_commits_after_it() {
    let mut kv = Kv::new();
    let first = kv.world.master.clone();
    assert_eq!(kv.run("saxga"), "x");
    kv.world.master = format!("{first},{}", keys(&[2]));
    kv.world.evict();
    let frame = kv.frame("gazsbygb", None);
    let mut call = Running::new(kv.world.begin("tenant:acme", frame));
    assert!(call.advance(&mut kv.world).is_none(), "it sleeps");
    start(&mut kv.world);
    kv.world.run_begun("tenant:acme");
    assert_eq!(show(&mut kv.world)["state"], "done");
    let commits = kv
        .world
        .items("tenant:acme")
        .page(&PageOf::default())
        .commit;
    assert_eq!(text(&call.finish(&mut kv.world)), "xy");
    let after = kv
        .world
        .items("tenant:acme")
        .page(&PageOf::default())
        .commit;
    assert_eq!(after, commits + 1, "it was not run again");
    assert_eq!(kv.run("gagb"), "xy");
}

#[test]
fn a_row_that_was_altered_is_not_sealed_again_as_if_it_were_good() {
    let mut world = World::new();
    world.master = keys(&[1]);
    world.acme(TOOL);
    let place = (Table::Servers, "hello".to_owned());
    let value = world.rows("tenant:acme").get_mut(&place).unwrap();
    *value.last_mut().unwrap() ^= 1;
    world.master = keys(&[1, 2]);
    world.evict();
    let answer = world.admin("POST", "/tenants/acme/rotation", Value::Null);
    assert_eq!(answer.json()["error"]["code"], "host_fault");
}
