//! A message from the client's model: `sampling/createMessage`. MCP 2026-07-28, client/sampling.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{AskError, Question, parse, request};
use crate::content::{Content, JsonObject, Role};

/// What the client's model is asked to write.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateMessageRequestParams {
    #[serde(skip)]
    id: Option<String>,
    messages: Vec<SamplingMessage>,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_preferences: Option<ModelPreferences>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<JsonObject>,
}

/// One message of the conversation that the model goes on with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SamplingMessage {
    role: Role,
    content: Value,
}

/// Which model the client should choose. Hints: the client decides.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelPreferences {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hints: Vec<ModelHint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_priority: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speed_priority: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intelligence_priority: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ModelHint {
    name: String,
}

/// What the client's model wrote.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateMessageResult {
    /// Which model it was.
    pub model: String,
    /// Why it stopped, such as `endTurn`, `maxTokens` or `toolUse`.
    #[serde(default)]
    pub stop_reason: Option<String>,
    /// A block of content, or an array of them, as the client sent it.
    pub content: Value,
}

impl CreateMessageRequestParams {
    /// A conversation to go on with, and how long the answer may be.
    pub fn new(messages: Vec<SamplingMessage>, max_tokens: u32) -> Self {
        Self {
            id: None,
            messages,
            max_tokens,
            system_prompt: None,
            model_preferences: None,
            temperature: None,
            stop_sequences: Vec::new(),
            tools: None,
            tool_choice: None,
            metadata: None,
        }
    }

    /// Names the question; the client sees it.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// What the model is told before the conversation.
    #[must_use]
    pub fn with_system_prompt(mut self, system_prompt: impl Into<String>) -> Self {
        self.system_prompt = Some(system_prompt.into());
        self
    }

    /// Which model to choose.
    #[must_use]
    pub fn with_model_preferences(mut self, preferences: ModelPreferences) -> Self {
        self.model_preferences = Some(preferences);
        self
    }

    /// How freely the model chooses its words.
    #[must_use]
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Texts at which the model stops.
    #[must_use]
    pub fn with_stop_sequences(mut self, stop_sequences: Vec<String>) -> Self {
        self.stop_sequences = stop_sequences;
        self
    }

    /// Tools that the model may ask for: an array of MCP's `Tool`. What it asks for stands in the
    /// answer's `content` as blocks of the type `tool_use`; the server acts on them and asks again.
    #[must_use]
    pub fn with_tools(mut self, tools: Value) -> Self {
        self.tools = Some(tools);
        self
    }

    /// Whether the model must use a tool: MCP's `ToolChoice`, such as `{"mode": "required"}`.
    #[must_use]
    pub fn with_tool_choice(mut self, tool_choice: Value) -> Self {
        self.tool_choice = Some(tool_choice);
        self
    }

    /// More for the provider of the model, in its own words.
    #[must_use]
    pub fn with_metadata(mut self, metadata: JsonObject) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

/// One text of the user, and at most 1,000 tokens.
impl From<&str> for CreateMessageRequestParams {
    fn from(text: &str) -> Self {
        Self::new(vec![SamplingMessage::user_text(text)], 1_000)
    }
}

impl SamplingMessage {
    /// A message of one block.
    pub fn new(role: Role, content: Content) -> Self {
        Self::raw(role, json!(content))
    }

    /// A message in JSON: a block or an array of them, with `tool_use` and `tool_result` too.
    pub fn raw(role: Role, content: Value) -> Self {
        Self { role, content }
    }

    /// A text of the user.
    pub fn user_text(text: impl Into<String>) -> Self {
        Self::new(Role::User, Content::text(text))
    }

    /// A text of the model.
    pub fn assistant_text(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, Content::text(text))
    }
}

impl ModelPreferences {
    /// No preference.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name, or a part of one; those added first matter most.
    #[must_use]
    pub fn with_hint(mut self, name: impl Into<String>) -> Self {
        self.hints.push(ModelHint { name: name.into() });
        self
    }

    /// How much a low price matters, from 0 to 1.
    #[must_use]
    pub fn with_cost_priority(mut self, priority: f64) -> Self {
        self.cost_priority = Some(priority);
        self
    }

    /// How much speed matters, from 0 to 1.
    #[must_use]
    pub fn with_speed_priority(mut self, priority: f64) -> Self {
        self.speed_priority = Some(priority);
        self
    }

    /// How much ability matters, from 0 to 1.
    #[must_use]
    pub fn with_intelligence_priority(mut self, priority: f64) -> Self {
        self.intelligence_priority = Some(priority);
        self
    }
}

impl CreateMessageResult {
    /// The text of all text blocks, a line each.
    pub fn text(&self) -> String {
        let blocks = match &self.content {
            Value::Array(blocks) => blocks.as_slice(),
            block => std::slice::from_ref(block),
        };
        let texts = blocks
            .iter()
            .filter_map(|block| block.get("text")?.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }
}

impl Question for CreateMessageRequestParams {
    type Answer = CreateMessageResult;

    fn name(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn request(&self) -> Result<Value, AskError> {
        Ok(request("sampling/createMessage", json!(self)))
    }

    fn read(&self, answer: &str) -> Result<CreateMessageResult, AskError> {
        parse(answer)
    }
}
