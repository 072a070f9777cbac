//! How large the next slice of a call is: large enough to be worth a trip to the event loop, small
//! enough that others need not wait.

use smcp_ids::{Fuel, limits};

use crate::state::Scene;

/// The pace of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace(u64);

impl Pace {
    /// The pace of a call that has just begun: in a fresh isolate fuel is slow.
    pub(crate) const fn new() -> Self {
        Self(limits::SLICE_FIRST_FUEL)
    }

    /// The next slice of a call whose caller has so many at once: they share one caller's time.
    pub(crate) fn slice(self, scene: &Scene, held: usize) -> Fuel {
        let fixed = scene.state.borrow().fixed_slice;
        fixed.unwrap_or_else(|| self.share(held))
    }

    fn share(self, held: usize) -> Fuel {
        let share = self.0 / held.max(1) as u64;
        Fuel(share.max(limits::SLICE_LEAST_FUEL))
    }

    /// Lets others run, and learns from the time between this step and the next: of what all ran
    /// meanwhile, the part that was this slice. `held` of its caller's share one caller's time.
    pub(crate) async fn pause(&mut self, scene: &Scene, held: usize) {
        let own = self.slice(scene, held).0;
        let ran_before = scene.state.borrow().sliced;
        scene.state.borrow_mut().sliced += own;
        let before = scene.outside.now_precisely();
        scene.outside.pause().await;
        let ran = scene.state.borrow().sliced - ran_before;
        let took = scene.outside.now_precisely() - before;
        self.took(part(took, own, ran) * held as f64);
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

/// The part of a time in which `own` of all the fuel `ran` was spent.
fn part(millis: f64, own: u64, ran: u64) -> f64 {
    millis * own as f64 / ran.max(1) as f64
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
            assert_eq!(pace.share(1), Fuel(expected), "after {millis} ms");
        }
        for (millis, bound) in [
            (0.0, limits::SLICE_MOST_FUEL),
            (9.0, limits::SLICE_LEAST_FUEL),
        ] {
            for _ in 0..64 {
                pace.took(millis);
            }
            assert_eq!(pace.share(1), Fuel(bound));
        }
    }

    #[test]
    fn callers_with_more_calls_at_once_get_smaller_slices_of_the_same_time() {
        let mut pace = Pace::new();
        for _ in 0..6 {
            pace.took(0.0);
        }
        assert_eq!(pace.share(4).0 * 4, pace.share(1).0);
        assert_eq!(Pace::new().share(99), Fuel(limits::SLICE_LEAST_FUEL));
        // Four milliseconds in which this slice was a quarter of what ran.
        assert!((part(4.0, 100, 400) - 1.0).abs() < 1e-9);
    }
}
