//! What was measured against what it must be and what it should be. A miss is said, not hidden; it
//! is no error of the benchmark.

use core::fmt;

use serde::Serialize;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Better {
    /// Less.
    Lower,
    /// More.
    Higher,
}

/// A figure with its bounds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Budget {
    /// What was measured.
    pub(super) what: String,
    /// The figure.
    pub(super) measured: f64,
    /// Its unit, and that of its bounds: `x`, `us`, `ms`, `MiB` or `%`.
    pub(super) unit: &'static str,
    /// Which way is better.
    pub(super) better: Better,
    /// The bound that must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) must: Option<f64>,
    /// The bound that should hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aim: Option<f64>,
}

impl Budget {
    /// A figure that should be low, without bounds.
    pub(super) fn low(what: impl Into<String>, measured: f64, unit: &'static str) -> Self {
        Self {
            what: what.into(),
            measured,
            unit,
            better: Better::Lower,
            must: None,
            aim: None,
        }
    }

    /// A figure that should be high, without bounds.
    pub(super) fn high(what: impl Into<String>, measured: f64, unit: &'static str) -> Self {
        Self {
            better: Better::Higher,
            ..Self::low(what, measured, unit)
        }
    }

    /// With what it must be.
    #[must_use]
    pub(super) fn must(self, bound: f64) -> Self {
        Self {
            must: Some(bound),
            ..self
        }
    }

    /// With what it should be.
    #[must_use]
    pub(super) fn aim(self, bound: f64) -> Self {
        Self {
            aim: Some(bound),
            ..self
        }
    }

    /// Whether it is what it must be. What could not be measured is not.
    pub(super) fn is_kept(&self) -> bool {
        self.must.is_none_or(|bound| self.is_within(bound))
    }

    fn is_within(&self, bound: f64) -> bool {
        match self.better {
            Better::Lower => self.measured <= bound,
            Better::Higher => self.measured >= bound,
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.better {
            Better::Lower => "<=",
            Better::Higher => ">=",
        };
        let value = |value: f64| format!("{} {}", number(value), self.unit);
        write!(f, "{:62} {:>10}", self.what, value(self.measured))?;
        if let Some(must) = self.must {
            let verdict = if self.is_within(must) { "pass" } else { "FAIL" };
            write!(f, "  must {sign} {:9} {verdict}", value(must))?;
        }
        if let Some(aim) = self.aim {
            let verdict = if self.is_within(aim) {
                "reached"
            } else {
                "missed"
            };
            write!(f, "  aim {sign} {:9} {verdict}", value(aim))?;
        }
        Ok(())
    }
}

/// With as many digits as mean something.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_holds_from_the_side_that_is_better() {
        for (budget, kept) in [
            (Budget::low("", 1.0, "x").must(1.0), true),
            (Budget::low("", 1.1, "x").must(1.0), false),
            (Budget::high("", 1.1, "x").must(1.0), true),
            (Budget::high("", 0.9, "x").must(1.0), false),
            (Budget::low("", f64::NAN, "x").must(1.0), false),
            (Budget::low("", 9.0, "x").aim(1.0), true),
        ] {
            assert_eq!(budget.is_kept(), kept, "{budget}");
        }
    }

    #[test]
    fn a_line_says_what_was_missed() {
        let line = Budget::low("p50", 1.3, "x").must(1.6).aim(1.25).to_string();
        assert!(
            line.ends_with("must <= 1.60 x    pass  aim <= 1.25 x    missed"),
            "{line}"
        );
    }
}
