//! Lines in, lines out, and the headers that a message would have over HTTP.
//!
//! It knows no method but those that name something.

use std::io::{self, BufRead, Write};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smcp_ids::limits::MCP_BODY_MAX;
use smcp_protocol::json::Json;
use smcp_protocol::{Head, Version};

const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";

/// The next line that holds something, without its end; `None` when there is no more. Of a line that
/// is too long for a message comes one byte more than fits, so that it is refused as too large.
pub(super) fn next_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let read = input.fill_buf()?;
        let is_end = read.is_empty();
        let (part, used) = match read.iter().position(|&byte| byte == b'\n') {
            Some(at) => (&read[..at], at + 1),
            None => (read, read.len()),
        };
        let is_whole = used > part.len();
        let room = (MCP_BODY_MAX + 1).saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        input.consume(used);
        if is_end || is_whole {
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
            if is_end {
                return Ok(None);
            }
            line.clear();
        }
    }
}

/// What a message says that HTTP would have in headers too ("Request Metadata": over stdio there is
/// no header layer). A message that cannot be read says nothing.
#[derive(Debug, Default)]
pub(super) struct Stated {
    version: Option<String>,
    method: Option<String>,
    name: Option<String>,
    is_response: bool,
}

impl Stated {
    /// Reads it from a message. A message that names no version is in the one agreed upon.
    pub(super) fn read(line: &[u8], agreed: Option<Version>) -> Self {
        let Ok(message) = Json::parse(line) else {
            return Self::default();
        };
        let text = |value: Option<Json<'_>>| value.and_then(Json::as_str).map(String::from);
        let params = message.get("params");
        let param = |name| params.and_then(|params| params.get(name));
        let method = text(message.get("method"));
        let name = match method.as_deref() {
            Some("tools/call" | "prompts/get") => param("name"),
            Some("resources/read") => param("uri"),
            _ => None,
        };
        let version = param("_meta").and_then(|meta| meta.get(VERSION_KEY));
        let version = text(version).or(agreed.map(|agreed| agreed.as_str().to_owned()));
        Self {
            // A notification is taken in whatever version: refusing one would be an answer to it
            // (basic/index, "Notifications").
            version: version.filter(|_| message.get("id").is_some()),
            is_response: message.get("method").is_none()
                && (message.get("result").is_some() || message.get("error").is_some()),
            name: text(name).map(|name| format!("=?base64?{}?=", STANDARD.encode(name))),
            method,
        }
    }

    /// Whether it is the answer to something, if only a bad one.
    pub(super) fn is_response(&self) -> bool {
        self.is_response
    }

    pub(super) fn head(&self) -> Head<'_> {
        Head {
            protocol_version: self.version.as_deref(),
            mcp_method: self.method.as_deref(),
            mcp_name: self.name.as_deref(),
            accept: Some("application/json, text/event-stream"),
            content_type: Some("application/json"),
            ..Head::default()
        }
    }
}

/// Standard output, which takes whole lines until it is closed.
pub(super) struct Out(Mutex<Option<Box<dyn Write + Send>>>);

impl Out {
    pub(super) fn new(to: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Some(Box::new(to))))
    }

    /// Sends a message, which is JSON: a newline in it is between its tokens, where a space does too.
    pub(super) fn send(&self, message: &str) {
        let mut line = message.replace(['\n', '\r'], " ");
        line.push('\n');
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = out
            .as_mut()
            .map(|to| to.write_all(line.as_bytes()).and_then(|()| to.flush()));
        // A client that does not read any more will close the input too.
        if matches!(sent, Some(Err(_))) {
            *out = None;
        }
    }

    /// From now on nothing is sent.
    pub(super) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn lines_are_taken_whole_and_empty_ones_passed_over() {
        let mut input = io::BufReader::with_capacity(3, &b"{\"a\":1}\r\n\n  \nbc\nlast"[..]);
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut input).unwrap() {
            lines.push(String::from_utf8(line).unwrap());
        }
        assert_eq!(lines, ["{\"a\":1}\r", "bc", "last"]);
    }

    #[test]
    fn of_a_line_that_is_too_long_no_more_is_kept_than_shows_it() {
        let long = [vec![b'x'; 2 * MCP_BODY_MAX], b"\nnext".to_vec()].concat();
        let mut input = &long[..];
        let line = next_line(&mut input).unwrap().unwrap();
        assert_eq!(line.len(), MCP_BODY_MAX + 1);
        assert_eq!(next_line(&mut input).unwrap().unwrap(), b"next");
    }

    /// What was sent, to be looked at.
    #[derive(Clone, Default)]
    struct Sent(std::sync::Arc<Mutex<Vec<u8>>>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_message_goes_out_as_one_line() {
        let sent = Sent::default();
        let out = Out::new(sent.clone());
        out.send("{\r\n \"a\":\n\"b\\n\"}");
        out.send("1");
        out.close();
        out.send("2");
        let text = String::from_utf8(sent.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "{   \"a\": \"b\\n\"}\n1\n");
    }

    #[test]
    fn a_message_states_its_own_version_or_the_one_agreed_upon() {
        let own = br#"{"id":1,"method":"tools/call","params":{"name":"t","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        let none = br#"{"id":2,"method":"resources/read","params":{"uri":"a:b"}}"#;
        let agreed = Some(Version::V2025_06_18);
        for (line, agreed, version, name) in [
            (&own[..], agreed, Some("2026-07-28"), "=?base64?dA==?="),
            (&none[..], agreed, Some("2025-06-18"), "=?base64?YTpi?="),
            (&none[..], None, None, "=?base64?YTpi?="),
        ] {
            let stated = Stated::read(line, agreed);
            assert_eq!(stated.head().protocol_version, version);
            assert_eq!(stated.head().mcp_name, Some(name));
        }
        assert!(Stated::read(b"{", agreed).head().mcp_method.is_none());
        let told = br#"{"method":"notifications/x","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1"}}}"#;
        assert_eq!(Stated::read(told, agreed).head().protocol_version, None);
    }
}
