//! Times subjects natively: what `run.mjs` does in V8.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::sandbox::{Item, Measure};
use crate::subject::{Bench, Subject};

/// A batch that takes less is too short to be timed.
const BATCH: Duration = Duration::from_millis(20);

/// Nanoseconds of an item.
///
/// # Errors
/// If it cannot be done.
pub fn time(item: &Item, rounds: usize) -> Result<f64> {
    let mut bench = Bench::new(item.setup.clone()).map_err(|why| anyhow!("{}: {why}", item.id))?;
    let measured = match item.measure {
        Measure::Typical => typical(&mut bench, item.subject, rounds),
        Measure::WorstPiece => worst_piece(&mut bench, item.subject, rounds),
    };
    measured.map_err(|why| anyhow!("{}: {why}", item.id))
}

/// The median of batches, each long enough to be timed. Native code needs no warming up.
fn typical(bench: &mut Bench, subject: Subject, rounds: usize) -> Result<f64, String> {
    let mut batch = |repeats: u32| {
        let begun = Instant::now();
        for _ in 0..repeats {
            bench.once(subject)?;
        }
        Ok::<_, String>(begun.elapsed())
    };
    let mut repeats = 1;
    while batch(repeats)? < BATCH {
        repeats *= 2;
    }
    median(rounds, || {
        batch(repeats).map(|time| time.as_nanos() as f64 / f64::from(repeats))
    })
}

/// The median of the longest pieces.
fn worst_piece(bench: &mut Bench, subject: Subject, rounds: usize) -> Result<f64, String> {
    median(rounds, || {
        let mut longest = Duration::ZERO;
        loop {
            let begun = Instant::now();
            let last = bench.once(subject)?;
            longest = longest.max(begun.elapsed());
            if last {
                return Ok(longest.as_nanos() as f64);
            }
        }
    })
}

fn median(rounds: usize, mut measure: impl FnMut() -> Result<f64, String>) -> Result<f64, String> {
    let mut values = (0..rounds.max(1))
        .map(|_| measure())
        .collect::<Result<Vec<_>, _>>()?;
    values.sort_by(f64::total_cmp);
    Ok(values.get(values.len() / 2).copied().unwrap_or_default())
}
