//! What it costs to prove a credential at the edge, before any object is woken: the host's own shell on a workerd of
//! its own, asked where requests go, thousands of times in one request, so that nothing else is measured.
//!
//! The credentials are real: keys of a tenant, narrowed by the command, and an access token that an official client
//! got. What is not counted is that the edge reads the header, which it does whatever is in it.

use core::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use serde_json::{Value, json};
use smcp_ids::limits::EDGE_CACHE_MAX;

use super::budget::{Budget, number};
use super::http::{self, Connection};
use super::load::median;
use super::rounds::place;
use super::stage::{ECHO, MAIN, Stage, path};
use super::subjects;
use crate::paths;
use crate::platform::{self, Platform};

/// A batch lasts at least so long.
const BATCH: Duration = Duration::from_millis(20);
/// Until then V8 may still be compiling what it has found to be hot.
const WARM_UP: Duration = Duration::from_secs(1);
/// What proving a credential may take, in microseconds.
const ADDED_MUST: f64 = 100.0;
/// What a restriction may be; each of them is one.
const RESTRICTIONS: [[&str; 2]; 4] = [
    ["--server", ECHO],
    ["--for", "2h"],
    ["--fuel", "1000000000000"],
    ["--rate", "100000"],
];

/// What was measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Edge {
    rounds: usize,
    decisions: Vec<Decision>,
}

/// Times of one kind of request, in microseconds, medians of rounds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Decision {
    what: &'static str,
    /// From the call of the shell to its return.
    micros: f64,
    /// What of that the credential takes, where there is one: over the same request without.
    #[serde(skip_serializing_if = "Option::is_none")]
    added_micros: Option<f64>,
}

/// A kind of request.
struct Subject {
    what: &'static str,
    /// How the edge's answer begins.
    expected: &'static str,
    has_credential: bool,
    /// As they are sent, in turns.
    asks: Value,
    /// How many make a batch.
    times: usize,
}

/// Measures each kind in each round, over an empty request, after all are warm.
///
/// # Errors
///
/// If a credential cannot be had, or the edge decides otherwise.
pub(super) fn measure(stage: &Stage, platform: &Platform, rounds: usize) -> Result<Edge> {
    let keys = fs::read_to_string(stage.state().join("master-keys"))?;
    let mut subjects = subjects(stage, platform)?;
    let running = subjects::serve("edge")?;
    let asked = |subject: &Subject, times: usize| {
        let env = json!({ "MASTER_KEYS": keys });
        let body = json!({ "env": env, "asks": subject.asks, "times": times });
        let request = http::post(running.url(), "/", &[], &body.to_string());
        once(running.url(), &request, subject.expected, times)
    };
    for subject in &mut subjects {
        let begun = Instant::now();
        while begun.elapsed() < WARM_UP || asked(subject, subject.times)? < BATCH {
            if asked(subject, subject.times)? < BATCH {
                subject.times *= 2;
            }
        }
    }
    let mut samples = vec![Vec::new(); subjects.len()];
    for round in 0..rounds {
        for turn in 0..subjects.len() {
            let at = place(round, turn, subjects.len());
            let (Some(subject), Some(times)) = (subjects.get(at), samples.get_mut(at)) else {
                continue;
            };
            let batch = asked(subject, subject.times)?.as_secs_f64();
            let nothing = asked(subject, 0)?.as_secs_f64();
            #[allow(clippy::cast_precision_loss, reason = "some thousands")]
            let each = (batch - nothing) * 1e6 / subject.times as f64;
            times.push(each);
        }
    }
    Ok(Edge {
        rounds,
        decisions: decisions(&subjects, &samples),
    })
}

/// The first subject is the one without a credential. Differences are taken within a round.
fn decisions(subjects: &[Subject], samples: &[Vec<f64>]) -> Vec<Decision> {
    let without = samples.first().map(Vec::as_slice).unwrap_or_default();
    let added = |times: &[f64]| median(times.iter().zip(without).map(|(with, none)| with - none));
    let decision = |(subject, times): (&Subject, &Vec<f64>)| Decision {
        what: subject.what,
        micros: median(times.iter().copied()),
        added_micros: subject.has_credential.then(|| added(times)),
    };
    subjects.iter().zip(samples).map(decision).collect()
}

fn subjects(stage: &Stage, platform: &Platform) -> Result<Vec<Subject>> {
    let origin = "http://127.0.0.1:8787";
    let url = format!("{origin}{}", path(MAIN, ECHO));
    let four = narrowed(&stage.key)?;
    let eight = narrowed(&four)?;
    let token = access_token(platform)?;
    let with = |credential: &str| json!([["POST", url, format!("Bearer {credential}")]]);
    // None of them is remembered when its turn comes again.
    let strangers: Vec<_> = (0..2 * EDGE_CACHE_MAX)
        .map(|number| {
            let key = format!("Bearer smcp_t{number}_k1_{}", "A".repeat(43));
            let url = format!("{origin}{}", path(&format!("t{number}"), ECHO));
            json!(["POST", url, key])
        })
        .collect();
    let subject = |what, expected, has_credential, asks| Subject {
        what,
        expected,
        has_credential,
        asks,
        times: 64,
    };
    let proven = "object:tenant:bench";
    Ok(vec![
        subject(
            "no credential at an endpoint that needs one",
            "config:",
            false,
            json!([["POST", url, ""]]),
        ),
        subject(
            "a path that is answered with 404",
            "404",
            false,
            json!([["GET", format!("{origin}/nothing"), ""]]),
        ),
        subject("an API key", proven, true, with(&stage.key)),
        subject("an API key narrowed four times", proven, true, with(&four)),
        subject(
            "an API key narrowed eight times, the most",
            proven,
            true,
            with(&eight),
        ),
        subject("an access token", proven, true, with(&token)),
        subject(
            "a forged API key, the first of its tenant",
            "config:",
            true,
            json!(strangers),
        ),
    ])
}

/// The key with four restrictions more.
fn narrowed(key: &str) -> Result<String> {
    let output = Command::new(platform::build_command()?)
        .args(["key", "narrow", "--json", "--from-env", "BENCH_KEY"])
        .args(RESTRICTIONS.as_flattened())
        .env("BENCH_KEY", key)
        .stdin(Stdio::null())
        .output()?;
    let (said, why) = (output.stdout, String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "narrowing a key: {why}");
    text(&serde_json::from_slice(&said)?, "key")
}

/// The token of a member's client: an official one, which asks them by the page.
fn access_token(platform: &Platform) -> Result<String> {
    let access_code = platform.access_code(MAIN)?;
    let mut client = Command::new(paths::node())
        .arg(paths::root().join("tests/clients/oauth.mjs"))
        .args(["modern", &platform.endpoint(MAIN, ECHO), &access_code])
        .current_dir(paths::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("starting the client")?;
    let mut words = client.stdin.take().context("no input")?;
    writeln!(words, "connect")?;
    let mut said = String::new();
    let lines = client.stdout.take().context("no output")?;
    BufReader::new(lines).read_line(&mut said)?;
    drop(words);
    client.wait()?;
    let said = serde_json::from_str(&said).with_context(|| format!("it said {said:?}"))?;
    text(&said, "access")
}

fn text(said: &Value, member: &str) -> Result<String> {
    match said[member].as_str() {
        Some(text) => Ok(text.to_owned()),
        None => bail!("{said} has no {member}"),
    }
}

/// How long one request took; on a connection of its own.
fn once(origin: &str, request: &[u8], expected: &str, times: usize) -> Result<Duration> {
    let mut connection = Connection::open(origin)?;
    let begun = Instant::now();
    let status = connection.exchange(request)?;
    let took = begun.elapsed();
    let body = String::from_utf8_lossy(connection.body()).into_owned();
    let held = times == 0 || body.starts_with(expected);
    ensure!(status == 200 && held, "answered {status}: {body:.300}");
    Ok(took)
}

impl Edge {
    /// What must hold of each credential.
    pub(super) fn budgets(&self) -> impl Iterator<Item = Budget> {
        self.decisions.iter().filter_map(|decision| {
            let what = format!("edge, to prove {}", decision.what);
            Some(Budget::low(what, decision.added_micros?, "us").must(ADDED_MUST))
        })
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [all, added] = ["all of it", "credential"];
        writeln!(
            f,
            "what the edge decides before an object is woken, us {all:>25} {added:>11}"
        )?;
        for decision in &self.decisions {
            let added = decision.added_micros.map(number).unwrap_or_default();
            let micros = number(decision.micros);
            writeln!(f, "  {:66} {micros:>8} {added:>11}", decision.what)?;
        }
        writeln!(
            f,
            "  medians of {} rounds in turns, on workerd, by the shell itself; `credential` is over the same without",
            self.rounds
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn subject(what: &'static str, has_credential: bool) -> Subject {
        Subject {
            what,
            expected: "",
            has_credential,
            asks: Value::Null,
            times: 1,
        }
    }

    #[test]
    fn what_a_credential_takes_is_over_the_same_round_without_one() {
        let subjects = [subject("none", false), subject("key", true)];
        // The machine was half as fast in the second round and ten times slower in the third.
        let samples = [vec![2.0, 4.0, 20.0], vec![5.0, 10.0, 50.0]];
        let edge = Edge {
            rounds: 3,
            decisions: decisions(&subjects, &samples),
        };
        let found = edge.decisions.iter();
        let found: Vec<_> = found.map(|own| (own.micros, own.added_micros)).collect();
        assert_eq!(found, [(4.0, None), (10.0, Some(6.0))]);
        let budgets: Vec<_> = edge.budgets().collect();
        assert_eq!(budgets.len(), 1);
        assert!(budgets.first().unwrap().is_kept());
    }
}
