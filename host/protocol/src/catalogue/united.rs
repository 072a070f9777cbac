//! How what servers call by their own names is called where all servers of a tenant are one.
//!
//! A tool or prompt is `{server}__{name}`. A URI gets `smcp+{server}+` before it, and nothing else of it
//! is changed: so a URI template is mapped as a URI is, whatever it begins with, and expands (RFC 6570)
//! to the mapped URI of its expansion; and what is mapped is a URI again, since the prefix begins a
//! scheme. One scheme stays in front: clients know the interfaces of MCP Apps by their `ui://`, so there
//! the prefix begins the authority.
//!
//! Refused: calls whose name or URI names no server, or names one and then has no URI. Which servers there
//! are, and who may use them, is not known here; nor is any name looked up.

use smcp_ids::ServerSlug;

use crate::guest_call::{GuestCall, Target};
use crate::uri::could_be_uri;

/// What stands between server and name. No slug holds an underscore, so the first one ends it.
const SEPARATOR: &str = "__";
/// What begins a mapped URI.
const PREFIX: &str = "smcp+";
/// What ends the server in it. No slug holds one.
const END: char = '+';
/// The scheme that stays what it is (MCP Apps, 2026-01-26, "UI Resource Format").
const UI: &str = "ui://";

/// The name of a server's tool or prompt among those of all servers.
pub fn union_name(server: &ServerSlug, name: &str) -> String {
    format!("{server}{SEPARATOR}{name}")
}

/// The server and the tool or prompt that such a name means.
pub fn split_union_name(name: &str) -> Option<(ServerSlug, &str)> {
    let (server, name) = name.split_once(SEPARATOR)?;
    Some((server.parse().ok()?, name))
}

/// A server's URI, or URI template, among those of all servers.
pub fn union_uri(server: &ServerSlug, uri: &str) -> String {
    match uri.strip_prefix(UI) {
        Some(rest) => format!("{UI}{PREFIX}{server}{END}{rest}"),
        None => format!("{PREFIX}{server}{END}{uri}"),
    }
}

/// The server and its own URI that such a URI means.
pub fn split_union_uri(uri: &str) -> Option<(ServerSlug, String)> {
    let (scheme, rest) = match uri.strip_prefix(UI) {
        Some(rest) => (UI, rest),
        None => ("", uri),
    };
    let (server, own) = rest.strip_prefix(PREFIX)?.split_once(END)?;
    Some((server.parse().ok()?, format!("{scheme}{own}")))
}

impl GuestCall<'_> {
    /// The server that the call is for where all servers are one, and that server's own name for what is
    /// called.
    pub fn united(&self) -> Option<(ServerSlug, String)> {
        let is_name = match self.target() {
            Target::Tool | Target::Prompt => true,
            Target::Resource => false,
            Target::Completion => self.completes_prompt(),
        };
        if is_name {
            let (server, name) = split_union_name(self.name())?;
            return Some((server, name.to_owned()));
        }
        // A guest is asked for URIs only, here as elsewhere; what is completed may be a template.
        split_union_uri(self.name())
            .filter(|(_, own)| self.target() == Target::Completion || could_be_uri(own))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;
    use crate::json::Json;
    use crate::uri::is_uri;

    #[test]
    fn a_uri_of_a_server_names_it_and_is_a_uri_again() {
        let server = "my-server".parse().unwrap();
        for (own, united) in [
            ("file:///a%20b?c#d", "smcp+my-server+file:///a%20b?c#d"),
            ("urn:isbn:1", "smcp+my-server+urn:isbn:1"),
            ("https://h/", "smcp+my-server+https://h/"),
            ("ui://clock/face", "ui://smcp+my-server+clock/face"),
            // What is mapped already is some server's own URI like any other.
            ("smcp+a+b:c", "smcp+my-server+smcp+a+b:c"),
            ("ui://smcp+a+b", "ui://smcp+my-server+smcp+a+b"),
        ] {
            assert_eq!(union_uri(&server, own), united);
            assert!(is_uri(united), "{united}");
        }
    }

    #[test]
    fn what_a_template_expands_to_is_mapped_as_its_expansion_is() {
        let server = "s".parse().unwrap();
        for (template, expanded) in [
            ("notes://{id}", "notes://7"),
            ("{+uri}", "file:///x"),
            ("{+uri}", "ui://x"),
            ("ui://{name}/face", "ui://7/face"),
        ] {
            // Expansion replaces expressions and leaves all else.
            let (before, after) = template.split_once('{').unwrap();
            let after = after.split_once('}').unwrap().1;
            let value = expanded.strip_prefix(before).unwrap();
            let value = value.strip_suffix(after).unwrap();
            let mapped = union_uri(&server, template);
            let (before, rest) = mapped.split_once('{').unwrap();
            let mapped = format!("{before}{value}{}", rest.split_once('}').unwrap().1);
            let split = split_union_uri(&mapped).unwrap();
            assert_eq!(split, (server.clone(), expanded.to_owned()), "{mapped}");
        }
    }

    #[test]
    fn a_uri_that_names_no_server_means_none() {
        for uri in [
            "file:///a",
            "ui://clock",
            "smcp+",
            "smcp+s",
            "smcp++a:b",
            "smcp+S+a:b",
            "SMCP+s+a:b",
            "x:smcp+s+a:b",
            "ui:smcp+s+a",
        ] {
            assert_eq!(split_union_uri(uri), None, "{uri}");
        }
    }

    #[test]
    fn a_call_is_for_the_server_that_its_name_or_uri_names() {
        let completes = |reference: &str| {
            format!(r#"{{"ref":{reference},"argument":{{"name":"a","value":""}}}}"#)
        };
        for (method, params, own) in [
            ("tools/call", r#"{"name":"s__a__b"}"#.into(), Some("a__b")),
            ("tools/call", r#"{"name":"smcp+s+a:b"}"#.into(), None),
            ("prompts/get", r#"{"name":"s__p"}"#.into(), Some("p")),
            ("prompts/get", r#"{"name":"p"}"#.into(), None),
            (
                "resources/read",
                r#"{"uri":"smcp+s+a:b"}"#.into(),
                Some("a:b"),
            ),
            (
                "resources/read",
                r#"{"uri":"ui://smcp+s+a"}"#.into(),
                Some("ui://a"),
            ),
            ("resources/read", r#"{"uri":"file:///s__a"}"#.into(), None),
            // URIs, but not any more when the server is taken away.
            ("resources/read", r#"{"uri":"smcp+s+:b"}"#.into(), None),
            ("resources/read", r#"{"uri":"smcp+s+1a:b"}"#.into(), None),
            (
                "completion/complete",
                completes(r#"{"type":"ref/prompt","name":"s__p"}"#),
                Some("p"),
            ),
            (
                "completion/complete",
                completes(r#"{"type":"ref/prompt","name":"smcp+s+a:b"}"#),
                None,
            ),
            (
                "completion/complete",
                completes(r#"{"type":"ref/resource","uri":"smcp+s+{+uri}"}"#),
                Some("{+uri}"),
            ),
        ] {
            let text = format!(r#"{{"method":"{method}","params":{params}}}"#);
            let call = GuestCall::of_message(Json::parse(text.as_bytes()).unwrap()).unwrap();
            let united = own.map(|own| ("s".parse().unwrap(), own.to_owned()));
            assert_eq!(call.united(), united, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_uri_and_its_mapping_are_inverse(
            server in "[a-z][a-z0-9]{0,12}(-[a-z0-9]{1,8})?",
            own in prop_oneof!["(ui://|smcp\\+)?[ -~]{0,40}", "\\PC{0,40}"],
        ) {
            let server: ServerSlug = server.parse().unwrap();
            let united = union_uri(&server, &own);
            prop_assert_eq!(split_union_uri(&united), Some((server, own)));
        }
    }
}
