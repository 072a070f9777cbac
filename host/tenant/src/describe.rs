//! What a module says about itself: its `describe`, run in the sandbox that will run its calls.

use smcp_ids::{Fuel, limits};
use smcp_sandbox::{
    Bounds, Entry, Execution, Fault, GuestFault, HostFault, LoadedModule, Output, Stop,
};

/// A run of `describe` in progress: no imports, little fuel, little output.
#[derive(Debug)]
pub struct Describing(Execution);

impl Describing {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// If there is no instance to be had.
    pub fn start(loaded: &LoadedModule) -> Result<Self, Fault> {
        let bounds = Bounds {
            memory: limits::MEMORY_MAX,
            fuel: Fuel(limits::DESCRIBE_FUEL),
            output: limits::CATALOGUE_MAX,
        };
        Execution::start(loaded, Entry::Describe, bounds).map(Self)
    }

    /// Runs a slice: the catalogue's exact bytes, or nothing yet.
    ///
    /// # Errors
    ///
    /// What the guest did wrong.
    pub fn step(&mut self, slice: Fuel) -> Result<Option<String>, Fault> {
        match self.0.step(slice) {
            Stop::Yields => Ok(None),
            Stop::Asks(_) => Err(GuestFault::ImportInDescribe.into()),
            Stop::Ended(ended) => match ended.result? {
                Output::Text(text) => Ok(Some(text)),
                Output::Refused(_) => Err(HostFault::Engine.into()),
            },
        }
    }
}

/// The catalogue of a module, without yielding: for the command line.
///
/// # Errors
///
/// What the guest did wrong.
pub fn describe(loaded: &LoadedModule) -> Result<String, Fault> {
    let mut describing = Describing::start(loaded)?;
    loop {
        if let Some(catalogue) = describing.step(Fuel(u64::MAX))? {
            return Ok(catalogue);
        }
    }
}
