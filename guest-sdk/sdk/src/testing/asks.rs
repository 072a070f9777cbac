//! The questions of a server in a test: what they are answered, and what was asked.

use serde_json::{Value, json};

use super::Client;
use crate::handler::ServerHandler;

/// A question that the server asked.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedQuestion {
    /// What names it.
    pub id: String,
    /// `elicitation/create`, `sampling/createMessage` or `roots/list`.
    pub method: String,
    /// What it asks.
    pub params: Value,
}

impl<S: ServerHandler> Client<S> {
    /// Sets what the client can do: `ClientCapabilities`. Unless it is set, a client can do all.
    #[must_use]
    pub fn with_capabilities(self, capabilities: Value) -> Self {
        self.host.capabilities.replace(capabilities);
        self
    }

    /// The next form is filled in with this object; a page that is to be opened is agreed to.
    pub fn answer_elicitation(&self, content: Value) {
        self.answer(
            "elicitation/create",
            json!({ "action": "accept", "content": content }),
        );
    }

    /// The next form or page is declined.
    pub fn decline_elicitation(&self) {
        self.answer("elicitation/create", json!({ "action": "decline" }));
    }

    /// The next form or page is closed without an answer.
    pub fn cancel_elicitation(&self) {
        self.answer("elicitation/create", json!({ "action": "cancel" }));
    }

    /// The client's model writes this text next.
    pub fn answer_sampling(&self, text: &str) {
        self.answer_sampling_with(json!({
            "role": "assistant",
            "content": { "type": "text", "text": text },
            "model": "test",
            "stopReason": "endTurn",
        }));
    }

    /// The client's model answers this next: a `CreateMessageResult`.
    pub fn answer_sampling_with(&self, result: Value) {
        self.answer("sampling/createMessage", result);
    }

    /// The client lends these URIs when it is asked next.
    pub fn answer_roots(&self, uris: &[&str]) {
        let roots: Vec<_> = uris.iter().map(|uri| json!({ "uri": uri })).collect();
        self.answer("roots/list", json!({ "roots": roots }));
    }

    fn answer(&self, method: &'static str, result: Value) {
        self.host.answers.borrow_mut().push((method, result));
    }

    /// The questions that all calls so far have asked.
    pub fn questions(&self) -> Vec<AskedQuestion> {
        self.host.questions.borrow().clone()
    }
}
