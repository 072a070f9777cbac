//! Items: what an object stores beside its records, read one by one and never all in memory. A
//! server's key-value pairs, and what calls left behind that wait for their client.
//!
//! An item has a version, the number of the commit that wrote it. So what was read can be checked
//! later, in the same transaction that writes: nothing else has to be locked meanwhile. Values are
//! sealed; whoever performs this compares versions and counts bytes, and reads none.

use serde::{Deserialize, Serialize};
use smcp_ids::UnixMillis;

use crate::turn::Mutation;

/// Where an item is. Keys of one space are in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// What it belongs to.
    pub space: String,
    /// Its key in there.
    pub key: String,
}

/// An item, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The commit that wrote, or removed, it; 0 if nothing is known of it.
    pub version: u64,
    /// Its sealed value. None if it is not there: never written, removed, or expired.
    pub value: Option<serde_bytes::ByteBuf>,
    /// When it goes by itself, if it is there.
    pub expires: Option<UnixMillis>,
}

/// An item as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Where.
    pub place: Place,
    /// Whose quota it counts for.
    pub account: String,
    /// The commit that wrote, or removed, it.
    pub version: u64,
    /// When it goes by itself.
    pub expires: Option<UnixMillis>,
    /// Its sealed value; none if it was removed.
    pub value: Option<serde_bytes::ByteBuf>,
}

/// A page of items as they are stored, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedPage {
    /// The items.
    pub items: Vec<Sealed>,
    /// Whether there are more after them.
    pub has_more: bool,
    /// The last commit there was.
    pub commit: u64,
}

/// Which page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageOf {
    /// The items begin after this one.
    pub after: Option<Place>,
    /// Only what a later commit than this has written, and what it has removed; of 0, all that is there.
    pub since: u64,
    /// No item is added to a page of that many bytes or more.
    pub bytes: u64,
    /// Nor to one of that many items.
    pub items: usize,
}

/// A part of a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The space.
    pub space: String,
    /// What the keys begin with.
    pub prefix: String,
    /// The keys begin after this one.
    pub after: Option<String>,
    /// How many, at most.
    pub limit: u32,
}

/// An item as a transaction saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where.
    pub place: Place,
    /// Its version then.
    pub version: u64,
    /// Whether it was there.
    pub was_there: bool,
}

/// A range as a transaction saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRange {
    /// Which.
    pub range: Range,
    /// The keys that were there.
    pub keys: Vec<String>,
}

/// A change to one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// Where.
    pub place: Place,
    /// Whose quota it counts for.
    pub account: String,
    /// The sealed value; None removes it.
    pub value: Option<serde_bytes::ByteBuf>,
    /// When it goes by itself. Of a removal: when it is forgotten that there was something.
    pub expires: Option<UnixMillis>,
}

/// What the items of one account may be, together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Whose.
    pub account: String,
    /// Keys and values, in bytes.
    pub bytes: u64,
    /// How many.
    pub items: u64,
}

/// A name that can be used once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spend {
    /// The name.
    pub name: String,
    /// Until when it is remembered.
    pub until: UnixMillis,
}

/// Checks and changes that belong together: all are made, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The time: what has expired by then is not there.
    pub now: UnixMillis,
    /// What must be as it was seen.
    pub seen: Vec<Seen>,
    /// Ranges that must be as they were seen.
    pub ranges: Vec<SeenRange>,
    /// What is changed then, each place once: what an account holds is counted by what was there before.
    pub writes: Vec<Write>,
    /// What no account that is written may exceed afterwards.
    pub quotas: Vec<Quota>,
    /// A name that must not have been used, and is now.
    pub spend: Option<Spend>,
    /// Rows that are changed with all that.
    pub rows: Vec<Mutation>,
}

/// How a [`Transaction`] went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transacted {
    /// All of it is done.
    Done,
    /// Something is not as it was seen.
    Stale,
    /// An account would exceed its quota.
    OverQuota,
    /// The name was used before.
    Spent,
}
