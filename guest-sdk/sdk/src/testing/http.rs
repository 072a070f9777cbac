//! Other hosts, as a test has them: it says what they answer, and reads what they were sent.
//!
//! Nothing is sent. A request that the contract calls none is refused as the host refuses it; what the admin granted
//! is not known here, and secrets stay the names that they are.

use std::cell::RefCell;
use std::fmt;

use serde::de::DeserializeOwned;

use super::{Client, Recorder};
use crate::handler::ServerHandler;
use crate::http::{HttpFailure, HttpResponse, Unanswered, WireRequest};

// The rules of the contract.
const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
const BODY_MAX: usize = 1_024 * 1_024;
const REQUESTS_MAX: usize = 64;

/// A request that the server sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentRequest {
    /// The method.
    pub method: String,
    /// The URL, with its query.
    pub url: String,
    /// The header fields, with the names of secrets as the server wrote them: `{{secret:NAME}}`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// In milliseconds.
    pub timeout: Option<u32>,
}

impl SentRequest {
    /// The value of the first header field of that name, upper and lower case alike.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(of, _)| of.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// The body, which is JSON of this type.
    ///
    /// # Panics
    ///
    /// When it is not.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        let json = serde_json::from_slice(&self.body);
        json.unwrap_or_else(|error| panic!("the body of {self} is not as expected: {error}"))
    }
}

impl fmt::Display for SentRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{} {}`", self.method, self.url)
    }
}

/// What comes of a request: a [`HttpResponse`], or a [`HttpFailure`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer(Result<HttpResponse, HttpFailure>);

impl From<HttpResponse> for HttpAnswer {
    fn from(response: HttpResponse) -> Self {
        Self(Ok(response))
    }
}

impl From<HttpFailure> for HttpAnswer {
    fn from(failure: HttpFailure) -> Self {
        Self(Err(failure))
    }
}

impl<E: Into<HttpFailure>> From<Result<HttpResponse, E>> for HttpAnswer {
    fn from(answer: Result<HttpResponse, E>) -> Self {
        Self(answer.map_err(Into::into))
    }
}

/// For answers that a test says.
impl HttpResponse {
    /// Adds a header field.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets the body: bytes, or a text.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the body to JSON.
    #[must_use]
    pub fn with_json(self, value: impl Into<serde_json::Value>) -> Self {
        let body = value.into().to_string();
        self.with_header("content-type", "application/json")
            .with_body(body)
    }
}

type Handler = Box<dyn Fn(&SentRequest) -> Option<HttpAnswer>>;

/// The hosts that there are, and what they were sent.
#[derive(Default)]
pub(super) struct Web {
    handlers: RefCell<Vec<Handler>>,
    sent: RefCell<Vec<SentRequest>>,
    /// How many of them are of earlier calls.
    before: RefCell<usize>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").finish_non_exhaustive()
    }
}

impl Web {
    /// The call that is over counts no more.
    pub(super) fn begin(&self) {
        self.before.replace(self.sent.borrow().len());
    }

    fn answer(&self, request: WireRequest) -> Result<HttpResponse, Unanswered> {
        let WireRequest {
            method,
            url,
            headers,
            body,
            timeout,
        } = request;
        let request = SentRequest {
            method,
            url,
            headers,
            body,
            timeout,
        };
        check(&request)?;
        if self.sent.borrow().len() >= *self.before.borrow() + REQUESTS_MAX {
            return Err(unanswered(HttpFailure::TooMany));
        }
        let handlers = self.handlers.borrow();
        let answer = handlers.iter().rev().find_map(|answers| answers(&request));
        let Some(HttpAnswer(answer)) = answer else {
            panic!(
                "the server sent {request}, and the test has no answer for it: say one with \
                 `client.on_http(\"{}\", \"{}\", ...)` or `client.http(...)`",
                request.method,
                request.url.split('?').next().unwrap_or_default(),
            );
        };
        self.sent.borrow_mut().push(request);
        answer.map_err(unanswered)
    }
}

impl Recorder {
    pub(super) fn send_http(&self, request: WireRequest) -> Result<HttpResponse, Unanswered> {
        self.web.answer(request)
    }
}

impl<S: ServerHandler> Client<S> {
    /// From now on, requests of that method to that URL are answered with this: a [`HttpResponse`], or a
    /// [`HttpFailure`]. A URL with a query stands for itself, one without for all queries. What was said last goes
    /// first.
    ///
    /// ```
    /// # use smcp_sdk::{Context, HttpError, HttpResponse, tool, tool_router};
    /// # #[derive(Default)]
    /// # struct Weather;
    /// # #[tool_router(server_handler)]
    /// # impl Weather {
    /// #     /// Says how warm it is.
    /// #     #[tool]
    /// #     fn warm(&self, ctx: &Context) -> Result<String, HttpError> {
    /// #         let answer = ctx.http().get("https://api.example.com/now").query(&[("at", "Bern")]).send()?;
    /// #         Ok(answer.error_for_status()?.text().into_owned())
    /// #     }
    /// # }
    /// let client = smcp_sdk::testing::Client::<Weather>::new();
    /// client.on_http("GET", "https://api.example.com/now", HttpResponse::new(200).with_body("21"));
    /// assert_eq!(client.call("warm", serde_json::json!({})).text(), "21");
    /// assert_eq!(client.http_requests()[0].url, "https://api.example.com/now?at=Bern");
    /// ```
    pub fn on_http(&self, method: &str, url: &str, answer: impl Into<HttpAnswer>) {
        let (method, url, answer) = (method.to_owned(), url.to_owned(), answer.into());
        self.add(Box::new(move |request| {
            let whole = request.url.as_str();
            let path = whole.split('?').next().unwrap_or_default();
            let fits = request.method == method && (whole == url || path == url);
            fits.then(|| answer.clone())
        }));
    }

    /// From now on, a function answers each request that it gives an answer for.
    pub fn http<A: Into<HttpAnswer>>(&self, answers: impl Fn(&SentRequest) -> Option<A> + 'static) {
        self.add(Box::new(move |request| answers(request).map(Into::into)));
    }

    /// The requests that all calls so far have sent. Those that were refused as no requests are not among them.
    pub fn http_requests(&self) -> Vec<SentRequest> {
        self.host.web.sent.borrow().clone()
    }

    fn add(&self, handler: Handler) {
        self.host.web.handlers.borrow_mut().push(handler);
    }
}

/// What the host refuses without asking anybody.
fn check(request: &SentRequest) -> Result<(), Unanswered> {
    let SentRequest {
        method, url, body, ..
    } = request;
    let invalid = |message: &str| {
        Err(Unanswered {
            failure: HttpFailure::Invalid,
            message: message.to_owned(),
        })
    };
    if !METHODS.contains(&method.as_str()) {
        return invalid(
            "the method: expected one of GET, HEAD, OPTIONS, POST, PUT, PATCH and DELETE",
        );
    }
    if url.contains("{{secret:") {
        return invalid("a secret goes into a header, never into a URL");
    }
    if !["https://", "http://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        return invalid("the URL does not begin with https:// or http://");
    }
    let is_encoded = |byte: u8| byte.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&byte);
    if !url.bytes().all(is_encoded) {
        return invalid("the URL has a character that must be percent-encoded, or a fragment");
    }
    if body.len() > BODY_MAX {
        return invalid("the body has more than 1048576 bytes");
    }
    if !body.is_empty() && matches!(method.as_str(), "GET" | "HEAD") {
        return invalid("GET and HEAD take no body");
    }
    Ok(())
}

/// As the host says it.
fn unanswered(failure: HttpFailure) -> Unanswered {
    let message = match failure {
        HttpFailure::Invalid => "the request is none",
        HttpFailure::Denied => {
            "this server may not send requests to this host; ask the tenant's admin for a grant"
        }
        HttpFailure::Secret => "the secret is not set; ask the tenant's admin to set it",
        HttpFailure::TooMany => "the call has sent 64 requests, which is all that it may",
        HttpFailure::Redirected => {
            "the host redirected the request to where this server may not go"
        }
        HttpFailure::TooLarge => "the answer has more than 1 MiB",
        HttpFailure::Timeout => "no answer came in time",
        HttpFailure::Failed => "there was no connection to the host, or it broke",
    };
    Unanswered {
        failure,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use smcp_ids::limits;

    use super::*;

    #[test]
    fn the_rules_are_the_hosts() {
        assert_eq!(BODY_MAX, limits::HTTP_BODY_MAX);
        assert_eq!(REQUESTS_MAX, limits::HTTP_REQUESTS_MAX as usize);
    }
}
