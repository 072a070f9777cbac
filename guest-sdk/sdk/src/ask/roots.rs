//! The directories and files that a client lends: `roots/list`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{AskError, Question, parse, request};

/// The question for the client's roots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListRoots {
    id: Option<String>,
}

/// A directory or file that the client lends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Root {
    /// Where it is: a `file://` URI.
    pub uri: String,
    /// Its name, for people.
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Deserialize)]
struct ListRootsResult {
    roots: Vec<Root>,
}

impl ListRoots {
    /// The question.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the question; the client sees it.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl Question for ListRoots {
    type Answer = Vec<Root>;

    fn name(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn request(&self) -> Result<Value, AskError> {
        Ok(request("roots/list", json!({})))
    }

    fn read(&self, answer: &str) -> Result<Vec<Root>, AskError> {
        parse::<ListRootsResult>(answer).map(|result| result.roots)
    }
}
