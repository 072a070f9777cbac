//! Questions to the user: a form to fill in, or a page to open. MCP 2026-07-28,
//! client/elicitation.

use std::marker::PhantomData;

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{AskError, Question, form, parse, request};
use crate::parameters::Arguments;

/// What the user said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elicited<T> {
    /// Yes, and this is what they filled in.
    Accept(T),
    /// No.
    Decline,
    /// Nothing: they closed the question.
    Cancel,
}

impl<T> Elicited<T> {
    /// What the user filled in, if they accepted.
    pub fn accepted(self) -> Option<T> {
        match self {
            Self::Accept(value) => Some(value),
            Self::Decline | Self::Cancel => None,
        }
    }
}

/// A form for the user to fill in, with the fields of `T`.
#[derive(Debug, Clone, PartialEq)]
pub struct Elicit<T> {
    id: Option<String>,
    message: String,
    schema: Option<Value>,
    fields: PhantomData<fn() -> T>,
}

/// A page for the user to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElicitUrl {
    id: Option<String>,
    message: String,
    url: String,
}

/// `ElicitResult`.
#[derive(Deserialize)]
struct ElicitResult<'a> {
    action: Action,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Accept,
    Decline,
    Cancel,
}

impl<T> Elicit<T> {
    /// A form under this text.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            id: None,
            message: message.into(),
            schema: None,
            fields: PhantomData,
        }
    }

    /// Names the question; the client sees it.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Replaces the schema that is made of `T`, for fields that are known only when the tool runs;
    /// `T` is then often a [`JsonObject`](crate::JsonObject).
    #[must_use]
    pub fn schema(mut self, schema: Value) -> Self {
        self.schema = Some(schema);
        self
    }
}

impl<T> From<&str> for Elicit<T> {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl<T> From<String> for Elicit<T> {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl<T: Arguments> Question for Elicit<T> {
    type Answer = Elicited<T>;

    fn name(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn request(&self) -> Result<Value, AskError> {
        let schema = match &self.schema {
            Some(schema) => form::of_schema(schema.clone()),
            None => form::of::<T>(),
        }
        .map_err(|mistake| AskError::internal(format!("The form cannot be asked: {mistake}")))?;
        let params = json!({
            "mode": "form",
            "message": self.message,
            "requestedSchema": schema,
        });
        Ok(request("elicitation/create", params))
    }

    fn read(&self, answer: &str) -> Result<Elicited<T>, AskError> {
        let answer: ElicitResult<'_> = read(answer)?;
        Ok(match answer.action {
            Action::Accept => Elicited::Accept(parse(answer.content.map_or("{}", RawValue::get))?),
            Action::Decline => Elicited::Decline,
            Action::Cancel => Elicited::Cancel,
        })
    }
}

impl ElicitUrl {
    /// A page, and why to go there.
    pub fn new(message: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            id: None,
            message: message.into(),
            url: url.into(),
        }
    }

    /// Names the question; the client sees it.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl Question for ElicitUrl {
    type Answer = Elicited<()>;

    fn name(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn request(&self) -> Result<Value, AskError> {
        let params = json!({ "mode": "url", "message": self.message, "url": self.url });
        Ok(request("elicitation/create", params))
    }

    fn read(&self, answer: &str) -> Result<Elicited<()>, AskError> {
        Ok(match read(answer)?.action {
            Action::Accept => Elicited::Accept(()),
            Action::Decline => Elicited::Decline,
            Action::Cancel => Elicited::Cancel,
        })
    }
}

fn read(answer: &str) -> Result<ElicitResult<'_>, AskError> {
    serde_json::from_str(answer).map_err(AskError::unfit)
}
