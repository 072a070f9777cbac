//! A call as its client sees it: what it is told on the way, and the end as the answer.

use smcp_capability::call::Notice;
use smcp_protocol::{
    Answer, Change, GuestResult, INTERNAL_ERROR, MetaEntry, Notifier, ReplyTo, ResultError,
    ServerInfo, Wire,
};
use smcp_sandbox::{Ended, Fault, Output};

use crate::call::Telling;

/// The one place that maps the end of a call to the wire.
pub fn answer<'t>(
    to: &ReplyTo,
    info: &ServerInfo,
    ended: &'t Ended,
    parse: impl Fn(&'t str) -> Result<GuestResult<'t>, ResultError>,
) -> Answer {
    answer_with(to, info, ended, None, parse)
}

/// The same, with a receipt if there is a result.
pub(crate) fn answer_with<'t>(
    to: &ReplyTo,
    info: &ServerInfo,
    ended: &'t Ended,
    receipt: Option<MetaEntry>,
    parse: impl Fn(&'t str) -> Result<GuestResult<'t>, ResultError>,
) -> Answer {
    match &ended.result {
        Ok(Output::Text(text)) => match parse(text) {
            Ok(result) => {
                let usage = MetaEntry::usage(ended.fuel, ended.memory as u64);
                let entries = [usage].into_iter().chain(receipt).collect();
                to.guest_result(info, &result, entries)
            }
            Err(error) => {
                let message = format!("the server's result is not one: {error}");
                to.wire(&internal(200, &message, error.code(), ended))
            }
        },
        Ok(Output::Refused(refusal)) => {
            let data = refusal.data.as_deref();
            to.wire(&Wire::of_guest(refusal.code, &refusal.message, data))
        }
        Err(Fault::Guest(fault)) => {
            to.wire(&internal(200, &fault.to_string(), fault.code(), ended))
        }
        Err(Fault::Host(fault)) => to.wire(&internal(503, &fault.to_string(), fault.code(), ended)),
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
