//! A recorded call of one release, run again with another: what it comes to, held against what was recorded.
//!
//! Nothing is performed. Time, randomness and every answer come from the tape, as long as the release asks for the
//! same in the same order; where it asks for something else, its way is another, and is not followed.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};
use smcp_ids::{Fuel, limits};
use smcp_protocol::{Catalogue, GuestResult, Target};
use smcp_sandbox::{Bounds, profile};
use smcp_tape::{End, Kind, Recording};
use smcp_tenant::replay::{self, How, Stand};
use smcp_tenant::schemas::ToolSchemas;

use super::drive::SLICE;
use super::effect::asked;
use crate::failure::Failure;
use crate::local::Local;

/// Places of a result that are named, and characters of what is there: a difference is to be seen, not all of it.
const PLACES_MAX: usize = 10;
const SHOWN_MAX: usize = 200;

/// What a call came to, beside what was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// The same result, or the same end.
    Same,
    /// Another result.
    Result,
    /// It ended otherwise: with a fault, say, or without one.
    End,
    /// The same result, and a host would not take it from this release.
    Refused,
    /// It asks for something else, or for less.
    Effects,
    /// What is called is not in the catalogue.
    Gone,
    /// Its tool does not take the recorded arguments.
    Arguments,
    /// It was ended from outside, or recorded under another engine: nothing can be said.
    NotCompared,
}

/// One recorded call, and what the other release makes of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Compared {
    pub(crate) call: String,
    pub(crate) method: &'static str,
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    /// What differs, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// Where the results differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) differences: Vec<Difference>,
    pub(crate) effects: Pair<usize>,
    pub(crate) fuel: Pair<Fuel>,
}

/// What was recorded, and what it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Pair<T> {
    pub(crate) recorded: T,
    pub(crate) replayed: T,
}

/// A place of a result that is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// A JSON pointer (RFC 6901).
    pub(crate) at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recorded: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replayed: Option<String>,
}

/// The release that is tried.
pub(crate) struct Subject {
    local: Local,
    catalogue: Catalogue,
}

impl Compared {
    /// Whether it comes to something else.
    pub(crate) fn differs(&self) -> bool {
        !matches!(self.verdict, Verdict::Same | Verdict::NotCompared)
    }

    /// Whether nothing can be said of it.
    pub(crate) fn is_skipped(&self) -> bool {
        self.verdict == Verdict::NotCompared
    }

    /// Whether it was run to an end, so that its fuel is that of the whole call.
    pub(crate) fn is_measured(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Same | Verdict::Result | Verdict::End | Verdict::Refused
        )
    }
}

impl Subject {
    pub(crate) fn new(local: Local) -> Result<Self, Failure> {
        Ok(Self {
            catalogue: local.catalogue()?,
            local,
        })
    }

    /// The bounds of the release's own calls. A task has fuel of its own, whatever its release.
    fn bounds(&self, recording: &Recording) -> Bounds {
        let own = self.local.admitted.limits();
        let is_task =
            recording.fuel.0 > limits::FUEL_MAX && recording.fuel.0 <= limits::TASK_FUEL_MAX;
        Bounds {
            memory: own.memory,
            fuel: if is_task {
                own.fuel.max(recording.fuel)
            } else {
                own.fuel
            },
            output: own.output,
        }
    }

    /// What keeps a call from its guest.
    fn turns_away(&self, recording: &Recording, name: &str) -> Option<(Verdict, String)> {
        let has = match target(recording.kind) {
            Some(target) => self.catalogue.has(target, name),
            None => self.catalogue.dynamic_resources(),
        };
        if !has {
            return Some((Verdict::Gone, "it is not in the catalogue".to_owned()));
        }
        let request: Value = serde_json::from_str(&recording.request).unwrap_or_default();
        let arguments = request.get("arguments").map(Value::to_string);
        let refused = self
            .schemas(recording.kind, name)?
            .check_arguments(&arguments?)
            .err()?;
        Some((Verdict::Arguments, refused.to_string()))
    }

    fn schemas(&self, kind: Kind, name: &str) -> Option<ToolSchemas> {
        let tool = self.catalogue.tool(name).filter(|_| kind == Kind::Tool)?;
        ToolSchemas::compile(tool).ok()
    }

    /// Why a host would not give a result to its client.
    fn refuses(&self, recording: &Recording, name: &str, end: &End) -> Option<String> {
        let (target, End::Returned(text)) = (target(recording.kind)?, end) else {
            return None;
        };
        let result = match GuestResult::parse(target, text) {
            Ok(result) => result,
            Err(error) => return Some(error.to_string()),
        };
        let checked = self.schemas(recording.kind, name)?.check_result(result);
        checked.err().map(|error| error.to_string())
    }
}

fn target(kind: Kind) -> Option<Target> {
    match kind {
        Kind::Tool => Some(Target::Tool),
        Kind::Prompt => Some(Target::Prompt),
        Kind::Resource => Some(Target::Resource),
        Kind::Completion => Some(Target::Completion),
        Kind::List => None,
    }
}

/// Runs a recorded call of what is called `name` with another release.
///
/// # Errors
/// There is no instance to be had.
pub(crate) fn compare(
    subject: &Subject,
    recording: &Recording,
    name: &str,
) -> Result<Compared, Failure> {
    let mut compared = Compared {
        call: recording
            .call
            .map(|call| call.to_string())
            .unwrap_or_default(),
        method: recording.kind.method(),
        name: name.to_owned(),
        verdict: Verdict::NotCompared,
        detail: None,
        differences: Vec::new(),
        effects: Pair {
            recorded: recording.tape.entries.len(),
            replayed: 0,
        },
        fuel: Pair {
            recorded: recording.fuel_used,
            replayed: Fuel(0),
        },
    };
    if recording.profile != profile::ID {
        compared.detail = Some("it was recorded under another engine profile".to_owned());
        return Ok(compared);
    }
    if let End::Fault {
        from_outside: true,
        code,
        ..
    } = &recording.end
    {
        compared.detail = Some(format!("its host ended it: {code}"));
        return Ok(compared);
    }
    if let Some((verdict, detail)) = subject.turns_away(recording, name) {
        (compared.verdict, compared.detail) = (verdict, Some(detail));
        return Ok(compared);
    }
    let how = How {
        slice: SLICE,
        stop_at: None,
    };
    let bounds = subject.bounds(recording);
    let replayed = replay::replay(&subject.local.loaded, recording, bounds, how, |_| {});
    let replayed = replayed.map_err(|fault| Failure::Call(fault.to_string()))?;
    compared.effects.replayed = replayed.effects;
    compared.fuel.replayed = replayed.fuel;
    let (verdict, detail) = match &replayed.stand {
        Stand::Ended(end) => {
            compared.differences = differences(&recording.end, end);
            subject.judge(recording, name, end, replayed.effects)
        }
        Stand::Diverged(request) => {
            let instead = recording
                .tape
                .entries
                .get(replayed.effects.min(compared.effects.recorded));
            let asked_for = request
                .as_ref()
                .map_or("something else", |request| asked(request).0);
            let had = instead.map_or("nothing more", |entry| asked(&entry.request).0);
            let detail = format!("it asks for {asked_for} where the recorded call asked for {had}");
            (Verdict::Effects, Some(detail))
        }
        // Neither is asked for here.
        Stand::CutOff | Stand::Stopped { .. } => (Verdict::NotCompared, None),
    };
    (compared.verdict, compared.detail) = (verdict, detail);
    Ok(compared)
}

impl Subject {
    /// How a call that has ended stands to its recording.
    fn judge(
        &self,
        recording: &Recording,
        name: &str,
        end: &End,
        effects: usize,
    ) -> (Verdict, Option<String>) {
        if end.name() != recording.end.name() {
            let detail = format!("recorded {}, now {}", recording.end.name(), end.name());
            return (Verdict::End, Some(detail));
        }
        if let Some(why) = self.refuses(recording, name, end)
            && recording.told.is_none()
        {
            return (Verdict::Refused, Some(why));
        }
        if !says_the_same(&recording.end, end) {
            return (Verdict::Result, None);
        }
        if effects < recording.tape.entries.len() {
            return (Verdict::Effects, Some("it asks for less".to_owned()));
        }
        (Verdict::Same, None)
    }
}

/// The words of a fault are the host's.
fn says_the_same(recorded: &End, replayed: &End) -> bool {
    matches!(recorded, End::Fault { .. }) || recorded == replayed
}

fn differences(recorded: &End, replayed: &End) -> Vec<Difference> {
    let value = |end: &End| match end {
        End::Returned(text) => serde_json::from_str(text).ok(),
        End::Refused {
            code,
            message,
            data,
        } => Some(json!({ "code": code, "message": message, "data": data })),
        End::Fault { .. } => None,
    };
    let mut found = Vec::new();
    if let (Some(recorded), Some(replayed)) = (value(recorded), value(replayed)) {
        differ(&mut found, "", Some(&recorded), Some(&replayed));
    }
    found
}

/// Notes where two values differ, as deep as both are of one kind.
fn differ(
    found: &mut Vec<Difference>,
    at: &str,
    recorded: Option<&Value>,
    replayed: Option<&Value>,
) {
    if recorded == replayed || found.len() >= PLACES_MAX {
        return;
    }
    match (recorded, replayed) {
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                differ(
                    found,
                    &format!("{at}/{escaped}"),
                    one.get(name),
                    other.get(name),
                );
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for place in 0..one.len().max(other.len()) {
                differ(
                    found,
                    &format!("{at}/{place}"),
                    one.get(place),
                    other.get(place),
                );
            }
        }
        _ => found.push(Difference {
            at: at.to_owned(),
            recorded: recorded.map(shown),
            replayed: replayed.map(shown),
        }),
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_results_differ_is_said_by_pointers() {
        let place = |at: &str, recorded: Option<&str>, replayed: Option<&str>| Difference {
            at: at.to_owned(),
            recorded: recorded.map(str::to_owned),
            replayed: replayed.map(str::to_owned),
        };
        for (recorded, replayed, expected) in [
            (json!({"a": 1}), json!({"a": 1}), vec![]),
            (
                json!({"a": 1}),
                json!({"a": 2}),
                vec![place("/a", Some("1"), Some("2"))],
            ),
            (
                json!({"a/b": [1, 2], "c~": {}}),
                json!({"a/b": [1, 3, 4], "d": null}),
                vec![
                    place("/a~1b/1", Some("2"), Some("3")),
                    place("/a~1b/2", None, Some("4")),
                    place("/c~0", Some("{}"), None),
                    place("/d", None, Some("null")),
                ],
            ),
            (
                json!([1]),
                json!({"0": 1}),
                vec![place("", Some("[1]"), Some(r#"{"0":1}"#))],
            ),
        ] {
            let end = |value: &Value| End::Returned(value.to_string());
            assert_eq!(
                differences(&end(&recorded), &end(&replayed)),
                expected,
                "{recorded}"
            );
        }
        let many = |number: u32| json!((0..50).map(|it| it * number).collect::<Vec<_>>());
        let end = |number| End::Returned(many(number).to_string());
        assert_eq!(differences(&end(1), &end(2)).len(), PLACES_MAX);
        let long = End::Returned(json!("x".repeat(500)).to_string());
        let found = differences(&long, &End::Returned("1".to_owned()));
        assert_eq!(
            found
                .first()
                .and_then(|one| one.recorded.as_ref())
                .map(String::len),
            Some(SHOWN_MAX + 3)
        );
    }
}
