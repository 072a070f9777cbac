//! An echo beside others in the same object that compute without end: a diff of two texts with the same
//! lines in opposite orders spends most of the fuel that a call has, and begins again. The others are
//! another caller's: one call at a time, or more than he may have at once.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use serde::Serialize;
use serde_json::{Value, json};
use smcp_ids::limits;

use super::http::Connection;
use super::load::{Latencies, median, one_by_one};
use super::stage::{HEAVY, MAIN, echo_client, path};
use super::subjects;

/// Lines of each text: work for nine tenths of the fuel of a call.
const LINES: usize = 12_000;
/// What a heavy call uses at the least.
const HEAVY_FUEL: u64 = limits::FUEL_MAX / 2;
/// How long the first slices and the last take.
const SETTLE: Duration = Duration::from_millis(500);

/// Times in milliseconds; medians of rounds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Beside {
    /// Echoes that were measured beside the neighbour.
    pub(super) echoes: usize,
    /// Half of the echoes, alone.
    pub(super) idle_p50_millis: f64,
    /// All but one in a hundred.
    pub(super) idle_p99_millis: f64,
    /// Half of the echoes, beside the neighbour.
    pub(super) p50_millis: f64,
    /// All but one in a hundred.
    pub(super) p99_millis: f64,
    /// The neighbour's calls that were done.
    pub(super) heavy_calls: u32,
    /// The neighbour's calls at once.
    pub(super) heavy_at_once: usize,
}

/// Who calls: with a key for the echo, and another for the heavy calls, so many at once.
#[derive(Clone, Copy)]
pub(super) struct Callers<'a> {
    pub(super) echo: &'a str,
    pub(super) heavy: &'a str,
    pub(super) heavy_at_once: usize,
}

/// Measures alone and beside, in turns.
///
/// # Errors
///
/// If an echo fails, or the neighbour does not compute.
pub(super) fn measure(
    origin: &str,
    callers: Callers<'_>,
    rounds: usize,
    lasting: Duration,
) -> Result<Beside> {
    let mut client = echo_client(origin, MAIN, callers.echo)?;
    let arguments = heavy_arguments();
    let heavy = subjects::tool(
        origin,
        &path(MAIN, HEAVY),
        Some(callers.heavy),
        "diff",
        &arguments,
    );
    let (mut alone, mut beside): (Vec<Latencies>, Vec<Latencies>) = (Vec::new(), Vec::new());
    let calls = AtomicU32::new(0);
    for _ in 0..rounds {
        alone.push(one_by_one(&mut client, lasting)?);
        let mut neighbours = (0..callers.heavy_at_once)
            .map(|_| Connection::open(origin))
            .collect::<Result<Vec<_>>>()?;
        let over = AtomicBool::new(false);
        let measured: Result<Latencies> = thread::scope(|scope| {
            let busy: Vec<_> = neighbours
                .iter_mut()
                .map(|neighbour| scope.spawn(|| keep_busy(neighbour, &heavy, &calls, &over)))
                .collect();
            // Its first slices are for the compilers.
            thread::sleep(SETTLE);
            let measured = one_by_one(&mut client, lasting);
            // Each ends its call: that is seen to have been heavy, and nothing of it is left for the next round.
            over.store(true, Ordering::Relaxed);
            for busy in busy {
                busy.join()
                    .map_err(|_| anyhow!("the neighbour panicked"))??;
            }
            measured
        });
        beside.push(measured.context("an echo beside a busy neighbour")?);
        thread::sleep(SETTLE);
    }
    let typical =
        |rounds: &[Latencies], part| median(rounds.iter().map(|round| round.quantile(part)));
    Ok(Beside {
        echoes: beside.iter().map(Latencies::count).sum(),
        idle_p50_millis: typical(&alone, 0.5),
        idle_p99_millis: typical(&alone, 0.99),
        p50_millis: typical(&beside, 0.5),
        p99_millis: typical(&beside, 0.99),
        heavy_calls: calls.into_inner(),
        heavy_at_once: callers.heavy_at_once,
    })
}

/// One heavy call after the other, until it is over.
fn keep_busy(
    neighbour: &mut Connection,
    request: &[u8],
    calls: &AtomicU32,
    over: &AtomicBool,
) -> Result<()> {
    while !over.load(Ordering::Relaxed) {
        let status = neighbour.exchange(request)?;
        let body = String::from_utf8_lossy(neighbour.body()).into_owned();
        ensure!(
            fuel_of(&body).is_some_and(|fuel| fuel > HEAVY_FUEL),
            "the heavy call was not heavy enough: {status} {body:.300}"
        );
        calls.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// What the heavy tool is given.
pub(super) fn heavy_arguments() -> Value {
    let line = |line| format!("line {line}\n");
    let old: String = (0..LINES).map(line).collect();
    let new: String = (0..LINES).rev().map(line).collect();
    json!({ "old": old, "new": new })
}

/// The fuel that a call has used, as its answer says.
pub(super) fn fuel_of(body: &str) -> Option<u64> {
    let (_, rest) = body.split_once("\"smcp/usage\":{\"fuel\":")?;
    rest.split(|after: char| !after.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}
