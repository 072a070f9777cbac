//! Which clients there are: those that describe themselves at a URL, those that an admin registered, and those that
//! registered themselves, of which nothing is kept but what they carry.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use smcp_auth::{Ticket, TicketKind};
use smcp_crypto::{Binding, PurposeKeys};
use smcp_ids::{ClientId, TenantId, UnixMillis, limits};
use smcp_oauth::{ClientCredentials, ClientMetadata, OAuthError, SecretUse, split_written_client};

use super::Refused;
use crate::problem::Problem;
use crate::state::Scene;

/// What the ids of clients that registered themselves begin with.
const REGISTERED: &str = "smcpd_";

/// What a client carries that registered itself.
#[derive(Serialize, Deserialize)]
struct Registered {
    metadata: ClientMetadata,
    at: UnixMillis,
}

/// A client that is known, and how.
pub(super) struct Client {
    pub(super) metadata: ClientMetadata,
    /// The host that its own document is from.
    pub(super) host: Option<String>,
    known_by: KnownBy,
}

enum KnownBy {
    Document,
    Record(ClientId),
    Itself,
}

fn binding() -> Binding {
    Binding::new("smcp client 1")
}

fn secret_binding(id: &str) -> Binding {
    Binding::new("smcp client secret 1").text(id)
}

impl Scene {
    fn client_keys(&self) -> Result<PurposeKeys, Problem> {
        self.state
            .borrow()
            .clients
            .clone()
            .ok_or_else(Problem::host)
    }

    /// Lets a client register itself: its id, which is all that there is of it, and its secret if it has one.
    pub(super) fn register_client(
        &self,
        metadata: &ClientMetadata,
    ) -> Result<(String, Option<String>), Refused> {
        let registered = Registered {
            metadata: metadata.clone(),
            at: self.outside.now(),
        };
        let keys = self.client_keys()?;
        let plain = postcard::to_allocvec(&registered).map_err(|_| Problem::host())?;
        let sealed = keys
            .seal(self.nonce(), &binding(), &plain)
            .map_err(|_| Problem::host())?;
        let id = format!("{REGISTERED}{}", URL_SAFE_NO_PAD.encode(sealed));
        if id.len() > limits::CLIENT_ID_MAX {
            return Err(OAuthError::InvalidClientMetadata(
                "the redirect URIs are too long together; register fewer",
            )
            .into());
        }
        let secret = (metadata.secret_use == SecretUse::Secret)
            .then(|| URL_SAFE_NO_PAD.encode(keys.mac(&secret_binding(&id))));
        Ok((id, secret))
    }

    /// The client of that id.
    ///
    /// # Errors
    /// [`OAuthError::InvalidClient`] if there is none; what is wrong with its document.
    pub(super) async fn client(&self, id: &str) -> Result<Client, Refused> {
        if let Some(sealed) = id.strip_prefix(REGISTERED) {
            return self.registered(sealed);
        }
        if let Some((tenant, own)) = split_written_client(id) {
            return self.written(&tenant, own);
        }
        if id.starts_with("https://") {
            let (metadata, host) = self.described(id).await?;
            return Ok(Client {
                metadata,
                host: Some(host),
                known_by: KnownBy::Document,
            });
        }
        Err(OAuthError::InvalidClient.into())
    }

    fn registered(&self, sealed: &str) -> Result<Client, Refused> {
        let keys = self.client_keys()?;
        let opened = URL_SAFE_NO_PAD.decode(sealed).ok().and_then(|sealed| {
            let plain = keys.open(&binding(), &sealed).ok()?;
            postcard::from_bytes::<Registered>(&plain).ok()
        });
        let now = self.outside.now();
        let known = opened.filter(|client| now.since(client.at) < limits::CLIENT_MILLIS);
        let known = known.ok_or(OAuthError::InvalidClient)?;
        Ok(Client {
            metadata: known.metadata,
            host: None,
            known_by: KnownBy::Itself,
        })
    }

    fn written(&self, tenant: &TenantId, id: ClientId) -> Result<Client, Refused> {
        let is_own = self.tenant().as_ref() == Some(tenant);
        let state = self.state.borrow();
        let record = state.directory()?.clients.get(&id).filter(|_| is_own);
        let record = record.ok_or(OAuthError::InvalidClient)?;
        Ok(Client {
            metadata: record.metadata.clone(),
            host: None,
            known_by: KnownBy::Record(record.id.clone()),
        })
    }

    /// The client that asks for tokens, if it proves itself as it said that it would.
    pub(super) async fn proven_client(&self, who: &ClientCredentials) -> Result<Client, Refused> {
        let client = self.client(&who.id).await?;
        let secret = who.secret.as_deref().filter(|secret| !secret.is_empty());
        let is_right = match (client.metadata.secret_use, secret) {
            (SecretUse::None, None) => true,
            (SecretUse::Secret, Some(secret)) => self.is_secret_of(&client, &who.id, secret)?,
            _ => false,
        };
        if is_right {
            Ok(client)
        } else {
            Err(OAuthError::InvalidClient.into())
        }
    }

    fn is_secret_of(&self, client: &Client, id: &str, secret: &str) -> Result<bool, Problem> {
        match &client.known_by {
            KnownBy::Document => Ok(false),
            KnownBy::Itself => {
                let tag = URL_SAFE_NO_PAD.decode(secret).unwrap_or_default();
                Ok(self.client_keys()?.verify_mac(&secret_binding(id), &tag))
            }
            KnownBy::Record(record) => {
                let state = self.state.borrow();
                let tickets = state.tickets.as_ref().ok_or_else(Problem::host)?;
                let ticket = Ticket::parse(secret);
                let proven = ticket
                    .as_ref()
                    .and_then(|ticket| tickets.prove(TicketKind::ClientSecret, ticket));
                Ok(proven == Some((record.as_str(), 1)))
            }
        }
    }
}
