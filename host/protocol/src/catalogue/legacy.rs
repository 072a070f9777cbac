//! Tools as clients of the legacy era can read them.
//!
//! Until 2025-11-25 an output schema was one of an object (schema, `Tool`); since 2026-07-28 it may
//! be any. An official client that finds another in a list refuses the whole list, so the schema is
//! left out, as is the structured content that would fit it. How a tool is run, 2025-11-25 has in its list
//! (schema, `ToolExecution`); no other version knows that member.

use std::borrow::Cow;

use super::{Page, TaskSupport};
use crate::json::{Json, push_member};
use crate::version::Version;

/// The items of a list of tools, as they stand inside a JSON array; copied only if one must change.
pub(crate) fn tools<'p>(version: Version, page: &'p Page<'_>) -> Cow<'p, str> {
    let says_tasks = version == Version::V2025_11_25;
    let supports = page.supports.iter().filter(|_| says_tasks);
    let mut supports = supports
        .copied()
        .chain(core::iter::repeat(TaskSupport::Forbidden));
    let array = format!("[{}]", page.items);
    let array = Json::of_scanned(&array);
    let are_plain = array.elements().all(is_readable)
        && !(says_tasks && page.supports.iter().any(|&support| support.is_said()));
    if are_plain {
        return Cow::Borrowed(&*page.items);
    }
    let tools = array.elements().map(|tool| {
        let support = supports.next().unwrap_or_default();
        as_read(tool, support)
    });
    let tools: Vec<_> = tools.collect();
    Cow::Owned(tools.join(","))
}

fn is_readable(tool: Json<'_>) -> bool {
    tool.get("outputSchema").is_none_or(|schema| {
        let kind = schema.get("type").and_then(Json::as_str);
        kind.as_deref() == Some("object")
    })
}

fn as_read(tool: Json<'_>, support: TaskSupport) -> Cow<'_, str> {
    let is_readable = is_readable(tool);
    if is_readable && !support.is_said() {
        return Cow::Borrowed(tool.text());
    }
    let mut out = String::from("{");
    for (name, value) in tool.members() {
        if is_readable || name != "outputSchema" {
            push_member(&mut out, &name, value.text());
        }
    }
    if support.is_said() {
        let execution = format!("{{\"taskSupport\":\"{}\"}}", support.as_str());
        push_member(&mut out, "execution", &execution);
    }
    out.push('}');
    Cow::Owned(out)
}
