//! What a call that computes for long takes over HTTP, where it runs in slices with a trip to the event loop
//! after each, against the same work in one slice: on the same workerd, in turns, each in a process
//! of its own.
//!
//! The work is a diff that spends most of the fuel a call has. The host cannot run it in one slice, so a
//! Worker with the sandbox alone does; both times are read at the client.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::beside::{fuel_of, heavy_arguments};
use super::http::{self, Connection};
use super::load::median;
use super::stage::{HEAVY, MAIN, Stage, millis, path};
use super::subjects;
use crate::{build, paths, setup};

/// The number of the subject that is a call in one slice, in `benches/src/subject.rs`.
const WHOLE: &str = "/10";

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
    /// Over HTTP, alone on its object, in milliseconds.
    pub(super) call_millis: f64,
    /// The sandbox alone in one slice, in milliseconds.
    pub(super) whole_millis: f64,
    /// The first over the second, of each round.
    pub(super) ratio: f64,
    /// Nanoseconds of a unit of fuel, over HTTP.
    pub(super) fuel_nanos: f64,
}

/// Measures both in turns, after rounds that warm both.
///
/// # Errors
///
/// If either does something else.
pub(super) fn measure(origin: &str, stage: &Stage, benches: &Path, rounds: usize) -> Result<Heavy> {
    let home = subjects::home()?.join("whole");
    fs::create_dir_all(&home)?;
    let mut command = Command::new(benches);
    command
        .arg("whole")
        .arg("--out")
        .arg(&home)
        .arg("--package")
        .arg(&stage.heavy)
        .arg("--publisher")
        .arg(&stage.publisher)
        .current_dir(paths::root());
    setup::run(&mut command)?;
    // As the engine is, which it is compared with.
    build::optimise_too(&home.join("smcp_benches.wasm"), &home.join("sandbox.wasm"))?;
    let worker = subjects::serve("whole")?;
    let prepare = fs::read(home.join("setup.bin"))?;
    let mut alone = Connection::open(worker.url())?;
    alone.exchange(&http::request("POST", worker.url(), "/", &[], &prepare))?;
    ensure!(alone.body() == b"prepared", "the sandbox refused its setup");
    let whole = http::post(worker.url(), WHOLE, &[], "");
    let arguments = heavy_arguments();
    let path = path(MAIN, HEAVY);
    let call = subjects::tool(origin, &path, Some(&stage.key), "diff", &arguments);
    let mut fuel = 0;
    let mut calls = Vec::new();
    let mut wholes = Vec::new();
    for _ in 0..WARM_UP + rounds {
        let (took, answer) = timed(origin, &call).context("a heavy call")?;
        fuel = fuel_of(&answer).with_context(|| format!("a heavy call: {answer:.300}"))?;
        calls.push(took);
        let (took, answer) = timed(worker.url(), &whole).context("the sandbox alone")?;
        ensure!(answer == "done", "the sandbox alone: {answer:.300}");
        wholes.push(took);
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
