//! What a server answered, as a test reads it.

use serde_json::Value;

use crate::content::JsonObject;

/// What `tools/call` answered with, when it was not an error of the protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub(super) result: JsonObject,
}

/// What `prompts/get` answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptOutcome {
    pub(super) result: JsonObject,
}

/// What `resources/read` answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceOutcome {
    pub(super) result: JsonObject,
}

impl Outcome {
    /// The text of all text blocks, a line each.
    pub fn text(&self) -> String {
        let blocks = self.result.get("content").and_then(Value::as_array);
        let texts = blocks
            .into_iter()
            .flatten()
            .filter_map(|block| block.get("text")?.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The structured content; `null` when there is none.
    pub fn structured(&self) -> &Value {
        self.result.get("structuredContent").unwrap_or(&Value::Null)
    }

    /// Whether the tool failed.
    pub fn is_error(&self) -> bool {
        self.result.get("isError") == Some(&Value::Bool(true))
    }

    /// The result object of `tools/call`, as the client gets it.
    pub fn result(&self) -> &JsonObject {
        &self.result
    }
}

impl PromptOutcome {
    /// The messages.
    pub fn messages(&self) -> &[Value] {
        array(&self.result, "messages")
    }

    /// The text of all messages that are text, a line each.
    pub fn text(&self) -> String {
        let messages = self.messages().iter();
        let texts = messages.filter_map(|message| message.get("content")?.get("text")?.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The result object of `prompts/get`, as the client gets it.
    pub fn result(&self) -> &JsonObject {
        &self.result
    }
}

impl ResourceOutcome {
    /// The contents.
    pub fn contents(&self) -> &[Value] {
        array(&self.result, "contents")
    }

    /// The text of the first contents; empty when they are bytes.
    pub fn text(&self) -> &str {
        self.of_first("text")
    }

    /// The bytes of the first contents in base64; empty when they are text.
    pub fn blob(&self) -> &str {
        self.of_first("blob")
    }

    /// The media type of the first contents; empty when they have none.
    pub fn mime_type(&self) -> &str {
        self.of_first("mimeType")
    }

    /// The result object of `resources/read`, as the client gets it.
    pub fn result(&self) -> &JsonObject {
        &self.result
    }

    fn of_first(&self, key: &str) -> &str {
        let first = self.contents().first();
        first
            .and_then(|first| first.get(key)?.as_str())
            .unwrap_or_default()
    }
}

fn array<'a>(result: &'a JsonObject, key: &str) -> &'a [Value] {
    result
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
