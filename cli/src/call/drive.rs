//! Drives a call to its end: the native counterpart of a host's turn.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use smcp_capability::call::{Answer, AskError, Request};
use smcp_capability::items::Transacted;
use smcp_ids::{Fuel, UnixMillis, limits};
use smcp_protocol::MISSING_CLIENT_CAPABILITY;
use smcp_sandbox::{Bounds, Ended, Entry, GuestFault, HostFault, LoadedModule, Output};
use smcp_tape::Tape;
use smcp_tenant::call::{Call, CallStep, Telling};

use crate::failure::Failure;
use crate::outbound::{Outbound, Spent};
use crate::store::Store;

/// A slice: some milliseconds. Between two of them the deadline is looked at.
pub(crate) const SLICE: Fuel = Fuel(5_000_000);

/// How a call went.
#[derive(Debug)]
pub(super) struct Driven {
    pub(super) ended: Ended,
    /// What it was answered.
    pub(super) tape: Tape,
    /// How long it took.
    pub(super) took: Duration,
}

/// What a call may use, and how many milliseconds it may take.
pub(super) struct Within {
    pub(super) bounds: Bounds,
    pub(super) deadline: u64,
}

/// Runs a call, performs what it asks for while it may, and commits what it stores.
pub(super) fn live(
    loaded: &LoadedModule,
    request: String,
    within: Within,
    tape: Tape,
    (store, outbound): (&Store, &Outbound),
    mut tell: impl FnMut(Telling),
) -> Result<Driven, Failure> {
    let began = Instant::now();
    let late = || GuestFault::Deadline(within.deadline).into();
    let left = || Duration::from_millis(within.deadline).saturating_sub(began.elapsed());
    let mut spent = Spent::of(&tape);
    let mut call = Call::start(loaded, Entry::CallTool(request), within.bounds, tape)
        .map_err(|fault| Failure::Call(fault.to_string()))?;
    let ended = loop {
        let step = match call.step(SLICE) {
            CallStep::Perform(Request::Sleep(millis)) => {
                let asked = Duration::from_millis(millis.into());
                std::thread::sleep(asked.min(left()));
                if left().is_zero() {
                    call.fail(late())
                } else {
                    call.performed(Answer::Done, now());
                    continue;
                }
            }
            CallStep::Perform(Request::Ask(_)) => {
                call.performed(Answer::Unasked(no_client()), now());
                continue;
            }
            // The command waits for the call: it is the client, and takes no tasks.
            CallStep::Perform(Request::BeginTask) => {
                call.performed(Answer::Flag(false), now());
                continue;
            }
            CallStep::Perform(Request::Setting(name)) => {
                call.performed(Answer::Setting(store.setting(&name)), now());
                continue;
            }
            CallStep::Perform(Request::Kv(question)) => match store.answer(&question, now()) {
                Some(answer) => {
                    call.performed(answer, now());
                    continue;
                }
                None => call.fail(HostFault::Engine.into()),
            },
            CallStep::Perform(Request::Http(request)) => {
                let ready = outbound.check(request);
                let answer = ready.and_then(|ready| outbound.send(ready, &mut spent, left()));
                call.performed(Answer::Http(answer), now());
                if !left().is_zero() {
                    continue;
                }
                call.fail(late())
            }
            // The others are answered by the tape.
            CallStep::Perform(_) => call.fail(HostFault::Engine.into()),
            CallStep::Yield if left().is_zero() => call.fail(late()),
            step => step,
        };
        match step {
            CallStep::Ended(ended) => break ended,
            CallStep::Tell(telling) => tell(telling),
            CallStep::Yield | CallStep::Perform(_) => {}
        }
    };
    // Nobody else is there to change what it has read.
    let commits = matches!(ended.result, Ok(Output::Text(_)));
    if store.settle(call.workspace(), commits, now())? == Transacted::OverQuota {
        let full = GuestFault::StoreFull(limits::KV_STORE_MAX);
        return Err(Failure::Call(full.to_string()));
    }
    Ok(Driven {
        ended,
        tape: call.into_tape(),
        took: began.elapsed(),
    })
}

/// What a server is answered that asks the client: there is none here.
fn no_client() -> AskError {
    AskError {
        code: MISSING_CLIENT_CAPABILITY,
        message: "smcp call has no user to ask; have a client start it with `smcp run`".to_owned(),
        data: None,
    }
}

/// The clock of this machine.
pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
