//! Calls beside each other come to what they would one after the other, whatever the order of their
//! steps: programs on shared keys, run in every interleaving that chance finds, are held against a model
//! that runs them one by one.

use std::collections::{BTreeMap, BTreeSet};

use crate::kv_world::{Kv, Running, text};
use proptest::prelude::*;
use serde_json::Value;
use smcp_capability::http::{HttpAnswer, Method};
use smcp_capability::items::Transacted;
use smcp_capability::turn::{Effect, Fetched, Performed, Step};

const OBJECT: &str = "tenant:acme";
/// Enough that every key is read and listed in the end.
const LOOK: &str = "k*gagbgcgd";

/// What the server keeps, by key: the value, and whether it goes by itself.
type Pairs = BTreeMap<u8, (u8, bool)>;

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Text(String),
    /// A trap or a protocol error: nothing of it is kept.
    Failed,
    /// What it would keep is more than there is room for: nothing of it is kept.
    Full,
    /// What it had read was changed after it had sent something: nothing of it is kept.
    Overtaken,
}

/// Runs a program on pairs, alone, where there is room for so many.
fn alone(program: &str, pairs: &mut Pairs, room: usize) -> End {
    let before = pairs.clone();
    let end = model(program, pairs);
    if pairs.len() > before.len() && pairs.len() > room {
        *pairs = before;
        return End::Full;
    }
    end
}

/// Runs a program on pairs, alone, where there is room for all.
fn model(program: &str, pairs: &mut Pairs) -> End {
    let mut own = pairs.clone();
    let mut out = String::new();
    let mut rest = program.bytes();
    let mut next = || rest.next();
    while let Some(op) = next() {
        match op {
            b'z' | b'?' | b'n' | b'e' => continue,
            b'p' | b'u' => return End::Failed,
            b'w' | b'W' => {
                out.push('a');
                continue;
            }
            _ => {}
        }
        let key = next().unwrap();
        let value = |own: &Pairs| own.get(&key).map_or(b'-', |(value, _)| *value);
        match op {
            b'g' => out.push(char::from(value(&own))),
            b's' => drop(own.insert(key, (next().unwrap(), false))),
            b't' => drop(own.insert(key, (next().unwrap(), true))),
            b'd' => drop(own.remove(&key)),
            b'+' => {
                let counted = match value(&own) {
                    b'-' => b'1',
                    value => value + 1,
                };
                own.insert(key, (counted, false));
            }
            b'k' => {
                let listed = own.keys().filter(|found| key == b'*' || **found == key);
                listed.for_each(|found| out.extend([char::from(*found), ',']));
            }
            b'c' => {
                let (expected, new) = (next().unwrap(), next().unwrap());
                let swaps = value(&own) == expected;
                out.push(if swaps { 'T' } else { 'F' });
                match new {
                    _ if !swaps => {}
                    b'-' => drop(own.remove(&key)),
                    new => drop(own.insert(key, (new, false))),
                }
            }
            op => panic!("{op}"),
        }
    }
    *pairs = own;
    End::Text(out)
}

/// What the pairs may be after programs that ran in some order, one by one, from one of `before`, came
/// to these ends, and then showed `seen` to one who looked. More than one where it cannot be seen which
/// pairs go by themselves.
fn some_orders(
    programs: &[String],
    ends: &[End],
    before: &BTreeSet<Pairs>,
    room: usize,
    seen: &str,
) -> BTreeSet<Pairs> {
    let mut after = BTreeSet::new();
    for pairs in before {
        let mut left: Vec<usize> = (0..programs.len()).collect();
        place(programs, ends, pairs, room, &mut left, &mut after);
    }
    after.retain(|pairs| shows(pairs, seen));
    after
}

fn shows(pairs: &Pairs, seen: &str) -> bool {
    model(LOOK, &mut pairs.clone()) == End::Text(seen.to_owned())
}

fn place(
    programs: &[String],
    ends: &[End],
    pairs: &Pairs,
    room: usize,
    left: &mut Vec<usize>,
    found: &mut BTreeSet<Pairs>,
) {
    if left.is_empty() {
        found.insert(pairs.clone());
    }
    for at in 0..left.len() {
        let chosen = left.remove(at);
        let mut after = pairs.clone();
        let fits = match ends[chosen] {
            // It may happen to one that changes something elsewhere, and leaves no trace.
            End::Overtaken => programs[chosen].contains('W'),
            ref end => alone(&programs[chosen], &mut after, room) == *end,
        };
        if fits {
            place(programs, ends, &after, room, left, found);
        }
        left.insert(at, chosen);
    }
}

fn end(reply: &Value) -> End {
    match reply["result"]["content"][0]["text"].as_str() {
        Some(_) => End::Text(text(reply)),
        None => match reply["error"]["data"]["code"].as_str() {
            Some("host_overtaken") => End::Overtaken,
            Some("guest_store_full") => End::Full,
            _ => End::Failed,
        },
    }
}

/// One call in progress, through all its rounds.
struct Calling {
    program: String,
    running: Running,
    end: Option<End>,
}

impl Calling {
    fn begin(kv: &mut Kv, program: &str) -> Self {
        let frame = kv.frame(program, None);
        Self {
            program: program.to_owned(),
            running: Running::new(kv.world.begin(OBJECT, frame)),
            end: None,
        }
    }

    /// Lets it run until it lets others run; a question is answered at once.
    fn advance(&mut self, kv: &mut Kv, answers: usize) {
        if self.end.is_some() {
            return;
        }
        let Some(reply) = self.running.advance(&mut kv.world) else {
            return;
        };
        match reply["result"]["requestState"].as_str() {
            Some(state) => {
                let frame = kv.frame(&self.program, Some((state, answers)));
                self.running = Running::new(kv.world.begin(OBJECT, frame));
            }
            None => self.end = Some(end(&reply)),
        }
    }
}

/// Runs programs beside each other, in the order of `schedule`; gives their ends.
fn beside(kv: &mut Kv, programs: &[String], schedule: &[u8]) -> Vec<End> {
    let mut calls: Vec<_> = programs
        .iter()
        .map(|program| Calling::begin(kv, program))
        .collect();
    let whole = (0..=u8::MAX).cycle().take(4_096);
    for (answers, turn) in schedule.iter().copied().chain(whole).enumerate() {
        let place = usize::from(turn) % calls.len();
        calls[place].advance(kv, answers);
        if calls.iter().all(|call| call.end.is_some()) {
            break;
        }
    }
    calls
        .into_iter()
        .map(|call| {
            call.end
                .unwrap_or_else(|| panic!("{} never ends", call.program))
        })
        .collect()
}

/// What is left of pairs when a time has passed.
fn passed(mut pairs: Pairs) -> Pairs {
    pairs.retain(|_, (_, passes)| !*passes);
    pairs
}

/// A guest that another host answers with `a`.
fn reaching() -> Kv {
    let mut kv = Kv::new();
    kv.grant("api.example.com", &["GET", "POST"]);
    kv.world.web = |_| {
        Fetched::Answer(HttpAnswer {
            status: 200,
            headers: Vec::new(),
            body: b"a".to_vec(),
        })
    };
    kv
}

/// Everything was sent once, however often its call was run; of a call that was overtaken, some of it.
fn check_sent(kv: &Kv, programs: &[String], ends: &[End]) {
    for (op, method) in [('w', Method::Get), ('W', Method::Post)] {
        let fetched = kv.world.fetched.iter();
        let sent = fetched.filter(|fetch| fetch.method == method).count();
        let of = |program: &String| program.matches(op).count();
        let most: usize = programs.iter().map(of).sum();
        let whole = programs.iter().zip(ends);
        let least: usize = whole
            .filter(|(_, end)| **end != End::Overtaken)
            .map(|(program, _)| of(program))
            .sum();
        assert!(
            (least..=most).contains(&sent),
            "{programs:?} {ends:?}: {sent} of {method}"
        );
    }
}

fn op() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["a", "b", "c"]);
    let value = prop::sample::select(vec!["x", "y", "1"]);
    prop_oneof![
        3 => key.clone().prop_map(|key| format!("g{key}")),
        3 => (key.clone(), value.clone()).prop_map(|(key, value)| format!("s{key}{value}")),
        1 => (key.clone(), value.clone()).prop_map(|(key, value)| format!("t{key}{value}")),
        2 => key.clone().prop_map(|key| format!("d{key}")),
        2 => key.clone().prop_map(|key| format!("+{key}")),
        2 => prop::sample::select(vec!["k*", "ka", "kb"]).prop_map(str::to_owned),
        1 => (key.clone(), value.clone()).prop_map(|(key, value)| format!("c{key}-{value}")),
        1 => (key, value).prop_map(|(key, value)| format!("c{key}{value}-")),
        5 => Just("z".to_owned()),
        1 => Just("w".to_owned()),
        1 => Just("W".to_owned()),
        1 => Just("?".to_owned()),
    ]
}

fn program() -> impl Strategy<Value = String> {
    let end = prop_oneof![8 => Just(""), 1 => Just("p"), 1 => Just("u")];
    (prop::collection::vec(op(), 1..7), end).prop_map(|(ops, end)| ops.concat() + end)
}

/// Programs that run beside each other, and the order of their steps.
fn batch() -> impl Strategy<Value = (Vec<String>, Vec<u8>)> {
    let programs = prop::collection::vec(program(), 2..5);
    (programs, prop::collection::vec(any::<u8>(), 0..40))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn serial_is_what_calls_beside_each_other_come_to(
        batches in prop::collection::vec(batch(), 1..4),
        evicts in any::<bool>(),
        room in prop::option::weighted(0.2, 1_usize..3),
    ) {
        let mut kv = reaching();
        let room = room.unwrap_or(usize::MAX);
        if room < usize::MAX {
            kv.leave_room(room);
        }
        let mut pairs = BTreeSet::from([Pairs::new()]);
        for (programs, schedule) in &batches {
            kv.world.fetched.clear();
            let ends = beside(&mut kv, programs, schedule);
            check_sent(&kv, programs, &ends);
            let seen = kv.run(LOOK);
            let after = some_orders(programs, &ends, &pairs, room, &seen);
            prop_assert!(
                !after.is_empty(),
                "no order of {programs:?} from {pairs:?} comes to {ends:?} and then {seen:?}"
            );
            // What was set for a time is gone then, also for who has just woken.
            kv.world.pass(2_000.0);
            if evicts {
                kv.world.evict();
            }
            let seen = kv.run(LOOK);
            pairs = after.into_iter().map(passed).filter(|pairs| shows(pairs, &seen)).collect();
            prop_assert!(!pairs.is_empty(), "{programs:?} left {seen:?}");
        }
    }

    #[test]
    fn serial_calls_that_are_killed_at_any_step_leave_no_trace(
        program in program(),
        steps in 0_usize..8,
    ) {
        let mut kv = reaching();
        kv.run("saxsby");
        let before = kv.run(LOOK);
        let mut call = Calling::begin(&mut kv, &program);
        for step in 0..steps {
            call.advance(&mut kv, step);
        }
        if call.end.is_none() {
            kv.world.cancel(OBJECT, call.running.turn);
            prop_assert_eq!(kv.run(LOOK), before);
        }
    }
}

/// How far a call had come when it was killed.
#[derive(Debug, PartialEq, Eq)]
enum Killed {
    /// What it changes was not given to storage yet.
    Before,
    /// It was, and storage took it.
    After,
    /// It had ended: there are no more places to kill it at.
    Never,
}

/// Runs a call for so many steps, each effect being one, and kills it there: its client goes, or the whole
/// object with all that it had in memory.
fn killed_at(kv: &mut Kv, program: &str, steps: usize, crashes: bool) -> Killed {
    let frame = kv.frame(program, None);
    let turn = kv.world.begin(OBJECT, frame);
    let (mut answer, mut killed) = (None, Killed::Before);
    for _ in 0..steps {
        match kv.world.step(OBJECT, turn, answer.take()) {
            Step::Done(_) => return Killed::Never,
            Step::Need(effect) => {
                let writes = matches!(&effect, Effect::Transact(asked)
                    if asked.writes.iter().any(|write| write.place.space.starts_with("kv/")));
                let performed = kv.world.perform(OBJECT, effect);
                if writes && performed == Performed::Transacted(Transacted::Done) {
                    killed = Killed::After;
                }
                answer = Some(performed);
            }
            _ => {}
        }
    }
    if crashes {
        kv.world.evict();
    } else {
        kv.world.cancel(OBJECT, turn);
    }
    killed
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// At every effect, not only where others may run: all of its changes are there, or none.
    #[test]
    fn serial_calls_that_are_killed_at_any_effect_have_done_all_or_nothing(
        program in program(),
        crashes in any::<bool>(),
    ) {
        let (mut places, mut all) = (0, false);
        loop {
            let mut kv = Kv::new();
            kv.run("saxsby");
            let mut pairs = Pairs::from([(b'a', (b'x', false)), (b'b', (b'y', false))]);
            let killed = killed_at(&mut kv, &program, places, crashes);
            if killed == Killed::Never {
                break;
            }
            if killed == Killed::After {
                model(&program, &mut pairs);
                all = true;
            }
            let seen = kv.run(LOOK);
            prop_assert!(shows(&pairs, &seen), "{program} at {places}, {killed:?}: {seen}");
            places += 1;
        }
        prop_assert!(places > 0);
        // A question ends the round before anything is stored.
        let stores = program.contains(['s', 't', 'd', '+']);
        let ends = program.contains(['?', 'p', 'u']);
        prop_assert!(all || !stores || ends, "{program} never stored anything");
    }
}

/// The model is held against the guest itself, where nobody else runs.
#[test]
fn the_model_says_what_the_guest_does() {
    let mut kv = Kv::new();
    let mut pairs = Pairs::new();
    for program in [
        "gak*", "saxgak*", "+b+bgb", "cax-ga", "ca-yga", "k*kakb", "tczgc", "dagap", "sdxu", "k*",
    ] {
        let expected = model(program, &mut pairs);
        assert_eq!(end(&kv.call(program)), expected, "{program}");
    }
}
