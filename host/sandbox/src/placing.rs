//! An argument or an answer on its way into the guest's memory: which blocks are placed, and where.
//!
//! It neither allocates nor writes: that is the execution's, under the guest's fuel.

use wasmi::{Func, ResumableCallHostTrap, ResumableCallOutOfFuel, Val};

use crate::boundary::answer::{Block, Lowered};

/// Blocks to place one after the other, then a record at an address that the guest gave.
pub(crate) struct Placing {
    lowered: Lowered,
    return_address: Option<u32>,
    /// Where the blocks placed so far are.
    addresses: Vec<u32>,
    /// `cabi_realloc` for the next block, if it has run out of fuel in the middle.
    pub(crate) paused: Option<ResumableCallOutOfFuel>,
    then: Then,
}

/// What follows when all is placed.
pub(crate) enum Then {
    /// The export is called with the argument, which has so many bytes.
    Start(Func, usize),
    /// The import returns.
    Resume(ResumableCallHostTrap),
}

impl Placing {
    pub(crate) fn new(lowered: Lowered, return_address: Option<u32>, then: Then) -> Self {
        Self {
            lowered,
            return_address,
            addresses: Vec::new(),
            paused: None,
            then,
        }
    }

    /// Alignment and length of the next block, if there is one.
    pub(crate) fn next(&self) -> Option<(u32, usize)> {
        let block = self.lowered.blocks.get(self.addresses.len())?;
        Some((block.align, block.bytes.len()))
    }

    /// Notes where the next block is, and gives its bytes.
    pub(crate) fn placed(&mut self, address: u32) -> Vec<u8> {
        let index = self.addresses.len();
        self.addresses.push(address);
        match self.lowered.blocks.get_mut(index) {
            Some(block) => patched(block, &self.addresses),
            None => Vec::new(),
        }
    }

    /// Where the record goes, its alignment and its bytes, once all blocks are placed.
    pub(crate) fn record(&mut self) -> Option<(u32, u32, Vec<u8>)> {
        let address = self.return_address?;
        let record = &mut self.lowered.record;
        Some((address, record.align, patched(record, &self.addresses)))
    }

    /// What follows, the flat result if the import has one, and where the first block is.
    pub(crate) fn finish(self) -> (Then, Option<Val>, u32) {
        let first = self.addresses.first().copied().unwrap_or_default();
        (self.then, self.lowered.value, first)
    }
}

/// The bytes of a block, with the addresses of earlier blocks filled in. It is not needed again.
fn patched(block: &mut Block, addresses: &[u32]) -> Vec<u8> {
    let mut bytes = core::mem::take(&mut block.bytes);
    for &(offset, target) in &block.addresses {
        if let (Some(place), Some(address)) =
            (bytes.get_mut(offset..offset + 4), addresses.get(target))
        {
            place.copy_from_slice(&address.to_le_bytes());
        }
    }
    bytes
}
