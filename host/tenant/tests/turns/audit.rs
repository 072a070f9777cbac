//! The chain of what was done: it has what happened, in its order, and nothing secret; it is there exactly if what it says
//! was done; and whatever is done to it in storage is found.

use crate::browser::*;
use crate::kv_world::{Kv, Running};
use crate::world::{World, tool_call};
use serde_json::{Value, json};
use smcp_capability::turn::Effect;
use smcp_ids::limits;
use smcp_tenant::audit::{HEAD_DOMAIN, Head, SignedHead, verify};

const TOOL: &str = include_str!("../../../../tests/guests/greet.wat");

fn page(world: &mut World, path: &str) -> (Vec<String>, Head) {
    let read = world.admin("GET", path, Value::Null);
    assert_eq!(read.status(), 200, "{}", read.text());
    let read = read.json();
    let entries = serde_json::from_value(read["entries"].clone()).unwrap();
    (
        entries,
        serde_json::from_value(read["head"].clone()).unwrap(),
    )
}

/// All entries of acme, which must be one whole chain up to its head.
fn entries(world: &mut World) -> Vec<Value> {
    let (mut texts, mut after) = (Vec::new(), 0);
    let head = loop {
        let (more, head) = page(world, &format!("/tenants/acme/audit?after={after}"));
        after += more.len() as u64;
        let is_last = more.is_empty();
        texts.extend(more);
        if is_last {
            break head;
        }
    };
    let verified = verify(texts.iter().map(String::as_str), Some(&head)).unwrap();
    assert_eq!(verified.unwrap().of, "tenant:acme");
    texts
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

/// What was done, by whom, and what came of it.
fn told(entries: &[Value]) -> Vec<String> {
    let told = entries.iter().map(|entry| {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        let by = text("by").split(':').next().unwrap().to_owned();
        format!("{by} {} {}", text("did"), text("came"))
    });
    told.collect()
}

#[test]
fn everything_that_an_admin_or_a_person_does_is_there_and_nothing_secret_is() {
    let mut world = World::new();
    world.acme(TOOL);
    let (_, access_code) = world.member(json!({"name": "Ada"}));
    let secret = json!({"value": "hunter2-hunter2", "hosts": ["api.example.com"]});
    let path = "/tenants/acme/servers/hello/secrets/TOKEN";
    assert_eq!(world.admin("PUT", path, secret).status(), 200);
    let client = world.register();
    let tokens = world.connect(&client, &access_code);
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        world
            .call(&token, &tool_call(1, "greet", json!({})))
            .status(),
        200
    );
    let revocation = [("client_id", client.as_str()), ("token", token.as_str())];
    assert_eq!(
        world
            .anonymous(OBJECT, "POST", "/revoke", &form(&revocation))
            .status(),
        200
    );
    // What is wrong changes nothing, and is no entry.
    assert_eq!(
        world
            .admin("PUT", "/tenants/acme/limits", json!({"x": 1}))
            .status(),
        400
    );
    let entries = entries(&mut world);
    let told = told(&entries);
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    for step in [
        "admin OpenTenant done",
        "admin TrustPublisher done",
        "admin Publish done",
        "admin CreateKey done",
        "admin InviteMember done",
        "member AcceptInvitation done",
        "admin SetSecret done",
        "member Connect done",
        "member Revoke done",
    ] {
        assert!(told.contains(&step), "{step}: {told:?}");
    }
    assert_eq!(told.last(), Some(&"member Revoke done"));
    let all = serde_json::to_string(&entries).unwrap();
    for secret in ["hunter2", &access_code, &token, "smcp_acme_"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    // One request is one name.
    let mut requests: Vec<_> = entries
        .iter()
        .map(|entry| entry["request"].as_str())
        .collect();
    requests.sort_unstable();
    requests.dedup();
    assert_eq!(requests.len(), entries.len());
}

#[test]
fn what_a_key_may_not_do_is_there_but_not_without_end() {
    let mut world = World::new();
    world.acme(TOOL);
    let key = world.key("acme", json!({"scopes": "audit"}));
    let before = entries(&mut world).len();
    for _ in 0..3 * limits::REFUSALS_EACH {
        let frame = world.frame("POST", "/admin/v1/tenants/acme/keys", &key, b"{}".to_vec());
        assert_eq!(world.send(OBJECT, frame).status(), 403);
    }
    let entries = entries(&mut world);
    assert_eq!(entries.len() - before, limits::REFUSALS_EACH as usize);
    assert_eq!(
        told(&entries).last().unwrap(),
        "key CreateKey insufficient_scope"
    );
    // And it may read this.
    let frame = world.frame(
        "GET",
        "/admin/v1/tenants/acme/audit?limit=1",
        &key,
        Vec::new(),
    );
    assert_eq!(
        world.send(OBJECT, frame).json()["entries"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn somebody_who_has_what_is_good_once_leaves_a_trace() {
    let mut world = World::new();
    world.acme(TOOL);
    let (_, access_code) = world.member(json!({"name": "Ada"}));
    let client = world.register();
    let sent = world.agree(&authorization(&client), &access_code);
    let code = parameter(&location(&sent), "code").unwrap();
    assert_eq!(world.token(&exchange(&client, &code)).status(), 200);
    assert_eq!(world.token(&exchange(&client, &code)).status(), 400);
    let told = told(&entries(&mut world));
    assert_eq!(told.last().unwrap(), "anybody UseCodeAgain invalid_grant");
}

/// A transaction that is lost takes its entry with it; one that is made leaves both.
#[test]
fn an_entry_is_there_exactly_if_what_it_says_was_done() {
    let mut world = World::new();
    world.acme(TOOL);
    let before = entries(&mut world).len();
    for performed in [false, true] {
        let body = json!({"calls_per_minute": 9}).to_string().into_bytes();
        let frame = world.frame(
            "PUT",
            "/admin/v1/tenants/acme/limits",
            crate::world::ADMIN,
            body,
        );
        let turn = world.begin(OBJECT, frame);
        let mut answer = None;
        loop {
            match world.step(OBJECT, turn, answer.take()) {
                smcp_capability::turn::Step::Need(Effect::Transact(_)) if !performed => break,
                smcp_capability::turn::Step::Need(effect) => {
                    answer = Some(world.perform(OBJECT, effect));
                }
                _ => break,
            }
        }
        // Killed there: what is in memory is gone.
        world = world.stored().wake();
        let limits = world
            .admin("GET", "/tenants/acme/limits", Value::Null)
            .json();
        let entries = entries(&mut world);
        assert_eq!(limits["calls_per_minute"].is_u64(), performed);
        assert_eq!(entries.len(), before + usize::from(performed));
    }
}

#[test]
fn a_head_is_signed_when_asked_for_and_once_a_day_on_which_something_was_done() {
    let mut world = World::new();
    world.acme(TOOL);
    let heads = |world: &mut World| -> Vec<SignedHead> {
        let listed = world
            .admin("GET", "/tenants/acme/audit/heads", Value::Null)
            .json();
        serde_json::from_value(listed["heads"].clone()).unwrap()
    };
    let change = |world: &mut World| {
        assert_eq!(
            world
                .admin("PUT", "/tenants/acme/limits", json!({}))
                .status(),
            200
        );
    };
    assert_eq!(heads(&mut world).len(), 1);
    change(&mut world);
    assert_eq!(heads(&mut world).len(), 1, "on the same day");
    world.pass(3.0 * 86_400_000.0);
    assert_eq!(heads(&mut world).len(), 1, "nothing was done");
    change(&mut world);
    let kept = heads(&mut world);
    assert_eq!(kept.len(), 2);
    let shown = world
        .admin("GET", "/tenants/acme/audit/head", Value::Null)
        .json();
    let shown: SignedHead = serde_json::from_value(shown).unwrap();
    let master = World::master();
    let keys = master.receipt_keys();
    for signed in kept.iter().chain([&shown]) {
        let body = format!("{HEAD_DOMAIN}{}", signed.statement);
        let signature = hex::decode(&signed.signature).unwrap().try_into().unwrap();
        let holds = |object: &str| {
            smcp_crypto::verify_receipt(&keys[0], object, body.as_bytes(), &signature).is_ok()
        };
        assert!(holds("tenant:acme") && !holds("tenant:other"));
        let head: Head = serde_json::from_str(&signed.statement).unwrap();
        let (texts, _) = page(&mut world, "/tenants/acme/audit");
        assert!(verify(texts.iter().map(String::as_str), Some(&head)).is_ok());
    }
}

#[test]
fn what_was_taken_out_of_storage_or_put_back_is_found() {
    let mut world = World::new();
    world.acme(TOOL);
    let (texts, head) = page(&mut world, "/tenants/acme/audit");
    assert!(texts.len() > 3);
    for (name, forged) in [
        ("the last one", texts[..texts.len() - 1].to_vec()),
        ("one in the middle", [&texts[..1], &texts[2..]].concat()),
        ("all of them", Vec::new()),
    ] {
        let found = verify(forged.iter().map(String::as_str), Some(&head));
        assert!(found.is_err(), "{name}");
    }
}

#[test]
fn an_entry_goes_when_it_is_too_old_and_the_chain_goes_on() {
    let mut world = World::new();
    world.acme(TOOL);
    let first = entries(&mut world).len() as u64;
    world.pass(f64::from(limits::AUDIT_DAYS) * 86_400_000.0);
    assert_eq!(
        world
            .admin("PUT", "/tenants/acme/limits", json!({}))
            .status(),
        200
    );
    let (texts, head) = page(&mut world, "/tenants/acme/audit");
    let verified = verify(texts.iter().map(String::as_str), Some(&head))
        .unwrap()
        .unwrap();
    assert_eq!((verified.first, texts.len()), (first + 1, 1));
}

#[test]
fn the_platforms_own_chain_has_its_tenants() {
    let mut world = World::new();
    world.acme(TOOL);
    assert_eq!(
        world
            .admin("DELETE", "/tenants/acme?grace_days=0", Value::Null)
            .status(),
        200
    );
    let (texts, head) = page(&mut world, "/audit");
    let verified = verify(texts.iter().map(String::as_str), Some(&head))
        .unwrap()
        .unwrap();
    assert_eq!(verified.of, "platform");
    let entries: Vec<Value> = texts
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    assert_eq!(
        told(&entries),
        ["admin CreateTenant done", "admin DeleteTenant done"]
    );
}

const SETTINGS: &str = "/tenants/acme/audit/settings";
const DAY: f64 = 24.0 * 3_600_000.0;

/// What was done to what, and what came of it, of entries that are not the admin's.
fn of_callers(entries: &[Value]) -> Vec<String> {
    let of_callers = entries.iter().filter(|entry| entry["by"] != "admin");
    let told = of_callers.map(|entry| {
        let text = |name: &str| entry[name].as_str().unwrap();
        format!("{} {} {}", text("did"), text("to"), text("came"))
    });
    told.collect()
}

#[test]
fn with_the_setting_each_call_is_an_entry_and_without_it_none_is() {
    let mut kv = Kv::new();
    kv.run("sax");
    let set = json!({"keep_days": 400, "calls": true});
    let answer = kv.world.admin("PUT", SETTINGS, set.clone());
    assert_eq!((answer.status(), answer.json()), (200, set));
    kv.world.evict();
    assert_eq!(kv.run("ga"), "x");
    kv.call("u");
    kv.call_tool("nothing", "");
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    let key = kv.key.clone();
    assert_eq!(kv.world.call(&key, &list).status(), 200);
    let found = entries(&mut kv.world);
    assert_eq!(
        of_callers(&found),
        [
            "CallTool /servers/hello/run done",
            "CallTool /servers/hello/run guest_panicked",
            "CallTool /servers/hello unknown_tool",
        ]
    );
    let last = found.iter().rev().find(|entry| entry["by"] != "admin");
    assert!(last.unwrap()["by"].as_str().unwrap().starts_with("key:"));
    assert!(found.iter().all(|entry| entry["before"].is_string()));
    let off = json!({"keep_days": 400, "calls": false});
    assert_eq!(kv.world.admin("PUT", SETTINGS, off).status(), 200);
    kv.run("ga");
    assert_eq!(of_callers(&entries(&mut kv.world)).len(), 3);
}

#[test]
fn a_call_whose_client_has_gone_is_written_down_with_what_is_next() {
    let mut kv = Kv::new();
    let set = json!({"keep_days": 400, "calls": true});
    assert_eq!(kv.world.admin("PUT", SETTINGS, set).status(), 200);
    let frame = kv.frame("saxz", None);
    let turn = kv.world.begin(OBJECT, frame);
    assert!(Running::new(turn).advance(&mut kv.world).is_none());
    kv.world.cancel(OBJECT, turn);
    crate::counted::store(&mut kv.world, 0.0);
    // It is there though the object sleeps.
    kv.world.evict();
    let found = of_callers(&entries(&mut kv.world));
    assert_eq!(found, ["CallTool /servers/hello/run cancelled"]);
}

#[test]
fn what_a_guest_or_a_caller_is_denied_is_there_but_not_without_end() {
    let mut kv = Kv::new();
    let narrow = json!({"name": "narrow", "scopes": "mcp/hello/look"});
    let narrow = kv.world.key("acme", narrow);
    kv.run("w");
    for _ in 0..2 * limits::REFUSALS_EACH {
        kv.run_as(&narrow, "ga");
    }
    let found = of_callers(&entries(&mut kv.world));
    assert_eq!(found[0], "CallTool /servers/hello/run http_denied");
    assert_eq!(found[1], "CallTool /servers/hello insufficient_scope");
    assert_eq!(found.len(), 1 + limits::REFUSALS_EACH as usize);
}

#[test]
fn entries_are_kept_as_long_as_the_admin_says_and_no_setting_is_none() {
    let mut world = World::new();
    world.acme(TOOL);
    for days in [0, limits::AUDIT_DAYS_MIN - 1, limits::AUDIT_DAYS_MAX + 1] {
        let refused = world.admin("PUT", SETTINGS, json!({"keep_days": days, "calls": false}));
        assert_eq!(refused.status(), 400, "{days}");
    }
    let before = entries(&mut world).len();
    let set = json!({"keep_days": limits::AUDIT_DAYS_MIN, "calls": false});
    assert_eq!(world.admin("PUT", SETTINGS, set.clone()).status(), 200);
    world.key("acme", json!({"name": "another"}));
    // What was written before is kept for as long as was said then; the change itself for as long as it says.
    world.pass(f64::from(limits::AUDIT_DAYS_MIN + 1) * DAY);
    let (texts, _) = page(&mut world, "/tenants/acme/audit");
    assert_eq!(texts.len(), before);
    world.pass(f64::from(limits::AUDIT_DAYS) * DAY);
    let (texts, head) = page(&mut world, "/tenants/acme/audit");
    assert_eq!(texts.len(), 0);
    assert_eq!(head.number as usize, before + 2);
    assert_eq!(world.admin("GET", SETTINGS, Value::Null).json(), set);
}
