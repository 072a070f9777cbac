//! What is counted and logged of an object, as the shell has it stored and an admin reads it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use serde_json::Value;
use smcp_capability::items::{Place, Range, Transacted, Transaction, Write};
use smcp_capability::turn::{Effect, Performed, Step};
use smcp_ids::UnixMillis;
use smcp_tenant::usage::STORE_PATH;

use crate::world::World;

pub const OBJECT: &str = "tenant:acme";

/// Lets so much time pass, then has what was counted stored, if it is time.
pub fn store(world: &mut World, after: f64) {
    world.pass(after);
    let frame = world.own_frame(STORE_PATH);
    assert_eq!(world.send(OBJECT, frame).status(), 204);
}

/// What there is, asked so.
#[track_caller]
pub fn usage(world: &mut World, query: &str) -> Value {
    let answer = world.admin("GET", &format!("/tenants/acme/usage{query}"), Value::Null);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

/// The row in which those members are so.
#[track_caller]
pub fn row<'a>(usage: &'a Value, members: &[(&str, &str)]) -> &'a Value {
    let rows = usage["rows"].as_array().unwrap();
    let found: Vec<_> = rows
        .iter()
        .filter(|row| members.iter().all(|(name, value)| row[name] == *value))
        .collect();
    assert_eq!(found.len(), 1, "{members:?} in {usage}");
    found[0]
}

pub fn alerts(world: &mut World) -> Vec<Value> {
    let answer = world.admin("GET", "/tenants/acme/alerts", Value::Null);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()["alerts"].as_array().unwrap().clone()
}

/// Lines for the platform's log since they were taken last, of one event.
pub fn lines(world: &mut World, event: &str) -> Vec<Value> {
    let text = world.lines(OBJECT);
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|line: &Value| line["event"] == event)
        .collect()
}

/// Changes a bit of everything that is stored of it.
pub fn alter(world: &mut World) {
    let now = UnixMillis(world.now());
    let range = Range {
        space: "usage".to_owned(),
        prefix: String::new(),
        after: None,
        limit: u32::MAX,
    };
    let items = world.items(OBJECT);
    for key in items.keys(&range, now) {
        let place = Place {
            space: "usage".to_owned(),
            key,
        };
        let mut value = items.read(&place, now).value.unwrap().into_vec();
        *value.last_mut().unwrap() ^= 1;
        let write = Write {
            place,
            account: "usage/".to_owned(),
            value: Some(value.into()),
            expires: None,
        };
        let went = items.transact(&Transaction {
            now,
            writes: vec![write],
            ..Transaction::default()
        });
        assert_eq!(went, Transacted::Done);
    }
}

/// Runs a turn to its end; the effects that it needed.
pub fn effects(world: &mut World, frame: smcp_capability::turn::Frame) -> Vec<Effect> {
    let turn = world.begin(OBJECT, frame);
    let mut answer: Option<Performed> = None;
    let mut effects = Vec::new();
    loop {
        match world.step(OBJECT, turn, answer.take()) {
            Step::Done(_) => return effects,
            Step::Need(effect) => {
                effects.push(effect.clone());
                answer = Some(world.perform(OBJECT, effect));
            }
            _ => {}
        }
    }
}
