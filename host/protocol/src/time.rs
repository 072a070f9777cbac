//! Moments as ISO 8601 writes them, in UTC with milliseconds. Knows no clock and no time zone.

use core::fmt;

use smcp_ids::UnixMillis;

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;
/// The last moment of the year 9999: there is no fifth digit.
const LAST: u64 = 253_402_300_799_999;

/// A moment, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Iso8601(pub(crate) UnixMillis);

impl fmt::Display for Iso8601 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(UnixMillis(at)) = *self;
        let at = at.min(LAST);
        let (year, month, day) = date(at / DAY_MILLIS);
        let of_day = at % DAY_MILLIS;
        let (seconds, millis) = (of_day / 1000, of_day % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
        )
    }
}

/// The year, month and day that is so many days after 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    // The years of 400 have 146,097 days, whichever they are: at most 399 are counted one by one.
    let (mut year, mut left) = (1970 + days / 146_097 * 400, days % 146_097);
    loop {
        let of_year = if is_leap(year) { 366 } else { 365 };
        if left < of_year {
            break;
        }
        left -= of_year;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for of_month in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < of_month {
            break;
        }
        left -= of_month;
        month += 1;
    }
    (year, month, left + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

    use proptest::prelude::*;

    use super::*;

    fn written(at: u64) -> String {
        Iso8601(UnixMillis(at)).to_string()
    }

    #[test]
    fn known_moments() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
            (1_785_196_801_007, "2026-07-28T00:00:01.007Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (LAST, "9999-12-31T23:59:59.999Z"),
            (u64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(written(at), text);
        }
    }

    /// Days from the civil date, by another way than above: years that begin in March.
    fn read(text: &str) -> u64 {
        let part = |range: core::ops::Range<usize>| text[range].parse::<u64>().unwrap();
        let (year, month, day) = (part(0..4), part(5..7), part(8..10));
        let year = if month <= 2 { year - 1 } else { year };
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468;
        let seconds = part(11..13) * 3600 + part(14..16) * 60 + part(17..19);
        days * DAY_MILLIS + seconds * 1000 + part(20..23)
    }

    proptest! {
        #[test]
        fn what_is_written_is_the_moment(at in 0..=LAST) {
            prop_assert_eq!(read(&written(at)), at);
        }
    }
}
