//! Modules that are written or removed just now. A module is written before the row that names it, and removed after the
//! last one that did: whoever did both at once could remove what was just written. So who publishes holds its
//! module until its row is there, and what is held is not removed.

use core::cell::RefCell;
use std::rc::Rc;

use smcp_capability::turn::Effect;
use smcp_ids::ReleaseDigest;

use crate::problem::Problem;
use crate::state::{Scene, State};

/// What is written now, and what is removed.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    writes: Vec<ReleaseDigest>,
    removes: Vec<ReleaseDigest>,
}

/// A module that is written, until this is dropped.
pub(crate) struct Held {
    state: Rc<RefCell<State>>,
    release: ReleaseDigest,
}

/// Modules that are removed, until this is dropped.
struct Removing {
    state: Rc<RefCell<State>>,
    releases: Vec<ReleaseDigest>,
}

impl Scene {
    /// Whoever writes a module holds it until its row is there.
    ///
    /// # Errors
    /// It is removed just now.
    pub(crate) fn holds_module(&self, release: ReleaseDigest) -> Result<Held, Problem> {
        let holding = &mut self.state.borrow_mut().holding;
        if holding.removes.contains(&release) {
            let message = "this very module is being removed; try again in a second";
            return Err(Problem::new(429, "busy", message));
        }
        holding.writes.push(release);
        Ok(Held {
            state: self.state.clone(),
            release,
        })
    }

    /// Removes the modules that no server has any more, and that nobody is writing. The rows are gone: a module that
    /// stays behind is garbage, not a fault of this request.
    pub(crate) async fn remove_orphans(
        &self,
        mut releases: Vec<ReleaseDigest>,
    ) -> Result<(), Problem> {
        {
            let mut guard = self.state.borrow_mut();
            let directory = guard.directory()?;
            releases.retain(|release| {
                !guard.holding.writes.contains(release)
                    && directory.releases.keys().all(|(_, other)| other != release)
            });
            guard.holding.removes.extend(&releases);
        }
        let removing = Removing {
            state: self.state.clone(),
            releases: releases.clone(),
        };
        if !releases.is_empty() {
            self.outside.perform(Effect::DeleteModules(releases)).await;
        }
        drop(removing);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        forget(&mut self.state.borrow_mut().holding.writes, self.release);
    }
}

impl Drop for Removing {
    fn drop(&mut self) {
        let removes = &mut self.state.borrow_mut().holding.removes;
        for release in &self.releases {
            forget(removes, *release);
        }
    }
}

/// Once: others may do the same with it.
fn forget(list: &mut Vec<ReleaseDigest>, release: ReleaseDigest) {
    if let Some(place) = list.iter().position(|other| *other == release) {
        list.swap_remove(place);
    }
}
