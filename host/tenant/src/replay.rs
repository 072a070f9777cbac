//! A recorded call, run again from its tape alone, and held against what was recorded.
//!
//! By the very code that ran it on its host ([`Call`]): time, randomness and every answer come from the tape,
//! and nothing is performed. A call that its host ended from outside, at its deadline say, is repeated as far
//! as it went.

use smcp_capability::call::{Answer, Request};
use smcp_ids::{Fuel, UnixMillis};
use smcp_sandbox::{Bounds, Ended, Entry, Fault, GuestFault, HostFault, LoadedModule, Output};
use smcp_tape::{End, Kind, Recording};

use crate::call::{Call, CallStep, Telling};

/// What is called, and with which request. `None` for `describe`, of which there are no recordings.
pub fn kind_of(entry: &Entry) -> Option<(Kind, &str)> {
    Some(match entry {
        Entry::Describe => return None,
        Entry::CallTool(request) => (Kind::Tool, request),
        Entry::GetPrompt(request) => (Kind::Prompt, request),
        Entry::ReadResource(request) => (Kind::Resource, request),
        Entry::Complete(request) => (Kind::Completion, request),
        Entry::ListResources(request) => (Kind::List, request),
    })
}

/// The inverse of [`kind_of`].
pub fn entry_of(kind: Kind, request: String) -> Entry {
    match kind {
        Kind::Tool => Entry::CallTool(request),
        Kind::Prompt => Entry::GetPrompt(request),
        Kind::Resource => Entry::ReadResource(request),
        Kind::Completion => Entry::Complete(request),
        Kind::List => Entry::ListResources(request),
    }
}

/// How a call ended, as it is recorded.
pub fn end_of(ended: &Ended) -> End {
    match &ended.result {
        Ok(Output::Text(text)) => End::Returned(text.clone()),
        Ok(Output::Refused(refusal)) => End::Refused {
            code: refusal.code,
            message: refusal.message.clone(),
            data: refusal.data.clone(),
        },
        Err(fault) => End::Fault {
            code: fault.code().to_owned(),
            message: fault.to_string(),
            from_outside: matches!(
                fault,
                Fault::Host(_) | Fault::Guest(GuestFault::Deadline(_))
            ),
        },
    }
}

/// Where a replay came to stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Stand {
    /// The call is over.
    Ended(End),
    /// Its host ended it here, from outside.
    CutOff,
    /// It is about to be given the effect at which it was to stop.
    Stopped {
        /// What it asks.
        request: Request,
        /// What it was answered.
        answer: Answer,
        /// The time from then on.
        at: UnixMillis,
    },
    /// It asks for something of which the tape knows nothing, or for something else than the tape has.
    Diverged(Option<Request>),
}

/// How a replay went.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// Where it stands.
    pub stand: Stand,
    /// The fuel that it has used.
    pub fuel: Fuel,
    /// The linear memory that it has, in bytes; 0 where it was not looked at.
    pub memory: usize,
    /// How many effects it has asked for, the one at which it went another way not counted.
    pub effects: usize,
}

/// How to replay.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Fuel of a slice: it must make no difference.
    pub slice: Fuel,
    /// The effect to stop at, from 1.
    pub stop_at: Option<usize>,
}

/// Runs a recorded call again within those bounds, which are the recording's, checked. `tell` is told what the
/// guest tells.
///
/// # Errors
/// There is no instance to be had.
pub fn replay(
    loaded: &LoadedModule,
    recording: &Recording,
    bounds: Bounds,
    how: How,
    mut tell: impl FnMut(Telling),
) -> Result<Replayed, Fault> {
    let mut tape = recording.tape.clone();
    // What an earlier run was answered and this one has not asked for again.
    tape.remembered.clear();
    tape.told = 0;
    let stops_at = how.stop_at.and_then(|number| number.checked_sub(1));
    let stop = stops_at.and_then(|at| tape.entries.get(at).cloned());
    if stop.is_some() {
        tape.entries.truncate(stops_at.unwrap_or_default());
    }
    let cut = match &recording.end {
        End::Fault {
            from_outside: true, ..
        } => Some(recording.fuel_used),
        _ => None,
    };
    let entry = entry_of(recording.kind, recording.request.clone());
    let mut call = Call::start(loaded, entry, bounds, tape)?;
    let mut memory = 0;
    let stand = loop {
        let left = cut.map(|most| most.saturating_sub(call.fuel_used()));
        match call.step(left.map_or(how.slice, |left| left.min(how.slice))) {
            CallStep::Tell(telling) => tell(telling),
            CallStep::Yield if left == Some(Fuel(0)) => break Stand::CutOff,
            CallStep::Yield => {}
            CallStep::Perform(request) => break asked(request, stop, cut, &call),
            CallStep::Ended(ended) => {
                memory = ended.memory;
                break match &ended.result {
                    Err(Fault::Host(HostFault::Engine)) => {
                        Stand::Diverged(call.diverged().cloned())
                    }
                    _ => Stand::Ended(end_of(&ended)),
                };
            }
        }
    };
    Ok(Replayed {
        stand,
        fuel: call.fuel_used(),
        memory,
        effects: call.effects(),
    })
}

/// The tape has no more.
fn asked(
    request: Request,
    stop: Option<smcp_tape::Entry>,
    cut: Option<Fuel>,
    call: &Call,
) -> Stand {
    match stop {
        Some(entry) if entry.request == request => Stand::Stopped {
            request,
            answer: entry.answer,
            at: entry.at,
        },
        None if cut.is_some_and(|cut| call.fuel_used() >= cut) => Stand::CutOff,
        _ => Stand::Diverged(Some(request)),
    }
}

/// Where a replay is not what was recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// It went another way, and asked for this if it asked for something.
    Way(Option<Request>),
    /// It ended otherwise: the names of both ends.
    End {
        /// The recorded one.
        recorded: String,
        /// This one.
        replayed: String,
    },
    /// It returned, or said, something else.
    Bytes {
        /// The first byte that differs.
        at: usize,
        /// Bytes that were recorded.
        recorded: usize,
        /// Bytes now.
        replayed: usize,
    },
    /// It used other fuel.
    Fuel {
        /// What was recorded.
        recorded: Fuel,
        /// What it used now.
        replayed: Fuel,
    },
}

/// Holds a replay that was not to stop against its recording.
///
/// # Errors
/// The first difference.
pub fn compare(recording: &Recording, replayed: &Replayed) -> Result<(), Difference> {
    let ends = |replayed: &str| Difference::End {
        recorded: recording.end.name().to_owned(),
        replayed: replayed.to_owned(),
    };
    let end = match &replayed.stand {
        Stand::Diverged(request) => return Err(Difference::Way(request.clone())),
        Stand::Stopped { request, .. } => return Err(Difference::Way(Some(request.clone()))),
        Stand::CutOff => return Ok(()),
        Stand::Ended(end) => end,
    };
    if end.name() != recording.end.name() {
        return Err(ends(end.name()));
    }
    let (recorded, now) = (said(&recording.end), said(end));
    if recorded != now {
        let same = recorded.bytes().zip(now.bytes());
        return Err(Difference::Bytes {
            at: same.take_while(|(left, right)| left == right).count(),
            recorded: recorded.len(),
            replayed: now.len(),
        });
    }
    if recording.fuel_used == replayed.fuel {
        Ok(())
    } else {
        Err(Difference::Fuel {
            recorded: recording.fuel_used,
            replayed: replayed.fuel,
        })
    }
}

/// All that an end says. The words of a fault are the host's, and may be put better by a later one.
fn said(end: &End) -> String {
    match end {
        End::Returned(text) => text.clone(),
        End::Refused {
            code,
            message,
            data,
        } => serde_json::json!([code, message, data]).to_string(),
        End::Fault { .. } => String::new(),
    }
}
