//! What a call takes, as `cargo xtask bench` measured it: read from where README.md shows it, so that there is one place.

use anyhow::{Context, Result};

/// Figures of one run of the bench.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// An echo from its client's side, in milliseconds: more than its object is active for.
    pub(super) call_millis: f64,
    /// CPU of an echo at the edge and in the object, in milliseconds.
    pub(super) cpu_millis: f64,
    /// The first call of a tenant, whose object wakes, in milliseconds.
    pub(super) waking_millis: f64,
    /// Of one unit of fuel, in nanoseconds.
    pub(super) nanos_per_fuel: f64,
}

impl Measured {
    /// Reads the tables of the bench.
    ///
    /// # Errors
    ///
    /// If a line that is looked for is not there.
    pub(super) fn of(text: &str) -> Result<Self> {
        let host = line(text, "  host  ")?;
        // Each figure has its multiple of the floor's in brackets behind it.
        let plain = host
            .split_whitespace()
            .filter(|word| !word.starts_with('('));
        let figures: Vec<f64> = plain.filter_map(|word| word.parse().ok()).collect();
        let &[call_millis, _, _, cpu_micros] = figures.as_slice() else {
            anyhow::bail!("four figures were looked for in {host:?}");
        };
        Ok(Self {
            call_millis,
            cpu_millis: cpu_micros / 1e3,
            waking_millis: last(line(text, "  first call of a tenant in a running process")?)?,
            nanos_per_fuel: nanos(text)?,
        })
    }
}

fn line<'a>(text: &'a str, start: &str) -> Result<&'a str> {
    let mut lines = text.lines();
    let found = lines.find(|line| line.starts_with(start));
    found.with_context(|| format!("README.md has no line of the bench that begins with {start:?}"))
}

fn last(line: &str) -> Result<f64> {
    let word = line.split_whitespace().last().unwrap_or_default();
    word.parse()
        .with_context(|| format!("no figure at the end of {line:?}"))
}

/// From "(0.31 ns a unit".
fn nanos(text: &str) -> Result<f64> {
    let before = text.split_once(" ns a unit").map(|(before, _)| before);
    let figure = before.and_then(|before| before.rsplit_once('(')?.1.parse().ok());
    figure.context("README.md does not say how long a unit of fuel takes: \"(... ns a unit\"")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn figures_are_found_where_the_bench_prints_them() {
        let text = "\
  floor                  0.37 (1.00)      0.49 (1.00)      5849 (1.00)       166 (1.00)
  host                   0.59 (1.63)      0.78 (1.61)      3766 (0.67)       271 (1.51)
  host, in a session      0.59 (1.60)      0.75 (1.52)      3729 (0.66)       271 (1.54)
  host              tools/call of an echo on this host, with an API key
  first call of a tenant in a running process                            9.80
a call of 1812 million fuel, over HTTP in slices 554 ms
  (0.31 ns a unit, trips to the event loop included), and in one slice 545 ms
";
        let measured = Measured::of(text).unwrap();
        assert!(
            (measured.call_millis - 0.59).abs() < 1e-9
                && (measured.cpu_millis - 0.271).abs() < 1e-9
        );
        assert!(
            (measured.waking_millis - 9.8).abs() < 1e-9
                && (measured.nanos_per_fuel - 0.31).abs() < 1e-9
        );
        for lost in ["  host  ", "  first call of a tenant", " ns a unit"] {
            assert!(Measured::of(&text.replace(lost, "")).is_err(), "{lost}");
        }
    }
}
