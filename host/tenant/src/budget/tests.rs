//! What buckets give out, whatever happens to time and to memory.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use smcp_auth::Allowance;

use super::*;

const START: UnixMillis = UnixMillis(1_700_000_000_000);

fn budget(name: &str, calls: Option<u64>, fuel: Option<u64>) -> Budget {
    Budget {
        name: name.to_owned(),
        is_narrowed: name.contains('/'),
        allowance: Allowance {
            fuel_per_day: fuel.map(|most| most.try_into().unwrap()),
            calls_per_minute: calls.map(|most| most.try_into().unwrap()),
        },
    }
}

#[test]
fn a_call_takes_one_of_each_bucket_or_of_none() {
    let mut buckets = Buckets::default();
    let (own, narrow) = (
        budget("key:a", Some(3), None),
        budget("key:a/1", Some(1), None),
    );
    let both = [own.clone(), narrow];
    assert_eq!(buckets.take_call(&both, START), Ok(()));
    for _ in 0..5 {
        let refused = buckets.take_call(&both, START).unwrap_err();
        assert_eq!((refused.kind, refused.seconds()), (Kind::Calls, 60));
        assert_eq!(refused.quotas.len(), 1, "only what is used up is told");
        assert_eq!(refused.quotas[0].name, "narrowed-1-calls");
    }
    // What was refused took nothing.
    let own = [own];
    assert_eq!(buckets.take_call(&own, START), Ok(()));
    assert_eq!(buckets.take_call(&own, START), Ok(()));
    assert_eq!(buckets.take_call(&own, START).unwrap_err().seconds(), 20);
}

#[test]
fn fuel_that_was_used_is_taken_and_debt_refuses_until_it_is_refilled() {
    let mut buckets = Buckets::default();
    let budgets = [budget("key:a", None, Some(86_400))];
    assert!(buckets.lacks(&budgets[0]));
    buckets.learn(&budgets[0], None, START);
    assert_eq!(buckets.check_fuel(&budgets, START), Ok(()));
    buckets.spend(&budgets, Fuel(86_400 + 99), START);
    let refused = buckets.check_fuel(&budgets, START).unwrap_err();
    assert_eq!((refused.kind, refused.seconds()), (Kind::Fuel, 100));
    assert_eq!(refused.quotas[0].left, 0);
    let then = START.plus(100_000);
    assert_eq!(buckets.check_fuel(&budgets, then), Ok(()));
    assert!(buckets.check_fuel(&budgets, START.plus(99_999)).is_err());
}

#[test]
fn what_is_stored_is_one_part_behind_at_most_and_is_known_again() {
    let most = 3_200;
    let budgets = [budget("key:a", None, Some(most))];
    let mut buckets = Buckets::default();
    buckets.learn(&budgets[0], None, START);
    let mut stored = None;
    let mut writes = 0;
    for spent in 1..=most {
        buckets.spend(&budgets, Fuel(1), START);
        let due = buckets.due(&budgets, START);
        writes += due.len() as u64;
        stored = due.into_iter().next().or(stored);
        let mut woken = Buckets::default();
        let bytes = stored.as_ref().map(|spent: &Spent| spent.bytes.as_slice());
        woken.learn(&budgets[0], bytes, START);
        let known = most - woken.quotas(&budgets, START)[0].left;
        assert!(known <= spent && spent - known < most / limits::BUDGET_PARTS);
    }
    assert_eq!(writes, limits::BUDGET_PARTS);
    // It can be forgotten when it would be full.
    let until = stored.unwrap().until;
    assert!(until > START && until <= START.plus(DAY), "{until:?}");
}

/// An object that sleeps between calls forgets what it has not stored: so it has stored all.
#[test]
fn what_a_slow_caller_spends_is_stored_however_little_it_is() {
    let budgets = [budget("key:a", None, Some(3_200))];
    let mut buckets = Buckets::default();
    buckets.learn(&budgets[0], None, START);
    let pause = limits::BUDGET_WRITTEN_MILLIS;
    for (millis, fuel, is_due) in [
        (0, 0, false),
        (0, 1, true),
        (1, 1, false),
        (pause - 1, 1, false),
        (pause, 1, true),
        (pause, 0, false),
        (9 * pause, 0, false),
        (9 * pause, 1, true),
    ] {
        let now = START.plus(millis);
        buckets.spend(&budgets, Fuel(fuel), now);
        assert_eq!(
            buckets.due(&budgets, now).len(),
            usize::from(is_due),
            "{millis}"
        );
    }
}

#[test]
fn another_limit_holds_at_once_and_what_was_spent_stays_spent() {
    let mut buckets = Buckets::default();
    let left = |buckets: &mut Buckets, calls, fuel| {
        let quotas = buckets.quotas(&[budget("tenant", calls, fuel)], START);
        quotas.iter().map(|quota| quota.left).collect::<Vec<_>>()
    };
    let first = [budget("tenant", Some(10), Some(1_000))];
    buckets.learn(&first[0], None, START);
    for _ in 0..4 {
        buckets.take_call(&first, START).unwrap();
    }
    buckets.spend(&first, Fuel(1_500), START);
    for (calls, fuel, expected) in [
        (Some(10), Some(1_000), vec![6, 0]),
        (Some(20), Some(2_000), vec![16, 500]),
        (Some(3), Some(2_000), vec![0, 500]),
        (Some(3), Some(1_000), vec![0, 0]),
        (Some(3), None, vec![0]),
        (None, None, vec![]),
    ] {
        assert_eq!(
            left(&mut buckets, calls, fuel),
            expected,
            "{calls:?} {fuel:?}"
        );
    }
}

#[test]
fn what_a_caller_is_told_adds_up() {
    let mut buckets = Buckets::default();
    let budgets = [budget("member:ada", Some(60), None)];
    let quota = |buckets: &mut Buckets, now| buckets.quotas(&budgets, now)[0].clone();
    assert_eq!(quota(&mut buckets, START).more_in, None);
    buckets.take_call(&budgets, START).unwrap();
    let one_less = quota(&mut buckets, START);
    let expected = (59, Some(1), 60, 60);
    let told = (
        one_less.left,
        one_less.more_in,
        one_less.most,
        one_less.window,
    );
    assert_eq!(told, expected);
    assert_eq!(one_less.name, "member-calls");
}

/// Each narrowed form may have a bucket of its own, and there are as many as one likes.
#[test]
fn memory_is_bounded_and_the_full_and_the_narrowed_are_forgotten_first() {
    let mut buckets = Buckets::default();
    let own = [budget("key:a", Some(1_000_000), None)];
    let spent = [budget("key:b", Some(1), None)];
    buckets.take_call(&spent, START).unwrap();
    for number in 0..3 * limits::BUCKETS_MAX {
        let narrow = budget(&format!("key:a/{number}"), Some(1), None);
        let both = [own[0].clone(), narrow];
        buckets.take_call(&both, START).unwrap();
        assert!(buckets.by_name.len() <= limits::BUCKETS_MAX);
    }
    // Of the key itself nothing was forgotten, nor of another.
    let left = buckets.quotas(&own, START)[0].left;
    assert_eq!(left, 1_000_000 - 3 * limits::BUCKETS_MAX as u64);
    assert!(buckets.take_call(&spent, START).is_err());
    // What is full is worth nothing: then nothing else is given up.
    let later = START.plus(MINUTE);
    buckets.take_call(&spent, later).unwrap();
    while buckets.by_name.len() < limits::BUCKETS_MAX {
        let name = format!("key:c/{}", buckets.by_name.len());
        buckets.quotas(&[budget(&name, Some(1), None)], later);
    }
    buckets
        .take_call(&[budget("key:d", Some(1), None)], later)
        .unwrap();
    assert!(buckets.by_name.len() < limits::BUCKETS_FORGOTTEN);
    assert!(buckets.take_call(&spent, later).is_err());
}

/// Moments, in steps that go forward and back.
fn moments() -> impl Strategy<Value = Vec<u64>> {
    let step = prop_oneof![
        4 => -2_000..4_000_i64,
        1 => -200_000..200_000_i64,
    ];
    prop::collection::vec(step, 1..200).prop_map(|steps| {
        let mut now = i64::try_from(START.0).unwrap();
        let moment = |step: i64| {
            now += step;
            u64::try_from(now).unwrap()
        };
        steps.into_iter().map(moment).collect()
    })
}

proptest! {
    /// Calls of two forms of a key in any order, and moments in any: no bucket gives out more than it holds and
    /// what it gains in the time that has passed.
    #[test]
    fn no_bucket_gives_out_more_than_it_holds_and_gains(
        moments in moments(), narrow in prop::collection::vec(any::<bool>(), 200), own in 1..50_u64, less in 1..50_u64,
    ) {
        let mut buckets = Buckets::default();
        let budgets = [budget("key:a", Some(own), None), budget("key:a/1", Some(less), None)];
        let (mut given, mut last) = ([0_u64; 2], 0);
        // When each was used first.
        let mut first = [None; 2];
        for (moment, is_narrow) in moments.iter().zip(narrow) {
            let of = if is_narrow { &budgets[..] } else { &budgets[..1] };
            first[0] = first[0].or(Some(*moment));
            first[1] = first[1].or(is_narrow.then_some(*moment));
            last = last.max(*moment);
            if buckets.take_call(of, UnixMillis(*moment)).is_ok() {
                given[0] += 1;
                given[1] += u64::from(is_narrow);
            }
            for ((given, most), first) in given.iter().zip([own, less]).zip(first) {
                let passed = first.map_or(0, |first| last - first);
                prop_assert!(given * MINUTE <= most * (MINUTE + passed), "{given} of {most}");
            }
        }
    }

    /// After the time that it says, and not before.
    #[test]
    fn the_time_that_it_says_is_right(
        most in 1..1_000_000_u64, window in prop::sample::select(vec![MINUTE, DAY]), taken in 0..3_000_000_u64,
        from in 0..200_000_u64, now in 0..200_000_u64, amount in 1..1_000_000_u64,
    ) {
        let mut bucket = Bucket::full(most, window);
        bucket.take(taken, START.plus(from));
        let now = START.plus(now);
        let amount = amount.min(most);
        let has = |at| bucket.left(at) >= amount;
        match bucket.wait(amount, now) {
            0 => prop_assert!(has(now)),
            wait => {
                prop_assert!(has(now.plus(wait)), "granted after {wait}");
                prop_assert!(!has(now.plus(wait - 1)), "not before {wait}");
            }
        }
        let full = bucket.full_at();
        prop_assert!(bucket.is_full(full));
        prop_assert!(taken == 0 || !bucket.is_full(UnixMillis(full.0 - 1)));
    }

    /// Fuel is taken when it has been used: so it is over by one call at most.
    #[test]
    fn no_budget_is_exceeded_by_more_than_the_last_call(
        moments in moments(), used in prop::collection::vec(0..5_000_u64, 200), most in 1..20_000_u64,
    ) {
        let mut buckets = Buckets::default();
        let budgets = [budget("key:a", None, Some(most))];
        buckets.learn(&budgets[0], None, UnixMillis(moments[0]));
        let (mut spent, mut last) = (0, 0);
        for (moment, used) in moments.iter().zip(used) {
            if buckets.check_fuel(&budgets, UnixMillis(*moment)).is_ok() {
                buckets.spend(&budgets, Fuel(used), UnixMillis(*moment));
                (spent, last) = (spent + used, used);
            }
        }
        let passed = moments.iter().max().unwrap() - moments[0];
        let before = u128::from(spent - last);
        prop_assert!(before * u128::from(DAY) <= u128::from(most) * u128::from(DAY + passed));
    }

    #[test]
    fn what_is_stored_is_read_as_it_was_written(most in 1..=limits::FUEL_PER_DAY_MAX, taken in any::<u64>(), at in any::<u32>()) {
        let mut bucket = Bucket::full(most, DAY);
        bucket.take(taken, UnixMillis(at.into()));
        let again = Bucket::from_bytes(&bucket.to_bytes(), DAY).unwrap();
        if taken < i64::MAX as u64 {
            prop_assert_eq!(again, bucket);
        } else {
            prop_assert!(!again.is_full(UnixMillis(at.into())));
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, now: u64, most in 1..=limits::FUEL_PER_DAY_MAX) {
        let mut buckets = Buckets::default();
        let budgets = [budget("key:a", Some(1), Some(most))];
        buckets.learn(&budgets[0], Some(&bytes), UnixMillis(now));
        drop(buckets.check_fuel(&budgets, UnixMillis(now)));
        drop(buckets.quotas(&budgets, UnixMillis(0)));
    }
}
