//! Requests to other hosts as a tool sends them: built step by step, sent, answered.
//!
//! Where a request may go, what a header may be and how much there may be is the host's to say: nothing is checked
//! here. A secret is named and never seen: the host puts it in on the way out.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use serde::Serialize;

use crate::context::{Backing, Host};

mod error;
mod response;

#[cfg_attr(
    target_arch = "wasm32",
    allow(unreachable_pub, reason = "it is public to tests, which are native")
)]
pub use error::HttpFailure;
pub(crate) use error::Unanswered;
pub use error::{HttpError, NoAnswer};
pub use response::HttpResponse;

/// Sends requests to other hosts: [`Context::http`](crate::Context::http).
///
/// A server reaches the hosts that its admin granted it, with the methods granted, and no others; what it wants is
/// written in its `Cargo.toml`, under `[[package.metadata.smcp.http]]`. What is sent is sent: it is not undone when
/// the call fails, and never repeated. A call that has sent something other than GET, HEAD or OPTIONS is not run
/// again, so it fails if another call changes what it has read meanwhile: read storage, send, and store what came of
/// it, in this order and in few steps.
///
/// A call sends at most 64 requests, redirects counted. A body has at most 1 MiB, in either direction, and all
/// answers of a call together 4 MiB. A request takes at most 30 seconds. At most five redirects are followed, to
/// hosts that are granted too; a secret goes along only to hosts that it is bound to.
#[derive(Clone, Copy)]
pub struct Http<'a> {
    host: &'a Backing,
}

impl<'a> Http<'a> {
    pub(crate) fn new(host: &'a Backing) -> Self {
        Self { host }
    }

    /// A GET of a URL: `https://`, a name, perhaps a port, path and query. [`HttpRequest::query`] encodes what goes
    /// into the query.
    pub fn get(&self, url: impl Into<String>) -> HttpRequest<'a> {
        self.request("GET", url)
    }

    /// A HEAD: the answer has no body.
    pub fn head(&self, url: impl Into<String>) -> HttpRequest<'a> {
        self.request("HEAD", url)
    }

    /// A POST.
    pub fn post(&self, url: impl Into<String>) -> HttpRequest<'a> {
        self.request("POST", url)
    }

    /// A PUT.
    pub fn put(&self, url: impl Into<String>) -> HttpRequest<'a> {
        self.request("PUT", url)
    }

    /// A PATCH.
    pub fn patch(&self, url: impl Into<String>) -> HttpRequest<'a> {
        self.request("PATCH", url)
    }

    /// A DELETE.
    pub fn delete(&self, url: impl Into<String>) -> HttpRequest<'a> {
        self.request("DELETE", url)
    }

    /// A request with any of these methods, or OPTIONS, in capitals.
    pub fn request(&self, method: &str, url: impl Into<String>) -> HttpRequest<'a> {
        HttpRequest {
            host: self.host,
            wire: WireRequest {
                method: method.to_owned(),
                url: url.into(),
                headers: Vec::new(),
                body: Vec::new(),
                timeout: None,
            },
        }
    }
}

impl fmt::Debug for Http<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

/// A request, as the contract has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WireRequest {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// In milliseconds.
    pub(crate) timeout: Option<u32>,
}

/// A request in the making: [`Http`] begins one, [`send`](Self::send) sends it.
#[must_use = "a request goes out with `send`"]
pub struct HttpRequest<'a> {
    host: &'a Backing,
    wire: WireRequest,
}

impl HttpRequest<'_> {
    /// Adds a header. `host`, `content-length` and others of the connection are the host's own. Many an API wants to
    /// see a `user-agent`; none is sent unless it is added here.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.wire.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a header whose value is a secret of the server, which its admin sets and binds to hosts. The server never
    /// has its value, not even where an answer repeats it.
    pub fn secret_header(self, name: impl Into<String>, secret: &str) -> Self {
        self.header(name, placeholder("", secret))
    }

    /// Adds `authorization: Bearer` with a secret of the server, as with [`secret_header`](Self::secret_header).
    pub fn bearer_secret(self, secret: &str) -> Self {
        self.header("authorization", placeholder("Bearer ", secret))
    }

    /// Adds pairs to the query of the URL, percent-encoded: `.query(&[("q", question)])`. The values are anything that
    /// displays.
    pub fn query<K: AsRef<str>, V: Display>(mut self, pairs: &[(K, V)]) -> Self {
        for (key, value) in pairs {
            let url = &mut self.wire.url;
            url.push(if url.contains('?') { '&' } else { '?' });
            // Writing to a text never fails, and a value that does not display says so by its absence.
            let _ = write!(Encoded(url), "{}", key.as_ref());
            url.push('=');
            let _ = write!(Encoded(url), "{value}");
        }
        self
    }

    /// Sets the body: bytes, or a text.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.wire.body = body.into();
        self
    }

    /// Sets the body to JSON, and `content-type` with it, unless there is one.
    ///
    /// # Errors
    ///
    /// When the value does not become JSON, such as a map with keys that are not texts.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, HttpError> {
        let json = match serde_json::to_vec(value) {
            Ok(json) => json,
            Err(error) => return Err(error::not_json(&error)),
        };
        let mut headers = self.wire.headers.iter();
        let request = match headers.any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            true => self,
            false => self.header("content-type", "application/json"),
        };
        Ok(request.body(json))
    }

    /// How long it may take, if less than 30 seconds. Parts of a millisecond count as a whole one.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        let millis = timeout.as_nanos().div_ceil(1_000_000).max(1);
        self.wire.timeout = Some(u32::try_from(millis).unwrap_or(u32::MAX));
        self
    }

    /// Sends it, and waits for the answer, whatever its status: see
    /// [`error_for_status`](HttpResponse::error_for_status).
    ///
    /// # Errors
    ///
    /// When there is no answer: [`HttpError`] has the reasons.
    pub fn send(self) -> Result<HttpResponse, HttpError> {
        let from = name_of(&self.wire.url);
        match self.host.http_send(self.wire) {
            Ok(response) => Ok(HttpResponse { from, ..response }),
            Err(Unanswered { failure, message }) => Err(failure.of(from, message)),
        }
    }
}

impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wire.fmt(f)
    }
}

/// What the host puts a secret in the place of.
fn placeholder(before: &str, secret: &str) -> String {
    [before, "{{secret:", secret, "}}"].concat()
}

/// The host that a URL names, for messages.
fn name_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].to_owned()
}

/// Writes what RFC 3986 (section 2.3) calls unreserved as it is, and all else percent-encoded.
struct Encoded<'a>(&'a mut String);

impl Write for Encoded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                let digit = |half: u8| char::from(HEX[usize::from(half)]);
                self.0.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
        Ok(())
    }
}
