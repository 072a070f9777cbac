//! What MCP's HTTP transport says in headers: which version, which method and name, what may be
//! sent and answered. Plain texts in; no HTTP types.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::ProtocolError;
use crate::version::Version;

/// `MCP-Protocol-Version`: the version a request is made in.
pub const PROTOCOL_VERSION: &str = "MCP-Protocol-Version";
/// `Mcp-Method`: the method of the body, again.
pub const MCP_METHOD: &str = "Mcp-Method";
/// `Mcp-Name`: the tool, prompt or resource of the body, again.
pub const MCP_NAME: &str = "Mcp-Name";

/// The headers of a POST that the protocol looks at, each as it came; white space around a value
/// means nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head<'a> {
    /// `MCP-Protocol-Version`.
    pub protocol_version: Option<&'a str>,
    /// `Mcp-Method`.
    pub mcp_method: Option<&'a str>,
    /// `Mcp-Name`.
    pub mcp_name: Option<&'a str>,
    /// `Accept`.
    pub accept: Option<&'a str>,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Mcp-Session-Id`: that the message is one of a session, so that it may be a response. Which
    /// session, and whether there is one, is not known here; modern versions ignore it (2026-07-28,
    /// basic/transports/streamable-http, "Earlier Streamable HTTP Revisions").
    pub session_id: Option<&'a str>,
    /// The version that the session agreed on: of no header, but filled in by whoever keeps sessions.
    /// A message of the session that names no version is in this one (2025-11-25, basic/transports,
    /// "Protocol Version Header": what else the server knows of the version).
    pub session_version: Option<Version>,
    /// All headers, names in lower case: `Mcp-Param-*` are looked up in them.
    pub all: &'a [(String, String)],
}

/// What the client takes for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyForm {
    /// One JSON object only: nothing can be sent before the result.
    Json,
    /// A stream only: even a short answer is one event.
    Sse,
    /// Either: JSON unless there is something to stream.
    Either,
}

impl ReplyForm {
    /// Whether messages can be sent ahead of the result.
    pub const fn may_stream(self) -> bool {
        matches!(self, Self::Sse | Self::Either)
    }

    /// Reads an `Accept` header. Clients must list both forms (2026-07-28 and 2025-11-25, "Sending
    /// Messages", item 2), and many do not: one form is taken as a wish, none as indifference. No
    /// header is refused.
    pub fn of(accept: Option<&str>) -> Self {
        let (mut json, mut sse) = (false, false);
        for range in accept.unwrap_or("*/*").split(',') {
            let name = media_type(range);
            json |= ["application/json", "application/*", "*/*"]
                .iter()
                .any(|form| name.eq_ignore_ascii_case(form));
            sse |= ["text/event-stream", "text/*", "*/*"]
                .iter()
                .any(|form| name.eq_ignore_ascii_case(form));
        }
        match (json, sse) {
            (true, false) => Self::Json,
            (false, true) => Self::Sse,
            _ => Self::Either,
        }
    }
}

/// The type of a header without its parameters.
fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

impl<'a> Head<'a> {
    /// The version header, without white space around it.
    pub(crate) fn version(&self) -> Option<&'a str> {
        self.protocol_version.map(str::trim)
    }

    /// The version that the headers name, or else the session agreed on; none if neither says any.
    pub(crate) fn served_version(&self) -> Result<Option<Version>, ProtocolError> {
        match self.version() {
            Some(text) => Version::parse(text)
                .map(Some)
                .ok_or_else(|| ProtocolError::unsupported_version(text)),
            None => Ok(self.session_version),
        }
    }

    /// Checks that the body is said to be JSON (2025-11-25 and 2026-07-28, "Sending Messages": the
    /// body is one JSON-RPC message). Insisting on the type also keeps a foreign web page from
    /// sending one without asking first.
    pub(crate) fn check_content_type(&self) -> Result<(), ProtocolError> {
        let given = self.content_type.map(media_type).unwrap_or_default();
        if given.eq_ignore_ascii_case("application/json") {
            Ok(())
        } else {
            Err(ProtocolError::MediaType)
        }
    }

    /// Checks `Mcp-Method` against the body (2026-07-28, basic/transports/streamable-http, "Server
    /// Validation": missing, different, or of other characters is a mismatch; case counts).
    pub(crate) fn check_method(&self, method: &str) -> Result<(), ProtocolError> {
        let given = checked(MCP_METHOD, self.mcp_method)?;
        if given == method {
            Ok(())
        } else {
            Err(ProtocolError::HeaderMismatch {
                header: MCP_METHOD,
                why: DIFFERS,
            })
        }
    }

    /// Checks `Mcp-Name` against the body, after undoing its encoding (the same page, "Value
    /// Encoding").
    pub(crate) fn check_name(&self, name: &str) -> Result<(), ProtocolError> {
        let given = decoded(MCP_NAME, checked(MCP_NAME, self.mcp_name)?)?;
        if given == name {
            Ok(())
        } else {
            Err(ProtocolError::HeaderMismatch {
                header: MCP_NAME,
                why: DIFFERS,
            })
        }
    }
}

/// Said of a header that contradicts the body.
pub(crate) const DIFFERS: &str = "differs from the body; send the same in both";
/// Said of a header that is not there.
pub(crate) const MISSING: &str = "is missing; this version of MCP requires it";

/// A required header: there, and of visible ASCII, space and tab only (RFC 9110, section 5.5).
pub(crate) fn checked<'a>(
    header: &'static str,
    value: Option<&'a str>,
) -> Result<&'a str, ProtocolError> {
    let value = value.ok_or(ProtocolError::HeaderMismatch {
        header,
        why: MISSING,
    })?;
    if value
        .bytes()
        .any(|byte| !matches!(byte, b'\t' | b' '..=b'~'))
    {
        return Err(ProtocolError::HeaderMismatch {
            header,
            why: "holds characters that a header may not; encode it",
        });
    }
    Ok(value.trim())
}

/// Undoes `=?base64?...?=`, whose markers are exact and whose content is UTF-8.
pub(crate) fn decoded<'a>(
    header: &'static str,
    value: &'a str,
) -> Result<Cow<'a, str>, ProtocolError> {
    let Some(encoded) = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="))
    else {
        return Ok(Cow::Borrowed(value));
    };
    let bytes = STANDARD.decode(encoded).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map(Cow::Owned)
        .ok_or(ProtocolError::HeaderMismatch {
            header,
            why: "is not valid Base64 of UTF-8",
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_is_read_liberally() {
        for (accept, form) in [
            (None, ReplyForm::Either),
            (Some(""), ReplyForm::Either),
            (
                Some("application/json, text/event-stream"),
                ReplyForm::Either,
            ),
            (
                Some("text/event-stream;q=0.9,application/json;q=0.1"),
                ReplyForm::Either,
            ),
            (Some("*/*"), ReplyForm::Either),
            (Some("application/json"), ReplyForm::Json),
            (Some("Application/JSON; charset=utf-8"), ReplyForm::Json),
            (Some("application/*"), ReplyForm::Json),
            (Some("text/event-stream"), ReplyForm::Sse),
            (Some("text/event-stream, text/html"), ReplyForm::Sse),
            (Some("text/html"), ReplyForm::Either),
        ] {
            assert_eq!(ReplyForm::of(accept), form, "{accept:?}");
        }
    }

    #[test]
    fn only_json_is_a_body() {
        for (content_type, accepted) in [
            (Some("application/json"), true),
            (Some("application/json; charset=utf-8"), true),
            (Some(" Application/Json ;charset=UTF-8"), true),
            (Some("text/plain"), false),
            (Some("application/json-rpc"), false),
            (Some("application/x-www-form-urlencoded"), false),
            (Some(""), false),
            (None, false),
        ] {
            let head = Head {
                content_type,
                ..Head::default()
            };
            assert_eq!(
                head.check_content_type().is_ok(),
                accepted,
                "{content_type:?}"
            );
        }
    }

    /// The examples of 2026-07-28, basic/transports/streamable-http, "Value Encoding", and others.
    #[test]
    fn a_name_in_a_header_matches_after_decoding() {
        for (header, name, matches) in [
            (Some("us-west1"), "us-west1", true),
            (Some("  us-west1\t"), "us-west1", true),
            (Some("=?base64?SGVsbG8sIOS4lueVjA==?="), "Hello, 世界", true),
            (Some("=?base64?IHBhZGRlZCA=?="), " padded ", true),
            (Some("=?base64?bGluZTEKbGluZTI=?="), "line1\nline2", true),
            (
                Some("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
                "=?base64?literal?=",
                true,
            ),
            (Some("=?base64?literal?="), "=?base64?literal?=", false),
            (Some("=?BASE64?SGk=?="), "Hi", false),
            (Some("=?base64?SGk?="), "Hi", false),
            (Some("=?base64?/w==?="), "\u{fffd}", false),
            (Some("Us-west1"), "us-west1", false),
            (Some("wörld"), "wörld", false),
            (Some("a\u{7f}"), "a\u{7f}", false),
            (Some(""), "us-west1", false),
            (None, "us-west1", false),
        ] {
            let head = Head {
                mcp_name: header,
                ..Head::default()
            };
            assert_eq!(head.check_name(name).is_ok(), matches, "{header:?}");
        }
    }

    #[test]
    fn a_method_in_a_header_matches_exactly() {
        for (header, matches) in [
            (Some("tools/list"), true),
            (Some(" tools/list "), true),
            (Some("TOOLS/LIST"), false),
            (None, false),
        ] {
            let head = Head {
                mcp_method: header,
                ..Head::default()
            };
            assert_eq!(
                head.check_method("tools/list").is_ok(),
                matches,
                "{header:?}"
            );
        }
    }
}
