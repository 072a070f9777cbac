//! What was done in the tenant, as it was written down.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::limits;

use super::{body, parameter};
use crate::audit::{Head, SignedHead};
use crate::problem::{Problem, json};
use crate::record::{AuditRecord, Change, Row};
use crate::state::Scene;

/// Entries after a number, each as its text, and how far the chain has come.
pub(super) async fn read(scene: &Scene, query: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct Page {
        /// The texts, as their hashes are of them.
        entries: Vec<String>,
        head: Head,
    }
    let number = |name: &str| {
        let text = parameter(query, name);
        let number = text.map(str::parse).transpose();
        number.map_err(|_| Problem::invalid("invalid_parameter", format!("{name} is a number")))
    };
    let after = number("after")?.unwrap_or_default();
    let most = number("limit")?.unwrap_or(u64::from(limits::AUDIT_PAGE));
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    let page = Page {
        entries: scene
            .entries(after, most.clamp(1, limits::AUDIT_PAGE))
            .await?,
        head: scene.audit()?.head,
    };
    Ok(json(200, &page))
}

/// How far the chain has come, signed now.
pub(super) async fn head(scene: &Scene) -> Result<Reply, Problem> {
    let head = scene.audit()?.head;
    Ok(json(200, &scene.signed(&head).await?))
}

/// What was signed on earlier days.
pub(super) async fn heads(scene: &Scene) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List {
        heads: Vec<SignedHead>,
    }
    let heads = scene.signed_heads().await?;
    Ok(json(200, &List { heads }))
}

/// What is written down, and for how long.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// For how many days entries are kept that are written from now on.
    keep_days: u32,
    /// Whether each call of a tool, prompt or resource is an entry.
    calls: bool,
}

pub(super) fn settings(scene: &Scene) -> Result<Reply, Problem> {
    let AuditRecord {
        keep_days, calls, ..
    } = scene.audit()?;
    Ok(json(200, &Settings { keep_days, calls }))
}

/// Sets both. What was written before stays as long as was said then.
pub(super) async fn set_settings(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let settings: Settings = body(frame)?;
    let (least, most) = (limits::AUDIT_DAYS_MIN, limits::AUDIT_DAYS_MAX);
    if !(least..=most).contains(&settings.keep_days) {
        let message = format!("keep_days is from {least} to {most}");
        return Err(Problem::invalid("invalid_limit", message));
    }
    scene.does_with(&settings);
    let record = AuditRecord {
        keep_days: settings.keep_days,
        calls: settings.calls,
        ..scene.audit()?
    };
    // The entry of this very change comes on top of it.
    scene.commit(vec![Change::Put(Row::Audit(record))]).await?;
    self::settings(scene)
}
