//! When two values are equal, and in which order any two stand: numbers by what they are, objects
//! whatever the order of their members.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::node::Types;
use crate::number::Num;

/// How many parts a value has: what comparing with it costs at most. Long texts count more.
pub(crate) fn size(value: &Value) -> u64 {
    match value {
        Value::String(text) => 1 + text.len() as u64 / 16,
        Value::Array(items) => 1 + items.iter().map(size).sum::<u64>(),
        Value::Object(members) => {
            let names: u64 = members.keys().map(|name| name.len() as u64 / 16).sum();
            1 + names + members.values().map(|member| 1 + size(member)).sum::<u64>()
        }
        _ => 1,
    }
}

/// A total order, in which what JSON Schema holds equal is equal.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => Num::of(left).compare(Num::of(right)),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => left.len().cmp(&right.len()).then_with(|| {
            let pairs = left.iter().zip(right);
            first_unequal(pairs.map(|(left, right)| compare(left, right)))
        }),
        (Value::Object(left), Value::Object(right)) => compare_objects(left, right),
        _ => kind(left).cmp(&kind(right)),
    }
}

fn compare_objects(left: &Map<String, Value>, right: &Map<String, Value>) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| {
        let (left, right) = (sorted(left), sorted(right));
        let pairs = left.iter().zip(&right);
        first_unequal(
            pairs.map(|(left, right)| left.0.cmp(right.0).then_with(|| compare(left.1, right.1))),
        )
    })
}

fn first_unequal(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Members by name. They are sorted already unless some crate asked `serde_json` to keep their order.
fn sorted(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    sorted
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Number(_) => Types::NUMBER.0,
        _ => Types::of(value).0,
    }
}
