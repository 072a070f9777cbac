//! One bucket: how much is in it, and when there will be more. Whole numbers throughout, so that nothing is lost
//! or made by rounding.

use serde::{Deserialize, Serialize};
use smcp_ids::UnixMillis;

/// A bucket that is refilled evenly, with all that it holds within its window. It may be in debt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    most: u64,
    /// Milliseconds, not 0.
    window: u64,
    /// What is in it, in parts of which one has as many as the window has milliseconds: so it gains `most` of them in
    /// each.
    level: i128,
    /// As of when. Never earlier than it was.
    at: UnixMillis,
}

/// What is stored of one.
#[derive(Serialize, Deserialize)]
struct Stored {
    most: u64,
    /// In whole ones, rounded down.
    level: i64,
    at: UnixMillis,
}

impl Bucket {
    /// A full one, which holds `most`, not 0, and is refilled within `window` milliseconds, not 0.
    pub fn full(most: u64, window: u64) -> Self {
        let (most, window) = (most.max(1), window.max(1));
        Self {
            most,
            window,
            level: i128::from(most) * i128::from(window),
            at: UnixMillis(0),
        }
    }

    /// One that was stored.
    pub(super) fn from_bytes(bytes: &[u8], window: u64) -> Option<Self> {
        let stored: Stored = postcard::from_bytes(bytes).ok()?;
        let mut bucket = Self::full(stored.most, window);
        let level = i128::from(stored.level) * i128::from(bucket.window);
        bucket.level = level.min(bucket.level);
        bucket.at = stored.at;
        Some(bucket)
    }

    /// What is stored of it.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let whole = self.level.div_euclid(i128::from(self.window));
        let stored = Stored {
            most: self.most,
            level: i64::try_from(whole).unwrap_or(i64::MIN),
            at: self.at,
        };
        // Three numbers always have a form.
        postcard::to_allocvec(&stored).unwrap_or_default()
    }

    /// How much it holds.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Within which it is refilled, in milliseconds.
    pub fn window(&self) -> u64 {
        self.window
    }

    fn capacity(&self) -> i128 {
        self.parts(self.most)
    }

    fn parts(&self, amount: u64) -> i128 {
        i128::from(amount) * i128::from(self.window)
    }

    /// What is in it at that time.
    fn level_at(&self, now: UnixMillis) -> i128 {
        let gained = i128::from(now.since(self.at)) * i128::from(self.most);
        self.level.saturating_add(gained).min(self.capacity())
    }

    fn refill(&mut self, now: UnixMillis) {
        self.level = self.level_at(now);
        self.at = self.at.max(now);
    }

    /// How much of it is there, in whole ones.
    pub fn left(&self, now: UnixMillis) -> u64 {
        let whole = self.level_at(now).div_euclid(i128::from(self.window));
        u64::try_from(whole).unwrap_or(0)
    }

    /// Whether all of it is there.
    pub fn is_full(&self, now: UnixMillis) -> bool {
        self.level_at(now) >= self.capacity()
    }

    /// Milliseconds until there is so much in it, if nobody takes any; 0: there is now. Of more than it holds, until
    /// it is full.
    pub fn wait(&self, amount: u64, now: UnixMillis) -> u64 {
        let missing = self.parts(amount.min(self.most)) - self.level_at(now);
        if missing <= 0 {
            return 0;
        }
        // Time that has gone back must first come to where it was.
        self.at.since(now).saturating_add(self.millis(missing))
    }

    /// How long it takes to gain so many parts.
    fn millis(&self, parts: i128) -> u64 {
        let most = i128::from(self.most);
        let millis = (parts.max(0) + most - 1) / most;
        u64::try_from(millis).unwrap_or(u64::MAX)
    }

    /// When it is full, if nobody takes any.
    pub fn full_at(&self) -> UnixMillis {
        self.at.plus(self.millis(self.capacity() - self.level))
    }

    /// Takes so much out of it, whether or not it is there.
    pub fn take(&mut self, amount: u64, now: UnixMillis) {
        self.refill(now);
        self.level = self.level.saturating_sub(self.parts(amount));
    }

    /// Lets it hold another amount. What was spent stays spent, but makes no debt.
    pub(super) fn resize(&mut self, most: u64, now: UnixMillis) {
        if most == self.most {
            return;
        }
        self.refill(now);
        let spent = self.capacity() - self.level;
        self.most = most.max(1);
        self.level = (self.capacity() - spent).max(self.level.min(0));
    }
}
