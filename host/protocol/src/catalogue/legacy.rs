//! Tools as clients of the legacy era can read them.
//!
//! Until 2025-11-25 an output schema was one of an object (schema, `Tool`); since 2026-07-28 it may
//! be any. An official client that finds another in a list refuses the whole list, so the schema is
//! left out, as is the structured content that would fit it.

use std::borrow::Cow;

use crate::json::{Json, push_member};

/// The items of a list of tools, as they stand inside a JSON array; copied only if one must change.
pub(crate) fn tools(items: &str) -> Cow<'_, str> {
    let array = format!("[{items}]");
    let array = Json::of_scanned(&array);
    if array.elements().all(is_readable) {
        return Cow::Borrowed(items);
    }
    let tools: Vec<_> = array.elements().map(without_output_schema).collect();
    Cow::Owned(tools.join(","))
}

fn is_readable(tool: Json<'_>) -> bool {
    tool.get("outputSchema").is_none_or(|schema| {
        let kind = schema.get("type").and_then(Json::as_str);
        kind.as_deref() == Some("object")
    })
}

fn without_output_schema(tool: Json<'_>) -> Cow<'_, str> {
    if is_readable(tool) {
        return Cow::Borrowed(tool.text());
    }
    let mut out = String::from("{");
    for (name, value) in tool.members().filter(|(name, _)| name != "outputSchema") {
        push_member(&mut out, &name, value.text());
    }
    out.push('}');
    Cow::Owned(out)
}
