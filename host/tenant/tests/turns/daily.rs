//! What an object does once a day, whoever calls or does not.

use serde_json::{Value, json};
use smcp_capability::turn::{Effect, Step};
use smcp_ids::ReleaseDigest;
use smcp_tenant::audit::{HeadStatement, SignedHead};
use smcp_tenant::receipt::PlatformKeys;

use crate::world::{World, package, tool_call};

const OBJECT: &str = "tenant:acme";
const TOOL: &str = include_str!("../../../../tests/guests/greet.wat");
const DAY: u64 = 24 * 60 * 60 * 1_000;
const HOUR: u64 = DAY / 24;

/// Lets it be an hour after midnight, and the object wake.
fn next_day(world: &mut World) {
    world.evict();
    pass_midnight(world);
}

/// The same for an object that has turns in progress.
fn pass_midnight(world: &mut World) {
    let left = DAY - world.now() % DAY + HOUR;
    world.pass(left as f64);
    world.ring(OBJECT);
    world.run_begun(OBJECT);
}

fn heads(world: &mut World) -> Vec<HeadStatement> {
    let list = world.admin("GET", "/tenants/acme/audit/heads", Value::Null);
    let heads: Vec<SignedHead> = serde_json::from_value(list.json()["heads"].clone()).unwrap();
    let keys = PlatformKeys::parse(World::receipt_keys().to_string().as_bytes()).unwrap();
    let heads = heads.iter().map(|head| head.verify(&keys).unwrap());
    heads.collect()
}

#[test]
fn the_head_is_signed_each_day_whether_or_not_anything_was_done() {
    let mut world = World::new();
    world.acme(TOOL);
    let first = heads(&mut world).pop().unwrap();
    for day in 1..4 {
        next_day(&mut world);
        let last = heads(&mut world).pop().unwrap();
        assert_eq!(last.at / DAY, first.at / DAY + day);
        let head = world.admin("GET", "/tenants/acme/audit/head", Value::Null);
        let head: SignedHead = serde_json::from_value(head.json()).unwrap();
        let head: HeadStatement = serde_json::from_str(&head.statement).unwrap();
        assert_eq!((last.number, last.hash), (head.number, head.hash));
        let at = world.alarm.unwrap();
        let tomorrow = world.now() - world.now() % DAY + DAY;
        assert!((tomorrow..tomorrow + HOUR).contains(&at), "{at}");
    }
    // Of the same entry the last day's is kept; once something was done, of that too.
    let before = heads(&mut world).len();
    world.key("acme", json!({"name": "another"}));
    next_day(&mut world);
    assert_eq!(heads(&mut world).len(), before + 1);
}

#[test]
fn what_has_grown_too_old_is_swept_until_nothing_is_left_of_it() {
    let mut world = World::new();
    world.acme(TOOL);
    next_day(&mut world);
    assert_eq!(world.swept, 3);
    next_day(&mut world);
    assert_eq!(world.swept, 4);
}

#[test]
fn a_suspended_tenant_is_looked_after_too() {
    let mut world = World::new();
    world.acme(TOOL);
    let path = "/tenants/acme/suspension";
    let suspended = world.admin("PUT", path, json!({"reason": "a test"}));
    assert_eq!(suspended.status(), 200);
    next_day(&mut world);
    assert_eq!(heads(&mut world).pop().unwrap().at / DAY, world.now() / DAY);
}

#[test]
fn modules_that_nothing_names_go_within_a_day_and_no_others() {
    let mut world = World::new();
    let key = world.acme(TOOL);
    world.publish(TOOL, "2.0.0");
    let named = world.modules_of(OBJECT);
    assert_eq!(named.len(), 2);
    let cut = |number: u8| ReleaseDigest::new([number; 32]);
    for number in [0, 1, 127, 128, 255] {
        world.store_module(OBJECT, cut(number), vec![number]);
        world.store_module("tenant:other", cut(number), vec![number]);
    }
    next_day(&mut world);
    assert_eq!(world.modules_of(OBJECT), named);
    assert_eq!(world.modules_of("tenant:other").len(), 5);
    assert_eq!(
        world.call(&key, &tool_call(1, "greet", json!({}))).status(),
        200
    );
    let rolled_back = world.admin("POST", "/tenants/acme/servers/hello/rollback", Value::Null);
    assert_eq!(rolled_back.status(), 200, "{}", rolled_back.text());
}

#[test]
fn a_module_that_is_being_published_is_not_taken_for_one() {
    let mut world = World::new();
    world.acme(TOOL);
    let body = package(TOOL, "2.0.0");
    let path = "/admin/v1/tenants/acme/servers/hello/releases";
    let frame = world.frame("POST", path, crate::world::ADMIN, body);
    let turn = world.begin(OBJECT, frame);
    // Until its module is stored, and its row is not.
    let mut answer = None;
    let reply = loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(effect) => {
                let is_write = matches!(effect, Effect::WriteModule { .. });
                let performed = world.perform(OBJECT, effect);
                if is_write {
                    pass_midnight(&mut world);
                }
                answer = Some(performed);
            }
            Step::Done(reply) => break reply,
            _ => {}
        }
    };
    assert_eq!(reply.head.status, 201);
    assert_eq!(world.modules_of(OBJECT).len(), 2);
}

#[test]
fn a_tenant_that_is_deleted_leaves_no_module_behind() {
    let mut world = World::new();
    world.acme(TOOL);
    for number in 0..5 {
        let release = ReleaseDigest::new([number; 32]);
        world.store_module(OBJECT, release, vec![number]);
    }
    let deleted = world.admin("DELETE", "/tenants/acme?grace_days=0", Value::Null);
    assert_eq!(deleted.status(), 200, "{}", deleted.text());
    assert_eq!(world.modules_of(OBJECT), []);
}
