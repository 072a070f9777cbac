//! Credentials, and whatever is sent as one. What must hold is in `tests/fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (smcp_fuzzing::TARGETS[4].check)(input);
});
