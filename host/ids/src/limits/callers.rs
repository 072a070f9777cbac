//! What callers may be allowed to use, what the host keeps of what they have used, and how often one may be wrong
//! about who one is. As part of [`limits`](super): no limit is elsewhere.

use super::MIB;

/// The largest budget of fuel for a day: larger numbers have no form in a header (RFC 9651, section 3.3.1).
pub const FUEL_PER_DAY_MAX: u64 = 999_999_999_999_999;
/// The largest rate: more calls a minute than an object could ever answer are no limit.
pub const CALLS_PER_MINUTE_MAX: u64 = 1_000_000;
/// Buckets of limited callers that one object has in memory. Who has a key can narrow it as often as he likes, and each
/// form of it may have a bucket of its own.
pub const BUCKETS_MAX: usize = 4_096;
/// How many of them are given up at once when there are too many, so that not each call looks through all.
pub const BUCKETS_FORGOTTEN: usize = BUCKETS_MAX / 16;
/// What was spent of a budget is written down whenever another such part of it was: so a kill costs a tenant no more,
/// and a call no write.
pub const BUDGET_PARTS: u64 = 32;
/// The same is done if it was not for so long, in milliseconds: an object that sleeps between two calls forgets the rest,
/// and a caller who is slow enough would never spend anything.
pub const BUDGET_WRITTEN_MILLIS: u64 = 60_000;
/// What is written down of narrowed keys' budgets, together: how many, and bytes. Each goes when its bucket is full.
pub const NARROWED_BUDGETS_MAX: u64 = 4_096;
/// The same in bytes.
pub const NARROWED_BUDGETS_BYTES_MAX: u64 = MIB as u64;
/// Wrong access codes that may be tried at once for one member, and one more in each following [`ATTEMPT_MILLIS`].
pub const ATTEMPTS_EACH: u64 = 10;
/// The same for all members of a tenant together: who tries one after the other gets no further.
pub const ATTEMPTS_ALL: u64 = 100;
/// Milliseconds after which one more may be tried for one member, and [`ATTEMPTS_ALL`] / [`ATTEMPTS_EACH`] for all.
pub const ATTEMPT_MILLIS: u64 = 60_000;
/// Ids that wrong codes were tried for, of which one object knows: more than have failed in the time in which one is
/// forgiven, since all together are few.
pub const ATTEMPT_IDS_MAX: usize = 512;
/// When a task whose caller has used up what it may looks again, in milliseconds, at the latest.
pub const PUT_OFF_MILLIS: u64 = 15 * 60 * 1_000;
/// Clients that may register themselves from one address, or one network of IPv6, within [`REGISTRATIONS_MILLIS`]: a
/// person has a few, an office behind one address some more.
pub const REGISTRATIONS_EACH: u64 = 120;
/// The same from everywhere together.
pub const REGISTRATIONS_ALL: u64 = 2_000;
/// Milliseconds until all of them may register again.
pub const REGISTRATIONS_MILLIS: u64 = 10 * 60_000;
/// Addresses that registrations came from, of which one object knows.
pub const REGISTRATION_ADDRESSES_MAX: usize = 4_500;
/// Bytes that the platform admin's token has at least: half of the random hexadecimal digits that the documents say to
/// make.
pub const ADMIN_TOKEN_MIN: usize = 32;
/// Days that entries of the audit chain are kept, if an admin has not said otherwise: a year, and the time to look at it.
pub const AUDIT_DAYS: u32 = 400;
/// The least of such days that an admin may say: who could make it none could have what was done forgotten.
pub const AUDIT_DAYS_MIN: u32 = 30;
/// The most.
pub const AUDIT_DAYS_MAX: u32 = 3_660;
/// Entries that wait in memory for being written, such as those of calls whose clients have gone.
pub const AUDIT_WAITING: usize = 256;
/// Entries that one answer has.
pub const AUDIT_PAGE: u32 = 200;
/// Refusals of one principal that are written down, and of all together, within [`REFUSALS_MILLIS`]: who is refused
/// something without end fills nothing with it.
pub const REFUSALS_EACH: u64 = 20;
/// See above.
pub const REFUSALS_ALL: u64 = 200;
/// See above.
pub const REFUSALS_MILLIS: u64 = 10 * 60_000;
/// Principals whose refusals one object counts.
pub const REFUSALS_KNOWN: usize = 500;
