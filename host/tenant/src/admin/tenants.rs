//! Tenants: made and listed by the platform object, opened and closed by their own.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Effect, Frame, Performed, Reply};
use smcp_ids::{TenantId, limits};

use super::life::LifeView;
use super::{body, parse};
use crate::audit::Act;
use crate::life::LifeRecord;
use crate::problem::{Problem, json};
use crate::record::{Change, Row, TenantRecord};
use crate::state::Scene;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    tenant: String,
    /// Whether it is made to take an archive, and not served before it has.
    #[serde(default)]
    import: bool,
}

/// What the platform's object asks of a tenant's that is to be opened.
#[derive(Serialize, Deserialize)]
struct Open {
    import: bool,
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
    let asked: Create = body(frame)?;
    let tenant: TenantId = parse(&asked.tenant, "tenant")?;
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
    let open = Open {
        import: asked.import,
    };
    let open = serde_json::to_vec(&open).map_err(|_| Problem::host())?;
    ask_object(scene, frame, "PUT", &tenant, open).await?;
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

#[derive(Serialize)]
pub(super) struct Deleted {
    pub(super) deleted: bool,
}

/// Sends a request to a tenant's object, with the credential of the one being answered.
pub(super) async fn ask_object(
    scene: &Scene,
    frame: &Frame,
    method: &str,
    tenant: &TenantId,
    body: Vec<u8>,
) -> Result<Reply, Problem> {
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
        body,
    };
    let tenant = tenant.clone();
    match scene.outside.perform(Effect::Peer { tenant, frame }).await {
        Performed::Reply(reply) if reply.head.status == 200 => Ok(reply),
        Performed::Reply(reply) if reply.head.status == 404 => Err(Problem::not_found()),
        _ => Err(Problem::host()),
    }
}

pub(super) async fn open(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let asked: Open = serde_json::from_slice(&frame.body).map_err(|_| Problem::host())?;
    let leaves = scene.life()?.leaves;
    if leaves.is_some_and(|at| at <= scene.outside.now()) {
        // Its time has come, and its alarm has not rung yet.
        scene.erase().await?;
        scene.load().await?;
    }
    let existing = scene.state.borrow().directory()?.tenant.clone();
    let record = match existing {
        Some(record) => record,
        None => first_open(scene, asked.import).await?,
    };
    Ok(json(200, &View::of(&record)))
}

async fn first_open(scene: &Scene, takes_archive: bool) -> Result<TenantRecord, Problem> {
    let tenant = scene.tenant().ok_or_else(Problem::not_found)?;
    let record = TenantRecord {
        tenant,
        created: scene.outside.now(),
    };
    let life = LifeRecord {
        takes_archive,
        ..LifeRecord::default()
    };
    scene.does(Act::new("admin", "OpenTenant", record.tenant.as_str()));
    scene
        .commit(vec![
            Change::Put(Row::Tenant(record.clone())),
            Change::Put(Row::Life(life)),
        ])
        .await?;
    Ok(record)
}

pub(super) fn show(scene: &Scene) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct Show<'a> {
        #[serde(flatten)]
        tenant: View<'a>,
        #[serde(flatten)]
        life: LifeView,
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
        life: LifeView::of(&directory.life),
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
