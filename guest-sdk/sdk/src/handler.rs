//! A server as the contract sees it: the five functions of `handler`, JSON in and JSON out.
//!
//! It knows nothing of WebAssembly: a module and the test harness both call these functions.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

use crate::content::JsonObject;
use crate::context::Context;
use crate::error::ProtocolError;
use crate::parameters::Call;
use crate::router::{Card, ToolRouter};
use crate::writer;

/// What a server offers. `#[tool_router(server_handler)]` implements it for a server that has
/// tools and nothing more to say.
///
/// Each call is answered by a server fresh from `Default`: nothing is kept between calls.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a server",
    label = "does not implement `ServerHandler`",
    note = "write `#[tool_router(server_handler)]` on the `impl {Self}` block that holds its tools, \
            or implement `ServerHandler` for it"
)]
pub trait ServerHandler: Default {
    /// What a model should know before it uses the server.
    fn instructions() -> Option<String> {
        None
    }

    /// The tools.
    fn tools() -> ToolRouter<Self> {
        ToolRouter::default()
    }

    /// Answers `resources/read`: from its parameters to its result.
    ///
    /// # Errors
    ///
    /// Unless the server overrides it: there are no resources.
    fn read_resource(&self, _: JsonObject, _: &Context) -> Result<JsonObject, ProtocolError> {
        Err(ProtocolError::method_not_found(
            "This server has no resources",
            None,
        ))
    }

    /// Answers `prompts/get`: from its parameters to its result.
    ///
    /// # Errors
    ///
    /// Unless the server overrides it: there are no prompts.
    fn get_prompt(&self, _: JsonObject, _: &Context) -> Result<JsonObject, ProtocolError> {
        Err(ProtocolError::method_not_found(
            "This server has no prompts",
            None,
        ))
    }

    /// Answers `completion/complete`: from its parameters to its result.
    ///
    /// # Errors
    ///
    /// Unless the server overrides it: there is nothing to complete.
    fn complete(&self, _: JsonObject, _: &Context) -> Result<JsonObject, ProtocolError> {
        Err(ProtocolError::method_not_found(
            "This server has no completions",
            None,
        ))
    }
}

/// The catalogue. Members are written in the order of this struct, so the same module always
/// describes itself with the same bytes.
#[derive(Serialize)]
struct Catalogue {
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Card>,
}

/// The parameters of `tools/call`; members this SDK does not know are ignored.
#[derive(Deserialize)]
struct CallToolParams<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "_meta")]
    meta: Option<&'a RawValue>,
}

/// Answers `describe`.
///
/// # Panics
///
/// When the author made a mistake that the compiler could not see; the message names the mend.
pub(crate) fn describe<S: ServerHandler>() -> String {
    let catalogue = Catalogue {
        instructions: S::instructions(),
        tools: S::tools().cards(),
    };
    match serde_json::to_string(&catalogue) {
        Ok(json) => json,
        Err(error) => panic!("the catalogue does not serialize: {error}"),
    }
}

/// Answers `call-tool`.
///
/// # Errors
///
/// When the request does not parse, the tool is unknown, its arguments do not fit, or the tool
/// itself answers an error of the protocol.
pub(crate) fn call_tool<S: ServerHandler>(
    request: &str,
    context: &Context,
) -> Result<String, ProtocolError> {
    let params: CallToolParams<'_> = parse(request)?;
    let arguments = params.arguments.map_or("{}", RawValue::get);
    if !arguments.starts_with('{') {
        let message = format!(
            "Invalid arguments for tool {}: they are not an object",
            params.name
        );
        return Err(ProtocolError::invalid_params(message, None));
    }
    let call = Call {
        tool: &params.name,
        arguments,
        meta: params.meta.map(RawValue::get),
        context,
    };
    let result = S::tools().call(&S::default(), &call)?;
    writer::result(&result).map_err(not_json)
}

/// Answers `read-resource`.
///
/// # Errors
///
/// Those of [`ServerHandler::read_resource`], or when the request does not parse.
pub(crate) fn read_resource<S: ServerHandler>(
    request: &str,
    context: &Context,
) -> Result<String, ProtocolError> {
    write(&S::default().read_resource(parse(request)?, context)?)
}

/// Answers `get-prompt`.
///
/// # Errors
///
/// Those of [`ServerHandler::get_prompt`], or when the request does not parse.
pub(crate) fn get_prompt<S: ServerHandler>(
    request: &str,
    context: &Context,
) -> Result<String, ProtocolError> {
    write(&S::default().get_prompt(parse(request)?, context)?)
}

/// Answers `complete`.
///
/// # Errors
///
/// Those of [`ServerHandler::complete`], or when the request does not parse.
pub(crate) fn complete<S: ServerHandler>(
    request: &str,
    context: &Context,
) -> Result<String, ProtocolError> {
    write(&S::default().complete(parse(request)?, context)?)
}

fn parse<'a, T: Deserialize<'a>>(request: &'a str) -> Result<T, ProtocolError> {
    serde_json::from_str(request).map_err(|error| {
        ProtocolError::invalid_params(
            format!("The request's parameters do not parse: {error}"),
            None,
        )
    })
}

fn write(result: &impl Serialize) -> Result<String, ProtocolError> {
    serde_json::to_string(result).map_err(not_json)
}

fn not_json(error: serde_json::Error) -> ProtocolError {
    ProtocolError::internal_error(format!("The result does not serialize: {error}"), None)
}
