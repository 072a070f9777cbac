//! What a guest passes, returns and allocates, and what it is answered. What must hold is in `tests/fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (smcp_fuzzing::TARGETS[0].check)(input);
});
