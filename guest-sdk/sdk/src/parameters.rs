//! What a tool, a prompt or a resource takes: its arguments, the call's context, the request's
//! `_meta`.
//!
//! Arguments that do not fit are refused before it runs, with the path of what is wrong.

use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;

use crate::content::JsonObject;
use crate::context::Context;
use crate::error::ProtocolError;
use crate::schema;

/// The arguments of a tool or a prompt, or the variables in the URI of a resource: `T` is a struct that derives `Deserialize` and `JsonSchema`. Its
/// schema goes into the catalogue, with the doc comments of its fields as descriptions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parameters<T>(pub T);

/// The `_meta` of the request; empty when the client sent none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meta(pub JsonObject);

/// One call of one tool, prompt or resource, as the arguments of the method are taken from it.
#[derive(Debug)]
pub struct Call<'call> {
    /// Which of the three it is, for messages.
    pub(crate) sort: &'static str,
    /// The name of the tool or prompt, or the URI of the resource.
    pub(crate) name: &'call str,
    /// A JSON object.
    pub(crate) arguments: &'call str,
    /// A JSON object.
    pub(crate) meta: Option<&'call str>,
    pub(crate) context: &'call Context,
}

/// What a tool, a prompt or a resource may take as an argument of its method.
#[diagnostic::on_unimplemented(
    message = "a tool, prompt or resource cannot take `{Self}`",
    label = "not an argument of a tool, prompt or resource",
    note = "put what the client sends into a struct that derives `Deserialize` and `JsonSchema`, and take it as \
            `Parameters(args): Parameters<Args>`; `&Context` and `Meta` may be taken besides"
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
    label = "cannot be taken from a client",
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
                Err(unfit(call, &path, &error.into_inner()))
            }
        }
    }
}

/// Names what was called, the place and the reason. The place in the text, which serde_json adds, would
/// mean nothing to whoever sent an object.
fn unfit(call: &Call<'_>, path: &str, error: &serde_json::Error) -> ProtocolError {
    let reason = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = reason.strip_suffix(&place).unwrap_or(&reason);
    let Call { sort, name, .. } = call;
    let message = match path {
        "" | "." => format!("Invalid arguments for {sort} {name}: {reason}"),
        path => format!("Invalid arguments for {sort} {name}: {path}: {reason}"),
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
