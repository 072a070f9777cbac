//! How often a number was how large: buckets that are as fine for small numbers as for large ones.
//!
//! Numbers below 8 have a bucket each; from there on every power of two is divided into 8. So a bucket is at most an
//! eighth as wide as its numbers are large, whatever they count, and two histograms are added by adding their buckets.

use serde::{Deserialize, Serialize};

/// Each power of two has two to this number of buckets.
const BITS: u32 = 3;
const PARTS: u64 = 1 << BITS;

/// How often numbers were how large.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Buckets that are not empty, in order, each with its count.
    buckets: Vec<(u16, u64)>,
}

impl Histogram {
    /// Counts a number.
    pub fn record(&mut self, value: u64) {
        self.add(bucket_of(value), 1);
    }

    /// Adds all that another has counted.
    pub fn merge(&mut self, other: &Self) {
        for &(bucket, count) in &other.buckets {
            self.add(bucket, count);
        }
    }

    /// How many numbers were counted.
    pub fn total(&self) -> u64 {
        let counts = self.buckets.iter().map(|(_, count)| *count);
        counts.fold(0, u64::saturating_add)
    }

    /// What so many of a thousand numbers were not above: the largest number of a bucket, so never too little, and at
    /// most an eighth too much. None if nothing was counted.
    pub fn quantile(&self, of_thousand: u64) -> Option<u64> {
        let total = u128::from(self.total());
        let wanted = (total * u128::from(of_thousand)).div_ceil(1_000).max(1);
        let mut seen = 0;
        self.buckets.iter().find_map(|&(bucket, count)| {
            seen += u128::from(count);
            (seen >= wanted).then(|| last_of(bucket))
        })
    }

    /// How many numbers were at most `most`, which must be the last of a bucket, such as a power of two less one.
    pub fn at_most(&self, most: u64) -> u64 {
        let below = self.buckets.iter();
        let below = below.take_while(|(bucket, _)| last_of(*bucket) <= most);
        below.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    fn add(&mut self, bucket: u16, count: u64) {
        match self.buckets.binary_search_by_key(&bucket, |(at, _)| *at) {
            Ok(at) => {
                if let Some((_, sum)) = self.buckets.get_mut(at) {
                    *sum = sum.saturating_add(count);
                }
            }
            Err(at) => self.buckets.insert(at, (bucket, count)),
        }
    }
}

/// Which bucket a number belongs to.
fn bucket_of(value: u64) -> u16 {
    let bits = u64::BITS - value.leading_zeros();
    let shift = bits.saturating_sub(BITS + 1);
    // At most 60 times 8, and 15.
    (u64::from(shift) * PARTS + (value >> shift)) as u16
}

/// The largest number of a bucket.
fn last_of(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < 2 * PARTS {
        return bucket;
    }
    let shift = (bucket / PARTS - 1).min(60);
    let first = (bucket % PARTS + PARTS) << shift;
    first | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.record(*value);
        }
        histogram
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        let mut last = last_of(0);
        assert_eq!(last, 0);
        for bucket in 1..=bucket_of(u64::MAX) {
            assert_eq!(bucket_of(last + 1), bucket);
            last = last_of(bucket);
            assert_eq!(bucket_of(last), bucket);
        }
        assert_eq!(last, u64::MAX);
    }

    #[test]
    fn nothing_that_was_counted_has_no_quantile_and_counts_do_not_run_over() {
        assert_eq!(Histogram::default().quantile(500), None);
        let mut full = Histogram {
            buckets: vec![(3, u64::MAX)],
        };
        full.record(3);
        assert_eq!((full.total(), full.quantile(990)), (u64::MAX, Some(3)));
        // What is in storage is sealed; one of a bucket that there is not must not panic all the same.
        assert_eq!(last_of(u16::MAX) & 1, 1);
    }

    proptest! {
        #[test]
        fn a_bucket_is_at_most_an_eighth_as_wide_as_its_numbers_are_large(value: u64, shift in 0_u32..64) {
            let value = value >> shift;
            let last = last_of(bucket_of(value));
            prop_assert!(last >= value);
            prop_assert!(last - value <= value / PARTS, "{value} {last}");
        }

        #[test]
        fn what_is_counted_apart_and_added_is_what_is_counted_together(
            one in proptest::collection::vec(any::<u64>(), 0..50),
            other in proptest::collection::vec(0_u64..1_000, 0..50),
        ) {
            let mut added = of(&one);
            added.merge(&of(&other));
            let mut the_other_way = of(&other);
            the_other_way.merge(&of(&one));
            let together = of(&[one, other].concat());
            prop_assert_eq!(&added, &together);
            prop_assert_eq!(&the_other_way, &together);
            let bytes = postcard::to_allocvec(&added).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Histogram>(&bytes).unwrap(), together);
        }

        #[test]
        fn a_quantile_is_never_too_little_and_at_most_an_eighth_too_much(
            mut values in proptest::collection::vec(0_u64..10_000_000_000, 1..200),
            of_thousand in 1_u64..=1_000,
        ) {
            let found = of(&values).quantile(of_thousand).unwrap();
            values.sort_unstable();
            let rank = (values.len() * of_thousand as usize).div_ceil(1_000).max(1);
            let exact = values[rank - 1];
            prop_assert!((exact..=exact + exact / 8).contains(&found), "{exact} {found}");
        }

        #[test]
        fn those_up_to_a_power_of_two_are_counted_exactly(
            values in proptest::collection::vec(0_u64..1 << 20, 0..100), power in 1_u32..21,
        ) {
            let most = (1 << power) - 1;
            let exact = values.iter().filter(|value| **value <= most).count() as u64;
            prop_assert_eq!(of(&values).at_most(most), exact);
        }
    }
}
