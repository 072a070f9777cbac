//! Drivers that err: the sandbox answers with a fault of the host, and never panics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod support;

use smcp_capability::call::Answer;
use smcp_ids::Fuel;
use smcp_sandbox::{Bounds, Ended, Entry, Execution, Stop};
use support::{BOUNDS, load, outcome, run, the_next_call_works};

/// A call that has asked for the four random bytes of its request.
fn asking() -> Execution {
    let loaded = load(guest!("realloc"));
    let request = format!("4{}", "x".repeat(16));
    let mut execution = Execution::start(&loaded, Entry::CallTool(request), BOUNDS).unwrap();
    assert!(matches!(execution.step(BOUNDS.fuel), Stop::Asks(_)));
    execution
}

fn ended(execution: &mut Execution) -> Ended {
    match execution.step(BOUNDS.fuel) {
        Stop::Ended(ended) => ended,
        other => panic!("{other:?}"),
    }
}

#[test]
fn stepping_without_an_answer_is_the_hosts_fault() {
    assert_eq!(outcome(&ended(&mut asking())), "host_fault");
}

#[test]
fn an_answer_to_another_request_is_the_hosts_fault() {
    for answer in [Answer::Done, Answer::Bytes(vec![0; 3])] {
        let mut execution = asking();
        execution.answer(&answer);
        assert_eq!(outcome(&ended(&mut execution)), "host_fault");
    }
}

#[test]
fn a_call_that_is_over_stays_over() {
    let mut execution = asking();
    execution.answer(&Answer::Bytes(vec![1; 4]));
    assert!(ended(&mut execution).result.is_ok());
    execution.answer(&Answer::Done);
    assert_eq!(outcome(&ended(&mut execution)), "host_fault");
}

#[test]
fn less_memory_than_the_module_starts_with_is_the_hosts_fault() {
    let bounds = Bounds {
        memory: 65_536,
        ..BOUNDS
    };
    let entry = Entry::CallTool("{}".into());
    let (ended, _) = run(&load(guest!("realloc")), entry, bounds, 1_000);
    assert_eq!(outcome(&ended), "host_out_of_memory");
    the_next_call_works();
}

#[test]
fn a_slice_of_nothing_still_goes_on() {
    let entry = Entry::CallTool("{}".into());
    let mut execution = Execution::start(&load(guest!("echo")), entry, BOUNDS).unwrap();
    let mut steps = 0;
    while execution.step(Fuel(0)) == Stop::Yields {
        steps += 1;
        assert!(steps < 1_000, "it stands still");
    }
    assert!(execution.fuel_used() > Fuel(0));
}
