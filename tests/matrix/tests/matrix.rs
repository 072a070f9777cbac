//! Results, fuel and memory depend neither on the machine, nor on slices, nor on what ran before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod cases;

use std::path::Path;

use smcp_matrix::{Case, Row, SLICES, rows, v8};

fn frames(cases: &[Case]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for case in cases {
        let encoded = postcard::to_allocvec(case).unwrap();
        bytes.extend((encoded.len() as u32).to_le_bytes());
        bytes.extend(encoded);
    }
    bytes
}

fn unframe(mut bytes: &[u8]) -> Vec<Vec<Row>> {
    let mut all = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk() {
        let (frame, rest) = rest.split_at(u32::from_le_bytes(*head) as usize);
        // An empty frame is a case that trapped in V8.
        all.push(postcard::from_bytes(frame).unwrap_or_default());
        bytes = rest;
    }
    all
}

fn in_v8(cases: &[Case]) -> Vec<Vec<Row>> {
    let module = v8::build_host("smcp-matrix").unwrap();
    let directory = module.parent().unwrap();
    let (from, to) = (directory.join("cases.bin"), directory.join("rows.bin"));
    std::fs::write(&from, frames(cases)).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("run.mjs");
    let told = v8::run(&script, &[module.as_ref(), from.as_ref(), to.as_ref()]).unwrap();
    assert_eq!(told, "");
    unframe(&std::fs::read(&to).unwrap())
}

#[test]
fn every_guest_behaves_alike_natively_and_in_v8_sliced_and_whole_cold_and_warm() {
    let cases = cases::all();
    let foreign = in_v8(&cases);
    assert_eq!(foreign.len(), cases.len());
    let mut wrong = Vec::new();
    for (case, foreign) in cases.iter().zip(foreign) {
        let native = rows(case);
        assert_eq!(native.len(), 2 * SLICES.len());
        let reference = &native[0].outcome;
        for (place, rows) in [("natively", &native), ("in V8", &foreign)] {
            if rows.is_empty() {
                wrong.push(format!("{}: trapped {place}", case.name));
            }
            let mut differing = rows.iter().filter(|row| row.outcome != *reference);
            if let Some(row) = differing.next() {
                wrong.push(format!(
                    "{} {place}, slice {}, {:?}, and {} rows more:\n  {:?}\nwhere it should be:\n  {:?}",
                    case.name,
                    row.slice,
                    row.heat,
                    differing.count(),
                    row.outcome,
                    reference
                ));
            }
        }
        println!(
            "{:32} {:32} fuel {:>9} memory {:>8} requests {}",
            case.name, reference.code, reference.fuel, reference.memory, reference.requests
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_matrix_includes_what_most_easily_differs() {
    let cases = cases::all();
    let outcome = |name: &str| {
        let case = cases.iter().find(|case| case.name == name);
        rows(case.unwrap_or_else(|| panic!("no case {name}")))[0]
            .outcome
            .clone()
    };
    // Each is the case that it is meant to be, and not one that fails before it comes so far.
    for (name, code) in [
        ("floats", "ok"),
        ("bulk", "ok"),
        ("maximum", "ok"),
        ("compute e: grows", "ok"),
        ("compute b: recurses", "guest_stack_overflow"),
        ("realloc argument 1: grows", "ok"),
        ("realloc argument 2: loops", "guest_out_of_fuel"),
        ("realloc answer 3: asks", "guest_import_while_reallocating"),
        ("realloc answer 6: lies", "guest_bad_pointer"),
        ("realloc answer 9: computes", "ok"),
        ("hello greet", "ok"),
    ] {
        assert_eq!(outcome(name).code, code, "{name}");
    }
    assert_eq!(outcome("compute e: grows").memory, 4 << 20);
    assert_eq!(outcome("asks x: deep").requests, 600);
}
