//! Why a question was not asked, or its answer not understood.

use std::fmt;

use serde_json::Value;

use crate::error::ProtocolError;

/// Why there is no answer. It displays its message, so a tool may return it for the model to
/// read; as a [`ProtocolError`], which `?` makes of it, the client gets its code.
#[derive(Debug, Clone, PartialEq)]
pub struct AskError {
    /// A JSON-RPC error code, such as -32021.
    pub code: i32,
    /// One sentence that says what to do.
    pub message: String,
    /// More about it.
    pub data: Option<Value>,
}

impl AskError {
    /// MCP 2026-07-28: the client lacks a capability that the request needs; `data` names it in
    /// `requiredCapabilities`.
    pub const MISSING_CAPABILITY: i32 = -32021;

    /// Whether the client lacks what the question needs.
    pub fn is_missing_capability(&self) -> bool {
        self.code == Self::MISSING_CAPABILITY
    }

    pub(crate) fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// The author's mistake, or the host's.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(ProtocolError::INTERNAL_ERROR, message)
    }

    /// The client's answer is not what was asked for.
    pub(crate) fn unfit(error: impl fmt::Display) -> Self {
        let message = format!("The client's answer is not what was asked for: {error}");
        Self::new(ProtocolError::INVALID_PARAMS, message)
    }

    #[cfg(any(target_arch = "wasm32", test))]
    pub(crate) fn from_host(code: i32, message: String, data: Option<&str>) -> Self {
        let data = data.and_then(|data| serde_json::from_str(data).ok());
        Self {
            code,
            message,
            data,
        }
    }
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AskError {}

impl From<AskError> for ProtocolError {
    fn from(error: AskError) -> Self {
        Self::new(error.code, error.message, error.data)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_keeps_code_message_and_data_on_the_way_to_the_wire() {
        let data = r#"{"requiredCapabilities":{"roots":{}}}"#;
        let error = AskError::from_host(-32021, "No roots.".to_owned(), Some(data));
        assert!(error.is_missing_capability());
        assert_eq!(error.to_string(), "No roots.");
        let data = json!({ "requiredCapabilities": { "roots": {} } });
        let expected = ProtocolError::new(-32021, "No roots.", Some(data));
        assert_eq!(ProtocolError::from(error), expected);
    }
}
