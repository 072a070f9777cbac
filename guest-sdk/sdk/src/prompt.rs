//! The prompts of a server: what the catalogue says of each, and how each is expanded.
//!
//! A server without prompts has an empty router, and none of this ends up in its module.

use std::ops::Add;

use schemars::Schema;
use serde::Serialize;
use serde_json::Value;

use crate::content::{Content, JsonObject, ResourceContents, Role};
use crate::error::{IntoProtocolError, ProtocolError};
use crate::icon::Icon;
use crate::parameters::Call;
use crate::router::refuse_twice;

/// A prompt as the catalogue holds it: MCP 2026-07-28, `Prompt`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prompt {
    /// What clients call it.
    pub name: String,
    /// A title for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<PromptArgument>,
    /// Pictures of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
    /// `_meta`.
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
}

/// One argument of a prompt. Its value is always a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromptArgument {
    /// Its name, for programs.
    pub name: String,
    /// Its title, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the prompt cannot do without it.
    pub required: bool,
}

/// One message that a prompt puts into the conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromptMessage {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: Content,
}

/// The result object of `prompts/get`, for full control of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GetPromptResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    messages: Vec<PromptMessage>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<JsonObject>,
}

impl Prompt {
    /// A prompt that takes these arguments.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        arguments: Vec<PromptArgument>,
    ) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: Some(description.into()),
            arguments,
            icons: Vec::new(),
            meta: None,
        }
    }
}

impl PromptArgument {
    /// An argument that may be left out.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: None,
            required: false,
        }
    }

    /// Adds what it is for.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Says whether the prompt cannot do without it.
    #[must_use]
    pub fn with_required(mut self, required: bool) -> Self {
        self.required = required;
        self
    }
}

impl PromptMessage {
    /// A message of any content.
    pub fn new(role: Role, content: Content) -> Self {
        Self { role, content }
    }

    /// A text.
    pub fn new_text(role: Role, text: impl Into<String>) -> Self {
        Self::new(role, Content::text(text))
    }

    /// A resource with its contents.
    pub fn new_resource(role: Role, resource: ResourceContents) -> Self {
        Self::new(role, Content::resource(resource))
    }
}

impl GetPromptResult {
    /// These messages.
    pub fn new(messages: Vec<PromptMessage>) -> Self {
        Self {
            description: None,
            messages,
            meta: None,
        }
    }

    /// Adds what the messages are for.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds `_meta`.
    #[must_use]
    pub fn with_meta(mut self, meta: JsonObject) -> Self {
        self.meta = Some(meta);
        self
    }
}

/// What a prompt may return.
#[diagnostic::on_unimplemented(
    message = "a prompt cannot return `{Self}`",
    label = "not a result of a prompt",
    note = "return a text of the user (`String`), messages (`PromptMessage`, `Vec<PromptMessage>`), \
            a `GetPromptResult`, or a `Result` of one of them"
)]
pub trait IntoGetPromptResult {
    /// The result object.
    ///
    /// # Errors
    ///
    /// What the client is answered instead.
    fn into_get_prompt_result(self) -> Result<GetPromptResult, ProtocolError>;
}

impl IntoGetPromptResult for GetPromptResult {
    fn into_get_prompt_result(self) -> Result<GetPromptResult, ProtocolError> {
        Ok(self)
    }
}

impl IntoGetPromptResult for Vec<PromptMessage> {
    fn into_get_prompt_result(self) -> Result<GetPromptResult, ProtocolError> {
        Ok(GetPromptResult::new(self))
    }
}

impl IntoGetPromptResult for PromptMessage {
    fn into_get_prompt_result(self) -> Result<GetPromptResult, ProtocolError> {
        Ok(GetPromptResult::new(vec![self]))
    }
}

impl IntoGetPromptResult for String {
    fn into_get_prompt_result(self) -> Result<GetPromptResult, ProtocolError> {
        PromptMessage::new_text(Role::User, self).into_get_prompt_result()
    }
}

impl IntoGetPromptResult for &str {
    fn into_get_prompt_result(self) -> Result<GetPromptResult, ProtocolError> {
        self.to_owned().into_get_prompt_result()
    }
}

impl<T: IntoGetPromptResult, E: IntoProtocolError> IntoGetPromptResult for Result<T, E> {
    fn into_get_prompt_result(self) -> Result<GetPromptResult, ProtocolError> {
        self.map_err(E::into_protocol_error)?
            .into_get_prompt_result()
    }
}

/// One prompt of the server `S` and the way to it. `#[prompt]` makes it.
#[derive(Debug)]
pub struct PromptRoute<S> {
    /// What clients call it.
    pub name: &'static str,
    /// What the catalogue says of it.
    pub prompt: fn() -> Prompt,
    /// Expands it.
    pub get: for<'call> fn(&'call S, &Call<'call>) -> Result<GetPromptResult, ProtocolError>,
}

/// The prompts of the server `S`, in the order they were written. Routers add up with `+`.
#[derive(Debug)]
pub struct PromptRouter<S> {
    routes: Vec<PromptRoute<S>>,
}

impl<S> PromptRouter<S> {
    /// A router with these prompts.
    pub fn new(routes: Vec<PromptRoute<S>>) -> Self {
        Self { routes }
    }

    /// The prompts for the catalogue.
    ///
    /// # Panics
    ///
    /// When two prompts have one name, which only adding routers can bring about.
    pub(crate) fn list(&self) -> Vec<Prompt> {
        refuse_twice("prompt", self.routes.iter().map(|route| route.name));
        self.routes.iter().map(|route| (route.prompt)()).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// MCP 2026-07-28, server/prompts, Error Handling: an unknown prompt is a protocol error.
    pub(crate) fn get(
        &self,
        server: &S,
        call: &Call<'_>,
    ) -> Result<GetPromptResult, ProtocolError> {
        match self.routes.iter().find(|route| route.name == call.name) {
            Some(route) => (route.get)(server, call),
            None => {
                let message = format!("Unknown prompt: {}", call.name);
                Err(ProtocolError::invalid_params(message, None))
            }
        }
    }
}

impl<S> Default for PromptRouter<S> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<S> Add for PromptRouter<S> {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        self
    }
}

/// The arguments that a schema's fields are.
///
/// # Panics
///
/// When a field is no text; the message names it.
pub(crate) fn arguments_of(prompt: &str, schema: &Schema) -> Vec<PromptArgument> {
    crate::schema::assert_texts(
        schema,
        &format!("prompt `{prompt}`"),
        "argument of a prompt",
    );
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    let fields = schema.get("properties").and_then(Value::as_object);
    let fields = fields.into_iter().flatten().map(|(name, field)| {
        let text = |key| field.get(key).and_then(Value::as_str).map(str::to_owned);
        PromptArgument {
            title: text("title"),
            description: text("description"),
            required: is_required(name),
            name: name.clone(),
        }
    });
    fields.collect()
}
