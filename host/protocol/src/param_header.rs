//! `Mcp-Param-*`: arguments that a tool wants mirrored in headers (2026-07-28,
//! basic/transports/streamable-http, "Custom Headers from Tool Parameters").
//!
//! The catalogue reads the annotations once; a call's headers are compared with its arguments. An
//! annotation that clients would have to refuse is refused at packing.

use std::borrow::Cow;

use crate::error::ProtocolError;
use crate::head::{self, Head};
use crate::json::{Json, Kind};

const ANNOTATION: &str = "x-mcp-header";
/// In lower case, as headers come here.
const PREFIX: &str = "mcp-param-";
const UNREACHABLE: &str =
    "has an \"x-mcp-header\" where \"properties\" alone do not lead; clients refuse such a tool";

/// An annotated property of a tool's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParamHeader {
    /// The whole name, in lower case.
    name: Box<str>,
    /// The members that lead to it.
    path: Box<[Box<str>]>,
}

/// Reads the annotations of an input schema ("Schema Extension").
pub(crate) fn read(schema: Json<'_>) -> Result<Box<[ParamHeader]>, &'static str> {
    // Nearly no schema has any: one look tells.
    if !schema.text().contains(ANNOTATION) {
        return Ok(Box::default());
    }
    if schema.get(ANNOTATION).is_some() {
        return Err(UNREACHABLE);
    }
    let mut found = Vec::new();
    collect(schema, true, &mut Vec::new(), &mut found)?;
    let names = |header: &ParamHeader| header.name.clone();
    found.sort_by_key(names);
    if found.windows(2).any(|pair| pair[0].name == pair[1].name) {
        return Err("has an \"x-mcp-header\" twice; names differ in more than case");
    }
    Ok(found.into())
}

/// Through `properties` only: what lies elsewhere is not reachable without looking at the arguments,
/// and an annotation there makes clients refuse the whole tool.
fn collect(
    schema: Json<'_>,
    is_reachable: bool,
    path: &mut Vec<Box<str>>,
    found: &mut Vec<ParamHeader>,
) -> Result<(), &'static str> {
    for (name, inner) in within(schema) {
        let is_reachable = is_reachable && name.is_some();
        path.push(name.as_deref().unwrap_or_default().into());
        match inner.get(ANNOTATION) {
            Some(_) if !is_reachable => return Err(UNREACHABLE),
            Some(annotation) => found.push(ParamHeader {
                name: header_name(annotation, inner)?,
                path: path.clone().into(),
            }),
            None => {}
        }
        collect(inner, is_reachable, path, found)?;
        path.pop();
    }
    Ok(())
}

/// The schemas inside a schema, in both dialects: with its name what `properties` has, without one
/// what is anywhere else. Text that is no schema, as in `const` and `default`, is not looked at.
fn within(schema: Json<'_>) -> Vec<(Option<Cow<'_, str>>, Json<'_>)> {
    let mut within = Vec::new();
    for (keyword, value) in schema.members() {
        match &*keyword {
            "properties" => {
                within.extend(value.members().map(|(name, inner)| (Some(name), inner)));
            }
            "$defs" | "definitions" | "dependencies" | "dependentSchemas" | "patternProperties" => {
                within.extend(value.members().map(|(_, inner)| (None, inner)));
            }
            "additionalItems"
            | "additionalProperties"
            | "allOf"
            | "anyOf"
            | "contains"
            | "contentSchema"
            | "else"
            | "if"
            | "items"
            | "not"
            | "oneOf"
            | "prefixItems"
            | "propertyNames"
            | "then"
            | "unevaluatedItems"
            | "unevaluatedProperties" => {
                within.push((None, value));
                within.extend(value.elements().map(|inner| (None, inner)));
            }
            _ => {}
        }
    }
    within
}

fn header_name(annotation: Json<'_>, property: Json<'_>) -> Result<Box<str>, &'static str> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let name = annotation
        .as_str()
        .filter(|name| !name.is_empty() && name.bytes().all(is_token))
        .ok_or("has an \"x-mcp-header\" that is not the name of a header")?;
    let ty = property.get("type").and_then(Json::as_str);
    match ty.as_deref() {
        Some("string" | "integer" | "boolean") => {
            Ok(format!("{PREFIX}{}", name.to_ascii_lowercase()).into())
        }
        _ => Err("has an \"x-mcp-header\" on a property that is no string, integer or boolean"),
    }
}

/// Compares the headers of a call with its arguments ("Server Behavior for Custom Headers").
pub(crate) fn check(
    headers: &[ParamHeader],
    head: &Head<'_>,
    arguments: &str,
) -> Result<(), ProtocolError> {
    if headers.is_empty() {
        return Ok(());
    }
    let arguments = Json::of_scanned(arguments);
    for header in headers {
        let given = head.all.iter().find(|(name, _)| **name == *header.name);
        let value = header
            .path
            .iter()
            .try_fold(arguments, |value, member| value.get(member))
            .filter(|value| value.kind() != Kind::Null);
        let mismatch = |why| {
            Err(ProtocolError::HeaderMismatch {
                header: "Mcp-Param",
                why,
            })
        };
        match (given, value) {
            (None, None) => {}
            (None, Some(_)) => return mismatch(head::MISSING),
            (Some((_, given)), value) => {
                let given = head::decoded("Mcp-Param", head::checked("Mcp-Param", Some(given))?)?;
                if !value.is_some_and(|value| says(&given, value)) {
                    return mismatch(head::DIFFERS);
                }
            }
        }
    }
    Ok(())
}

/// Whether a header says a value ("Value Encoding"; "Server Validation": numbers by their size).
fn says(header: &str, value: Json<'_>) -> bool {
    match value.kind() {
        Kind::String => value.as_str().is_some_and(|text| text == header),
        Kind::Bool => value.text() == header,
        Kind::Number => safe_number(value.text())
            .is_some_and(|number| safe_number(header).is_some_and(|given| given == number)),
        Kind::Object | Kind::Array | Kind::Null => false,
    }
}

/// A number that all implementations read alike ("Schema Extension": within 2^53).
fn safe_number(text: &str) -> Option<f64> {
    const MOST: f64 = 9_007_199_254_740_991.0;
    let json = Json::parse(text.as_bytes()).ok()?;
    let number: f64 = json.text().parse().ok()?;
    (json.kind() == Kind::Number && number.abs() <= MOST).then_some(number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).unwrap()
    }

    const SCHEMA: &str = r#"{"type":"object","properties":{
        "region":{"type":"string","x-mcp-header":"Region"},
        "page":{"type":"object","properties":{"size":{"type":"integer","x-mcp-header":"Size"}}},
        "query":{"type":"string"}}}"#;

    #[test]
    fn headers_say_what_the_arguments_say() {
        let headers = read(json(SCHEMA)).unwrap();
        for (given, arguments, good) in [
            (vec![], "{}", true),
            (vec![("mcp-param-region", "us")], r#"{"region":"us"}"#, true),
            (
                vec![("mcp-param-region", " us ")],
                r#"{"region":"us"}"#,
                true,
            ),
            (
                vec![("mcp-param-region", "=?base64?dXM=?=")],
                r#"{"region":"us"}"#,
                true,
            ),
            (
                vec![("mcp-param-region", "=?base64?dXM?=")],
                r#"{"region":"us"}"#,
                false,
            ),
            (
                vec![("mcp-param-region", "eu")],
                r#"{"region":"us"}"#,
                false,
            ),
            (vec![("mcp-param-region", "us")], "{}", false),
            (vec![], r#"{"region":"us"}"#, false),
            (vec![], r#"{"region":null}"#, true),
            (
                vec![("mcp-param-size", "7")],
                r#"{"page":{"size":7}}"#,
                true,
            ),
            (
                vec![("mcp-param-size", "8")],
                r#"{"page":{"size":7}}"#,
                false,
            ),
            // Numbers are compared by their size, as far as all implementations agree on it.
            (
                vec![("mcp-param-size", "7")],
                r#"{"page":{"size":7.0}}"#,
                true,
            ),
            (
                vec![("mcp-param-size", "7.0")],
                r#"{"page":{"size":7}}"#,
                true,
            ),
            (
                vec![("mcp-param-size", "9007199254740991")],
                r#"{"page":{"size":9007199254740991}}"#,
                true,
            ),
            (
                vec![("mcp-param-size", "9007199254740993")],
                r#"{"page":{"size":9007199254740993}}"#,
                false,
            ),
            (
                vec![("mcp-param-size", "\"7\"")],
                r#"{"page":{"size":7}}"#,
                false,
            ),
            (
                vec![("mcp-param-size", "inf")],
                r#"{"page":{"size":1e999}}"#,
                false,
            ),
            (vec![("mcp-param-region", "7")], r#"{"region":7}"#, true),
            (vec![("mcp-param-other", "x")], r#"{"query":"q"}"#, true),
        ] {
            let all: Vec<(String, String)> = given
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let head = Head {
                all: &all,
                ..Head::default()
            };
            assert_eq!(
                check(&headers, &head, arguments).is_ok(),
                good,
                "{given:?} {arguments}"
            );
        }
    }

    #[test]
    fn annotations_that_clients_refuse_are_refused() {
        for property in [
            r#"{"type":"string","x-mcp-header":""}"#,
            r#"{"type":"string","x-mcp-header":"a b"}"#,
            r#"{"type":"string","x-mcp-header":1}"#,
            r#"{"type":"number","x-mcp-header":"A"}"#,
            r#"{"x-mcp-header":"A"}"#,
            r#"{"type":"string","x-mcp-header":"Region"},"b":{"type":"string","x-mcp-header":"region"}"#,
        ] {
            let schema = format!(r#"{{"properties":{{"a":{property}}}}}"#);
            assert!(read(json(&schema)).is_err(), "{property}");
        }
    }

    #[test]
    fn annotations_that_properties_alone_do_not_lead_to_are_refused() {
        const HERE: &str = r#"{"type":"string","x-mcp-header":"A"}"#;
        for (schema, good) in [
            (HERE.to_owned(), false),
            (format!(r#"{{"items":{HERE}}}"#), false),
            (format!(r#"{{"anyOf":[{{}},{HERE}]}}"#), false),
            (format!(r#"{{"$defs":{{"a":{HERE}}}}}"#), false),
            (
                format!(r#"{{"properties":{{"a":{{"items":{{"properties":{{"b":{HERE}}}}}}}}}}}"#),
                false,
            ),
            (
                format!(r#"{{"if":{{"properties":{{"a":{HERE}}}}}}}"#),
                false,
            ),
            (format!(r#"{{"additionalProperties":{HERE}}}"#), false),
            (
                format!(r#"{{"properties":{{"a":{{"properties":{{"b":{HERE}}}}}}}}}"#),
                true,
            ),
            // A property of that name, and a value, are no annotations.
            (
                r#"{"properties":{"x-mcp-header":{"type":"string"}}}"#.to_owned(),
                true,
            ),
            (format!(r#"{{"default":{HERE},"const":{HERE}}}"#), true),
        ] {
            assert_eq!(read(json(&schema)).is_ok(), good, "{schema}");
        }
    }
}
