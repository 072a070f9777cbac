//! The life of a tenant: suspended it keeps everything and answers nothing, it goes when its grace time is over and not
//! before, and when it has gone nothing of it can be read.

use serde_json::{Value, json};

use crate::world::{World, tool_call};

const TOOL: &str = include_str!("../../../../tests/guests/greet.wat");
const DAY: f64 = 24.0 * 60.0 * 60.0 * 1_000.0;

fn greet(world: &mut World, key: &str) -> (u16, Value) {
    let answer = world.call(key, &tool_call(1, "greet", json!({"name": "Ada"})));
    (answer.status(), answer.json())
}

fn state(world: &mut World) -> Value {
    let shown = world.admin("GET", "/tenants/acme", Value::Null);
    assert_eq!(shown.status(), 200, "{}", shown.text());
    shown.json()["state"].clone()
}

fn suspend(world: &mut World) {
    let body = json!({"reason": "it did not pay"});
    let answer = world.admin("PUT", "/tenants/acme/suspension", body);
    assert_eq!(answer.status(), 200, "{}", answer.text());
}

#[test]
fn a_suspended_tenant_answers_no_call_and_changes_nothing_until_it_is_resumed() {
    let mut world = World::new();
    let key = world.acme(TOOL);
    let admin = world.key("acme", json!({"name": "admin", "scopes": "admin"}));
    assert_eq!(greet(&mut world, &key).0, 200);
    suspend(&mut world);
    world.evict();
    let (status, told) = greet(&mut world, &key);
    assert_eq!(
        (status, &told["error"]["code"]),
        (403, &json!("tenant_suspended"))
    );
    assert_eq!(state(&mut world), "suspended");
    // Its own admin looks, and changes nothing.
    let mut by_admin = |method: &str, body: &[u8]| {
        let path = "/admin/v1/tenants/acme/keys";
        let frame = world.frame(method, path, &admin, body.to_vec());
        world.send("tenant:acme", frame)
    };
    assert_eq!(by_admin("GET", b"").status(), 200);
    let refused = by_admin("POST", br#"{"name": "another"}"#);
    assert_eq!(refused.json()["error"]["code"], "tenant_suspended");
    // Nor is anybody let in.
    let frame = world.frame("POST", "/token", "", b"grant_type=refresh_token".to_vec());
    let refused = world.send("tenant:acme", frame);
    assert_eq!(refused.json()["error"]["code"], "tenant_suspended");
    let resumed = world.admin("DELETE", "/tenants/acme/suspension", Value::Null);
    assert_eq!(resumed.json(), json!({"state": "active"}));
    assert_eq!(greet(&mut world, &key).0, 200);
}

#[test]
fn who_is_no_caller_learns_nothing_of_a_suspension() {
    let mut world = World::new();
    world.acme(TOOL);
    let stranger = |world: &mut World| greet(world, "smcp_acme_nokey_0000").1.to_string();
    let before = stranger(&mut world);
    suspend(&mut world);
    assert_eq!(stranger(&mut world), before);
}

#[test]
fn a_tenant_is_restored_within_its_grace_time_and_gone_after_it() {
    let mut world = World::new();
    let key = world.acme(TOOL);
    let delete =
        |world: &mut World| world.admin("DELETE", "/tenants/acme?grace_days=3", Value::Null);
    let answer = delete(&mut world);
    assert_eq!(
        (answer.status(), answer.json()["state"].clone()),
        (202, json!("leaves"))
    );
    assert_eq!(greet(&mut world, &key).1["error"]["code"], "tenant_leaves");
    world.pass(2.0 * DAY);
    let restored = world.admin("PUT", "/tenants/acme", Value::Null);
    assert_eq!(restored.status(), 200, "{}", restored.text());
    world.pass(2.0 * DAY);
    for object in ["tenant:acme", "platform"] {
        world.alarm = Some(0);
        world.ring(object);
        world.run_begun(object);
    }
    assert_eq!(greet(&mut world, &key).0, 200, "it was restored");
    delete(&mut world);
    world.pass(4.0 * DAY);
    for object in ["tenant:acme", "platform"] {
        world.alarm = Some(0);
        world.ring(object);
        world.run_begun(object);
    }
    assert!(world.modules().is_empty());
    assert!(world.rows("tenant:acme").is_empty());
    let tenants = world.admin("GET", "/tenants", Value::Null).json();
    assert_eq!(tenants, json!({"tenants": []}));
    assert_eq!(greet(&mut world, &key).0, 401);
}

#[test]
fn a_name_is_free_again_when_its_tenant_has_gone_and_opens_nothing_of_it() {
    let mut world = World::new();
    let key = world.acme(TOOL);
    let before = world.rows("tenant:acme").clone();
    world.admin("DELETE", "/tenants/acme?grace_days=0", Value::Null);
    let made = world.admin("POST", "/tenants", json!({"tenant": "acme"}));
    assert_eq!(made.status(), 201);
    assert_eq!(greet(&mut world, &key).0, 401);
    // Rows of the tenant that was, put into the one that is: the key material they need is gone.
    for (place, value) in before {
        if place.1 != "root" {
            world.rows("tenant:acme").insert(place, value);
        }
    }
    world.evict();
    let shown = world.admin("GET", "/tenants/acme", Value::Null);
    assert_eq!(shown.json()["error"]["code"], "host_fault");
}

#[test]
fn what_is_no_grace_time_changes_nothing() {
    let mut world = World::new();
    world.acme(TOOL);
    let before = world.stored();
    for wrong in ["", "-1", "366", "x", "1.5"] {
        let path = format!("/tenants/acme?grace_days={wrong}");
        let answer = world.admin("DELETE", &path, Value::Null);
        assert_eq!(
            answer.json()["error"]["code"],
            "invalid_parameter",
            "{wrong}"
        );
    }
    assert_eq!(before.wake().all_rows(), world.all_rows());
}
