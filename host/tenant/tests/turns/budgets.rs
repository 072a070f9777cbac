//! How much keys, their narrowed forms and a tenant may use, as their clients meet it.

use crate::world::{Outcome, World, package, tool_call};
use serde_json::{Value, json};
use smcp_auth::ApiKey;
use smcp_capability::turn::{Effect, Step};
use smcp_ids::limits;

const GREET: &str = include_str!("../../../../tests/guests/greet.wat");
const WORK: &str = include_str!("../../../../tests/guests/work.wat");
const SPIN: &str = include_str!("../../../../tests/guests/spin.wat");
const SHELF: &str = include_str!("../../../../tests/guests/shelf.wat");
const OBJECT: &str = "tenant:acme";
const DAY: u64 = 24 * 60 * 60 * 1_000;

fn narrowed(key: &str, lines: &[&str]) -> String {
    let key: ApiKey = key.parse().unwrap();
    let narrow = |key: ApiKey, line: &&str| key.narrow(line.parse().unwrap()).unwrap();
    lines.iter().fold(key, narrow).reveal()
}

fn header<'a>(outcome: &'a Outcome, name: &str) -> Option<&'a str> {
    let mut headers = outcome.reply.head.headers.iter();
    let found = headers.find(|(own, _)| own == name);
    found.map(|(_, value)| value.as_str())
}

fn request(method: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {}})
}

fn greet(world: &mut World, key: &str) -> Outcome {
    world.call(key, &tool_call(1, "greet", json!({})))
}

fn limit(world: &mut World, body: Value) {
    let set = world.admin("PUT", "/tenants/acme/limits", body.clone());
    assert_eq!((set.status(), set.json()), (200, body));
}

/// What a call of this guest uses.
fn fuel_of(guest: &str, tool: &str) -> u64 {
    let mut world = World::new();
    let key = world.acme(guest);
    let called = world.call(&key, &tool_call(1, tool, json!({}))).json();
    let usage = match &called["result"] {
        Value::Null => &called["error"]["data"]["fuel"],
        result => &result["_meta"]["smcp/usage"]["fuel"],
    };
    usage.as_u64().unwrap()
}

/// A request and what it has performed on the way.
fn performed(world: &mut World, key: &str, message: &Value) -> (u16, Vec<Effect>) {
    let body = message.to_string().into_bytes();
    let frame = world.frame("POST", "/t/acme/hello/mcp", key, body);
    let turn = world.begin(OBJECT, frame);
    let (mut effects, mut answer) = (Vec::new(), None);
    loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Need(effect) => {
                effects.push(effect.clone());
                answer = Some(world.perform(OBJECT, effect));
            }
            Step::Done(reply) => return (reply.head.status, effects),
            Step::Yield => {}
            step => panic!("{step:?}"),
        }
    }
}

/// Who makes requests until it is refused, at once: its key's limits, its restrictions, its tenant's limits, how many
/// it may make, what is told it then, and after how many seconds it may again.
#[test]
fn a_caller_makes_as_many_requests_as_all_that_limits_it_allow() {
    let none = || json!({});
    let calls = |count: u64| json!({ "calls_per_minute": count });
    for (key, lines, tenant, expected, policy, wait) in [
        (calls(3), &[][..], none(), 3, r#""key-calls";q=3;w=60"#, 20),
        (
            calls(60),
            &["rate=2"][..],
            none(),
            2,
            r#""narrowed-1-calls";q=2;w=60"#,
            30,
        ),
        (
            none(),
            &["rate=9", "scopes=mcp", "rate=4"][..],
            none(),
            4,
            r#""narrowed-2-calls";q=4;w=60"#,
            15,
        ),
        (
            calls(2),
            &["rate=60"][..],
            none(),
            2,
            r#""key-calls";q=2;w=60"#,
            30,
        ),
        (
            none(),
            &[][..],
            calls(5),
            5,
            r#""tenant-calls";q=5;w=60"#,
            12,
        ),
        (
            calls(6),
            &["rate=7"][..],
            calls(1),
            1,
            r#""tenant-calls";q=1;w=60"#,
            60,
        ),
    ] {
        let mut world = World::new();
        world.acme(GREET);
        let minted = world.key("acme", key.clone());
        limit(&mut world, tenant.clone());
        let sent = narrowed(&minted, lines);
        for number in 0..expected {
            // Whatever it asks for.
            let message = match number % 3 {
                0 => tool_call(1, "greet", json!({})),
                1 => request("tools/list"),
                _ => request("ping"),
            };
            let answered = world.call(&sent, &message);
            assert_eq!(answered.status(), 200, "{key} {lines:?} {tenant} {number}");
        }
        for _ in 0..3 {
            let refused = greet(&mut world, &sent);
            let error = &refused.json()["error"];
            let found = (refused.status(), error["code"].as_str().unwrap());
            assert_eq!(found, (429, "rate_limited"), "{key} {lines:?} {tenant}");
            assert_eq!(header(&refused, "ratelimit-policy"), Some(policy));
            let name = policy.split(';').next().unwrap();
            let limit = format!("{name};r=0;t={wait}");
            assert_eq!(header(&refused, "ratelimit"), Some(limit.as_str()));
            assert_eq!(
                header(&refused, "retry-after"),
                Some(wait.to_string().as_str())
            );
        }
        world.pass(f64::from(wait) * 1_000.0 - 1.0);
        assert_eq!(greet(&mut world, &sent).status(), 429, "not before");
        world.pass(1.0);
        assert_eq!(greet(&mut world, &sent).status(), 200, "after that");
        assert_eq!(greet(&mut world, &sent).status(), 429);
    }
}

#[test]
fn what_one_has_used_another_has_not_but_a_narrowed_key_uses_its_own_keys_too() {
    let mut world = World::new();
    world.acme(GREET);
    let [one, other] = [(); 2].map(|()| world.key("acme", json!({"calls_per_minute": 4})));
    let narrow = narrowed(&one, &["rate=2"]);
    let narrower = narrowed(&narrow, &["scopes=mcp/hello"]);
    for key in [&narrow, &narrower] {
        assert_eq!(greet(&mut world, key).status(), 200);
    }
    // It is the same bucket, however often it is narrowed further.
    for key in [&narrow, &narrower, &narrowed(&narrow, &["rate=1000"])] {
        assert_eq!(greet(&mut world, key).status(), 429);
    }
    assert_eq!(greet(&mut world, &one).status(), 200);
    assert_eq!(
        greet(&mut world, &narrowed(&one, &["rate=3"])).status(),
        200
    );
    for key in [&one, &narrowed(&one, &["rate=3"])] {
        assert_eq!(greet(&mut world, key).status(), 429);
    }
    assert_eq!(greet(&mut world, &other).status(), 200);
}

#[test]
fn who_is_limited_is_told_with_each_answer_and_who_is_not_is_told_nothing() {
    let mut world = World::new();
    let free = world.acme(GREET);
    limit(&mut world, json!({"calls_per_minute": 1_000}));
    let key = world.key(
        "acme",
        json!({"calls_per_minute": 60, "fuel_per_day": 1_000_000}),
    );
    let answered = world.call(&key, &request("tools/list"));
    let policy = r#""key-calls";q=60;w=60, "key-fuel";q=1000000;qu="smcp-fuel";w=86400"#;
    assert_eq!(header(&answered, "ratelimit-policy"), Some(policy));
    let left = r#""key-calls";r=59;t=1, "key-fuel";r=1000000"#;
    assert_eq!(header(&answered, "ratelimit"), Some(left));
    let answered = greet(&mut world, &free);
    for name in ["ratelimit", "ratelimit-policy", "retry-after"] {
        assert_eq!(
            header(&answered, name),
            None,
            "what the tenant has left is nobody's business"
        );
    }
}

#[test]
fn each_message_of_a_batch_counts_and_those_before_keep_their_answers() {
    let mut world = World::new();
    world.acme(GREET);
    let key = world.key("acme", json!({"calls_per_minute": 2}));
    let call = |id| tool_call(id, "greet", json!({}));
    let batch = json!([call(1), call(2), call(3)]);
    let mut frame = world.frame("POST", "/t/acme/hello/mcp", &key, batch.to_string().into());
    let version = ("mcp-protocol-version".to_owned(), "2025-03-26".to_owned());
    frame.headers.push(version);
    let answered = world.send(OBJECT, frame);
    let answers = answered.json();
    assert_eq!(answered.status(), 200, "{answers}");
    assert!(answers[1]["result"]["content"].is_array(), "{answers}");
    assert_eq!(answers[2]["error"]["data"]["code"], "rate_limited");
}

#[test]
fn fuel_is_taken_whether_a_call_succeeds_or_not() {
    for (guest, tool, ends_well) in [
        (GREET, "greet", true),
        (WORK, "work", true),
        (SPIN, "spin", false),
    ] {
        let used = fuel_of(guest, tool);
        let mut world = World::new();
        world.acme(guest);
        let budget = 10 * used;
        let key = world.key("acme", json!({ "fuel_per_day": budget }));
        let called = world.call(&key, &tool_call(1, tool, json!({})));
        assert_eq!(called.json()["result"].is_object(), ends_well, "{tool}");
        let told = world.call(&key, &request("ping"));
        let left = header(&told, "ratelimit").unwrap();
        let left: u64 = left.split(['=', ';']).nth(2).unwrap().parse().unwrap();
        // It is refilled meanwhile.
        let slack = budget / 1_000;
        assert!(
            left.abs_diff(budget - used) <= slack,
            "{tool}: {left} of {budget}, {used} used"
        );
    }
}

#[test]
fn a_budget_that_is_spent_refuses_calls_until_it_is_refilled_and_nothing_else() {
    let used = fuel_of(WORK, "work");
    let mut world = World::new();
    world.acme(WORK);
    let key = world.key("acme", json!({ "fuel_per_day": used / 2 }));
    let work = tool_call(1, "work", json!({}));
    assert_eq!(world.call(&key, &work).status(), 200);
    let refused = world.call(&key, &work);
    let error = &refused.json()["error"];
    assert_eq!(
        (refused.status(), &error["code"]),
        (429, &json!("budget_spent"))
    );
    assert_eq!(
        header(&refused, "ratelimit-policy").unwrap(),
        format!("\"key-fuel\";q={};qu=\"smcp-fuel\";w=86400", used / 2)
    );
    // Two days' fuel at once: as much as it was over, and a little that was refilled meanwhile.
    let wait: u64 = header(&refused, "retry-after").unwrap().parse().unwrap();
    assert!(
        (DAY / 1_000 - 60..=DAY / 1_000 + 1).contains(&wait),
        "{wait}"
    );
    for method in ["ping", "tools/list"] {
        assert_eq!(world.call(&key, &request(method)).status(), 200, "{method}");
    }
    world.pass((wait - 2) as f64 * 1_000.0);
    assert_eq!(world.call(&key, &work).status(), 429, "not before");
    world.pass(2_000.0);
    assert_eq!(world.call(&key, &work).status(), 200);
    assert_eq!(world.call(&key, &work).status(), 429);
}

#[test]
fn a_list_that_a_guest_makes_costs_fuel_and_is_refused_without() {
    let mut world = World::new();
    world.acme(SHELF);
    let key = world.key("acme", json!({"fuel_per_day": 1}));
    let list = request("resources/list");
    assert_eq!(world.call(&key, &list).status(), 200);
    assert_eq!(
        world.call(&key, &list).json()["error"]["code"],
        "budget_spent"
    );
    let of_all = world.call_at("/t/acme/mcp", &key, &list);
    assert_eq!(
        (of_all.status(), &of_all.json()["error"]["code"]),
        (429, &json!("budget_spent"))
    );
}

#[test]
fn what_was_spent_outlives_eviction_but_for_less_than_a_part() {
    let used = fuel_of(GREET, "greet");
    let calls = 10 * limits::BUDGET_PARTS;
    // Of a slow caller, whose object sleeps after each call, nothing is forgotten.
    for (pause, most) in [(1, calls), (27, calls * 3 / 2)] {
        let mut world = World::new();
        world.acme(GREET);
        let key = world.key("acme", json!({ "fuel_per_day": used * calls }));
        let mut made = 0;
        while greet(&mut world, &key).status() == 200 {
            made += 1;
            if made % pause == 0 {
                world.evict();
            }
            assert!(
                made <= most,
                "evicted after {pause}: more than {most} of {calls}"
            );
        }
        assert!(
            made + 2 >= calls,
            "evicted after {pause}: {made} of {calls}"
        );
        // By itself it is forgotten when it would be full.
        world.pass(DAY as f64 + 1_000.0);
        world.evict();
        assert_eq!(greet(&mut world, &key).status(), 200);
    }
}

#[test]
fn storage_is_written_once_for_each_part_and_read_once() {
    let used = fuel_of(GREET, "greet");
    let mut world = World::new();
    let free = world.acme(GREET);
    greet(&mut world, &free);
    let calls = 4 * limits::BUDGET_PARTS;
    let key = world.key("acme", json!({ "fuel_per_day": used * calls }));
    let (mut reads, mut writes) = (0, 0);
    for _ in 0..calls {
        let (status, effects) = performed(&mut world, &key, &tool_call(1, "greet", json!({})));
        assert_eq!(status, 200);
        for effect in effects {
            match effect {
                Effect::ReadItem(..) => reads += 1,
                Effect::Transact(_) => writes += 1,
                effect => panic!("{effect:?}"),
            }
        }
    }
    assert_eq!((reads, writes), (1, limits::BUDGET_PARTS));
}

/// The hot path: an awake object, a short call.
#[test]
fn a_call_that_nothing_limits_and_one_that_only_its_rate_does_perform_nothing() {
    let mut world = World::new();
    let free = world.acme(GREET);
    let limited = world.key("acme", json!({"calls_per_minute": 60}));
    greet(&mut world, &free);
    let narrow = narrowed(
        &limited,
        &["rate=5", "scopes=mcp/hello", "until=99999999999"],
    );
    for key in [&free, &limited, &narrow] {
        for _ in 0..2 {
            let called = performed(&mut world, key, &tool_call(1, "greet", json!({})));
            assert_eq!(called, (200, Vec::new()));
        }
    }
}

#[test]
fn a_narrowed_key_is_narrowed_wherever_it_is_used() {
    let mut world = World::new();
    let key = world.acme(GREET);
    let path = "/tenants/acme/servers/other/releases";
    let published = world.admin_bytes("POST", path, package(GREET, "1.0.0"));
    assert_eq!(published.status(), 201, "{}", published.text());
    let call = tool_call(1, "greet", json!({}));
    let now = 1_700_000_000;
    let (past, later) = (format!("until={now}"), format!("until={}", now + 60));
    for (lines, hello, other) in [
        (&[][..], 200, 200),
        (&["scopes=mcp/hello"][..], 200, 404),
        (&["scopes=mcp/hello mcp/other"][..], 200, 200),
        (
            &["scopes=mcp/hello mcp/other", "scopes=mcp/other"][..],
            404,
            200,
        ),
        (&["scopes=audit"][..], 403, 403),
        (&[past.as_str()][..], 401, 401),
        (&[later.as_str()][..], 200, 200),
    ] {
        let key = narrowed(&key, lines);
        let found = ["hello", "other"].map(|server| {
            let path = format!("/t/acme/{server}/mcp");
            world.call_at(&path, &key, &call).status()
        });
        assert_eq!(found, [hello, other], "{lines:?}");
    }
    // Its key is revoked: so is each that was narrowed from it.
    let narrow = narrowed(&key, &["scopes=mcp/hello"]);
    let id = key.split('_').nth(2).unwrap();
    world.admin("DELETE", &format!("/tenants/acme/keys/{id}"), Value::Null);
    assert_eq!(world.call(&narrow, &call).status(), 401);
}

#[test]
fn limits_are_set_shown_and_refused_where_they_are_none() {
    let mut world = World::new();
    world.acme(GREET);
    let show = |world: &mut World| {
        world
            .admin("GET", "/tenants/acme/limits", Value::Null)
            .json()
    };
    assert_eq!(show(&mut world), json!({}));
    limit(
        &mut world,
        json!({"fuel_per_day": 5, "calls_per_minute": 7}),
    );
    // What else was chosen for the tenant stays, and so does this.
    let kept = world.admin("PUT", "/tenants/acme/tapes", json!({"keep": "receipts"}));
    assert_eq!(kept.status(), 200);
    world.evict();
    assert_eq!(
        show(&mut world),
        json!({"fuel_per_day": 5, "calls_per_minute": 7})
    );
    limit(&mut world, json!({"calls_per_minute": 8}));
    let keep = world
        .admin("GET", "/tenants/acme/tapes", Value::Null)
        .json();
    assert_eq!(keep, json!({"keep": "receipts"}));
    for (body, code) in [
        (json!({"fuel_per_day": 0}), "invalid_limit"),
        (json!({"calls_per_minute": 0}), "invalid_limit"),
        (
            json!({"calls_per_minute": limits::CALLS_PER_MINUTE_MAX + 1}),
            "invalid_limit",
        ),
        (
            json!({"fuel_per_day": limits::FUEL_PER_DAY_MAX + 1}),
            "invalid_limit",
        ),
        (json!({"fuel_per_day": -1}), "invalid_body"),
        (json!({"fuel_per_day": 1.5}), "invalid_body"),
        (json!({"fuel": 1}), "invalid_body"),
    ] {
        let set = world.admin("PUT", "/tenants/acme/limits", body.clone());
        assert_eq!(
            (set.status(), &set.json()["error"]["code"]),
            (400, &json!(code)),
            "{body}"
        );
        let made = world.admin("POST", "/tenants/acme/keys", body.clone());
        assert_eq!(
            (made.status(), &made.json()["error"]["code"]),
            (400, &json!(code)),
            "{body}"
        );
    }
    assert_eq!(show(&mut world), json!({"calls_per_minute": 8}));
    assert_eq!(
        world
            .admin("DELETE", "/tenants/acme/limits", Value::Null)
            .status(),
        405
    );
    world.key(
        "acme",
        json!({"name": "ci", "fuel_per_day": 10, "calls_per_minute": 20}),
    );
    let listed = world.admin("GET", "/tenants/acme/keys", Value::Null).json();
    let keys = listed["keys"].as_array().unwrap();
    let ci = keys.iter().find(|key| key["name"] == "ci").unwrap();
    assert_eq!(
        (&ci["fuel_per_day"], &ci["calls_per_minute"]),
        (&json!(10), &json!(20))
    );
    let free = keys.iter().find(|key| key["name"] == "test").unwrap();
    assert!(free.get("fuel_per_day").is_none() && free.get("calls_per_minute").is_none());
}
