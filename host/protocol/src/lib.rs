//! Bytes to JSON-RPC to MCP messages and back, in both eras.
//!
//! ```text
//! bytes -> Json -> Frame -> Message -> Call -> Method      (strict, once, in this order)
//! Offer, Page, ToolResult, ProtocolError -> Answer -> Reply (JSON, or events of a stream)
//! a batch -> Json of each message -> Call ... Answer of each request -> Reply   (2025-03-26 only)
//! ```
//!
//! It knows MCP and the little of HTTP that MCP's transport is made of: statuses, header names,
//! event framing, as plain data. It knows no tenants, no principals, no wasm, no HTTP library, no
//! clock. Errors are three, by whose fault they are: [`ProtocolError`] is the client's,
//! [`ResultError`] the guest's, [`CatalogueError`] the author's.
//!
//! Clauses of the specification are named beside the code as version, page, section; a page without
//! a version says the same in all that are served. Of sessions and their streams it knows the
//! shapes; who has which is not known here.

pub mod catalogue;
pub mod json;
pub mod sse;

mod answer;
mod batch;
mod call;
mod capabilities;
mod error;
mod guest_call;
mod guest_result;
mod head;
mod listen;
mod message;
mod meta;
mod notify;
mod original;
mod param_header;
mod reply;
mod response;
mod task;
mod time;
mod uri;
mod version;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Refusal, Reply, SSE_HEADERS};
pub use batch::{batch, batch_reply};
pub use call::{Call, Initialize, Method, Notification, Request};
pub use catalogue::{
    Catalogue, CatalogueError, List, Offer, Page, Shown, TaskSupport, Tool, UnionPage,
};
pub use error::{
    HEADER_MISMATCH, INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND,
    MISSING_CLIENT_CAPABILITY, PARSE_ERROR, ProtocolError, SESSION_NOT_FOUND, UNSUPPORTED_VERSION,
    Wire,
};
pub use guest_call::{GuestCall, Target};
pub use guest_result::{GuestResult, MetaEntry, ResultError};
pub use head::{Head, MCP_METHOD, MCP_NAME, PROTOCOL_VERSION, ReplyForm};
pub use listen::{Change, Filter, LISTEN_METHOD, Listen, Subscription};
pub use message::{Frame, Malformed, Message, Outcome, Token};
pub use meta::{Meta, TraceContext};
pub use notify::{Notifier, ask_message, change as change_message};
pub use original::original;
pub use reply::{ReplyTo, ServerInfo};
pub use response::Response;
pub use smcp_ids::LogLevel;
pub use task::{
    LegacyTaskCall, TASKS_EXTENSION, TaskAsk, TaskCall, TaskMore, TaskStatus, TaskView, TaskWish,
    task_ask_message,
};
pub use version::{Era, Version};
