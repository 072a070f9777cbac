//! A guest's request on its way out: checked, granted, filled with secrets, redirected.
//!
//! Every hop is looked at as the first was. A redirect to another origin takes no credential along, unless it is a
//! secret that is bound there.

use smcp_ids::limits;

use super::host::HostGrant;
use super::secret::{Secrets, names_one};
use super::url::Url;
use super::{Header, HttpAnswer, HttpError, HttpErrorKind, HttpRequest, Method};
use crate::turn::{Fetch, Fetched};

/// Fields that belong to the connection, or that those in between add and believe (RFC 9110, section 7.6.1).
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "accept-encoding",
    "cdn-loop",
];
const RESERVED_BEGINNINGS: &[&str] = &[
    "proxy-",
    "cf-",
    "x-forwarded-",
    "x-real-",
    "x-smcp-",
    "sec-",
];

/// What a server may reach, and with what.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Where it may send requests.
    pub grants: Vec<HostGrant>,
    /// Its secrets.
    pub secrets: Secrets,
}

/// A request that may be sent.
#[derive(Clone, Debug)]
pub struct Sending {
    url: Url,
    method: Method,
    /// As the guest gave them.
    headers: Vec<Header>,
    body: Vec<u8>,
    /// How often it was redirected.
    redirects: u32,
    /// Whether it has left the origin that the guest named.
    is_elsewhere: bool,
}

/// What becomes of a request after an answer.
#[derive(Debug)]
pub enum Sent {
    /// It is over.
    Over(Result<HttpAnswer, HttpError>),
    /// It is sent again, to where it was redirected.
    Again(Sending),
}

impl Sending {
    /// The request of a guest, if it is one and may be sent.
    ///
    /// # Errors
    ///
    /// Why it is not sent.
    pub fn of(request: HttpRequest, access: &Access) -> Result<Self, HttpError> {
        let invalid = |why: String| HttpError::new(HttpErrorKind::Invalid, why);
        let method: Method = request
            .method
            .parse()
            .map_err(|error| invalid(format!("the method: {error}")))?;
        if names_one(&request.url) {
            return Err(invalid(
                "a secret goes into a header, never into a URL".to_owned(),
            ));
        }
        let url: Url = request
            .url
            .parse()
            .map_err(|error: super::UrlError| invalid(error.to_string()))?;
        check_headers(&request.headers)?;
        if request.body.len() > limits::HTTP_BODY_MAX {
            return Err(invalid(format!(
                "the body has more than {} bytes",
                limits::HTTP_BODY_MAX
            )));
        }
        if !request.body.is_empty() && matches!(method, Method::Get | Method::Head) {
            return Err(invalid(format!("{method} takes no body")));
        }
        let sending = Self {
            url,
            method,
            headers: request.headers,
            body: request.body,
            redirects: 0,
            is_elsewhere: false,
        };
        sending.check_grant(access)?;
        sending.filled(&access.secrets)?;
        Ok(sending)
    }

    /// Whether it asks for nothing to be changed.
    pub fn is_safe(&self) -> bool {
        self.method.is_safe()
    }

    /// What is sent, to be answered within so many milliseconds with at most so many bytes.
    ///
    /// # Errors
    ///
    /// If it names a secret that it cannot have.
    pub fn fetch(
        &self,
        access: &Access,
        timeout_millis: u32,
        body_max: u32,
    ) -> Result<Fetch, HttpError> {
        Ok(Fetch {
            method: self.method,
            url: self.url.to_string(),
            headers: self.filled(&access.secrets)?,
            body: self.body.clone(),
            timeout_millis,
            body_max,
        })
    }

    /// What becomes of it now that this has come back.
    pub fn answered(self, fetched: Fetched, access: &Access) -> Sent {
        let over = |kind, why: &str| Sent::Over(Err(HttpError::new(kind, why)));
        let answer = match fetched {
            Fetched::Answer(answer) => answer,
            Fetched::TooLarge => {
                return over(
                    HttpErrorKind::TooLarge,
                    "the answer has more than 1 MiB, or all answers of the call together more than they may",
                );
            }
            Fetched::TimedOut => {
                return over(
                    HttpErrorKind::Timeout,
                    "no answer came in time; whether the request was acted upon is not known",
                );
            }
            Fetched::Failed => {
                return over(
                    HttpErrorKind::Failed,
                    "there was no connection to the host, or it broke; whether the request was acted upon is not \
                     known",
                );
            }
        };
        match location(&answer).map(str::to_owned) {
            Some(to) => match self.redirected(&to, answer.status, access) {
                Ok(again) => Sent::Again(again),
                Err(error) => Sent::Over(Err(error)),
            },
            None => Sent::Over(scrubbed(answer, &access.secrets)),
        }
    }

    fn redirected(mut self, to: &str, status: u16, access: &Access) -> Result<Self, HttpError> {
        let denied = |why: String| HttpError::new(HttpErrorKind::Redirected, why);
        self.redirects += 1;
        if self.redirects > limits::HTTP_REDIRECTS_MAX {
            return Err(denied(format!(
                "the host redirected the request more than {} times",
                limits::HTTP_REDIRECTS_MAX
            )));
        }
        let url = self
            .url
            .join(to)
            .map_err(|error| denied(format!("the host redirected the request: {error}")))?;
        self.is_elsewhere |= !url.has_origin_of(&self.url);
        self.url = url;
        // RFC 9110, sections 15.4.2 to 15.4.4: as all clients do.
        let turns_to_get = match status {
            303 => self.method != Method::Head,
            301 | 302 => self.method == Method::Post,
            _ => false,
        };
        if turns_to_get {
            self.method = Method::Get;
            self.body.clear();
            self.headers
                .retain(|header| !header.name.to_ascii_lowercase().starts_with("content-"));
        }
        self.check_grant(access)?;
        Ok(self)
    }

    fn check_grant(&self, access: &Access) -> Result<(), HttpError> {
        let covering = || {
            let grants = access.grants.iter();
            grants.filter(|grant| grant.host.covers(&self.url))
        };
        if covering().any(|grant| grant.methods.contains(&self.method)) {
            return Ok(());
        }
        let (scheme, host, port) = (self.url.scheme().as_str(), self.url.host(), self.url.port());
        let why = if covering().next().is_some() {
            format!("this server may not send {} to {host}", self.method)
        } else {
            format!("this server may not send requests to {scheme}://{host}:{port}")
        };
        Err(if self.redirects > 0 {
            let why = format!("the host redirected the request: {why}");
            HttpError::new(HttpErrorKind::Redirected, why)
        } else {
            let why = format!("{why}; ask the tenant's admin for a grant");
            HttpError::new(HttpErrorKind::Denied, why)
        })
    }

    /// The fields with the secrets in them.
    fn filled(&self, secrets: &Secrets) -> Result<Vec<Header>, HttpError> {
        let mut filled = Vec::new();
        for Header { name, value } in &self.headers {
            let name = name.to_ascii_lowercase();
            let is_credential = matches!(&*name, "authorization" | "cookie");
            match secrets.fill(value, &self.url) {
                Ok(text) if names_one(value) || !(self.is_elsewhere && is_credential) => {
                    filled.push(Header { name, value: text });
                }
                Err(error) if !self.is_elsewhere => return Err(error),
                // It was meant for where the guest sent it.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(filled)
    }
}

/// Where an answer leads on to.
fn location(answer: &HttpAnswer) -> Option<&str> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let mut fields = answer.headers.iter();
    fields
        .find(|header| header.name == "location")
        .map(|header| header.value.as_str())
}

fn scrubbed(answer: HttpAnswer, secrets: &Secrets) -> Result<HttpAnswer, HttpError> {
    let headers = answer.headers.into_iter().map(|header| Header {
        value: secrets.scrub_text(header.value),
        name: header.name,
    });
    let headers: Vec<_> = headers.collect();
    if is_too_much(&headers) {
        return Err(HttpError::new(
            HttpErrorKind::TooLarge,
            "the answer has more header fields than it may",
        ));
    }
    Ok(HttpAnswer {
        status: answer.status,
        headers,
        body: secrets.scrub(answer.body),
    })
}

fn is_too_much(headers: &[Header]) -> bool {
    let size = headers
        .iter()
        .map(|header| header.name.len() + header.value.len());
    headers.len() > limits::HTTP_HEADERS_MAX || size.sum::<usize>() > limits::HTTP_HEADER_BYTES_MAX
}

fn check_headers(headers: &[Header]) -> Result<(), HttpError> {
    let invalid = |why: &str| Err(HttpError::new(HttpErrorKind::Invalid, why));
    if is_too_much(headers) {
        return invalid("the request has more header fields than it may");
    }
    for Header { name, value } in headers {
        let lower = name.to_ascii_lowercase();
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return invalid("a header's name is not a token of RFC 9110");
        }
        let is_reserved = RESERVED.contains(&&*lower)
            || RESERVED_BEGINNINGS
                .iter()
                .any(|beginning| lower.starts_with(beginning));
        if is_reserved {
            return invalid(
                "a header belongs to the connection, such as host or content-length; leave it out",
            );
        }
        let is_field = |byte: u8| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t';
        if !value.bytes().all(is_field) || value.trim() != value {
            return invalid("a header's value has characters that are not visible ASCII");
        }
    }
    Ok(())
}
