//! Catalogues of releases, apart from their modules: what lists of all servers are made from.
//!
//! A catalogue is written when its release is published, sealed under the tenant's key for the place of
//! its server and digest, and read again when it is listed: so a list loads no module, and what comes
//! back is what `describe` said or does not open. Of those that were read the ones used last are kept,
//! within bounds.

use std::collections::BTreeMap;
use std::rc::Rc;

use smcp_auth::Principal;
use smcp_capability::items::Write;
use smcp_ids::{ReleaseDigest, ServerSlug, limits};
use smcp_protocol::Catalogue;

use crate::item::Space;
use crate::problem::Problem;
use crate::state::Scene;

/// Those that were read, with the number of the use that was their last.
#[derive(Debug, Default)]
pub(crate) struct Catalogues {
    kept: BTreeMap<ReleaseDigest, (Rc<Catalogue>, u64)>,
    uses: u64,
    size: usize,
}

impl Catalogues {
    pub(crate) fn get(&mut self, release: &ReleaseDigest) -> Option<Rc<Catalogue>> {
        let (catalogue, used) = self.kept.get_mut(release)?;
        self.uses += 1;
        *used = self.uses;
        Some(catalogue.clone())
    }

    /// What they take up, by an estimate.
    pub(crate) fn memory(&self) -> usize {
        self.size * limits::CATALOGUE_MEMORY_FACTOR
    }

    fn put(&mut self, release: ReleaseDigest, catalogue: Rc<Catalogue>) {
        self.uses += 1;
        self.size += counted(&catalogue);
        let before = self.kept.insert(release, (catalogue, self.uses));
        self.size -= before.map_or(0, |(catalogue, _)| counted(&catalogue));
        while self.size > limits::CATALOGUE_CACHE_MAX {
            let uses = self
                .kept
                .iter()
                .map(|(release, (_, used))| (*used, *release));
            let Some((_, oldest)) = uses.min() else { break };
            let gone = self.kept.remove(&oldest);
            self.size -= gone.map_or(0, |(catalogue, _)| counted(&catalogue));
        }
    }
}

fn counted(catalogue: &Catalogue) -> usize {
    catalogue.size() + limits::CATALOGUE_OVERHEAD
}

impl Scene {
    /// The catalogue of the release of a server that answers a caller. `None` if none does.
    pub(crate) async fn catalogue(
        &self,
        server: &ServerSlug,
        principal: &Principal,
    ) -> Result<Option<Rc<Catalogue>>, Problem> {
        let release = {
            let mut guard = self.state.borrow_mut();
            let state = &mut *guard;
            let row = state.directory()?.servers.get(server);
            let Some(release) = row.and_then(|row| row.serves(principal)) else {
                return Ok(None);
            };
            if let Some(catalogue) = state.catalogues.get(&release) {
                return Ok(Some(catalogue));
            }
            release
        };
        let place = Space::catalogues(server).place(release.to_string());
        let catalogue = match self.read_item(place).await?.value {
            Some(text) => Catalogue::parse(&text).map_err(|_| Problem::host())?,
            // Published by a host that did not keep it, so its module has it; or gone by now.
            None if self.has_release(server, release)? => {
                self.release(server, release).await?.catalogue.clone()
            }
            None => return Ok(None),
        };
        let catalogue = Rc::new(catalogue);
        let mut state = self.state.borrow_mut();
        state.catalogues.put(release, catalogue.clone());
        Ok(Some(catalogue))
    }

    fn has_release(&self, server: &ServerSlug, release: ReleaseDigest) -> Result<bool, Problem> {
        let state = self.state.borrow();
        Ok(state.directory()?.release(server, release).is_some())
    }

    /// What keeps the catalogue of a release, in the transaction that stores its row: as long as that is there.
    pub(crate) fn catalogue_write(
        &self,
        server: &ServerSlug,
        release: ReleaseDigest,
        text: &str,
    ) -> Result<Write, Problem> {
        let space = Space::catalogues(server);
        let place = space.place(release.to_string());
        let sealed = self.seal_item(&place, text.as_bytes())?;
        Ok(space.write(place, Some(sealed), None))
    }

    /// What removes all that is kept of a release beside its row, in the transaction that removes that.
    pub(crate) fn release_removals(
        &self,
        server: &ServerSlug,
        release: ReleaseDigest,
    ) -> [Write; 2] {
        let now = self.outside.now();
        [Space::catalogues(server), Space::reports(server)]
            .map(|space| space.remove(release.to_string(), now))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn of(bytes: usize) -> Rc<Catalogue> {
        let text = format!(r#"{{"instructions":"{}"}}"#, "x".repeat(bytes));
        Rc::new(Catalogue::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_kept_stays_within_its_bounds_and_is_what_was_used_last() {
        let mut kept = Catalogues::default();
        let name = |number: u8| ReleaseDigest::new([number; 32]);
        for number in 0..40 {
            kept.put(name(number), of(200 * 1024));
            assert!(kept.get(&name(0)).is_some(), "{number}");
            assert!(kept.size <= limits::CATALOGUE_CACHE_MAX);
        }
        assert!(kept.get(&name(1)).is_none());
        assert!(kept.get(&name(39)).is_some());
        assert_eq!(
            kept.size,
            kept.kept
                .values()
                .map(|(one, _)| counted(one))
                .sum::<usize>()
        );
        kept.put(name(39), of(1));
        assert!(kept.memory() < 2 * limits::CATALOGUE_CACHE_MAX);
    }
}
