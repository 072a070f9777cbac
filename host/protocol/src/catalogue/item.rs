//! What MCP requires of one item of a catalogue: a tool, a prompt, a resource or a template.
//!
//! Refused: items without their members, names that do not fit headers, URIs that are none. What else
//! is in the catalogue is not known here.

use crate::json::{Json, Kind};
use crate::uri;

use super::List;

/// What MCP requires of an item; returns its key, and the value that the key is.
pub(super) fn check(list: List, item: Json<'_>) -> Result<(Box<str>, Json<'_>), &'static str> {
    if item.kind() != Kind::Object {
        return Err("is not an object");
    }
    let key_value = item.get(list.key()).ok_or(match list {
        List::Tools | List::Prompts => "has no \"name\"",
        List::Resources => "has no \"uri\"",
        List::ResourceTemplates => "has no \"uriTemplate\"",
    })?;
    let key = key_value
        .as_str()
        .ok_or("has a name or URI that is not a string")?;
    match list {
        List::Tools | List::Prompts if !is_name(&key) => {
            return Err(
                "needs a \"name\" of 1 to 128 of the characters A-Z, a-z, 0-9, '_', '-' and '.'",
            );
        }
        List::Resources | List::ResourceTemplates => {
            if list == List::Resources && !uri::is_uri(&key) {
                return Err(
                    "needs a \"uri\" that begins with its scheme and has a URI's characters only",
                );
            }
            if key.is_empty() {
                return Err("has an empty URI template");
            }
            if item
                .get("name")
                .is_none_or(|name| name.kind() != Kind::String)
            {
                return Err("needs a \"name\" that is a string");
            }
        }
        List::Tools | List::Prompts => {}
    }
    if list == List::Tools {
        check_tool(item)?;
    }
    Ok((key.into(), key_value))
}

/// Whether the author of a tool says that it changes nothing.
pub(super) fn only_reads(tool: Json<'_>) -> bool {
    let annotations = tool.get("annotations");
    let hint = annotations.and_then(|annotations| annotations.get("readOnlyHint"));
    hint.is_some_and(|hint| hint.text() == "true")
}

/// 2026-07-28, server/tools, "Tool Names": the length and characters it recommends, which fit a
/// header as they are.
fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// 2026-07-28, schema, `Tool`: `inputSchema` with `"type": "object"`, `outputSchema` an object.
fn check_tool(tool: Json<'_>) -> Result<(), &'static str> {
    let schema = tool.get("inputSchema").ok_or("has no \"inputSchema\"")?;
    if schema.get("type").and_then(Json::as_str).as_deref() != Some("object") {
        return Err("needs an \"inputSchema\" that is an object with \"type\": \"object\"");
    }
    let is = |name, kind| tool.get(name).is_none_or(|value| value.kind() == kind);
    if !is("outputSchema", Kind::Object) {
        return Err("has an \"outputSchema\" that is not an object");
    }
    if !is("annotations", Kind::Object) {
        return Err("has \"annotations\" that are not an object");
    }
    if !is("description", Kind::String) || !is("title", Kind::String) {
        return Err("has a \"description\" or \"title\" that is not a string");
    }
    Ok(())
}
