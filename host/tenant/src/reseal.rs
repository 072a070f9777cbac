//! Sealing all of an object again with the current master key, while it serves.
//!
//! What is written now is sealed with the current key, and what any accepted key has sealed can be read: so nothing is
//! unreadable at any time. This goes through everything that is left, in slices, by an errand that is written down: an
//! object that is killed meanwhile goes on where it was. A value is put in the place of the very value it was sealed from,
//! and its version stays, so no call sees a change.

use serde::{Deserialize, Serialize};
use smcp_capability::items::{PageOf, Place, Sealed};
use smcp_capability::turn::{Effect, Performed, Table};
use smcp_crypto::Purpose;
use smcp_ids::{UnixMillis, limits};

use crate::audit::Act;
use crate::item;
use crate::mcp::{Errand, Own};
use crate::problem::Problem;
use crate::record::{Change, Row};
use crate::root::RootRecord;
use crate::state::Scene;

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResealRecord {
    /// The version of the master key that it seals with.
    pub(crate) version: u32,
    pub(crate) started: UnixMillis,
    /// How many items it has passed.
    pub(crate) items: u64,
    /// How many rows.
    pub(crate) rows: u64,
    /// The last item that it has passed.
    after: Option<Place>,
    pub(crate) finished: Option<UnixMillis>,
}

impl ResealRecord {
    /// One that begins now.
    pub(crate) fn begin(version: u32, now: UnixMillis) -> Self {
        Self {
            version,
            started: now,
            items: 0,
            rows: 0,
            after: None,
            finished: None,
        }
    }
}

impl Scene {
    /// The version of the master key that this object seals with.
    pub(crate) fn key_version(&self) -> Result<u32, Problem> {
        let keys = self.data_keys(Purpose::Records)?;
        Ok(keys.current_version())
    }

    /// Seals everything again. It is over when it returns; an error leaves the errand to be tried again.
    pub(crate) async fn reseal(&self) -> Result<(), Problem> {
        let record = self.state.borrow().directory()?.reseal.clone();
        let Some(mut record) = record.filter(|record| record.finished.is_none()) else {
            return Ok(());
        };
        let version = self.key_version()?;
        if record.version != version {
            // The key was changed again meanwhile: what was passed is of an older one now.
            record = ResealRecord::begin(version, record.started);
        }
        while self.reseal_page(&mut record).await? {
            self.outside.pause().await;
        }
        let mut after = None;
        while let Some((last, passed)) = self.reseal_rows(after.as_ref()).await? {
            after = Some(last);
            record.rows += passed;
            self.outside.pause().await;
        }
        record.finished = Some(self.outside.now());
        let root = self.state.borrow().directory()?.root.clone();
        let root = root.ok_or_else(Problem::host)?;
        let root = RootRecord {
            has_older: false,
            ..root
        };
        let what =
            serde_json::json!({ "version": version, "items": record.items, "rows": record.rows });
        self.does(Act::new("platform", "FinishRotation", "").with(&what));
        self.commit(vec![
            Change::Put(Row::Root(root)),
            Change::Put(Row::Reseal(record)),
        ])
        .await?;
        self.forget_older_keys()
    }

    /// A page of items, with how far it has come: in one step, so nothing is written in between. Whether there was one.
    async fn reseal_page(&self, record: &mut ResealRecord) -> Result<bool, Problem> {
        let effect = Effect::ReadSealed(PageOf {
            after: record.after.clone(),
            bytes: limits::RESEAL_PAGE_BYTES,
            items: limits::RESEAL_PAGE_ITEMS,
            ..PageOf::default()
        });
        let Performed::Sealed(page) = self.outside.perform(effect).await else {
            return Err(Problem::host());
        };
        let items = page.items;
        let Some(last) = items.last() else {
            return Ok(false);
        };
        record.after = Some(last.place.clone());
        record.items += items.len() as u64;
        let keys = self.item_keys_at_hand()?;
        let object = self.state.borrow().boot.role.object_name();
        let mut again = Vec::new();
        for item in items {
            let binding = item::binding(&object, &item.place);
            // What does not open was altered: that is found by who reads it, and keeps nothing else from being sealed.
            let sealed = item.value.as_ref().map_or(&[][..], |value| value);
            if let Ok(Some(value)) = keys.reseal(self.nonce(), &binding, sealed) {
                again.push(Sealed {
                    value: Some(value.into()),
                    ..item
                });
            }
        }
        let change = Change::Put(Row::Reseal(record.clone()));
        let rows = self.mutations(core::slice::from_ref(&change))?;
        let effect = Effect::Reseal { items: again, rows };
        match self.outside.perform(effect).await {
            Performed::Done => self.took(vec![change]).map(|()| true),
            _ => Err(Problem::host()),
        }
    }

    /// Some rows, after one: the last of them, and how many there were.
    async fn reseal_rows(
        &self,
        after: Option<&(Table, String)>,
    ) -> Result<Option<((Table, String), u64)>, Problem> {
        let mut rows: Vec<((Table, String), Row)> = {
            let state = self.state.borrow();
            let rows = state.directory()?.rows().map(|row| (row.place(), row));
            rows.filter(|(place, _)| after.is_none_or(|after| place > after))
                .collect()
        };
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        rows.truncate(limits::RESEAL_ROWS);
        let Some((last, _)) = rows.last() else {
            return Ok(None);
        };
        let (last, passed) = (last.clone(), rows.len() as u64);
        let changes = rows.into_iter().map(|(_, row)| Change::Put(row));
        self.commit(changes.collect()).await?;
        Ok(Some((last, passed)))
    }

    /// Writes down that everything is to be sealed again, with other changes, and begins.
    pub(crate) async fn begin_reseal(&self, mut changes: Vec<Change>) -> Result<(), Problem> {
        let record = ResealRecord::begin(self.key_version()?, self.outside.now());
        changes.push(Change::Put(Row::Reseal(record)));
        let mut writes = self.struck_off(&Errand::Own(Own::Reseal)).await?;
        writes.push(self.begun_write(&Errand::Own(Own::Reseal))?);
        self.commit_with(writes, changes).await?;
        self.begin_errand(&Errand::Own(Own::Reseal)).await
    }
}
