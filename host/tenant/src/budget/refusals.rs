//! Refusals that are written down: how many of one principal, and how many at all.

use smcp_ids::{UnixMillis, limits};

use super::throttle::{Rule, Throttle};

const RULE: Rule = Rule {
    each: limits::REFUSALS_EACH,
    all: limits::REFUSALS_ALL,
    window: limits::REFUSALS_MILLIS,
    known: limits::REFUSALS_KNOWN,
};

/// The refusals that one object has written down lately.
#[derive(Debug)]
pub struct Refusals(Throttle<String>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Throttle::new(RULE))
    }
}

impl Refusals {
    /// Counts one of that principal.
    ///
    /// # Errors
    /// After how many seconds another is written down.
    pub fn take(&mut self, who: &str, now: UnixMillis) -> Result<(), u64> {
        self.0.take(&who.to_owned(), now)
    }
}
