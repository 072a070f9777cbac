//! What an object was made as: the layout of its storage, and the secret that everything in it is sealed with.
//!
//! The secret is random, is in no other place than this row, and goes when storage is erased. So what was copied from
//! elsewhere, such as records of sessions, cannot be opened any more then, not even with the master key.
//!
//! Layouts only go forward. An object that was written by an earlier version is brought to the layout of this one when it
//! wakes, in one transaction, before anything is answered. One that was written by a later version is not touched.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Record, Table};
use smcp_crypto::{Binding, CryptoError, NONCE_BYTES, Purpose, PurposeKeys, TenantKeys};

use crate::problem::Problem;
use crate::record::{self, ROOT, Row, Sealer};

/// The layout that this version writes. Raising it takes a step in [`STEPS`] and a platform of the new layout among the
/// tests (`storage_versions.rs`). What needs no step: another kind of row.
pub(crate) const LAYOUT: u32 = 4;

/// Brings rows from one layout to the next; none if one of them is not as it must be.
type Next = fn(&mut [Plain]) -> Option<()>;

/// What brings rows from one layout to the next, the first from 1 to 2.
const STEPS: [Next; LAYOUT as usize - 1] = [
    // Objects got a secret. Their rows say the same as before.
    |_| Some(()),
    record::earlier::gives_releases_a_life,
    record::earlier::writes_down_no_calls,
];

/// A row as it was encoded.
pub(crate) struct Plain {
    pub(crate) table: Table,
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
}

/// What an object was made as.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RootRecord {
    pub(crate) layout: u32,
    /// What its keys need beside the master key.
    pub(crate) secret: [u8; 32],
    /// Whether there may be values left that were sealed before there was a secret.
    pub(crate) has_older: bool,
}

impl core::fmt::Debug for RootRecord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "RootRecord(layout {})", self.layout)
    }
}

/// The keys that seal an object's data for one purpose.
pub(crate) struct DataKeys {
    own: PurposeKeys,
    /// Those of before it had a secret, as long as something is sealed with them.
    older: Option<PurposeKeys>,
}

impl DataKeys {
    pub(crate) fn new(keys: &TenantKeys, root: &RootRecord, purpose: Purpose) -> Self {
        Self {
            own: keys.with_secret(&root.secret).purpose(purpose),
            older: root.has_older.then(|| keys.purpose(purpose)),
        }
    }

    /// As [`PurposeKeys::seal`].
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        binding: &Binding,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.own.seal(nonce, binding, plaintext)
    }

    /// As [`PurposeKeys::open`].
    pub(crate) fn open(&self, binding: &Binding, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match (self.own.open(binding, sealed), &self.older) {
            (Err(CryptoError::NotAuthentic), Some(older)) => older.open(binding, sealed),
            (opened, _) => opened,
        }
    }

    /// The value sealed with the current key; none if it is already. An error if it does not open.
    pub(crate) fn reseal(
        &self,
        nonce: [u8; NONCE_BYTES],
        binding: &Binding,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, CryptoError> {
        let is_current = self.own.is_current(sealed);
        if is_current && (self.older.is_none() || self.own.open(binding, sealed).is_ok()) {
            return Ok(None);
        }
        let plaintext = self.open(binding, sealed)?;
        self.seal(nonce, binding, &plaintext).map(Some)
    }

    /// The version of the master key that is current.
    pub(crate) fn current_version(&self) -> u32 {
        self.own.current_version()
    }
}

/// The rows of an object, opened.
pub(crate) struct Opened {
    pub(crate) root: RootRecord,
    pub(crate) sealer: Sealer,
    pub(crate) rows: Vec<Row>,
    /// What must be done before anything is answered.
    pub(crate) first: First,
}

/// What has to be written of an object that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// Nothing.
    Nothing,
    /// Its root, with the first thing that is stored: an object of which nothing is stored leaves no trace.
    Root,
    /// All of it, in the layout of this version.
    All,
}

/// Opens the rows of an object. The secret is for one that has none yet.
pub(crate) fn open(
    keys: &TenantKeys,
    object: &str,
    records: &[Record],
    secret: [u8; 32],
) -> Result<Opened, Problem> {
    let is_root = |record: &&Record| record.table == Table::Object && record.key == ROOT;
    let new = |layout| RootRecord {
        layout,
        secret,
        has_older: layout < 2,
    };
    let (mut root, first) = match records.iter().find(is_root) {
        Some(record) => (open_root(keys, object, record)?, First::Nothing),
        None if records.is_empty() => (new(LAYOUT), First::Root),
        None => (new(1), First::All),
    };
    let sealer = Sealer::new(object.to_owned(), keys, &root);
    let rest = records.iter().filter(|record| !is_root(record));
    // A row that does not open was altered, or its key is gone: answering from the rest could let in what the row shut out.
    let plain = rest.map(|record| {
        Some(Plain {
            table: record.table,
            key: record.key.clone(),
            bytes: sealer.open(record)?,
        })
    });
    let plain: Option<Vec<Plain>> = plain.collect();
    let mut plain = plain.ok_or_else(Problem::host)?;
    let rows = decode(root.layout, &mut plain);
    let first = if root.layout < LAYOUT {
        First::All
    } else {
        first
    };
    root.layout = LAYOUT;
    Ok(Opened {
        root,
        sealer,
        rows: rows.ok_or_else(Problem::host)?,
        first,
    })
}

/// Rows of a layout, as they are in this one.
pub(crate) fn decode(layout: u32, rows: &mut [Plain]) -> Option<Vec<Row>> {
    for step in STEPS.iter().skip(layout.saturating_sub(1) as usize) {
        step(rows)?;
    }
    let rows = rows.iter();
    rows.map(|row| Row::decode(row.table, &row.key, &row.bytes))
        .collect()
}

/// Its row is sealed with what follows from the master key alone.
fn open_root(keys: &TenantKeys, object: &str, record: &Record) -> Result<RootRecord, Problem> {
    let keys = keys.purpose(Purpose::Records);
    let binding = record::binding(object, record.table, &record.key);
    let bytes = keys.open(&binding, &record.value);
    let bytes = bytes.map_err(|_| Problem::host())?;
    // Whatever else a later version writes into this row, the layout comes first.
    let (layout, _) = postcard::take_from_bytes::<u32>(&bytes).map_err(|_| Problem::host())?;
    if layout > LAYOUT {
        return Err(Problem::new(
            503,
            "written_by_later_host",
            "what is stored here was written by a later version of the host; deploy that version again",
        ));
    }
    record::decode(&bytes).ok_or_else(Problem::host)
}
