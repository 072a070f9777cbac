//! Guests that mean harm, or are broken: each ends with the fault that names what it did, whatever
//! its slices, and harms no call but its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod support;

use smcp_capability::call::Request;
use smcp_ids::{Fuel, limits};
use smcp_sandbox::{Bounds, Ended, Entry, Output, Refusal};
use support::{BOUNDS, load, outcome, run, the_next_call_works};

const COMPUTE: &str = guest!("compute");
const ANSWERS: &str = guest!("answers");
const REALLOC: &str = guest!("realloc");
const ASKS: &str = guest!("asks");
const FINE: &str = r#"{"tools":[]}"#;

/// Calls `call-tool` in one slice and in many: both end alike. Then calls an honest guest.
fn call_within(wat: &str, request: &str, bounds: Bounds) -> (Ended, Vec<Request>) {
    let loaded = load(wat);
    let entry = || Entry::CallTool(request.into());
    let whole = run(&loaded, entry(), bounds, u64::MAX);
    let sliced = run(&loaded, entry(), bounds, 977);
    // Compared as text: a request may hold a NaN.
    assert_eq!(format!("{whole:?}"), format!("{sliced:?}"), "{request}");
    the_next_call_works();
    whole
}

#[track_caller]
fn calls_end(wat: &str, cases: &[(&str, &str)]) {
    for (request, expected) in cases {
        let (ended, _) = call_within(wat, request, BOUNDS);
        assert_eq!(outcome(&ended), *expected, "{request}: {ended:?}");
    }
}

// ---- Computing -------------------------------------------------------------------------------

#[test]
fn a_loop_without_end_runs_out_of_fuel() {
    let (ended, _) = call_within(COMPUTE, "a", BOUNDS);
    assert_eq!(outcome(&ended), "guest_out_of_fuel");
    // All of it is used, but for what the next operators would have cost.
    assert!(ended.fuel > Fuel(BOUNDS.fuel.0 - 20), "{:?}", ended.fuel);
}

#[test]
fn recursion_without_end_overflows_the_stack() {
    calls_end(
        COMPUTE,
        &[("b", "guest_stack_overflow"), ("d", "guest_stack_overflow")],
    );
}

#[test]
fn deep_but_legal_recursion_returns() {
    calls_end(COMPUTE, &[("c", FINE)]);
}

#[test]
fn memory_grows_to_its_limit_and_no_further() {
    let pages = 20;
    for memory in [pages * 65_536, pages * 65_536 + 65_535] {
        let (ended, _) = call_within(COMPUTE, "e", Bounds { memory, ..BOUNDS });
        assert_eq!(outcome(&ended), FINE);
        assert_eq!(ended.memory, pages * 65_536);
    }
}

#[test]
fn growing_is_paid_for_by_the_bytes() {
    let (ended, _) = call_within(COMPUTE, "e", BOUNDS);
    assert_eq!(ended.memory, limits::MEMORY_MAX);
    assert!(ended.fuel >= Fuel((limits::MEMORY_MAX as u64 - 65_536) / 64));
    let fuel = Fuel(ended.fuel.0 / 2);
    let (ended, _) = call_within(COMPUTE, "e", Bounds { fuel, ..BOUNDS });
    assert_eq!(outcome(&ended), "guest_out_of_fuel");
}

#[test]
fn a_million_refused_growths_cost_fuel_and_nothing_else() {
    let (ended, _) = call_within(COMPUTE, "f", BOUNDS);
    assert_eq!(outcome(&ended), FINE);
    assert_eq!(ended.memory, 65_536);
    assert!(ended.fuel >= Fuel(32_000_000), "{:?}", ended.fuel);
}

#[test]
fn a_panic_is_told_from_other_traps() {
    calls_end(COMPUTE, &[("g", "guest_panicked")]);
}

#[test]
fn arithmetic_that_has_no_result_traps() {
    let trapped = "guest_trapped";
    calls_end(
        COMPUTE,
        &[
            ("h", trapped),
            ("i", trapped),
            ("j", trapped),
            ("k", trapped),
            ("s", FINE),
        ],
    );
}

#[test]
fn indirect_calls_of_nothing_or_of_another_type_trap() {
    let trapped = "guest_trapped";
    calls_end(
        COMPUTE,
        &[
            ("l", trapped),
            ("m", trapped),
            ("n", trapped),
            ("{", trapped),
        ],
    );
}

#[test]
fn nothing_outside_memory_or_table_can_be_touched() {
    let trapped = "guest_trapped";
    calls_end(
        COMPUTE,
        &[
            ("o", trapped),
            ("p", trapped),
            ("q", trapped),
            ("r", trapped),
        ],
    );
}

#[test]
fn the_largest_branch_table_takes_every_way() {
    calls_end(guest!("br-table"), &[("{}", "{}")]);
}

#[test]
fn bulk_operations_go_on_where_a_slice_cut_them() {
    calls_end(guest!("bulk"), &[("{}", "{}")]);
}

// ---- Returning -------------------------------------------------------------------------------

#[test]
fn results_outside_memory_are_refused() {
    let bad = "guest_bad_pointer";
    calls_end(
        ANSWERS,
        &[
            ("a", bad),
            ("b", bad),
            ("c", bad),
            ("d", bad),
            ("e", bad),
            ("f", bad),
            ("g", bad),
            ("q", bad),
            ("r", bad),
        ],
    );
}

#[test]
fn results_at_the_very_edge_of_memory_are_read() {
    calls_end(ANSWERS, &[("s", FINE), ("t", ""), ("u", FINE)]);
}

#[test]
fn output_over_the_limit_is_refused_before_it_is_looked_at() {
    let memory = 8 << 20;
    for request in ["h", "i", "v"] {
        for memory in [BOUNDS.memory, memory] {
            let (ended, _) = call_within(ANSWERS, request, Bounds { memory, ..BOUNDS });
            assert_eq!(outcome(&ended), "guest_output_too_large", "{request}");
        }
    }
}

#[test]
fn output_up_to_the_limit_is_returned() {
    let text = "x".repeat(limits::OUTPUT_MAX);
    let (ended, _) = call_within(guest!("echo"), &text, BOUNDS);
    assert_eq!(ended.result, Ok(Output::Text(text)));
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    calls_end(ANSWERS, &[("j", "guest_not_utf8"), ("k", "guest_not_utf8")]);
}

#[test]
fn text_that_is_not_json_is_passed_on() {
    calls_end(ANSWERS, &[("l", r#"{"tools":"#)]);
}

#[test]
fn discriminants_that_stand_for_nothing_are_refused() {
    let bad = "guest_bad_discriminant";
    calls_end(ANSWERS, &[("m", bad), ("p", bad)]);
}

#[test]
fn refusals_are_read_whatever_the_padding_holds() {
    for (request, data) in [("n", Some(FINE.to_owned())), ("o", None)] {
        let (ended, _) = call_within(ANSWERS, request, BOUNDS);
        let refusal = Refusal {
            code: -32_602,
            message: "{\"to".into(),
            data,
        };
        assert_eq!(ended.result, Ok(Output::Refused(refusal)));
    }
}

// ---- Reallocating ----------------------------------------------------------------------------

/// The end of a call whose argument makes `cabi_realloc` misbehave, and of one whose answer does.
#[track_caller]
fn reallocating_ends(act: usize, placing_argument: &str, placing_answer: &str) {
    let argument = "x".repeat(act);
    let answer = format!("{act}{}", "x".repeat(16));
    for (request, expected) in [(argument, placing_argument), (answer, placing_answer)] {
        let (ended, _) = call_within(REALLOC, &request, BOUNDS);
        let expected = if expected.is_empty() {
            &request
        } else {
            expected
        };
        assert_eq!(outcome(&ended), expected, "{request}");
    }
}

#[test]
fn growing_while_reallocating_is_allowed() {
    reallocating_ends(1, "", "");
}

#[test]
fn looping_while_reallocating_runs_out_of_fuel() {
    reallocating_ends(2, "guest_out_of_fuel", "guest_out_of_fuel");
}

#[test]
fn an_import_while_reallocating_is_refused() {
    let refused = "guest_import_while_reallocating";
    reallocating_ends(3, refused, refused);
}

#[test]
fn null_is_an_address_like_any_other() {
    reallocating_ends(4, "", "");
}

#[test]
fn odd_addresses_serve_for_text_and_for_nothing_else() {
    reallocating_ends(5, "", "");
    calls_end(guest!("realloc-odd"), &[("{}", "guest_bad_pointer")]);
}

#[test]
fn addresses_outside_memory_are_refused() {
    let bad = "guest_bad_pointer";
    reallocating_ends(6, bad, bad);
    reallocating_ends(7, bad, bad);
}

#[test]
fn a_panic_while_reallocating_is_a_panic() {
    reallocating_ends(8, "guest_panicked", "guest_panicked");
}

#[test]
fn reallocating_for_long_goes_on_where_a_slice_cut_it() {
    reallocating_ends(9, "", "");
}

// ---- Asking ----------------------------------------------------------------------------------

#[test]
fn random_is_limited() {
    let large = "guest_argument_too_large";
    calls_end(
        ASKS,
        &[("a", large), ("b", large), ("c", FINE), ("d", FINE)],
    );
}

#[test]
fn answers_go_nowhere_but_into_memory() {
    let bad = "guest_bad_pointer";
    calls_end(ASKS, &[("e", bad), ("f", bad), ("g", bad), ("h", bad)]);
}

#[test]
fn log_is_limited_and_checked() {
    let discriminant = "guest_bad_discriminant";
    calls_end(
        ASKS,
        &[
            ("i", "guest_argument_too_large"),
            ("j", "guest_bad_pointer"),
            ("k", "guest_bad_pointer"),
            ("l", "guest_not_utf8"),
            ("m", discriminant),
            ("n", discriminant),
            ("o", discriminant),
            ("p", "guest_bad_pointer"),
            ("q", FINE),
        ],
    );
}

#[test]
fn progress_is_checked() {
    let discriminant = "guest_bad_discriminant";
    calls_end(
        ASKS,
        &[("r", discriminant), ("s", discriminant), ("t", FINE)],
    );
}

#[test]
fn sleep_is_cut_to_its_limit() {
    let (ended, requests) = call_within(ASKS, "u", BOUNDS);
    assert_eq!(outcome(&ended), FINE);
    assert_eq!(requests, [Request::Sleep(limits::SLEEP_MAX_MILLIS)]);
}

#[test]
fn imports_are_asked_from_anywhere() {
    for (request, asked) in [("v", 2), ("w", 1_000), ("x", 600)] {
        let (ended, requests) = call_within(ASKS, request, BOUNDS);
        assert_eq!(outcome(&ended), FINE);
        assert_eq!(requests.len(), asked);
    }
}

// ---- Describing, instantiating ---------------------------------------------------------------

#[test]
fn describe_is_bounded_like_a_call_and_may_ask_nothing() {
    let bounds = Bounds {
        fuel: Fuel(limits::DESCRIBE_FUEL),
        output: limits::CATALOGUE_MAX,
        ..BOUNDS
    };
    for (wat, expected) in [
        (guest!("describe-asks"), "guest_import_in_describe"),
        (guest!("describe-loops"), "guest_out_of_fuel"),
        (guest!("describe-large"), "guest_output_too_large"),
        (guest!("describe-outside"), "guest_bad_pointer"),
    ] {
        let (ended, requests) = run(&load(wat), Entry::Describe, bounds, 1_000);
        assert_eq!((outcome(&ended), requests.len()), (expected, 0));
        the_next_call_works();
    }
}

#[test]
fn segments_that_do_not_fit_are_the_guests_fault() {
    for (wat, what) in [
        (guest!("data-outside"), "memory"),
        (guest!("elements-outside"), "table"),
    ] {
        let (ended, _) = call_within(wat, "{}", BOUNDS);
        assert_eq!(outcome(&ended), "guest_trapped");
        let fault = ended.result.unwrap_err().to_string();
        assert!(fault.contains(what), "{fault}");
    }
}

#[test]
fn the_largest_declared_maximum_does_not_forbid_growing() {
    calls_end(guest!("maximum"), &[("{}", "{}")]);
}
