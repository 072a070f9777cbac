//! What should be looked at: traps, what was used up, what was denied, jumps in fuel.

use serde_json::{Value, json};
use smcp_capability::http::{Header, HttpAnswer};
use smcp_capability::turn::Fetched;
use smcp_ids::limits;

use crate::counted::{OBJECT, alerts, lines, store};
use crate::kept::named;
use crate::kv_world::Kv;
use crate::world::{World, tool_call};

const HOUR: f64 = 3_600_000.0;
const REST: f64 = limits::USAGE_REST_MILLIS as f64;
const SEND: &str = include_str!("../../../../tests/guests/send.wat");
const WORK: &str = include_str!("../../../../tests/guests/work.wat");
const SPIN: &str = include_str!("../../../../tests/guests/spin.wat");

#[test]
fn what_traps_or_spends_all_or_is_denied_raises_an_alert_and_a_flood_is_one() {
    let mut kv = Kv::new();
    let call = named(&kv.call("saxu"));
    for _ in 0..40 {
        kv.call("gau");
    }
    let found = alerts(&mut kv.world);
    let [alert] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (&alert["kind"], &alert["code"]),
        (&json!("trap"), &json!("guest_panicked"))
    );
    assert_eq!(
        (&alert["server"], &alert["name"], &alert["count"]),
        (&json!("hello"), &json!("run"), &json!(41))
    );
    assert_ne!(alert["call"], call, "the last one is named");
    assert!(alert["caller"].as_str().unwrap().starts_with("key:"));
    assert_eq!(
        lines(&mut kv.world, "alert").len(),
        1,
        "a line for the first of a batch"
    );
    // A later one is the same, and one after an hour is another.
    kv.call("gau");
    store(&mut kv.world, REST);
    kv.world.evict();
    assert_eq!(alerts(&mut kv.world)[0]["count"], 42);
    kv.world.pass(2.0 * HOUR);
    kv.call("gau");
    let counts: Vec<_> = alerts(&mut kv.world)
        .iter()
        .map(|alert| alert["count"].clone())
        .collect();
    assert_eq!(counts, [1, 42]);
    // No grant leads there.
    kv.run("w");
    let alert = alerts(&mut kv.world).swap_remove(0);
    assert_eq!(
        (&alert["kind"], &alert["code"]),
        (&json!("denied"), &json!("http_denied"))
    );
    // Nor a scope.
    let narrow = kv.world.key(
        "acme",
        json!({"name": "narrow", "scopes": "mcp/hello/look"}),
    );
    kv.run_as(&narrow, "ga");
    let alert = alerts(&mut kv.world).swap_remove(0);
    assert_eq!(
        (&alert["kind"], &alert["code"]),
        (&json!("denied"), &json!("insufficient_scope"))
    );
    let key = kv.key.clone();
    let frame = kv
        .world
        .frame("GET", "/admin/v1/tenants/acme/keys", &key, Vec::new());
    assert_eq!(kv.world.send(OBJECT, frame).status(), 403);
    let alert = alerts(&mut kv.world).swap_remove(0);
    assert_eq!(
        (&alert["code"], &alert["name"]),
        (&json!("insufficient_scope"), &Value::Null)
    );
}

#[test]
fn a_guest_that_computes_without_end_is_out_of_fuel() {
    let mut world = World::new();
    let key = world.acme(SPIN);
    world.call(&key, &tool_call(1, "spin", json!({})));
    let found = alerts(&mut world);
    assert_eq!(found[0]["kind"], "out_of_fuel", "{found:?}");
}

#[test]
fn a_call_that_takes_much_more_fuel_than_its_tool_does_is_a_jump() {
    let small = WORK.replace("3000000", "300");
    for (before, jumps) in [(49, 0), (50, 1)] {
        let mut world = World::new();
        let key = world.acme(&small);
        for _ in 0..before {
            world.call(&key, &tool_call(1, "work", json!({})));
        }
        store(&mut world, REST);
        // What was usual the day before is usual.
        world.pass(20.0 * HOUR);
        world.publish(WORK, "2.0.0");
        let answer = world.call(&key, &tool_call(1, "work", json!({}))).json();
        let fuel = &answer["result"]["_meta"]["smcp/usage"]["fuel"];
        let found = alerts(&mut world);
        assert_eq!(found.len(), jumps, "after {before}: {found:?}");
        for alert in found {
            assert_eq!(
                (&alert["kind"], &alert["name"], &alert["fuel"]),
                (&json!("fuel_jump"), &json!("work"), fuel)
            );
            assert!(alert["usual"].as_u64().unwrap() < 100_000, "{alert}");
            assert_eq!(lines(&mut world, "alert").len(), 1);
        }
        // Now it is known: what is like it is none.
        world.call(&key, &tool_call(1, "work", json!({})));
        assert_eq!(
            alerts(&mut world)
                .iter()
                .map(|alert| alert["count"].as_u64().unwrap())
                .sum::<u64>(),
            jumps as u64
        );
    }
}

#[test]
fn a_guest_that_had_all_its_memory_is_out_of_memory() {
    let loops =
        "(i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3000000))";
    assert!(WORK.contains(loops));
    let grows = "(i32.ne (memory.grow (i32.const 1)) (i32.const -1))";
    let greedy = WORK
        .replace(loops, grows)
        .replace("(call $ok)))", "(unreachable)))");
    let mut world = World::new();
    let key = world.acme(&greedy);
    world.call(&key, &tool_call(1, "work", json!({})));
    let found = alerts(&mut world);
    assert_eq!(
        (&found[0]["kind"], &found[0]["code"]),
        (&json!("out_of_memory"), &json!("guest_panicked")),
        "{found:?}"
    );
}

#[test]
fn a_guest_that_names_an_address_or_is_led_astray_is_seen() {
    let mut world = World::new();
    let key = world.acme(SEND);
    let grant = json!({"host": "api.example.com", "methods": ["GET"]});
    world.admin("PUT", "/tenants/acme/servers/hello/grants", grant);
    world.web = |_| {
        Fetched::Answer(HttpAnswer {
            status: 302,
            headers: vec![Header {
                name: "location".to_owned(),
                value: "https://10.0.0.1/".to_owned(),
            }],
            body: Vec::new(),
        })
    };
    let send = |world: &mut World, what: &str| {
        world.call(
            &key,
            &tool_call(1, "send", json!({"what": format!("!{what}!")})),
        );
        let found = alerts(world);
        found
            .first()
            .map(|alert| (alert["kind"].clone(), alert["code"].clone()))
    };
    for (what, code) in [
        ("GET https://169.254.169.254/latest", "http_address"),
        ("GET https://localhost/", "http_address"),
        ("GET https://elsewhere.example.com/", "http_denied"),
        ("GET https://api.example.com/", "http_secret"),
    ] {
        world.pass(1.0);
        assert_eq!(
            send(&mut world, what),
            Some((json!("denied"), json!(code))),
            "{what}"
        );
    }
    let secret = json!({"value": "a secret value", "hosts": ["api.example.com"]});
    let path = "/tenants/acme/servers/hello/secrets/TOKEN";
    let set = world.admin("PUT", path, secret);
    assert_eq!(set.status(), 200, "{}", set.text());
    world.pass(1.0);
    let found = send(&mut world, "GET https://api.example.com/");
    assert_eq!(found, Some((json!("denied"), json!("http_redirected"))));
}
