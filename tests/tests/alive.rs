//! A stream shows that it is alive, and on time, while others compute without end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use smcp_ids::limits;
use smcp_tests::http::tool_call;
use smcp_tests::{Tenant, guests, stage};

const NAP: &str = include_str!("../guests/nap.wat");
const SPIN: &str = include_str!("../guests/spin.wat");
/// How late a comment may be.
const LATE: Duration = Duration::from_secs(1);
/// Calls of the caller who wants more than there are places.
const HEAVY: usize = 8;

/// Calls what never ends by itself, again and again.
fn keep_busy(caller: &Tenant, over: &AtomicBool, ended: &AtomicUsize) {
    while !over.load(Ordering::Relaxed) {
        let answer = stage().call(caller, "spin").unwrap();
        if answer.status == 200 {
            assert!(answer.text().contains("guest_"), "{}", answer.text());
            ended.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// When lines of a sleeping call's stream came that say nothing but that it is alive, after the first.
fn comments(sleeper: &Tenant) -> Vec<Duration> {
    let mut open = stage()
        .ask(sleeper)
        .to(&stage().platform().endpoint(&sleeper.name, "nap"))
        .header("accept", "application/json, text/event-stream")
        .open(tool_call("nap", &json!({})).to_string().as_bytes())
        .unwrap();
    assert_eq!(open.head.header("content-type"), "text/event-stream");
    let mut first = None;
    let mut all = Vec::new();
    loop {
        let line = open.line().unwrap();
        if line == ":" {
            all.push(first.get_or_insert_with(Instant::now).elapsed());
        } else if line.starts_with("data: ") {
            assert!(line.contains("rested"), "{line}");
            return all;
        }
    }
}

#[test]
fn a_stream_is_kept_alive_on_time_beside_calls_that_compute_without_end() {
    let looping = stage().tenant_with(SPIN).unwrap();
    let every = Duration::from_millis(limits::KEEP_ALIVE_MILLIS);
    let sleeps = NAP.replace("1500", &(limits::KEEP_ALIVE_MILLIS + 3_000).to_string());
    let nap = guests::package(&sleeps, "1.0.0").unwrap();
    assert_eq!(stage().publish(&looping, "nap", &nap).unwrap().status, 201);
    let another = || Tenant {
        key: stage().platform().key(&looping.name).unwrap(),
        ..looping.clone()
    };
    let (heavy, sleeper) = (another(), another());
    let over = AtomicBool::new(false);
    let ended = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let came = thread::scope(|scope| {
        let stream = scope.spawn(|| comments(&sleeper));
        thread::sleep(Duration::from_millis(500));
        scope.spawn(|| keep_busy(&looping, &over, &ended[0]));
        for _ in 0..HEAVY {
            scope.spawn(|| keep_busy(&heavy, &over, &ended[1]));
        }
        let came = stream.join();
        over.store(true, Ordering::Relaxed);
        came.unwrap()
    });
    let later: Vec<_> = came.iter().filter(|at| **at > LATE).collect();
    assert_eq!(later.len(), 1, "{came:?}");
    assert!(
        *later[0] + LATE > every && *later[0] < every + LATE,
        "{came:?}"
    );
    // They were not idle meanwhile.
    for ended in ended {
        assert!(ended.into_inner() > 0);
    }
}
