//! Recordings of calls, and what replays them. What must hold is in `tests/fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (smcp_fuzzing::TARGETS[3].check)(input);
});
