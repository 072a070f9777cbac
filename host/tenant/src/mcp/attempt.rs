//! A round of a call in progress: all that outlasts a run of it.

use smcp_capability::items::Spend;
use smcp_crypto::sha256;
use smcp_ids::{UnixMillis, limits};
use smcp_protocol::{Change, GuestCall, Notifier};

use super::kv::Reads;
use super::permit::Permit;
use super::run::Run;
use super::witness::Witness;
use crate::call::Call;
use crate::questions::Round;

/// When a call began, and when it must be over.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) began: UnixMillis,
    pub(super) deadline: UnixMillis,
}

/// A round of a call that is run, once or more often.
pub(super) struct Attempt<'a, 'c> {
    pub(super) permit: Permit,
    /// Whether its memory is charged by now.
    pub(super) has_room: bool,
    pub(super) call: Option<&'a GuestCall<'c>>,
    pub(super) round: Round,
    /// Whether the call had sent something before this round.
    pub(super) had_sent: bool,
    /// Whether this round has the right to go on, which only one has.
    pub(super) has_spent: bool,
    pub(super) times: Times,
    pub(super) notifier: Notifier,
    /// Whether the answers of this request are still to be read: they are for the first questions that
    /// have none, and no others.
    pub(super) has_unread: bool,
    /// Whether it is run as a task.
    pub(super) is_task: bool,
    /// Whether it becomes a task if its guest wants that.
    pub(super) may_become_task: bool,
    /// What those who listen are told when the call has returned.
    pub(super) changes: Vec<Change>,
    pub(super) reads: Reads,
    /// What is known of the call afterwards.
    pub(super) witness: &'a Witness<'a>,
}

impl Attempt<'_, '_> {
    /// When it must be over.
    pub(super) fn deadline(&self) -> UnixMillis {
        self.times.deadline
    }

    /// The name that is used up before what must not happen twice.
    ///
    /// Of a task, which only one turn at a time goes on with, each such thing has a name of its own, by its place on
    /// the tape: a turn that begins again after a kill comes to the same place, and finds that it was done, or may
    /// have been. What is `safe` is done again.
    ///
    /// Else it is one that a round of a call which has asked uses up before it does what must not happen twice: the
    /// client may send the same state as often as it likes. The first to use up the call's is the one that
    /// goes on; after that, each of its rounds has a name of its own.
    pub(super) fn spend(&self, call: &Call, now: UnixMillis, is_safe: bool) -> Option<Spend> {
        if self.is_task {
            let (seed, place) = (sha256(call.seed()), call.tape().entries.len());
            return (!is_safe).then(|| Spend {
                name: format!("task/{seed}/{place}"),
                until: now.plus(limits::TASK_MILLIS),
            });
        }
        let number = self.round.number;
        if number == 1 || self.has_spent {
            return None;
        }
        let call = sha256(call.seed());
        let name = if self.had_sent {
            format!("turn/{call}/{number}")
        } else {
            format!("turn/{call}")
        };
        // Other rounds may go on from the same state, and from theirs, until all of them are over.
        let until = now.plus(limits::REQUEST_STATE_MILLIS * u64::from(limits::ROUNDS_MAX));
        Some(Spend { name, until })
    }
}

impl Run<'_> {
    /// The attempt at a round that begins now.
    pub(super) fn attempt<'a, 'c>(
        &self,
        permit: Permit,
        call: Option<&'a GuestCall<'c>>,
        round: Round,
        had_sent: bool,
        began: UnixMillis,
        witness: &'a Witness<'a>,
    ) -> Attempt<'a, 'c> {
        Attempt {
            permit,
            has_room: false,
            call,
            round,
            had_sent,
            has_spent: false,
            times: Times {
                began,
                deadline: match self.asked.going {
                    Some(going) => going.until(),
                    None => began.plus(self.ready.limits.deadline_millis),
                },
            },
            notifier: Notifier::new(),
            has_unread: call.is_some(),
            is_task: self.asked.going.is_some(),
            may_become_task: false,
            changes: Vec::new(),
            reads: Reads::begin(self.scene, false),
            witness,
        }
    }
}
