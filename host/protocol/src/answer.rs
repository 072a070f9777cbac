//! A response before and after it takes a form: the JSON-RPC message, and what HTTP makes of it.
//!
//! Knows no request but by its id, and no transport but the status, the headers and the framing that MCP
//! gives it.

use crate::error::{ProtocolError, Wire};
use crate::head::ReplyForm;
use crate::json::{Json, push_member};
use crate::message::Token;
use crate::sse;
use crate::version::Era;

/// A request that was refused before it became one, with all that its answer needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    id: Option<Box<str>>,
    era: Era,
    form: ReplyForm,
    error: ProtocolError,
}

/// A JSON-RPC response, not yet in the form that the client takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    json: String,
}

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers that the protocol wants.
    pub headers: &'static [(&'static str, &'static str)],
    /// The body.
    pub body: String,
}

pub(crate) const JSON_HEADERS: &[(&str, &str)] = &[("content-type", "application/json")];
/// What a stream's answer says of itself: nothing on the way may keep or gather it (2026-07-28,
/// basic/transports/streamable-http, "Receiving Messages").
pub const SSE_HEADERS: &[(&str, &str)] = &[
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
];
/// 405 names the methods there are (RFC 9110, section 15.5.6); clients depend on it.
const ALLOW_HEADERS: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("allow", "POST, OPTIONS"),
];

impl Refusal {
    pub(crate) fn new(
        id: Option<Token<'_>>,
        era: Era,
        form: ReplyForm,
        error: ProtocolError,
    ) -> Self {
        Self {
            id: id.map(|id| id.json().into()),
            era,
            form,
            error,
        }
    }

    /// What is wrong.
    pub fn error(&self) -> &ProtocolError {
        &self.error
    }

    /// How to say it among the answers to a batch.
    pub fn answer(&self) -> Answer {
        Answer::error(self.id.as_deref(), &self.error.wire(self.era))
    }

    /// How to say it.
    pub fn reply(&self) -> Reply {
        self.answer().reply(self.form)
    }
}

impl Answer {
    pub(crate) fn result(id: &str, result: &str) -> Self {
        Self {
            status: 200,
            json: response(Some(id), "result", result),
        }
    }

    /// An error to the request of that id, which is JSON text.
    pub fn failed(id: &str, wire: &Wire) -> Self {
        Self::error(Some(id), wire)
    }

    /// An error that was written before.
    pub(crate) fn of_error(id: &str, error: &str) -> Self {
        Self {
            status: 200,
            json: response(Some(id), "error", error),
        }
    }

    fn error(id: Option<&str>, wire: &Wire) -> Self {
        Self {
            status: wire.status,
            json: response(id, "error", &wire.error_json()),
        }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn into_parts(self) -> (u16, String) {
        (self.status, self.json)
    }

    pub(crate) fn of_parts(status: u16, json: String) -> Self {
        Self { status, json }
    }

    /// The status, if nothing has been sent yet.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The response, as JSON text.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// How the request ended: the JSON text of its `result`, or else that of its `error`.
    ///
    /// # Errors
    /// The request failed.
    pub fn outcome(&self) -> Result<&str, &str> {
        // We wrote it, from texts that were scanned: one of the two is there.
        let response = Json::of_scanned(&self.json);
        match response.get("result") {
            Some(result) => Ok(result.text()),
            None => Err(response.get("error").map_or("{}", Json::text)),
        }
    }

    /// The response as the last event of a stream.
    pub fn event(&self) -> String {
        sse::event(&self.json)
    }

    /// The response as the whole answer. Refusals with a status of their own are always JSON.
    pub fn reply(self, form: ReplyForm) -> Reply {
        match (self.status, form) {
            (200, ReplyForm::Sse) => Reply {
                status: 200,
                headers: SSE_HEADERS,
                body: self.event(),
            },
            (405, _) => Reply {
                status: 405,
                headers: ALLOW_HEADERS,
                body: self.json,
            },
            (status, _) => Reply {
                status,
                headers: JSON_HEADERS,
                body: self.json,
            },
        }
    }
}

impl Reply {
    /// To a notification or a response: taken (basic/transports, "Sending Messages": 202 and no body).
    pub fn accepted() -> Self {
        Self {
            status: 202,
            headers: &[],
            body: String::new(),
        }
    }

    /// To a DELETE that ended its session: done, and nothing to say.
    pub fn no_content() -> Self {
        Self {
            status: 204,
            headers: &[],
            body: String::new(),
        }
    }

    /// To GET, DELETE and every other method but POST and OPTIONS, without a session: 405, since no
    /// stream is offered (2025-11-25, basic/transports, "Listening for Messages from the Server",
    /// item 3) and there is no session to end ("Session Management", item 5; 2026-07-28, "Earlier
    /// Streamable HTTP Revisions").
    pub fn method_not_allowed() -> Self {
        Refusal::new(
            None,
            Era::Modern,
            ReplyForm::Json,
            ProtocolError::HttpMethod,
        )
        .reply()
    }

    /// To a request that is refused before its body is looked at.
    pub fn refused(error: ProtocolError) -> Self {
        Refusal::new(None, Era::Modern, ReplyForm::Json, error).reply()
    }
}

/// A response. One without an id answers a message whose id could not be read.
fn response(id: Option<&str>, member: &str, value: &str) -> String {
    let mut out = String::with_capacity(value.len() + id.map_or(0, str::len) + 40);
    out.push('{');
    push_member(&mut out, "jsonrpc", "\"2.0\"");
    if let Some(id) = id {
        push_member(&mut out, "id", id);
    }
    push_member(&mut out, member, value);
    out.push('}');
    out
}
