//! Guests that mean harm, or are broken, on real workerd: the caller is told what happened, the
//! neighbours notice nothing, and the next call works.
//!
//! The guests are those of `tests/guests`, each of which can do many things. Here one of them is
//! chosen beforehand, since a request over HTTP does not begin with a letter of one's choice. What
//! the same guests do natively, sliced in every way, is tested beside the sandbox.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::OnceLock;

use smcp_tests::http::tool_call;
use smcp_tests::{Tenant, code, guests, stage};

const GREET: &str = include_str!("../guests/greet.wat");
const ANSWERS: &str = include_str!("../guests/answers.wat");
const ASKS: &str = include_str!("../guests/asks.wat");
const COMPUTE: &str = include_str!("../guests/compute.wat");
const REALLOC: &str = include_str!("../guests/realloc.wat");

/// The neighbour: a tenant that does no harm.
fn neighbour() -> &'static Tenant {
    static TENANT: OnceLock<Tenant> = OnceLock::new();
    TENANT.get_or_init(|| stage().tenant_with(GREET).unwrap())
}

#[track_caller]
fn ends(wat: &str, act: i32, expected: &str) {
    let tenant = stage().tenant_with(GREET).unwrap();
    let package = guests::acting(wat, act, "1.0.0").unwrap();
    let published = stage().publish(&tenant, "hostile", &package).unwrap();
    assert_eq!(published.status, 201, "{}", published.text());
    let hostile = stage().platform().endpoint(&tenant.name, "hostile");
    for _ in 0..2 {
        let answer = stage()
            .ask(&tenant)
            .to(&hostile)
            .send(
                tool_call("act", &serde_json::json!({}))
                    .to_string()
                    .as_bytes(),
            )
            .unwrap();
        assert_eq!(code(&answer).unwrap(), expected, "{}", answer.text());
    }
    for tenant in [&tenant, neighbour()] {
        let answer = stage().call(tenant, "greet").unwrap();
        assert_eq!(
            answer.json().unwrap()["result"]["content"][0]["text"],
            "hello"
        );
    }
}

macro_rules! hostile {
    ($($name:ident: $wat:ident $act:literal => $code:literal;)*) => {
        $(#[test]
        fn $name() {
            ends($wat, $act as i32, $code);
        })*
    };
}

hostile! {
    a_guest_that_loops_runs_out_of_fuel: COMPUTE 'a' => "guest_out_of_fuel";
    a_guest_that_recurses_overflows_its_stack: COMPUTE 'b' => "guest_stack_overflow";
    a_guest_that_grows_memory_without_end_gets_no_more: COMPUTE 'e' => "result_content";
    a_million_refused_growths_cost_fuel_only: COMPUTE 'f' => "result_content";
    a_guest_that_panics_is_told_so: COMPUTE 'g' => "guest_panicked";
    a_division_by_zero_traps: COMPUTE 'h' => "guest_trapped";
    an_indirect_call_of_nothing_traps: COMPUTE 'l' => "guest_trapped";
    a_read_outside_memory_traps: COMPUTE 'o' => "guest_trapped";
    a_result_outside_memory_is_refused: ANSWERS 'a' => "guest_bad_pointer";
    a_result_that_is_not_aligned_is_refused: ANSWERS 'd' => "guest_bad_pointer";
    a_text_outside_memory_is_refused: ANSWERS 'e' => "guest_bad_pointer";
    a_lie_about_a_length_is_refused: ANSWERS 'g' => "guest_bad_pointer";
    five_megabytes_are_refused: ANSWERS 'h' => "guest_output_too_large";
    text_that_is_not_utf8_is_refused: ANSWERS 'j' => "guest_not_utf8";
    broken_json_is_refused: ANSWERS 'l' => "result_invalid_json";
    a_discriminant_that_stands_for_nothing_is_refused: ANSWERS 'm' => "guest_bad_discriminant";
    a_reallocation_that_loops_runs_out_of_fuel: REALLOC 2 => "guest_out_of_fuel";
    a_reallocation_that_asks_is_refused: REALLOC 3 => "guest_import_while_reallocating";
    a_reallocation_outside_memory_is_refused: REALLOC 6 => "guest_bad_pointer";
    a_reallocation_that_overflows_is_refused: REALLOC 7 => "guest_bad_pointer";
    a_reallocation_that_panics_is_a_panic: REALLOC 8 => "guest_panicked";
    too_much_randomness_is_refused: ASKS 'a' => "guest_argument_too_large";
    an_answer_to_nowhere_is_refused: ASKS 'e' => "guest_bad_pointer";
    a_log_of_two_megabytes_is_refused: ASKS 'i' => "guest_argument_too_large";
}

macro_rules! unpublishable {
    ($($name:ident: $file:literal => $code:literal;)*) => {
        $(#[test]
        fn $name() {
            let tenant = stage().tenant_with(GREET).unwrap();
            let wat = include_str!(concat!("../guests/", $file, ".wat"));
            let package =
                guests::package_as(wat, "1.0.0", "{\"tools\":[]}", &guests::publisher()).unwrap();
            let answer = stage().publish(&tenant, "hostile", &package).unwrap();
            assert_eq!((answer.status, code(&answer).unwrap().as_str()), (422, $code), "{}", answer.text());
            assert_eq!(stage().call(&tenant, "greet").unwrap().status, 200);
        })*
    };
}

unpublishable! {
    a_description_that_asks_is_refused: "describe-asks" => "guest_import_in_describe";
    a_description_that_loops_is_refused: "describe-loops" => "guest_out_of_fuel";
    a_description_of_a_megabyte_is_refused: "describe-large" => "guest_output_too_large";
    a_description_outside_memory_is_refused: "describe-outside" => "guest_bad_pointer";
    data_outside_memory_are_refused: "data-outside" => "guest_trapped";
}
