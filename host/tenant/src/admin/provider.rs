//! Where a tenant's members can sign in, besides with an access code.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::limits;
use smcp_oauth::upstream::Issuer;

use super::tenants::Deleted;
use super::{body, parse};
use crate::oauth::{Failed, redirect_uri};
use crate::problem::{Problem, json};
use crate::record::{Change, ProviderRecord, Row};
use crate::state::Scene;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    issuer: String,
    client_id: String,
    client_secret: String,
}

#[derive(Serialize)]
struct View<'a> {
    issuer: &'a str,
    client_id: &'a str,
    /// What the provider must know as a redirect URI of that client.
    redirect_uri: String,
    changed: u64,
}

fn view(scene: &Scene, frame: &Frame, record: &ProviderRecord) -> Result<Reply, Problem> {
    let tenant = scene.tenant().ok_or_else(Problem::not_found)?;
    let view = View {
        issuer: record.issuer.as_str(),
        client_id: &record.client_id,
        redirect_uri: redirect_uri(&frame.base, &tenant),
        changed: record.changed.0,
    };
    Ok(json(200, &view))
}

pub(super) fn show(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let record = scene.provider_record()?.ok_or_else(Problem::not_found)?;
    view(scene, frame, &record)
}

/// Sets it, once it has described itself, whatever was kept of that: one that nobody could sign in at is refused here, not
/// when a person tries.
pub(super) async fn set(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let set: Set = body(frame)?;
    let issuer: Issuer = parse(&set.issuer, "issuer")?;
    let is_text = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
    };
    if !is_text(&set.client_id, limits::PROVIDER_CLIENT_ID_MAX)
        || !is_text(&set.client_secret, limits::PROVIDER_SECRET_MAX)
    {
        let (id, secret) = (limits::PROVIDER_CLIENT_ID_MAX, limits::PROVIDER_SECRET_MAX);
        return Err(Problem::invalid(
            "invalid_provider",
            format!(
                "client_id has 1 to {id} bytes, client_secret 1 to {secret}, neither a control character"
            ),
        ));
    }
    scene.forget_provider().await?;
    scene
        .provider(&issuer)
        .await
        .map_err(|failed| match failed {
            Failed::Host(problem) => problem,
            Failed::Provider(fault) => Problem::invalid("invalid_provider", fault.to_string()),
        })?;
    let record = ProviderRecord {
        issuer,
        client_id: set.client_id,
        secret: set.client_secret,
        changed: scene.outside.now(),
    };
    scene.does_with(&serde_json::json!({ "issuer": record.issuer, "client_id": record.client_id }));
    let row = Row::Provider(record.clone());
    scene.commit(vec![Change::Put(row)]).await?;
    view(scene, frame, &record)
}

/// From then on members sign in with access codes only. What they have connected goes on.
pub(super) async fn remove(scene: &Scene) -> Result<Reply, Problem> {
    scene.provider_record()?.ok_or_else(Problem::not_found)?;
    scene.commit(vec![Change::DeleteProvider]).await?;
    Ok(json(200, &Deleted { deleted: true }))
}
