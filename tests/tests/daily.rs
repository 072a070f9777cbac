//! What an object does once a day, on real workerd: woken by its alarm, on a clock that the test moves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use smcp_package::UntrustedPackage;
use smcp_tests::admin::Admin;
use smcp_tests::moved::Moved;
use smcp_tests::{Stage, guests};

const GREET: &str = include_str!("../guests/greet.wat");
/// Whose pairs they are, and how many.
const PAIRS: &str = "kv/guest/";
const EXPIRING: usize = 3_000;
/// More than a day: whatever time it is now, a midnight and an hour are passed.
const A_DAY_AND_MORE: u64 = 30 * 60 * 60 * 1_000;

/// How many heads are kept of the record, and when the last was signed, in days since 1970.
fn heads(admin: &Admin, tenant: &str) -> (usize, u64) {
    let answer = admin.get(&format!("/tenants/{tenant}/audit/heads"));
    let heads = answer.unwrap().json().unwrap()["heads"].clone();
    let heads = heads.as_array().unwrap().clone();
    let last = heads.last().unwrap()["statement"].as_str().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    (heads.len(), last["at"].as_u64().unwrap() / 86_400_000)
}

/// How many pairs are stored, whether or not they can be read.
fn pairs(admin: &Admin, tenant: &str) -> usize {
    let all = Moved::of(admin, tenant).unwrap();
    let items = all.pages.iter().filter_map(|page| page["items"].as_array());
    let mine = |item: &&Value| item["account"] == PAIRS;
    items.flatten().filter(mine).count()
}

#[test]
fn an_alarm_signs_the_head_and_removes_what_nothing_names_though_nobody_calls() {
    let stage = Stage::start(true).unwrap();
    let platform = stage.platform();
    let admin = Admin::new(platform.url(), platform.admin_token());
    let tenant = stage.tenant_with(GREET).unwrap();
    let name = &tenant.name;
    // Brought here with a module that no row names, as a publication leaves one that was cut off.
    let mut all = Moved::of(&admin, name).unwrap();
    let named = all.packages[0].0.clone();
    let cut_off = guests::package(GREET, "9.9.9").unwrap();
    let release = UntrustedPackage::parse(cut_off.clone()).unwrap();
    let release = release.checked_hash().unwrap().to_string();
    all.packages.push((release.clone(), cut_off));
    // And with more that is over in an hour than goes with a few writes.
    let layout = all.pages[0]["layout"].clone();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let expires = now.as_millis() as u64 + 3_600_000;
    let pair = |number: usize| {
        json!({
            "space": "kv/guest/server", "key": format!("key-{number}"), "account": PAIRS,
            "value": "c29tZXRoaW5n", "expires": expires,
        })
    };
    for from in (0..EXPIRING).step_by(500) {
        let items: Vec<_> = (from..from + 500).map(pair).collect();
        all.pages.push(json!({"layout": layout, "items": items}));
    }
    let gone = admin.ask("DELETE", &format!("/tenants/{name}?grace_days=0"));
    assert_eq!(gone.send(b"").unwrap().status, 200);
    all.bring(&admin, name).unwrap();
    let stored = |release: &str| {
        let path = format!("/tenants/{name}/export/{release}");
        admin.get(&path).unwrap().status
    };
    assert_eq!((stored(&named), stored(&release)), (200, 200));
    assert_eq!(pairs(&admin, name), EXPIRING);
    let (_, before) = heads(&admin, name);

    let moved = stage.provoke(&tenant, &format!("move-clock={A_DAY_AND_MORE}"));
    assert_eq!(moved.unwrap().status, 200);
    let until = Instant::now() + Duration::from_secs(30);
    while stored(&release) == 200 {
        assert!(Instant::now() < until, "it is there still");
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(stored(&named), 200, "what a row names stays");
    assert_eq!(stage.call(&tenant, "greet").unwrap().status, 200);
    assert!(heads(&admin, name).1 > before, "it is signed too");
    assert_eq!(pairs(&admin, name), 0, "what is over takes no room");
}
