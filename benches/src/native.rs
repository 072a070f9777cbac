//! Times subjects natively: what `run.mjs` does in V8.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::sandbox::{Item, Measure};
use crate::subject::Bench;

/// A batch that takes less is too short to be timed.
const BATCH: Duration = Duration::from_millis(20);

/// The times of all rounds of each item; those that are joined are measured in turns.
///
/// # Errors
/// If one cannot be done.
pub fn time(plan: &[Item], rounds: usize) -> Result<Vec<Vec<f64>>> {
    let mut times = Vec::new();
    for items in plan.chunk_by(|_, next| next.joined) {
        let mut group = items.iter().map(Timed::new).collect::<Result<Vec<_>>>()?;
        for _ in 0..rounds {
            for timed in &mut group {
                timed.round()?;
            }
        }
        times.extend(group.into_iter().map(|timed| timed.nanos));
    }
    Ok(times)
}

/// An item that is measured round by round.
struct Timed<'a> {
    item: &'a Item,
    bench: Bench,
    /// How often it is done in a batch.
    repeats: u32,
    nanos: Vec<f64>,
}

impl<'a> Timed<'a> {
    /// Native code needs no warming up; what takes little is done in batches.
    fn new(item: &'a Item) -> Result<Self> {
        let bench = Bench::new(item.setup.clone()).map_err(|why| anyhow!("{}: {why}", item.id))?;
        let mut timed = Self {
            item,
            bench,
            repeats: 1,
            nanos: Vec::new(),
        };
        while item.measure == Measure::Typical && timed.batch()? < BATCH {
            timed.repeats *= 2;
        }
        Ok(timed)
    }

    fn round(&mut self) -> Result<()> {
        let nanos = match self.item.measure {
            Measure::Typical => self.batch()?.as_nanos() as f64 / f64::from(self.repeats),
            Measure::WorstPiece => self.worst_piece()?.as_nanos() as f64,
        };
        self.nanos.push(nanos);
        Ok(())
    }

    fn once(&mut self) -> Result<bool> {
        let done = self.bench.once(self.item.subject);
        done.map_err(|why| anyhow!("{}: {why}", self.item.id))
    }

    fn batch(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        for _ in 0..self.repeats {
            self.once()?;
        }
        Ok(begun.elapsed())
    }

    /// The longest piece.
    fn worst_piece(&mut self) -> Result<Duration> {
        let mut longest = Duration::ZERO;
        loop {
            let begun = Instant::now();
            let last = self.once()?;
            longest = longest.max(begun.elapsed());
            if last {
                return Ok(longest);
            }
        }
    }
}
