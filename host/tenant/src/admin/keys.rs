//! API keys: made here, shown once, never stored.

use serde::{Deserialize, Serialize};
use smcp_auth::{KeyRecord, Scope, Scopes};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::KeyId;

use super::limits::allowance;
use super::{body, label, parse};
use crate::problem::{Problem, json};
use crate::record::{Change, Row};
use crate::state::Scene;

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    #[serde(default)]
    name: String,
    /// What it may do, separated by spaces; to use all MCP endpoints, if left out.
    scopes: Option<String>,
    /// Days until it expires; never if left out.
    expires_in_days: Option<u32>,
    /// Fuel that all its calls of a day may use; as much as there is, if left out.
    fuel_per_day: Option<u64>,
    /// Requests that it may make in a minute; as many as one likes, if left out.
    calls_per_minute: Option<u64>,
}

#[derive(Serialize)]
struct View<'a> {
    id: &'a str,
    name: &'a str,
    created: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<u64>,
    scopes: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel_per_day: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_per_minute: Option<u64>,
}

impl<'a> View<'a> {
    fn of(record: &'a KeyRecord) -> Self {
        Self {
            id: record.id.as_str(),
            name: &record.name,
            created: record.created.0,
            expires: record.expires.map(|moment| moment.0),
            revoked: record.revoked.map(|moment| moment.0),
            scopes: record.scopes.to_string(),
            fuel_per_day: record.allowance.fuel_per_day.map(Into::into),
            calls_per_minute: record.allowance.calls_per_minute.map(Into::into),
        }
    }
}

pub(super) fn list(scene: &Scene) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        keys: Vec<View<'a>>,
    }
    let state = scene.state.borrow();
    let keys = state.directory()?.keys.values().map(View::of).collect();
    Ok(json(200, &List { keys }))
}

pub(super) async fn create(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct Created<'a> {
        /// The key itself: shown here, and never again.
        key: String,
        #[serde(flatten)]
        view: View<'a>,
    }
    let create: Create = body(frame)?;
    let scopes = match create.scopes {
        Some(scopes) => parse(&scopes, "scopes")?,
        None => Scopes::from(Scope::Mcp),
    };
    let now = scene.outside.now();
    let record = KeyRecord {
        id: scene.fresh_id()?,
        name: label(&create.name)?,
        created: now,
        expires: create
            .expires_in_days
            .map(|days| now.plus(u64::from(days) * DAY_MILLIS)),
        revoked: None,
        scopes,
        allowance: allowance(create.fuel_per_day, create.calls_per_minute)?,
    };
    let key = {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        if directory.keys.len() >= directory.quotas().keys() {
            return Err(Problem::conflict(
                "too_many_keys",
                "this tenant has as many keys as it may; revoked ones count too",
            ));
        }
        state
            .keyring
            .as_ref()
            .ok_or_else(Problem::host)?
            .mint(&record.id)
    };
    scene.does_with(&serde_json::json!({ "key": record.id, "scopes": record.scopes.to_string() }));
    scene
        .commit(vec![Change::Put(Row::Key(record.clone()))])
        .await?;
    Ok(json(
        201,
        &Created {
            key,
            view: View::of(&record),
        },
    ))
}

/// Revoking holds from the next request on. Revoking again changes nothing.
pub(super) async fn revoke(scene: &Scene, key: &str) -> Result<Reply, Problem> {
    let mut record = {
        let state = scene.state.borrow();
        let id: KeyId = key.parse().map_err(|_| Problem::not_found())?;
        state
            .directory()?
            .keys
            .get(&id)
            .ok_or_else(Problem::not_found)?
            .clone()
    };
    record.revoked = record.revoked.or(Some(scene.outside.now()));
    scene
        .commit(vec![Change::Put(Row::Key(record.clone()))])
        .await?;
    Ok(json(200, &View::of(&record)))
}
