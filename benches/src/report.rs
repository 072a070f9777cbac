//! What was measured, as a table and as JSON.

use core::fmt;

use serde::Serialize;

/// All that was measured in one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How often each was measured.
    pub rounds: usize,
    /// The figures.
    pub lines: Vec<Line>,
    /// What some are as multiples of others.
    pub ratios: Vec<Ratio>,
}

/// One subject's time as a multiple of another's, which was measured in turns with it.
#[derive(Debug, Serialize)]
pub struct Ratio {
    /// Its stable name.
    pub id: &'static str,
    /// What it is.
    pub what: &'static str,
    /// Natively.
    pub native: f64,
    /// In V8.
    pub v8: f64,
    /// The most that it may be in V8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub must: Option<f64>,
}

/// The times of all rounds, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Times {
    /// What budgets are held against.
    pub median: f64,
    /// The least disturbed round: on a busy machine the better estimate.
    pub least: f64,
}

impl Times {
    /// Of the times of each round.
    pub fn of(mut nanos: Vec<f64>) -> Self {
        nanos.sort_by(f64::total_cmp);
        Self {
            median: nanos.get(nanos.len() / 2).copied().unwrap_or_default(),
            least: nanos.first().copied().unwrap_or_default(),
        }
    }
}

/// One subject. All times are nanoseconds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Its stable name.
    pub id: &'static str,
    /// What it is.
    pub what: &'static str,
    /// Natively.
    pub native: Times,
    /// In V8.
    pub v8: Times,
    /// On plain native wasmi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain: Option<Times>,
    /// The most that its median may be in V8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub must: Option<f64>,
    /// What it should be in V8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aim: Option<f64>,
}

impl Ratio {
    /// Whether it is within what it must be.
    fn is_kept(&self) -> bool {
        self.must.is_none_or(|must| self.v8 <= must)
    }
}

impl Report {
    /// Whether everything is within what it must be.
    pub fn passes(&self) -> bool {
        let keeps = |line: &Line| line.must.is_none_or(|must| line.v8.median <= must);
        self.lines.iter().all(keeps) && self.ratios.iter().all(Ratio::is_kept)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = ["native", "(least)", "V8", "(least)", "plain"];
        write!(f, "{:48}", "")?;
        for column in columns {
            write!(f, " {column:>9}")?;
        }
        writeln!(f, "  budget in V8")?;
        for line in &self.lines {
            write!(f, "{:48}", line.what)?;
            for nanos in [
                line.native.median,
                line.native.least,
                line.v8.median,
                line.v8.least,
            ] {
                write!(f, " {:>9}", time(nanos))?;
            }
            let plain = line
                .plain
                .map_or_else(String::new, |plain| time(plain.median));
            write!(f, " {plain:>9}")?;
            if let Some(must) = line.must {
                let kept = if line.v8.median <= must {
                    "kept"
                } else {
                    "BROKEN"
                };
                write!(f, "  <= {}: {kept}", time(must))?;
            }
            if let Some(aim) = line.aim {
                let reached = if line.v8.median <= aim {
                    "reached"
                } else {
                    "missed"
                };
                write!(f, "; aim {}: {reached}", time(aim))?;
            }
            writeln!(f)?;
        }
        for ratio in &self.ratios {
            write!(
                f,
                "{:58} native {:.2}, V8 {:.2}",
                ratio.what, ratio.native, ratio.v8
            )?;
            if let Some(must) = ratio.must {
                let kept = if ratio.is_kept() { "kept" } else { "BROKEN" };
                write!(f, "  <= {must:.2}: {kept}")?;
            }
            writeln!(f)?;
        }
        write!(
            f,
            "Medians of {} rounds, warm; the least disturbed round beside them.",
            self.rounds
        )
    }
}

/// Nanoseconds in the unit that gives them few digits.
fn time(nanos: f64) -> String {
    match nanos {
        nanos if nanos < 1e3 => format!("{nanos:.0} ns"),
        nanos if nanos < 1e6 => format!("{:.1} us", nanos / 1e3),
        nanos => format!("{:.2} ms", nanos / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::{Times, time};

    #[test]
    fn times_are_printed_in_the_unit_that_fits() {
        for (nanos, printed) in [
            (999.0, "999 ns"),
            (1_000.0, "1.0 us"),
            (25_040.0, "25.0 us"),
            (2_500_000.0, "2.50 ms"),
        ] {
            assert_eq!(time(nanos), printed);
        }
    }

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        let times = Times::of(vec![9.0, 1.0, 5.0]);
        assert_eq!((times.median, times.least), (5.0, 1.0));
    }
}
