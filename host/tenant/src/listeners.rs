//! Who listens for changes, and what waits for them.
//!
//! A listener is a turn that sleeps until it is woken. What it is told waits here, bounded; it is
//! woken by the turn that brought the change. Nothing outlives the object: clients listen anew.

use std::collections::BTreeMap;

use smcp_auth::Principal;
use smcp_ids::{ServerSlug, limits};
use smcp_protocol::{Change, Filter};

use crate::TurnId;

/// One listening client.
#[derive(Debug)]
struct Listener {
    /// The server of which it is told; none: all that it sees.
    server: Option<ServerSlug>,
    principal: Principal,
    filter: Filter,
    waiting: Vec<Change>,
    /// It took nothing for so long that something was lost.
    is_behind: bool,
}

impl Listener {
    fn hears(&self, server: &ServerSlug) -> bool {
        match &self.server {
            Some(own) => own == server,
            None => self
                .principal
                .tenant()
                .is_some_and(|tenant| self.principal.sees(tenant, server)),
        }
    }
}

/// The listeners of one object.
#[derive(Debug, Default)]
pub(crate) struct Listeners(BTreeMap<TurnId, Listener>);

impl Listeners {
    /// Whether one more can be had.
    pub(crate) fn has_room(&self) -> bool {
        self.0.len() < limits::LISTENERS_MAX
    }

    pub(crate) fn add(
        &mut self,
        turn: TurnId,
        server: Option<ServerSlug>,
        principal: Principal,
        filter: Filter,
    ) {
        self.0.insert(
            turn,
            Listener {
                server,
                principal,
                filter,
                waiting: Vec::new(),
                is_behind: false,
            },
        );
    }

    pub(crate) fn remove(&mut self, turn: TurnId) {
        self.0.remove(&turn);
    }

    /// What waits for a listener; `None` if it is behind and must be let go.
    pub(crate) fn take(&mut self, turn: TurnId) -> Option<Vec<Change>> {
        let listener = self.0.get_mut(&turn)?;
        (!listener.is_behind).then(|| std::mem::take(&mut listener.waiting))
    }

    /// Puts a change before everyone who wants to be told of it; gives those who must be woken.
    pub(crate) fn tell(&mut self, server: &ServerSlug, change: &Change) -> Vec<TurnId> {
        let mut woken = Vec::new();
        for (turn, listener) in &mut self.0 {
            let hears = listener.hears(server);
            if !hears || !listener.filter.wants(change) || listener.waiting.contains(change) {
                continue;
            }
            if listener.waiting.len() >= limits::CHANGES_WAITING {
                listener.is_behind = true;
            } else {
                listener.waiting.push(change.clone());
            }
            woken.push(*turn);
        }
        woken
    }
}
