//! Items in memory: for the command, whose calls have no object, and for tests.
//!
//! It does what the object's storage does, by the same rules; what the two answer must not differ.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde::{Deserialize, Serialize};
use smcp_capability::call::{Answer, KvRequest};
use smcp_capability::items::{
    Item, PageOf, Place, Range, Sealed, SealedPage, Seen, SeenRange, Spend, Transacted,
    Transaction, Write,
};
use smcp_ids::UnixMillis;

use crate::workspace::{Spaces, Workspace};

/// The items of one object.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MemoryItems {
    rows: BTreeMap<Place, Row>,
    spent: BTreeMap<String, UnixMillis>,
    commits: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    account: String,
    version: u64,
    expires: Option<UnixMillis>,
    #[serde(with = "serde_bytes")]
    value: Option<Vec<u8>>,
}

impl Row {
    fn is_there(&self, now: UnixMillis) -> bool {
        self.value.is_some() && self.expires.is_none_or(|expires| expires > now)
    }

    fn size(&self, key: &str) -> u64 {
        self.value
            .as_ref()
            .map_or(0, |value| (key.len() + value.len()) as u64)
    }
}

impl MemoryItems {
    /// One item.
    pub fn read(&self, place: &Place, now: UnixMillis) -> Item {
        let row = self.rows.get(place);
        let there = row.filter(|row| row.is_there(now));
        Item {
            version: row.map_or(0, |row| row.version),
            value: there.and_then(|row| row.value.clone()).map(Into::into),
            expires: there.and_then(|row| row.expires),
        }
    }

    /// The keys of a range, in order.
    pub fn keys(&self, range: &Range, now: UnixMillis) -> Vec<String> {
        let after = range.after.as_deref().unwrap_or_default();
        let place = |key: &str| Place {
            space: range.space.clone(),
            key: key.to_owned(),
        };
        let from = if after >= range.prefix.as_str() {
            Bound::Excluded(place(after))
        } else {
            Bound::Included(place(&range.prefix))
        };
        self.rows
            .range((from, Bound::Unbounded))
            .take_while(|(place, _)| {
                place.space == range.space && place.key.starts_with(&range.prefix)
            })
            .filter(|(_, row)| row.is_there(now))
            .map(|(place, _)| place.key.clone())
            .take(range.limit as usize)
            .collect()
    }

    /// A page of items as they are stored.
    pub fn page(&self, asked: &PageOf) -> SealedPage {
        let from = match &asked.after {
            Some(after) => Bound::Excluded(after),
            None => Bound::Unbounded,
        };
        let mut page = SealedPage {
            commit: self.commits,
            ..SealedPage::default()
        };
        let mut bytes = 0;
        let wanted =
            |row: &&Row| row.version > asked.since && (row.value.is_some() || asked.since > 0);
        for (place, row) in self
            .rows
            .range((from, Bound::Unbounded))
            .filter(|(_, row)| wanted(row))
        {
            if bytes >= asked.bytes || page.items.len() >= asked.items {
                page.has_more = true;
                break;
            }
            bytes += row.size(&place.key);
            page.items.push(Sealed {
                place: place.clone(),
                account: row.account.clone(),
                version: row.version,
                expires: row.expires,
                value: row.value.clone().map(Into::into),
            });
        }
        page
    }

    /// Other bytes in the place of items that are still of those versions.
    pub fn reseal(&mut self, items: Vec<Sealed>) {
        for item in items {
            if let Some(row) = self.rows.get_mut(&item.place)
                && row.version == item.version
            {
                row.value = item.value.map(serde_bytes::ByteBuf::into_vec);
            }
        }
    }

    /// Checks and changes: all of it, or nothing.
    pub fn transact(&mut self, asked: &Transaction) -> Transacted {
        let now = asked.now;
        let places: BTreeSet<_> = asked.writes.iter().map(|write| &write.place).collect();
        debug_assert_eq!(places.len(), asked.writes.len(), "a place is written twice");
        let unchanged = |seen: &Seen| {
            let item = self.read(&seen.place, now);
            item.version == seen.version && item.value.is_some() == seen.was_there
        };
        let same = |range: &SeenRange| self.keys(&range.range, now) == range.keys;
        if !asked.seen.iter().all(unchanged) || !asked.ranges.iter().all(same) {
            return Transacted::Stale;
        }
        self.spent.retain(|_, until| *until > now);
        if let Some(Spend { name, .. }) = &asked.spend
            && self.spent.contains_key(name)
        {
            return Transacted::Spent;
        }
        if self.exceeds(asked) {
            return Transacted::OverQuota;
        }
        if !asked.writes.is_empty() {
            self.commits += 1;
            self.rows
                .retain(|_, row| row.expires.is_none_or(|expires| expires > now));
        }
        for write in &asked.writes {
            let row = self.row(write);
            self.rows.insert(write.place.clone(), row);
        }
        if let Some(Spend { name, until }) = &asked.spend {
            self.spent.insert(name.clone(), *until);
        }
        Transacted::Done
    }

    /// What a call's question to storage is answered. `None` if it is none.
    pub fn answer(&self, question: &KvRequest, spaces: &Spaces, now: UnixMillis) -> Option<Answer> {
        if let KvRequest::Get(key) = question {
            let item = self.read(&spaces.of(key.space).place(&*key.key), now);
            return Some(Answer::Item {
                version: item.version,
                value: item.value.map(serde_bytes::ByteBuf::into_vec),
            });
        }
        let range = spaces.range(question)?;
        Some(Answer::Keys(self.keys(&range, now)))
    }

    /// Settles a call that is over; `commits`: whether its changes count. Values are kept as they are.
    pub fn settle(
        &mut self,
        workspace: &Workspace,
        spaces: &Spaces,
        commits: bool,
        now: UnixMillis,
    ) -> Transacted {
        let unsealed = |_: &Place, value: &[u8]| Ok::<_, std::convert::Infallible>(value.to_vec());
        let transaction = match workspace.commit(spaces, now, unsealed) {
            Ok(transaction) if commits => transaction,
            _ => workspace.checks(spaces, now),
        };
        self.transact(&transaction)
    }

    /// The items as bytes, to be kept in a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Only our own types: they always encode.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// The items that [`Self::to_bytes`] made bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match postcard::take_from_bytes(bytes) {
            Ok((items, [])) => Some(items),
            _ => None,
        }
    }

    /// Removes all items of the accounts that begin so.
    pub fn delete(&mut self, accounts: &str) {
        self.rows
            .retain(|_, row| !row.account.starts_with(accounts));
    }

    /// How many items there are, removed ones left out.
    pub fn len(&self) -> usize {
        let there = self.rows.values().filter(|row| row.value.is_some());
        there.count()
    }

    /// The same of the accounts that begin so.
    pub fn len_of(&self, accounts: &str) -> usize {
        let mine = |row: &&Row| row.value.is_some() && row.account.starts_with(accounts);
        self.rows.values().filter(mine).count()
    }

    /// How many removals are remembered.
    pub fn removed(&self) -> usize {
        self.rows.len() - self.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn row(&self, write: &Write) -> Row {
        Row {
            account: write.account.clone(),
            version: self.commits,
            expires: write.expires,
            value: write.value.as_ref().map(|value| value.to_vec()),
        }
    }

    /// Whether an account would grow over its quota. One that shrinks may be over it.
    fn exceeds(&self, asked: &Transaction) -> bool {
        let written: BTreeSet<_> = asked.writes.iter().map(|write| &write.place).collect();
        asked.quotas.iter().any(|quota| {
            let mine = |row: &&Row| row.account == quota.account;
            let (mut had, mut kept) = ((0, 0), (0, 0));
            for (place, row) in &self.rows {
                let expired = row.expires.is_some_and(|expires| expires <= asked.now);
                if !mine(&row) || expired || row.value.is_none() {
                    continue;
                }
                let size = row.size(&place.key);
                had = (had.0 + size, had.1 + 1);
                if !written.contains(place) {
                    kept = (kept.0 + size, kept.1 + 1);
                }
            }
            for write in asked
                .writes
                .iter()
                .filter(|write| write.account == quota.account)
            {
                let size = self.row(write).size(&write.place.key);
                kept = (kept.0 + size, kept.1 + u64::from(write.value.is_some()));
            }
            (kept.0 > had.0 && kept.0 > quota.bytes) || (kept.1 > had.1 && kept.1 > quota.items)
        })
    }
}
