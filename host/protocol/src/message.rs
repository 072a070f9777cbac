//! A body as a JSON-RPC message: a request, a notification or a response.
//!
//! Refused: batches (`batch` takes them apart before), a `jsonrpc` other than "2.0", ids that are
//! neither string nor integer, params that are no object, responses to nothing and of both kinds.
//! Members that JSON-RPC does not name are passed over. Knows no method.

use std::borrow::Cow;

use smcp_ids::limits::{MCP_BODY_MAX, TOKEN_MAX};

use crate::error::ProtocolError;
use crate::json::{Json, Kind};

/// A body that is one JSON object we accept.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a>(Json<'a>);

impl<'a> Frame<'a> {
    /// Scans a body.
    ///
    /// # Errors
    /// It is too large, not JSON we accept, a batch, or no object.
    pub fn read(body: &'a [u8]) -> Result<Self, ProtocolError> {
        if body.len() > MCP_BODY_MAX {
            return Err(ProtocolError::TooLarge);
        }
        let json = Json::parse(body)?;
        match json.kind() {
            Kind::Object => Ok(Self(json)),
            // 2025-06-18, changelog: batching is gone. Those of 2025-03-26 never come here whole.
            Kind::Array => Err(ProtocolError::Batch),
            _ => Err(ProtocolError::Envelope("send one JSON object")),
        }
    }
}

/// A value that comes back as it was sent: a request's id or its progress token. A string or an
/// integer, at most `TOKEN_MAX` bytes of JSON (basic/index, "Requests": the id is no null;
/// basic/patterns/progress, "Progress Flow").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a>(Json<'a>);

impl<'a> Token<'a> {
    /// Takes a value that can be a token.
    pub(crate) fn of(json: Json<'a>) -> Option<Self> {
        let fits = json.text().len() <= TOKEN_MAX;
        (fits && (json.kind() == Kind::String || json.is_integer())).then_some(Self(json))
    }

    /// Its JSON text.
    pub fn json(self) -> &'a str {
        self.0.text()
    }

    /// The string, if it is one.
    pub(crate) fn as_str(self) -> Option<Cow<'a, str>> {
        self.0.as_str()
    }
}

/// A JSON-RPC message.
#[derive(Clone, Debug)]
pub enum Message<'a> {
    /// A call that is to be answered.
    Request {
        /// What names it.
        id: Token<'a>,
        /// What is asked.
        method: Cow<'a, str>,
        /// An object, if there is one.
        params: Option<Json<'a>>,
    },
    /// A message that is not answered.
    Notification {
        /// What happened.
        method: Cow<'a, str>,
        /// An object, if there is one.
        params: Option<Json<'a>>,
    },
    /// The answer to something that a server asked.
    Response {
        /// What was asked.
        id: Token<'a>,
        /// How it ended.
        outcome: Outcome<'a>,
    },
}

/// How something that was asked ended (basic/index, "Responses"): with one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// A result. Whether it fits what was asked is not known here.
    Result(Json<'a>),
    /// An error, in the client's words.
    Error(Json<'a>),
}

/// Why a frame is not a message, and the id of it if that at least could be read: an error response
/// carries the id wherever it can (basic/index, "Error Responses").
#[derive(Clone, Debug)]
pub struct Malformed<'a> {
    /// The id, if it is a good one.
    pub id: Option<Token<'a>>,
    /// What is wrong.
    pub error: ProtocolError,
}

#[derive(Default)]
struct Envelope<'a> {
    jsonrpc: Option<Json<'a>>,
    id: Option<Json<'a>>,
    method: Option<Json<'a>>,
    params: Option<Json<'a>>,
    result: Option<Json<'a>>,
    error: Option<Json<'a>>,
}

impl<'a> Envelope<'a> {
    fn read(frame: Frame<'a>) -> Self {
        let mut envelope = Self::default();
        for (name, value) in frame.0.members() {
            match &*name {
                "jsonrpc" => envelope.jsonrpc = Some(value),
                "id" => envelope.id = Some(value),
                "method" => envelope.method = Some(value),
                "params" => envelope.params = Some(value),
                "result" => envelope.result = Some(value),
                "error" => envelope.error = Some(value),
                _ => {}
            }
        }
        envelope
    }

    /// What it is if it has no method.
    fn response(&self, id: Option<Token<'a>>) -> Result<Message<'a>, &'static str> {
        let outcome = match (self.result, self.error) {
            (None, None) => return Err("\"method\" is missing"),
            (Some(_), Some(_)) => {
                return Err("a response has a \"result\" or an \"error\", not both");
            }
            (Some(result), None) => Outcome::Result(result),
            (None, Some(error)) => Outcome::Error(error),
        };
        // An error without an id says that a message could not be read: that is nobody's answer.
        let id = id.ok_or("a response needs the \"id\" of what it answers")?;
        Ok(Message::Response { id, outcome })
    }
}

impl<'a> Message<'a> {
    /// Reads the envelope of a frame (basic/index, "Messages").
    ///
    /// # Errors
    /// It is not a JSON-RPC 2.0 message as MCP has them.
    pub fn read(frame: Frame<'a>) -> Result<Self, Malformed<'a>> {
        let envelope = Envelope::read(frame);
        let id = envelope.id.and_then(Token::of);
        let malformed = |why| Malformed {
            id,
            error: ProtocolError::Envelope(why),
        };
        if envelope.jsonrpc.and_then(Json::as_str).as_deref() != Some("2.0") {
            return Err(malformed("\"jsonrpc\" must be \"2.0\""));
        }
        if envelope.id.is_some() && id.is_none() {
            return Err(malformed(
                "\"id\" must be a string or an integer of at most 1024 bytes",
            ));
        }
        let Some(method) = envelope.method else {
            return envelope.response(id).map_err(malformed);
        };
        let Some(method) = method.as_str() else {
            return Err(malformed("\"method\" must be a string"));
        };
        if envelope.result.or(envelope.error).is_some() {
            return Err(malformed(
                "a message has a \"method\" or is a response, not both",
            ));
        }
        if envelope
            .params
            .is_some_and(|params| params.kind() != Kind::Object)
        {
            return Err(malformed("\"params\" must be an object"));
        }
        Ok(match id {
            Some(id) => Self::Request {
                id,
                method,
                params: envelope.params,
            },
            None => Self::Notification {
                method,
                params: envelope.params,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test may stop where it stands"
    )]

    use super::*;

    fn read(text: &str) -> Result<Message<'_>, Malformed<'_>> {
        Message::read(Frame::read(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_frame_is_one_object() {
        for (body, code) in [
            ("", "invalid_json"),
            ("{", "invalid_json"),
            ("{}{}", "invalid_json"),
            (r#"{"a":1,"a":1}"#, "invalid_json"),
            ("[]", "batch_unsupported"),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
                "batch_unsupported",
            ),
            ("1", "invalid_message"),
            ("null", "invalid_message"),
        ] {
            assert_eq!(
                Frame::read(body.as_bytes()).unwrap_err().code(),
                code,
                "{body}"
            );
        }
        let large = vec![b' '; MCP_BODY_MAX + 1];
        assert_eq!(Frame::read(&large).unwrap_err(), ProtocolError::TooLarge);
        assert!(Frame::read(b" {} ").is_ok());
    }

    #[test]
    fn a_request_has_an_id_a_notification_has_none_and_a_response_has_an_outcome() {
        for (text, expected) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, "request 1 m -"),
            (
                r#"{"params":{},"method":"m","id":"a\"b","jsonrpc":"2.0"}"#,
                r#"request "a\"b" m {}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","id":-9007199254740993,"method":"m"}"#,
                "request -9007199254740993 m -",
            ),
            (
                r#"{"json\u0072pc":"2.0","id":"","method":"\u006d","extra":1}"#,
                "request \"\" m -",
            ),
            (
                r#"{"jsonrpc":"2.0","method":"m","params":{"a":[1]}}"#,
                r#"notification m {"a":[1]}"#,
            ),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "result of 1: {}"),
            (
                r#"{"error":{"code":1,"message":""},"id":"a","jsonrpc":"2.0"}"#,
                r#"error of "a": {"code":1,"message":""}"#,
            ),
        ] {
            let params = |params: &Option<Json<'_>>| params.map_or("-", Json::text).to_owned();
            let seen = match &read(text).unwrap() {
                Message::Request {
                    id,
                    method,
                    params: p,
                } => format!("request {} {method} {}", id.json(), params(p)),
                Message::Notification { method, params: p } => {
                    format!("notification {method} {}", params(p))
                }
                Message::Response { id, outcome } => match outcome {
                    Outcome::Result(result) => {
                        format!("result of {}: {}", id.json(), result.text())
                    }
                    Outcome::Error(error) => format!("error of {}: {}", id.json(), error.text()),
                },
            };
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_id_where_it_has_one() {
        let long = format!(
            r#"{{"jsonrpc":"2.0","id":"{}","method":"m"}}"#,
            "x".repeat(TOKEN_MAX)
        );
        for (text, id) in [
            ("{}", None),
            (r#"{"id":1,"method":"m"}"#, Some("1")),
            (r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, Some("1")),
            (r#"{"jsonrpc":2.0,"id":1,"method":"m"}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, None),
            (r#"{"jsonrpc":"2.0","id":1.0,"method":"m"}"#, None),
            (r#"{"jsonrpc":"2.0","id":1e3,"method":"m"}"#, None),
            (r#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, None),
            (r#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, None),
            (r#"{"jsonrpc":"2.0","id":"a"}"#, Some("\"a\"")),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, Some("1")),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","result":{}}"#,
                Some("1"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
                Some("1"),
            ),
            (r#"{"jsonrpc":"2.0","result":{}}"#, None),
            (r#"{"jsonrpc":"2.0","id":null,"result":{}}"#, None),
            (r#"{"jsonrpc":"2.0","error":{"code":1,"message":""}}"#, None),
            (
                r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#,
                None,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","error":null}"#,
                Some("1"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}"#,
                Some("1"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":null}"#,
                Some("1"),
            ),
            (&long, None),
        ] {
            let malformed = read(text).unwrap_err();
            assert_eq!(malformed.error.code(), "invalid_message", "{text}");
            assert_eq!(malformed.id.map(Token::json), id, "{text}");
        }
    }
}
