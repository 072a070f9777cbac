//! What was done in a tenant, by whom, and what was refused: a chain of entries that shows if any of it was altered.
//!
//! What an entry says is written in the very transaction that does it, with the chain's new head: neither is there
//! without the other. So whoever does something worth an entry says so first (`Scene::does`), and the next change of
//! this turn takes it along. What changes nothing is written by itself (`Scene::note`).

mod chain;
mod noted;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use smcp_auth::Principal;
use smcp_capability::items::{Transacted, Transaction, Write};
use smcp_capability::turn::{Effect, Performed};
use smcp_ids::{UnixMillis, limits};

pub use self::chain::{
    ChainError, Entry, HEAD_DOMAIN, Head, HeadStatement, SignedHead, Verified, verify,
};
pub(crate) use self::noted::Noted;

use crate::item::Space;
use crate::problem::Problem;
use crate::record::{AuditRecord, Change, Row};
use crate::state::Scene;

/// What the next change of a turn does.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    by: String,
    did: String,
    to: String,
    what: Option<Box<RawValue>>,
    came: String,
}

impl Act {
    /// Something that somebody does.
    pub(crate) fn new(by: impl Into<String>, did: &str, to: impl Into<String>) -> Self {
        Self {
            by: by.into(),
            did: did.to_owned(),
            to: to.into(),
            what: None,
            came: "done".to_owned(),
        }
    }

    /// With more to say of it: never anything secret.
    pub(crate) fn with(mut self, what: &impl Serialize) -> Self {
        self.what = to_raw_value(what).ok();
        self
    }

    /// That it was refused, and with which error.
    pub(crate) fn refused(mut self, code: &str) -> Self {
        code.clone_into(&mut self.came);
        self
    }
}

/// An act, and the request that it is of.
#[derive(Clone, Debug)]
struct Told {
    act: Act,
    at: UnixMillis,
    request: String,
}

/// What nobody had to prove who they are for.
pub(crate) const ANYBODY: &str = "anybody";

impl Scene {
    /// Says what the next change of this turn does.
    pub(crate) fn does(&self, act: Act) {
        *self.act.borrow_mut() = Some(act);
    }

    /// More of what the next change does, if it does anything worth an entry.
    pub(crate) fn does_with(&self, what: &impl Serialize) {
        let mut act = self.act.borrow_mut();
        *act = act.take().map(|act| act.with(what));
    }

    /// Writes down what changes nothing.
    pub(crate) async fn note(&self, act: Act) -> Result<(), Problem> {
        self.does(act);
        self.commit(Vec::new()).await
    }

    /// Writes down what was refused to somebody who is known, but not without end.
    pub(crate) async fn note_refusal(
        &self,
        principal: &Principal,
        act: Act,
    ) -> Result<(), Problem> {
        if self.takes_refusal(&principal.to_string()) {
            self.note(act).await?;
        }
        Ok(())
    }

    /// Whether one more refusal of somebody is written down.
    fn takes_refusal(&self, who: &str) -> bool {
        let now = self.outside.now();
        let state = self.state.try_borrow_mut();
        state.is_ok_and(|mut state| state.refusals.take(who, now).is_ok())
    }

    /// Makes the changes of a transaction, and the entry of what they do, if that is worth one: all of it, or nothing.
    pub(crate) async fn transact_act(
        &self,
        transaction: Transaction,
        changes: Vec<Change>,
    ) -> Result<Transacted, Problem> {
        let act = self.act.take();
        let told = act.map(|act| self.told(act));
        self.transact_told(transaction, changes, told.as_slice())
            .await
    }

    /// What this request does, now.
    fn told(&self, act: Act) -> Told {
        Told {
            act,
            at: self.outside.now(),
            request: self.request_id(),
        }
    }

    async fn transact_told(
        &self,
        mut transaction: Transaction,
        mut changes: Vec<Change>,
        told: &[Told],
    ) -> Result<Transacted, Problem> {
        let mut signs = None;
        if !told.is_empty() {
            // What the changes say of the record itself is where the entry goes on from.
            let said = changes.iter().rev().find_map(|change| match change {
                Change::Put(Row::Audit(record)) => Some(record.clone()),
                _ => None,
            });
            let mut record = said.map_or_else(|| self.audit(), Ok)?;
            for one in told {
                transaction.writes.push(self.entry(one, &mut record)?);
            }
            let today = self.outside.now().0 / DAY_MILLIS;
            signs = (record.signed_day != today).then(|| record.head.clone());
            record.signed_day = today;
            changes.push(Change::Put(Row::Audit(record)));
        }
        transaction.rows = self.mutations(&changes)?;
        let went = self.transacted(transaction).await?;
        if went == Transacted::Done {
            self.took(changes)?;
            if let Some(head) = signs {
                // What is done is done, whether or not a copy of its head can be kept.
                let _ = self.keep_signed(&head).await;
            }
            if !told.is_empty() {
                // The same of what is to be done tomorrow.
                let _ = self.arm_daily().await;
            }
        }
        Ok(went)
    }

    /// The next entry, as it is written. The chain has come so far with it.
    fn entry(&self, told: &Told, record: &mut AuditRecord) -> Result<Write, Problem> {
        let Told { act, at, request } = told;
        let number = record.head.number.saturating_add(1);
        let entry = Entry {
            number,
            at: at.0,
            of: self.state.borrow().boot.role.object_name(),
            by: act.by.clone(),
            request: request.clone(),
            did: act.did.clone(),
            to: act.to.clone(),
            what: act.what.clone(),
            came: act.came.clone(),
            before: record.head.hash,
        };
        let text = serde_json::to_string(&entry).map_err(|_| Problem::host())?;
        let space = Space::audit();
        let place = space.place(entry_key(number));
        let sealed = self.seal_item(&place, text.as_bytes())?;
        let until = at.plus(record.keep_millis());
        record.head = Head::after(number, &text);
        Ok(space.write(place, Some(sealed), Some(until)))
    }

    /// Signs the head, if it was not today. On a day on which nothing was done, it says of the same entry that it is still
    /// the last one.
    pub(crate) async fn sign_today(&self) -> Result<(), Problem> {
        let record = self.audit()?;
        let today = self.outside.now().0 / DAY_MILLIS;
        if record.head.number == 0 || record.signed_day == today {
            return Ok(());
        }
        self.keep_signed(&record.head).await?;
        let record = AuditRecord {
            signed_day: today,
            ..self.audit()?
        };
        self.commit(vec![Change::Put(Row::Audit(record))]).await
    }

    /// Keeps a head that the platform has signed: who has a copy of it can tell later whether the chain still leads there.
    async fn keep_signed(&self, head: &Head) -> Result<(), Problem> {
        let signed = self.signed(head).await?;
        let bytes = serde_json::to_vec(&signed).map_err(|_| Problem::host())?;
        let space = Space::audit_heads();
        let place = space.place(entry_key(head.number));
        let sealed = self.seal_item(&place, &bytes)?;
        let until = self.outside.now().plus(self.audit()?.keep_millis());
        let write = space.write(place, Some(sealed), Some(until));
        self.keep(vec![write], Vec::new()).await.map(drop)
    }

    /// A head, signed by the platform, with the time.
    pub(crate) async fn signed(&self, head: &Head) -> Result<SignedHead, Problem> {
        let statement = HeadStatement {
            of: self.state.borrow().boot.role.object_name(),
            number: head.number,
            hash: head.hash,
            at: self.outside.now().0,
        };
        let statement = serde_json::to_string(&statement).map_err(|_| Problem::host())?;
        let body = format!("{HEAD_DOMAIN}{statement}").into_bytes();
        match self.outside.perform(Effect::Sign(body)).await {
            Performed::Signed { key, signature } => Ok(SignedHead {
                statement,
                key,
                signature: hex::encode(signature),
            }),
            _ => Err(Problem::host()),
        }
    }

    /// Those that were kept.
    pub(crate) async fn signed_heads(&self) -> Result<Vec<SignedHead>, Problem> {
        let space = Space::audit_heads();
        let mut heads = Vec::new();
        for key in self.item_keys(space.range("", None, u32::MAX)).await? {
            if let Some(bytes) = self.read_item(space.place(key)).await?.value {
                heads.push(serde_json::from_slice(&bytes).map_err(|_| Problem::host())?);
            }
        }
        Ok(heads)
    }

    /// Entries after a number, at most so many: each as it was written.
    pub(crate) async fn entries(&self, after: u64, most: u32) -> Result<Vec<String>, Problem> {
        let space = Space::audit();
        let range = space.range("", Some(&entry_key(after)), most);
        let mut texts = Vec::new();
        for key in self.item_keys(range).await? {
            // It may have grown too old meanwhile.
            let Some(bytes) = self.read_item(space.place(key)).await?.value else {
                continue;
            };
            texts.push(String::from_utf8(bytes).map_err(|_| Problem::host())?);
        }
        Ok(texts)
    }

    /// How far the chain of this object has come.
    pub(crate) fn audit(&self) -> Result<AuditRecord, Problem> {
        let state = self.state.borrow();
        let record = state.directory()?.audit.clone();
        Ok(record.unwrap_or_else(|| AuditRecord {
            head: Head::of(&state.boot.role.object_name()),
            keep_days: limits::AUDIT_DAYS,
            signed_day: 0,
            calls: false,
        }))
    }
}

impl AuditRecord {
    fn keep_millis(&self) -> u64 {
        u64::from(self.keep_days).saturating_mul(DAY_MILLIS)
    }
}

pub(crate) const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// Entries are in the order of their numbers.
fn entry_key(number: u64) -> String {
    format!("{number:016x}")
}
