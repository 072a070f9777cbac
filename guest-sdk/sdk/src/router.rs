//! The tools of a server: what the catalogue says of each, and how each is called.
//!
//! `#[tool_router]` writes the routes. What the catalogue says is behind a function, so that a call
//! pays for none of it.

use std::ops::Add;

use schemars::Schema;
use serde::Serialize;

use crate::content::JsonObject;
use crate::error::ProtocolError;
use crate::icon::Icon;
use crate::parameters::Call;
use crate::result::CallToolResult;
use crate::schema;

/// What is known of a tool without running it. Hints, not promises: a client does not trust them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolAnnotations {
    /// A title for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'static str>,
    /// The tool changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only_hint: Option<bool>,
    /// The tool may destroy something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destructive_hint: Option<bool>,
    /// Calling it again with the same arguments changes nothing more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent_hint: Option<bool>,
    /// The tool deals with a world outside of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_world_hint: Option<bool>,
}

/// Whether a call of a tool may go on without its client, as a task: the `task` of `#[tool]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskSupport {
    /// It may not.
    #[default]
    Forbidden,
    /// It may, if the client takes tasks.
    Optional,
    /// It must: a client that takes no tasks cannot call it.
    Required,
}

/// How a tool is run: MCP 2025-11-25, `ToolExecution`. Clients are not told it here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolExecution {
    /// Whether a call of it may go on as a task.
    pub task_support: TaskSupport,
}

/// A tool as the catalogue holds it: MCP 2026-07-28, `Tool`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// What clients call it.
    pub name: String,
    /// A title for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What a model reads to choose it.
    pub description: String,
    /// The schema of its arguments, which are an object.
    pub input_schema: Schema,
    /// The schema of its structured result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Schema>,
    /// Hints.
    #[serde(skip_serializing_if = "is_default")]
    pub annotations: ToolAnnotations,
    /// How it is run.
    #[serde(skip_serializing_if = "is_default")]
    pub execution: ToolExecution,
    /// Pictures of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
    /// `_meta`, such as `{"ui": {"resourceUri": ...}}` of MCP Apps.
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Tool {
    /// A tool with nothing but what it must have.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        input_schema: Schema,
    ) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: description.into(),
            input_schema,
            output_schema: None,
            annotations: ToolAnnotations::default(),
            execution: ToolExecution::default(),
            icons: Vec::new(),
            meta: None,
        }
    }
}

/// One tool of the server `S` and the way to it. `#[tool]` makes it.
#[derive(Debug)]
pub struct ToolRoute<S> {
    /// What clients call it.
    pub name: &'static str,
    /// What the catalogue says of it.
    pub tool: fn() -> Tool,
    /// Calls it.
    pub call: for<'call> fn(&'call S, &Call<'call>) -> Result<CallToolResult, ProtocolError>,
}

/// The tools of the server `S`, in the order they were written. Routers add up with `+`.
#[derive(Debug)]
pub struct ToolRouter<S> {
    routes: Vec<ToolRoute<S>>,
}

impl<S> ToolRouter<S> {
    /// A router with these tools.
    pub fn new(routes: Vec<ToolRoute<S>>) -> Self {
        Self { routes }
    }

    /// The tools for the catalogue.
    ///
    /// # Panics
    ///
    /// When two tools have one name, which only adding routers can bring about, or when the
    /// arguments of one are no object.
    pub(crate) fn list(&self) -> Vec<Tool> {
        refuse_twice("tool", self.routes.iter().map(|route| route.name));
        let tools: Vec<_> = self.routes.iter().map(|route| (route.tool)()).collect();
        for tool in &tools {
            schema::assert_object(&tool.input_schema, &tool.name);
        }
        tools
    }

    /// Whether a tool says of itself that it only reads.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn is_read_only(&self, tool: &str) -> bool {
        let route = self.routes.iter().find(|route| route.name == tool);
        route.is_some_and(|route| (route.tool)().annotations.read_only_hint == Some(true))
    }

    /// Whether a call of a tool may go on as a task.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn task_support(&self, tool: &str) -> TaskSupport {
        let route = self.routes.iter().find(|route| route.name == tool);
        route.map_or(TaskSupport::Forbidden, |route| {
            (route.tool)().execution.task_support
        })
    }

    pub(crate) fn call(
        &self,
        server: &S,
        call: &Call<'_>,
    ) -> Result<CallToolResult, ProtocolError> {
        match self.routes.iter().find(|route| route.name == call.name) {
            Some(route) => (route.call)(server, call),
            None => Err(unknown(call.name)),
        }
    }
}

/// MCP 2026-07-28, server/tools, Error Handling: an unknown tool is a protocol error.
fn unknown(tool: &str) -> ProtocolError {
    ProtocolError::invalid_params(format!("Unknown tool: {tool}"), None)
}

/// Refuses two routes of one name.
///
/// # Panics
///
/// With the name and the mend, for the author to read.
pub(crate) fn refuse_twice(sort: &str, names: impl Iterator<Item = &'static str>) {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let key = if sort == "resource" { "uri" } else { "name" };
        panic!(
            "two {sort}s are named `{}`: rename one with `#[{sort}({key} = \"...\")]`",
            pair[0]
        );
    }
}

impl<S> Default for ToolRouter<S> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<S> Add for ToolRouter<S> {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        self
    }
}
