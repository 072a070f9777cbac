//! The boundary between guest and host: whatever a guest passes, returns or allocates, and whatever it is answered.
//!
//! The input describes a guest that means harm ([`puppet`]) or is any module at all ([`smith`]), what it is called with and
//! what it is answered.

use arbitrary::{Result, Unstructured};
use smcp_capability::call::{Answer, Request};
use smcp_ids::Fuel;
use smcp_sandbox::{Bounds, Entry, Fault, HostFault, LoadedModule};

use crate::run::{Went, run};
use crate::{Seed, Target, answers, guest, puppet, smith};

pub(crate) const TARGET: Target = Target {
    name: "abi",
    check,
    stages: &[
        "not admitted",
        "returned",
        "refused",
        "guest_out_of_fuel",
        "guest_panicked",
        "guest_trapped",
        "guest_bad_pointer",
        "guest_not_utf8",
        "guest_bad_discriminant",
        "guest_argument_too_large",
        "guest_output_too_large",
        "guest_import_while_reallocating",
        "guest_import_in_describe",
        "host_fault",
        "host_out_of_memory",
    ],
    seeds,
};

/// What the guests may use: little, so that much can be tried.
const FUEL: u64 = 200_000;
const OUTPUT: usize = 1_000;
const PAGE: usize = 65_536;

fn check(input: &[u8]) -> &'static str {
    let mut input = Unstructured::new(input);
    // What describes no module describes none that is admitted.
    go(&mut input).unwrap_or("not admitted")
}

fn go(input: &mut Unstructured<'_>) -> Result<&'static str> {
    let is_any = input.ratio(1_u8, 4_u8)?;
    let bounds = Bounds {
        memory: input.int_in_range(1..=8)? * PAGE,
        fuel: Fuel(input.int_in_range(0..=FUEL)?),
        output: OUTPUT,
    };
    let slice = Fuel(input.int_in_range(1..=4_000)?);
    let entry = entry(input)?;
    let module = if is_any {
        smith::module(input)?
    } else {
        puppet::module(input)?
    };
    let Some(loaded) = guest::loaded(&module) else {
        assert!(is_any, "a puppet is admitted");
        return Ok("not admitted");
    };
    Ok(called(input, &loaded, &entry, bounds, slice))
}

fn entry(input: &mut Unstructured<'_>) -> Result<Entry> {
    let kind = input.int_in_range(0..=9)?;
    let text = answers::text(input)?;
    Ok(match kind {
        0 => Entry::Describe,
        1 => Entry::ReadResource(text),
        2 => Entry::GetPrompt(text),
        3 => Entry::Complete(text),
        4 => Entry::ListResources(text),
        _ => Entry::CallTool(text),
    })
}

/// Calls a guest whole, in slices, and again: all must go alike.
fn called(
    input: &mut Unstructured<'_>,
    loaded: &LoadedModule,
    entry: &Entry,
    bounds: Bounds,
    slice: Fuel,
) -> &'static str {
    let mut given = Vec::new();
    let mut was_wrong = false;
    let first = run(
        loaded,
        entry.clone(),
        bounds,
        Fuel(u64::MAX),
        &mut |_, request| {
            let (answer, is_wrong) = answered(input, request);
            was_wrong |= is_wrong;
            given.push(answer.clone());
            answer
        },
    );
    for slice in [slice, Fuel(u64::MAX)] {
        let again = run(loaded, entry.clone(), bounds, slice, &mut |number, _| {
            given[number].clone()
        });
        again.assert_like(&first, "slices and heat change nothing");
    }
    stage(&first, was_wrong)
}

/// An answer, and whether it is one to something else.
fn answered(input: &mut Unstructured<'_>, request: &Request) -> (Answer, bool) {
    let is_wrong = input.ratio(1_u8, 32_u8).unwrap_or(false) && !input.is_empty();
    let made = if is_wrong {
        answers::wrong(input, request)
    } else {
        answers::answer(input, request)
    };
    // Where the input ends, the answers are the plainest.
    let plain = || answers::answer(&mut Unstructured::new(&[]), request).expect("a plain answer");
    match made {
        Ok(answer) => (answer, is_wrong),
        Err(_) => (plain(), false),
    }
}

fn stage(went: &Went, was_wrong: bool) -> &'static str {
    use smcp_sandbox::Output;
    match &went.ended.result {
        Ok(Output::Text(_)) => "returned",
        Ok(Output::Refused(_)) => "refused",
        Err(fault) => {
            let engine = Fault::Host(HostFault::Engine);
            assert_eq!(
                *fault == engine,
                was_wrong,
                "a fault of the host is one of its driver: {fault:?}"
            );
            fault.code()
        }
    }
}

fn seeds() -> Vec<Seed> {
    crate::seeds::found(&TARGET, &[], TARGET.stages, 2)
}
