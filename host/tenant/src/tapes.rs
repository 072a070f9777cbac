//! Tapes that are kept of calls: of those that failed, and if the tenant wants it of those whose client asked
//! for a receipt.
//!
//! A tape has everything that its call was answered: values that the server keeps, settings, what a user
//! said. It is sealed like every other item, the newest few are kept, and for some days only. Only an admin
//! of the tenant is given one.

use serde::{Deserialize, Serialize};
use smcp_capability::items::Write;
use smcp_ids::{CallId, Fuel, ReleaseDigest, ServerSlug, UnixMillis, limits};

use crate::item::Space;
use crate::problem::Problem;
use crate::state::Scene;

/// Of which calls the tapes are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Keeps {
    /// Of none.
    None,
    /// Of those that failed.
    #[default]
    Failures,
    /// Of those too whose client asked for a receipt.
    Receipts,
    /// Of all.
    All,
}

/// What is said of a tape without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) call: CallId,
    pub(crate) at: UnixMillis,
    pub(crate) release: ReleaseDigest,
    pub(crate) method: String,
    pub(crate) name: String,
    /// How the call ended, as its author's log has it.
    pub(crate) outcome: String,
    pub(crate) fuel: Fuel,
    /// Bytes of the tape.
    pub(crate) size: u64,
}

/// The names of a tape's items: its label, and its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: u64,
    call: CallId,
    size: u64,
}

impl Place {
    fn of(label: &Label) -> Self {
        Self {
            at: label.at.0,
            call: label.call,
            size: label.size,
        }
    }

    fn parse(key: &str) -> Option<Self> {
        let mut parts = key.split('/').next()?.split('-');
        Some(Self {
            at: u64::from_str_radix(parts.next()?, 16).ok()?,
            call: parts.next()?.parse().ok()?,
            size: u64::from_str_radix(parts.next()?, 16).ok()?,
        })
    }

    fn label(&self) -> String {
        format!("{:016x}-{}-{:x}/label", self.at, self.call, self.size)
    }

    fn part(&self, number: usize) -> String {
        format!("{:016x}-{}-{:x}/{number}", self.at, self.call, self.size)
    }

    fn parts(&self) -> usize {
        (self.size as usize).div_ceil(limits::ITEM_PART_MAX)
    }
}

/// Whether a tape of so many bytes is kept at all.
pub(crate) fn fits(bytes: &[u8]) -> bool {
    bytes.len() as u64 <= limits::TAPES_BYTES_MAX / 2
}

impl Scene {
    async fn places(&self, space: &Space) -> Result<Vec<Place>, Problem> {
        let keys = self.keys_of(space, 1_000).await?;
        let mut places: Vec<_> = keys.iter().filter_map(|key| Place::parse(key)).collect();
        places.dedup();
        Ok(places)
    }

    /// What it takes to keep a tape, and to remove the oldest that have no room beside it.
    pub(crate) async fn tape_writes(
        &self,
        server: &ServerSlug,
        label: &Label,
        bytes: &[u8],
    ) -> Result<(Space, Vec<Write>), Problem> {
        let space = Space::tapes(server);
        let place = Place::of(label);
        let mut writes = Vec::new();
        let (mut count, mut size) = (1, place.size);
        for old in self.places(&space).await?.iter().rev() {
            count += 1;
            size += old.size;
            let is_over = count > limits::TAPES_MAX || size > limits::TAPES_BYTES_MAX;
            // The same call again in the same millisecond takes the place of the one before.
            if is_over && *old != place {
                let parts = (0..old.parts()).map(|number| old.part(number));
                for key in parts.chain([old.label()]) {
                    writes.push(space.remove(key, label.at));
                }
            }
        }
        let expires = Some(label.at.plus(limits::TAPES_MILLIS));
        let encoded = postcard::to_allocvec(label).map_err(|_| Problem::host())?;
        let parts = bytes.chunks(limits::ITEM_PART_MAX).enumerate();
        let parts = parts.map(|(number, part)| (place.part(number), part));
        for (key, value) in parts.chain([(place.label(), &*encoded)]) {
            let at = space.place(key);
            let sealed = self.seal_item(&at, value)?;
            writes.push(space.write(at, Some(sealed), expires));
        }
        Ok((space, writes))
    }

    /// What tapes there are of a server, the newest first.
    pub(crate) async fn tapes(&self, server: &ServerSlug) -> Result<Vec<Label>, Problem> {
        let space = Space::tapes(server);
        let mut labels = Vec::new();
        for place in self.places(&space).await?.iter().rev() {
            if let Some(bytes) = self.read_item(space.place(place.label())).await?.value {
                labels.push(postcard::from_bytes(&bytes).map_err(|_| Problem::host())?);
            }
        }
        Ok(labels)
    }

    /// The newest tape of a call, if there is one.
    pub(crate) async fn tape(
        &self,
        server: &ServerSlug,
        call: CallId,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let space = Space::tapes(server);
        let places = self.places(&space).await?;
        let Some(place) = places.iter().rev().find(|place| place.call == call) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        for number in 0..place.parts() {
            match self.read_item(space.place(place.part(number))).await?.value {
                Some(part) => bytes.extend(part),
                None => return Ok(None),
            }
        }
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_and_its_keys_are_inverse() {
        let place = Place {
            at: 1_795_339_800_000,
            call: CallId::new([7; 8]),
            size: 3 << 20,
        };
        assert_eq!(place.parts(), 3);
        for key in [place.label(), place.part(0), place.part(2)] {
            assert_eq!(Place::parse(&key).as_ref(), Some(&place), "{key}");
        }
    }
}
