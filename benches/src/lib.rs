//! Benchmarks of the sandbox: the same code timed natively and in V8.
//!
//! [`subject`] does one thing once, and reads no clock; who times it is [`native`] here and
//! `run.mjs` in V8. [`sandbox`] says what is measured on which guest, and against which budget.
//! [`packages`] makes servers for a whole host to be measured with.

#[cfg(target_arch = "wasm32")]
pub mod exports;
#[cfg(not(target_arch = "wasm32"))]
pub mod guests;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(not(target_arch = "wasm32"))]
pub mod packages;
#[cfg(not(target_arch = "wasm32"))]
pub mod report;
#[cfg(not(target_arch = "wasm32"))]
pub mod sandbox;
pub mod subject;
mod unmetered;
