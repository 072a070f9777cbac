//! The error of the protocol: a request that makes no sense, answered as a JSON-RPC error.
//!
//! It is not what a tool that fails answers: that is an `Err` of any type that displays, which
//! the model can read. So this type does not implement `Display`, and the two cannot be confused.

use std::any::Any;
use std::fmt::Display;

use serde_json::Value;

use crate::ask::AskError;

/// An error of the protocol, as JSON-RPC has it. The client gets it, the model usually does not.
///
/// Return it as the `Err` of a tool for a request that makes no sense. For work that failed,
/// return any other error: it becomes a result with `isError`, which the model reads.
#[derive(Debug, Clone, PartialEq)]
pub struct ProtocolError {
    /// A JSON-RPC error code, such as -32602.
    pub code: i32,
    /// One sentence that says what to do.
    pub message: String,
    /// More about it.
    pub data: Option<Value>,
}

/// The name of [`ProtocolError`] in `rmcp`.
pub type ErrorData = ProtocolError;

impl ProtocolError {
    /// JSON-RPC: the parameters are not valid.
    pub const INVALID_PARAMS: i32 = -32602;
    /// JSON-RPC: there is no such method.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// JSON-RPC: something broke inside.
    pub const INTERNAL_ERROR: i32 = -32603;

    /// An error with a code of its own.
    pub fn new(code: i32, message: impl Into<String>, data: Option<Value>) -> Self {
        Self {
            code,
            message: message.into(),
            data,
        }
    }

    /// The parameters are not valid (-32602).
    pub fn invalid_params(message: impl Into<String>, data: Option<Value>) -> Self {
        Self::new(Self::INVALID_PARAMS, message, data)
    }

    /// The method does not exist here (-32601).
    pub fn method_not_found(message: impl Into<String>, data: Option<Value>) -> Self {
        Self::new(Self::METHOD_NOT_FOUND, message, data)
    }

    /// Something broke inside (-32603).
    pub fn internal_error(message: impl Into<String>, data: Option<Value>) -> Self {
        Self::new(Self::INTERNAL_ERROR, message, data)
    }
}

/// What a prompt or a resource may return as the `Err` of a `Result`: a [`ProtocolError`], or
/// anything that displays, which the client gets as an internal error (-32603).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a prompt or a resource",
    label = "does not implement `Display`",
    note = "implement `std::fmt::Display` for it, or return a `ProtocolError`"
)]
pub trait IntoProtocolError {
    /// The protocol's error.
    fn into_protocol_error(self) -> ProtocolError;
}

#[diagnostic::do_not_recommend]
impl<E: Display + 'static> IntoProtocolError for E {
    fn into_protocol_error(self) -> ProtocolError {
        // A question that was not asked has a code already. The type is known when this compiles.
        match (&self as &dyn Any).downcast_ref::<AskError>() {
            Some(error) => error.clone().into(),
            None => ProtocolError::internal_error(format!("{self:#}"), None),
        }
    }
}

impl IntoProtocolError for ProtocolError {
    fn into_protocol_error(self) -> ProtocolError {
        self
    }
}
