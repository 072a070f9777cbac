//! The requests that a server may answer with a function of its own, and their results:
//! `resources/list`, `resources/read`, `completion/complete`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::content::{JsonObject, Resource};

/// The parameters of `resources/list`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct PaginatedRequestParams {
    /// Where the page begins: what the page before gave as `next_cursor`.
    #[serde(default)]
    pub cursor: Option<String>,
    /// `_meta`.
    #[serde(default, rename = "_meta")]
    pub meta: JsonObject,
}

/// One page of the resources.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListResourcesResult {
    /// The resources.
    pub resources: Vec<Resource>,
    /// Where the next page begins, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl ListResourcesResult {
    /// All resources on one page.
    pub fn new(resources: Vec<Resource>) -> Self {
        Self {
            resources,
            next_cursor: None,
        }
    }
}

/// The parameters of `resources/read`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ReadResourceRequestParams {
    /// Which resource.
    pub uri: String,
    /// `_meta`.
    #[serde(default, rename = "_meta")]
    pub meta: JsonObject,
}

/// The parameters of `completion/complete`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CompleteRequestParams {
    /// What the argument is of.
    pub r#ref: Reference,
    /// The argument, as far as it is written.
    pub argument: ArgumentInfo,
    /// What is known besides.
    #[serde(default)]
    pub context: CompletionContext,
}

/// What an argument is of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type")]
pub enum Reference {
    /// A prompt.
    #[serde(rename = "ref/prompt")]
    Prompt {
        /// Its name.
        name: String,
    },
    /// A resource.
    #[serde(rename = "ref/resource")]
    Resource {
        /// Its URI, or its template.
        uri: String,
    },
}

/// An argument, as far as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ArgumentInfo {
    /// Its name.
    pub name: String,
    /// What the user has written of it.
    pub value: String,
}

/// The arguments that have a value already.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct CompletionContext {
    #[serde(default)]
    arguments: JsonObject,
}

impl CompletionContext {
    /// The value of another argument.
    pub fn get_argument(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).and_then(Value::as_str)
    }
}

/// What may stand there, the best first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CompletionInfo {
    /// At most 100 values.
    pub values: Vec<String>,
    /// How many there are in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<usize>,
    /// Whether there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_more: Option<bool>,
}

impl CompletionInfo {
    /// MCP 2026-07-28, server/utilities/completion: the most values of one answer.
    pub const MAX_VALUES: usize = 100;

    /// These values; of more than a hundred the first, and how many there are.
    pub fn new<V: Into<String>>(values: impl IntoIterator<Item = V>) -> Self {
        let mut values: Vec<String> = values.into_iter().map(Into::into).collect();
        let total = values.len();
        values.truncate(Self::MAX_VALUES);
        Self {
            has_more: Some(total > values.len()),
            total: Some(total),
            values,
        }
    }
}
