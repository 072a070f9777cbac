//! Requests of guests to other hosts: what they are, where they may go, what secrets they carry.
//!
//! [`url`] reads a strict subset of URLs, so that no two parsers can differ on where one leads; [`host`]
//! says which names a grant covers, and which none can; [`send`] joins both with a request and says what is sent, or why
//! it is not; [`secret`] puts secrets in and takes them out again. None of it sends anything, or resolves a
//! name: that a name's addresses are public is the business of whoever connects.

pub mod host;
pub mod secret;
pub mod send;
pub mod url;

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

pub use host::{HostError, HostGrant, HostPattern};
pub use secret::{Secret, Secrets};
pub use send::{Sending, Sent};
pub use url::{Scheme, Url, UrlError};

/// A method that a guest may use. `CONNECT` and `TRACE` are for those in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `OPTIONS`.
    Options,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Get,
        Self::Head,
        Self::Options,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
    ];

    /// As it is on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it asks for nothing to be changed (RFC 9110, section 9.2.1).
    pub const fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no method that a guest may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of GET, HEAD, OPTIONS, POST, PUT, PATCH and DELETE")]
pub struct MethodError;

impl FromStr for Method {
    type Err = MethodError;

    fn from_str(text: &str) -> Result<Self, MethodError> {
        let method = Self::ALL.into_iter().find(|method| method.as_str() == text);
        method.ok_or(MethodError)
    }
}

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A request, as a guest gave it: nothing in it has been looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The fields, with the names of secrets in their values.
    pub headers: Vec<Header>,
    /// The body; empty for none.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// How many milliseconds it may take.
    pub timeout: Option<u32>,
}

/// An answer of another host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The fields, names in lower case.
    pub headers: Vec<Header>,
    /// The body, decoded.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// Why there is no answer; in the order of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum HttpErrorKind {
    /// The request is none.
    Invalid,
    /// No grant leads there, or nobody may go there.
    Denied,
    /// It names a secret that it cannot have.
    Secret,
    /// The call has sent all the requests that it may.
    TooMany,
    /// It was redirected too often, or to where it may not go.
    Redirected,
    /// The answer is larger than it may be.
    TooLarge,
    /// No answer came in time.
    Timeout,
    /// There was no connection, or it broke.
    Failed,
}

impl HttpErrorKind {
    /// Whether something may have been sent all the same.
    pub const fn may_be_sent(self) -> bool {
        match self {
            Self::Invalid | Self::Denied | Self::Secret | Self::TooMany => false,
            Self::Redirected | Self::TooLarge | Self::Timeout | Self::Failed => true,
        }
    }
}

/// Why there is no answer, for the guest. Nothing in it comes from the other host or from inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpError {
    /// Which kind of reason.
    pub kind: HttpErrorKind,
    /// What to do.
    pub message: String,
}

impl HttpError {
    /// An error of that kind.
    pub fn new(kind: HttpErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}
