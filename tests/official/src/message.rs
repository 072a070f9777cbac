//! JSON-RPC messages of MCP: which definition each must fit.
//!
//! A result does not say what it is the result of, so whoever checks it says which method was
//! called. An error's definition follows from its code.

use serde_json::{Value, json};

use crate::tasks;
use crate::versions::{Document, document};

/// The methods whose result may be a question (2026-07-28, basic/patterns/mrtr, "Supported
/// Requests"): by the schema alone, every result would be one.
const MAY_ASK: [&str; 3] = ["tools/call", "prompts/get", "resources/read"];

/// Errors that have a definition of their own, since 2026-07-28: of the whole message, and of its
/// `error`.
const ERRORS: [(i64, &str); 3] = [
    (-32020, "HeaderMismatchError"),
    (-32021, "MissingRequiredClientCapabilityError"),
    (-32022, "UnsupportedProtocolVersionError"),
];
const INNER_ERRORS: [(i64, &str); 4] = [
    (-32600, "InvalidRequestError"),
    (-32602, "InvalidParamsError"),
    (-32603, "InternalError"),
    (-32700, "ParseError"),
];

/// Checks whatever a server sent to a client that called that method: its response, or what it
/// was told before or instead.
///
/// # Errors
///
/// What is wrong with it.
pub fn sent(version: &str, method: &str, message: &str) -> Result<(), String> {
    let read = parsed(message)?;
    if read.get("method").is_some() && read.get("id").is_some() {
        asked(version, message)
    } else if read.get("method").is_some() {
        notification(version, message)
    } else {
        response(version, method, message)
    }
}

/// Checks a response to that method.
///
/// # Errors
///
/// What is wrong with it.
pub fn response(version: &str, method: &str, message: &str) -> Result<(), String> {
    let Some(document) = document(version)? else {
        return Ok(());
    };
    let message = parsed(message)?;
    let checked = if message.get("error").is_some() {
        error(&document, &message)
    } else {
        result(&document, method, &message)
    };
    checked.map_err(|wrong| format!("{version} {method}: {wrong}\n{message}"))
}

/// Checks a request to the client.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn asked(version: &str, message: &str) -> Result<(), String> {
    let Some(document) = document(version)? else {
        return Ok(());
    };
    let message = parsed(message)?;
    document
        .check("JSONRPCRequest", &message)
        .and_then(|()| document.check("ServerRequest", &message))
        .map_err(|wrong| format!("{version}: {wrong}\n{message}"))
}

/// Checks a notification.
///
/// # Errors
///
/// What is wrong with it.
pub fn notification(version: &str, message: &str) -> Result<(), String> {
    let Some(document) = document(version)? else {
        return Ok(());
    };
    let message = parsed(message)?;
    document
        .check("JSONRPCNotification", &message)
        .and_then(|()| of_its_method(&document, &message))
        .map_err(|wrong| format!("{version}: {wrong}\n{message}"))
}

/// Checks a request.
///
/// # Errors
///
/// What is wrong with it.
pub fn request(version: &str, message: &str) -> Result<(), String> {
    let Some(document) = document(version)? else {
        return Ok(());
    };
    let message = parsed(message)?;
    if tasks::is_request(&message) && !has_tasks(&document) {
        // Of an extension, whose methods the schema does not have.
        return document.check("JSONRPCRequest", &message);
    }
    document
        .check("JSONRPCRequest", &message)
        .and_then(|()| of_its_method(&document, &message))
        .map_err(|wrong| format!("{version}: {wrong}\n{message}"))
}

fn parsed(message: &str) -> Result<Value, String> {
    serde_json::from_str(message).map_err(|error| format!("{error}: {message}"))
}

fn result(document: &Document, method: &str, message: &Value) -> Result<(), String> {
    document.check(
        first(document, &["JSONRPCResultResponse", "JSONRPCResponse"])?,
        message,
    )?;
    let result = &message["result"];
    if method == "tools/call" && result.get("task").is_some() && has_tasks(document) {
        return document.check("CreateTaskResult", result);
    }
    let is_extension = !has_tasks(document) && method.starts_with("tasks/");
    if is_extension || method == "tools/call" && result["resultType"] == "task" {
        return tasks::check(method, result);
    }
    if MAY_ASK.contains(&method) && result["resultType"] == "input_required" {
        return document.check("InputRequiredResult", result);
    }
    document.check(result_of(method)?, result)?;
    match &result["resultType"] {
        Value::Null => Ok(()),
        kind if kind == "complete" => Ok(()),
        kind => Err(format!("a result of {method} cannot be {kind}")),
    }
}

/// Whether a version has tasks of its own: 2025-11-25 does.
fn has_tasks(document: &Document) -> bool {
    !document.definition("CreateTaskResult").is_null()
}

/// The definition of a method's result.
fn result_of(method: &str) -> Result<&'static str, String> {
    Ok(match method {
        "completion/complete" => "CompleteResult",
        "initialize" => "InitializeResult",
        "logging/setLevel" | "ping" | "resources/subscribe" | "resources/unsubscribe" => {
            "EmptyResult"
        }
        "prompts/get" => "GetPromptResult",
        "prompts/list" => "ListPromptsResult",
        "resources/list" => "ListResourcesResult",
        "resources/read" => "ReadResourceResult",
        "resources/templates/list" => "ListResourceTemplatesResult",
        "server/discover" => "DiscoverResult",
        "subscriptions/listen" => "SubscriptionsListenResult",
        "tasks/cancel" => "CancelTaskResult",
        "tasks/get" => "GetTaskResult",
        "tasks/list" => "ListTasksResult",
        // Of calls of tools only.
        "tasks/result" => "CallToolResult",
        "tools/call" => "CallToolResult",
        "tools/list" => "ListToolsResult",
        _ => return Err(format!("{method} has no result")),
    })
}

fn error(document: &Document, message: &Value) -> Result<(), String> {
    let envelope = first(document, &["JSONRPCErrorResponse", "JSONRPCError"])?;
    let mut whole = message.clone();
    // Until 2025-06-18 there was no error for a message whose id could not be read.
    if required(document.definition(envelope), "id") && message.get("id").is_none() {
        whole["id"] = json!(0);
    }
    document.check(envelope, &whole)?;
    let code = message["error"]["code"].as_i64();
    for (names, value) in [
        (ERRORS.as_slice(), message),
        (INNER_ERRORS.as_slice(), &message["error"]),
    ] {
        let own = names.iter().find(|(of, _)| Some(*of) == code);
        if let Some((_, name)) = own.filter(|(_, name)| !document.definition(name).is_null()) {
            document.check(name, value)?;
        }
    }
    Ok(())
}

/// The request or notification that its method makes it.
fn of_its_method(document: &Document, message: &Value) -> Result<(), String> {
    let method = &message["method"];
    let (name, definition) = document
        .definitions()
        .find(|(_, definition)| definition["properties"]["method"]["const"] == *method)
        .ok_or_else(|| format!("this version has no {method}"))?;
    let mut inner = message.clone();
    // Until 2025-06-18 the envelope had a definition of its own.
    if definition["properties"]["jsonrpc"].is_null()
        && let Some(members) = inner.as_object_mut()
    {
        members.remove("jsonrpc");
        members.remove("id");
    }
    document.check(name, &inner)
}

fn first(document: &Document, names: &[&'static str]) -> Result<&'static str, String> {
    let known = names
        .iter()
        .find(|name| !document.definition(name).is_null());
    known
        .copied()
        .ok_or_else(|| format!("the schema has none of {names:?}"))
}

fn required(definition: &Value, member: &str) -> bool {
    let required = definition["required"].as_array();
    required.is_some_and(|names| names.iter().any(|name| name == member))
}
