//! Packages, from bytes to an admitted module. What must hold is in `tests/fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (smcp_fuzzing::TARGETS[2].check)(input);
});
