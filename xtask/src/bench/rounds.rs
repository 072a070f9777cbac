//! Subjects measured in turns: each round measures every one, in another order, so that what else
//! the machine does hits all alike. Ratios are taken within a round; all figures are medians.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::load::{self, Latencies, Throughput, median};
use super::subjects::{FLOOR, Subject};

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// How many rounds.
    pub(super) rounds: usize,
    /// For each subject and round, one call after the other.
    pub(super) idle: Duration,
    /// For each subject and round, all clients at once.
    pub(super) loaded: Duration,
}

/// A subject's figures.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Figures {
    /// Its stable name.
    pub(super) id: &'static str,
    /// What it is.
    pub(super) what: &'static str,
    /// Half of the calls took no longer, one at a time.
    pub(super) p50_millis: f64,
    /// All but one in a hundred took no longer.
    pub(super) p99_millis: f64,
    /// Answers in a second, to 32 clients at once.
    pub(super) per_second: f64,
    /// Microseconds of the runtime's CPU for each of them.
    pub(super) cpu_micros: f64,
    /// The same four as multiples of the floor's.
    pub(super) to_floor: Ratios,
}

/// Figures as multiples of another's.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ratios {
    /// Of the median time.
    pub(super) p50: f64,
    /// Of the 99th percentile.
    pub(super) p99: f64,
    /// Of answers in a second.
    pub(super) per_second: f64,
    /// Of CPU.
    pub(super) cpu: f64,
}

/// One subject in one round.
#[derive(Debug)]
struct Sample {
    idle: Latencies,
    loaded: Throughput,
}

/// All samples; `samples[subject][round]`.
#[derive(Debug)]
pub(super) struct Rounds {
    subjects: Vec<(&'static str, &'static str)>,
    samples: Vec<Vec<Sample>>,
}

/// Measures, after a round that warms up.
///
/// # Errors
///
/// If an answer is wrong.
pub(super) fn measure(subjects: &mut [Subject], plan: Plan) -> Result<Rounds> {
    let mut samples: Vec<Vec<Sample>> = subjects.iter().map(|_| Vec::new()).collect();
    for round in 0..=plan.rounds {
        for turn in 0..subjects.len() {
            let at = place(round, turn, subjects.len());
            let (Some(subject), Some(samples)) = (subjects.get_mut(at), samples.get_mut(at)) else {
                continue;
            };
            let sample = sample(subject, plan).with_context(|| subject.id)?;
            // The first one is for the compilers.
            if round > 0 {
                samples.push(sample);
            }
        }
    }
    let subjects = subjects.iter().map(|subject| (subject.id, subject.what));
    Ok(Rounds {
        subjects: subjects.collect(),
        samples,
    })
}

/// Who is measured at that turn: another begins each round, and every other one goes backwards.
pub(super) fn place(round: usize, turn: usize, subjects: usize) -> usize {
    let at = (round / 2 + turn) % subjects;
    if round.is_multiple_of(2) {
        at
    } else {
        subjects - 1 - at
    }
}

fn sample(subject: &mut Subject, plan: Plan) -> Result<Sample> {
    let first = subject.clients.first_mut().context("no clients")?;
    Ok(Sample {
        idle: load::one_by_one(first, plan.idle)?,
        loaded: load::all_at_once(&mut subject.clients, subject.group, plan.loaded)?,
    })
}

type Figure = fn(&Sample) -> f64;

const P50: Figure = |sample| sample.idle.quantile(0.5);
const P99: Figure = |sample| sample.idle.quantile(0.99);
const PER_SECOND: Figure = |sample| sample.loaded.per_second;
const CPU: Figure = |sample| sample.loaded.cpu_micros;

impl Rounds {
    /// The figures of all subjects.
    pub(super) fn figures(&self) -> Vec<Figures> {
        let subjects = self.subjects.iter();
        subjects
            .map(|&(id, what)| Figures {
                id,
                what,
                p50_millis: self.typical(id, P50),
                p99_millis: self.typical(id, P99),
                per_second: self.typical(id, PER_SECOND),
                cpu_micros: self.typical(id, CPU),
                to_floor: self.ratios(id, FLOOR),
            })
            .collect()
    }

    /// One subject's figures as multiples of another's.
    pub(super) fn ratios(&self, id: &str, to: &str) -> Ratios {
        Ratios {
            p50: self.ratio(id, to, P50),
            p99: self.ratio(id, to, P99),
            per_second: self.ratio(id, to, PER_SECOND),
            cpu: self.ratio(id, to, CPU),
        }
    }

    fn typical(&self, id: &str, figure: Figure) -> f64 {
        median(self.of(id).iter().map(figure))
    }

    fn ratio(&self, id: &str, to: &str, figure: Figure) -> f64 {
        let pairs = self.of(id).iter().zip(self.of(to));
        median(pairs.map(|(one, other)| figure(one) / figure(other)))
    }

    fn of(&self, id: &str) -> &[Sample] {
        let mut both = self.subjects.iter().zip(&self.samples);
        both.find(|((other, _), _)| *other == id)
            .map_or(&[], |(_, samples)| samples)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::place;

    #[test]
    fn each_round_measures_every_subject_once_and_none_always_comes_first() {
        for round in 0..8 {
            let places: BTreeSet<usize> = (0..4).map(|turn| place(round, turn, 4)).collect();
            assert_eq!(places.len(), 4, "round {round}");
        }
        let first: BTreeSet<usize> = (0..8).map(|round| place(round, 0, 4)).collect();
        assert_eq!(first.len(), 4);
    }
}
