//! How much there may be of a tenant: what the platform's admin sets holds for what is new, and takes nothing away.

use serde_json::{Value, json};

use crate::kv_world::Kv;
use crate::world::{World, package, tool_call};

const TOOL: &str = include_str!("../../../../tests/guests/greet.wat");
const PATH: &str = "/tenants/acme/quotas";

fn set(world: &mut World, quotas: &Value) {
    let answer = world.admin("PUT", PATH, quotas.clone());
    assert_eq!((answer.status(), &answer.json()), (200, quotas));
}

fn publish(world: &mut World, server: &str, version: &str) -> (u16, String) {
    let path = format!("/tenants/acme/servers/{server}/releases");
    let answer = world.admin_bytes("POST", &path, package(TOOL, version));
    (answer.status(), code(&answer.json()))
}

fn post(world: &mut World, what: &str, body: Value) -> (u16, String) {
    let answer = world.admin("POST", &format!("/tenants/acme/{what}"), body);
    (answer.status(), code(&answer.json()))
}

fn code(answer: &Value) -> String {
    answer["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn there_is_as_much_of_each_thing_as_the_quota_says_and_no_more() {
    type Make = fn(&mut World) -> (u16, String);
    let size = package(TOOL, "1.0.0").len() as u64;
    let table: [(&str, u64, Make, &str); 5] = [
        (
            "servers",
            1,
            |world| publish(world, "other", "1.0.0"),
            "too_many_servers",
        ),
        (
            "releases",
            1,
            |world| publish(world, "hello", "2.0.0"),
            "too_many_releases",
        ),
        (
            "keys",
            1,
            |world| post(world, "keys", json!({"name": "more"})),
            "too_many_keys",
        ),
        (
            "members",
            0,
            |world| post(world, "members", json!({"name": "Ada"})),
            "too_many_members",
        ),
        (
            "module_bytes",
            size + size / 2,
            |world| publish(world, "hello", "2.0.0"),
            "too_many_module_bytes",
        ),
    ];
    for (quota, amount, make, refusal) in table {
        let mut world = World::new();
        let key = world.acme(TOOL);
        set(&mut world, &json!({ quota: amount }));
        world.evict();
        assert_eq!(make(&mut world), (409, refusal.to_owned()), "{quota}");
        // One more, and there is one more.
        let more = amount + if quota == "module_bytes" { size } else { 1 };
        set(&mut world, &json!({ quota: more }));
        assert_eq!(make(&mut world), (201, String::new()), "{quota}");
        // What is there stays, and is served.
        set(&mut world, &json!({ quota: 0 }));
        let called = world.call(&key, &tool_call(1, "greet", json!({})));
        assert_eq!(called.status(), 200, "{quota}");
        assert_ne!(make(&mut world).0, 201, "{quota}");
        set(&mut world, &json!({}));
    }
}

#[test]
fn a_module_that_two_servers_have_counts_once() {
    let mut world = World::new();
    world.acme(TOOL);
    let size = package(TOOL, "1.0.0").len();
    set(&mut world, &json!({ "module_bytes": size }));
    assert_eq!(publish(&mut world, "other", "1.0.0").0, 201);
}

#[test]
fn a_store_holds_as_much_as_the_quota_says() {
    let mut kv = Kv::new();
    kv.run("sax");
    set(&mut kv.world, &json!({ "store_bytes": 1 }));
    let refused = kv.call("sby");
    assert_eq!(refused["error"]["data"]["code"], "guest_store_full");
    assert_eq!(kv.run("gagb"), "x-", "what is there can be read");
    assert_eq!(kv.run("daga"), "-", "and removed");
    // More than any tenant may have is that.
    set(&mut kv.world, &json!({ "store_bytes": u64::MAX }));
    kv.leave_room(0);
    let refused = kv.call("sby");
    assert_eq!(refused["error"]["data"]["code"], "guest_store_full");
}

#[test]
fn callers_together_use_what_the_platform_and_the_tenant_both_allow() {
    for (platform, tenant, expected) in [(2, None, 2), (2, Some(9), 2), (9, Some(2), 2)] {
        let mut world = World::new();
        let key = world.acme(TOOL);
        set(&mut world, &json!({ "calls_per_minute": platform }));
        if let Some(tenant) = tenant {
            let limit = json!({ "calls_per_minute": tenant });
            let limited = world.admin("PUT", "/tenants/acme/limits", limit);
            assert_eq!(limited.status(), 200);
        }
        let other = world.key("acme", json!({"name": "other"}));
        let mut served = 0;
        let refused = loop {
            let caller = if served % 2 == 0 { &key } else { &other };
            let called = world.call(caller, &tool_call(1, "greet", json!({})));
            if called.status() != 200 {
                break called;
            }
            served += 1;
        };
        assert_eq!((served, refused.status()), (expected, 429));
        assert_eq!(code(&refused.json()), "rate_limited");
        assert!(refused.text().contains("this tenant"), "{}", refused.text());
    }
}

#[test]
fn what_is_no_quota_changes_nothing() {
    let mut world = World::new();
    world.acme(TOOL);
    set(&mut world, &json!({"servers": 3, "fuel_per_day": 5}));
    for wrong in [
        json!({"servers": -1}),
        json!({"servers": "3"}),
        json!({"fuel_per_day": 0}),
        json!({"tenants": 1}),
    ] {
        assert_eq!(
            world.admin("PUT", PATH, wrong.clone()).status(),
            400,
            "{wrong}"
        );
    }
    let shown = world.admin("GET", PATH, Value::Null).json();
    assert_eq!(shown, json!({"servers": 3, "fuel_per_day": 5}));
}
