//! A call as its client sees it: what it is told on the way, and the end as the answer.

use smcp_capability::call::Notice;
use smcp_ids::CallId;
use smcp_protocol::{
    Answer, Change, GuestResult, INTERNAL_ERROR, MetaEntry, Notifier, ReplyTo, ResultError,
    ServerInfo, Wire,
};
use smcp_sandbox::{Ended, Fault, HostFault, Output};

use crate::call::Telling;
use crate::problem::Problem;

/// The one place that maps the end of a call to the wire.
pub fn answer<'t>(
    to: &ReplyTo,
    info: &ServerInfo,
    ended: &'t Ended,
    parse: impl Fn(&'t str) -> Result<GuestResult<'t>, ResultError>,
) -> Answer {
    answer_with(to, info, ended, None, None, parse).0
}

/// What a client was told at the end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// A result; whether it says of itself that it failed.
    Result {
        /// `isError`.
        is_error: bool,
    },
    /// What the guest refused the request with.
    Refused(String),
    /// An error of the host's or of the guest's making, with its code.
    Error(&'static str, String),
}

/// The same, with the name of the call in every failure and beside a receipt, which a result has if there is
/// one.
pub(crate) fn answer_with<'t>(
    to: &ReplyTo,
    info: &ServerInfo,
    ended: &'t Ended,
    call: Option<CallId>,
    receipt: Option<MetaEntry>,
    parse: impl Fn(&'t str) -> Result<GuestResult<'t>, ResultError>,
) -> (Answer, Told) {
    let wire = |wire: Wire| match call {
        Some(call) => to.wire(&wire.of_call(call)),
        None => to.wire(&wire),
    };
    let failed = |status, message: String, code: &'static str| {
        let answer = wire(internal(status, &message, code, ended));
        (answer, Told::Error(code, message))
    };
    match &ended.result {
        Ok(Output::Text(text)) => match parse(text) {
            Ok(result) => {
                let is_error = result.is_error();
                let usage = MetaEntry::usage(ended.fuel, ended.memory as u64);
                let is_named = is_error || receipt.is_some();
                let named = call.filter(|_| is_named).map(MetaEntry::call);
                let entries = [usage].into_iter().chain(named).chain(receipt).collect();
                let answer = to.guest_result(info, &result, entries);
                (answer, Told::Result { is_error })
            }
            Err(error) => {
                let message = format!("the server's result is not one: {error}");
                failed(200, message, error.code())
            }
        },
        Ok(Output::Refused(refusal)) => {
            let data = refusal.data.as_deref();
            let answer = wire(Wire::of_guest(refusal.code, &refusal.message, data));
            (answer, Told::Refused(refusal.message.clone()))
        }
        Err(Fault::Guest(fault)) => failed(200, fault.to_string(), fault.code()),
        // Not one to be tried again unseen.
        Err(Fault::Host(fault @ HostFault::Overtaken)) => {
            failed(200, fault.to_string(), fault.code())
        }
        Err(Fault::Host(fault)) => failed(503, fault.to_string(), fault.code()),
    }
}

/// The answer to a call that the host could not run to its end, where its client reads a stream already.
pub(crate) fn broken(to: &ReplyTo, call: Option<CallId>, problem: &Problem) -> Answer {
    let wire = wire_of(problem);
    match call.or(problem.call()) {
        Some(call) => to.wire(&wire.of_call(call)),
        None => to.wire(&wire),
    }
}

/// A refusal as an error of JSON-RPC.
pub(crate) fn wire_of(problem: &Problem) -> Wire {
    let data = serde_json::json!({
        "code": problem.code,
        "help": format!("docs/errors.md#{}", problem.code),
    });
    Wire {
        status: problem.status,
        code: INTERNAL_ERROR,
        message: problem.message.clone(),
        data: Some(data.to_string()),
    }
}

/// What a client is sent of what a guest tells: what it asked for. A notice is for those who listen.
pub fn told(notifier: &mut Notifier, to: &ReplyTo, telling: &Telling) -> Option<String> {
    match telling {
        Telling::Progress {
            progress,
            total,
            message,
        } => notifier.progress(to, *progress, *total, message.as_deref()),
        Telling::Log {
            level,
            logger,
            data,
        } => notifier.log(to, *level, logger.as_deref(), data),
        Telling::Notice(_) => None,
    }
}

/// What those who listen are told of a guest's notice.
pub fn change(notice: &Notice) -> Change {
    match notice {
        Notice::ResourceUpdated(uri) => Change::Resource(uri.clone()),
        Notice::ResourceListChanged => Change::Resources,
    }
}

/// An internal error of JSON-RPC, with our own code and what the call cost.
fn internal(status: u16, message: &str, code: &str, ended: &Ended) -> Wire {
    let data = serde_json::json!({
        "code": code,
        "help": format!("docs/errors.md#{code}"),
        "fuel": ended.fuel.0,
        "memory": ended.memory,
    });
    let data = Some(data.to_string());
    Wire {
        status,
        code: INTERNAL_ERROR,
        message: message.to_owned(),
        data,
    }
}
