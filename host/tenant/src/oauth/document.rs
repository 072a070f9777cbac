//! Clients that describe themselves at the URL that is their id (Client ID Metadata Document).
//!
//! The URL is a stranger's: it is asked for under the rules that hold for guests' requests, of a public name, over
//! TLS, and no redirect is followed (section 4.4 there; section 8.6 on requests that lead inside). What came of it is
//! kept for as long as the answer allows within bounds, also that nothing did.

use serde::{Deserialize, Serialize};
use smcp_capability::http::send::Access;
use smcp_capability::http::{
    Header, HostGrant, HttpAnswer, HttpRequest, Method, Secrets, Sending, Sent, Url,
};
use smcp_capability::turn::{Effect, Fetched, Performed};
use smcp_crypto::sha256;
use smcp_ids::limits;
use smcp_oauth::{ClientMetadata, OAuthError};

use super::Refused;
use crate::item::Space;
use crate::mcp::Place;
use crate::problem::Problem;
use crate::state::Scene;

const UNREACHABLE: OAuthError =
    OAuthError::InvalidClientMetadata("the client's own document cannot be fetched");
const NO_URL: OAuthError = OAuthError::InvalidClientMetadata(
    "a client_id that is a URL must be https:// with a public name, a path and nothing after it",
);

/// What is kept of a document: none, if it described no client.
#[derive(Serialize, Deserialize)]
struct Kept(Option<ClientMetadata>);

/// The URL of a client's document (Client ID Metadata Document, section 3): it has a path, and no query here.
fn document_url(id: &str) -> Result<Url, OAuthError> {
    let url: Url = id.parse().map_err(|_| NO_URL)?;
    let path = id.splitn(4, '/').nth(3).unwrap_or_default();
    let is_plain = !path.is_empty() && !id.contains('?') && url.to_string() == id;
    // Dot segments are another way to write a path.
    let has_dots = path.split('/').any(|part| matches!(part, "." | ".."));
    if is_plain && !has_dots {
        Ok(url)
    } else {
        Err(NO_URL)
    }
}

impl Scene {
    /// The client that a URL describes, and the host it is from.
    pub(super) async fn described(&self, id: &str) -> Result<(ClientMetadata, String), Refused> {
        let url = document_url(id)?;
        let host = url.host().to_owned();
        let space = Space::client_documents();
        let place = space.place(hex::encode(sha256(id.as_bytes()).as_bytes()));
        if let Some(bytes) = self.read_item(place.clone()).await?.value
            && let Ok(Kept(kept)) = postcard::from_bytes(&bytes)
        {
            return kept
                .map(|client| (client, host))
                .ok_or_else(|| UNREACHABLE.into());
        }
        let (described, lasts) = match self.fetched(id, &url).await? {
            Some(answer) if answer.status == 200 => {
                let lasts = max_age(&answer).clamp(
                    limits::CLIENT_DOCUMENT_MIN_MILLIS,
                    limits::CLIENT_DOCUMENT_MAX_MILLIS,
                );
                (ClientMetadata::described(id, &answer.body), lasts)
            }
            _ => (Err(UNREACHABLE), 0),
        };
        let lasts = match &described {
            Ok(_) => lasts,
            Err(_) => limits::CLIENT_DOCUMENT_FAILED_MILLIS,
        };
        let kept = Kept(described.as_ref().ok().cloned());
        let kept = postcard::to_allocvec(&kept).map_err(|_| Problem::host())?;
        let sealed = self.seal_item(&place, &kept)?;
        let until = self.outside.now().plus(lasts);
        let write = space.write(place, Some(sealed), Some(until));
        let quota = space.quota(
            limits::CLIENT_DOCUMENTS_BYTES_MAX,
            limits::CLIENT_DOCUMENTS_MAX,
        );
        // Without room it is fetched again.
        self.keep(vec![write], vec![quota]).await?;
        Ok((described?, host))
    }

    /// What is at a URL now; none if nothing can be had.
    async fn fetched(&self, id: &str, url: &Url) -> Result<Option<HttpAnswer>, Problem> {
        let port = url.port();
        let Ok(pattern) = format!("{}:{port}", url.host()).parse() else {
            return Ok(None);
        };
        let access = Access {
            grants: vec![HostGrant {
                host: pattern,
                methods: [Method::Get].into(),
            }],
            secrets: Secrets::default(),
        };
        let request = HttpRequest {
            method: Method::Get.to_string(),
            url: id.to_owned(),
            headers: vec![Header {
                name: "accept".to_owned(),
                value: "application/json".to_owned(),
            }],
            body: Vec::new(),
            timeout: None,
        };
        let bytes = u32::try_from(limits::CLIENT_DOCUMENT_MAX).unwrap_or(u32::MAX);
        let patience = limits::CLIENT_DOCUMENT_TIMEOUT_MILLIS;
        let Ok(sending) = Sending::of(request, &access) else {
            return Ok(None);
        };
        let Ok(fetch) = sending.fetch(&access, patience, bytes) else {
            return Ok(None);
        };
        let until = self.outside.now().plus(patience.into());
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
fn max_age(answer: &HttpAnswer) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_these_are_urls_of_documents() {
        for good in [
            "https://app.example/client.json",
            "https://app.example:8443/oauth/client",
            "https://app.example/",
        ] {
            assert_eq!(
                document_url(good).is_ok(),
                good != "https://app.example/",
                "{good}"
            );
        }
        for bad in [
            "https://app.example",
            "http://app.example/client.json",
            "https://app.example/client.json?x=1",
            "https://app.example/client.json#x",
            "https://user@app.example/client.json",
            "https://app.example/a/../client.json",
            "https://app.example/./client.json",
            "https://127.0.0.1/client.json",
            "https://[::1]/client.json",
            "https://localhost/client.json",
            "https://APP.example/client.json",
            "https://app.example:443/client.json",
        ] {
            let is_http = bad.starts_with("http:");
            // That only TLS is taken is seen by who looks at the id first.
            assert!(document_url(bad).is_err() || is_http, "{bad}");
        }
    }
}
