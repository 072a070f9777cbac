//! A server as the contract sees it: its exported functions, JSON in and JSON out.
//!
//! It knows nothing of WebAssembly: a module and the test harness both call these functions.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

use crate::content::Resource;
use crate::context::Context;
use crate::error::ProtocolError;
use crate::icon::Icon;
use crate::parameters::Call;
use crate::prompt::{Prompt, PromptRouter};
use crate::requests::{
    CompleteRequestParams, CompletionInfo, ListResourcesResult, PaginatedRequestParams,
    ReadResourceRequestParams,
};
use crate::resource::{self, ReadResourceResult, ResourceRouter, ResourceTemplate};
use crate::router::{Tool, ToolRouter};
use crate::writer;

/// What a server offers. `#[tool_router(server_handler)]` implements it for a server that has
/// tools and nothing more to say; `#[tool_handler]`, `#[prompt_handler]` and `#[resource_handler]`
/// on one `impl ServerHandler` block fill in the parts of a server that has several.
///
/// Each call is answered by a server fresh from `Default`: nothing is kept between calls but
/// what is [stored](Context::kv).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a server",
    label = "does not implement `ServerHandler`",
    note = "write `#[tool_router(server_handler)]` on the `impl {Self}` block that holds its tools, \
            or implement `ServerHandler` for it"
)]
pub trait ServerHandler: Default {
    /// Whether [`list_resources`](Self::list_resources) answers, and not the catalogue. The
    /// macros set it where that function is written.
    const DYNAMIC_RESOURCES: bool = false;

    /// Whether [`complete`](Self::complete) proposes anything. The macros set it where that
    /// function is written.
    const COMPLETIONS: bool = false;

    /// What a model should know before it uses the server.
    fn instructions() -> Option<String> {
        None
    }

    /// Pictures of the server.
    fn icons() -> Vec<Icon> {
        Vec::new()
    }

    /// The tools.
    fn tools() -> ToolRouter<Self> {
        ToolRouter::default()
    }

    /// The prompts.
    fn prompts() -> PromptRouter<Self> {
        PromptRouter::default()
    }

    /// The resources and their templates.
    fn resources() -> ResourceRouter<Self> {
        ResourceRouter::default()
    }

    /// Answers `resources/list`, for a server whose resources come and go.
    ///
    /// # Errors
    ///
    /// Unless the server overrides it: the catalogue has the list.
    fn list_resources(
        &self,
        _: PaginatedRequestParams,
        _: &Context,
    ) -> Result<ListResourcesResult, ProtocolError> {
        Err(no_method(CATALOGUE_LISTS))
    }

    /// Answers `resources/read` for a URI that no route of [`resources`](Self::resources) has, in
    /// a server that has some or whose resources come and go.
    ///
    /// # Errors
    ///
    /// Unless the server overrides it: there is no such resource.
    fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: &Context,
    ) -> Result<ReadResourceResult, ProtocolError> {
        Err(resource::not_found(&request.uri))
    }

    /// Answers `completion/complete`.
    ///
    /// # Errors
    ///
    /// Unless the server overrides it: there is nothing to complete.
    fn complete(
        &self,
        _: CompleteRequestParams,
        _: &Context,
    ) -> Result<CompletionInfo, ProtocolError> {
        Err(no_method("This server has no completions"))
    }
}

const CATALOGUE_LISTS: &str = "This server's resources are those of its catalogue";

/// What is not offered is refused before anything is read, so that a module without it has no code
/// for it.
fn no_method(message: &str) -> ProtocolError {
    ProtocolError::method_not_found(message, None)
}

/// The catalogue. Members are written in the order of this struct, so the same module always
/// describes itself with the same bytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    icons: Vec<Icon>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prompts: Vec<Prompt>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Resource>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_templates: Vec<ResourceTemplate>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dynamic_resources: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    completions: bool,
}

/// The parameters of `resources/read`, as a route needs them.
#[derive(Deserialize)]
struct ReadParams<'a> {
    #[serde(borrow)]
    uri: Cow<'a, str>,
    #[serde(borrow, default, rename = "_meta")]
    meta: Option<&'a RawValue>,
}

/// The parameters of `tools/call` and of `prompts/get`; members this SDK does not know are ignored.
#[derive(Deserialize)]
struct CallParams<'a> {
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
    let (resources, resource_templates) = S::resources().list();
    let catalogue = Catalogue {
        instructions: S::instructions(),
        icons: S::icons(),
        tools: S::tools().list(),
        prompts: S::prompts().list(),
        resources,
        resource_templates,
        dynamic_resources: S::DYNAMIC_RESOURCES,
        completions: S::COMPLETIONS,
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
    let params: CallParams<'_> = parse(request)?;
    let call = params.call("tool", context)?;
    let result = S::tools().call(&S::default(), &call)?;
    writer::result(&result).map_err(not_json)
}

/// Answers `read-resource`.
///
/// # Errors
///
/// Those of the resource, or when the request does not parse or there is no such resource.
pub(crate) fn read_resource<S: ServerHandler>(
    request: &str,
    context: &Context,
) -> Result<String, ProtocolError> {
    let resources = S::resources();
    if resources.is_empty() && !S::DYNAMIC_RESOURCES {
        return Err(no_method("This server has no resources"));
    }
    let params: ReadParams<'_> = parse(request)?;
    let call = Call {
        sort: "resource",
        name: &params.uri,
        arguments: "{}",
        meta: params.meta.map(RawValue::get),
        context,
    };
    let server = S::default();
    let result = match resources.read(&server, &call) {
        Some(result) => result?,
        None => server.read_resource(parse(request)?, context)?,
    };
    write(&result)
}

/// Answers `list-resources`.
///
/// # Errors
///
/// Those of [`ServerHandler::list_resources`], or when the request does not parse.
pub(crate) fn list_resources<S: ServerHandler>(
    request: &str,
    context: &Context,
) -> Result<String, ProtocolError> {
    if !S::DYNAMIC_RESOURCES {
        return Err(no_method(CATALOGUE_LISTS));
    }
    write(&S::default().list_resources(parse(request)?, context)?)
}

/// Answers `get-prompt`.
///
/// # Errors
///
/// Those of the prompt, or when the request does not parse or there is no such prompt.
pub(crate) fn get_prompt<S: ServerHandler>(
    request: &str,
    context: &Context,
) -> Result<String, ProtocolError> {
    let prompts = S::prompts();
    if prompts.is_empty() {
        return Err(no_method("This server has no prompts"));
    }
    let params: CallParams<'_> = parse(request)?;
    let call = params.call("prompt", context)?;
    write(&prompts.get(&S::default(), &call)?)
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
    #[derive(Serialize)]
    struct CompleteResult {
        completion: CompletionInfo,
    }
    if !S::COMPLETIONS {
        return Err(no_method("This server has no completions"));
    }
    let completion = S::default().complete(parse(request)?, context)?;
    write(&CompleteResult { completion })
}

impl CallParams<'_> {
    fn call<'call>(
        &'call self,
        sort: &'static str,
        context: &'call Context,
    ) -> Result<Call<'call>, ProtocolError> {
        let arguments = self.arguments.map_or("{}", RawValue::get);
        if !arguments.starts_with('{') {
            let message = format!(
                "Invalid arguments for {sort} {}: they are not an object",
                self.name
            );
            return Err(ProtocolError::invalid_params(message, None));
        }
        Ok(Call {
            sort,
            name: &self.name,
            arguments,
            meta: self.meta.map(RawValue::get),
            context,
        })
    }
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
