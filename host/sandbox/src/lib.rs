//! Loads admitted modules and steps one call of a guest in slices of fuel.
//!
//! The order a call passes through: [`LoadedModule::load`] compiles an admitted module once;
//! [`Execution::start`] makes a fresh instance; [`Execution::step`] runs a slice of it and says why
//! it stopped; [`Execution::answer`] gives it what it asked for.
//!
//! The sandbox knows nothing of tenants, JSON-RPC, tapes or time, performs nothing, and never
//! panics, whatever the module does. What a guest computes depends on the module, the
//! [`profile`], the bounds, the request and the answers, and on nothing else: not on how its fuel
//! was sliced.

mod boundary;
mod execution;
mod fault;
mod host_state;
mod load;
mod placing;
pub mod profile;

pub use boundary::export::{Entry, Output, Refusal};
pub use execution::{Bounds, Ended, Execution, Stop};
pub use fault::{Fault, GuestFault, HostFault};
pub use load::{LoadError, LoadedModule};

#[cfg(test)]
mod tests;
