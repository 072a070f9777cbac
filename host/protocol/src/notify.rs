//! Messages to the client ahead of the result: progress and log entries; and in a session, what
//! changed and what it is asked.
//!
//! Only what the client asked for is made. How many may be sent is counted elsewhere, as is who is
//! sent what.

use crate::json::{Json, push_member, quoted};
use crate::listen::Change;
use crate::reply::ReplyTo;
use smcp_ids::LogLevel;

/// Makes the notifications of one request, and sees to their order.
#[derive(Clone, Debug, Default)]
pub struct Notifier {
    last_progress: Option<f64>,
}

impl Notifier {
    /// One that has said nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// `notifications/progress`, as JSON text. None when the client did not ask for it or cannot be
    /// sent it, when a number is not finite, or when `progress` has not grown since the last time
    /// (2026-07-28, basic/patterns/progress, "Progress Flow": it must).
    pub fn progress(
        &mut self,
        to: &ReplyTo,
        progress: f64,
        total: Option<f64>,
        message: Option<&str>,
    ) -> Option<String> {
        let token = to.progress_token().filter(|_| to.form().may_stream())?;
        let grown = self.last_progress.is_none_or(|last| progress > last);
        if !grown || !progress.is_finite() || total.is_some_and(|total| !total.is_finite()) {
            return None;
        }
        self.last_progress = Some(progress);
        let mut params = String::from("{");
        push_member(&mut params, "progressToken", token);
        push_member(&mut params, "progress", &progress.to_string());
        if let Some(total) = total {
            push_member(&mut params, "total", &total.to_string());
        }
        if let Some(message) = message {
            push_member(&mut params, "message", &quoted(message));
        }
        params.push('}');
        Some(notification("notifications/progress", &params))
    }

    /// `notifications/message`, as JSON text. `data` that is not JSON goes as a JSON string. None
    /// unless the request asked for this level or a lower one (2026-07-28, server/utilities/logging,
    /// "Per-request log level": nothing may be sent unasked) and can be sent it.
    pub fn log(
        &self,
        to: &ReplyTo,
        level: LogLevel,
        logger: Option<&str>,
        data: &str,
    ) -> Option<String> {
        to.log_level()
            .filter(|&least| level >= least && to.form().may_stream())?;
        let mut params = String::from("{");
        push_member(&mut params, "level", &quoted(level.as_str()));
        if let Some(logger) = logger {
            push_member(&mut params, "logger", &quoted(logger));
        }
        match Json::parse(data.as_bytes()) {
            Ok(json) => push_member(&mut params, "data", json.text()),
            Err(_) => push_member(&mut params, "data", &quoted(data)),
        }
        params.push('}');
        Some(notification("notifications/message", &params))
    }
}

/// What a session is told of a change (2025-11-25, server/tools, "List Changed Notification", and the
/// like; server/resources, "Subscriptions"), as JSON text: no subscription is named in it.
pub fn change(change: &Change) -> String {
    let mut params = String::from("{");
    change.push_uri(&mut params);
    params.push('}');
    notification(change.method(), &params)
}

/// A request to the client, as JSON text, from a question that has the form of an input request:
/// `method`, and `params` if there are any (2025-11-25, client/elicitation, client/sampling,
/// client/roots). They stay as they are; what the envelope has besides is the host's.
pub fn ask_message(id: &str, request: &str) -> String {
    let request = Json::parse(request.as_bytes()).ok();
    let members = request.into_iter().flat_map(Json::members);
    let mut out = String::from("{");
    push_member(&mut out, "jsonrpc", "\"2.0\"");
    push_member(&mut out, "id", &quoted(id));
    for (name, value) in members.filter(|(name, _)| matches!(&**name, "method" | "params")) {
        push_member(&mut out, &name, value.text());
    }
    out.push('}');
    out
}

pub(crate) fn notification(method: &str, params: &str) -> String {
    let mut out = String::with_capacity(params.len() + 64);
    out.push('{');
    push_member(&mut out, "jsonrpc", "\"2.0\"");
    push_member(&mut out, "method", &quoted(method));
    push_member(&mut out, "params", params);
    out.push('}');
    out
}
