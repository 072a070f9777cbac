//! What a legacy client is told of unasked: lists from its handshake on, and the resources that it
//! subscribes to (2025-11-25, server/tools, "List Changed Notification"; server/resources,
//! "Subscriptions").
//!
//! How it is told, and when something changes, is not known here.

use std::collections::BTreeSet;

use smcp_ids::limits::SUBSCRIPTIONS_MAX;
use smcp_protocol::{Change, Offer};

/// Nothing, until the handshake.
#[derive(Debug, Default)]
pub(super) struct Hears {
    tools: bool,
    prompts: bool,
    resources: bool,
    uris: BTreeSet<String>,
}

impl Hears {
    /// What a client hears that has shaken hands with a server of that offer.
    pub(super) fn new(offer: &Offer<'_>) -> Self {
        Self {
            tools: offer.tools,
            prompts: offer.prompts,
            resources: offer.resources,
            uris: BTreeSet::new(),
        }
    }

    /// Adds a resource; false if there are too many.
    pub(super) fn subscribe(&mut self, uri: &str) -> bool {
        let has_room = self.uris.len() < SUBSCRIPTIONS_MAX || self.uris.contains(uri);
        if has_room {
            self.uris.insert(uri.to_owned());
        }
        has_room
    }

    pub(super) fn unsubscribe(&mut self, uri: &str) {
        self.uris.remove(uri);
    }

    pub(super) fn of(&self, change: &Change) -> bool {
        match change {
            Change::Tools => self.tools,
            Change::Prompts => self.prompts,
            Change::Resources => self.resources,
            Change::Resource(uri) => self.uris.contains(uri),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_hears_of_what_is_offered_and_what_it_subscribed_to() {
        let changed = Change::Resource("a:b".to_owned());
        let mut hears = Hears::default();
        assert!(!hears.of(&Change::Tools) && !hears.of(&changed));
        hears = Hears::new(&Offer {
            tools: true,
            ..Offer::default()
        });
        assert!(hears.of(&Change::Tools));
        assert!(!hears.of(&Change::Prompts) && !hears.of(&Change::Resources));
        assert!(!hears.of(&changed));
        assert!(hears.subscribe("a:b"));
        assert!(hears.of(&changed));
        assert!(!hears.of(&Change::Resource("a:c".to_owned())));
        hears.unsubscribe("a:b");
        assert!(!hears.of(&changed));
    }

    #[test]
    fn subscriptions_are_limited() {
        let mut hears = Hears::default();
        for number in 0..SUBSCRIPTIONS_MAX {
            assert!(hears.subscribe(&format!("a:{number}")));
        }
        assert!(!hears.subscribe("a:more"));
        assert!(hears.subscribe("a:0"), "it is there already");
        hears.unsubscribe("a:0");
        assert!(hears.subscribe("a:more"));
    }
}
