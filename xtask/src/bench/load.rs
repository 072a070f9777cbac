//! Load on a subject: one client that waits for each answer, or many at once. Every answer is
//! checked; a wrong one ends the benchmark.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use super::http::Connection;
use super::runtime;

/// What every answer of an echo must hold: it is what the echo is given.
pub(super) const TEXT: &str = "the quick brown fox";

/// A client: a connection of its own, and the request that it repeats.
#[derive(Debug)]
pub(super) struct Client {
    connection: Connection,
    request: Vec<u8>,
    /// What every answer must hold.
    expected: String,
}

impl Client {
    /// A client of an echo that is ready to send.
    pub(super) fn new(connection: Connection, request: Vec<u8>) -> Self {
        Self::expecting(connection, request, TEXT)
    }

    /// The same, of something that answers with that text somewhere.
    pub(super) fn expecting(connection: Connection, request: Vec<u8>, text: &str) -> Self {
        Self {
            connection,
            request,
            expected: text.to_owned(),
        }
    }

    /// A fresh connection, with one call on it that is not timed.
    fn renew(&mut self) -> Result<()> {
        self.connection.renew()?;
        self.call().map(drop)
    }

    /// One call; gives how long it took.
    ///
    /// # Errors
    ///
    /// If the answer is not the one expected.
    pub(super) fn call(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        let status = self.connection.exchange(&self.request)?;
        let took = begun.elapsed();
        let body = self.connection.body();
        let expected = self.expected.as_bytes();
        let held = body.windows(expected.len()).any(|at| at == expected);
        ensure!(
            status == 200 && held,
            "answered {status}: {}",
            String::from_utf8_lossy(body)
        );
        Ok(took)
    }
}

/// How long calls took, sorted.
#[derive(Debug)]
pub(super) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Those of so many calls, in any order.
    pub(super) fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// The time that this part of the calls was within, in milliseconds.
    pub(super) fn quantile(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let at = (part * last as f64).round() as usize;
        self.0.get(at).map_or(f64::NAN, Duration::as_secs_f64) * 1e3
    }

    /// How many calls there were.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// One call after the other, for so long.
///
/// # Errors
///
/// If an answer is wrong.
pub(super) fn one_by_one(client: &mut Client, lasting: Duration) -> Result<Latencies> {
    client.renew()?;
    let begun = Instant::now();
    let mut all = Vec::new();
    while begun.elapsed() < lasting {
        all.push(client.call()?);
    }
    Ok(Latencies::of(all))
}

/// What many clients at once got.
#[derive(Debug, Clone, Copy)]
pub(super) struct Throughput {
    /// Answers in a second.
    pub(super) per_second: f64,
    /// Microseconds of the runtime's CPU for each answer.
    pub(super) cpu_micros: f64,
}

/// All clients at once, for so long; `group` is the runtime's process group.
///
/// # Errors
///
/// If an answer is wrong.
pub(super) fn all_at_once(
    clients: &mut [Client],
    group: u32,
    lasting: Duration,
) -> Result<Throughput> {
    for client in &mut *clients {
        client.renew()?;
    }
    let before = runtime::of_group(group)?;
    let begun = Instant::now();
    let calls: Result<u32> = thread::scope(|scope| {
        let threads: Vec<_> = clients
            .iter_mut()
            .map(|client| {
                scope.spawn(move || {
                    let mut calls = 0;
                    while begun.elapsed() < lasting {
                        client.call()?;
                        calls += 1;
                    }
                    Ok(calls)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("a client panicked"))?)
            .sum()
    });
    let calls = f64::from(calls?.max(1));
    let elapsed = begun.elapsed();
    let cpu = runtime::of_group(group)?.cpu.saturating_sub(before.cpu);
    Ok(Throughput {
        per_second: calls / elapsed.as_secs_f64(),
        cpu_micros: cpu.as_secs_f64() * 1e6 / calls,
    })
}

/// The median; not a number if there is none.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied().unwrap_or(f64::NAN);
    match values.len() % 2 {
        1 => upper,
        _ => middle
            .checked_sub(1)
            .and_then(|at| values.get(at))
            .map_or(f64::NAN, |lower| f64::midpoint(*lower, upper)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_between_the_two_in_the_middle() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median([]).is_nan());
    }

    #[test]
    fn a_quantile_is_one_of_the_times() {
        let all = Latencies::of((0..=100).rev().map(Duration::from_millis).collect());
        for (part, millis) in [(0.0, 0.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            assert!((all.quantile(part) - millis).abs() < 1e-9);
        }
        assert!(Latencies::of(Vec::new()).quantile(0.5).is_nan());
    }
}
