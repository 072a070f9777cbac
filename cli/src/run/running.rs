//! The calls in progress: how many compute at once, and which the client has cancelled.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smcp_ids::limits;

/// The calls in progress, by the ids of their requests.
#[derive(Debug, Default)]
pub(super) struct Running {
    calls: Mutex<Calls>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Calls {
    /// Whether each is cancelled.
    cancelled: BTreeMap<String, bool>,
    computing: usize,
}

/// Why a call is not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// As many wait as may.
    Busy,
    /// A call with its id is in progress.
    IdInUse,
}

/// A place among the calls in progress, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    running: Arc<Running>,
    id: String,
    computes: bool,
}

impl Running {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for the request of that id, as JSON text.
    pub(super) fn enter(self: &Arc<Self>, id: &str) -> Result<Place, Refused> {
        let mut calls = self.calls();
        if calls.cancelled.len() >= limits::CALLS_AT_ONCE + limits::CALLS_WAITING {
            return Err(Refused::Busy);
        }
        if calls.cancelled.contains_key(id) {
            return Err(Refused::IdInUse);
        }
        calls.cancelled.insert(id.to_owned(), false);
        Ok(Place {
            running: self.clone(),
            id: id.to_owned(),
            computes: false,
        })
    }

    /// Cancels a call, if it is in progress.
    pub(super) fn cancel(&self, id: &str) {
        if let Some(cancelled) = self.calls().cancelled.get_mut(id) {
            *cancelled = true;
        }
        self.changed.notify_all();
    }

    /// Waits until no call is in progress, but no longer than that.
    pub(super) fn drain(&self, longest: Duration) {
        let waits = |calls: &mut Calls| !calls.cancelled.is_empty();
        drop(
            self.changed
                .wait_timeout_while(self.calls(), longest, waits),
        );
    }
}

impl Place {
    fn cancelled_among(&self, calls: &Calls) -> bool {
        calls.cancelled.get(&self.id).copied().unwrap_or(true)
    }

    /// Waits for its turn to compute. Whether it comes: not if the call is cancelled.
    pub(super) fn begin(&mut self) -> bool {
        let waits = |calls: &mut Calls| {
            calls.computing >= limits::CALLS_AT_ONCE && !self.cancelled_among(calls)
        };
        let waited = self.running.changed.wait_while(self.running.calls(), waits);
        let mut calls = waited.unwrap_or_else(PoisonError::into_inner);
        if self.cancelled_among(&calls) {
            return false;
        }
        calls.computing += 1;
        self.computes = true;
        true
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled_among(&self.running.calls())
    }

    /// Sleeps, but not when the call is cancelled.
    pub(super) fn sleep(&self, duration: Duration) {
        let until = Instant::now() + duration;
        let mut calls = self.running.calls();
        while !self.cancelled_among(&calls) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.running.changed.wait_timeout(calls, left);
            calls = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut calls = self.running.calls();
        calls.cancelled.remove(&self.id);
        calls.computing -= usize::from(self.computes);
        drop(calls);
        self.running.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_place_is_taken_once_and_given_back() {
        let running = Arc::new(Running::default());
        let place = running.enter("1").unwrap();
        assert_eq!(running.enter("1").unwrap_err(), Refused::IdInUse);
        drop(place);
        let places: Vec<_> = (0..limits::CALLS_AT_ONCE + limits::CALLS_WAITING)
            .map(|id| running.enter(&id.to_string()).unwrap())
            .collect();
        assert_eq!(running.enter("\"more\"").unwrap_err(), Refused::Busy);
        drop(places);
        running.drain(Duration::from_secs(60));
    }

    #[test]
    fn a_cancelled_call_neither_waits_nor_sleeps() {
        let running = Arc::new(Running::default());
        let mut computing: Vec<_> = (0..limits::CALLS_AT_ONCE)
            .map(|id| running.enter(&id.to_string()).unwrap())
            .collect();
        assert!(computing.iter_mut().all(Place::begin));
        let mut place = running.enter("\"last\"").unwrap();
        running.cancel("\"last\"");
        assert!(!place.begin() && place.is_cancelled());
        let began = Instant::now();
        place.sleep(Duration::from_secs(60));
        assert!(began.elapsed() < Duration::from_secs(30));
        assert!(!computing[0].is_cancelled());
    }
}
