//! The object's items in its SQLite storage: versions, expiry and quotas; no value is read here.
//!
//! Everything is synchronous, so no other turn runs between a call and its return, and what changes
//! runs in one transaction. The tables are made by the first change, so that reading leaves no trace.
//!
//! `item` holds what there is, and for a while what there was: a removal leaves its version behind.
//! `usage` is what the items of an account are together, kept with each change; `spent` are the names
//! that were used.

use std::collections::BTreeMap;

use js_sys::Array;
use smcp_capability::items::{
    Item, Place, Range, Seen, SeenRange, Spend, Transacted, Transaction, Write,
};
use smcp_ids::UnixMillis;
use wasm_bindgen::prelude::*;
use worker_sys::{DurableObjectStorage, SqlStorage};

use crate::bindings::{array, bytes_of, transaction};
use crate::records::{apply_all, rows};

const CREATE: [&str; 5] = [
    "CREATE TABLE IF NOT EXISTS item (space TEXT NOT NULL, key TEXT NOT NULL, account TEXT NOT NULL, \
     version INTEGER NOT NULL, expires INTEGER, size INTEGER NOT NULL, value BLOB, \
     PRIMARY KEY (space, key)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS item_expires ON item (expires) WHERE expires IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS usage (account TEXT PRIMARY KEY, bytes INTEGER NOT NULL, \
     items INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS spent (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS commits (number INTEGER NOT NULL)",
];
const EXISTS: &str = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'item'";
const READ: &str = "SELECT version, expires, value FROM item WHERE space = ? AND key = ?";
const VERSION: &str =
    "SELECT version, expires, size, value IS NOT NULL FROM item WHERE space = ? AND key = ?";
const KEYS: &str = "SELECT key FROM item WHERE space = ? AND key >= ? AND key > ? AND key < ? \
                    AND value IS NOT NULL AND (expires IS NULL OR expires > ?) ORDER BY key LIMIT ?";
const PUT: &str = "INSERT OR REPLACE INTO item (space, key, account, version, expires, size, value) \
                   VALUES (?, ?, ?, ?, ?, ?, ?)";
const EXPIRED: &str = "SELECT space, key, account, size, value IS NOT NULL FROM item \
                       WHERE expires <= ? ORDER BY expires LIMIT ?";
const DELETE: &str = "DELETE FROM item WHERE space = ? AND key = ?";
const USAGE: &str = "SELECT bytes, items FROM usage WHERE account = ?";
const SET_USAGE: &str = "INSERT OR REPLACE INTO usage (account, bytes, items) VALUES (?, ?, ?)";
const DELETE_SPENT: &str = "DELETE FROM spent WHERE until <= ?";
const IS_SPENT: &str = "SELECT count(*) FROM spent WHERE name = ?";
const SPEND: &str = "INSERT INTO spent (name, until) VALUES (?, ?)";
const COMMITS: &str = "SELECT max(number) FROM commits";
const FIRST_COMMIT: &str = "INSERT INTO commits (number) VALUES (1)";
const NEXT_COMMIT: &str = "UPDATE commits SET number = number + 1";
/// What has expired is swept up with the next changes, so many at a time: more than come with most.
const SWEPT_AT_ONCE: usize = 64;
/// The same of what is swept by itself.
const SWEPT_BY_ITSELF: usize = 1_024;
/// After every text that a key can be.
const AFTER_ALL: char = '\u{10FFFF}';

/// One item.
pub(crate) fn read(
    storage: &DurableObjectStorage,
    place: &Place,
    now: UnixMillis,
) -> Result<Item, JsValue> {
    let sql = storage.sql();
    let found = if exists(&sql)? {
        rows(&sql.exec(READ, at(place))?)?
    } else {
        Vec::new()
    };
    let row = found.first();
    let there = row.filter(|row| !has_expired(&row.get(1), now) && !row.get(2).is_null());
    Ok(Item {
        version: row.map_or(0, |row| whole(&row.get(0))),
        value: there.map(|row| bytes_of(&row.get(2)).into()),
        expires: there
            .and_then(|row| row.get(1).as_f64())
            .map(|expires| UnixMillis(expires as u64)),
    })
}

/// The keys of a range that are there.
pub(crate) fn keys(
    storage: &DurableObjectStorage,
    range: &Range,
    now: UnixMillis,
) -> Result<Vec<String>, JsValue> {
    let sql = storage.sql();
    if exists(&sql)? {
        keys_of(&sql, range, now)
    } else {
        Ok(Vec::new())
    }
}

/// Checks and changes: all of it, or nothing.
pub(crate) fn transact(
    storage: &DurableObjectStorage,
    asked: &Transaction,
) -> Result<Transacted, JsValue> {
    let sql = storage.sql();
    let mut went = Transacted::Done;
    transaction(storage, &mut || {
        if touches_items(asked) {
            for statement in CREATE {
                sql.exec(statement, Array::new())?;
            }
            went = transact_in(&sql, asked)?;
        }
        match went {
            Transacted::Done => apply_all(&sql, &asked.rows),
            _ => Ok(()),
        }
    })?;
    Ok(went)
}

/// Whether it is about more than rows.
fn touches_items(asked: &Transaction) -> bool {
    let is_without = asked.seen.is_empty()
        && asked.ranges.is_empty()
        && asked.writes.is_empty()
        && asked.spend.is_none();
    !is_without
}

/// Removes all items of the accounts that begin so.
pub(crate) fn delete(storage: &DurableObjectStorage, accounts: &str) -> Result<(), JsValue> {
    let sql = storage.sql();
    if !exists(&sql)? {
        return Ok(());
    }
    transaction(storage, &mut || {
        for table in ["item", "usage"] {
            let statement = format!("DELETE FROM {table} WHERE account >= ? AND account < ?");
            sql.exec(&statement, array([accounts, &beyond(accounts)]))?;
        }
        Ok(())
    })
}

/// Nothing is changed before everything was checked, but for what has expired.
fn transact_in(sql: &SqlStorage, asked: &Transaction) -> Result<Transacted, JsValue> {
    for seen in &asked.seen {
        if !is_unchanged(sql, seen, asked.now)? {
            return Ok(Transacted::Stale);
        }
    }
    for SeenRange { range, keys } in &asked.ranges {
        if keys_of(sql, range, asked.now)? != *keys {
            return Ok(Transacted::Stale);
        }
    }
    if let Some(spend) = &asked.spend
        && is_spent(sql, spend, asked.now)?
    {
        return Ok(Transacted::Spent);
    }
    let mut usage = Usage::default();
    if !asked.writes.is_empty() {
        sweep(sql, asked.now, SWEPT_AT_ONCE, &mut usage)?;
        for write in &asked.writes {
            usage.replace(sql, write)?;
        }
        if usage.exceeds(sql, asked)? {
            return Ok(Transacted::OverQuota);
        }
        let number = next_commit(sql)?;
        for write in &asked.writes {
            put(sql, write, number)?;
        }
        usage.store(sql)?;
    }
    if let Some(Spend { name, until }) = &asked.spend {
        let values = Array::of2(&name.into(), &millis(*until));
        sql.exec(SPEND, values)?;
    }
    Ok(Transacted::Done)
}

fn is_unchanged(sql: &SqlStorage, seen: &Seen, now: UnixMillis) -> Result<bool, JsValue> {
    let found = rows(&sql.exec(VERSION, at(&seen.place))?)?;
    let row = found.first();
    let version = row.map_or(0, |row| whole(&row.get(0)));
    let is_there = row.is_some_and(|row| whole(&row.get(3)) == 1 && !has_expired(&row.get(1), now));
    Ok(version == seen.version && is_there == seen.was_there)
}

fn keys_of(sql: &SqlStorage, range: &Range, now: UnixMillis) -> Result<Vec<String>, JsValue> {
    let values = Array::of4(
        &(&range.space).into(),
        &(&range.prefix).into(),
        &range.after.as_deref().unwrap_or_default().into(),
        &beyond(&range.prefix).into(),
    );
    values.push(&millis(now));
    values.push(&range.limit.into());
    let found = rows(&sql.exec(KEYS, values)?)?;
    Ok(found
        .iter()
        .filter_map(|row| row.get(0).as_string())
        .collect())
}

fn put(sql: &SqlStorage, write: &Write, version: f64) -> Result<(), JsValue> {
    let value = match &write.value {
        Some(value) => js_sys::Uint8Array::from(value.as_slice()).into(),
        None => JsValue::NULL,
    };
    let values = at(&write.place);
    values.push(&(&write.account).into());
    values.push(&version.into());
    values.push(&write.expires.map_or(JsValue::NULL, millis));
    values.push(&size(write).into());
    values.push(&value);
    sql.exec(PUT, values).map(drop)
}

/// Removes some of what has expired, and names that need not be remembered any more; whether there may be more.
pub(crate) fn sweep_all(storage: &DurableObjectStorage, now: UnixMillis) -> Result<bool, JsValue> {
    let sql = storage.sql();
    if !exists(&sql)? {
        return Ok(false);
    }
    let mut swept = 0;
    transaction(storage, &mut || {
        sql.exec(DELETE_SPENT, Array::of1(&millis(now)))?;
        swept = sweep(&sql, now, SWEPT_BY_ITSELF, &mut Usage::default())?;
        Ok(())
    })?;
    Ok(swept == SWEPT_BY_ITSELF)
}

/// Removes what has expired, so many items at most; how many.
fn sweep(
    sql: &SqlStorage,
    now: UnixMillis,
    most: usize,
    usage: &mut Usage,
) -> Result<usize, JsValue> {
    let due = Array::of2(&millis(now), &(most as f64).into());
    let due = rows(&sql.exec(EXPIRED, due)?)?;
    let count = due.len();
    for row in due {
        if let Some(account) = row.get(2).as_string() {
            usage.change(&account, -number(&row.get(3)), -number(&row.get(4)));
        }
        sql.exec(DELETE, Array::of2(&row.get(0), &row.get(1)))?;
    }
    usage.store(sql)?;
    Ok(count)
}

/// Whether a name was used. Those that need not be remembered any more are forgotten first.
fn is_spent(sql: &SqlStorage, spend: &Spend, now: UnixMillis) -> Result<bool, JsValue> {
    sql.exec(DELETE_SPENT, Array::of1(&millis(now)))?;
    let found = rows(&sql.exec(IS_SPENT, Array::of1(&(&spend.name).into()))?)?;
    Ok(found.first().is_some_and(|row| whole(&row.get(0)) > 0))
}

/// The number of the last commit; 0 if there was none.
pub(crate) fn last_commit(sql: &SqlStorage) -> Result<u64, JsValue> {
    let last = rows(&sql.exec(COMMITS, Array::new())?)?;
    Ok(last.first().map_or(0, |row| whole(&row.get(0))))
}

fn next_commit(sql: &SqlStorage) -> Result<f64, JsValue> {
    let last = rows(&sql.exec(COMMITS, Array::new())?)?;
    match last.first().and_then(|row| row.get(0).as_f64()) {
        Some(last) => {
            sql.exec(NEXT_COMMIT, Array::new())?;
            Ok(last + 1.0)
        }
        None => {
            sql.exec(FIRST_COMMIT, Array::new())?;
            Ok(1.0)
        }
    }
}

/// What accounts gain or lose, in bytes and in items.
#[derive(Default)]
struct Usage(BTreeMap<String, (f64, f64)>);

impl Usage {
    fn change(&mut self, account: &str, bytes: f64, items: f64) {
        let change = self.0.entry(account.to_owned()).or_default();
        change.0 += bytes;
        change.1 += items;
    }

    /// A write instead of what is in its place.
    fn replace(&mut self, sql: &SqlStorage, write: &Write) -> Result<(), JsValue> {
        if let Some(row) = rows(&sql.exec(VERSION, at(&write.place))?)?.first() {
            self.change(&write.account, -number(&row.get(2)), -number(&row.get(3)));
        }
        let items = if write.value.is_some() { 1.0 } else { 0.0 };
        self.change(&write.account, size(write), items);
        Ok(())
    }

    /// Whether an account has grown over its quota. One that shrinks may be over it.
    fn exceeds(&self, sql: &SqlStorage, asked: &Transaction) -> Result<bool, JsValue> {
        for quota in &asked.quotas {
            let Some((bytes, items)) = self.0.get(&quota.account) else {
                continue;
            };
            let (had_bytes, had_items) = usage(sql, &quota.account)?;
            if (*bytes > 0.0 && had_bytes + bytes > quota.bytes as f64)
                || (*items > 0.0 && had_items + items > quota.items as f64)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the changes into account, once.
    fn store(&mut self, sql: &SqlStorage) -> Result<(), JsValue> {
        for (account, (bytes, items)) in core::mem::take(&mut self.0) {
            let (had_bytes, had_items) = usage(sql, &account)?;
            let (bytes, items) = (had_bytes + bytes, had_items + items);
            let values = Array::of3(&account.into(), &bytes.into(), &items.into());
            sql.exec(SET_USAGE, values)?;
        }
        Ok(())
    }
}

fn usage(sql: &SqlStorage, account: &str) -> Result<(f64, f64), JsValue> {
    let found = rows(&sql.exec(USAGE, Array::of1(&account.into()))?)?;
    let row = found.first();
    Ok(row.map_or((0.0, 0.0), |row| (number(&row.get(0)), number(&row.get(1)))))
}

/// What a write is counted as. A removal is counted for nothing.
fn size(write: &Write) -> f64 {
    match &write.value {
        Some(value) => (write.place.key.len() as f64) + (value.len() as f64),
        None => 0.0,
    }
}

pub(crate) fn exists(sql: &SqlStorage) -> Result<bool, JsValue> {
    let found = rows(&sql.exec(EXISTS, Array::new())?)?;
    Ok(found.first().is_some_and(|row| whole(&row.get(0)) == 1))
}

fn has_expired(expires: &JsValue, now: UnixMillis) -> bool {
    expires
        .as_f64()
        .is_some_and(|expires| expires <= now.0 as f64)
}

fn beyond(prefix: &str) -> String {
    format!("{prefix}{AFTER_ALL}")
}

fn at(place: &Place) -> Array {
    array([place.space.as_str(), place.key.as_str()])
}

fn millis(moment: UnixMillis) -> JsValue {
    (moment.0 as f64).into()
}

fn number(value: &JsValue) -> f64 {
    value.as_f64().unwrap_or_default()
}

pub(crate) fn whole(value: &JsValue) -> u64 {
    number(value) as u64
}
