//! What the command tells: results on standard output, everything else on standard error.
//!
//! With `--json` a result is one JSON value. Colours and progress appear on terminals only, and
//! never where `NO_COLOR` is set. It knows nothing of what it prints.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::failure::Failure;
use crate::report;

/// What is said about a value.
pub(crate) const STRONG: Style = Style::new().bold();
/// What matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What may go wrong.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// What went wrong.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Where results and messages go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    /// Results are JSON.
    pub(crate) json: bool,
}

impl Ui {
    /// Prints a result: the value as JSON, or the text for people.
    pub(crate) fn result(
        self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.json {
            let json =
                serde_json::to_string(value).map_err(|error| Failure::Stdio(error.into()))?;
            print(&json)
        } else {
            print(&text())
        }
    }

    /// Prints a result that is text, whether or not results are JSON.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        print(text)
    }

    /// Prints a line of a result that goes on. Gives whether anybody reads still.
    pub(crate) fn line(self, text: &str) -> Result<bool, Failure> {
        write_out(text)
    }

    /// Says that something is done. Silent where results are JSON: the result says it.
    pub(crate) fn done(self, text: impl Display) {
        if !self.json {
            say(format_args!("{GOOD}done{GOOD:#} {text}"));
        }
    }

    /// Tells something by the way.
    pub(crate) fn note(self, text: impl Display) {
        say(text);
    }

    /// Warns.
    pub(crate) fn warn(self, text: impl Display) {
        say(format_args!("{WARNING}warning{WARNING:#} {text}"));
    }

    /// Tells why the command failed.
    pub(crate) fn failed(self, failure: &Failure) {
        let findings = failure.findings();
        if self.json {
            let (code, message) = (failure.code(), failure.to_string());
            let mut error = serde_json::json!({ "code": code, "message": message });
            if !findings.is_empty() {
                error["findings"] = findings.into();
            }
            say(serde_json::json!({ "error": error }));
        } else {
            say(format_args!("{ERROR}error{ERROR:#} {failure}"));
            if !findings.is_empty() {
                say(report::findings(findings));
            }
        }
    }

    /// Shows that something is under way, until it is dropped. On a terminal only.
    pub(crate) fn busy(self, text: impl Into<String>) -> Busy {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
            bar.set_style(style);
        }
        bar.set_message(text.into());
        bar.enable_steady_tick(Duration::from_millis(120));
        Busy(bar)
    }
}

/// Something under way.
#[derive(Debug)]
pub(crate) struct Busy(ProgressBar);

impl Busy {
    /// Goes on to the next part.
    pub(crate) fn next(&self, text: impl Into<String>) {
        self.0.set_message(text.into());
    }

    /// Runs what writes to the terminal itself.
    pub(crate) fn aside<T>(&self, f: impl FnOnce() -> T) -> T {
        self.0.suspend(f)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Whoever reads may have seen enough: that is no failure.
fn print(text: &str) -> Result<(), Failure> {
    write_out(text).map(drop)
}

fn write_out(text: &str) -> Result<bool, Failure> {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| {
        if text.ends_with('\n') {
            Ok(())
        } else {
            out.write_all(b"\n")
        }?;
        out.flush()
    });
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        other => other.map(|()| true).map_err(Failure::Stdio),
    }
}

/// Where nobody can be told, nothing can be done about it.
fn say(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Rows under a head, in columns.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(String::as_str);
        let cells = cells.chain(head.get(column).copied());
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[&str]| {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut text = format!("{FAINT}{}{FAINT:#}\n", line(head));
    for row in rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        text.push_str(&line(&cells));
        text.push('\n');
    }
    text
}

/// A number of bytes for people.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{:.1} KiB", count as f64 / 1024.0),
        _ => format!("{:.1} MiB", count as f64 / 1_048_576.0),
    }
}

/// A large number for people: digits in threes.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A moment for people: milliseconds since 1970 as `2026-11-22 09:30 UTC`.
pub(crate) fn moment(millis: u64) -> String {
    let minutes = millis / 60_000;
    let (days, minute) = (minutes / 1_440, minutes % 1_440);
    let (year, month, day) = date(days);
    format!(
        "{year}-{month:02}-{day:02} {:02}:{:02} UTC",
        minute / 60,
        minute % 60
    )
}

/// The same with seconds and thousandths of them, for what happens close together.
pub(crate) fn instant(millis: u64) -> String {
    let minute = moment(millis);
    let minute = minute.trim_end_matches(" UTC");
    format!("{minute}:{:02}.{:03}", millis / 1_000 % 60, millis % 1_000)
}

/// The date of a day since 1970-01-01, in the Gregorian calendar: years are counted from March, so
/// that the leap day is the last of its year.
fn date(days: u64) -> (u64, u64, u64) {
    // From 0000-03-01 on; a cycle of 400 years has 146,097 days.
    let days = days.saturating_add(719_468);
    let (cycle, of_cycle) = (days / 146_097, days % 146_097);
    let of_years = of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096;
    let year = of_years / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (cycle * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_709_251_199, "2024-02-29 23:59 UTC"),
            (1_795_339_800, "2026-11-22 09:30 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
        ] {
            assert_eq!(moment(seconds * 1_000), text);
        }
    }

    #[test]
    fn an_instant_has_its_thousandths() {
        assert_eq!(instant(1_795_339_807_042), "2026-11-22 09:30:07.042");
    }

    #[test]
    fn numbers_are_grouped_and_sizes_have_units() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (2_000_000_000, "2,000,000,000"),
        ] {
            assert_eq!(number(count), text);
        }
        for (count, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (3 << 20, "3.0 MiB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn a_table_has_columns() {
        let rows = [
            vec!["a".to_owned(), "1".to_owned()],
            vec!["longer".to_owned(), "2".to_owned()],
        ];
        let text = anstream::adapter::strip_str(&table(&["NAME", "N"], &rows)).to_string();
        assert_eq!(text, "NAME    N\na       1\nlonger  2\n");
    }
}
