//! `cargo xtask cost`: what a month of a stated load costs on the platform.
//!
//! Prices are in `deploy/cost/prices.toml`, with the day on which they were read; loads in `deploy/cost/loads.toml` or a file
//! of the operator's; what a call takes is what `cargo xtask bench` measured, read from README.md. It reckons high where it
//! must guess: an object stays active as long as it may after each call, and all of a call's CPU is the Worker's.

mod measured;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use smcp_ids::limits::{USAGE_BATCH_MILLIS, USAGE_REST_MILLIS};

use measured::Measured;

use crate::paths;

/// Where the table of the document begins.
const MARK: &str = "<!-- cargo xtask cost --write -->\n```text\n";
const DOCUMENT: &str = "docs/operations.md";

/// What the platform charges.
#[derive(Debug, Deserialize)]
struct Prices {
    read: String,
    sources: Vec<String>,
    plan: f64,
    object_gigabytes: f64,
    price: BTreeMap<String, Price>,
}

/// What of one thing is included, and what more of it costs.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Price {
    included: f64,
    #[serde(default)]
    per_million: f64,
    #[serde(default)]
    each: f64,
}

#[derive(Debug, Deserialize)]
struct Loads {
    load: Vec<Load>,
}

/// A month of calls; `deploy/cost/loads.toml` says what each member is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Load {
    name: String,
    what: String,
    tenants: f64,
    servers: f64,
    calls: f64,
    fuel: f64,
    outside: f64,
    outside_millis: f64,
    storing: f64,
    sessions: f64,
    wakings: f64,
    alarms: f64,
    publishing: f64,
    releases: f64,
    stored_mb: f64,
    module_mb: f64,
    log_events: f64,
}

/// What a load costs.
#[derive(Debug, Serialize)]
struct Cost {
    name: String,
    what: String,
    lines: Vec<Line>,
    /// With the plan, in dollars.
    total: f64,
    /// Of a million calls, in dollars.
    per_million_calls: f64,
}

/// One thing of the bill.
#[derive(Debug, Serialize)]
struct Line {
    what: &'static str,
    used: f64,
    included: f64,
    dollars: f64,
}

/// Rows that a changing call writes: the item, what its server stores, the number of the commit.
const ROWS_OF_A_COMMIT: f64 = 3.0;
/// Rows that it reads: those, and what it read before.
const ROWS_READ_BY_A_CALL: f64 = 4.0;
/// Rows that an object reads when it wakes, for each of its servers: server, releases, grants, secrets, settings.
const ROWS_OF_A_SERVER: f64 = 12.0;
/// Rows that a release, its entry in the record of what was done and its alarm write.
const ROWS_OF_A_RELEASE: f64 = 6.0;
/// Bytes of a session in KV.
const SESSION_BYTES: f64 = 1_000.0;
/// Rows of one batch of what was used (docs/monitoring.md).
const ROWS_OF_A_BATCH: f64 = 3.0;
const DAYS: f64 = 30.0;
const SECONDS: f64 = DAYS * 86_400.0;
/// For so long an object is active after a call, until what was used is written, in seconds: it looks twice at the most.
const AWAKE_AFTER: f64 = 2.0 * USAGE_REST_MILLIS as f64 / 1e3;

/// Prints what each load costs; with `write`, into the document that says it.
///
/// # Errors
///
/// If a file lacks something.
pub fn run(loads: Option<&Path>, json: bool, write: bool) -> Result<()> {
    let root = paths::root();
    let loads = loads.map_or_else(|| root.join("deploy/cost/loads.toml"), paths::from_root);
    if json {
        let (_, _, costs) = reckon(&root, &loads)?;
        println!("{}", serde_json::to_string(&costs)?);
        return Ok(());
    }
    let text = text(&root, &loads)?;
    if !write {
        print!("{text}");
        return Ok(());
    }
    let path = root.join(DOCUMENT);
    let document = fs::read_to_string(&path)?;
    let old = shown(&document)?;
    // With the mark before it, since an empty table is everywhere.
    let (old, new) = (format!("{MARK}{old}"), format!("{MARK}{text}"));
    fs::write(path, document.replacen(&old, &new, 1))?;
    Ok(())
}

fn text(root: &Path, loads: &Path) -> Result<String> {
    let (prices, measured, costs) = reckon(root, loads)?;
    Ok(table::text(&prices, &measured, &costs))
}

fn reckon(root: &Path, loads: &Path) -> Result<(Prices, Measured, Vec<Cost>)> {
    let prices: Prices = read(&root.join("deploy/cost/prices.toml"))?;
    let loads: Loads = read(loads)?;
    let measured = Measured::of(&fs::read_to_string(root.join("README.md"))?)?;
    let costs = loads.load.iter().map(|load| cost(load, &measured, &prices));
    let costs = costs.collect::<Result<_>>()?;
    Ok((prices, measured, costs))
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}

/// The table in a document.
fn shown(document: &str) -> Result<&str> {
    let begun = document.split_once(MARK);
    let table = begun.and_then(|(_, rest)| Some(rest.split_once("```")?.0));
    table.with_context(|| format!("{DOCUMENT} has no place for it: {MARK:?}"))
}

fn cost(load: &Load, measured: &Measured, prices: &Prices) -> Result<Cost> {
    let used = used(load, measured, prices);
    let line = |(what, used): (&'static str, f64)| -> Result<Line> {
        let price = prices.price.get(what);
        let price = price.with_context(|| format!("prices.toml has no {what}"))?;
        let more = (used - price.included).max(0.0);
        Ok(Line {
            what,
            used,
            included: price.included,
            dollars: more.mul_add(price.per_million / 1e6, more * price.each),
        })
    };
    let lines = used.into_iter().map(line).collect::<Result<Vec<_>>>()?;
    ensure!(load.calls > 0.0, "{}: no calls", load.name);
    let total = prices.plan + lines.iter().map(|line| line.dollars).sum::<f64>();
    Ok(Cost {
        name: load.name.clone(),
        what: load.what.clone(),
        lines,
        total,
        per_million_calls: total / load.calls * 1e6,
    })
}

/// What a month of the load uses of each thing that has a price.
fn used(load: &Load, measured: &Measured, prices: &Prices) -> [(&'static str, f64); 14] {
    let fuel_millis = load.fuel * measured.nanos_per_fuel / 1e6;
    let wakings = load.tenants * load.wakings;
    let alarms = load.tenants * load.alarms;
    let waited = load.outside * load.outside_millis;
    let call_seconds = (measured.call_millis + fuel_millis + waited) / 1e3;
    // Calls come at random, each tenant's as often as another's. What is the part of the time in which an object has
    // one, or had one a moment ago? (The server of a queue that never waits, M/G/infinity, is busy for so much.)
    let rate = if load.tenants > 0.0 {
        load.calls / load.tenants / SECONDS
    } else {
        0.0
    };
    let active = 1.0 - (-rate * (call_seconds + AWAKE_AFTER)).exp();
    let active_seconds =
        load.tenants * SECONDS * active + (wakings + alarms) * measured.waking_millis / 1e3;
    // One when nobody calls any more, and one a minute while somebody does.
    let rest = USAGE_REST_MILLIS as f64 / 1e3;
    let batches = load.calls * (-rate * rest).exp()
        + load.tenants * SECONDS * active / (USAGE_BATCH_MILLIS as f64 / 1e3);
    let commits = load.calls * load.storing;
    let modules = load.tenants * load.servers * load.releases;
    [
        ("worker_requests", load.calls + load.publishing),
        (
            "worker_cpu_millis",
            load.calls * (measured.cpu_millis + fuel_millis),
        ),
        ("object_requests", load.calls + alarms + load.publishing),
        (
            "object_gigabyte_seconds",
            active_seconds * prices.object_gigabytes,
        ),
        (
            "rows_read",
            wakings * load.servers * ROWS_OF_A_SERVER + load.calls * ROWS_READ_BY_A_CALL,
        ),
        (
            "rows_written",
            commits * ROWS_OF_A_COMMIT
                + batches * ROWS_OF_A_BATCH
                + alarms
                + load.publishing * ROWS_OF_A_RELEASE,
        ),
        ("object_gigabytes", load.tenants * load.stored_mb / 1e3),
        // A session is read when its object has forgotten it, at the worst each time that it wakes.
        ("kv_reads", load.sessions + wakings),
        ("kv_writes", load.sessions),
        ("kv_gigabytes", load.sessions / DAYS * SESSION_BYTES / 1e9),
        ("bucket_writes", load.publishing),
        ("bucket_reads", wakings * load.servers),
        ("bucket_gigabytes", modules * load.module_mb / 1e3),
        ("log_events", load.calls / 1e6 * load.log_events),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn figures() -> (Prices, Measured) {
        let (prices, ..) = reckon(
            &paths::root(),
            &paths::root().join("deploy/cost/loads.toml"),
        )
        .unwrap();
        let measured = Measured {
            call_millis: 1.0,
            cpu_millis: 0.5,
            waking_millis: 10.0,
            nanos_per_fuel: 1.0,
        };
        (prices, measured)
    }

    fn load(calls: f64) -> Load {
        Load {
            name: "one".to_owned(),
            what: String::new(),
            tenants: 0.0,
            servers: 0.0,
            calls,
            fuel: 0.0,
            outside: 0.0,
            outside_millis: 0.0,
            storing: 0.0,
            sessions: 0.0,
            wakings: 0.0,
            alarms: 0.0,
            publishing: 0.0,
            releases: 0.0,
            stored_mb: 0.0,
            module_mb: 0.0,
            log_events: 0.0,
        }
    }

    fn dollars(load: &Load, what: &str) -> f64 {
        let (prices, measured) = figures();
        let cost = cost(load, &measured, &prices).unwrap();
        let line = cost.lines.iter().find(|line| line.what == what);
        line.unwrap().dollars
    }

    /// The examples are the platform's own, of the pages that prices.toml names.
    #[test]
    fn the_platforms_own_examples_come_out_as_it_says() {
        let hundred_million = load(100e6);
        assert!((dollars(&hundred_million, "worker_requests") - 27.0).abs() < 1e-9);
        // A hundred objects that are active all month are 33,177,600 GB-s, of which 32,777,600 are charged.
        let always = Load {
            tenants: 100.0,
            ..load(1e12)
        };
        let active = dollars(&always, "object_gigabyte_seconds");
        assert!((active - 409.72).abs() < 1e-6, "{active}");
    }

    #[test]
    fn an_object_is_active_for_a_moment_after_each_call_and_only_once_for_two_at_a_time() {
        let (prices, measured) = figures();
        let seconds = |calls: f64| {
            let load = Load {
                tenants: 1.0,
                ..load(calls)
            };
            let used = used(&load, &measured, &prices);
            let active = used
                .iter()
                .find(|(what, _)| *what == "object_gigabyte_seconds");
            active.unwrap().1 / prices.object_gigabytes
        };
        assert!((seconds(1.0) - AWAKE_AFTER).abs() < 0.01);
        let (some, more) = (seconds(1e5), seconds(1e6));
        assert!(some < 1e5 * AWAKE_AFTER && some < more && more < SECONDS);
    }

    #[test]
    fn nothing_is_charged_within_what_is_included_and_a_million_calls_cost_the_plan() {
        let (prices, measured) = figures();
        let cost = cost(&load(1e6), &measured, &prices).unwrap();
        assert!(
            (cost.total - prices.plan).abs() < 1e-9
                && cost.lines.iter().all(|line| line.dollars == 0.0)
        );
        assert!((cost.per_million_calls - prices.plan).abs() < 1e-9);
    }

    #[test]
    fn more_of_anything_never_costs_less() {
        let (prices, measured) = figures();
        let total = |load: &Load| cost(load, &measured, &prices).unwrap().total;
        let some = Load {
            tenants: 1e3,
            servers: 5.0,
            fuel: 1e8,
            outside: 0.5,
            outside_millis: 100.0,
            storing: 0.5,
            sessions: 1e7,
            wakings: 1e4,
            alarms: 1e4,
            publishing: 1e7,
            releases: 10.0,
            stored_mb: 50.0,
            module_mb: 1.0,
            log_events: 1e6,
            ..load(1e8)
        };
        let more: [fn(&mut Load); 14] = [
            |load| load.tenants *= 2.0,
            |load| load.servers *= 20.0,
            |load| load.calls *= 2.0,
            |load| load.fuel *= 2.0,
            |load| load.outside *= 2.0,
            |load| load.outside_millis *= 2.0,
            |load| load.storing *= 2.0,
            |load| load.sessions *= 2.0,
            |load| load.wakings *= 2.0,
            |load| load.alarms *= 2.0,
            |load| load.publishing *= 2.0,
            |load| load.releases *= 2.0,
            |load| load.stored_mb *= 2.0,
            |load| load.log_events *= 2.0,
        ];
        for (at, change) in more.into_iter().enumerate() {
            let mut other = some.clone();
            change(&mut other);
            assert!(total(&other) > total(&some), "the {at}th");
        }
    }

    #[test]
    fn the_document_shows_what_the_command_prints() {
        let root = paths::root();
        let document = fs::read_to_string(root.join(DOCUMENT)).unwrap();
        let text = text(&root, &root.join("deploy/cost/loads.toml")).unwrap();
        assert_eq!(
            shown(&document).unwrap(),
            text,
            "run `cargo xtask cost --write`"
        );
    }
}
