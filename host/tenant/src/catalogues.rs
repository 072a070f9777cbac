//! Catalogues of live releases, apart from their modules: what lists of all servers are made from.
//!
//! A catalogue is written when its release is published, sealed under the tenant's key for the place of
//! its server and digest, and read again when it is listed: so a list loads no module, and what comes
//! back is what `describe` said or does not open. Of those that were read the ones used last are kept,
//! within bounds.

use std::collections::BTreeMap;
use std::rc::Rc;

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
    /// The catalogue of a server's live release. `None` if there is none.
    pub(crate) async fn catalogue(
        &self,
        server: &ServerSlug,
    ) -> Result<Option<Rc<Catalogue>>, Problem> {
        let live = {
            let mut guard = self.state.borrow_mut();
            let state = &mut *guard;
            let row = state.directory()?.servers.get(server);
            let Some(live) = row.and_then(|row| row.live) else {
                return Ok(None);
            };
            if let Some(catalogue) = state.catalogues.get(&live) {
                return Ok(Some(catalogue));
            }
            live
        };
        let place = Space::catalogues(server).place(live.to_string());
        let (release, catalogue) = match self.read_item(place).await?.value {
            Some(text) => {
                let catalogue = Catalogue::parse(&text).map_err(|_| Problem::host())?;
                (live, catalogue)
            }
            // Published by a host that did not write it, so its module has it; or gone by now.
            None => match self.live(server).await? {
                Some(ready) => (ready.release, ready.catalogue.clone()),
                None => return Ok(None),
            },
        };
        let catalogue = Rc::new(catalogue);
        let mut state = self.state.borrow_mut();
        state.catalogues.put(release, catalogue.clone());
        Ok(Some(catalogue))
    }

    /// Writes the catalogue of a release, before the row that makes it live. Others than those of the live
    /// release and the one that waits go: a release that is published again has its written again.
    pub(crate) async fn keep_catalogue(
        &self,
        server: &ServerSlug,
        release: ReleaseDigest,
        text: &str,
    ) -> Result<(), Problem> {
        let space = Space::catalogues(server);
        let place = space.place(release.to_string());
        let sealed = self.seal_item(&place, text.as_bytes())?;
        let now = self.outside.now();
        let kept = self
            .keys_of(&space, 2 * limits::RELEASES_MAX as u64)
            .await?;
        let mut listed = vec![release.to_string()];
        if let Some(row) = self.state.borrow().directory()?.servers.get(server) {
            let releases = [row.live, row.waiting].into_iter().flatten();
            listed.extend(releases.map(|release| release.to_string()));
        }
        let gone = kept.into_iter().filter(|key| !listed.contains(key));
        let mut writes: Vec<_> = gone.map(|key| space.remove(key, now)).collect();
        writes.push(space.write(place, Some(sealed), None));
        self.keep(writes, Vec::new()).await.map(drop)
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
