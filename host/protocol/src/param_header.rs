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
    let mut found = Vec::new();
    collect(schema, &mut Vec::new(), &mut found)?;
    let names = |header: &ParamHeader| header.name.clone();
    found.sort_by_key(names);
    if found.windows(2).any(|pair| pair[0].name == pair[1].name) {
        return Err("has an \"x-mcp-header\" twice; names differ in more than case");
    }
    Ok(found.into())
}

/// Through `properties` only: what lies elsewhere is not reachable without looking at the arguments.
fn collect(
    schema: Json<'_>,
    path: &mut Vec<Box<str>>,
    found: &mut Vec<ParamHeader>,
) -> Result<(), &'static str> {
    let properties = schema.get("properties");
    for (name, property) in properties.into_iter().flat_map(Json::members) {
        path.push((*name).into());
        if let Some(annotation) = property.get(ANNOTATION) {
            found.push(ParamHeader {
                name: header_name(annotation, property)?,
                path: path.clone().into(),
            });
        }
        collect(property, path, found)?;
        path.pop();
    }
    Ok(())
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
                if value.and_then(as_header).is_none_or(|value| value != given) {
                    return mismatch(head::DIFFERS);
                }
            }
        }
    }
    Ok(())
}

/// A value as a header says it ("Value Encoding").
fn as_header(value: Json<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Kind::String => value.as_str(),
        Kind::Bool | Kind::Number => Some(Cow::Borrowed(value.text())),
        _ => None,
    }
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
}
