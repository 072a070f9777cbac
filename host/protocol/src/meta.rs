//! A request's `_meta`: what a modern client says with every request, and what either era may say.
//!
//! Keys of others pass by untouched; the guest is given the whole of it.

use std::borrow::Cow;

use crate::error::ProtocolError;
use crate::json::{Json, Kind};
use crate::message::Token;
use crate::task::TASKS_EXTENSION;
use smcp_ids::LogLevel;

use crate::version::Era;

/// The version a request is made in.
pub(crate) const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
/// What the client can do.
pub(crate) const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";
const CLIENT_INFO_KEY: &str = "io.modelcontextprotocol/clientInfo";
const LOG_LEVEL_KEY: &str = "io.modelcontextprotocol/logLevel";
/// Asks for a receipt; in the answer, it is one.
pub(crate) const RECEIPT_KEY: &str = "smcp/receipt";

/// The trace that a request belongs to, each part as the client wrote it (2026-07-28, basic/index,
/// "OpenTelemetry trace context"). Nothing has checked their inner form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceContext<'a> {
    /// `traceparent` of W3C Trace Context.
    pub parent: Option<Cow<'a, str>>,
    /// `tracestate` of W3C Trace Context.
    pub state: Option<Cow<'a, str>>,
    /// `baggage` of W3C Baggage.
    pub baggage: Option<Cow<'a, str>>,
}

/// What a request says about itself.
#[derive(Clone, Debug, Default)]
pub struct Meta<'a> {
    /// The whole object, as it was sent.
    pub raw: Option<Json<'a>>,
    /// The client's capabilities, an object; of modern requests only, which always have it.
    pub client_capabilities: Option<Json<'a>>,
    /// Who the client says it is; nothing is proved by it.
    pub client_info: Option<Json<'a>>,
    /// The name for progress reports, if the client wants them.
    pub progress_token: Option<Token<'a>>,
    /// The least urgent log entry the client wants; of modern requests only. None: none at all.
    pub log_level: Option<LogLevel>,
    /// The trace it belongs to.
    pub trace: TraceContext<'a>,
    /// Whether the client wants a receipt of the call.
    pub receipt: bool,
    /// Whether a call of the client may go on without it, as a task; of modern requests only.
    pub takes_tasks: bool,
}

impl<'a> Meta<'a> {
    /// Reads what `_meta` holds. That a modern one names its version was seen before.
    pub(crate) fn read(raw: Option<Json<'a>>, era: Era) -> Result<Self, ProtocolError> {
        if raw.is_some_and(|raw| raw.kind() != Kind::Object) {
            return Err(ProtocolError::InvalidParams("\"_meta\" must be an object"));
        }
        let mut meta = Self {
            raw,
            ..Self::default()
        };
        for (name, value) in raw.into_iter().flat_map(Json::members) {
            match (&*name, era) {
                ("progressToken", _) => meta.progress_token = Some(progress_token(value)?),
                ("traceparent", _) => meta.trace.parent = value.as_str(),
                ("tracestate", _) => meta.trace.state = value.as_str(),
                ("baggage", _) => meta.trace.baggage = value.as_str(),
                (RECEIPT_KEY, _) => meta.receipt = flag(value)?,
                (LOG_LEVEL_KEY, Era::Modern) => meta.log_level = Some(log_level(value)?),
                (CLIENT_INFO_KEY, Era::Modern) => meta.client_info = Some(value),
                (CAPABILITIES_KEY, Era::Modern) => meta.client_capabilities = Some(value),
                _ => {}
            }
        }
        // 2026-07-28, basic/index, "Per-request protocol fields": required on every request.
        let declared = meta
            .client_capabilities
            .is_some_and(|value| value.kind() == Kind::Object);
        if era == Era::Modern && !declared {
            return Err(ProtocolError::MissingMeta {
                field: CAPABILITIES_KEY,
                kind: "an object",
            });
        }
        meta.takes_tasks = meta.client_capabilities.is_some_and(takes_tasks);
        Ok(meta)
    }
}

/// 2026-07-28, basic/versioning, "Extension Negotiation": said with each request, by an object of
/// settings.
fn takes_tasks(capabilities: Json<'_>) -> bool {
    let extensions = capabilities.get("extensions");
    extensions
        .and_then(|extensions| extensions.get(TASKS_EXTENSION))
        .is_some_and(|settings| settings.kind() == Kind::Object)
}

/// 2026-07-28, basic/patterns/progress, "Progress Flow": a string or an integer.
fn progress_token(value: Json<'_>) -> Result<Token<'_>, ProtocolError> {
    Token::of(value).ok_or(ProtocolError::InvalidParams(
        "\"progressToken\" must be a string or an integer of at most 1024 bytes",
    ))
}

/// One that is refused is noticed; a receipt that is not there may not be.
fn flag(value: Json<'_>) -> Result<bool, ProtocolError> {
    match value.text() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(ProtocolError::InvalidParams(
            "\"smcp/receipt\" must be true or false",
        )),
    }
}

/// 2026-07-28, server/utilities/logging, "Error Handling": an unknown level is refused with -32602.
fn log_level(value: Json<'_>) -> Result<LogLevel, ProtocolError> {
    value
        .as_str()
        .and_then(|text| LogLevel::parse(&text))
        .ok_or(ProtocolError::InvalidParams(
            "\"io.modelcontextprotocol/logLevel\" must be a level of syslog",
        ))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test may stop where it stands"
    )]

    use super::*;

    fn read(text: &str, era: Era) -> Result<Meta<'_>, ProtocolError> {
        Meta::read(Some(Json::parse(text.as_bytes()).unwrap()), era)
    }

    #[test]
    fn levels_are_those_of_syslog_in_order() {
        assert!(LogLevel::ALL.is_sorted());
        for level in LogLevel::ALL {
            assert_eq!(LogLevel::parse(level.as_str()), Some(level));
        }
        for text in ["", "Debug", "warn", "trace"] {
            assert_eq!(LogLevel::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_modern_meta_says_all_about_its_request() {
        let text = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientCapabilities":{"roots":{}},
            "io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},
            "io.modelcontextprotocol/logLevel":"notice","progressToken":7,
            "traceparent":"00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01","tracestate":"a=b","baggage":1,
            "smcp/receipt":true,"com.example/own":[1]}"#;
        let meta = read(text, Era::Modern).unwrap();
        assert_eq!(meta.raw.unwrap().text(), text);
        assert_eq!(meta.client_capabilities.unwrap().text(), r#"{"roots":{}}"#);
        assert_eq!(
            meta.client_info.unwrap().text(),
            r#"{"name":"c","version":"1"}"#
        );
        assert_eq!(meta.log_level, Some(LogLevel::Notice));
        assert_eq!(meta.progress_token.map(Token::json), Some("7"));
        assert_eq!(
            meta.trace.parent.as_deref(),
            Some("00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01")
        );
        assert_eq!(
            (meta.trace.state.as_deref(), meta.trace.baggage.as_deref()),
            (Some("a=b"), None)
        );
        assert!(meta.receipt);
    }

    #[test]
    fn a_legacy_meta_asks_for_nothing_modern() {
        let meta = read(
            r#"{"io.modelcontextprotocol/logLevel":"shout","progressToken":"p","smcp/receipt":false}"#,
            Era::Legacy,
        )
        .unwrap();
        assert!(!meta.receipt);
        assert_eq!(meta.log_level, None);
        assert_eq!(meta.progress_token.map(Token::json), Some("\"p\""));
        assert!(Meta::read(None, Era::Legacy).unwrap().raw.is_none());
    }

    #[test]
    fn a_client_takes_tasks_if_it_says_so_in_the_modern_way() {
        for (capabilities, taken) in [
            (
                r#"{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#,
                true,
            ),
            (
                r#"{"extensions":{"a/b":{},"io.modelcontextprotocol/tasks":{"x":1}}}"#,
                true,
            ),
            (
                r#"{"extensions":{"io.modelcontextprotocol/tasks":true}}"#,
                false,
            ),
            (r#"{"extensions":{}}"#, false),
            (r#"{"extensions":[]}"#, false),
            (r#"{"tasks":{"list":{}}}"#, false),
            ("{}", false),
        ] {
            let text =
                format!(r#"{{"io.modelcontextprotocol/clientCapabilities":{capabilities}}}"#);
            let takes = |era| read(&text, era).unwrap().takes_tasks;
            assert_eq!(takes(Era::Modern), taken, "{capabilities}");
            assert!(!takes(Era::Legacy));
        }
    }

    #[test]
    fn fields_of_the_wrong_kind_are_refused() {
        let long = format!(r#"{{"progressToken":"{}"}}"#, "x".repeat(2000));
        for (text, era, code) in [
            ("{}", Era::Modern, "missing_meta"),
            (r#"{"smcp/receipt":"yes"}"#, Era::Legacy, "invalid_params"),
            (
                r#"{"io.modelcontextprotocol/clientCapabilities":[]}"#,
                Era::Modern,
                "missing_meta",
            ),
            (
                r#"{"io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/logLevel":"loud"}"#,
                Era::Modern,
                "invalid_params",
            ),
            (r#"{"progressToken":1.5}"#, Era::Legacy, "invalid_params"),
            (r#"{"progressToken":null}"#, Era::Legacy, "invalid_params"),
            (&long, Era::Legacy, "invalid_params"),
            ("[]", Era::Legacy, "invalid_params"),
            ("\"x\"", Era::Modern, "invalid_params"),
        ] {
            assert_eq!(read(text, era).unwrap_err().code(), code, "{text}");
        }
    }
}
