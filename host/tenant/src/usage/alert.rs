//! What somebody should look at: raised while a tenant's calls run, kept beside what they came to.
//!
//! A flood of the same alert is one, with a count. Nothing in an alert is a client's or a guest's text.

use serde::{Deserialize, Serialize};
use smcp_ids::{CallId, UnixMillis, limits};

use super::table::OTHER;

/// What an alert is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A guest trapped, or broke the contract.
    Trap,
    /// A guest used up its fuel.
    OutOfFuel,
    /// A guest ended by a fault when it had all the memory that it may have.
    OutOfMemory,
    /// A guest did not finish in time.
    Deadline,
    /// Something was asked for that the caller's scopes, or the server's grants, do not cover.
    Denied,
    /// A call took much more fuel than calls of its tool do.
    FuelJump,
}

impl Kind {
    /// All, in the order in which they are counted.
    pub(crate) const ALL: [Self; 6] = [
        Self::Trap,
        Self::OutOfFuel,
        Self::OutOfMemory,
        Self::Deadline,
        Self::Denied,
        Self::FuelJump,
    ];

    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::OutOfFuel => "out_of_fuel",
            Self::OutOfMemory => "out_of_memory",
            Self::Deadline => "deadline",
            Self::Denied => "denied",
            Self::FuelJump => "fuel_jump",
        }
    }

    /// Of a guest's fault with that code.
    pub(crate) fn of_fault(code: &str, had_all_memory: bool) -> Self {
        match code {
            "guest_out_of_fuel" => Self::OutOfFuel,
            "guest_deadline" => Self::Deadline,
            _ if had_all_memory => Self::OutOfMemory,
            _ => Self::Trap,
        }
    }
}

/// One alert, or several that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alert {
    pub(crate) kind: Kind,
    /// Empty: none, or all of them.
    pub(crate) server: String,
    /// The tool or prompt; empty for none.
    pub(crate) name: String,
    /// The code of the error that was answered.
    pub(crate) code: String,
    /// Who called last.
    pub(crate) by: String,
    /// The last call.
    pub(crate) call: Option<CallId>,
    pub(crate) first: UnixMillis,
    pub(crate) last: UnixMillis,
    pub(crate) count: u64,
    /// The fuel of the last one, and what was usual.
    pub(crate) fuel: Option<(u64, u64)>,
}

impl Alert {
    fn is_like(&self, other: &Self) -> bool {
        let place = |alert: &Self| (alert.server.clone(), alert.name.clone(), alert.code.clone());
        self.kind == other.kind && place(self) == place(other)
    }

    /// Counts a later one with it.
    fn take_in(&mut self, later: &Self) {
        self.count = self.count.saturating_add(later.count);
        self.last = self.last.max(later.last);
        self.by.clone_from(&later.by);
        self.call = later.call;
        self.fuel = later.fuel;
    }
}

/// Alerts in the order in which they were raised first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alerts(pub(crate) Vec<Alert>);

impl Alerts {
    /// Takes in an alert of the batch that is under way. Whether it is the first of its kind in that; where there are
    /// too many, it is counted without its place.
    pub(crate) fn raise(&mut self, alert: Alert) -> bool {
        if let Some(like) = self.0.iter_mut().find(|like| like.is_like(&alert)) {
            like.take_in(&alert);
            return false;
        }
        if self.0.len() < limits::ALERTS_WAITING {
            self.0.push(alert);
            return true;
        }
        let placeless = Alert {
            server: OTHER.to_owned(),
            name: OTHER.to_owned(),
            code: OTHER.to_owned(),
            ..alert
        };
        match self.0.iter_mut().find(|like| like.is_like(&placeless)) {
            Some(like) => {
                like.take_in(&placeless);
                false
            }
            // There are as many of those as kinds.
            None => {
                self.0.push(placeless);
                true
            }
        }
    }

    /// Takes in those of a batch: what is like one that is not long ago is counted with it, and the oldest go.
    pub(crate) fn take_in(&mut self, batch: &Self) {
        for alert in &batch.0 {
            let together = |like: &&mut Alert| {
                like.is_like(alert) && alert.first.since(like.last) < limits::ALERT_TOGETHER_MILLIS
            };
            match self.0.iter_mut().rev().find(together) {
                Some(like) => like.take_in(alert),
                None => self.0.push(alert.clone()),
            }
        }
        let surplus = self.0.len().saturating_sub(limits::ALERTS_MAX);
        self.0.sort_by_key(|alert| alert.last);
        self.0.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(name: &str, at: u64) -> Alert {
        Alert {
            kind: Kind::Trap,
            server: "s".to_owned(),
            name: name.to_owned(),
            code: "guest_panicked".to_owned(),
            by: "key:a".to_owned(),
            call: None,
            first: UnixMillis(at),
            last: UnixMillis(at),
            count: 1,
            fuel: None,
        }
    }

    #[test]
    fn a_flood_of_one_alert_is_one_with_a_count_and_one_of_many_is_bounded() {
        let mut waiting = Alerts::default();
        let raised: Vec<bool> = (0..1_000).map(|at| waiting.raise(alert("t", at))).collect();
        assert_eq!(raised.iter().filter(|is_new| **is_new).count(), 1);
        assert_eq!((waiting.0.len(), waiting.0[0].count), (1, 1_000));
        assert_eq!((waiting.0[0].first.0, waiting.0[0].last.0), (0, 999));
        for number in 0..1_000 {
            waiting.raise(alert(&format!("t{number}"), number));
        }
        assert_eq!(waiting.0.len(), limits::ALERTS_WAITING + 1);
        let counts: u64 = waiting.0.iter().map(|alert| alert.count).sum();
        assert_eq!(counts, 2_000);
        assert_eq!(waiting.0.last().map(|alert| &*alert.name), Some(OTHER));
    }

    #[test]
    fn what_is_alike_within_an_hour_is_one_and_the_newest_are_kept() {
        let batch = |name: &str, at| Alerts(vec![alert(name, at)]);
        let hour = limits::ALERT_TOGETHER_MILLIS;
        let mut kept = Alerts::default();
        for at in [0, hour - 1, 2 * hour - 2, 4 * hour] {
            kept.take_in(&batch("t", at));
        }
        let counts: Vec<u64> = kept.0.iter().map(|alert| alert.count).collect();
        assert_eq!(counts, [3, 1]);
        for number in 0..2 * limits::ALERTS_MAX as u64 {
            kept.take_in(&batch(&format!("t{number}"), 5 * hour + number));
        }
        assert_eq!(kept.0.len(), limits::ALERTS_MAX);
        let last = format!("t{}", 2 * limits::ALERTS_MAX - 1);
        assert_eq!(kept.0.last().map(|alert| alert.name.clone()), Some(last));
    }

    #[test]
    fn a_fault_is_told_apart_by_its_code_and_by_the_memory_it_had() {
        for (code, had_all, kind) in [
            ("guest_panicked", false, Kind::Trap),
            ("guest_panicked", true, Kind::OutOfMemory),
            ("guest_out_of_fuel", true, Kind::OutOfFuel),
            ("guest_deadline", false, Kind::Deadline),
            ("result_invalid_json", false, Kind::Trap),
        ] {
            assert_eq!(Kind::of_fault(code, had_all), kind, "{code}");
        }
    }
}
