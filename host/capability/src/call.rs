//! What a guest asks of its host in a call, and what it is answered.
//!
//! Every import of the contract becomes one [`Request`]; none is answered anywhere else than
//! through the tape. A change to these types changes the format of tapes.

use serde::{Deserialize, Serialize};
pub use smcp_ids::LogLevel;
use smcp_ids::UnixMillis;

use crate::http::{HttpAnswer, HttpError, HttpRequest};

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

/// Where a call comes from, as its client says. Nothing in it is proven.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The name of the client's software.
    pub client: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// `traceparent` of W3C Trace Context.
    pub trace_parent: Option<String>,
    /// `tracestate` of W3C Trace Context.
    pub trace_state: Option<String>,
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

/// A space of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KvSpace {
    /// The server's, shared by all its callers.
    Server,
    /// The caller's own.
    Caller,
}

impl KvSpace {
    /// All of them, in the order of the contract.
    pub const ALL: [Self; 2] = [Self::Server, Self::Caller];
}

/// Why key-value storage does not do something; in the order of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum KvError {
    /// The key is not one.
    InvalidKey,
    /// The value is too large.
    TooLarge,
    /// The call has made all the changes that it may.
    TooMany,
    /// The tool says of itself that it only reads.
    ReadOnly,
}

/// A key of a guest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KvKey {
    /// In which space.
    pub space: KvSpace,
    /// The key, as the guest gave it.
    pub key: String,
}

/// What a guest wants to do with its key-value storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KvRequest {
    /// `kv.get`.
    Get(KvKey),
    /// `kv.set`.
    Set {
        /// Which.
        key: KvKey,
        /// To what.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
        /// For how many seconds.
        ttl: Option<u32>,
    },
    /// `kv.delete`.
    Delete(KvKey),
    /// `kv.swap`.
    Swap {
        /// Which.
        key: KvKey,
        /// What it must be.
        #[serde(with = "serde_bytes")]
        expected: Option<Vec<u8>>,
        /// What it is then.
        #[serde(with = "serde_bytes")]
        value: Option<Vec<u8>>,
        /// For how many seconds.
        ttl: Option<u32>,
    },
    /// `kv.keys`.
    Keys {
        /// In which space.
        space: KvSpace,
        /// What they begin with.
        prefix: String,
        /// After which.
        after: Option<String>,
        /// How many.
        limit: u32,
    },
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
    /// `context.request-origin`.
    Origin,
    /// `context.time-left`.
    TimeLeft,
    /// `client.ask`.
    Ask(Vec<Question>),
    /// `client.capabilities`.
    Capabilities,
    /// `notify.resource-updated` and `notify.resource-list-changed`.
    Notify(Notice),
    /// `config.get`: the setting of that name.
    Setting(String),
    /// The interface `kv`. On a tape: [`KvRequest::Get`] and [`KvRequest::Keys`], as storage was asked.
    Kv(KvRequest),
    /// `http.send`.
    Http(HttpRequest),
    /// `context.begin-task`.
    BeginTask,
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
    /// To [`Request::Origin`].
    Origin(Origin),
    /// To [`Request::TimeLeft`]: milliseconds.
    Millis(u64),
    /// To [`Request::Ask`]: for each question the client's result, a JSON object.
    Answers(Vec<String>),
    /// To [`Request::Ask`], when nothing was asked.
    Unasked(AskError),
    /// To [`Request::Capabilities`]: a JSON object.
    Text(String),
    /// To [`Request::Setting`]: a JSON value, if there is one.
    Setting(Option<String>),
    /// To [`KvRequest::Get`].
    Value(#[serde(with = "serde_bytes")] Option<Vec<u8>>),
    /// To [`KvRequest::Swap`].
    Swapped(bool),
    /// To [`KvRequest::Keys`].
    Keys(Vec<String>),
    /// To a [`Request::Kv`] that is not done.
    KvRefused(KvError),
    /// To [`Request::Http`].
    Http(Result<HttpAnswer, HttpError>),
    /// To [`KvRequest::Get`], as storage answers: with the version that the call has seen.
    Item {
        /// The commit that wrote it; 0 if nothing is known of it.
        version: u64,
        /// Its value, if it is there.
        #[serde(with = "serde_bytes")]
        value: Option<Vec<u8>>,
    },
    /// To [`Request::BeginTask`]: whether the call is a task.
    Flag(bool),
}
