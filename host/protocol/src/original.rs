//! From a result as its client was given it back to the text that the guest returned: the inverse of
//! the splicing in `guest_result`.
//!
//! What the host puts into a result it puts in known places, but a guest may have written the same
//! members itself, elsewhere. So there are a few candidates, and whoever knows the digest of the text
//! knows which it was. It is not found if the guest wrote white space between members, or escaped
//! their names: the client has never seen that.

use crate::guest_result::HOST_PREFIX;
use crate::json::{Json, push_member};
use crate::reply::SERVER_INFO_KEY;

/// Members after which `_meta` is looked for: a guest writes few, and it is the last of most.
const PLACES_MAX: usize = 32;

/// The text that a guest returned, if `is_it` knows it again among those that it may be.
pub fn original(given: Json<'_>, is_it: impl Fn(&str) -> bool) -> Option<String> {
    let compact = compact(given.text());
    [given.text(), &compact]
        .into_iter()
        .find_map(|text| of_text(Json::of_scanned(text), &is_it))
}

fn of_text(given: Json<'_>, is_it: &impl Fn(&str) -> bool) -> Option<String> {
    let members = |without: &[&str]| -> Vec<(String, &str)> {
        let kept = given
            .members()
            .filter(|(name, _)| !without.contains(&&**name));
        kept.map(|(name, value)| (name.into_owned(), value.text()))
            .collect()
    };
    let metas = metas(given.get("_meta"));
    for without in [
        &["_meta", "resultType"][..],
        // What the host says of a resource, if its author does not.
        &["_meta", "resultType", "ttlMs", "cacheScope"],
    ] {
        let members = members(without);
        for is_typed in [false, true] {
            for meta in &metas {
                let last = members.len().min(PLACES_MAX);
                let places = match meta {
                    Some(_) => 0..=last,
                    None => 0..=0,
                };
                let texts = places.map(|place| written(&members, is_typed, meta.as_deref(), place));
                if let Some(text) = texts.into_iter().find(|text| is_it(text)) {
                    return Some(text);
                }
            }
        }
    }
    None
}

/// What the guest may have written as its `_meta`.
fn metas(given: Option<Json<'_>>) -> Vec<Option<String>> {
    let mut own = String::from("{");
    for (name, value) in given.into_iter().flat_map(Json::members) {
        if !name.starts_with(HOST_PREFIX) && name != SERVER_INFO_KEY {
            push_member(&mut own, &name, value.text());
        }
    }
    own.push('}');
    if own == "{}" {
        vec![None, Some(own)]
    } else {
        vec![Some(own)]
    }
}

fn written(members: &[(String, &str)], is_typed: bool, meta: Option<&str>, place: usize) -> String {
    let mut out = String::from("{");
    if is_typed {
        push_member(&mut out, "resultType", "\"complete\"");
    }
    let put_meta = |out: &mut String, at: usize| {
        if let Some(meta) = meta.filter(|_| at == place) {
            push_member(out, "_meta", meta);
        }
    };
    for (at, (name, value)) in members.iter().enumerate() {
        put_meta(&mut out, at);
        push_member(&mut out, name, value);
    }
    put_meta(&mut out, members.len());
    out.push('}');
    out
}

/// A JSON text without white space between its tokens.
fn compact(text: &str) -> String {
    let (mut in_string, mut is_escaped) = (false, false);
    let keep = |c: &char| {
        let is_space = !in_string && matches!(c, ' ' | '\t' | '\n' | '\r');
        if *c == '"' && !is_escaped {
            in_string = !in_string;
        }
        is_escaped = in_string && *c == '\\' && !is_escaped;
        !is_space
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

    use smcp_ids::Fuel;

    use super::*;
    use crate::guest_call::Target;
    use crate::guest_result::{GuestResult, MetaEntry};
    use crate::version::Era;

    fn given(target: Target, era: Era, output: &str) -> String {
        let entries = vec![
            MetaEntry::usage(Fuel(7), 65536),
            MetaEntry::receipt("{}".into()),
            MetaEntry {
                key: SERVER_INFO_KEY,
                json: "{}".into(),
            },
        ];
        let result = GuestResult::parse(target, output).unwrap();
        result.spliced(era, &entries)
    }

    #[test]
    fn what_a_guest_returned_is_found_again() {
        for (target, output) in [
            (Target::Tool, r#"{"content":[]}"#),
            (
                Target::Tool,
                r#"{"content":[ {"a" : "x\\\" y"} ],"isError":true}"#,
            ),
            (Target::Tool, r#"{"content":[],"_meta":{}}"#),
            (Target::Tool, r#"{"_meta":{"a":1},"content":[]}"#),
            (
                Target::Tool,
                r#"{"content":[],"_meta":{"a":{"b":[]}},"structuredContent":{}}"#,
            ),
            (
                Target::Tool,
                r#"{"resultType":"complete","content":[],"_meta":{"a":1}}"#,
            ),
            (Target::Prompt, r#"{"messages":[],"description":"ä\n"}"#),
            (Target::Resource, r#"{"contents":[]}"#),
            (
                Target::Resource,
                r#"{"contents":[],"ttlMs":5,"cacheScope":"public"}"#,
            ),
        ] {
            for era in [Era::Modern, Era::Legacy] {
                let given = given(target, era, output);
                let json = Json::parse(given.as_bytes()).unwrap();
                let found = original(json, |text| text == output);
                assert_eq!(found.as_deref(), Some(output), "{era:?} {given}");
            }
        }
    }

    #[test]
    fn white_space_that_a_client_added_does_not_matter() {
        let output = r#"{"content":[{"text":"a, b: \" {"}]}"#;
        let given = given(Target::Tool, Era::Modern, output);
        let value: serde_json::Value = serde_json::from_str(&given).unwrap();
        let spaced = serde_json::to_string_pretty(&value).unwrap();
        assert!(spaced.contains('\n'));
        let json = Json::parse(spaced.as_bytes()).unwrap();
        assert!(original(json, |text| text == output).is_some());
    }

    #[test]
    fn what_it_did_not_return_is_not_found() {
        let output = r#"{"content":["a"]}"#;
        let given = given(Target::Tool, Era::Modern, output).replace("\"a\"", "\"b\"");
        let json = Json::parse(given.as_bytes()).unwrap();
        assert_eq!(original(json, |text| text == output), None);
    }
}
