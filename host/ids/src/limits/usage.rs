//! What is counted of calls, and for how long it is kept. As part of [`limits`](super): no limit is elsewhere.

use super::KIB;

/// Rows of one hour or day that a tool, prompt or method may have of one server: names in a catalogue are its author's,
/// and a thousand of them are no overview. What is over is counted together, as other.
pub const USAGE_ROWS_EACH: usize = 128;
/// The same of all servers of a tenant together: what a batch takes in memory, and is read and written whole.
pub const USAGE_ROWS_MAX: usize = 1_024;
/// Callers that are counted by themselves in one hour or day: a tenant may have that many keys, and members too.
pub const USAGE_KEYS_MAX: usize = 1_024;
/// What was counted is written when nobody has called for so long, in milliseconds. The object is awake meanwhile, which
/// is paid by the second, and so is each batch by its rows: at a second the two are about as dear as each other, so that
/// neither who calls rarely nor who calls every few seconds pays much more than the least (`cargo xtask cost`).
pub const USAGE_REST_MILLIS: u64 = 1_000;
/// The same where somebody calls all the time: what a kill can cost, in milliseconds.
pub const USAGE_BATCH_MILLIS: u64 = 60_000;
/// How long the counts of an hour are kept, in milliseconds.
pub const USAGE_HOURS_MILLIS: u64 = 8 * 24 * 60 * 60 * 1_000;
/// The longest time that is answered hour by hour; a longer one is answered in whole days.
pub const USAGE_BY_HOUR_MILLIS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// How long the counts of a day are kept, in milliseconds.
pub const USAGE_DAYS_MILLIS: u64 = 400 * 24 * 60 * 60 * 1_000;
/// Batches of engines that were given up, which wait in the object to be written: the oldest go.
pub const USAGE_BATCHES_SAVED: usize = 8;

/// Alerts that are kept of a tenant, the newest.
pub const ALERTS_MAX: usize = 256;
/// Different alerts of one batch; what is over is counted without its place.
pub const ALERTS_WAITING: usize = 64;
/// An alert that is like an earlier one is counted with it, if that is not older, in milliseconds: a flood of them is
/// one, with a count.
pub const ALERT_TOGETHER_MILLIS: u64 = 60 * 60 * 1_000;
/// How long an alert is kept after it was raised last, in milliseconds.
pub const ALERTS_MILLIS: u64 = 90 * 24 * 60 * 60 * 1_000;
/// A call's fuel is a jump if it is more than this many times what 99 in 100 calls of its tool have needed at the most...
pub const FUEL_JUMP_TIMES: u64 = 4;
/// ...of so many calls at least: few say nothing of what is usual...
pub const FUEL_JUMP_CALLS: u64 = 50;
/// ...and if it is more than this: below, a jump costs nobody anything.
pub const FUEL_JUMP_LEAST: u64 = 5_000_000;

/// Lines for the platform's log that wait until a step is over, in bytes; what is over is dropped, and counted.
pub const LINES_MAX: usize = 64 * KIB;
/// A text from outside that a line shows, such as a trace's, in bytes.
pub const LINE_TEXT_MAX: usize = 128;
/// Tenants that have series of their own in the metrics of the platform, the first by name: a scrape has 31 lines
/// for each. The others are counted together.
pub const METRICS_TENANTS_MAX: usize = 2_000;
