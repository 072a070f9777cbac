//! What a client answers to a question that it was asked in a session.
//!
//! Whether it was asked that, and whether the answer fits, is not known here.

use std::borrow::Cow;

use crate::json::Json;
use crate::message::{Outcome, Token};

/// An answer to a request of the server's own (2025-11-25, basic/index, "Responses").
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    id: Token<'a>,
    outcome: Outcome<'a>,
}

impl<'a> Response<'a> {
    pub(crate) fn new(id: Token<'a>, outcome: Outcome<'a>) -> Self {
        Self { id, outcome }
    }

    /// The id of what was asked, as JSON text.
    pub fn id_json(&self) -> &'a str {
        self.id.json()
    }

    /// The id, if it is a string, as those of all questions are.
    pub fn id(&self) -> Option<Cow<'a, str>> {
        self.id.as_str()
    }

    /// How it ended.
    pub fn outcome(&self) -> &Outcome<'a> {
        &self.outcome
    }

    /// The result, if it ended with one.
    pub fn result(&self) -> Option<Json<'a>> {
        match self.outcome {
            Outcome::Result(result) => Some(result),
            Outcome::Error(_) => None,
        }
    }
}
