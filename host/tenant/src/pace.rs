//! How large the next slice of a call is: large enough to be worth a trip to the event loop, small
//! enough that others need not wait.

use smcp_ids::{Fuel, limits};

use crate::outside::Outside;

/// The pace of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace(u64);

impl Pace {
    /// The pace of a call that has just begun: in a fresh isolate fuel is slow.
    pub(crate) const fn new() -> Self {
        Self(limits::SLICE_FIRST_FUEL)
    }

    /// The next slice.
    pub(crate) const fn slice(self) -> Fuel {
        Fuel(self.0)
    }

    /// Lets others run, and learns from the time between this step and the next.
    pub(crate) async fn pause(&mut self, outside: &Outside) {
        let before = outside.now_precisely();
        outside.pause().await;
        self.took(outside.now_precisely() - before);
    }

    /// Learns how long a slice took. A clock that stands still while a guest computes shows it
    /// only after the trip to the event loop.
    fn took(&mut self, millis: f64) {
        if millis < limits::SLICE_DOUBLE_BELOW_MILLIS {
            self.0 = (self.0 * 2).min(limits::SLICE_MOST_FUEL);
        } else if millis > limits::SLICE_HALVE_ABOVE_MILLIS {
            self.0 = (self.0 / 2).max(limits::SLICE_LEAST_FUEL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_follows_the_time_its_slices_take_and_stays_within_bounds() {
        let mut pace = Pace::new();
        for (millis, expected) in [
            (1.0, 2 * limits::SLICE_FIRST_FUEL),
            (3.0, 2 * limits::SLICE_FIRST_FUEL),
            (6.0, limits::SLICE_FIRST_FUEL),
        ] {
            pace.took(millis);
            assert_eq!(pace.slice(), Fuel(expected), "after {millis} ms");
        }
        for (millis, bound) in [
            (0.0, limits::SLICE_MOST_FUEL),
            (9.0, limits::SLICE_LEAST_FUEL),
        ] {
            for _ in 0..64 {
                pace.took(millis);
            }
            assert_eq!(pace.slice(), Fuel(bound));
        }
    }
}
