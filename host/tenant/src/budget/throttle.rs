//! Something that anybody may try, but not often: for each who tries, and for all together.

use std::collections::BTreeMap;

use smcp_ids::UnixMillis;

use super::bucket::Bucket;

/// How often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// For one, within the window.
    pub(super) each: u64,
    /// For all together.
    pub(super) all: u64,
    /// Milliseconds until all of it may be tried again.
    pub(super) window: u64,
    /// How many are known by name: more than twice as many as may try in a window.
    pub(super) known: usize,
}

/// Who has tried lately.
#[derive(Debug)]
pub(super) struct Throttle<K> {
    rule: Rule,
    each: BTreeMap<K, Bucket>,
    all: Bucket,
}

impl<K: Ord + Clone> Throttle<K> {
    pub(super) fn new(rule: Rule) -> Self {
        Self {
            rule,
            each: BTreeMap::new(),
            all: Bucket::full(rule.all, rule.window),
        }
    }

    /// How many milliseconds that one has to wait for its own sake.
    pub(super) fn wait(&self, who: &K, now: UnixMillis) -> u64 {
        self.each.get(who).map_or(0, |bucket| bucket.wait(1, now))
    }

    /// How many all have to wait for all others' sake.
    pub(super) fn wait_of_all(&self, now: UnixMillis) -> u64 {
        self.all.wait(1, now)
    }

    /// Counts a try of that one, if it may.
    pub(super) fn take(&mut self, who: &K, now: UnixMillis) -> Result<(), u64> {
        let wait = self.wait(who, now).max(self.wait_of_all(now));
        if wait > 0 {
            return Err(wait.div_ceil(1_000));
        }
        self.count(who, now);
        Ok(())
    }

    /// That one has tried.
    pub(super) fn count(&mut self, who: &K, now: UnixMillis) {
        self.all.take(1, now);
        let is_full = self.each.len() >= self.rule.known;
        if is_full && !self.each.contains_key(who) {
            self.each.retain(|_, bucket| !bucket.is_full(now));
        }
        // There is always room for one that was let try: all together try fewer times in a window.
        if self.each.len() < self.rule.known || self.each.contains_key(who) {
            let bucket = self.each.entry(who.clone());
            bucket
                .or_insert_with(|| Bucket::full(self.rule.each, self.rule.window))
                .take(1, now);
        }
    }

    #[cfg(test)]
    pub(super) fn knows(&self, who: &K) -> bool {
        self.each.contains_key(who)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.each.len()
    }
}
