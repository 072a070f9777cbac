//! HTTP to a host's admin API: one request, one JSON answer or the host's error.
//!
//! It follows no redirect, since the token would go along, and sends no token in the clear to
//! another machine unless told to.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use ureq::http::{Method, Request, Response, Uri};
use ureq::{Agent, Body};

use super::Host;
use crate::failure::Failure;

/// Longer than a host takes for anything: publishing 16 MiB over a slow line.
const TIMEOUT: Duration = Duration::from_secs(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer is a package, or the last page of an export.
const ANSWER_MAX: u64 = 32 * 1024 * 1024;

/// A host, and the token that it is shown, if any.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    authorization: Option<String>,
}

impl Client {
    /// A client of a host. Nothing is sent yet.
    pub(crate) fn new(host: &Host) -> Result<Self, Failure> {
        let token = host
            .token
            .as_deref()
            .map(str::trim)
            .filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| {
            Failure::Argument(
                "give the platform's admin token, or an API key of the tenant with a role: set SMCP_TOKEN, or --token"
                    .to_owned(),
            )
        })?;
        let (base, is_local) = base(&host.host)?;
        if base.starts_with("http:") && !is_local && !host.insecure {
            return Err(Failure::Argument(format!(
                "{base} is not encrypted, and the token would be readable on the way: use https, or give --insecure"
            )));
        }
        Ok(Self::with(base, is_local, Some(format!("Bearer {token}"))))
    }

    /// A client that shows no token, for what a host tells everybody. Nothing is sent yet.
    pub(crate) fn anonymous(host: &str, insecure: bool) -> Result<Self, Failure> {
        let (base, is_local) = base(host)?;
        if base.starts_with("http:") && !is_local && !insecure {
            return Err(Failure::Argument(format!(
                "{base} is not encrypted, and what it answers may be anybody's: use https, or give --insecure"
            )));
        }
        Ok(Self::with(base, is_local, None))
    }

    fn with(base: String, is_local: bool, authorization: Option<String>) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("smcp/", env!("CARGO_PKG_VERSION")));
        if is_local {
            // A proxy's own loopback is another machine's.
            config = config.proxy(None);
        }
        Self {
            agent: config.build().into(),
            base,
            authorization,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, None)
    }

    pub(super) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::DELETE, path, None)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(
            Method::POST,
            path,
            Some(("application/json", body.to_string().into_bytes())),
        )
    }

    pub(super) fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(
            Method::PUT,
            path,
            Some(("application/json", body.to_string().into_bytes())),
        )
    }

    pub(super) fn post_module(&self, path: &str, package: Vec<u8>) -> Result<Value, Failure> {
        self.send(Method::POST, path, Some(("application/wasm", package)))
    }

    pub(super) fn put_module(&self, path: &str, package: Vec<u8>) -> Result<Value, Failure> {
        self.send(Method::PUT, path, Some(("application/wasm", package)))
    }

    /// What is no JSON.
    pub(super) fn get_bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        self.answer_bytes(self.ask(Method::GET, path, None)?)
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<Value, Failure> {
        let response = self.ask(method, path, body)?;
        let status = response.status().as_u16();
        let body = self.answer_bytes(response)?;
        serde_json::from_slice(&body).map_err(|error| self.not_a_host(status, &error))
    }

    fn not_a_host(&self, status: u16, reason: &impl ToString) -> Failure {
        Failure::NotAHost {
            host: self.base.clone(),
            status,
            reason: reason.to_string(),
        }
    }

    fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<Response<Body>, Failure> {
        let unreachable = |reason: String| Failure::Unreachable {
            host: self.base.clone(),
            reason,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("accept", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let response = match body {
            None => request.body(()).map(|request| self.agent.run(request)),
            Some((kind, bytes)) => request
                .header("content-type", kind)
                .body(bytes)
                .map(|request| self.agent.run(request)),
        };
        response
            .map_err(|_| {
                Failure::Argument("the token has characters that no token has".to_owned())
            })?
            .map_err(|error| unreachable(error.to_string()))
    }

    /// The body of an answer, or the host's refusal.
    fn answer_bytes(&self, mut response: Response<Body>) -> Result<Vec<u8>, Failure> {
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_MAX)
            .read_to_vec();
        let body = body.map_err(|error| self.not_a_host(status, &error))?;
        if (200..300).contains(&status) {
            return Ok(body);
        }
        match serde_json::from_slice(&body) {
            Ok(Refusal {
                error:
                    Inner {
                        code,
                        message,
                        findings,
                    },
            }) => Err(Failure::Refused {
                status,
                code,
                message,
                findings,
            }),
            Err(_) => Err(self.not_a_host(status, &"the answer is no error of the admin API")),
        }
    }
}

/// How a host refuses.
#[derive(Deserialize)]
struct Refusal {
    error: Inner,
}

#[derive(Deserialize)]
struct Inner {
    code: String,
    message: String,
    #[serde(default)]
    findings: Vec<Value>,
}

/// The base address without a slash at its end, and whether it is this machine's own.
pub(crate) fn base(given: &str) -> Result<(String, bool), Failure> {
    let wrong = || {
        Failure::Argument(format!(
            "{given:?} is not the address of a host; give one such as https://mcp.example.com"
        ))
    };
    let base = given.trim().trim_end_matches('/');
    let uri: Uri = base.parse().map_err(|_| wrong())?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    // Credentials in an address end in logs.
    let is_plain = uri
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@'));
    let host = uri
        .host()
        .filter(|_| is_web && is_plain && uri.query().is_none())
        .ok_or_else(wrong)?;
    let is_local = matches!(host, "localhost" | "[::1]") || is_loopback(host);
    Ok((base.to_owned(), is_local))
}

fn is_loopback(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>()
        .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn an_address_is_a_scheme_and_a_host() {
        for (given, expected) in [
            (
                "https://mcp.example.com",
                Some(("https://mcp.example.com", false)),
            ),
            (
                "https://mcp.example.com/",
                Some(("https://mcp.example.com", false)),
            ),
            (
                "http://127.0.0.1:8787",
                Some(("http://127.0.0.1:8787", true)),
            ),
            (
                "http://localhost:8787//",
                Some(("http://localhost:8787", true)),
            ),
            ("http://[::1]:8787", Some(("http://[::1]:8787", true))),
            (
                "http://127.0.0.1.example.com",
                Some(("http://127.0.0.1.example.com", false)),
            ),
            (
                "https://example.com/smcp",
                Some(("https://example.com/smcp", false)),
            ),
            ("mcp.example.com", None),
            ("ftp://example.com", None),
            ("https://ada:secret@example.com", None),
            ("https://example.com?a=b", None),
            ("", None),
        ] {
            let found = base(given).ok();
            assert_eq!(
                found,
                expected.map(|(base, local)| (base.to_owned(), local)),
                "{given}"
            );
        }
    }

    #[test]
    fn no_token_goes_out_in_the_clear() {
        let host = |host: &str, insecure| Host {
            host: host.to_owned(),
            token: Some("t".to_owned()),
            insecure,
        };
        assert!(Client::new(&host("http://example.com", false)).is_err());
        assert!(Client::new(&host("http://example.com", true)).is_ok());
        assert!(Client::new(&host("https://example.com", false)).is_ok());
        assert!(Client::new(&host("http://localhost:1", false)).is_ok());
    }

    #[test]
    fn what_everybody_is_told_is_not_believed_in_the_clear() {
        for (host, insecure, may) in [
            ("http://example.com", false, false),
            ("http://example.com", true, true),
            ("https://example.com", false, true),
            ("http://localhost:1", false, true),
        ] {
            assert_eq!(Client::anonymous(host, insecure).is_ok(), may, "{host}");
        }
    }
}
