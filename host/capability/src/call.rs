//! What a guest asks of its host in a call, and what it is answered.
//!
//! Every import of the contract becomes one [`Request`]; none is answered anywhere else than
//! through the tape. A change to these types changes the format of tapes.

use serde::{Deserialize, Serialize};
pub use smcp_ids::LogLevel;
use smcp_ids::UnixMillis;

/// Who is calling, as the host proved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The tenant of the server.
    pub tenant: String,
    /// The server.
    pub server: String,
    /// The principal, at most 128 characters.
    pub principal: String,
    /// What the principal may do.
    pub scopes: Vec<String>,
}

/// A question to the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What names it among those that are asked together, as the guest gave it.
    pub id: String,
    /// A JSON object with `method` and `params`, as the guest gave it.
    pub request: String,
}

/// Something that clients who listen are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The resource of that URI has changed.
    ResourceUpdated(String),
    /// Resources came or went.
    ResourceListChanged,
}

/// Why a guest's questions are not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskError {
    /// A code of JSON-RPC or MCP.
    pub code: i32,
    /// What to do.
    pub message: String,
    /// A JSON value.
    pub data: Option<String>,
}

/// One thing that a guest asks its host to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// `context.log`.
    Log {
        /// How urgent it is.
        level: LogLevel,
        /// The part of the server that speaks.
        logger: Option<String>,
        /// A JSON value, or text that is not JSON.
        data: String,
    },
    /// `context.progress`.
    Progress {
        /// How far the call has come.
        progress: f64,
        /// How far it will go.
        total: Option<f64>,
        /// What it is doing.
        message: Option<String>,
    },
    /// `context.now`.
    Now,
    /// `context.random`: that many bytes.
    Random(u32),
    /// `context.sleep`: that many milliseconds.
    Sleep(u32),
    /// `context.who`.
    Who,
    /// `client.ask`.
    Ask(Vec<Question>),
    /// `client.capabilities`.
    Capabilities,
    /// `notify.resource-updated` and `notify.resource-list-changed`.
    Notify(Notice),
}

/// What a guest is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To a request without a result.
    Done,
    /// To [`Request::Now`].
    Instant(UnixMillis),
    /// To [`Request::Random`].
    Bytes(Vec<u8>),
    /// To [`Request::Who`].
    Caller(Caller),
    /// To [`Request::Ask`]: for each question the client's result, a JSON object.
    Answers(Vec<String>),
    /// To [`Request::Ask`], when nothing was asked.
    Unasked(AskError),
    /// To [`Request::Capabilities`]: a JSON object.
    Text(String),
}
