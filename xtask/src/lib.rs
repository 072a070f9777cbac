//! The chores as a library, so that tests and benchmarks start the same Worker in the same way.
//!
//! [`setup`] sees to the tools, [`build`] makes the Worker, [`dev`] runs it, [`platform`] sets it up as
//! an admin would, [`demo`] shows it, [`mod@bench`] measures it, [`deploy`] takes it to the platform, [`smoke`] looks whether it works
//! there, [`cost`] says what it costs, [`conformance`] puts it to the official suite, [`spec`] says which clauses of the
//! specification it obeys, [`mod@test`] runs all tests, [`coverage`] says what they run, [`fuzz`] looks for what they do not, [`deny`] holds
//! the dependencies against their rules, [`tidy`] keeps the house rules.

pub mod bench;
pub mod build;
pub mod cargo_tools;
pub mod conformance;
pub mod cost;
pub mod coverage;
pub mod demo;
pub mod deny;
pub mod deploy;
pub mod dev;
pub mod fuzz;
pub mod paths;
pub mod platform;
pub mod progress;
pub mod python;
pub mod setup;
pub mod smoke;
pub mod soak;
pub mod spec;
pub mod test;
pub mod tidy;
