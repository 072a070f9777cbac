//! The life of a tenant: suspended and resumed by its own object; to be deleted, and restored, by the platform's and its own.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::{TenantId, UnixMillis, limits};

use super::tenants::{Deleted, ask_object};
use super::{body, label, parameter};
use crate::audit::Act;
use crate::life::{LifeRecord, Suspension};
use crate::mcp::{Errand, Own};
use crate::problem::{Problem, json};
use crate::record::{Change, Row, TenantRecord};
use crate::state::Scene;

/// What became of a tenant, as admins see it.
#[derive(Serialize)]
pub(super) struct LifeView {
    /// `active`, `suspended`, `incomplete` or `leaves`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When everything is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    leaves: Option<u64>,
}

impl LifeView {
    pub(super) fn of(record: &LifeRecord) -> Self {
        let suspended = record.suspended.as_ref();
        Self {
            state: match record {
                LifeRecord {
                    leaves: Some(_), ..
                } => "leaves",
                LifeRecord {
                    takes_archive: true,
                    ..
                } => "incomplete",
                LifeRecord {
                    suspended: Some(_), ..
                } => "suspended",
                _ => "active",
            },
            suspended: suspended.map(|suspension| suspension.since.0),
            reason: suspended.map(|suspension| suspension.reason.clone()),
            leaves: record.leaves.map(|at| at.0),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suspend {
    reason: String,
}

pub(super) async fn suspend(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let reason = label(&body::<Suspend>(frame)?.reason)?;
    let life = scene.life()?;
    let since = life.suspended.as_ref().map(|suspension| suspension.since);
    scene.does_with(&serde_json::json!({ "reason": reason }));
    let suspension = Suspension {
        since: since.unwrap_or_else(|| scene.outside.now()),
        reason,
    };
    let life = LifeRecord {
        suspended: Some(suspension),
        ..life
    };
    put(scene, life).await
}

pub(super) async fn resume(scene: &Scene) -> Result<Reply, Problem> {
    let life = LifeRecord {
        suspended: None,
        ..scene.life()?
    };
    put(scene, life).await
}

async fn put(scene: &Scene, life: LifeRecord) -> Result<Reply, Problem> {
    let view = LifeView::of(&life);
    scene.commit(vec![Change::Put(Row::Life(life))]).await?;
    // What has waited is begun; what is to wait is not woken for.
    scene.take_up_due().await?;
    Ok(json(200, &view))
}

/// What the platform's object asks of a tenant's: at what time everything is to be deleted.
#[derive(Serialize, Deserialize)]
struct Leave {
    at: UnixMillis,
}

/// Tells the tenant's object first: if that is all that happens, deleting it again mends it.
pub(super) async fn delete(
    scene: &Scene,
    frame: &Frame,
    tenant: &str,
    query: &str,
) -> Result<Reply, Problem> {
    let tenant: TenantId = tenant.parse().map_err(|_| Problem::not_found())?;
    let listed = scene
        .state
        .borrow()
        .directory()?
        .listed
        .get(&tenant)
        .cloned();
    if listed.is_none() {
        return Err(Problem::not_found());
    }
    let days = match parameter(query, "grace_days") {
        None => limits::GRACE_DAYS,
        Some(days) => {
            let days = days.parse().ok();
            days.filter(|days| *days <= limits::GRACE_DAYS_MAX)
                .ok_or_else(|| {
                    let most = limits::GRACE_DAYS_MAX;
                    Problem::invalid(
                        "invalid_parameter",
                        format!("grace_days is a number of days from 0 to {most}"),
                    )
                })?
        }
    };
    let now = scene.outside.now();
    let at = now.plus(u64::from(days) * 24 * 60 * 60 * 1_000);
    let asked = serde_json::to_vec(&Leave { at }).map_err(|_| Problem::host())?;
    ask_object(scene, frame, "DELETE", &tenant, asked).await?;
    if days == 0 {
        scene.commit(vec![Change::DeleteListed(tenant)]).await?;
        return Ok(json(200, &Deleted { deleted: true }));
    }
    scene.does_with(&serde_json::json!({ "leaves": at }));
    let unlist = Errand::Own(Own::Unlist(tenant.clone()));
    let mut writes = scene.struck_off(&unlist).await?;
    writes.push(scene.due_write(at, &unlist, 1)?);
    scene.commit_with(writes, Vec::new()).await?;
    scene.set_alarm().await?;
    let view = LifeView::of(&LifeRecord {
        leaves: Some(at),
        ..LifeRecord::default()
    });
    Ok(json(202, &view))
}

/// Tells the tenant's object first: if that is all that happens, restoring it again mends it.
pub(super) async fn restore(scene: &Scene, frame: &Frame, tenant: &str) -> Result<Reply, Problem> {
    let tenant: TenantId = tenant.parse().map_err(|_| Problem::not_found())?;
    let reply = ask_object(scene, frame, "POST", &tenant, Vec::new()).await?;
    let record: TenantRecord = serde_json::from_slice(&reply.body).map_err(|_| Problem::host())?;
    let unlist = Errand::Own(Own::Unlist(tenant));
    let writes = scene.struck_off(&unlist).await?;
    let change = Change::Put(Row::Listed(record));
    scene.commit_with(writes, vec![change]).await?;
    scene.set_alarm().await?;
    Ok(json(200, &LifeView::of(&LifeRecord::default())))
}

/// What the tenant's object does when it is to be deleted.
pub(super) async fn leave(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let Leave { at } = serde_json::from_slice(&frame.body).map_err(|_| Problem::host())?;
    if at <= scene.outside.now() {
        scene.erase().await?;
        return Ok(json(200, &Deleted { deleted: true }));
    }
    if scene.state.borrow().directory()?.tenant.is_none() {
        return Ok(json(200, &Deleted { deleted: true }));
    }
    let life = LifeRecord {
        leaves: Some(at),
        ..scene.life()?
    };
    let mut writes = scene.struck_off(&Errand::Own(Own::Leave)).await?;
    writes.push(scene.due_write(at, &Errand::Own(Own::Leave), 1)?);
    scene.does(Act::new("admin", "LeaveTenant", "").with(&serde_json::json!({ "leaves": at })));
    let change = Change::Put(Row::Life(life));
    scene.commit_with(writes, vec![change]).await?;
    scene.set_alarm().await?;
    Ok(json(200, &Deleted { deleted: false }))
}

/// What it does when it is not to be, after all.
pub(super) async fn stay(scene: &Scene) -> Result<Reply, Problem> {
    let tenant = scene.state.borrow().directory()?.tenant.clone();
    let tenant = tenant.ok_or_else(Problem::not_found)?;
    let life = LifeRecord {
        leaves: None,
        ..scene.life()?
    };
    let writes = scene.struck_off(&Errand::Own(Own::Leave)).await?;
    scene.does(Act::new("admin", "RestoreTenant", ""));
    let change = Change::Put(Row::Life(life));
    scene.commit_with(writes, vec![change]).await?;
    scene.take_up_due().await?;
    Ok(json(200, &tenant))
}
