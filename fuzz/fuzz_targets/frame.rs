//! Requests, from bytes to the end of a tenant's turn. What must hold is in `tests/fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (smcp_fuzzing::TARGETS[1].check)(input);
});
