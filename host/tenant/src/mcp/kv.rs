//! Key-value storage for one call: reading what it asks for, and committing what it did.
//!
//! Calls of one tenant take turns at every yield, and hold no locks: each is checked when it commits
//! and run again if what it read has changed. A call that was run again too often is run once more
//! while nobody else may commit.

use core::cell::RefCell;
use std::rc::Rc;

use smcp_capability::call::{Answer, KvRequest};
use smcp_capability::items::{Transacted, Transaction};
use smcp_ids::UnixMillis;

use super::attempt::Attempt;
use super::run::Run;
use crate::call::Call;
use crate::problem::Problem;
use crate::record::Directory;
use crate::state::{Scene, State};
use crate::workspace::Spaces;

/// How a call's storage was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// What it read is as it was, and what it changed is stored.
    Kept,
    /// What it read has changed: it must be run again.
    Stale,
    /// Its changes would exceed what its server may keep.
    Full,
    /// It has committed before, with other answers of its client.
    Spent,
}

/// What is known of the reads of one run, so that nothing need be checked if nothing can have changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reads {
    /// How many commits there had been at the first read. None: some reads are of an earlier round.
    since: Option<u64>,
    /// When the first of what was read expires; 0 if that is not known.
    until: UnixMillis,
}

impl Reads {
    /// Those of a run that begins now, with or without reads of an earlier round.
    pub(super) fn begin(scene: &Scene, has_earlier: bool) -> Self {
        let commits = scene.state.borrow().item_commits;
        Self {
            since: (!has_earlier).then_some(commits),
            until: UnixMillis(u64::MAX),
        }
    }

    fn are_unchanged(&self, scene: &Scene) -> bool {
        let commits = scene.state.borrow().item_commits;
        self.since == Some(commits) && scene.outside.now() < self.until
    }
}

impl Run<'_> {
    /// What storage has.
    pub(super) async fn read_kv(
        &self,
        question: &KvRequest,
        reads: &mut Reads,
    ) -> Result<Answer, Problem> {
        let spaces = self.spaces();
        match question {
            KvRequest::Get(key) => {
                let read = self
                    .scene
                    .read_item(spaces.of(key.space).place(&*key.key))
                    .await?;
                reads.until = reads.until.min(read.expires.unwrap_or(reads.until));
                Ok(Answer::Item {
                    version: read.version,
                    value: read.value,
                })
            }
            _ => {
                let range = spaces.range(question).ok_or_else(Problem::host)?;
                // When the first of them expires is not told.
                reads.until = UnixMillis(0);
                self.scene.item_keys(range).await.map(Answer::Keys)
            }
        }
    }

    /// Whether a call may send something, or ask again after it has: what it read is as it was, and it is the
    /// only one of its turn that goes on. `is_safe`: whether it may send that again after a kill.
    pub(super) async fn check(
        &self,
        call: &Call,
        attempt: &mut Attempt<'_, '_>,
        is_safe: bool,
    ) -> Result<Settled, Problem> {
        let now = self.scene.outside.now();
        let workspace = call.workspace();
        let spend = attempt.spend(call, now, is_safe);
        let holds = !workspace.has_read() || attempt.reads.are_unchanged(self.scene);
        if spend.is_none() && holds {
            return Ok(Settled::Kept);
        }
        let mut transaction = workspace.checks(&self.spaces(), now);
        transaction.spend = spend;
        let settled = self.transact(transaction).await?;
        attempt.has_spent |= settled == Settled::Kept;
        Ok(settled)
    }

    /// Settles a call that is over. `commits`: whether its changes count.
    pub(super) async fn settle(
        &self,
        call: &Call,
        attempt: &Attempt<'_, '_>,
        commits: bool,
    ) -> Result<Settled, Problem> {
        let workspace = call.workspace();
        let writes = commits && workspace.has_written();
        if !writes && (!workspace.has_read() || attempt.reads.are_unchanged(self.scene)) {
            return Ok(Settled::Kept);
        }
        let spaces = self.spaces();
        let now = self.scene.outside.now();
        let mut transaction = workspace.checks(&spaces, now);
        if writes {
            let seal = |place: &_, value: &[u8]| self.scene.seal_item(place, value);
            transaction = workspace.commit(&spaces, now, seal)?;
            transaction.spend = attempt.spend(call, now, false);
        }
        self.transact(transaction).await
    }

    async fn transact(&self, transaction: Transaction) -> Result<Settled, Problem> {
        Ok(match self.scene.transact(transaction).await? {
            Transacted::Done => Settled::Kept,
            Transacted::Stale => Settled::Stale,
            Transacted::OverQuota => Settled::Full,
            Transacted::Spent => Settled::Spent,
        })
    }

    fn spaces(&self) -> Spaces {
        let principal = self.principal.to_string();
        Spaces::new(self.server, &principal, self.store_bytes())
    }

    /// How many bytes the store of the server may have.
    pub(super) fn store_bytes(&self) -> u64 {
        let state = self.scene.state.borrow();
        let quotas = state.directory().map(Directory::quotas);
        quotas.unwrap_or_default().store_bytes()
    }
}

/// The right to be the only one who commits. Given back when dropped.
pub(super) struct Alone(Rc<RefCell<State>>);

impl Alone {
    /// Waits for it.
    pub(super) async fn acquire(scene: &Scene) -> Self {
        others(scene).await;
        scene.state.borrow_mut().is_one_alone = true;
        Self(scene.state.clone())
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.0.borrow_mut().is_one_alone = false;
    }
}

/// Waits until nobody has the right to commit alone.
pub(super) async fn others(scene: &Scene) {
    while scene.state.borrow().is_one_alone {
        scene.outside.queue().await;
    }
}
