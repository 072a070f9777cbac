//! What a call has learnt before its question, kept until the client comes back with the answers
//! (2026-07-28, basic/patterns/mrtr).
//!
//! A host seals it and has the client carry it. A process that ends with its client can keep it:
//! the client carries a random name. How many are kept is bounded; the oldest goes first.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use smcp_ids::{UnixMillis, limits};
use smcp_protocol::GuestCall;
use smcp_tape::Tape;
use smcp_tenant::questions::Round;

use crate::call::now;
use crate::failure::Failure;
use crate::keys;

/// How many are kept.
const KEPT_MAX: usize = 64;

/// What a round is good for: method, what is named, arguments, the client's capabilities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct For([String; 4]);

impl For {
    pub(super) fn call(call: &GuestCall<'_>, capabilities: &str) -> Self {
        // Written the same way whatever a client did to order and spaces.
        let arguments: serde_json::Value =
            serde_json::from_str(call.arguments()).unwrap_or_default();
        Self([
            call.target().method().to_owned(),
            call.name().to_owned(),
            arguments.to_string(),
            capabilities.to_owned(),
        ])
    }
}

/// The rounds that clients may come back to.
#[derive(Debug, Default)]
pub(super) struct Rounds(Mutex<VecDeque<Kept>>);

#[derive(Debug)]
struct Kept {
    name: String,
    good_for: For,
    next: (Round, Tape),
    expires: UnixMillis,
}

impl Rounds {
    /// Keeps a round. What comes back names it.
    pub(super) fn keep(&self, good_for: For, next: (Round, Tape)) -> Result<String, Failure> {
        let name = hex::encode(*keys::random::<16>()?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(Kept {
            name: name.clone(),
            good_for,
            next,
            expires: now().plus(limits::REQUEST_STATE_MILLIS),
        });
        Ok(name)
    }

    /// The round of that name, if it is for this call. It stays: a client may have to send again.
    pub(super) fn find(&self, name: &str, good_for: &For) -> Option<(Round, Tape)> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        kept.retain(|kept| kept.expires >= now);
        kept.iter()
            .find(|kept| kept.name == name && kept.good_for == *good_for)
            .map(|kept| kept.next.clone())
    }
}
