//! Clients that an admin has registered, so that they need not register themselves.

use serde::{Deserialize, Serialize};
use smcp_auth::TicketKind;
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::{ClientId, limits};
use smcp_oauth::{ClientMetadata, RedirectUri, SecretUse, written_client};

use super::tenants::Deleted;
use super::{body, label};
use crate::problem::{Problem, json};
use crate::record::{Change, ClientRecord, Row};
use crate::state::Scene;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    name: String,
    redirect_uris: Vec<String>,
    /// Whether it has a secret: only a program that its users cannot read keeps one.
    #[serde(default)]
    secret: bool,
}

#[derive(Serialize)]
struct View<'a> {
    id: &'a str,
    /// What the client sends as `client_id`.
    client_id: String,
    name: &'a str,
    redirect_uris: Vec<&'a str>,
    secret: bool,
    created: u64,
}

fn view<'a>(scene: &Scene, record: &'a ClientRecord) -> Result<View<'a>, Problem> {
    let tenant = scene.tenant().ok_or_else(Problem::not_found)?;
    Ok(View {
        id: record.id.as_str(),
        client_id: written_client(&tenant, &record.id),
        name: &record.metadata.name,
        redirect_uris: record
            .metadata
            .redirect_uris
            .iter()
            .map(RedirectUri::as_str)
            .collect(),
        secret: record.metadata.secret_use == SecretUse::Secret,
        created: record.created.0,
    })
}

pub(super) fn list(scene: &Scene) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        clients: Vec<View<'a>>,
    }
    let records: Vec<ClientRecord> = {
        let state = scene.state.borrow();
        state.directory()?.clients.values().cloned().collect()
    };
    let clients: Result<Vec<_>, _> = records.iter().map(|record| view(scene, record)).collect();
    Ok(json(200, &List { clients: clients? }))
}

pub(super) async fn add(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct Added<'a> {
        /// Shown here, and never again.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_secret: Option<String>,
        #[serde(flatten)]
        view: View<'a>,
    }
    let add: Add = body(frame)?;
    let invalid = |why: String| Problem::invalid("invalid_client", why);
    let uris = add
        .redirect_uris
        .iter()
        .map(|uri| RedirectUri::of_admin(uri));
    let uris: Result<Vec<_>, _> = uris.collect();
    let uris = uris.map_err(|error| invalid(error.to_string()))?;
    let secret_use = if add.secret {
        SecretUse::Secret
    } else {
        SecretUse::None
    };
    let metadata = ClientMetadata::new(&label(&add.name)?, uris, secret_use)
        .map_err(|error| invalid(error.to_string()))?;
    if scene.state.borrow().directory()?.clients.len() >= limits::CLIENTS_MAX {
        return Err(Problem::conflict(
            "too_many_clients",
            "this tenant has as many clients as it may; remove one",
        ));
    }
    let record = ClientRecord {
        id: scene.fresh_id()?,
        metadata,
        created: scene.outside.now(),
    };
    scene.does_with(
        &serde_json::json!({ "client": record.id, "redirect_uris": record.metadata.redirect_uris }),
    );
    scene
        .commit(vec![Change::Put(Row::Client(record.clone()))])
        .await?;
    let secret = scene.mint(TicketKind::ClientSecret, record.id.as_str(), 1)?;
    Ok(json(
        201,
        &Added {
            client_secret: add.secret.then_some(secret),
            view: view(scene, &record)?,
        },
    ))
}

/// Removing holds from the next request on: it gets no more tokens, and nobody is asked for it.
pub(super) async fn remove(scene: &Scene, client: &str) -> Result<Reply, Problem> {
    let id: ClientId = client.parse().map_err(|_| Problem::not_found())?;
    if !scene.state.borrow().directory()?.clients.contains_key(&id) {
        return Err(Problem::not_found());
    }
    scene.commit(vec![Change::DeleteClient(id)]).await?;
    Ok(json(200, &Deleted { deleted: true }))
}
