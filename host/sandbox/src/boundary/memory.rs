//! A guest's memory, as the host may read it.

use crate::fault::GuestFault;

/// A view of a guest's linear memory while it stands still.
#[derive(Clone, Copy)]
pub(crate) struct GuestMemory<'a>(pub(crate) &'a [u8]);

impl<'a> GuestMemory<'a> {
    /// `len` bytes at `address`. `what` names them in the fault.
    pub(crate) fn bytes(
        self,
        address: u32,
        len: u32,
        what: &'static str,
    ) -> Result<&'a [u8], GuestFault> {
        let start = address as usize;
        start
            .checked_add(len as usize)
            .and_then(|end| self.0.get(start..end))
            .ok_or(GuestFault::BadPointer(what))
    }

    /// The text at `address`.
    pub(crate) fn text(
        self,
        address: u32,
        len: u32,
        what: &'static str,
    ) -> Result<&'a str, GuestFault> {
        let bytes = self.bytes(address, len, what)?;
        core::str::from_utf8(bytes).map_err(|_| GuestFault::NotUtf8(what))
    }

    /// The fields of a record of `N` bytes and alignment 4.
    pub(crate) fn record<const N: usize>(
        self,
        address: u32,
        what: &'static str,
    ) -> Result<Record<'a>, GuestFault> {
        if !address.is_multiple_of(4) {
            return Err(GuestFault::BadPointer(what));
        }
        Ok(Record {
            bytes: self.bytes(address, N as u32, what)?,
            what,
        })
    }
}

/// A record in guest memory. Its readers take offsets inside it.
pub(crate) struct Record<'a> {
    bytes: &'a [u8],
    what: &'static str,
}

impl Record<'_> {
    /// The byte at `offset`.
    pub(crate) fn byte(&self, offset: usize) -> Result<u8, GuestFault> {
        self.bytes
            .get(offset)
            .copied()
            .ok_or(GuestFault::BadPointer(self.what))
    }

    /// The little-endian word at `offset`.
    pub(crate) fn word(&self, offset: usize) -> Result<u32, GuestFault> {
        self.bytes
            .get(offset..)
            .and_then(|rest| rest.first_chunk())
            .map(|word| u32::from_le_bytes(*word))
            .ok_or(GuestFault::BadPointer(self.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pointer_reaches_outside() {
        let bytes = [1_u8; 16];
        let memory = GuestMemory(&bytes);
        for (address, len, inside) in [
            (0, 16, true),
            (16, 0, true),
            (8, 8, true),
            (17, 0, false),
            (0, 17, false),
            (u32::MAX, 1, false),
            (u32::MAX, u32::MAX, false),
            (1, u32::MAX, false),
        ] {
            assert_eq!(
                memory.bytes(address, len, "it").is_ok(),
                inside,
                "{address} {len}"
            );
        }
    }

    #[test]
    fn a_record_is_aligned() {
        let bytes = [0_u8; 16];
        for (address, good) in [
            (0, true),
            (4, true),
            (8, true),
            (9, false),
            (2, false),
            (12, false),
        ] {
            assert_eq!(
                GuestMemory(&bytes).record::<8>(address, "it").is_ok(),
                good,
                "{address}"
            );
        }
    }
}
