//! Many clients that listen to one server: what each costs in memory, and how long it takes until
//! all of them are told of one change.
//!
//! The streams are read by one thread that looks at one after the other: what it says is later than
//! the truth by the time that one look at all takes: one call of the system for each.

use core::fmt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use serde::Serialize;
use serde_json::json;

use super::budget::number;
use super::crowd::{self, Crowd};
use super::http::Connection;
use super::load::{Client, Latencies, median, one_by_one};
use super::runtime;
use super::stage::{self, millis};
use super::stream::Stream;
use super::subjects;
use crate::setup;

/// How many to hold, and how often to tell them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Clients that listen.
    pub(super) streams: usize,
    /// How often they are told.
    pub(super) rounds: usize,
    /// How long the host is called before.
    pub(super) warm_up: Duration,
}

/// The resource that changes.
const RESOURCE: &str = "test:it";
/// What a client is told then.
const UPDATED: &str = "notifications/resources/updated";
/// What a client is told first.
const GREETING: &str = "notifications/subscriptions/acknowledged";
/// What the call that changes it answers.
const TOLD: &str = "\"told\"";
/// Rounds that are not measured: they are for the compilers.
const WARM_UP: usize = 2;
/// Who has not been told by then is not told.
const GIVE_UP: Duration = Duration::from_secs(10);
/// How long the host may need to come to rest.
const SETTLE: Duration = Duration::from_millis(1_500);
/// Files that this process has open besides the streams.
const OTHER_FILES: usize = 64;

/// Times in milliseconds from the moment that a call is sent; medians of rounds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listeners {
    /// How many listened.
    pub(super) streams: usize,
    /// How many were wanted: the system may let this process open fewer files.
    pub(super) wanted: usize,
    /// How often they were told.
    pub(super) rounds: usize,
    /// How many were told, in the round that told the fewest.
    pub(super) told: usize,
    /// Memory of workerd in bytes, resident, before the first of them.
    pub(super) before_bytes: u64,
    /// With all of them.
    pub(super) with_bytes: u64,
    /// How long it took to open all of them, one after the other.
    pub(super) opening_millis: f64,
    /// The call's answer, while nobody listens.
    pub(super) alone_millis: f64,
    /// The call's answer.
    pub(super) call_millis: f64,
    /// Until the first of them is told.
    pub(super) first_millis: f64,
    /// Until half of them are.
    pub(super) median_millis: f64,
    /// Until the last is.
    pub(super) last_millis: f64,
}

impl Listeners {
    /// What each takes of workerd's memory, in KiB.
    #[allow(clippy::cast_precision_loss, reason = "sizes of some MiB")]
    pub(super) fn kib_each(&self) -> f64 {
        (self.with_bytes as f64 - self.before_bytes as f64) / 1024.0 / self.streams as f64
    }

    /// The part of them that was told, in percent.
    #[allow(clippy::cast_precision_loss, reason = "some thousands")]
    pub(super) fn told_percent(&self) -> f64 {
        100.0 * self.told as f64 / self.streams as f64
    }
}

impl fmt::Display for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let streams = self.streams;
        write!(f, "{streams} clients that listen to one server")?;
        if streams < self.wanted {
            write!(f, " (not {}: `ulimit -n`)", self.wanted)?;
        }
        writeln!(f, ", opened in {} ms", number(self.opening_millis))?;
        #[allow(clippy::cast_precision_loss, reason = "sizes of some MiB")]
        let mib = |bytes: u64| number(bytes as f64 / f64::from(1 << 20));
        writeln!(
            f,
            "  workerd's memory {} MiB before, {} MiB with them: {} KiB each",
            mib(self.before_bytes),
            mib(self.with_bytes),
            number(self.kib_each())
        )?;
        let [first, half, last, call, alone] = [
            self.first_millis,
            self.median_millis,
            self.last_millis,
            self.call_millis,
            self.alone_millis,
        ]
        .map(number);
        writeln!(
            f,
            "  a call tells {} of them, {} rounds, ms: the first after {first}, half {half}, the last {last}; answered after {call}, alone {alone}",
            self.told, self.rounds
        )
    }
}

/// What one round saw.
struct Round {
    call: Duration,
    told: Latencies,
}

/// Starts the host anew, so that its memory is that of the streams, and measures.
///
/// # Errors
///
/// If a stream does not open or ends, or the call fails. Not if somebody is not told.
pub(super) fn measure(crowd: &Crowd, plan: Plan) -> Result<Listeners> {
    let running = crowd.restart()?;
    let origin = running.url();
    let path = stage::path(crowd::TOOLS, crowd::TELL);
    let key = Some(crowd.key(crowd::TOOLS));
    let call = subjects::tool(origin, &path, key, crowd::TELL, &json!({}));
    let caller = || -> Result<Client> {
        let connection = Connection::open(origin)?;
        Ok(Client::expecting(connection, call.clone(), TOLD))
    };
    let mut nobody = caller()?;
    one_by_one(&mut nobody, plan.warm_up)?;
    let alone = one_by_one(&mut nobody, plan.warm_up)?.quantile(0.5);
    thread::sleep(SETTLE);
    let before = runtime::of_group(running.pid())?.memory;
    let wish = json!({ "notifications": { "resourceSubscriptions": [RESOURCE] } });
    let listen = subjects::modern(origin, &path, key, "subscriptions/listen", wish);
    let begun = Instant::now();
    let mut streams = (0..plan.streams.min(files()?.saturating_sub(OTHER_FILES)))
        .map(|_| Stream::open(origin, &listen, GREETING))
        .collect::<Result<Vec<_>>>()?;
    let opening = begun.elapsed();
    thread::sleep(SETTLE);
    let with = runtime::of_group(running.pid())?.memory;
    let rounds = rounds(&mut streams, &mut caller()?, plan.rounds)?;
    let typical = |part| median(rounds.iter().map(|round| round.told.quantile(part)));
    Ok(Listeners {
        streams: streams.len(),
        wanted: plan.streams,
        rounds: rounds.len(),
        told: rounds
            .iter()
            .map(|round| round.told.count())
            .min()
            .unwrap_or(0),
        before_bytes: before,
        with_bytes: with,
        opening_millis: millis(opening),
        alone_millis: alone,
        call_millis: median(rounds.iter().map(|round| millis(round.call))),
        first_millis: typical(0.0),
        median_millis: typical(0.5),
        last_millis: typical(1.0),
    })
}

/// Tells all of them so often; stops when one was not told, since what comes late would be taken for
/// what comes next.
fn rounds(streams: &mut [Stream], caller: &mut Client, count: usize) -> Result<Vec<Round>> {
    let mut rounds = Vec::new();
    for number in 0..WARM_UP + count {
        let round = tell(streams, caller)?;
        let is_whole = round.told.count() == streams.len();
        if number >= WARM_UP || !is_whole {
            rounds.push(round);
        }
        if !is_whole {
            break;
        }
    }
    ensure!(!rounds.is_empty(), "no rounds");
    Ok(rounds)
}

/// One call, and when each of the streams has what it brings.
fn tell(streams: &mut [Stream], caller: &mut Client) -> Result<Round> {
    thread::scope(|scope| {
        let begun = Instant::now();
        let calling = scope.spawn(|| caller.call());
        let mut told = Vec::new();
        let mut waiting: Vec<&mut Stream> = streams.iter_mut().collect();
        while !waiting.is_empty() && begun.elapsed() < GIVE_UP {
            let mut still = Vec::with_capacity(waiting.len());
            for stream in waiting {
                if stream.has(UPDATED)? {
                    told.push(begun.elapsed());
                } else {
                    still.push(stream);
                }
            }
            waiting = still;
            thread::yield_now();
        }
        let call = calling.join().map_err(|_| anyhow!("the call panicked"))??;
        Ok(Round {
            call,
            told: Latencies::of(told),
        })
    })
}

/// How many files this process may have open.
fn files() -> Result<usize> {
    let said = setup::output(Command::new("sh").args(["-c", "ulimit -n"]))?;
    Ok(said.trim().parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_shared_out_and_who_was_not_told_is_missed() {
        let measured = Listeners {
            streams: 200,
            wanted: 1_000,
            rounds: 1,
            told: 199,
            before_bytes: 100 << 20,
            with_bytes: 110 << 20,
            opening_millis: 250.0,
            alone_millis: 0.5,
            call_millis: 15.0,
            first_millis: 17.0,
            median_millis: 18.0,
            last_millis: 21.0,
        };
        assert!((measured.kib_each() - 51.2).abs() < 1e-9);
        assert!((measured.told_percent() - 99.5).abs() < 1e-9);
        let text = measured.to_string();
        assert!(text.contains("(not 1000: `ulimit -n`)"), "{text}");
        assert!(text.contains("51.2 KiB each"), "{text}");
    }
}
