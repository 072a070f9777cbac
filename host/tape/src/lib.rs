//! The record of a call's effects and their answers, and its replay.
//!
//! A call's result depends on its module, the engine profile, its bounds, its request and its
//! [`Tape`], and on nothing else. Everything that a guest is answered comes through [`Player::ask`]:
//! from the tape's header, from an entry already recorded, or from outside, once, to be recorded.
//!
//! A tape reveals the seed of its call's randomness: it is a secret. This crate performs nothing
//! and knows no clock.

mod player;
mod recording;

pub use player::{Player, Verdict};
pub use recording::{End, FORMAT, Kind, Recording, RecordingError};

use serde::{Deserialize, Serialize};
use smcp_capability::call::{Answer, Caller, Origin, Request};
use smcp_capability::http::Method;
use smcp_ids::UnixMillis;

/// What is fixed when a call starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// What `context.random` draws from.
    pub seed: [u8; 32],
    /// What `context.now` returns until the first effect is answered.
    pub start: UnixMillis,
    /// Who calls.
    pub caller: Caller,
    /// What the client can do, a JSON object.
    pub client_capabilities: String,
    /// Where the call comes from.
    pub origin: Origin,
    /// How many milliseconds each of its rounds may take.
    pub deadline_millis: u64,
    /// Whether what is called says of itself that it only reads.
    pub read_only: bool,
}

/// One effect that was performed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What the guest asked.
    pub request: Request,
    /// What it was answered.
    pub answer: Answer,
    /// What `context.now` returns from then on.
    pub at: UnixMillis,
}

impl Entry {
    /// Whether a request went out, or may have.
    fn was_sent(&self) -> bool {
        match &self.answer {
            Answer::Http(Ok(_)) => true,
            Answer::Http(Err(error)) => error.kind.may_be_sent(),
            _ => false,
        }
    }
}

/// The record of one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tape {
    /// What was fixed at its start.
    pub header: Header,
    /// What was performed, in order.
    pub entries: Vec<Entry>,
    /// How many log entries and progress notifications were sent. A replay does not repeat them.
    pub told: u32,
    /// What was answered in an earlier run of the call, which was run again: what the client has said,
    /// and how long was waited. It is not asked for twice, wherever it is asked for now.
    pub remembered: Vec<Entry>,
}

impl Tape {
    /// Whether the call has read items.
    pub fn has_read_items(&self) -> bool {
        let reads = |entry: &Entry| matches!(entry.request, Request::Kv(_));
        self.entries.iter().any(reads)
    }

    /// Whether the call has sent a request to another host, in this run or an earlier one.
    pub fn has_sent(&self) -> bool {
        self.entries
            .iter()
            .chain(&self.remembered)
            .any(Entry::was_sent)
    }

    /// Whether the call has asked another host to change something. It cannot be run again then.
    pub fn has_acted(&self) -> bool {
        let acts = |entry: &Entry| match &entry.request {
            Request::Http(request) => !request.method.parse().is_ok_and(Method::is_safe),
            _ => false,
        };
        self.entries
            .iter()
            .chain(&self.remembered)
            .any(|entry| acts(entry) && entry.was_sent())
    }

    /// The tape for running the call again, because what it read has changed: what it read is read
    /// anew, and nothing else is asked, waited for or told twice.
    #[must_use]
    pub fn rerun(self) -> Self {
        let lasting =
            |entry: &Entry| !matches!(entry.request, Request::Kv(_) | Request::Setting(_));
        let entries = self.entries.into_iter().filter(lasting);
        Self {
            remembered: entries.chain(self.remembered).collect(),
            entries: Vec::new(),
            ..self
        }
    }

    /// The tape as bytes: what a receipt has the digest of.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Only our own types: they always encode.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// The tape of a call that has not begun.
    pub fn blank(header: Header) -> Self {
        Self {
            header,
            entries: Vec::new(),
            told: 0,
            remembered: Vec::new(),
        }
    }
}

/// Why a tape cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TapeError {
    /// The guest asked something else than it did when the tape was recorded.
    #[error(
        "the call asks for something else than its tape has at entry {0}: the module, the request or the engine is another"
    )]
    Diverged(usize),
    /// An answer came to a request that was not made.
    #[error("an answer came that no request waits for")]
    Unasked,
}

impl TapeError {
    /// A stable name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Diverged(_) => "tape_diverged",
            Self::Unasked => "tape_unasked",
        }
    }
}

#[cfg(test)]
mod tests;
