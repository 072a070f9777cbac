//! Times subjects natively: what `run.mjs` does in V8.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::report::Times;
use crate::sandbox::{Item, Measure};
use crate::subject::{Bench, Subject};

/// A batch that takes less is too short to be timed.
const BATCH: Duration = Duration::from_millis(20);

/// The times of an item.
///
/// # Errors
/// If it cannot be done.
pub fn time(item: &Item, rounds: usize) -> Result<Times> {
    let mut bench = Bench::new(item.setup.clone()).map_err(|why| anyhow!("{}: {why}", item.id))?;
    let measured = match item.measure {
        Measure::Typical => typical(&mut bench, item.subject, rounds),
        Measure::WorstPiece => worst_piece(&mut bench, item.subject, rounds),
    };
    measured.map_err(|why| anyhow!("{}: {why}", item.id))
}

/// Batches, each long enough to be timed. Native code needs no warming up.
fn typical(bench: &mut Bench, subject: Subject, rounds: usize) -> Result<Times, String> {
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
    times(rounds, || {
        batch(repeats).map(|time| time.as_nanos() as f64 / f64::from(repeats))
    })
}

/// The longest pieces.
fn worst_piece(bench: &mut Bench, subject: Subject, rounds: usize) -> Result<Times, String> {
    times(rounds, || {
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

fn times(rounds: usize, mut measure: impl FnMut() -> Result<f64, String>) -> Result<Times, String> {
    let nanos = (0..rounds)
        .map(|_| measure())
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Times::of(nanos))
}
