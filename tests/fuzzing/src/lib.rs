//! What must hold for any bytes: one check for each fuzz target, and the inputs that fuzzing begins with.
//!
//! A check takes whatever bytes there are, makes of them what its part of the host is given, and panics where the host
//! does what it must not: that is what a fuzzer looks for. It says how far the input came, so that a test can see that the
//! committed inputs come everywhere. `fuzz/` gives these checks to libFuzzer; the test `corpora` gives them every input in
//! `fuzz/corpus`. Nothing here knows libFuzzer, files or time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what must hold and does not is a panic: the fuzzer looks for it"
)]

mod abi;
mod answers;
mod frame;
mod guest;
mod package;
mod puppet;
mod run;
mod seeds;
mod smith;
mod tape;
mod token;
#[path = "../../../host/tenant/tests/turns/world/mod.rs"]
mod world;

/// What is fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of the fuzz target and of the directory of its inputs.
    pub name: &'static str,
    /// Takes any bytes; says how far they came, in one of the words of `stages`. Panics if something does not hold.
    pub check: fn(&[u8]) -> &'static str,
    /// How far inputs can come.
    pub stages: &'static [&'static str],
    /// The inputs to begin with, made anew: each with a name.
    pub seeds: fn() -> Vec<Seed>,
}

/// An input to begin with: the name of its file, and what is in it.
pub type Seed = (String, Vec<u8>);

/// All of them.
pub const TARGETS: [Target; 5] = [
    abi::TARGET,
    frame::TARGET,
    package::TARGET,
    tape::TARGET,
    token::TARGET,
];
