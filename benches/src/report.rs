//! What was measured, as a table and as JSON.

use core::fmt;

use serde::Serialize;

/// All that was measured in one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Of how many rounds each figure is the median.
    pub rounds: usize,
    /// The figures.
    pub lines: Vec<Line>,
}

/// One subject. All times are nanoseconds.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Its stable name.
    pub id: &'static str,
    /// What it is.
    pub what: &'static str,
    /// Natively.
    #[serde(rename = "nativeNanos")]
    pub native: f64,
    /// In V8.
    #[serde(rename = "v8Nanos")]
    pub in_v8: f64,
    /// On plain native wasmi.
    #[serde(rename = "plainNanos", skip_serializing_if = "Option::is_none")]
    pub plain: Option<f64>,
    /// The most that it may take in V8.
    #[serde(rename = "mustNanos", skip_serializing_if = "Option::is_none")]
    pub must: Option<f64>,
    /// What it should take in V8.
    #[serde(rename = "aimNanos", skip_serializing_if = "Option::is_none")]
    pub aim: Option<f64>,
}

impl Report {
    /// Whether everything is within what it must be.
    pub fn passes(&self) -> bool {
        self.lines
            .iter()
            .all(|line| line.must.is_none_or(|must| line.in_v8 <= must))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:52} {:>10} {:>10} {:>10}  budget in V8",
            "", "native", "V8", "plain"
        )?;
        for line in &self.lines {
            let plain = line.plain.map_or_else(String::new, time);
            write!(
                f,
                "{:52} {:>10} {:>10} {plain:>10}",
                line.what,
                time(line.native),
                time(line.in_v8)
            )?;
            if let Some(must) = line.must {
                let verdict = if line.in_v8 <= must { "kept" } else { "BROKEN" };
                write!(f, "  <= {}: {verdict}", time(must))?;
            }
            if let Some(aim) = line.aim {
                let verdict = if line.in_v8 <= aim {
                    "reached"
                } else {
                    "missed"
                };
                write!(f, "; aim {}: {verdict}", time(aim))?;
            }
            writeln!(f)?;
        }
        write!(f, "Medians of {} rounds, warm.", self.rounds)
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
    use super::time;

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
}
