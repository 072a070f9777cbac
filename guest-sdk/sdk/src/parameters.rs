//! What a tool takes: its arguments, the call's context, the request's `_meta`.
//!
//! Arguments that do not fit are refused before the tool runs, with the path of what is wrong.

use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;

use crate::content::JsonObject;
use crate::context::Context;
use crate::error::ProtocolError;
use crate::schema;

/// The arguments of a tool: `T` is a struct that derives `Deserialize` and `JsonSchema`. Its
/// schema goes into the catalogue, with the doc comments of its fields as descriptions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parameters<T>(pub T);

/// The `_meta` of the request; empty when the client sent none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meta(pub JsonObject);

/// One call of one tool, as the arguments of the method are taken from it.
#[derive(Debug)]
pub struct Call<'call> {
    /// The name of the tool.
    pub(crate) tool: &'call str,
    /// A JSON object.
    pub(crate) arguments: &'call str,
    /// A JSON object.
    pub(crate) meta: Option<&'call str>,
    pub(crate) context: &'call Context,
}

/// What a tool may take as an argument of its method.
#[diagnostic::on_unimplemented(
    message = "a tool cannot take `{Self}`",
    label = "not an argument of a tool",
    note = "put what the client sends into a struct that derives `Deserialize` and `JsonSchema`, and take it as \
            `Parameters(args): Parameters<Args>`; a tool may take `&Context` and `Meta` besides"
)]
pub trait FromCall<'call>: Sized {
    /// The schema of the arguments, if this is what takes them.
    fn input_schema() -> Option<Schema> {
        None
    }

    /// The value for this call.
    ///
    /// # Errors
    ///
    /// When the request does not hold it; the message says where and why.
    fn from_call(call: &Call<'call>) -> Result<Self, ProtocolError>;
}

/// What `Parameters` takes; it is not implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`Parameters<{Self}>` needs a schema and a way from JSON",
    label = "cannot be the arguments of a tool",
    note = "write `#[derive(serde::Deserialize, schemars::JsonSchema)]` on `{Self}`"
)]
pub trait Arguments: DeserializeOwned + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> Arguments for T {}

impl<'call, T: Arguments> FromCall<'call> for Parameters<T> {
    fn input_schema() -> Option<Schema> {
        Some(schema::of_input::<T>())
    }

    fn from_call(call: &Call<'call>) -> Result<Self, ProtocolError> {
        if let Ok(arguments) = serde_json::from_str(call.arguments) {
            return Ok(Self(arguments));
        }
        let mut json = serde_json::Deserializer::from_str(call.arguments);
        match serde_path_to_error::deserialize(&mut json) {
            Ok(arguments) => Ok(Self(arguments)),
            Err(error) => {
                let path = error.path().to_string();
                Err(unfit(call.tool, &path, &error.into_inner()))
            }
        }
    }
}

/// Names the tool, the place and the reason. The place in the text, which serde_json adds, would
/// mean nothing to whoever sent an object.
fn unfit(tool: &str, path: &str, error: &serde_json::Error) -> ProtocolError {
    let reason = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = reason.strip_suffix(&place).unwrap_or(&reason);
    let message = match path {
        "" | "." => format!("Invalid arguments for tool {tool}: {reason}"),
        path => format!("Invalid arguments for tool {tool}: {path}: {reason}"),
    };
    ProtocolError::invalid_params(message, None)
}

impl<'call> FromCall<'call> for &'call Context {
    fn from_call(call: &Call<'call>) -> Result<Self, ProtocolError> {
        Ok(call.context)
    }
}

impl FromCall<'_> for Context {
    fn from_call(call: &Call<'_>) -> Result<Self, ProtocolError> {
        Ok(call.context.clone())
    }
}

impl FromCall<'_> for Meta {
    fn from_call(call: &Call<'_>) -> Result<Self, ProtocolError> {
        let meta = call.meta.map(serde_json::from_str).transpose();
        meta.map(|meta| Self(meta.unwrap_or_default()))
            .map_err(|error| {
                ProtocolError::invalid_params(format!("`_meta` is not an object: {error}"), None)
            })
    }
}
