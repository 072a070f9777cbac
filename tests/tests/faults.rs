//! Whatever the platform fails at, a tenant is as it was before, or as it was to be; nothing in between, and its record is
//! whole.
//!
//! Each scenario is one thing that somebody does. It is done again and again, and each time another operation on the object's
//! storage, on R2 or on KV fails: before it was done, or after, so that only its answer is lost; until it was done without the
//! fault being met. Then somebody looks, without faults; and what was not done is done again, and works.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::http::{Answer, Ask, tool_call};
use smcp_tests::{Stage, guests};
use smcp_xtask::dev::Options;

const GREET: &str = include_str!("../guests/greet.wat");
const KV: &str = include_str!("../guests/kv.wat");

/// A tenant on a platform that can be made to fail.
struct World<'a> {
    stage: &'a Stage,
    admin: Admin,
    tenant: String,
    key: String,
}

/// What may fail, and how.
const FAULTS: [(&str, &str); 8] = [
    ("sql", "before"),
    ("sql", "after"),
    ("object", "before"),
    ("object", "after"),
    ("r2", "before"),
    ("r2", "after"),
    ("kv", "before"),
    ("kv", "after"),
];

impl World<'_> {
    fn faults(&self, plan: &Value) -> u64 {
        let url = format!("{}/faults", self.admin.url());
        let answer = Ask::new("POST", &url).send(plan.to_string().as_bytes());
        answer.unwrap().json().unwrap()["performed"]
            .as_u64()
            .unwrap()
    }

    fn admin(&self, method: &str, path: &str, body: &Value) -> Answer {
        let path = format!("/tenants/{}{path}", self.tenant);
        self.admin.send(method, &path, body).unwrap()
    }

    fn publish(&self, wat: &str, version: &str) -> Answer {
        let package = guests::package(wat, version).unwrap();
        self.admin.publish(&self.tenant, "guest", &package).unwrap()
    }

    fn call(&self, tool: &str, arguments: &Value) -> Answer {
        let url = format!("{}/t/{}/guest/mcp", self.admin.url(), self.tenant);
        Ask::new("POST", &url)
            .header("authorization", &format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .send(tool_call(tool, arguments).to_string().as_bytes())
            .unwrap()
    }

    /// What the guest says now.
    fn text(&self, tool: &str, arguments: &Value) -> String {
        let answer = self.call(tool, arguments);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json().unwrap();
        let text = answer["result"]["content"][0]["text"].as_str();
        text.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The record of what was done holds, from its first entry to its head.
    fn assert_recorded(&self) {
        let file = |end: &str| {
            let file = self
                .stage
                .platform()
                .scratch(&format!("{}.{end}", self.tenant));
            file.to_str().unwrap().to_owned()
        };
        let (entries, head) = (file("jsonl"), file("head"));
        let of = ["--tenant", self.tenant.as_str()];
        let export = ["audit", "export", &entries, "--head", &head];
        let smcp = |arguments: &[&str]| self.stage.platform().smcp(arguments).unwrap();
        smcp(&[&export[..], &of].concat());
        smcp(&["audit", "verify", &entries, "--head", &head]);
    }
}

/// Something that somebody does, and what may be so afterwards.
struct Scenario {
    name: &'static str,
    /// What is there before.
    prepare: fn(&World<'_>),
    act: fn(&World<'_>) -> Answer,
    /// Looks, and says whether it was done; anything in between is a failure.
    was_done: fn(&World<'_>) -> bool,
}

fn old_or_new(found: &str, old: &str, new: &str) -> bool {
    assert!(found == old || found == new, "{found}");
    found == new
}

fn next() -> String {
    GREET.replace("hello", "holla")
}

const SCENARIOS: [Scenario; 5] = [
    Scenario {
        name: "publish",
        prepare: |world| assert_eq!(world.publish(GREET, "1.0.0").status, 201),
        act: |world| world.publish(&next(), "2.0.0"),
        was_done: |world| old_or_new(&world.text("greet", &json!({})), "hello", "holla"),
    },
    Scenario {
        name: "write",
        prepare: |world| {
            assert_eq!(world.publish(KV, "1.0.0").status, 201);
            assert_eq!(world.text("run", &json!({"program": "!saxsbx"})), "");
        },
        act: |world| world.call("run", &json!({"program": "!saysby"})),
        was_done: |world| {
            let pairs = world.text("run", &json!({"program": "!gagb"}));
            old_or_new(&pairs, "xx", "yy")
        },
    },
    Scenario {
        name: "delete a server",
        prepare: |world| assert_eq!(world.publish(GREET, "1.0.0").status, 201),
        act: |world| world.admin("DELETE", "/servers/guest", &Value::Null),
        was_done: |world| match world.call("greet", &json!({})).status {
            200 => false,
            404 => true,
            other => panic!("{other}"),
        },
    },
    Scenario {
        name: "suspend",
        prepare: |world| assert_eq!(world.publish(GREET, "1.0.0").status, 201),
        act: |world| world.admin("PUT", "/suspension", &json!({"reason": "a test"})),
        was_done: |world| {
            let shown = world.admin("GET", "", &Value::Null).json().unwrap();
            let is_suspended = shown["state"] == "suspended";
            let status = if is_suspended { 403 } else { 200 };
            assert_eq!(world.call("greet", &json!({})).status, status);
            is_suspended
        },
    },
    Scenario {
        name: "seal everything again",
        prepare: |world| assert_eq!(world.publish(GREET, "1.0.0").status, 201),
        act: |world| {
            let answer = world.admin("POST", "/rotation", &Value::Null);
            // It goes on by itself, into the fault.
            std::thread::sleep(std::time::Duration::from_millis(30));
            answer
        },
        was_done: |world| {
            assert_eq!(world.text("greet", &json!({})), "hello");
            for _ in 0..100 {
                let shown = world.admin("GET", "/rotation", &Value::Null);
                let state = shown.json().unwrap()["state"].as_str().unwrap().to_owned();
                match state.as_str() {
                    "done" => return true,
                    "due" => return false,
                    // What has met the fault goes on when it is asked for again.
                    _ => drop(world.admin("POST", "/rotation", &Value::Null)),
                }
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            panic!("it never comes to an end")
        },
    },
];

fn world<'a>(stage: &'a Stage, scenario: &Scenario, number: usize) -> World<'a> {
    let admin = Admin::new(stage.platform().url(), stage.platform().admin_token());
    let name = scenario.name.replace(' ', "-");
    let tenant = format!("{}-{number}", &name[..name.len().min(24)]);
    let key = admin.tenant(&tenant).unwrap();
    let world = World {
        stage,
        admin,
        tenant,
        key,
    };
    (scenario.prepare)(&world);
    world
}

/// Does it with that fault; whether the fault was met.
fn under_fault(world: &World<'_>, scenario: &Scenario, kind: &str, how: &str, at: u64) -> bool {
    let said = format!("{}: {kind} {at} {how}", scenario.name);
    world.faults(&json!({"kind": kind, "at": at, "how": how}));
    let answer = (scenario.act)(world);
    let performed = world.faults(&json!({}));
    let is_good = answer.status < 300;
    assert!(is_good || answer.status == 503, "{said}: {}", answer.text());
    let was_done = (scenario.was_done)(world);
    // Who was told that it is done finds it done.
    assert!(was_done || !is_good, "{said}: told done, and is not");
    if !was_done {
        let again = (scenario.act)(world);
        assert!(again.status < 300, "{said}, again: {}", again.text());
        assert!((scenario.was_done)(world), "{said}, again");
    }
    performed >= at
}

#[test]
fn whatever_fails_a_tenant_is_as_it_was_or_as_it_was_to_be() {
    let stage = Stage::with(|options| Options {
        faults: true,
        ..options
    })
    .unwrap();
    let mut number = 0;
    for scenario in &SCENARIOS {
        let mut met = 0;
        for (kind, how) in FAULTS {
            for at in 1.. {
                number += 1;
                let world = world(&stage, scenario, number);
                if !under_fault(&world, scenario, kind, how, at) {
                    break;
                }
                met += 1;
                if at == 1 {
                    world.assert_recorded();
                }
                assert!(at < 200, "{}: {kind} has no end", scenario.name);
            }
        }
        assert!(met > 4, "{}: {met} faults were met", scenario.name);
        println!(
            "{}: as it was, or as it was to be, after each of {met} faults",
            scenario.name
        );
    }
}

#[test]
fn what_is_slow_delays_nobody_else() {
    let stage = Stage::with(|options| Options {
        faults: true,
        ..options
    })
    .unwrap();
    let slow = world(&stage, &SCENARIOS[0], 1);
    let other = world(&stage, &SCENARIOS[0], 2);
    slow.faults(&json!({"kind": "r2", "at": 1, "how": "slow"}));
    std::thread::scope(|scope| {
        let published = scope.spawn(|| slow.publish(&next(), "2.0.0"));
        std::thread::sleep(std::time::Duration::from_millis(200));
        let before = std::time::Instant::now();
        // The same tenant's calls, and another's.
        assert_eq!(slow.text("greet", &json!({})), "hello");
        assert_eq!(other.text("greet", &json!({})), "hello");
        assert!(!published.is_finished(), "it was not slow");
        assert!(before.elapsed().as_millis() < 1000);
        assert_eq!(published.join().unwrap().status, 201);
    });
}
