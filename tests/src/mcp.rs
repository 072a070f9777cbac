//! A client of MCP that does nothing by itself: it writes requests as those of its version do, and
//! holds each against the official schema, where that is at hand. It expects nothing of an answer.

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use crate::http::{Answer, Ask};
use crate::schema;

/// The modern version.
pub const MODERN: &str = "2026-07-28";
/// Those before it.
pub const LEGACY: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

/// A client of one endpoint.
#[derive(Debug, Clone)]
pub struct Client {
    endpoint: String,
    key: String,
    version: &'static str,
    meta: Value,
}

impl Client {
    /// A client that speaks that version.
    pub fn new(endpoint: &str, key: &str, version: &'static str) -> Self {
        let modern = json!({
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientInfo": {"name": "smcp-tests", "version": "1.0.0"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        Self {
            endpoint: endpoint.to_owned(),
            key: key.to_owned(),
            version,
            meta: if version == MODERN { modern } else { json!({}) },
        }
    }

    /// One that can be asked all that there is.
    #[must_use]
    pub fn that_answers(self) -> Self {
        let all = json!({"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}});
        self.with_meta("io.modelcontextprotocol/clientCapabilities", all)
    }

    /// The client with another member in the `_meta` of its requests.
    #[must_use]
    pub fn with_meta(mut self, name: &str, value: Value) -> Self {
        self.meta[name] = value;
        self
    }

    /// A request.
    pub fn message(&self, method: &str, mut params: Value) -> Value {
        if self.meta.as_object().is_some_and(|meta| !meta.is_empty()) {
            params["_meta"] = self.meta.clone();
        }
        json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    }

    /// What carries a message: the headers that its version wants, and no body yet.
    pub fn ask(&self, message: &Value) -> Ask {
        let ask = Ask::new("POST", &self.endpoint)
            .header("authorization", &format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", self.version);
        if self.version != MODERN {
            return ask;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let ask = ask.header("mcp-method", &text(&message["method"]));
        let params = &message["params"];
        let named = ["name", "uri", "taskId"];
        match named.iter().find_map(|name| params.get(name)) {
            Some(name) => ask.header("mcp-name", &text(name)),
            None => ask,
        }
    }

    /// Sends a request that the official schema allows.
    ///
    /// # Errors
    ///
    /// If the schema does not allow it, or its answer; or if none comes.
    pub fn send(&self, method: &str, params: Value) -> Result<Answer> {
        let message = self.message(method, params).to_string();
        smcp_official::request(self.version, &message).map_err(|wrong| anyhow!(wrong))?;
        self.ask(&serde_json::from_str(&message)?)
            .send(message.as_bytes())
    }

    /// The same, and gives the response alone.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and if there is no response.
    pub fn call(&self, method: &str, params: Value) -> Result<Value> {
        let answer = self.send(method, params)?;
        let last = schema::messages(&answer).pop();
        last.with_context(|| format!("{} {}", answer.status, answer.text()))
    }
}
