//! What is used of a tenant, and what should be looked at: counted in memory, stored in batches.
//!
//! A request writes nothing for it. What was counted is one batch, which is stored when nobody has called for a while,
//! and after a minute at the latest where somebody calls all the time; whoever drives the turns has an object do that
//! ([`STORE_PATH`]). A kill loses what was counted since the last batch, and nothing else: a batch is one transaction,
//! which adds it to its hour, to its day and to the totals. An engine that is given up hands its batch over.

pub(crate) mod alert;
pub(crate) mod count;
mod histogram;
pub(crate) mod report;
pub(crate) mod table;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use smcp_capability::items::Write;
use smcp_capability::turn::{Effect, Frame, Reply};
use smcp_ids::{UnixMillis, limits};

pub use self::histogram::Histogram;

use self::alert::{Alert, Alerts, Kind};
use self::count::{Count, Event};
use self::report::Report;
use self::table::{Called, OTHER, Table};
use crate::item::Space;
use crate::problem::Problem;
use crate::state::Scene;

/// The path of a turn of the object's own that stores what was counted, if it is time. Its body is what engines that
/// were given up had counted.
pub const STORE_PATH: &str = "/usage";

const HOUR: u64 = 60 * 60 * 1_000;
const DAY: u64 = 24 * HOUR;

/// What was counted and is not stored yet.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    batch: Batch,
    /// When the first of it came, and the last.
    span: Option<(UnixMillis, UnixMillis)>,
}

/// What is stored together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// By the number of the hour.
    hours: BTreeMap<u64, Table>,
    alerts: Alerts,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.hours.is_empty() && self.alerts.0.is_empty()
    }

    fn merge(&mut self, other: &Self) {
        for (hour, table) in &other.hours {
            self.hours.entry(*hour).or_default().merge(table);
        }
        for alert in &other.alerts.0 {
            self.alerts.raise(alert.clone());
        }
        // Where nothing can be stored for hours, what is counted still takes no more room.
        while self.hours.len() > 2 {
            if let Some((_, first)) = self.hours.pop_first()
                && let Some(mut second) = self.hours.first_entry()
            {
                second.get_mut().merge(&first);
            }
        }
    }
}

impl Waiting {
    /// Whether there is anything to store.
    pub(crate) fn is_any(&self) -> bool {
        self.span.is_some()
    }

    fn touch(&mut self, now: UnixMillis) {
        let first = self.span.map_or(now, |(first, _)| first);
        self.span = Some((first, now));
    }

    fn count(&mut self, event: &Event, now: UnixMillis) {
        self.touch(now);
        let hour = self.batch.hours.entry(now.0 / HOUR).or_default();
        hour.add(event);
    }

    fn raise(&mut self, alert: Alert) -> bool {
        self.touch(alert.last);
        self.batch.alerts.raise(alert)
    }

    /// Whether what waits should be stored: nobody has called for a while, or it waits for long.
    fn is_due(&self, now: UnixMillis) -> bool {
        self.span.is_some_and(|(first, last)| {
            now.since(last) >= limits::USAGE_REST_MILLIS
                || now.since(first) >= limits::USAGE_BATCH_MILLIS
        })
    }

    fn take(&mut self) -> Batch {
        self.span = None;
        core::mem::take(&mut self.batch)
    }

    fn put_back(&mut self, batch: &Batch, now: UnixMillis) {
        if !batch.is_empty() {
            self.touch(now);
            self.batch.merge(batch);
        }
    }

    /// What waits, for another engine of the same object.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.batch).unwrap_or_default()
    }
}

/// What is stored, in the form of this version. A later one reads it too.
#[derive(Serialize, Deserialize)]
enum Stored<T> {
    First(T),
}

/// What is asked of what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: UnixMillis,
    pub(crate) to: UnixMillis,
}

impl Span {
    /// Whether it is answered in hours; else in days.
    pub(crate) fn is_in_hours(self, now: UnixMillis) -> bool {
        let is_short = self.to.since(self.from) <= limits::USAGE_BY_HOUR_MILLIS;
        is_short && now.since(self.from) <= limits::USAGE_BY_HOUR_MILLIS
    }

    /// The same, as far as the hours or days reach that it touches.
    pub(crate) fn whole(self, now: UnixMillis) -> Self {
        let step = if self.is_in_hours(now) { HOUR } else { DAY };
        Self {
            from: UnixMillis(self.from.0 / step * step),
            to: UnixMillis(self.to.0.div_ceil(step) * step),
        }
    }
}

/// Hours and days are in the order of time.
fn key(kind: char, number: u64) -> String {
    format!("{kind}{number:08x}.")
}

/// The last moment that a number of JavaScript tells from its neighbours.
const NEVER: UnixMillis = UnixMillis((1 << 53) - 1);
const TOTALS: &str = "totals.";
const ALERTS: &str = "alerts.";

impl Scene {
    /// Counts a request that is over. What comes to an object that is of no tenant leaves no trace.
    pub(crate) fn count(&self, event: &Event) {
        let now = self.outside.now();
        if let Ok(mut state) = self.state.try_borrow_mut()
            && state.is_of_a_tenant()
        {
            state.usage.count(event, now);
        }
    }

    /// Raises an alert.
    pub(crate) fn raise(&self, alert: Alert) {
        let is_new = match self.state.try_borrow_mut() {
            Ok(mut state) if state.is_of_a_tenant() => state.usage.raise(alert.clone()),
            _ => return,
        };
        if is_new {
            self.tell_alert(&alert);
        }
    }

    /// A turn of the object's own: stores what was counted, if it is time.
    pub(crate) async fn usage_turn(&self, frame: &Frame) -> Result<Reply, Problem> {
        let now = self.outside.now();
        let mut saved = frame.body.as_slice();
        // One after the other, as they were given up.
        while let Ok((batch, rest)) = postcard::take_from_bytes::<Batch>(saved) {
            self.state.borrow_mut().usage.put_back(&batch, now);
            saved = rest;
        }
        self.write_noted().await?;
        let is_due = self.state.borrow().usage.is_due(now);
        if is_due {
            self.store_usage().await?;
        }
        if self.tenant().is_none() {
            self.store_reports().await?;
        }
        Ok(report::done())
    }

    /// Stores what was counted.
    ///
    /// # Errors
    /// Storage failed: what was counted waits still.
    pub(crate) async fn store_usage(&self) -> Result<(), Problem> {
        let mut batch = self.state.borrow_mut().usage.take();
        if batch.is_empty() || !self.state.borrow().is_of_a_tenant() {
            return Ok(());
        }
        let report = match self.store_batch(&mut batch).await {
            Ok(report) => report,
            Err(problem) => {
                let now = self.outside.now();
                self.state.borrow_mut().usage.put_back(&batch, now);
                return Err(problem);
            }
        };
        if let Ok(report) = postcard::to_allocvec(&report) {
            // One that is lost is in the next.
            self.outside.perform(Effect::Report(report)).await;
        }
        Ok(())
    }

    /// Adds a batch to what is stored, in one transaction. Gives what there was since the tenant was made.
    async fn store_batch(&self, batch: &mut Batch) -> Result<Report, Problem> {
        let space = Space::usage();
        let now = self.outside.now();
        let mut days = BTreeMap::<u64, Table>::new();
        let mut writes = Vec::new();
        for (&number, table) in &batch.hours {
            let hour = key('h', number);
            let mut stored: Table = self.kept_as(&space, &hour).await?.unwrap_or_default();
            stored.merge(table);
            let until = UnixMillis(number * HOUR).plus(HOUR + limits::USAGE_HOURS_MILLIS);
            writes.extend(self.keeping(&space, &hour, &stored, until).await?);
            days.entry(number * HOUR / DAY).or_default().merge(table);
        }
        for (number, table) in days {
            let day = key('d', number);
            let mut stored: Table = self.kept_as(&space, &day).await?.unwrap_or_default();
            for jump in self.jumps(&table, &stored, number).await? {
                self.tell_alert(&jump);
                batch.alerts.raise(jump);
            }
            stored.merge(&table);
            let until = UnixMillis(number * DAY).plus(DAY + limits::USAGE_DAYS_MILLIS);
            writes.extend(self.keeping(&space, &day, &stored, until).await?);
        }
        let mut totals: Report = self.kept_as(&space, TOTALS).await?.unwrap_or_default();
        totals.add(batch);
        writes.extend(self.keeping(&space, TOTALS, &totals, NEVER).await?);
        if !batch.alerts.0.is_empty() {
            let mut alerts: Alerts = self.kept_as(&space, ALERTS).await?.unwrap_or_default();
            alerts.take_in(&batch.alerts);
            let until = now.plus(limits::ALERTS_MILLIS);
            writes.extend(self.keeping(&space, ALERTS, &alerts, until).await?);
        }
        if self.keep(writes, Vec::new()).await? {
            Ok(totals)
        } else {
            Err(Problem::host())
        }
    }

    /// Calls of a day that took much more fuel than those of their tool did before them.
    async fn jumps(&self, new: &Table, day: &Table, number: u64) -> Result<Vec<Alert>, Problem> {
        let most_of = |count: &Count| {
            count
                .most_fuel
                .filter(|(fuel, _)| *fuel > limits::FUEL_JUMP_LEAST)
        };
        let mut before: Option<Table> = None;
        let mut jumps = Vec::new();
        for (called, count) in &new.called {
            let Some((fuel, call)) = most_of(count).filter(|_| called.name != OTHER) else {
                continue;
            };
            if before.is_none() {
                let yesterday = key('d', number.saturating_sub(1));
                before = self.kept_as(&Space::usage(), &yesterday).await?;
                before.get_or_insert_default();
            }
            let mut usual = Histogram::default();
            for table in [Some(day), before.as_ref()].into_iter().flatten() {
                if let Some(count) = table.called.get(called) {
                    usual.merge(&count.fuels);
                }
            }
            let most = usual.quantile(990).unwrap_or_default();
            if usual.total() >= limits::FUEL_JUMP_CALLS
                && fuel > most.saturating_mul(limits::FUEL_JUMP_TIMES)
            {
                jumps.push(self.jump(called, (fuel, most), call));
            }
        }
        Ok(jumps)
    }

    fn jump(&self, called: &Called, fuel: (u64, u64), call: smcp_ids::CallId) -> Alert {
        let now = self.outside.now();
        Alert {
            kind: Kind::FuelJump,
            server: called.server.clone(),
            name: called.name.clone(),
            code: String::new(),
            by: String::new(),
            call: Some(call),
            first: now,
            last: now,
            count: 1,
            fuel: Some(fuel),
        }
    }

    async fn kept_as<T: DeserializeOwned>(
        &self,
        space: &Space,
        key: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(bytes) = self.read_pieces(space, key).await? else {
            return Ok(None);
        };
        match postcard::from_bytes(&bytes) {
            Ok(Stored::First(value)) => Ok(Some(value)),
            Err(_) => Err(Problem::host()),
        }
    }

    async fn keeping<T: Serialize>(
        &self,
        space: &Space,
        key: &str,
        value: &T,
        until: UnixMillis,
    ) -> Result<Vec<Write>, Problem> {
        let bytes = postcard::to_allocvec(&Stored::First(value)).map_err(|_| Problem::host())?;
        self.pieces_instead(space, key, &bytes, until).await
    }

    /// What there was since midnight (UTC).
    pub(crate) async fn usage_today(&self) -> Result<Table, Problem> {
        self.store_usage().await?;
        let today = key('d', self.outside.now().0 / DAY);
        let table = self.kept_as(&Space::usage(), &today).await?;
        Ok(table.unwrap_or_default())
    }

    /// What there was in a time, in whole hours or days.
    pub(crate) async fn usage_of(&self, span: Span) -> Result<Table, Problem> {
        self.store_usage().await?;
        let (kind, step) = if span.is_in_hours(self.outside.now()) {
            ('h', HOUR)
        } else {
            ('d', DAY)
        };
        let space = Space::usage();
        let after = key(kind, span.from.0 / step);
        let range = space.range(&kind.to_string(), None, u32::MAX);
        let keys = self.item_keys(range).await?;
        let before = key(kind, span.to.0.div_ceil(step));
        let mut wanted: Vec<String> = keys
            .iter()
            .filter_map(|key| Some(format!("{}.", key.split_once('.')?.0)))
            .filter(|key| *key >= after && *key < before)
            .collect();
        wanted.dedup();
        let mut all = Table::default();
        for key in wanted {
            let table: Option<Table> = self.kept_as(&space, &key).await?;
            all.merge(&table.unwrap_or_default());
        }
        Ok(all)
    }

    /// The alerts that are kept, the newest last.
    pub(crate) async fn alerts(&self) -> Result<Vec<Alert>, Problem> {
        self.store_usage().await?;
        let alerts: Option<Alerts> = self.kept_as(&Space::usage(), ALERTS).await?;
        Ok(alerts.unwrap_or_default().0)
    }
}
