//! Performs a fetch: one request over the network, one answer. It follows no redirect, keeps no connection, adds no
//! header of its own but those of the connection, and uses no proxy: that would look names up elsewhere.

use std::net::SocketAddr;
use std::time::Duration;

use smcp_capability::http::{Header, HttpAnswer, Method};
use smcp_capability::turn::{Fetch, Fetched};
use ureq::config::{AutoHeaderValue, Config};
use ureq::http::{Request, Response, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, AsSendBody, Body, Error};

use super::address::{NotPublic, Public};

/// Sends what a server may send.
pub(crate) struct Fetcher {
    agent: Agent,
}

impl Fetcher {
    /// To public addresses: what the command uses.
    pub(crate) fn public() -> Self {
        Self::with(Public(DefaultResolver::default()))
    }

    /// To whatever addresses that gives.
    pub(crate) fn with(resolver: impl Resolver) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .proxy(None)
            .user_agent(AutoHeaderValue::None)
            .accept(AutoHeaderValue::None)
            // What is encoded would have to be decoded here, and counted again.
            .accept_encoding("identity")
            .build();
        Self {
            agent: Agent::with_parts(config, DefaultConnector::default(), resolver),
        }
    }

    /// Sends a request and reads its answer, within its bounds.
    pub(super) fn fetch(&self, fetch: &Fetch) -> Result<Fetched, NotPublic> {
        // A server may want to be told that there is nothing.
        let has_body = matches!(fetch.method, Method::Post | Method::Put | Method::Patch);
        let answer = if has_body || !fetch.body.is_empty() {
            self.run(fetch, fetch.body.as_slice())
        } else {
            self.run(fetch, ())
        };
        match answer {
            Ok(answer) => Ok(Fetched::Answer(answer)),
            Err(Error::Timeout(_)) => Ok(Fetched::TimedOut),
            Err(Error::BodyExceedsLimit(_) | Error::LargeResponseHeader(..)) => {
                Ok(Fetched::TooLarge)
            }
            Err(Error::Other(error)) if error.is::<NotPublic>() => Err(NotPublic),
            Err(_) => Ok(Fetched::Failed),
        }
    }

    fn run(&self, fetch: &Fetch, body: impl AsSendBody) -> Result<HttpAnswer, Error> {
        let mut request = Request::builder()
            .method(fetch.method.as_str())
            .uri(&fetch.url);
        for Header { name, value } in &fetch.headers {
            request = request.header(name, value);
        }
        let timeout = Duration::from_millis(fetch.timeout_millis.into());
        let request = self
            .agent
            .configure_request(request.body(body)?)
            .timeout_global(Some(timeout))
            .build();
        read(self.agent.run(request)?, fetch.body_max)
    }
}

/// Has every name stand for one address.
#[derive(Debug)]
pub(crate) struct Everything(pub(crate) SocketAddr);

impl Resolver for Everything {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut found = self.empty();
        found.push(self.0);
        Ok(found)
    }
}

fn read(mut response: Response<Body>, body_max: u32) -> Result<HttpAnswer, Error> {
    let headers = response.headers().iter().map(|(name, value)| Header {
        name: name.as_str().to_owned(),
        value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    });
    let headers: Vec<_> = headers.collect();
    let is_encoded = |header: &Header| {
        header.name == "content-encoding" && !header.value.eq_ignore_ascii_case("identity")
    };
    if headers.iter().any(is_encoded) {
        return Err(Error::Io(std::io::ErrorKind::Unsupported.into()));
    }
    let status = response.status().as_u16();
    // The reader fails where its limit is reached, even if nothing comes after.
    let limit = u64::from(body_max) + 1;
    let body = response
        .body_mut()
        .with_config()
        .limit(limit)
        .read_to_vec()?;
    if body.len() as u64 >= limit {
        return Err(Error::BodyExceedsLimit(limit));
    }
    Ok(HttpAnswer {
        status,
        headers,
        body,
    })
}
