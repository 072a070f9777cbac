//! The chores as a library, so that tests and benchmarks start the same Worker in the same way.
//!
//! Four rooms: [`setup`] sees to the tools, [`build`] makes the Worker, [`dev`] runs it, and
//! [`progress`] tells whoever waits. It knows nothing of what the Worker does.

pub mod build;
pub mod dev;
pub mod paths;
pub mod progress;
pub mod setup;
