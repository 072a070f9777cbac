//! Tenants: made and listed by the platform object, opened and closed by their own.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Effect, Frame, Performed, Reply, Role};
use smcp_ids::{TenantId, limits};

use super::{body, parse};
use crate::audit::Act;
use crate::problem::{Problem, json};
use crate::record::{Change, Row, TenantRecord};
use crate::state::Scene;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    tenant: String,
}

#[derive(Serialize)]
struct View<'a> {
    tenant: &'a TenantId,
    created: u64,
}

impl<'a> View<'a> {
    fn of(record: &'a TenantRecord) -> Self {
        Self {
            tenant: &record.tenant,
            created: record.created.0,
        }
    }
}

pub(super) fn list(scene: &Scene) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        tenants: Vec<View<'a>>,
    }
    let state = scene.state.borrow();
    let tenants = state.directory()?.listed.values().map(View::of).collect();
    Ok(json(200, &List { tenants }))
}

/// Opens the tenant's object first: if that is all that happens, creating it again mends it.
pub(super) async fn create(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let tenant: TenantId = parse(&body::<Create>(frame)?.tenant, "tenant")?;
    {
        let state = scene.state.borrow();
        let listed = &state.directory()?.listed;
        if listed.contains_key(&tenant) {
            return Err(Problem::conflict(
                "tenant_exists",
                format!("there is a tenant {tenant} already"),
            ));
        }
        if listed.len() >= limits::TENANTS_MAX {
            return Err(Problem::conflict(
                "too_many_tenants",
                "the platform has no room for another tenant",
            ));
        }
    }
    tell(scene, frame, "PUT", &tenant).await?;
    let record = TenantRecord {
        tenant,
        created: scene.outside.now(),
    };
    scene.does_with(&serde_json::json!({ "tenant": record.tenant }));
    scene
        .commit(vec![Change::Put(Row::Listed(record.clone()))])
        .await?;
    Ok(json(201, &View::of(&record)))
}

/// Empties the tenant's object first: if that is all that happens, deleting it again mends it.
pub(super) async fn delete(scene: &Scene, frame: &Frame, tenant: &str) -> Result<Reply, Problem> {
    let tenant: TenantId = tenant.parse().map_err(|_| Problem::not_found())?;
    if !scene
        .state
        .borrow()
        .directory()?
        .listed
        .contains_key(&tenant)
    {
        return Err(Problem::not_found());
    }
    tell(scene, frame, "DELETE", &tenant).await?;
    scene.commit(vec![Change::DeleteListed(tenant)]).await?;
    Ok(json(200, &Deleted { deleted: true }))
}

#[derive(Serialize)]
pub(super) struct Deleted {
    pub(super) deleted: bool,
}

/// Sends a request to a tenant's object, with the credential of the one being answered.
async fn tell(
    scene: &Scene,
    frame: &Frame,
    method: &str,
    tenant: &TenantId,
) -> Result<(), Problem> {
    let headers = frame
        .headers
        .iter()
        .filter(|(name, _)| name == "authorization")
        .cloned()
        .collect();
    let frame = Frame {
        entropy: scene.draw(),
        method: method.to_owned(),
        base: String::new(),
        path: super::INTERNAL.to_owned(),
        headers,
        body: Vec::new(),
    };
    match scene
        .outside
        .perform(Effect::Peer {
            tenant: tenant.clone(),
            frame,
        })
        .await
    {
        Performed::Reply(reply) if reply.head.status == 200 => Ok(()),
        _ => Err(Problem::host()),
    }
}

pub(super) async fn open(scene: &Scene) -> Result<Reply, Problem> {
    let existing = scene.state.borrow().directory()?.tenant.clone();
    let record = match existing {
        Some(record) => record,
        None => {
            let Role::Tenant(tenant) = scene.state.borrow().boot.role.clone() else {
                return Err(Problem::not_found());
            };
            let record = TenantRecord {
                tenant,
                created: scene.outside.now(),
            };
            scene.does(Act::new("admin", "OpenTenant", record.tenant.as_str()));
            scene
                .commit(vec![Change::Put(Row::Tenant(record.clone()))])
                .await?;
            record
        }
    };
    Ok(json(200, &View::of(&record)))
}

pub(super) async fn close(scene: &Scene) -> Result<Reply, Problem> {
    let releases: Vec<_> = scene
        .state
        .borrow()
        .directory()?
        .releases
        .keys()
        .map(|(_, release)| *release)
        .collect();
    let effects = [
        Effect::Publish(None),
        Effect::DeleteModules(releases),
        Effect::Erase,
    ];
    for effect in effects {
        if scene.outside.perform(effect).await != Performed::Done {
            return Err(Problem::host());
        }
    }
    scene.state.borrow_mut().forget();
    Ok(json(200, &Deleted { deleted: true }))
}

pub(super) fn show(scene: &Scene) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct Show<'a> {
        #[serde(flatten)]
        tenant: View<'a>,
        servers: usize,
        releases: usize,
        publishers: usize,
        keys: usize,
    }
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let tenant = directory.tenant.as_ref().ok_or_else(Problem::not_found)?;
    let view = Show {
        tenant: View::of(tenant),
        servers: directory.servers.len(),
        releases: directory.releases.len(),
        publishers: directory
            .publishers
            .values()
            .filter(|row| row.revoked.is_none())
            .count(),
        keys: directory
            .keys
            .values()
            .filter(|row| row.revoked.is_none())
            .count(),
    };
    Ok(json(200, &view))
}
