//! How long what belongs to the life of a tenant takes, and how much of it at once.

use super::KIB;

/// For how many days a tenant that is to be deleted can be restored, if nothing else is said: two pay days.
pub const GRACE_DAYS: u32 = 30;
/// The most that can be asked for.
pub const GRACE_DAYS_MAX: u32 = 365;
/// Items that are sealed again in one step, in bytes: opening and sealing so much takes a few milliseconds in V8, in which
/// nobody else computes.
pub const RESEAL_PAGE_BYTES: u64 = 256 * KIB as u64;
/// And how many: a small one takes some 20 microseconds.
pub const RESEAL_PAGE_ITEMS: usize = 128;
/// Rows that are sealed again in one step: they are a kilobyte or so.
pub const RESEAL_ROWS: usize = 64;
/// A page of an export, in bytes: as [`RESEAL_PAGE_BYTES`].
pub const EXPORT_PAGE_BYTES: u64 = 256 * KIB as u64;
/// And in items, which are opened and written as JSON.
pub const EXPORT_PAGE_ITEMS: usize = 256;
/// How often an export goes after what was written meanwhile before it says that it never comes to an end.
pub const EXPORT_PASSES_MAX: u32 = 64;
