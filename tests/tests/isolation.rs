//! Faults are contained: what one tenant's guest, engine or client does, no other notices.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use smcp_tests::chore::workerd_memory;
use smcp_tests::http::tool_call;
use smcp_tests::{Stage, Tenant, code, stage};

const GREET: &str = include_str!("../guests/greet.wat");
const SPIN: &str = include_str!("../guests/spin.wat");
const NAP: &str = include_str!("../guests/nap.wat");

/// A platform on which requests may provoke faults.
fn fragile() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| Stage::start(true).unwrap())
}

fn greets(stage: &Stage, tenant: &Tenant) -> bool {
    let answer = stage.call(tenant, "greet").unwrap();
    answer.status == 200 && answer.text().contains("hello")
}

#[test]
fn while_one_call_loops_others_answer_in_the_same_tenant_and_elsewhere() {
    let stage = stage();
    let busy = stage.tenant_with(SPIN).unwrap();
    stage
        .publish(
            &busy,
            "greeter",
            &smcp_tests::guests::package(GREET, "1.0.0").unwrap(),
        )
        .unwrap();
    let other = stage.tenant_with(GREET).unwrap();
    assert!(greets(stage, &other));
    let looping = {
        let busy = busy.clone();
        thread::spawn(move || stage.call(&busy, "spin").unwrap())
    };
    thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    for _ in 0..20 {
        assert!(greets(stage, &other));
        let answer = stage
            .ask(&busy)
            .to(&stage.platform().endpoint(&busy.name, "greeter"))
            .send(tool_call("greet", &json!({})).to_string().as_bytes())
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        if looping.is_finished() {
            break;
        }
    }
    assert!(started.elapsed() < Duration::from_secs(20));
    let ended = looping.join().unwrap();
    assert_eq!(code(&ended).unwrap(), "guest_out_of_fuel");
}

/// Provokes a fault in one tenant while two others have a call pending, one of them as a stream.
fn contained(fault: &str) {
    let stage = fragile();
    let broken = stage.tenant_with(GREET).unwrap();
    let pending = stage.tenant_with(NAP).unwrap();
    let streaming = stage.tenant_with(NAP).unwrap();
    assert!(greets(stage, &broken));
    let calls = [
        (pending, "application/json"),
        (streaming, "text/event-stream"),
    ]
    .map(|(tenant, accept)| {
        thread::spawn(move || {
            let body = tool_call("nap", &json!({})).to_string();
            stage
                .ask(&tenant)
                .header("accept", accept)
                .send(body.as_bytes())
                .unwrap()
        })
    });
    thread::sleep(Duration::from_millis(400));
    let answer = stage
        .ask(&broken)
        .header("x-smcp-provoke", fault)
        .send(b"{}")
        .unwrap();
    assert_eq!(answer.status, 503, "{fault} {}", answer.text());
    assert_eq!(code(&answer).unwrap(), "host_fault");
    assert_eq!(answer.header("retry-after"), "1");
    assert!(greets(stage, &broken), "the next call works");
    for call in calls {
        let answer = call.join().unwrap();
        assert_eq!(answer.status, 200, "{fault} {}", answer.text());
        assert!(
            answer.text().contains("rested"),
            "{fault} {}",
            answer.text()
        );
    }
}

#[test]
fn a_panic_in_an_engine_is_noticed_by_its_tenant_only() {
    contained("engine-panic");
}

#[test]
fn a_stack_overflow_in_an_engine_is_noticed_by_its_tenant_only() {
    contained("engine-stack");
}

#[test]
fn exhausted_memory_in_an_engine_is_noticed_by_its_tenant_only() {
    contained("engine-memory");
}

#[test]
fn after_a_panic_in_the_shell_everyone_is_answered_within_a_second() {
    // A platform of its own: this one disturbs everybody, and says so.
    let stage: &'static Stage = Box::leak(Box::new(Stage::start(true).unwrap()));
    let broken = stage.tenant_with(GREET).unwrap();
    let pending = stage.tenant_with(NAP).unwrap();
    let call = {
        let pending = pending.clone();
        thread::spawn(move || {
            let answer = stage.call(&pending, "nap");
            (Instant::now(), answer)
        })
    };
    thread::sleep(Duration::from_millis(400));
    let provoked = Instant::now();
    let answer = stage
        .ask(&broken)
        .header("x-smcp-provoke", "shell-panic")
        .send(b"{}")
        .unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    let (answered, answer) = call.join().unwrap();
    let answer = answer.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answered.duration_since(provoked) < Duration::from_secs(1));
    assert!(greets(stage, &broken));
    assert_eq!(stage.call(&pending, "nap").unwrap().status, 200);
}

#[test]
fn a_thousand_clients_that_reset_in_mid_call_leave_nothing_behind() {
    let stage = stage();
    let tenant = stage.tenant_with(NAP).unwrap();
    let other = stage.tenant_with(GREET).unwrap();
    let storm = || {
        let threads: Vec<_> = (0..20)
            .map(|_| {
                let tenant = tenant.clone();
                thread::spawn(move || {
                    for _ in 0..25 {
                        let body = tool_call("nap", &json!({})).to_string();
                        let gone = stage
                            .ask(&tenant)
                            .header("accept", "application/json, text/event-stream")
                            .within(Duration::from_millis(60))
                            .send(body.as_bytes());
                        assert!(gone.is_err() || gone.is_ok_and(|answer| answer.status == 429));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        thread::sleep(Duration::from_secs(2));
    };
    storm();
    let before = memory(stage);
    storm();
    let after = memory(stage);
    assert!(after < before + 24 * 1024, "{before} KiB, then {after} KiB");
    assert!(greets(stage, &other));
    assert_eq!(
        stage.call(&tenant, "nap").unwrap().status,
        200,
        "no place is kept by the dead"
    );
}

/// Resident memory of workerd, in KiB.
fn memory(stage: &Stage) -> u64 {
    workerd_memory(stage.platform().pid()).unwrap()
}
