//! What a call that computes for long takes over HTTP, where it runs in slices with a trip to the event loop
//! after each, against the same work in one slice: on the same workerd, in turns, each in a process
//! of its own.
//!
//! The work is a diff that spends all the fuel a call has. The host cannot run it in one slice, so a
//! Worker with the sandbox alone does; both times are read at the client.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::json;
use smcp_ids::limits;

use super::beside::lines;
use super::http::{self, Connection};
use super::load::median;
use super::stage::{HEAVY, MAIN, millis, path};
use super::subjects;
use crate::{paths, setup};

/// The number of the subject that spends all fuel in one slice, in `benches/src/subject.rs`.
const SPEND: &str = "/12";

/// Times of a call that spends all its fuel.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Heavy {
    /// Rounds.
    pub(super) rounds: usize,
    /// Over HTTP, alone on its object, in milliseconds.
    pub(super) call_millis: f64,
    /// The sandbox alone in one slice, in milliseconds.
    pub(super) whole_millis: f64,
    /// The first over the second, of each round.
    pub(super) ratio: f64,
    /// Nanoseconds of a unit of fuel, over HTTP.
    pub(super) fuel_nanos: f64,
}

/// Measures both in turns, after a round that warms both.
///
/// # Errors
///
/// If either does something else.
pub(super) fn measure(origin: &str, key: &str, benches: &Path, rounds: usize) -> Result<Heavy> {
    let home = subjects::home()?.join("whole");
    fs::create_dir_all(&home)?;
    let mut command = Command::new(benches);
    command
        .arg("whole")
        .arg("--out")
        .arg(&home)
        .current_dir(paths::root());
    setup::run(&mut command)?;
    let worker = subjects::serve("whole")?;
    let prepare = fs::read(home.join("setup.bin"))?;
    let mut alone = Connection::open(worker.url())?;
    alone.exchange(&http::request("POST", worker.url(), "/", &[], &prepare))?;
    ensure!(alone.body() == b"prepared", "the sandbox refused its setup");
    let whole = http::post(worker.url(), SPEND, &[], "");
    let arguments = json!({ "old": lines("a"), "new": lines("b") });
    let call = subjects::tool(origin, &path(MAIN, HEAVY), Some(key), "diff", &arguments);
    let mut calls = Vec::new();
    let mut wholes = Vec::new();
    for _ in 0..=rounds {
        calls.push(timed(origin, &call, "fuel").context("a heavy call")?);
        wholes.push(timed(worker.url(), &whole, "done").context("the sandbox alone")?);
    }
    calls.remove(0);
    wholes.remove(0);
    let call_millis = median(calls.iter().copied());
    Ok(Heavy {
        rounds,
        call_millis,
        whole_millis: median(wholes.iter().copied()),
        ratio: median(calls.iter().zip(wholes).map(|(call, whole)| call / whole)),
        #[allow(clippy::cast_precision_loss, reason = "some thousand millions")]
        fuel_nanos: call_millis * 1e6 / limits::FUEL_MAX as f64,
    })
}

/// Milliseconds of one exchange, on a connection of its own: workerd closes those that wait for long.
fn timed(origin: &str, request: &[u8], expected: &str) -> Result<f64> {
    let mut connection = Connection::open(origin)?;
    let begun = Instant::now();
    let status = connection.exchange(request)?;
    let took = millis(begun.elapsed());
    let body = String::from_utf8_lossy(connection.body()).into_owned();
    ensure!(body.contains(expected), "answered {status}: {body:.300}");
    Ok(took)
}
