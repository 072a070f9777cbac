//! The object's items as they are stored, page by page: to seal them again, or to export them. Their values are bytes here.
//!
//! Everything is synchronous, so no other turn runs between a call and its return.

use js_sys::{Array, IteratorNext};
use smcp_capability::items::{PageOf, Place, Sealed, SealedPage};
use smcp_capability::turn::Mutation;
use smcp_ids::UnixMillis;
use wasm_bindgen::prelude::*;
use worker_sys::DurableObjectStorage;

use crate::bindings::{bytes_of, transaction};
use crate::items::{self, whole};
use crate::records::apply_all;

/// All that is there, or all that was changed since.
const PAGE: &str = "SELECT space, key, account, version, expires, value FROM item \
                    WHERE (space, key) > (?, ?) AND version > ? AND (value IS NOT NULL OR ? > 0) \
                    ORDER BY space, key";
const RESEAL: &str = "UPDATE item SET value = ? WHERE space = ? AND key = ? AND version = ?";

/// A page of items.
pub(crate) fn page(storage: &DurableObjectStorage, asked: &PageOf) -> Result<SealedPage, JsValue> {
    let sql = storage.sql();
    let mut page = SealedPage::default();
    if !items::exists(&sql)? {
        return Ok(page);
    }
    page.commit = items::last_commit(&sql)?;
    let (space, key) = match &asked.after {
        Some(Place { space, key }) => (space.as_str(), key.as_str()),
        None => ("", ""),
    };
    let since = JsValue::from(asked.since as f64);
    let values = Array::of4(&space.into(), &key.into(), &since, &since);
    let rows = sql.exec(PAGE, values)?.raw();
    let mut bytes = 0;
    loop {
        let next: IteratorNext = rows.next()?;
        if next.done() {
            return Ok(page);
        }
        if bytes as u64 >= asked.bytes || page.items.len() >= asked.items {
            page.has_more = true;
            return Ok(page);
        }
        let item = sealed(&next.value().unchecked_into())?;
        let size = item.value.as_ref().map_or(0, |value| value.len());
        bytes = size.saturating_add(bytes);
        page.items.push(item);
    }
}

fn sealed(row: &Array) -> Result<Sealed, JsValue> {
    let text = |at| {
        let value: JsValue = row.get(at);
        let text = value.as_string();
        text.ok_or_else(|| JsValue::from_str("a column of an item is no text"))
    };
    let (version, expires, value) = (row.get(3), row.get(4), row.get(5));
    Ok(Sealed {
        place: Place {
            space: text(0)?,
            key: text(1)?,
        },
        account: text(2)?,
        version: whole(&version),
        expires: expires.as_f64().map(|at| UnixMillis(at as u64)),
        value: (!value.is_null()).then(|| bytes_of(&value).into()),
    })
}

/// Puts other bytes in the place of items that are still of those versions, and changes rows: all of it, or nothing.
pub(crate) fn reseal(
    storage: &DurableObjectStorage,
    sealed: &[Sealed],
    rows: &[Mutation],
) -> Result<(), JsValue> {
    let sql = storage.sql();
    transaction(storage, &mut || {
        for item in sealed {
            let value = item.value.as_ref().map_or(&[][..], |value| value);
            let values = Array::of4(
                &js_sys::Uint8Array::from(value),
                &(&item.place.space).into(),
                &(&item.place.key).into(),
                &(item.version as f64).into(),
            );
            sql.exec(RESEAL, values)?;
        }
        apply_all(&sql, rows)
    })
}
