//! Whether what an MCP endpoint answers is made of messages that the official schema of their version
//! allows. It knows of a request only what it says of itself: its method and its version.

use anyhow::{Result, anyhow};
use serde_json::Value;

use crate::http::Answer;

const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const VERSIONS: [&str; 4] = ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"];

/// The JSON-RPC messages of an answer: those of a stream, or the body. None is in an answer that is
/// the edge's or the door's own.
pub fn messages(answer: &Answer) -> Vec<Value> {
    let text = answer.text();
    let lines: Vec<&str> = if answer.header("content-type") == "text/event-stream" {
        text.lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .collect()
    } else {
        vec![&text]
    };
    let read = lines
        .into_iter()
        .filter_map(|line| serde_json::from_str(line).ok());
    read.filter(|message: &Value| message["jsonrpc"].is_string())
        .collect()
}

/// Holds every message of the answer to that request against the schema.
///
/// # Errors
///
/// What is wrong with the first that does not fit.
pub(crate) fn check(request: &[u8], stated: Option<&str>, answer: &Answer) -> Result<()> {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let method = request["method"].as_str().unwrap_or_default();
    for message in messages(answer) {
        // On a stream that a GET has opened: which request it answers is not known here.
        if method.is_empty() && message.get("method").is_none() {
            continue;
        }
        let version = version(&request, stated, &message);
        smcp_official::sent(version, method, &message.to_string()).map_err(|wrong| {
            let status = answer.status;
            anyhow!("the answer ({status}) does not fit the official schema: {wrong}")
        })?;
    }
    Ok(())
}

/// The version of an answer: the one agreed upon, or what the request says in its body or in its
/// header, or what is served to those who say nothing. The newest, if that is not served.
fn version(request: &Value, stated: Option<&str>, message: &Value) -> &'static str {
    let agreed = message["result"]["protocolVersion"].as_str();
    let said = request["params"]["_meta"][VERSION_KEY].as_str();
    match agreed.or(said).or(stated) {
        Some(named) => VERSIONS
            .into_iter()
            .find(|version| *version == named.trim())
            .unwrap_or(VERSIONS[0]),
        None => VERSIONS[3],
    }
}
