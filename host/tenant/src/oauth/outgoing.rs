//! What the authorization server asks of other hosts: clients' own documents, and providers where people sign in.
//!
//! The URL is a stranger's or an admin's: it is asked for under the rules that hold for guests' requests, of a public
//! name, and no redirect is followed. Nobody learns more of a failure than that there was one.

use smcp_capability::http::send::Access;
use smcp_capability::http::{
    Header, HostGrant, HttpAnswer, HttpRequest, Method, Secrets, Sending, Sent, Url,
};
use smcp_capability::turn::{Effect, Fetched, Performed};
use smcp_ids::limits::{CLIENT_DOCUMENT_MAX, CLIENT_DOCUMENT_TIMEOUT_MILLIS};

use crate::mcp::Place;
use crate::problem::Problem;
use crate::state::Scene;

/// What is asked of another host.
pub(super) struct Outgoing<'a> {
    method: Method,
    url: &'a str,
    headers: Vec<Header>,
    body: Vec<u8>,
    /// For how many milliseconds it is waited.
    patience: u32,
    /// How many bytes the answer may have.
    most: usize,
}

impl<'a> Outgoing<'a> {
    /// The document at a URL.
    pub(super) fn get(url: &'a str) -> Self {
        Self {
            method: Method::Get,
            url,
            headers: Vec::new(),
            body: Vec::new(),
            patience: CLIENT_DOCUMENT_TIMEOUT_MILLIS,
            most: CLIENT_DOCUMENT_MAX,
        }
        .with("accept", "application/json")
    }

    /// The answer to a form.
    pub(super) fn post(url: &'a str, form: String) -> Self {
        Self {
            method: Method::Post,
            body: form.into_bytes(),
            ..Self::get(url)
        }
        .with("content-type", "application/x-www-form-urlencoded")
    }

    /// With another header.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push(Header {
            name: name.to_owned(),
            value: value.into(),
        });
        self
    }

    /// Waits so long, for so many bytes.
    pub(super) fn within(self, patience: u32, most: usize) -> Self {
        Self {
            patience,
            most,
            ..self
        }
    }
}

impl Scene {
    /// What another host answers; none if nothing can be had.
    pub(super) async fn ask_host(
        &self,
        outgoing: Outgoing<'_>,
    ) -> Result<Option<HttpAnswer>, Problem> {
        let Ok(url) = outgoing.url.parse::<Url>() else {
            return Ok(None);
        };
        let Ok(host) = format!("{}:{}", url.host(), url.port()).parse() else {
            return Ok(None);
        };
        let access = Access {
            grants: vec![HostGrant {
                host,
                methods: [outgoing.method].into(),
            }],
            secrets: Secrets::default(),
        };
        let request = HttpRequest {
            method: outgoing.method.to_string(),
            url: outgoing.url.to_owned(),
            headers: outgoing.headers,
            body: outgoing.body,
            timeout: None,
        };
        let most = u32::try_from(outgoing.most).unwrap_or(u32::MAX);
        let Ok(sending) = Sending::of(request, &access) else {
            return Ok(None);
        };
        let Ok(fetch) = sending.fetch(&access, outgoing.patience, most) else {
            return Ok(None);
        };
        let until = self.outside.now().plus(outgoing.patience.into());
        let _place = Place::acquire(self, until).await;
        let fetched = match self.outside.perform(Effect::Fetch(fetch)).await {
            Performed::Fetched(fetched) => fetched,
            _ => Fetched::Failed,
        };
        Ok(match sending.answered(fetched, &access) {
            Sent::Over(answer) => answer.ok(),
            Sent::Again(_) => None,
        })
    }
}

/// For how many milliseconds an answer may be kept, by its own word (RFC 9111, section 5.2.2.1).
pub(super) fn max_age(answer: &HttpAnswer) -> u64 {
    let control = answer
        .headers
        .iter()
        .find(|header| header.name == "cache-control");
    let directives = control
        .map_or("", |header| &header.value)
        .split(',')
        .map(str::trim);
    let seconds = directives.filter_map(|directive| directive.strip_prefix("max-age="));
    let seconds = seconds
        .filter_map(|seconds| seconds.parse::<u64>().ok())
        .next();
    seconds.unwrap_or_default().saturating_mul(1_000)
}
