//! The guest matrix: the same calls natively and in V8, sliced and whole, cold and warm.
//!
//! One function, [`rows`], makes all rows of a case. The test runs it here, and in V8 as a wasm
//! module with the exports of `exports`; both must give the same rows, and all rows of a case
//! must be equal. It knows nothing of what a right result is: the sandbox's own tests do.

mod case;
#[cfg(target_arch = "wasm32")]
pub mod exports;
#[cfg(not(target_arch = "wasm32"))]
pub mod pack;
#[cfg(not(target_arch = "wasm32"))]
mod record;
mod replay;
#[cfg(not(target_arch = "wasm32"))]
pub mod v8;

pub use case::{Case, Export, Heat, Outcome, Row, SLICES, rows};
#[cfg(not(target_arch = "wasm32"))]
pub use record::Session;
pub use replay::{Recorded, ReplayOutcome, ReplayRow, replays, stopped};
