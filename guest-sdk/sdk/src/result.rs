//! What a tool returns, and how it becomes the result object of `tools/call`.
//!
//! Two sorts of failure never mix. The `Err` of a tool is shown to the model as a result with
//! `isError`, so that it can try again; a [`ProtocolError`] is answered as a JSON-RPC error.

use std::borrow::Cow;
use std::fmt::Display;

use schemars::{JsonSchema, Schema};
use serde::Serialize;

use crate::content::{Content, JsonObject};
use crate::error::ProtocolError;
use crate::schema;

/// A structured result: the client gets it as `structuredContent`, with an output schema in the
/// catalogue, and the model as text. `T` may serialize to any JSON; clients of versions of MCP
/// before 2026-07-28 know only objects, and are given anything else as text alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// The result object of `tools/call`, for full control of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CallToolResult {
    pub(crate) content: Vec<Content>,
    /// JSON, as text.
    pub(crate) structured_content: Option<String>,
    pub(crate) is_error: bool,
    pub(crate) meta: Option<JsonObject>,
}

impl CallToolResult {
    /// The tool did its work.
    pub fn success(content: Vec<Content>) -> Self {
        Self {
            content,
            structured_content: None,
            is_error: false,
            meta: None,
        }
    }

    /// The tool failed, and the model is to read why.
    pub fn error(content: Vec<Content>) -> Self {
        Self {
            is_error: true,
            ..Self::success(content)
        }
    }

    /// The tool did its work, and its result is `value`, which serializes to JSON. The
    /// same JSON is added as text, for clients that do not read structured content.
    ///
    /// # Errors
    ///
    /// When the value does not serialize to JSON, such as a map with keys that are not text.
    pub fn structured(value: &impl Serialize) -> Result<Self, ProtocolError> {
        let json = serde_json::to_string(value).map_err(not_json)?;
        let content = vec![Content::text(json.as_str())];
        Ok(Self {
            structured_content: Some(json),
            ..Self::success(content)
        })
    }

    /// Replaces the blocks that the model reads, such as the text of [`structured`](Self::structured).
    #[must_use]
    pub fn with_content(mut self, content: Vec<Content>) -> Self {
        self.content = content;
        self
    }

    /// Adds `_meta`.
    #[must_use]
    pub fn with_meta(mut self, meta: JsonObject) -> Self {
        self.meta = Some(meta);
        self
    }
}

fn not_json(error: serde_json::Error) -> ProtocolError {
    ProtocolError::internal_error(
        format!("The tool's result does not serialize: {error}"),
        None,
    )
}

/// What a tool may return.
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`",
    label = "not a result of a tool",
    note = "return text (`String`), a structured value (`Json<T>`, where `T` derives `Serialize` and `JsonSchema`), \
            content (`Content`, `Vec<Content>`), a `CallToolResult`, or a `Result` of one of them"
)]
pub trait IntoCallToolResult {
    /// The schema of the structured result, if the type has one.
    fn output_schema() -> Option<Schema> {
        None
    }

    /// The result object.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] is answered as a JSON-RPC error.
    fn into_call_tool_result(self) -> Result<CallToolResult, ProtocolError>;
}

/// What a tool may return as the `Err` of a `Result`: anything that displays, which the model
/// reads; or a [`ProtocolError`], which it does not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a tool",
    label = "does not implement `Display`",
    note = "implement `std::fmt::Display` for it, so that the model can read it; \
            or return a `ProtocolError` for a request that makes no sense"
)]
pub trait IntoToolError {
    /// The result object with `isError`, or the protocol's error.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] stays one.
    fn into_tool_error(self) -> Result<CallToolResult, ProtocolError>;
}

#[diagnostic::do_not_recommend]
impl<E: Display> IntoToolError for E {
    fn into_tool_error(self) -> Result<CallToolResult, ProtocolError> {
        // The alternate form of error types that have one names the causes too.
        Ok(CallToolResult::error(vec![Content::text(format!(
            "{self:#}"
        ))]))
    }
}

impl IntoToolError for ProtocolError {
    fn into_tool_error(self) -> Result<CallToolResult, ProtocolError> {
        Err(self)
    }
}

impl IntoToolError for CallToolResult {
    fn into_tool_error(self) -> Result<CallToolResult, ProtocolError> {
        Ok(Self {
            is_error: true,
            ..self
        })
    }
}

impl<T: IntoCallToolResult, E: IntoToolError> IntoCallToolResult for Result<T, E> {
    fn output_schema() -> Option<Schema> {
        T::output_schema()
    }

    fn into_call_tool_result(self) -> Result<CallToolResult, ProtocolError> {
        match self {
            Ok(value) => value.into_call_tool_result(),
            Err(error) => error.into_tool_error(),
        }
    }
}

/// What `Json` takes; it is not implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`Json<{Self}>` needs a schema and a way to become JSON",
    label = "cannot be a structured result",
    note = "write `#[derive(serde::Serialize, schemars::JsonSchema)]` on `{Self}`"
)]
pub trait Structured: Serialize + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> Structured for T {}

impl<T: Structured> IntoCallToolResult for Json<T> {
    fn output_schema() -> Option<Schema> {
        Some(schema::of_output::<T>())
    }

    fn into_call_tool_result(self) -> Result<CallToolResult, ProtocolError> {
        CallToolResult::structured(&self.0)
    }
}

impl IntoCallToolResult for CallToolResult {
    fn into_call_tool_result(self) -> Result<CallToolResult, ProtocolError> {
        Ok(self)
    }
}

impl IntoCallToolResult for () {
    fn into_call_tool_result(self) -> Result<CallToolResult, ProtocolError> {
        Ok(CallToolResult::success(Vec::new()))
    }
}

impl IntoCallToolResult for Content {
    fn into_call_tool_result(self) -> Result<CallToolResult, ProtocolError> {
        vec![self].into_call_tool_result()
    }
}

impl IntoCallToolResult for Vec<Content> {
    fn into_call_tool_result(self) -> Result<CallToolResult, ProtocolError> {
        Ok(CallToolResult::success(self))
    }
}

impl IntoCallToolResult for String {
    fn into_call_tool_result(self) -> Result<CallToolResult, ProtocolError> {
        Content::text(self).into_call_tool_result()
    }
}

/// What is shown as the text it displays.
macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl IntoCallToolResult for $type {
            fn into_call_tool_result(self) -> Result<CallToolResult, ProtocolError> {
                self.to_string().into_call_tool_result()
            }
        }
    )*};
}

as_text!(&str, Cow<'_, str>, bool, char, f32, f64);
as_text!(
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize
);
