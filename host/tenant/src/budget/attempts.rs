//! Wrong proofs of who somebody is: how many may be tried. Right ones cost nothing.

use smcp_ids::{MemberId, UnixMillis, limits};

use super::throttle::{Rule, Throttle};

const RULE: Rule = Rule {
    each: limits::ATTEMPTS_EACH,
    all: limits::ATTEMPTS_ALL,
    window: limits::ATTEMPTS_EACH * limits::ATTEMPT_MILLIS,
    known: limits::ATTEMPT_IDS_MAX,
};

/// The wrong proofs that one object was given lately, by who they were to prove. Ids that nobody has are counted as
/// others are: so that they look alike.
#[derive(Debug)]
pub struct Attempts(Throttle<MemberId>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Throttle::new(RULE))
    }
}

impl Attempts {
    /// Takes in that a proof was tried, and whether it was right. For one id no more are taken than there may be, right or
    /// wrong; those that are tried for one id after the other are refused as long as they are wrong: so nobody can keep
    /// all others out.
    ///
    /// # Errors
    /// After how many seconds another may be tried; nothing else is to be told then.
    pub fn judge(&mut self, id: &MemberId, is_right: bool, now: UnixMillis) -> Result<(), u64> {
        let own = self.0.wait(id, now);
        let wait = if is_right {
            own
        } else {
            own.max(self.0.wait_of_all(now))
        };
        if wait > 0 {
            return Err(wait.div_ceil(1_000));
        }
        if !is_right {
            self.0.count(id, now);
        }
        Ok(())
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
            match attempts.judge(id, false, now) {
                Ok(()) => tried += 1,
                Err(seconds) => return (tried, seconds),
            }
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
        assert_eq!(attempts.judge(&id("bob"), true, START), Ok(()));
        let early = START.plus(wait * 1_000 - 1);
        assert_eq!(
            attempts.judge(&id("ada"), true, early),
            Err(1),
            "not even the right one"
        );
        let then = START.plus(wait * 1_000);
        assert_eq!(fails(&mut attempts, &id("ada"), then).0, 1);
    }

    #[test]
    fn who_tries_one_member_after_the_other_is_stopped_and_keeps_nobody_out() {
        let mut attempts = Attempts::default();
        let names = (0..limits::ATTEMPTS_ALL).map(|number| id(&format!("m{number}")));
        for name in names {
            assert_eq!(attempts.judge(&name, false, START), Ok(()));
        }
        let wait = attempts.judge(&id("eve"), false, START).unwrap_err();
        assert_eq!(wait, RULE.window / limits::ATTEMPTS_ALL / 1_000);
        assert_eq!(attempts.judge(&id("ada"), true, START), Ok(()));
        let then = START.plus(wait * 1_000);
        assert_eq!(attempts.judge(&id("eve"), false, then), Ok(()));
    }

    #[test]
    fn right_codes_cost_nothing_and_time_that_goes_back_gives_nothing() {
        let mut attempts = Attempts::default();
        for _ in 0..10 * limits::ATTEMPTS_ALL {
            assert_eq!(attempts.judge(&id("ada"), true, START), Ok(()));
        }
        fails(&mut attempts, &id("ada"), START);
        for back in [1, RULE.window, START.0] {
            let earlier = UnixMillis(START.0 - back);
            assert!(attempts.judge(&id("ada"), true, earlier).is_err(), "{back}");
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
            if attempts.judge(&name, false, now).is_ok() {
                assert!(attempts.0.knows(&name));
                tried += 1;
            }
            assert!(attempts.0.len() <= limits::ATTEMPT_IDS_MAX);
        }
        let most = limits::ATTEMPTS_ALL * (1 + (steps * step).div_ceil(RULE.window));
        assert!(tried <= most, "{tried} > {most}");
    }
}
