//! Long and random tests on real workerd: `cargo xtask soak` runs this with a seed and a time.
//!
//! Several clients at once do things at random: honest calls, hostile guests, garbage, resets, keys,
//! releases. In between the runtime is killed and started again on the same state. Every answer must
//! be in order, and everything that was acknowledged must be there afterwards. Then key-value storage
//! is put to the test, under a runtime that is killed at any moment. Before all that a large tenant is sealed again and exported
//! while it is served, and many tenants wake. A seed repeats the choices, though
//! not the order in which several clients come.

mod acts;
mod answers;
mod keeper;
mod kills;
mod large;
mod promises;
mod random;
mod world;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::random::Rng;
use crate::world::{Tenant, World};

/// Clients at once.
const CLIENTS: u64 = 6;
/// Between two restarts, at least and at most.
const ROUND: (u64, u64) = (8, 14);
/// The end, which no restart disturbs, as a part of the whole: there memory is watched.
const STEADY_PART: u32 = 4;
/// What workerd may grow in that time, in MiB: the tenants' engines reach their working size, and
/// garbage waits to be collected.
const GROWTH_MOST: u64 = 512;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let Some((seed, time, kills, size)) = parse(&arguments) else {
        eprintln!(
            "usage: soak SEED SECONDS KILLS SIZE, the size whole or quick; or as many as fit into so many seconds: `15s`; or, with \
             all set-up, `cargo xtask soak`"
        );
        return ExitCode::FAILURE;
    };
    println!("seed {seed}");
    let all = large::run(size)
        .and_then(|()| soak(seed, time))
        .and_then(|()| kills::run(seed, kills));
    match all {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak failed: {error:#}");
            eprintln!("the Worker's logs are in target/soak; try again with --seed {seed}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: &[String]) -> Option<(u64, Duration, kills::Until, large::Size)> {
    match arguments {
        [seed, seconds, kills, size] => Some((
            seed.parse().ok()?,
            Duration::from_secs(seconds.parse().ok()?),
            kills.parse().ok()?,
            match size.as_str() {
                "whole" => large::Size::WHOLE,
                "quick" => large::Size::QUICK,
                _ => return None,
            },
        )),
        _ => None,
    }
}

fn soak(seed: u64, time: Duration) -> Result<()> {
    let started = Instant::now();
    let world = World::start()?;
    println!(
        "{} tenants, {CLIENTS} clients, workerd with {} MiB",
        world.tenants.len(),
        world.memory()?
    );
    thread::scope(|scope| {
        for client in 1..=CLIENTS {
            let world = &world;
            scope.spawn(move || run_client(world, &mut Rng::new(seed, client)));
        }
        let led = lead(&world, time, &mut Rng::new(seed, 0));
        world.end(led.err().map(|error| format!("{error:#}")));
    });
    world.check()?;
    verify(&world, &mut Rng::new(seed, u64::MAX)).context("at the end")?;
    let counts: Vec<_> = world
        .tally()
        .into_iter()
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    println!(
        "soak passed in {} s with seed {seed}: {}",
        started.elapsed().as_secs(),
        counts.join(", ")
    );
    Ok(())
}

fn run_client(world: &World, rng: &mut Rng) {
    while !world.is_ending() {
        if let Err(error) = acts::act(world, rng) {
            world.end(Some(format!("{error:#}")));
        }
    }
}

/// Kills the runtime now and then, looks whether all is there, and watches its memory at the end.
fn lead(world: &World, time: Duration, rng: &mut Rng) -> Result<()> {
    let started = Instant::now();
    let steady = time / STEADY_PART;
    for round in 1_u32.. {
        let (least, most) = ROUND;
        let wait = least + rng.below(usize::try_from(most - least)?) as u64;
        let wait = Duration::from_secs(wait);
        if started.elapsed() + wait + steady > time {
            break;
        }
        pause(world, wait);
        if world.is_ending() {
            return Ok(());
        }
        let memory = world.memory()?;
        let killed = Instant::now();
        world.restart()?;
        let back = killed.elapsed();
        verify(world, rng).with_context(|| format!("after restart {round}"))?;
        println!(
            "{:>4} s: {} requests so far, {memory} MiB; killed, back in {} ms, all of it there",
            started.elapsed().as_secs(),
            requests(world),
            back.as_millis()
        );
    }
    // The first moments fill caches.
    pause(world, steady / 3);
    let before = world.memory()?;
    while started.elapsed() < time && !world.is_ending() {
        pause(world, Duration::from_secs(1));
    }
    let after = world.memory()?;
    println!(
        "{:>4} s: {} requests, not disturbed at the end: {before} MiB, then {after} MiB",
        started.elapsed().as_secs(),
        requests(world)
    );
    ensure!(
        after < before + GROWTH_MOST,
        "workerd grew from {before} to {after} MiB"
    );
    Ok(())
}

fn requests(world: &World) -> u64 {
    world.tally().get("requests").copied().unwrap_or_default()
}

/// Waits, unless something has failed.
fn pause(world: &World, time: Duration) {
    let since = Instant::now();
    while since.elapsed() < time && !world.is_ending() {
        thread::sleep(Duration::from_millis(50));
    }
}

/// All tenants answer, and have all that was acknowledged.
fn verify(world: &World, rng: &mut Rng) -> Result<()> {
    for tenant in &world.tenants {
        verify_one(world, tenant, rng).with_context(|| tenant.name.clone())?;
    }
    Ok(())
}

fn verify_one(world: &World, tenant: &Tenant, rng: &mut Rng) -> Result<()> {
    acts::echo(world, tenant, rng)?;
    acts::stamps(world, tenant, rng)?;
    let model = tenant.model();
    let keys = list(world, tenant, "keys", "keys")?;
    for key in &model.keys {
        let found = keys.iter().find(|found| found["id"] == key.id.as_str());
        let found = found.with_context(|| format!("the key {} is gone", key.id))?;
        let revoked = !found["revoked"].is_null();
        ensure!(
            key.revoked.is_none_or(|expected| expected == revoked),
            "the key {} is {found}",
            key.id
        );
    }
    let releases = list(world, tenant, "servers/stamp/releases", "releases")?;
    let versions: BTreeSet<_> = releases
        .iter()
        .filter_map(|release| release["version"].as_str())
        .collect();
    for number in &model.stamps {
        let version = format!("1.0.{number}");
        ensure!(
            versions.contains(version.as_str()),
            "release {version} is gone"
        );
    }
    let sent = tenant.most.load(Ordering::SeqCst);
    let (had, most) = (u32::try_from(releases.len())?, sent);
    ensure!(had <= most, "{had} releases of {most} that were sent");
    Ok(())
}

fn list(world: &World, tenant: &Tenant, path: &str, member: &str) -> Result<Vec<Value>> {
    let path = format!("/tenants/{}/{path}", tenant.name);
    let answer = world.ask(|admin| admin.get(&path))?;
    let answer = answer.context("disturbed by nothing")?;
    ensure!(answer.status == 200, "{}", answer.text());
    let items = answer.json()?[member].as_array().cloned();
    items.with_context(|| format!("no {member}"))
}
