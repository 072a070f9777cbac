//! Key-value storage under a runtime that is killed at random moments: a platform of its own, clients
//! that call the guest `kv.wat` without pause, and after every restart a look at all they know.
//!
//! While the platform runs no request may fail; only one that was in flight when it was killed may,
//! and each client has one at the most. What must be so is in `promises`.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::mcp::{Client, MODERN};
use smcp_tests::mortal::Mortal;
use smcp_tests::outside::{Answer, Outside};
use smcp_tests::{guests, schema};
use smcp_xtask::dev::Running;
use smcp_xtask::paths;

use crate::answers::{code, shown};
use crate::keeper::{Keeper, numbers, text};
use crate::promises::{self, Asked, Mark};
use crate::random::Rng;

const GUEST: &str = include_str!("../../../guests/kv.wat");
const TENANT: &str = "mortal";
/// Clients at once; each has four small letters for its keys.
const CLIENTS: u8 = 6;
/// The clients work so long at the most before a kill.
const WINDOW_MILLIS: usize = 700;
/// Kills, however short the time is.
const LEAST: u32 = 3;
/// The code of a state whose call has gone on already.
pub(crate) const USED: &str = "request_state_used";
/// The stream of the seed that says when to kill; those of the clients come after it.
pub(crate) const STREAM: u64 = 1 << 32;

/// When there have been enough kills.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// So many.
    Kills(u32),
    /// As many as fit into that time, but a few.
    Time(Duration),
}

impl FromStr for Until {
    type Err = std::num::ParseIntError;

    /// A number, or seconds as `15s`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_suffix('s') {
            Some(seconds) => Ok(Self::Time(Duration::from_secs(seconds.parse()?))),
            None => Ok(Self::Kills(text.parse()?)),
        }
    }
}

impl Until {
    fn is_over(self, kills: u32, since: Instant) -> bool {
        match self {
            Self::Kills(most) => kills >= most,
            Self::Time(time) => kills >= LEAST && since.elapsed() >= time,
        }
    }
}

/// Kills, and looks what is there, until that is over.
pub(crate) fn run(seed: u64, until: Until) -> Result<()> {
    let home = paths::target().join("soak/kills");
    let outside = Outside::start(|_| Answer::new(200, "a"))?;
    let mortal = Mortal::within(&home)?.sending_to(outside.port());
    let mut rng = Rng::new(seed, STREAM);
    let mut running = mortal.start_bare()?;
    let platform = Target::of(&running)?;
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|number| Keeper::new(seed, number))
        .collect();
    let (mut kills, mut in_flight, mut shared) = (0, 0, 0);
    let since = Instant::now();
    while !until.is_over(kills, since) {
        let wait = Duration::from_millis(rng.below(WINDOW_MILLIS) as u64);
        platform.work_until_killed(running, &mut clients, wait, kills)?;
        kills += 1;
        in_flight += clients
            .iter()
            .filter(|keeper| keeper.known.unsure.is_some())
            .count();
        // The log of the one that was killed may say more than that of the next.
        std::fs::rename(home.join("worker.log"), home.join("worker-killed.log"))?;
        running = mortal.start_bare()?;
        platform
            .verify(&mut clients, &mut shared, kills)
            .and_then(|()| check_sent(&outside, &clients))
            .with_context(|| format!("after kill {kills}"))?;
        if kills.is_multiple_of(20) {
            println!(
                "{:>4} s: {kills} kills, all of it there",
                since.elapsed().as_secs()
            );
        }
    }
    let sum = |of: fn(&Keeper) -> u64| clients.iter().map(of).sum::<u64>();
    println!(
        "{kills} kills in {} s: {} acknowledged writes checked, {in_flight} calls in flight at kills, \
         {} of which were there afterwards; {} questions went on after one; {} requests to another host, none \
         twice, of which {} were in flight with their calls at a kill and not repeated",
        since.elapsed().as_secs(),
        sum(|keeper| keeper.acknowledged),
        sum(|keeper| keeper.came_about),
        sum(|keeper| keeper.went_on),
        outside.received().len(),
        sum(|keeper| keeper.given_up),
    );
    Ok(())
}

/// Nothing was sent twice, and all that was acknowledged was sent.
fn check_sent(outside: &Outside, clients: &[Keeper]) -> Result<()> {
    let mut sent = BTreeSet::new();
    for request in outside.received().iter() {
        ensure!(
            sent.insert(request.path.clone()),
            "{} was sent twice",
            request.path
        );
    }
    for id in clients.iter().flat_map(|keeper| &keeper.sent) {
        ensure!(
            sent.contains(&format!("/{id}")),
            "{id} was acknowledged and never sent"
        );
    }
    Ok(())
}

/// The platform as its clients reach it, which is the same after every restart.
pub(crate) struct Target {
    client: Client,
    /// From just before the kill on, requests may fail.
    is_dying: AtomicBool,
}

/// What comes of a call.
pub(crate) enum Outcome {
    Answered(Value),
    /// It was in flight at the kill.
    Unknown,
}

impl Target {
    fn of(running: &Running) -> Result<Self> {
        let admin = Admin::new(running.url(), running.admin_token());
        let key = admin.tenant(TENANT)?;
        let published = admin.publish(TENANT, "kv", &guests::package(GUEST, "1.0.0")?)?;
        ensure!(published.status == 201, "{}", published.text());
        admin.grant(TENANT, "kv", "api.example.com", &["POST"])?;
        let endpoint = format!("{}/t/{TENANT}/kv/mcp", running.url());
        Ok(Self {
            client: Client::new(&endpoint, &key, MODERN).that_answers(),
            is_dying: AtomicBool::new(false),
        })
    }

    pub(crate) fn is_dying(&self) -> bool {
        self.is_dying.load(Ordering::SeqCst)
    }

    /// Lets the clients work for that long, and kills the runtime under them.
    fn work_until_killed(
        &self,
        running: Running,
        clients: &mut [Keeper],
        wait: Duration,
        kills: u32,
    ) -> Result<()> {
        self.is_dying.store(false, Ordering::SeqCst);
        thread::scope(|scope| {
            let at_work: Vec<_> = clients
                .iter_mut()
                .map(|keeper| scope.spawn(move || keeper.work(self, kills)))
                .collect();
            thread::sleep(wait);
            self.is_dying.store(true, Ordering::SeqCst);
            running.kill();
            for client in at_work {
                client.join().map_err(|_| anyhow!("a client panicked"))??;
            }
            Ok(())
        })
    }

    /// All that is known is there, and what is not known is there as a whole or not at all.
    fn verify(&self, clients: &mut [Keeper], shared: &mut u32, kills: u32) -> Result<()> {
        self.is_dying.store(false, Ordering::SeqCst);
        let found = numbers(&self.text("vAvB")?)?;
        let found: [Mark; 2] = found.try_into().map_err(|odd| anyhow!("{odd:?}"))?;
        let found = found.map(Option::unwrap_or_default);
        let known: Vec<_> = clients.iter().map(|keeper| keeper.known.clone()).collect();
        promises::check_shared(*shared, &known, found).map_err(anyhow::Error::msg)?;
        let counted: usize = known.iter().map(|known| known.counts.len()).sum();
        let unknown = found[0] as usize - *shared as usize - counted;
        if let Some(keeper) = clients.first_mut() {
            keeper.came_about += unknown as u64;
        }
        [*shared, _] = found;
        for keeper in clients {
            keeper
                .verify(self, kills)
                .with_context(|| format!("client {}", keeper.number))?;
        }
        Ok(())
    }

    /// Runs a program of the guest, or goes on with one that has asked.
    pub(crate) fn call(&self, program: &str, asked: Option<&Asked>) -> Result<Outcome> {
        let mut params = json!({
            "name": "run",
            "arguments": {"program": format!("!{program}")},
        });
        if let Some(asked) = asked {
            params["requestState"] = asked.state.clone().into();
            params["inputResponses"] = json!({"who": {"action": "accept", "content": {}}});
        }
        loop {
            let sent = self.client.send("tools/call", params.clone());
            match sent {
                Ok(answer) if answer.status == 429 => thread::sleep(Duration::from_millis(50)),
                Ok(answer) if answer.status < 500 && !schema::messages(&answer).is_empty() => {
                    let last = schema::messages(&answer).pop();
                    return Ok(Outcome::Answered(last.unwrap_or_default()));
                }
                _ if self.is_dying() => return Ok(Outcome::Unknown),
                Ok(answer) => anyhow::bail!("{program}, disturbed by nothing: {}", shown(&answer)),
                Err(error) => return Err(error.context(format!("{program}, disturbed by nothing"))),
            }
        }
    }

    /// What a program says that nothing disturbs.
    pub(crate) fn text(&self, program: &str) -> Result<String> {
        match self.call(program, None)? {
            Outcome::Answered(answer) => text(program, &answer),
            Outcome::Unknown => Err(anyhow!("{program}: no answer")),
        }
    }

    /// Answers a question that was answered before.
    pub(crate) fn answer_again(&self, asked: &Asked) -> Result<()> {
        match self.call(&asked.program, Some(asked))? {
            Outcome::Answered(answer) if code(&answer) == Some(USED) => Ok(()),
            Outcome::Answered(answer) => Err(anyhow!(
                "a question that had gone on was answered again: {answer}"
            )),
            Outcome::Unknown => Err(anyhow!("no answer")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_kills_are_enough_only_when_the_time_is_over() {
        let now = Instant::now();
        for (until, kills, is_over) in [
            ("40", 39, false),
            ("40", 40, true),
            ("0s", LEAST - 1, false),
            ("0s", LEAST, true),
            ("1000s", 1_000, false),
        ] {
            let parsed: Option<Until> = until.parse().ok();
            let found = parsed.map(|until| until.is_over(kills, now));
            assert_eq!(found, Some(is_over), "{until} {kills}");
        }
        assert!("many".parse::<Until>().is_err());
    }
}
