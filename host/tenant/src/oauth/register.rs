//! `/register`: a client that nobody has registered registers itself (RFC 7591).

use serde::Serialize;
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::limits;
use smcp_oauth::{ClientMetadata, SecretUse};

use super::{Refused, document};
use crate::problem::Problem;
use crate::state::Scene;

/// What the client is told (RFC 7591, section 3.2.1).
#[derive(Serialize)]
struct Told<'a> {
    client_id: String,
    client_id_issued_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<u64>,
    client_name: &'a str,
    redirect_uris: Vec<&'a str>,
    token_endpoint_auth_method: &'a str,
    grant_types: [&'a str; 2],
    response_types: [&'a str; 1],
}

pub(super) fn register(scene: &Scene, frame: &Frame) -> Result<Reply, Refused> {
    let metadata = ClientMetadata::registered(&frame.body)?;
    let from = frame.header("cf-connecting-ip").unwrap_or_default();
    let now = scene.outside.now();
    let taken = scene.state.borrow_mut().registrations.take(from, now);
    taken.map_err(Refused::Later)?;
    let (id, secret) = scene.register_client(&metadata)?;
    // Both ways to send a secret are taken, and it is told the one that it asked for.
    let asked: serde_json::Value = serde_json::from_slice(&frame.body).unwrap_or_default();
    let method = match metadata.secret_use {
        SecretUse::None => "none",
        SecretUse::Secret => asked["token_endpoint_auth_method"]
            .as_str()
            .unwrap_or("client_secret_basic"),
    };
    let expires = now.plus(limits::CLIENT_MILLIS).0 / 1_000;
    let told = Told {
        client_id: id,
        client_id_issued_at: now.0 / 1_000,
        client_secret_expires_at: secret.is_some().then_some(expires),
        client_secret: secret,
        client_name: &metadata.name,
        redirect_uris: metadata
            .redirect_uris
            .iter()
            .map(|uri| uri.as_str())
            .collect(),
        token_endpoint_auth_method: method,
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
    };
    let json = serde_json::to_string(&told).map_err(|_| Problem::host())?;
    Ok(document(201, json))
}
