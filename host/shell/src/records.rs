//! The object's records in its SQLite storage: one table of sealed rows.
//!
//! Everything here is synchronous: no other turn runs between a call and its return. The table is
//! made by the first write, so that asking an object that never was leaves no trace.

use js_sys::{Array, IteratorNext};
use smcp_capability::turn::{Mutation, Record, Table};
use wasm_bindgen::prelude::*;
use worker_sys::{DurableObjectStorage, SqlStorage, SqlStorageCursor};

use crate::bindings::{array, bytes_of};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS record (kind TEXT NOT NULL, key TEXT NOT NULL, \
                      value BLOB NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID";
const EXISTS: &str = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'record'";
const SELECT: &str = "SELECT kind, key, value FROM record ORDER BY kind, key";
const PUT: &str = "INSERT OR REPLACE INTO record (kind, key, value) VALUES (?, ?, ?)";
const DELETE: &str = "DELETE FROM record WHERE kind = ? AND key = ?";

/// All rows. One whose table this version does not know is left out.
pub(crate) fn load(storage: &DurableObjectStorage) -> Result<Vec<Record>, JsValue> {
    let sql = storage.sql();
    if rows(&sql.exec(EXISTS, Array::new())?)?
        .first()
        .and_then(|row| row.get(0).as_f64())
        != Some(1.0)
    {
        return Ok(Vec::new());
    }
    Ok(rows(&sql.exec(SELECT, Array::new())?)?
        .iter()
        .filter_map(record)
        .collect())
}

/// Applies changes, in the transaction that is under way.
pub(crate) fn apply_all(sql: &SqlStorage, mutations: &[Mutation]) -> Result<(), JsValue> {
    if mutations.is_empty() {
        return Ok(());
    }
    sql.exec(CREATE, Array::new())?;
    mutations
        .iter()
        .try_for_each(|mutation| apply(sql, mutation))
}

fn apply(sql: &SqlStorage, mutation: &Mutation) -> Result<(), JsValue> {
    let (statement, bindings) = match mutation {
        Mutation::Put(Record { table, key, value }) => {
            let value = js_sys::Uint8Array::from(value.as_slice());
            (PUT, Array::of3(&table.as_str().into(), &key.into(), &value))
        }
        Mutation::Delete { table, key } => (DELETE, array([table.as_str(), key.as_str()])),
    };
    sql.exec(statement, bindings).map(drop)
}

pub(crate) fn rows(cursor: &SqlStorageCursor) -> Result<Vec<Array>, JsValue> {
    let iterator = cursor.raw();
    let mut rows = Vec::new();
    loop {
        let next: IteratorNext = iterator.next()?;
        if next.done() {
            return Ok(rows);
        }
        rows.push(next.value().unchecked_into());
    }
}

fn record(row: &Array) -> Option<Record> {
    Some(Record {
        table: Table::from_name(&row.get(0).as_string()?)?,
        key: row.get(1).as_string()?,
        value: bytes_of(&row.get(2)),
    })
}
