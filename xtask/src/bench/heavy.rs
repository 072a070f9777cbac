//! What a call that computes for long takes over HTTP in slices, with a trip to the event loop after each,
//! against the same call in one slice: on the same object of the same workerd, in turns.
//!
//! No request can have that of a host as it is: it runs in the mode in which tests provoke faults,
//! and the header that does that fixes the slices.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use smcp_ids::limits;

use super::beside::{fuel_of, heavy_arguments};
use super::http::Connection;
use super::load::median;
use super::stage::{HEAVY, MAIN, Stage, millis, path};
use super::subjects;

/// Rounds that are not counted: V8 takes up what it has optimised when the interpreter is entered anew, which
/// in one slice it is once.
const WARM_UP: usize = 4;

/// Times of a call that computes for long.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Heavy {
    /// Rounds.
    pub(super) rounds: usize,
    /// The fuel of the call.
    pub(super) fuel: u64,
    /// In slices that follow the time, in milliseconds.
    pub(super) call_millis: f64,
    /// In one slice, in milliseconds.
    pub(super) whole_millis: f64,
    /// The first over the second, of each round.
    pub(super) ratio: f64,
    /// Nanoseconds of a unit of fuel, in slices.
    pub(super) fuel_nanos: f64,
}

/// Measures both in turns, after rounds that warm both, on a host of its own.
///
/// # Errors
///
/// If either does something else.
pub(super) fn measure(stage: &Stage, rounds: usize) -> Result<Heavy> {
    let host = stage.restart_provocable()?;
    let arguments = heavy_arguments();
    let path = path(MAIN, HEAVY);
    let key = Some(stage.key.as_str());
    let sliced = subjects::tool(host.url(), &path, key, "diff", &arguments);
    let one = format!("slice={}", limits::FUEL_MAX);
    let whole = subjects::provoking(&sliced, &one);
    let mut fuel = 0;
    let (mut calls, mut wholes) = (Vec::new(), Vec::new());
    for _ in 0..WARM_UP + rounds {
        for (request, times) in [(&sliced, &mut calls), (&whole, &mut wholes)] {
            let (took, answer) = timed(host.url(), request)?;
            fuel = fuel_of(&answer).with_context(|| format!("a heavy call: {answer:.300}"))?;
            times.push(took);
        }
    }
    calls.drain(..WARM_UP);
    wholes.drain(..WARM_UP);
    let call_millis = median(calls.iter().copied());
    Ok(Heavy {
        rounds,
        fuel,
        call_millis,
        whole_millis: median(wholes.iter().copied()),
        ratio: median(calls.iter().zip(&wholes).map(|(call, whole)| call / whole)),
        #[allow(clippy::cast_precision_loss, reason = "some thousand millions")]
        fuel_nanos: call_millis * 1e6 / fuel as f64,
    })
}

/// Milliseconds of one exchange, and its answer; on a connection of its own: workerd closes those that wait
/// for long.
fn timed(origin: &str, request: &[u8]) -> Result<(f64, String)> {
    let mut connection = Connection::open(origin)?;
    let begun = Instant::now();
    let status = connection.exchange(request)?;
    let took = millis(begun.elapsed());
    let body = String::from_utf8_lossy(connection.body()).into_owned();
    ensure!(status == 200, "answered {status}: {body:.300}");
    Ok((took, body))
}
