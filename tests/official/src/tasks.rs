//! What the extension of tasks says of its results (2026-07-28, extensions/tasks): the schema that MCP
//! publishes with a version does not have them, so it is written here, as the extension's page has it.

use serde_json::{Value, json};

use crate::versions::Document;

/// Whether a message is a request of the extension.
pub(crate) fn is_request(message: &Value) -> bool {
    let method = message["method"].as_str();
    method.is_some_and(|method| method.starts_with("tasks/"))
}

/// Checks a result of a method of the extension, or that a call has become a task.
pub(crate) fn check(method: &str, result: &Value) -> Result<(), String> {
    let name = match method {
        "tools/call" => "Created",
        "tasks/get" => "Task",
        _ => "Taken",
    };
    Document::new(schema(), true)?.check(name, result)?;
    if name == "Task" {
        check_status(result)?;
    }
    Ok(())
}

/// What belongs to each status is there, and nothing else.
fn check_status(result: &Value) -> Result<(), String> {
    for (status, member) in [
        ("completed", "result"),
        ("failed", "error"),
        ("input_required", "inputRequests"),
    ] {
        if (result["status"] == status) != result.get(member).is_some() {
            return Err(format!("\"{member}\" belongs to a task that is {status}"));
        }
    }
    Ok(())
}

fn schema() -> Value {
    let common = json!({
        "taskId": {"type": "string"},
        "status": {"enum": ["working", "input_required", "completed", "failed", "cancelled"]},
        "statusMessage": {"type": "string"},
        "createdAt": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}.[0-9]{3}Z$"},
        "lastUpdatedAt": {"type": "string", "pattern": "Z$"},
        "ttlMs": {"type": ["integer", "null"], "minimum": 1},
        "pollIntervalMs": {"type": "integer", "minimum": 1},
        "_meta": {"type": "object"},
    });
    let required = json!([
        "resultType",
        "taskId",
        "status",
        "createdAt",
        "lastUpdatedAt",
        "ttlMs"
    ]);
    let with = |more: Value| {
        let mut all = common.clone();
        if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        all
    };
    let error = json!({
        "type": "object",
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}, "data": {}},
        "required": ["code", "message"],
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {
            "Created": {
                "type": "object",
                "properties": with(json!({"resultType": {"const": "task"}})),
                "required": required,
            },
            "Task": {
                "type": "object",
                "properties": with(json!({
                    "resultType": {"const": "complete"},
                    "result": true,
                    "error": error,
                    "inputRequests": true,
                })),
                "required": required,
            },
            "Taken": {
                "type": "object",
                "properties": {"resultType": {"const": "complete"}, "_meta": {"type": "object"}},
                "required": ["resultType"],
            },
        },
    })
}
