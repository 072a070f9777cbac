//! How much there may be of a tenant: set by the platform's admin, seen by the tenant's.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::limits;

use super::body;
use super::limits::allowance;
use crate::problem::{Problem, json};
use crate::record::{Change, QuotasRecord, Row};
use crate::state::Scene;

/// As the admin API has them. What is left out is as much as there may be of any tenant.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Quotas {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    servers: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    releases: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keys: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    members: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    module_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    store_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fuel_per_day: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calls_per_minute: Option<u64>,
}

impl From<&QuotasRecord> for Quotas {
    fn from(record: &QuotasRecord) -> Self {
        Self {
            servers: record.servers,
            releases: record.releases,
            keys: record.keys,
            members: record.members,
            module_bytes: record.module_bytes,
            store_bytes: record.store_bytes,
            fuel_per_day: record.allowance.fuel_per_day.map(Into::into),
            calls_per_minute: record.allowance.calls_per_minute.map(Into::into),
        }
    }
}

impl QuotasRecord {
    /// How many servers there may be.
    pub(crate) fn servers(&self) -> usize {
        least(self.servers, limits::SERVERS_MAX)
    }

    /// How many releases of each.
    pub(crate) fn releases(&self) -> usize {
        least(self.releases, limits::RELEASES_MAX)
    }

    /// How many keys.
    pub(crate) fn keys(&self) -> usize {
        least(self.keys, limits::KEYS_MAX)
    }

    /// How many members.
    pub(crate) fn members(&self) -> usize {
        least(self.members, limits::MEMBERS_MAX)
    }

    /// How much the store of each server may hold, in bytes.
    pub(crate) fn store_bytes(&self) -> u64 {
        let most = limits::KV_STORE_MAX;
        self.store_bytes.map_or(most, |bytes| bytes.min(most))
    }
}

fn least(set: Option<u32>, most: usize) -> usize {
    set.map_or(most, |set| most.min(set as usize))
}

pub(super) fn show(scene: &Scene) -> Result<Reply, Problem> {
    let state = scene.state.borrow();
    Ok(json(200, &Quotas::from(&state.directory()?.quotas())))
}

/// Sets all of them. They hold for what is new: nothing is taken away from a tenant that has more.
pub(super) async fn set(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let quotas: Quotas = body(frame)?;
    let record = QuotasRecord {
        servers: quotas.servers,
        releases: quotas.releases,
        keys: quotas.keys,
        members: quotas.members,
        module_bytes: quotas.module_bytes,
        store_bytes: quotas.store_bytes,
        allowance: allowance(quotas.fuel_per_day, quotas.calls_per_minute)?,
    };
    scene.does_with(&quotas);
    scene.commit(vec![Change::Put(Row::Quotas(record))]).await?;
    show(scene)
}
