//! How releases are tried. As part of [`limits`](super): no limit is elsewhere.

/// The most callers of a hundred whom a canary answers: who wants all of them promotes it.
pub const CANARY_PERCENT_MAX: u8 = 99;
