//! Why a request has no answer, or not the one that was wanted.
//!
//! It decides nothing of that; it says what to do.

use std::fmt;

use crate::error::ProtocolError;
use crate::http::HttpResponse;

/// Why a request to another host came to nothing. It displays what to do, so a tool may return it, or a `String` that
/// `?` makes of it, for the model to read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// The request is none: its method, its URL, a header, or too much of something. Nothing was sent.
    Invalid(NoAnswer),
    /// No grant leads there, or no server may reach it. Nothing was sent.
    Denied(NoAnswer),
    /// It names a secret that is not set, or not bound to where it goes. Nothing was sent.
    Secret(NoAnswer),
    /// The call has sent all the requests that it may. Nothing was sent.
    TooMany(NoAnswer),
    /// It was sent, and the answer redirects it too often, or to where it may not go.
    Redirected(NoAnswer),
    /// It was sent. The answer is larger than it may be.
    TooLarge(NoAnswer),
    /// No answer came in time. Whether the request was acted upon is not known.
    Timeout(NoAnswer),
    /// There was no connection, or it broke. Whether the request was acted upon is not known.
    Failed(NoAnswer),
    /// There is an answer, whose status says that the request failed:
    /// [`error_for_status`](HttpResponse::error_for_status).
    Status(Box<HttpResponse>),
    /// The body of the answer is not JSON of the type that was asked for.
    Unfit(NoAnswer),
    /// What was to be the body does not become JSON. Nothing was sent.
    NotJson {
        /// What is wrong with it.
        message: String,
    },
}

/// A request that has no answer that could be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// The host that the URL names.
    pub host: String,
    /// One sentence: what is wrong.
    pub message: String,
}

/// The kinds of reason that there is no answer, as the contract has them.
#[cfg_attr(
    target_arch = "wasm32",
    allow(unreachable_pub, reason = "it is public to tests, which are native")
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpFailure {
    /// [`HttpError::Invalid`].
    Invalid,
    /// [`HttpError::Denied`].
    Denied,
    /// [`HttpError::Secret`].
    Secret,
    /// [`HttpError::TooMany`].
    TooMany,
    /// [`HttpError::Redirected`].
    Redirected,
    /// [`HttpError::TooLarge`].
    TooLarge,
    /// [`HttpError::Timeout`].
    Timeout,
    /// [`HttpError::Failed`].
    Failed,
}

/// Why the host gives no answer, as the contract has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unanswered {
    pub(crate) failure: HttpFailure,
    pub(crate) message: String,
}

impl HttpFailure {
    /// With the host that was asked, and what the host of this server says.
    pub(crate) fn of(self, host: String, message: String) -> HttpError {
        let variant = match self {
            Self::Invalid => HttpError::Invalid,
            Self::Denied => HttpError::Denied,
            Self::Secret => HttpError::Secret,
            Self::TooMany => HttpError::TooMany,
            Self::Redirected => HttpError::Redirected,
            Self::TooLarge => HttpError::TooLarge,
            Self::Timeout => HttpError::Timeout,
            Self::Failed => HttpError::Failed,
        };
        variant(NoAnswer { host, message })
    }
}

pub(super) fn not_json(error: &serde_json::Error) -> HttpError {
    HttpError::NotJson {
        message: error.to_string(),
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNSENT: &str = "Nothing was sent to";
        let (begins, of, ends) = match self {
            Self::Invalid(of) => (UNSENT, of, ""),
            Self::Denied(of) => ("This server may not reach", of, ""),
            Self::Secret(of) => (UNSENT, of, ""),
            Self::TooMany(of) => (UNSENT, of, ". Ask for the rest in another call"),
            Self::Redirected(of) => ("The answer cannot be followed that came from", of, ""),
            Self::TooLarge(of) => (
                "Too much came from",
                of,
                ". Ask for less of it, such as a shorter page",
            ),
            Self::Timeout(of) => ("Nothing came in time from", of, SEE),
            Self::Failed(of) => ("No answer came from", of, SEE),
            Self::Unfit(of) => (
                "The answer does not fit that came from",
                of,
                ". Ask for another, or read its bytes",
            ),
            Self::Status(response) => return status(f, response),
            Self::NotJson { message } => {
                return write!(
                    f,
                    "What is to be sent does not become JSON: {message}. Send a type that does, or bytes with `body`"
                );
            }
        };
        write!(f, "{begins} {}: {}{ends}", of.host, of.message)
    }
}

const SEE: &str = ". Try again, and see first whether it was done, if it changes something";

fn status(f: &mut fmt::Formatter<'_>, response: &HttpResponse) -> fmt::Result {
    let advice = match response.status {
        401 => "it wants to know who asks: the admin of this server sets its secret anew",
        403 => "what is asked for is not allowed to whose secret this server has",
        404 | 410 => "what is asked for is not there, or may not be seen",
        429 | 503 => "it has too much to do: try again later",
        500.. => "it failed: try again later",
        _ => "the request is not as it wants it",
    };
    let HttpResponse { status, from, .. } = response;
    write!(f, "{from} answered with status {status}: {advice}")
}

impl std::error::Error for HttpError {}

impl From<HttpError> for ProtocolError {
    fn from(error: HttpError) -> Self {
        Self::internal_error(error, None)
    }
}

impl From<HttpError> for String {
    fn from(error: HttpError) -> Self {
        error.to_string()
    }
}
