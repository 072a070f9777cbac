//! Questions to the client and, through it, to its user: what can be asked, and how an answer is
//! read.
//!
//! A question is a value that knows its request and its answer; several go out together. Nothing
//! here waits: the host does, and runs the call anew with the answers.

mod capabilities;
mod elicit;
mod error;
mod form;
mod roots;
mod sample;

pub use capabilities::ClientCapabilities;
pub use elicit::{Elicit, ElicitUrl, Elicited};
pub use error::AskError;
pub use roots::{ListRoots, Root};
pub use sample::{
    CreateMessageRequestParams, CreateMessageResult, ModelPreferences, SamplingMessage,
};

use serde_json::{Value, json};

use crate::content::JsonObject;
use crate::context::{Context, WireQuestion};

/// One question to the client.
pub trait Question {
    /// What the answer is read as.
    type Answer;

    /// The name that the author gave it, if any.
    fn name(&self) -> Option<&str>;

    /// The request, `{"method": ..., "params": ...}`.
    ///
    /// # Errors
    ///
    /// When the question cannot be asked as it is; the message names the mend.
    fn request(&self) -> Result<Value, AskError>;

    /// Reads the client's result.
    ///
    /// # Errors
    ///
    /// When the result is not what was asked for.
    fn read(&self, answer: &str) -> Result<Self::Answer, AskError>;
}

/// Questions that are asked together: a tuple of up to six, or a `Vec` of one sort.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be asked",
    label = "not questions to a client",
    note = "ask a tuple of two to six questions, or a `Vec` of one sort: `Elicit`, `ElicitUrl`, \
            `CreateMessageRequestParams`, `ListRoots`, `RawQuestion`"
)]
pub trait Questions {
    /// The answers, in the shape of the questions.
    type Answers;

    /// Asks them.
    ///
    /// # Errors
    ///
    /// When one cannot be asked, or its answer is not what was asked for.
    fn ask(self, context: &Context) -> Result<Self::Answers, AskError>;
}

/// A question in JSON, for what has no type here. Its answer is the client's result object.
#[derive(Debug, Clone, PartialEq)]
pub struct RawQuestion {
    id: Option<String>,
    method: String,
    params: Value,
}

impl RawQuestion {
    /// A question: `elicitation/create`, `sampling/createMessage` or `roots/list`.
    pub fn new(method: impl Into<String>, params: Value) -> Self {
        Self {
            id: None,
            method: method.into(),
            params,
        }
    }

    /// Names the question; the client sees it.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl Question for RawQuestion {
    type Answer = JsonObject;

    fn name(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn request(&self) -> Result<Value, AskError> {
        Ok(request(&self.method, self.params.clone()))
    }

    fn read(&self, answer: &str) -> Result<JsonObject, AskError> {
        parse(answer)
    }
}

fn request(method: &str, params: Value) -> Value {
    json!({ "method": method, "params": params })
}

fn parse<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T, AskError> {
    serde_json::from_str(answer).map_err(AskError::unfit)
}

/// The question as the contract has it; `place` counts from 0.
fn wire(question: &impl Question, place: usize) -> Result<WireQuestion, AskError> {
    let id = question
        .name()
        .map_or_else(|| format!("q{}", place + 1), str::to_owned);
    Ok(WireQuestion {
        id,
        request: question.request()?.to_string(),
    })
}

/// Asks one question.
pub(crate) fn one<Q: Question>(context: &Context, question: Q) -> Result<Q::Answer, AskError> {
    let answers = context.ask_host(vec![wire(&question, 0)?])?;
    question.read(next(&mut answers.into_iter())?.as_str())
}

fn next(answers: &mut std::vec::IntoIter<String>) -> Result<String, AskError> {
    answers
        .next()
        .ok_or_else(|| AskError::internal("The host answered fewer questions than it was asked"))
}

impl<Q: Question> Questions for Vec<Q> {
    type Answers = Vec<Q::Answer>;

    fn ask(self, context: &Context) -> Result<Self::Answers, AskError> {
        let numbered = self.iter().enumerate();
        let questions = numbered.map(|(place, question)| wire(question, place));
        let mut answers = context
            .ask_host(questions.collect::<Result<_, _>>()?)?
            .into_iter();
        self.iter()
            .map(|question| question.read(&next(&mut answers)?))
            .collect()
    }
}

macro_rules! tuples {
    ($(($($question:ident $place:tt),*);)*) => {$(
        impl<$($question: Question),*> Questions for ($($question,)*) {
            type Answers = ($($question::Answer,)*);

            fn ask(self, context: &Context) -> Result<Self::Answers, AskError> {
                let questions = vec![$(wire(&self.$place, $place)?),*];
                let mut answers = context.ask_host(questions)?.into_iter();
                Ok(($(self.$place.read(&next(&mut answers)?)?,)*))
            }
        }
    )*};
}

tuples! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
}
