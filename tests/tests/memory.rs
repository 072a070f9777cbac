//! Tenants share the memory of an isolate: together they cannot take more than it has, and who finds none
//! waits, or is told to come again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use smcp_ids::limits;
use smcp_tests::http::Answer;
use smcp_tests::{Stage, Tenant, code};

const GREET: &str = include_str!("../guests/greet.wat");
const NAP: &str = include_str!("../guests/nap.wat");
/// More calls than there is memory for, in each of two tenants.
const CALLS_EACH: usize = 6;

/// A platform on which requests may provoke faults.
fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| Stage::start(true).unwrap())
}

/// These tests fill the isolate: one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A tenant with a guest that takes all the memory it may, and sleeps so long.
fn sleeper(millis: u32) -> Tenant {
    let grows = "(drop (memory.grow (i32.const 63)))
        (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (i32.const 1))
        (call $sleep (i32.const 1500))";
    let guest = NAP
        .replace("(call $sleep (i32.const 1500))", grows)
        .replace("1500", &millis.to_string());
    stage().tenant_with(&guest).unwrap()
}

fn nap(tenant: &Tenant) -> (Duration, Answer) {
    let begun = Instant::now();
    let answer = stage().call(tenant, "nap").unwrap();
    (begun.elapsed(), answer)
}

/// Calls of both tenants, all at once; `meanwhile` runs when they sleep.
fn crowd(tenants: &[Tenant; 2], meanwhile: impl FnOnce()) -> Vec<(Duration, Answer)> {
    let all = tenants.iter().cycle().take(2 * CALLS_EACH).cloned();
    let calls: Vec<_> = all
        .map(|tenant| thread::spawn(move || nap(&tenant)))
        .collect();
    thread::sleep(Duration::from_millis(700));
    meanwhile();
    calls.into_iter().map(|call| call.join().unwrap()).collect()
}

/// Asks for next to nothing, in so many bytes.
fn ping(tenant: &Tenant, length: usize) -> (Duration, Answer) {
    let padding = "x".repeat(length);
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"_meta": {"padding": padding}},
    });
    let begun = Instant::now();
    let answer = stage().post(tenant, &body).unwrap();
    (begun.elapsed(), answer)
}

#[test]
fn calls_of_two_tenants_that_are_too_many_together_wait_for_each_other() {
    let _alone = alone();
    let tenants = [sleeper(3_000), sleeper(3_000)];
    let other = stage().tenant_with(GREET).unwrap();
    assert_eq!(stage().call(&other, "greet").unwrap().status, 200);
    let calls = crowd(&tenants, || {
        // Who needs memory for one slice only is not kept waiting by those who sleep.
        let begun = Instant::now();
        let answer = stage().call(&other, "greet").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(begun.elapsed() < Duration::from_secs(1));
        // A large body has to be somewhere while it is read.
        let (waited, answer) = ping(&other, limits::MCP_BODY_MAX - 1_024);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(waited > Duration::from_secs(1), "{waited:?}");
        assert!(ping(&other, 1_024).0 < Duration::from_secs(1));
    });
    for (_, answer) in &calls {
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("rested"), "{}", answer.text());
    }
    let at_once = limits::ISOLATE_MEMORY_MAX / (limits::MEMORY_MAX * limits::GUEST_MEMORY_FACTOR);
    let waited = calls
        .iter()
        .filter(|(elapsed, _)| *elapsed >= Duration::from_millis(5_500));
    let waited = waited.count();
    assert!(waited >= calls.len() - at_once, "{waited} have waited");
}

#[test]
fn who_waits_too_long_for_memory_is_told_to_come_again_and_then_all_is_well() {
    let _alone = alone();
    let millis = u32::try_from(limits::ROOM_WAIT_MILLIS).unwrap() + 4_000;
    let tenants = [sleeper(millis), sleeper(millis)];
    let calls = crowd(&tenants, || {});
    let (served, refused): (Vec<_>, Vec<_>) = calls
        .into_iter()
        .map(|(_, answer)| answer)
        .partition(|answer| answer.status == 200);
    let counts = (served.len(), refused.len());
    assert!(counts.0 >= 4 && counts.1 >= 4, "{counts:?}");
    for answer in refused {
        assert_eq!(answer.status, 429, "{}", answer.text());
        assert_eq!(code(&answer).unwrap(), "busy");
        assert_eq!(answer.header("retry-after"), "1");
    }
    // Nobody's engine had to end for it, and no memory is kept by those who are done.
    let tenants = [sleeper(100), sleeper(100)];
    for _ in 0..4 {
        for (elapsed, answer) in crowd(&tenants, || {}) {
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
        }
    }
}

#[test]
fn an_engine_that_fails_leaves_no_memory_charged() {
    let _alone = alone();
    let tenant = sleeper(20_000);
    let calls: Vec<_> = (0..CALLS_EACH)
        .map(|_| {
            let tenant = tenant.clone();
            thread::spawn(move || nap(&tenant).1.status)
        })
        .collect();
    thread::sleep(Duration::from_millis(1_500));
    let failed = stage().provoke(&tenant, "engine-panic").unwrap();
    assert_eq!(failed.status, 503);
    for call in calls {
        assert_eq!(call.join().unwrap(), 503);
    }
    let tenants = [sleeper(1_000), sleeper(1_000)];
    for tenant in &tenants {
        assert_eq!(nap(tenant).1.status, 200);
    }
    let took: Vec<_> = crowd(&tenants, || {})
        .into_iter()
        .map(|(took, answer)| (took, answer.status))
        .collect();
    let at_once = |(took, status): &&(Duration, u16)| *status == 200 && took.as_millis() < 1_900;
    assert!(took.iter().filter(at_once).count() >= 6, "{took:?}");
}
