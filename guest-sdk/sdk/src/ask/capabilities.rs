//! What the client can do: MCP 2026-07-28, `ClientCapabilities`.

use serde_json::Value;

use crate::content::JsonObject;

/// What the client declared that it can do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClientCapabilities(JsonObject);

impl ClientCapabilities {
    pub(crate) fn parse(json: &str) -> Self {
        // What is no object declares nothing.
        Self(serde_json::from_str(json).unwrap_or_default())
    }

    /// Whether the client shows forms: [`Context::elicit`](crate::Context::elicit).
    pub fn supports_elicitation(&self) -> bool {
        // client/elicitation, Capabilities: an empty object means forms.
        match self.0.get("elicitation").and_then(Value::as_object) {
            Some(modes) => modes.is_empty() || modes.contains_key("form"),
            None => false,
        }
    }

    /// Whether the client opens pages: [`Context::elicit_url`](crate::Context::elicit_url).
    pub fn supports_url_elicitation(&self) -> bool {
        self.has("elicitation", "url")
    }

    /// Whether the client lends a model: [`Context::sample`](crate::Context::sample).
    pub fn supports_sampling(&self) -> bool {
        self.0.contains_key("sampling")
    }

    /// Whether the client's model takes tools.
    pub fn supports_sampling_tools(&self) -> bool {
        self.has("sampling", "tools")
    }

    /// Whether the client lends directories: [`Context::list_roots`](crate::Context::list_roots).
    pub fn supports_roots(&self) -> bool {
        self.0.contains_key("roots")
    }

    /// All that the client declared, as it sent it.
    pub fn raw(&self) -> &JsonObject {
        &self.0
    }

    fn has(&self, capability: &str, part: &str) -> bool {
        self.0
            .get(capability)
            .is_some_and(|capability| capability.get(part).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_capability_is_read_where_the_specification_has_it() {
        let table = [
            ("{}", [false; 5]),
            ("null", [false; 5]),
            (r#"{"elicitation":{}}"#, [true, false, false, false, false]),
            (
                r#"{"elicitation":{"url":{}}}"#,
                [false, true, false, false, false],
            ),
            (
                r#"{"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{}}"#,
                [true; 5],
            ),
            (
                r#"{"sampling":{},"roots":{}}"#,
                [false, false, true, false, true],
            ),
        ];
        for (json, expected) in table {
            let client = ClientCapabilities::parse(json);
            let found = [
                client.supports_elicitation(),
                client.supports_url_elicitation(),
                client.supports_sampling(),
                client.supports_sampling_tools(),
                client.supports_roots(),
            ];
            assert_eq!(found, expected, "{json}");
        }
    }
}
