//! What was done in the tenant, as it was written down.

use serde::Serialize;
use smcp_capability::turn::Reply;
use smcp_ids::limits;

use super::parameter;
use crate::audit::{Head, SignedHead};
use crate::problem::{Problem, json};
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
