//! Wrong proofs of who somebody is: how many may be tried. Right ones cost nothing.

use std::collections::BTreeMap;

use smcp_ids::{MemberId, UnixMillis, limits};

use super::bucket::Bucket;

/// How long it takes until all that may be tried at once may be tried again.
const WINDOW: u64 = limits::ATTEMPTS_EACH * limits::ATTEMPT_MILLIS;

/// The wrong proofs that one object was given lately, by who they were to prove. Ids that nobody has are counted as
/// others are: so that they look alike.
#[derive(Debug)]
pub struct Attempts {
    each: BTreeMap<MemberId, Bucket>,
    all: Bucket,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            each: BTreeMap::new(),
            all: Bucket::full(limits::ATTEMPTS_ALL, WINDOW),
        }
    }
}

impl Attempts {
    /// Whether a proof may be tried. Nothing may be waited for from here to [`Attempts::failed`], else many could be
    /// tried in between.
    ///
    /// # Errors
    /// After how many seconds one may.
    pub fn try_(&self, id: &MemberId, now: UnixMillis) -> Result<(), u64> {
        let own = self.each.get(id).map_or(0, |bucket| bucket.wait(1, now));
        match own.max(self.all.wait(1, now)) {
            0 => Ok(()),
            millis => Err(millis.div_ceil(1_000)),
        }
    }

    /// It was wrong.
    pub fn failed(&mut self, id: &MemberId, now: UnixMillis) {
        self.all.take(1, now);
        if self.each.len() >= limits::ATTEMPT_IDS_MAX && !self.each.contains_key(id) {
            self.each.retain(|_, bucket| !bucket.is_full(now));
        }
        // There is always room for one that was let try: all together fail fewer times in a window.
        if self.each.len() < limits::ATTEMPT_IDS_MAX || self.each.contains_key(id) {
            self.each
                .entry(id.clone())
                .or_insert_with(|| Bucket::full(limits::ATTEMPTS_EACH, WINDOW))
                .take(1, now);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const START: UnixMillis = UnixMillis(1_700_000_000_000);

    fn id(text: &str) -> MemberId {
        text.parse().unwrap()
    }

    /// Tries until it is refused; how often it was let, and what it was told then.
    fn fails(attempts: &mut Attempts, id: &MemberId, now: UnixMillis) -> (u64, u64) {
        let mut tried = 0;
        loop {
            match attempts.try_(id, now) {
                Ok(()) => attempts.failed(id, now),
                Err(seconds) => return (tried, seconds),
            }
            tried += 1;
        }
    }

    #[test]
    fn wrong_codes_of_one_member_are_few_and_another_is_not_kept_back_by_them() {
        let mut attempts = Attempts::default();
        let (tried, wait) = fails(&mut attempts, &id("ada"), START);
        assert_eq!(
            (tried, wait),
            (limits::ATTEMPTS_EACH, limits::ATTEMPT_MILLIS / 1_000)
        );
        assert_eq!(attempts.try_(&id("bob"), START), Ok(()));
        let early = START.plus(wait * 1_000 - 1);
        assert_eq!(attempts.try_(&id("ada"), early), Err(1));
        let then = START.plus(wait * 1_000);
        assert_eq!(fails(&mut attempts, &id("ada"), then).0, 1);
    }

    #[test]
    fn who_tries_one_member_after_the_other_is_stopped_too() {
        let mut attempts = Attempts::default();
        let names = (0..limits::ATTEMPTS_ALL).map(|number| id(&format!("m{number}")));
        for name in names {
            assert_eq!(attempts.try_(&name, START), Ok(()));
            attempts.failed(&name, START);
        }
        let wait = attempts.try_(&id("ada"), START).unwrap_err();
        assert_eq!(wait, WINDOW / limits::ATTEMPTS_ALL / 1_000);
        assert_eq!(attempts.try_(&id("ada"), START.plus(wait * 1_000)), Ok(()));
    }

    #[test]
    fn right_codes_cost_nothing_and_time_that_goes_back_gives_nothing() {
        let mut attempts = Attempts::default();
        for _ in 0..10 * limits::ATTEMPTS_ALL {
            assert_eq!(attempts.try_(&id("ada"), START), Ok(()));
        }
        fails(&mut attempts, &id("ada"), START);
        for back in [1, WINDOW, START.0] {
            let earlier = UnixMillis(START.0 - back);
            assert!(attempts.try_(&id("ada"), earlier).is_err(), "{back}");
        }
    }

    /// Whoever goes on for days: what is known stays bounded, and nobody is let try more than the rest.
    #[test]
    fn memory_is_bounded_and_nothing_is_forgotten_that_still_counts() {
        const { assert!(limits::ATTEMPT_IDS_MAX as u64 > 2 * limits::ATTEMPTS_ALL) };
        let mut attempts = Attempts::default();
        let mut tried = 0;
        let (step, steps) = (1_000, 100_000);
        for number in 0..steps {
            let now = START.plus(number * step);
            let name = id(&format!("m{number}"));
            if attempts.try_(&name, now).is_ok() {
                attempts.failed(&name, now);
                assert!(attempts.each.contains_key(&name));
                tried += 1;
            }
            assert!(attempts.each.len() <= limits::ATTEMPT_IDS_MAX);
        }
        let most = limits::ATTEMPTS_ALL * (1 + (steps * step).div_ceil(WINDOW));
        assert!(tried <= most, "{tried} > {most}");
    }
}
