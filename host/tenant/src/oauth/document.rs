//! Clients that describe themselves at the URL that is their id (Client ID Metadata Document).
//!
//! The URL is a stranger's: it is asked for as `outgoing` does, over TLS (section 4.4 there; section 8.6 on requests that
//! lead inside). What came of it is kept for as long as the answer allows within bounds, also that nothing did.

use serde::{Deserialize, Serialize};
use smcp_capability::http::Url;
use smcp_crypto::sha256;
use smcp_ids::limits;
use smcp_oauth::{ClientMetadata, OAuthError};

use super::Refused;
use super::outgoing::{Outgoing, max_age};
use crate::item::Space;
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
        let (described, lasts) = match self.ask_host(Outgoing::get(id)).await? {
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
