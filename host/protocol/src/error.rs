//! What can be wrong with a request as MCP sees it, and the one function that puts it on the wire.
//!
//! Nothing here is about guests that fail or hosts that break: their errors have types of their own
//! and come as a [`Wire`].

use smcp_ids::CallId;
use smcp_ids::limits::MCP_BODY_MAX;

use crate::guest_call::Target;
use crate::json::{Json, JsonError, Kind, push_member, quoted};
use crate::task::TASKS_REQUIRED;
use crate::version::{Era, Version};

/// JSON-RPC: not JSON.
pub const PARSE_ERROR: i32 = -32700;
/// JSON-RPC: JSON, but no request.
pub const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC: no such method.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// JSON-RPC: parameters that the method cannot take.
pub const INVALID_PARAMS: i32 = -32602;
/// JSON-RPC: the server failed.
pub const INTERNAL_ERROR: i32 = -32603;
/// MCP: a header contradicts the body (2026-07-28, basic/index, "Error Codes").
pub const HEADER_MISMATCH: i32 = -32020;
/// MCP: the client did not declare a capability that the request needs (the same place).
pub const MISSING_CLIENT_CAPABILITY: i32 = -32021;
/// MCP: a version that is not served (the same place).
pub const UNSUPPORTED_VERSION: i32 = -32022;

/// The member of an error's data that names the call.
const CALL_ID: &str = "callId";

/// The code that clients and servers of the legacy era use for a session that is not there; the
/// specification gives none.
pub const SESSION_NOT_FOUND: i32 = -32001;

/// How much of a client's own text an error repeats, in characters.
const ECHO_MAX: usize = 64;

/// A request that the protocol refuses. All of them are the client's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// Any HTTP method but POST, or but those of a session.
    #[error("this endpoint takes POST; GET and DELETE are for a session: send its Mcp-Session-Id")]
    HttpMethod,
    /// A body over the limit.
    #[error("the body is larger than {MCP_BODY_MAX} bytes; send less")]
    TooLarge,
    /// A body that is not said to be JSON.
    #[error("send the body as Content-Type: application/json")]
    MediaType,
    /// A body that is not the JSON we take.
    #[error("the body cannot be read: {0}")]
    Json(#[from] JsonError),
    /// An array where a message should be.
    #[error("JSON-RPC batches are not supported; send each message in its own POST")]
    Batch,
    /// JSON that is not a JSON-RPC message.
    #[error("not a JSON-RPC message: {0}")]
    Envelope(&'static str),
    /// A response, when nothing was asked.
    #[error("a response was sent, but this server has asked nothing")]
    Response,
    /// What can only be asked in a session, without one.
    #[error(
        "this method needs a session: send initialize first, and its Mcp-Session-Id with each request"
    )]
    SessionRequired,
    /// A session that has ended, or never was, or is not the caller's.
    #[error("session not found: it has ended, or is not yours; send initialize to begin another")]
    SessionNotFound,
    /// A stream that is to go on after an event that was never sent, or is no longer kept.
    #[error("Last-Event-ID names no event that is kept of this session; listen without it")]
    UnknownEvent,
    /// A header that is missing, malformed or contradicts the body.
    #[error("header mismatch: {header} {why}")]
    HeaderMismatch {
        /// Which header.
        header: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A version that is not served.
    #[error("unsupported protocol version; use one of those in data.supported")]
    UnsupportedVersion {
        /// The version asked for, shortened if it is long.
        requested: String,
    },
    /// A field of `_meta` that every modern request must have.
    #[error(
        "params._meta needs \"{field}\" as {kind}; this version of MCP requires it with every request"
    )]
    MissingMeta {
        /// The field's full name.
        field: &'static str,
        /// What it should be.
        kind: &'static str,
    },
    /// A method that this server does not have.
    #[error("method not found: {method}")]
    MethodNotFound {
        /// The method, shortened if it is long.
        method: String,
    },
    /// Parameters of the wrong shape.
    #[error("invalid params: {0}")]
    InvalidParams(&'static str),
    /// A tool that is not in the catalogue.
    #[error("unknown tool: {name}")]
    UnknownTool {
        /// The name, shortened if it is long.
        name: String,
    },
    /// A prompt that is not in the catalogue.
    #[error("unknown prompt: {name}")]
    UnknownPrompt {
        /// The name, shortened if it is long.
        name: String,
    },
    /// A resource that the server cannot have.
    #[error("resource not found: {uri}")]
    UnknownResource {
        /// The URI, shortened if it is long.
        uri: String,
    },
    /// A state that this server did not give out for this request, or too long ago.
    #[error(
        "\"requestState\" is not one for this request, or it has expired; send the request without it"
    )]
    RequestState,
    /// A `requestState` whose call has gone on already.
    #[error(
        "this call has gone on with answers to these questions already; what it did then, if anything, is done or \
         not known. Look, and send the request without \"requestState\" to begin anew"
    )]
    RequestStateUsed,
    /// An answer that does not fit its question.
    #[error("the answer to \"{id}\" does not fit the question: {why}")]
    InputResponse {
        /// The id of the question, shortened if it is long.
        id: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A client that did not declare the extension of tasks, where nothing can be done without.
    #[error(
        "this needs a client that takes tasks: declare the extension io.modelcontextprotocol/tasks in the request's \
         client capabilities"
    )]
    MissingExtension,
    /// A task that is not there, or no longer, or is not the caller's.
    #[error("task not found: it never was, is no longer kept, or is not yours")]
    UnknownTask,
    /// A call that is no task, of a tool that is nothing else.
    #[error(
        "this tool runs as a task only: call it with \"task\" in the request's params, as its \"execution\" says"
    )]
    TaskRequired,
    /// A task, of a tool that is run as none.
    #[error("this tool does not run as a task: call it without \"task\" in the request's params")]
    TaskForbidden,
    /// A task that is to be cancelled and has ended.
    #[error("the task has ended already; there is nothing left to cancel")]
    TaskOver,
    /// The result of a task that was cancelled.
    #[error("the task was cancelled; it has no result")]
    TaskCancelled,
    /// The result of a task that has not ended, where its client takes no stream on which it could wait.
    #[error(
        "the task has not ended yet; ask again, or accept text/event-stream, on which its answer comes when it has"
    )]
    TaskUnfinished,
    /// A cursor that this server did not give out, or gave out for another list.
    #[error("invalid cursor; list again from the start")]
    Cursor,
}

/// An error as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    /// The HTTP status, if the answer has not begun as a stream.
    pub status: u16,
    /// The code of JSON-RPC or MCP.
    pub code: i32,
    /// One sentence that says what to do.
    pub message: String,
    /// More about it: JSON text of one value.
    pub data: Option<String>,
}

impl ProtocolError {
    /// A method not found, by its name as the client gave it.
    pub fn method_not_found(method: &str) -> Self {
        Self::MethodNotFound {
            method: shortened(method),
        }
    }

    /// What a guest was to be called for is not there: a tool, prompt or resource, as the client named
    /// it, or what it was to complete.
    pub fn unknown(target: Target, name: &str) -> Self {
        let name = shortened(name);
        match target {
            Target::Tool => Self::UnknownTool { name },
            Target::Prompt => Self::UnknownPrompt { name },
            Target::Resource => Self::UnknownResource { uri: name },
            // server/utilities/completion, "Error Handling".
            Target::Completion => {
                Self::InvalidParams("\"ref\" names no prompt, resource or template of this server")
            }
        }
    }

    /// An answer that does not fit the question of that id.
    pub fn input_response(id: &str, why: &'static str) -> Self {
        Self::InputResponse {
            id: shortened(id),
            why,
        }
    }

    /// A version not served, by its name as the client gave it.
    pub fn unsupported_version(requested: &str) -> Self {
        Self::UnsupportedVersion {
            requested: shortened(requested),
        }
    }

    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::HttpMethod => "http_method",
            Self::TooLarge => "body_too_large",
            Self::MediaType => "unsupported_media_type",
            Self::Json(_) => "invalid_json",
            Self::Batch => "batch_unsupported",
            Self::Envelope(_) => "invalid_message",
            Self::Response => "unexpected_response",
            Self::SessionRequired => "session_required",
            Self::SessionNotFound => "session_not_found",
            Self::UnknownEvent => "unknown_event",
            Self::HeaderMismatch { .. } => "header_mismatch",
            Self::UnsupportedVersion { .. } => "unsupported_version",
            Self::MissingMeta { .. } => "missing_meta",
            Self::MethodNotFound { .. } => "method_not_found",
            Self::InvalidParams(_) => "invalid_params",
            Self::UnknownTool { .. } => "unknown_tool",
            Self::UnknownPrompt { .. } => "unknown_prompt",
            Self::UnknownResource { .. } => "unknown_resource",
            Self::RequestState => "request_state",
            Self::RequestStateUsed => "request_state_used",
            Self::InputResponse { .. } => "input_response",
            Self::MissingExtension => "missing_extension",
            Self::UnknownTask => "unknown_task",
            Self::TaskRequired => "task_required",
            Self::TaskForbidden => "task_forbidden",
            Self::TaskOver => "task_over",
            Self::TaskCancelled => "task_cancelled",
            Self::TaskUnfinished => "task_unfinished",
            Self::Cursor => "invalid_cursor",
        }
    }

    /// The error as a client of that era is told it.
    ///
    /// A modern client reads the body of a 400 to tell eras apart (2026-07-28,
    /// basic/transports/streamable-http, "Backward Compatibility"), so 400 is kept for what the
    /// specification gives it to. A legacy client may take 404 for a lost session (2025-11-25,
    /// basic/transports, "Session Management", item 4), so it gets no other.
    pub fn wire(&self, era: Era) -> Wire {
        let (status, code) = match self {
            Self::HttpMethod => (405, INVALID_REQUEST),
            Self::TooLarge => (413, INVALID_REQUEST),
            Self::MediaType => (415, INVALID_REQUEST),
            Self::Json(_) => (400, PARSE_ERROR),
            // 2025-11-25, basic/transports, "Session Management", item 2: 400 without a session.
            Self::Batch | Self::Envelope(_) | Self::Response | Self::SessionRequired => {
                (400, INVALID_REQUEST)
            }
            Self::SessionNotFound => (404, SESSION_NOT_FOUND),
            Self::UnknownEvent => (400, INVALID_PARAMS),
            // The same page, "Server Validation": 400 with HeaderMismatch.
            Self::HeaderMismatch { .. } => (400, HEADER_MISMATCH),
            // The same page, "Protocol Version Header": 400; so in 2025-06-18 and 2025-11-25.
            Self::UnsupportedVersion { .. } => (400, UNSUPPORTED_VERSION),
            // 2026-07-28, basic/index, "Per-request protocol fields": 400 with -32602.
            Self::MissingMeta { .. } => (400, INVALID_PARAMS),
            // 2026-07-28, basic/index, "Error Codes": 400, with what is required.
            Self::MissingExtension => (400, MISSING_CLIENT_CAPABILITY),
            // 2026-07-28, basic/transports/streamable-http, "Protocol Version Header": 404.
            Self::MethodNotFound { .. } => {
                (if era == Era::Modern { 404 } else { 200 }, METHOD_NOT_FOUND)
            }
            // 2025-11-25, basic/utilities/tasks, "Tool-Level Negotiation".
            Self::TaskRequired | Self::TaskForbidden => (200, METHOD_NOT_FOUND),
            Self::TaskUnfinished => (200, INVALID_REQUEST),
            // server/tools, "Error Handling": an unknown tool is -32602; server/utilities/pagination,
            // "Error Handling": so is an invalid cursor.
            // server/prompts and server/resources, "Error Handling": the same for what they name.
            Self::InvalidParams(_)
            | Self::UnknownTool { .. }
            | Self::UnknownPrompt { .. }
            | Self::UnknownResource { .. }
            | Self::RequestState
            | Self::RequestStateUsed
            | Self::InputResponse { .. }
            | Self::UnknownTask
            | Self::TaskOver
            | Self::TaskCancelled
            | Self::Cursor => (200, INVALID_PARAMS),
        };
        Wire {
            status,
            code,
            message: self.to_string(),
            data: Some(self.data()),
        }
    }

    /// The stable name, and what the specification wants beside it.
    fn data(&self) -> String {
        let mut data = String::from("{");
        push_member(&mut data, "code", &quoted(self.code()));
        if let Self::UnsupportedVersion { requested } = self {
            // 2026-07-28, schema, UnsupportedProtocolVersionError: `supported` and `requested`.
            push_member(&mut data, "supported", Version::LIST_JSON);
            push_member(&mut data, "requested", &quoted(requested));
        }
        if matches!(self, Self::MissingExtension) {
            // 2026-07-28, schema, MissingRequiredClientCapabilityError.
            push_member(&mut data, "requiredCapabilities", TASKS_REQUIRED);
        }
        if let Self::UnknownResource { uri } = self {
            // 2026-07-28, server/resources, "Error Handling": the URI.
            push_member(&mut data, "uri", &quoted(uri));
        }
        data.push('}');
        data
    }
}

impl Wire {
    /// An error that a guest answered, with a code that a server may use.
    ///
    /// The codes of JSON-RPC's reserved range belong to it and to MCP, which forbids all but the
    /// defined ones, each in its own sense, and the codes of earlier versions too (2026-07-28,
    /// basic/index, "Error Codes"): of these a guest can mean only invalid parameters; the rest
    /// become an internal error. `data` that is not JSON goes as a JSON string.
    pub fn of_guest(code: i32, message: &str, data: Option<&str>) -> Self {
        let (status, code) = match code {
            INVALID_PARAMS => (200, INVALID_PARAMS),
            // 2026-07-28, basic/index, "Per-request protocol fields": with 400, and with what is
            // missing. What the host told the guest.
            MISSING_CLIENT_CAPABILITY if names_capabilities(data) => {
                (400, MISSING_CLIENT_CAPABILITY)
            }
            -32768..=-32000 => (200, INTERNAL_ERROR),
            own => (200, own),
        };
        let data = data.map(|data| match Json::parse(data.as_bytes()) {
            Ok(json) => json.text().to_owned(),
            Err(_) => quoted(data),
        });
        Self {
            status,
            code,
            message: message.to_owned(),
            data,
        }
    }

    /// The same as the error of a call: its data names the call, which is the host's to say. Data that is
    /// no object is in the member `data` then, since there is no other place for a name beside it.
    #[must_use]
    pub fn of_call(self, call: CallId) -> Self {
        let mut data = String::from("{");
        match self
            .data
            .as_deref()
            .map(|text| (text, Json::parse(text.as_bytes())))
        {
            Some((_, Ok(json))) if json.kind() == Kind::Object => {
                for (name, value) in json.members().filter(|(name, _)| &**name != CALL_ID) {
                    push_member(&mut data, &name, value.text());
                }
            }
            Some((text, _)) => push_member(&mut data, "data", text),
            None => {}
        }
        push_member(&mut data, CALL_ID, &quoted(&call.to_string()));
        data.push('}');
        Self {
            data: Some(data),
            ..self
        }
    }

    /// The `error` member of a JSON-RPC response.
    pub(crate) fn error_json(&self) -> String {
        let mut error = String::from("{");
        push_member(&mut error, "code", &self.code.to_string());
        push_member(&mut error, "message", &quoted(&self.message));
        if let Some(data) = &self.data {
            push_member(&mut error, "data", data);
        }
        error.push('}');
        error
    }
}

/// Whether an error's data says which capabilities are required.
fn names_capabilities(data: Option<&str>) -> bool {
    let json = data.and_then(|data| Json::parse(data.as_bytes()).ok());
    json.and_then(|json| json.get("requiredCapabilities"))
        .is_some_and(|required| required.kind() == Kind::Object)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(ECHO_MAX) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
