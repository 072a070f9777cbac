//! How much callers have used: token buckets, of each limited key and each narrowed form of it, of each limited
//! member, and of the tenant.
//!
//! A bucket holds what may be used at once, and is refilled evenly. A request takes one from each bucket of calls,
//! or from none; fuel is taken when it has been used, so that a bucket may be in debt. Nothing here waits, reads a
//! clock or stores anything: what is to be kept over an eviction goes in and out as bytes. Time that goes back
//! refills nothing until it is where it was.

mod attempts;
mod bucket;
mod refusals;
mod registrations;
mod throttle;

use std::collections::BTreeMap;

use smcp_auth::Budget;
use smcp_ids::{Fuel, UnixMillis, limits};

pub use self::attempts::Attempts;
pub use self::bucket::Bucket;
pub use self::refusals::Refusals;
pub use self::registrations::Registrations;

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests of MCP.
    Calls,
    /// Fuel.
    Fuel,
}

impl Kind {
    /// The stable name of the error that it is used up.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Calls => "rate_limited",
            Self::Fuel => "budget_spent",
        }
    }
}

/// No: something is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What of those that are used up takes longest.
    pub kind: Kind,
    /// How long until it is granted, if nobody else takes it, in milliseconds.
    pub millis: u64,
    /// What is used up, and how much of it there can be.
    pub quotas: Vec<Quota>,
}

impl Refused {
    /// The same in whole seconds, never too few.
    pub fn seconds(&self) -> u64 {
        self.millis.div_ceil(1_000)
    }
}

/// One limit as a caller is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Whose, and of what.
    pub name: String,
    /// What of.
    pub kind: Kind,
    /// How much of it there can be.
    pub most: u64,
    /// Within which it is refilled, in seconds.
    pub window: u64,
    /// How much there is.
    pub left: u64,
    /// Seconds after which there is more: any, if there is none; all, if there is some. None: it is all there.
    pub more_in: Option<u64>,
}

/// What has to be stored of a bucket, so that what was spent stays spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Whose.
    pub name: String,
    /// Whether of a narrowed key.
    pub is_narrowed: bool,
    /// What [`Buckets::learn`] takes.
    pub bytes: Vec<u8>,
    /// When nothing of it need be known any more.
    pub until: UnixMillis,
}

/// The buckets of one object that have been used lately.
#[derive(Debug, Default)]
pub struct Buckets {
    by_name: BTreeMap<String, Entry>,
    ticks: u64,
}

/// The buckets of one name.
#[derive(Debug)]
struct Entry {
    calls: Option<Bucket>,
    fuel: Option<Bucket>,
    /// Fuel that was spent since that was stored.
    unwritten: u64,
    /// When it was stored last, since the object woke.
    written: Option<UnixMillis>,
    is_narrowed: bool,
    /// When it was used, in the order of use.
    used: u64,
}

impl Entry {
    fn is_full(&self, now: UnixMillis) -> bool {
        let is_full = |bucket: &Option<Bucket>| bucket.as_ref().is_none_or(|one| one.is_full(now));
        is_full(&self.calls) && is_full(&self.fuel)
    }

    fn bucket(&self, kind: Kind) -> Option<&Bucket> {
        match kind {
            Kind::Calls => self.calls.as_ref(),
            Kind::Fuel => self.fuel.as_ref(),
        }
    }
}

impl Buckets {
    /// Whether what was spent of a budget has to be read before anything is asked of it.
    pub fn lacks(&self, budget: &Budget) -> bool {
        let known = self.by_name.get(&budget.name);
        budget.allowance.fuel_per_day.is_some() && known.is_none_or(|entry| entry.fuel.is_none())
    }

    /// Takes in what was stored of a budget; nothing, or what cannot be read: nothing was spent.
    pub fn learn(&mut self, budget: &Budget, stored: Option<&[u8]>, now: UnixMillis) {
        let Some(most) = budget.allowance.fuel_per_day else {
            return;
        };
        if self.lacks(budget) {
            let bucket = stored.and_then(|bytes| Bucket::from_bytes(bytes, DAY));
            let mut bucket = bucket.unwrap_or_else(|| Bucket::full(most.get(), DAY));
            bucket.resize(most.get(), now);
            self.entry(budget, now).fuel = Some(bucket);
        }
    }

    /// Takes one call from each, or none.
    ///
    /// # Errors
    /// [`Refused`], if one of them has none.
    pub fn take_call(&mut self, budgets: &[Budget], now: UnixMillis) -> Result<(), Refused> {
        self.check(budgets, Kind::Calls, now)?;
        for budget in budgets {
            if let Some(bucket) = &mut self.entry(budget, now).calls {
                bucket.take(1, now);
            }
        }
        Ok(())
    }

    /// Checks that there is fuel in each. What was stored of them must have been learnt.
    ///
    /// # Errors
    /// [`Refused`], if one of them has none.
    pub fn check_fuel(&mut self, budgets: &[Budget], now: UnixMillis) -> Result<(), Refused> {
        self.check(budgets, Kind::Fuel, now)
    }

    /// Takes fuel that was used from each, whether or not it is there.
    pub fn spend(&mut self, budgets: &[Budget], fuel: Fuel, now: UnixMillis) {
        for budget in budgets.iter().filter(|_| fuel.0 > 0) {
            let entry = self.entry(budget, now);
            if let Some(bucket) = &mut entry.fuel {
                bucket.take(fuel.0, now);
                entry.unwritten = entry.unwritten.saturating_add(fuel.0);
            }
        }
    }

    /// What has to be stored: of each of which another part was spent, or anything if that was not stored for long,
    /// since an object may sleep between two calls, and forgets. It counts as stored from then on.
    pub fn due(&mut self, budgets: &[Budget], now: UnixMillis) -> Vec<Spent> {
        let due = budgets.iter().filter_map(|budget| {
            let entry = self.by_name.get_mut(&budget.name)?;
            let bucket = entry.fuel.as_ref()?;
            let is_part = entry.unwritten >= bucket.most() / limits::BUDGET_PARTS;
            let has_rested = |then| now.since(then) >= limits::BUDGET_WRITTEN_MILLIS;
            if entry.unwritten == 0 || !(is_part || entry.written.is_none_or(has_rested)) {
                return None;
            }
            entry.written = Some(now);
            entry.unwritten = 0;
            Some(Spent {
                name: budget.name.clone(),
                is_narrowed: budget.is_narrowed,
                bytes: bucket.to_bytes(),
                until: bucket.full_at(),
            })
        });
        due.collect()
    }

    /// What a caller is told of those budgets, all of them.
    pub fn quotas(&mut self, budgets: &[Budget], now: UnixMillis) -> Vec<Quota> {
        let kinds = [Kind::Calls, Kind::Fuel].into_iter();
        let all = kinds.flat_map(|kind| self.buckets(budgets, kind, now));
        all.map(|(quota, _)| quota).collect()
    }

    fn check(&mut self, budgets: &[Budget], kind: Kind, now: UnixMillis) -> Result<(), Refused> {
        let all = self.buckets(budgets, kind, now);
        let empty: Vec<_> = all.into_iter().filter(|(_, wait)| *wait > 0).collect();
        match empty.iter().map(|(_, wait)| *wait).max() {
            None => Ok(()),
            Some(millis) => Err(Refused {
                kind,
                millis,
                quotas: empty.into_iter().map(|(quota, _)| quota).collect(),
            }),
        }
    }

    /// The buckets of one kind, each with the time until there is one in it.
    fn buckets(&mut self, budgets: &[Budget], kind: Kind, now: UnixMillis) -> Vec<(Quota, u64)> {
        let mut narrowed = 0;
        let mut found = Vec::new();
        for budget in budgets {
            narrowed += usize::from(budget.is_narrowed);
            if let Some(bucket) = self.entry(budget, now).bucket(kind) {
                let wait = bucket.wait(1, now);
                found.push((quota(budget, narrowed, kind, bucket, now), wait));
            }
        }
        found
    }

    /// The buckets of a name as its allowance says it now.
    fn entry(&mut self, budget: &Budget, now: UnixMillis) -> &mut Entry {
        self.ticks += 1;
        let used = self.ticks;
        if self.by_name.len() >= limits::BUCKETS_MAX && !self.by_name.contains_key(&budget.name) {
            self.forget(now);
        }
        let entry = self
            .by_name
            .entry(budget.name.clone())
            .or_insert_with(|| Entry {
                calls: None,
                fuel: None,
                unwritten: 0,
                written: None,
                is_narrowed: budget.is_narrowed,
                used,
            });
        entry.used = used;
        let allowance = &budget.allowance;
        match allowance.calls_per_minute.map(|most| most.get()) {
            Some(most) => entry
                .calls
                .get_or_insert_with(|| Bucket::full(most, MINUTE))
                .resize(most, now),
            None => entry.calls = None,
        }
        match (&mut entry.fuel, allowance.fuel_per_day) {
            (Some(bucket), Some(most)) => bucket.resize(most.get(), now),
            (fuel, None) => *fuel = None,
            (None, Some(_)) => {}
        }
        entry
    }

    /// Gives up buckets: all that are full, which loses nothing; if there are none, some of those that were used
    /// longest ago, those of narrowed keys first. One that is given up begins full again: that is once what it
    /// holds, and what was stored of it is still known.
    fn forget(&mut self, now: UnixMillis) {
        self.by_name.retain(|_, entry| !entry.is_full(now));
        if self.by_name.len() < limits::BUCKETS_MAX {
            return;
        }
        let entries = self.by_name.iter();
        let mut order: Vec<_> = entries
            .map(|(name, entry)| (!entry.is_narrowed, entry.used, name.clone()))
            .collect();
        order.sort_unstable();
        for (_, _, name) in order.into_iter().take(limits::BUCKETS_FORGOTTEN) {
            self.by_name.remove(&name);
        }
    }
}

/// What a caller is told of one bucket. Of several forms of a narrowed key, each has a number.
fn quota(budget: &Budget, number: usize, kind: Kind, bucket: &Bucket, now: UnixMillis) -> Quota {
    let whose = if budget.is_narrowed {
        format!("narrowed-{number}")
    } else {
        let of = budget.name.split(':').next().unwrap_or_default();
        of.to_owned()
    };
    let what = match kind {
        Kind::Calls => "calls",
        Kind::Fuel => "fuel",
    };
    let left = bucket.left(now);
    let more_in = match left {
        0 => Some(bucket.wait(1, now)),
        _ => Some(bucket.wait(bucket.most(), now)).filter(|wait| *wait > 0),
    };
    Quota {
        name: format!("{whose}-{what}"),
        kind,
        most: bucket.most(),
        window: bucket.window() / 1_000,
        left,
        more_in: more_in.map(|millis| millis.div_ceil(1_000)),
    }
}

#[cfg(test)]
mod tests;
