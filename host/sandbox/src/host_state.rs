//! What a store keeps for the host: the import that suspended the guest, and the limit on memory.
//!
//! It refuses memory over the limit, and never lets being out of the host's own memory look like a
//! guest's failure. It knows nothing of calls.

use smcp_ids::limits;
use wasmi::errors::MemoryError;
use wasmi::{ResourceLimiter, Val};
use wasmi_core::LimiterError;

use crate::boundary::request::RawImport;

/// The error with which an import suspends its guest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspend;

impl core::fmt::Display for Suspend {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("suspended in an import")
    }
}

impl core::error::Error for Suspend {}
impl wasmi::errors::HostError for Suspend {}

/// What the store keeps for the host: the import that was called, and the memory limit.
#[derive(Debug)]
pub(crate) struct HostState {
    called: Option<RawImport>,
    memory_limit: usize,
}

impl HostState {
    pub(crate) fn new(memory_limit: usize) -> Self {
        Self {
            called: None,
            memory_limit,
        }
    }

    pub(crate) fn suspend(&mut self, index: usize, params: &[Val]) {
        self.called = Some(RawImport::new(index, params));
    }

    /// The import that suspended the guest last.
    pub(crate) fn take_called(&mut self) -> Option<RawImport> {
        self.called.take()
    }
}

impl ResourceLimiter for HostState {
    /// Over the limit, `memory.grow` answers -1, as a guest expects. wasmi compares with the
    /// module's own maximum itself; the one that it gives here is cut to 32 bits on wasm32, where
    /// 65,536 pages become none.
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(desired <= self.memory_limit)
    }

    /// Admission refuses `table.grow`; what is asked for here is the table of the module itself.
    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(maximum.is_none_or(|most| desired <= most))
    }

    /// The host has no memory: the call must not see it as its own failure, or a replay would
    /// differ. Too little fuel for the copy comes here too, and is not a failure: the operator is
    /// tried again with the next slice.
    fn memory_grow_failed(&mut self, error: &MemoryError) -> Result<(), LimiterError> {
        match error {
            MemoryError::OutOfSystemMemory => Err(LimiterError::ResourceLimiterDeniedAllocation),
            _ => Ok(()),
        }
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        limits::TABLES_MAX
    }

    fn memories(&self) -> usize {
        1
    }
}
