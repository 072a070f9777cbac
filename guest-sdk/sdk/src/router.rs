//! The tools of a server: what the catalogue says of each, and how each is called.
//!
//! `#[tool_router]` writes the entries. The schemas are functions, so that a call pays for none.

use std::ops::Add;

use schemars::Schema;
use serde::Serialize;

use crate::error::ProtocolError;
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

/// One tool of the server `S`. `#[tool]` makes it.
#[derive(Debug)]
pub struct Tool<S> {
    /// What clients call it.
    pub name: &'static str,
    /// A title for people.
    pub title: Option<&'static str>,
    /// What a model reads to choose it.
    pub description: &'static str,
    /// Hints.
    pub annotations: ToolAnnotations,
    /// The schema of its arguments.
    pub input_schema: fn() -> Schema,
    /// The schema of its structured result.
    pub output_schema: fn() -> Option<Schema>,
    /// Calls it.
    pub call: for<'call> fn(&'call S, &Call<'call>) -> Result<CallToolResult, ProtocolError>,
}

/// The tools of the server `S`, in the order they were written. Routers add up with `+`.
#[derive(Debug)]
pub struct ToolRouter<S> {
    tools: Vec<Tool<S>>,
}

/// A tool as the catalogue holds it: MCP 2026-07-28, `Tool`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Card {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    description: &'static str,
    input_schema: Schema,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<Schema>,
    #[serde(skip_serializing_if = "is_default")]
    annotations: ToolAnnotations,
}

fn is_default(annotations: &ToolAnnotations) -> bool {
    *annotations == ToolAnnotations::default()
}

impl<S> Tool<S> {
    fn card(&self) -> Card {
        let Self {
            name,
            title,
            description,
            annotations,
            ..
        } = *self;
        let input_schema = (self.input_schema)();
        schema::assert_object(&input_schema, name, "the arguments of a tool");
        let output_schema = (self.output_schema)();
        if let Some(output_schema) = &output_schema {
            schema::assert_object(output_schema, name, "the structured result of a tool");
        }
        Card {
            name,
            title,
            description,
            input_schema,
            output_schema,
            annotations,
        }
    }
}

impl<S> ToolRouter<S> {
    /// A router with these tools.
    pub fn new(tools: Vec<Tool<S>>) -> Self {
        Self { tools }
    }

    /// The tools for the catalogue.
    ///
    /// # Panics
    ///
    /// When two tools have one name, which only adding routers can bring about.
    pub(crate) fn cards(&self) -> Vec<Card> {
        let mut names: Vec<_> = self.tools.iter().map(|tool| tool.name).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            panic!(
                "two tools are named `{}`: rename one with `#[tool(name = \"...\")]`",
                pair[0]
            );
        }
        self.tools.iter().map(Tool::card).collect()
    }

    pub(crate) fn call(
        &self,
        server: &S,
        call: &Call<'_>,
    ) -> Result<CallToolResult, ProtocolError> {
        match self.tools.iter().find(|tool| tool.name == call.tool) {
            Some(tool) => (tool.call)(server, call),
            None => Err(unknown(call.tool)),
        }
    }
}

/// MCP 2026-07-28, server/tools, Error Handling: an unknown tool is a protocol error.
fn unknown(tool: &str) -> ProtocolError {
    ProtocolError::invalid_params(format!("Unknown tool: {tool}"), None)
}

impl<S> Default for ToolRouter<S> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<S> Add for ToolRouter<S> {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.tools.extend(other.tools);
        self
    }
}
