//! What tenants' objects tell the platform's object of what they have counted, and what that keeps of it.
//!
//! A report is what there was since the tenant was made, not what came since the last one: so one that is lost, or told
//! twice, changes nothing. What an object reports is of its own tenant, since its name comes with it and not from it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Frame, Head, Reply, Role};
use smcp_ids::{TenantId, UnixMillis, limits};

use super::alert::Kind;
use super::count::{Count, End};
use super::{Batch, NEVER};
use crate::item::Space;
use crate::problem::Problem;
use crate::record::TenantRecord;
use crate::state::Scene;

/// Up to which duration requests are counted together, in microseconds: each a power of two less one, which buckets of
/// a histogram end with.
pub(crate) const BOUNDS: [u64; 10] = [
    (1 << 8) - 1,
    (1 << 10) - 1,
    (1 << 12) - 1,
    (1 << 14) - 1,
    (1 << 16) - 1,
    (1 << 18) - 1,
    (1 << 20) - 1,
    (1 << 22) - 1,
    (1 << 24) - 1,
    (1 << 26) - 1,
];

/// What there was since a tenant was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// In the order of [`End::ALL`].
    pub(crate) ends: [u64; 7],
    /// In the order of [`Kind::ALL`].
    pub(crate) alerts: [u64; 6],
    /// How many took no longer than each of [`BOUNDS`].
    pub(crate) within: [u64; 10],
    pub(crate) micros: u64,
    pub(crate) fuel: u64,
    pub(crate) effects: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

impl Report {
    /// Adds a batch.
    pub(super) fn add(&mut self, batch: &Batch) {
        for count in batch.hours.values().flat_map(|hour| hour.called.values()) {
            self.merge(&Self::of(count));
        }
        for alert in &batch.alerts.0 {
            if let Some(sum) = self.alerts.get_mut(alert.kind as usize) {
                *sum = sum.saturating_add(alert.count);
            }
        }
    }

    /// Adds what another tenant's is.
    pub(crate) fn merge(&mut self, other: &Self) {
        let sums = [
            (self.ends.as_mut_slice(), other.ends.as_slice()),
            (self.alerts.as_mut_slice(), &other.alerts),
            (self.within.as_mut_slice(), &other.within),
        ];
        let lists = sums
            .into_iter()
            .flat_map(|(sums, more)| sums.iter_mut().zip(more));
        let single = [
            (&mut self.micros, &other.micros),
            (&mut self.fuel, &other.fuel),
            (&mut self.effects, &other.effects),
            (&mut self.bytes_in, &other.bytes_in),
            (&mut self.bytes_out, &other.bytes_out),
        ];
        for (sum, more) in lists.chain(single) {
            *sum = sum.saturating_add(*more);
        }
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> u64 {
        self.ends
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// What a row of a table comes to.
    pub(crate) fn of(count: &Count) -> Self {
        Self {
            ends: End::ALL.map(|end| count.ended(end)),
            alerts: [0; Kind::ALL.len()],
            within: BOUNDS.map(|most| count.durations.at_most(most)),
            micros: count.micros,
            fuel: count.fuel,
            effects: count.effects,
            bytes_in: count.bytes_in,
            bytes_out: count.bytes_out,
        }
    }
}

/// What the platform's object knows of all tenants, while it is awake.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    by_tenant: BTreeMap<TenantId, Told>,
    /// Pages that are not stored as they are now, and since when there are any.
    changed: BTreeSet<u8>,
    since: Option<UnixMillis>,
}

/// What a tenant has reported, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) at: UnixMillis,
    pub(crate) report: Report,
}

type Page = Vec<(TenantId, Told)>;

impl Reports {
    /// Whether something is not stored.
    pub(crate) fn is_any(&self) -> bool {
        self.since.is_some()
    }

    /// Those of tenants that there are.
    pub(crate) fn of<'a>(
        &'a self,
        listed: &'a BTreeMap<TenantId, TenantRecord>,
    ) -> impl Iterator<Item = (&'a TenantId, &'a Told)> {
        let all = self.by_tenant.iter();
        all.filter(|(tenant, told)| is_of(listed, tenant, told))
    }

    fn take_in(&mut self, tenant: TenantId, told: Told) {
        self.since.get_or_insert(told.at);
        self.changed.insert(page_of(&tenant));
        self.by_tenant.insert(tenant, told);
    }
}

/// Whether what was told is of a tenant that there is, and not of an earlier one of its name.
fn is_of(listed: &BTreeMap<TenantId, TenantRecord>, tenant: &TenantId, told: &Told) -> bool {
    let record = listed.get(tenant);
    record.is_some_and(|record| told.at >= record.created)
}

/// In which of 64 pages a tenant is: FNV-1a of its name.
fn page_of(tenant: &TenantId) -> u8 {
    let hash = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = tenant.as_str().bytes().fold(0x811c_9dc5, hash);
    (hash >> 26) as u8
}

fn key(page: u8) -> String {
    format!("{page:02x}.")
}

impl Scene {
    /// A report of another object, whose name is the path.
    pub(crate) async fn reported(&self, frame: &Frame) -> Result<Reply, Problem> {
        let name = frame.path.strip_prefix('/').unwrap_or_default();
        let is_platform = self.state.borrow().boot.role == Role::Platform;
        let (true, Some(Role::Tenant(tenant))) = (is_platform, Role::from_object_name(name)) else {
            return Err(Problem::not_found());
        };
        let report: Report = postcard::from_bytes(&frame.body).map_err(|_| Problem::host())?;
        self.load_reports().await?;
        let at = self.outside.now();
        let mut state = self.state.borrow_mut();
        // One that was deleted may have had something under way.
        if state.directory()?.listed.contains_key(&tenant)
            && let Some(reports) = &mut state.reports
        {
            reports.take_in(tenant, Told { at, report });
        }
        Ok(done())
    }

    /// Reads what was reported, if this object has just woken.
    pub(crate) async fn load_reports(&self) -> Result<(), Problem> {
        if self.state.borrow().reports.is_some() {
            return Ok(());
        }
        let mut reports = Reports::default();
        let space = Space::usage_reports();
        for number in 0..PAGES {
            let page: Option<Page> = self.kept_as(&space, &key(number)).await?;
            reports.by_tenant.extend(page.unwrap_or_default());
        }
        // Another turn may have been faster.
        self.state.borrow_mut().reports.get_or_insert(reports);
        Ok(())
    }

    /// Stores what was reported, if it is time.
    pub(super) async fn store_reports(&self) -> Result<(), Problem> {
        let now = self.outside.now();
        let pages = {
            let mut state = self.state.borrow_mut();
            let listed = state.directory()?.listed.clone();
            let Some(reports) = &mut state.reports else {
                return Ok(());
            };
            let is_due = |since| now.since(since) >= limits::USAGE_BATCH_MILLIS;
            if !reports.since.is_some_and(is_due) {
                return Ok(());
            }
            reports
                .by_tenant
                .retain(|tenant, told| is_of(&listed, tenant, told));
            reports.since = None;
            core::mem::take(&mut reports.changed)
        };
        let stored = self.store_pages(&pages).await;
        if stored.is_err()
            && let Some(reports) = &mut self.state.borrow_mut().reports
        {
            reports.since.get_or_insert(now);
            reports.changed.extend(pages);
        }
        stored
    }

    async fn store_pages(&self, pages: &BTreeSet<u8>) -> Result<(), Problem> {
        let space = Space::usage_reports();
        let mut writes = Vec::new();
        for &number in pages {
            let page: Page = {
                let state = self.state.borrow();
                let all = state.reports.iter().flat_map(|reports| &reports.by_tenant);
                all.filter(|(tenant, _)| page_of(tenant) == number)
                    .map(|(tenant, told)| (tenant.clone(), told.clone()))
                    .collect()
            };
            writes.extend(self.keeping(&space, &key(number), &page, NEVER).await?);
        }
        if self.keep(writes, Vec::new()).await? {
            Ok(())
        } else {
            Err(Problem::host())
        }
    }
}

const PAGES: u8 = 64;

/// The reply of a turn that nobody reads.
pub(crate) fn done() -> Reply {
    Reply {
        head: Head {
            status: 204,
            headers: Vec::new(),
        },
        body: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn tenants_are_spread_over_all_pages() {
        let pages: BTreeSet<u8> = (0..2_000)
            .map(|number| page_of(&format!("tenant-{number}").parse().unwrap()))
            .collect();
        assert_eq!(pages.len(), usize::from(PAGES));
        assert!(pages.iter().all(|page| *page < PAGES));
    }

    #[test]
    fn reports_are_added_in_every_member() {
        let one = Report {
            ends: [1, 2, 3, 4, 5, 6, 7],
            alerts: [1; 6],
            within: [9; 10],
            micros: 1,
            fuel: 2,
            effects: 3,
            bytes_in: 4,
            bytes_out: u64::MAX,
        };
        let mut sum = one.clone();
        sum.merge(&one);
        assert_eq!(
            (sum.requests(), sum.alerts, sum.within),
            (56, [2; 6], [18; 10])
        );
        assert_eq!(
            (
                sum.micros,
                sum.fuel,
                sum.effects,
                sum.bytes_in,
                sum.bytes_out
            ),
            (2, 4, 6, 8, u64::MAX)
        );
    }
}
