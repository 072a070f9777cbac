//! The URIs in what a server says that its client may come back with: replaced where they stand, and
//! nothing around them touched.
//!
//! Known are the places that MCP gives URIs of resources in results, and that MCP Apps gives the
//! interface of a tool. What an author writes elsewhere is text. What a URI is replaced by is not
//! decided here.

use crate::answer::Answer;
use crate::guest_call::Target;
use crate::json::{Json, push_string};

/// What a URI in a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// The name of contents that come with it, or of an interface.
    Own,
    /// A link that the client may follow (server/tools, "Resource Links").
    Elsewhere,
}

/// Where a part of a text begins in it.
pub(super) fn offset(text: &str, part: Json<'_>) -> usize {
    (part.text().as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

impl Answer {
    /// The answer to a call of that kind with the URIs in it as `map` has them; `None` of it leaves one.
    #[must_use]
    pub fn with_uris(self, target: Target, map: impl Fn(Linked, &str) -> Option<String>) -> Self {
        let (status, text) = self.into_parts();
        let text = match Json::of_scanned(&text).get("result") {
            Some(result) => {
                let found = of_result(target, result);
                replaced(&text, &found, map)
            }
            None => text,
        };
        Self::of_parts(status, text)
    }
}

/// The text of a result with its URIs as `map` has them: what [`Answer::with_uris`] does, for who
/// undoes it.
pub fn with_uris(
    target: Target,
    result: Json<'_>,
    map: impl Fn(Linked, &str) -> Option<String>,
) -> String {
    replaced(result.text(), &of_result(target, result), map)
}

/// A tool with the URI of its interface (MCP Apps, 2026-01-26, "Resource Discovery") as `map` has it.
pub(super) fn interface(tool: String, map: impl Fn(&str) -> Option<String>) -> String {
    let json = Json::of_scanned(&tool);
    let meta = json.get("_meta");
    let ui = meta.and_then(|meta| meta.get("ui")?.get("resourceUri"));
    // As it was written before there was the other.
    let flat = meta.and_then(|meta| meta.get("ui/resourceUri"));
    let mut found: Vec<_> = [ui, flat]
        .into_iter()
        .flatten()
        .map(|uri| (Linked::Own, uri))
        .collect();
    if found.is_empty() {
        return tool;
    }
    found.sort_by_key(|(_, uri)| offset(&tool, *uri));
    replaced(&tool, &found, |_, uri| map(uri))
}

/// The URIs of a result, in the order in which they stand.
fn of_result(target: Target, result: Json<'_>) -> Vec<(Linked, Json<'_>)> {
    let list = |name| result.get(name).into_iter().flat_map(Json::elements);
    match target {
        Target::Tool => list("content").filter_map(of_block).collect(),
        Target::Prompt => {
            let contents = list("messages").filter_map(|message| message.get("content"));
            contents.filter_map(of_block).collect()
        }
        Target::Resource => {
            let uris = list("contents").filter_map(|content| content.get("uri"));
            uris.map(|uri| (Linked::Own, uri)).collect()
        }
        Target::Completion => Vec::new(),
    }
}

/// The URI of a block of content (2026-07-28, schema, `ContentBlock`).
fn of_block(block: Json<'_>) -> Option<(Linked, Json<'_>)> {
    match block.get("type")?.as_str()?.as_ref() {
        "resource_link" => Some((Linked::Elsewhere, block.get("uri")?)),
        "resource" => Some((Linked::Own, block.get("resource")?.get("uri")?)),
        _ => None,
    }
}

/// A text in which strings that stand one after another are replaced.
fn replaced(
    text: &str,
    found: &[(Linked, Json<'_>)],
    map: impl Fn(Linked, &str) -> Option<String>,
) -> String {
    let mut out = String::with_capacity(text.len() + found.len() * 48);
    let mut at = 0;
    for (linked, json) in found {
        let Some(new) = json.as_str().and_then(|uri| map(*linked, &uri)) else {
            continue;
        };
        let start = offset(text, *json);
        out.push_str(text.get(at..start).unwrap_or_default());
        push_string(&mut out, &new);
        at = start + json.text().len();
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::catalogue::{split_union_uri, union_uri};

    #[test]
    fn uris_are_replaced_where_mcp_has_them_and_nothing_else_is_touched() {
        let server = "s".parse().unwrap();
        for (target, own, united) in [
            (
                Target::Tool,
                r#"{ "content" : [ {"uri":"a:1","type":"resource_link","x":"a:1"} , {"type":"resource","resource":{"text":"a:1","uri":"a:\u0031"}} , {"type":"text","uri":"a:1"} , 7 ] ,"uri":"a:1"}"#,
                r#"{ "content" : [ {"uri":"smcp+s+a:1","type":"resource_link","x":"a:1"} , {"type":"resource","resource":{"text":"a:1","uri":"smcp+s+a:1"}} , {"type":"text","uri":"a:1"} , 7 ] ,"uri":"a:1"}"#,
            ),
            (
                Target::Prompt,
                r#"{"messages":[{"content":{"type":"resource","resource":{"uri":"ui://é"}}},{"content":{"type":"text","text":"a:1"}},{}]}"#,
                r#"{"messages":[{"content":{"type":"resource","resource":{"uri":"ui://smcp+s+é"}}},{"content":{"type":"text","text":"a:1"}},{}]}"#,
            ),
            (
                Target::Resource,
                r#"{"contents":[{"uri":"a:1","text":"x"},{"uri":7},{"uri":"a:2"}]}"#,
                r#"{"contents":[{"uri":"smcp+s+a:1","text":"x"},{"uri":7},{"uri":"smcp+s+a:2"}]}"#,
            ),
            (
                Target::Completion,
                r#"{"completion":{"values":["a:1"]}}"#,
                r#"{"completion":{"values":["a:1"]}}"#,
            ),
        ] {
            let json = Json::parse(own.as_bytes()).unwrap();
            let mapped = with_uris(target, json, |_, uri| Some(union_uri(&server, uri)));
            assert_eq!(mapped, united);
            let json = Json::parse(mapped.as_bytes()).unwrap();
            let back = with_uris(target, json, |_, uri| Some(split_union_uri(uri)?.1));
            assert_eq!(back, own.replace("\\u0031", "1"));
        }
    }

    #[test]
    fn a_link_is_told_from_what_comes_with_its_contents() {
        let text = r#"{"content":[{"type":"resource_link","uri":"a:1"},{"type":"resource","resource":{"uri":"a:1"}}]}"#;
        let json = Json::parse(text.as_bytes()).unwrap();
        let mapped = with_uris(Target::Tool, json, |linked, _| {
            (linked == Linked::Own).then(|| "own:1".to_owned())
        });
        assert_eq!(
            mapped,
            text.replace(r#"{"uri":"a:1"}"#, r#"{"uri":"own:1"}"#)
        );
    }
}
