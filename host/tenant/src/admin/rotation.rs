//! Sealing everything of an object again, with the master key that is current.

use serde::Serialize;
use smcp_capability::turn::Reply;

use crate::mcp::{Errand, Own};
use crate::problem::{Problem, json};
use crate::state::Scene;

#[derive(Serialize)]
struct View {
    /// The version of the master key that is current.
    version: u32,
    /// `done`, `running`, or `due` if something may be sealed with another version.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<u64>,
    /// How much was passed.
    items: u64,
    rows: u64,
    /// API keys that are good and were made before it began, so perhaps with an older version: replace them before that
    /// one is taken away.
    keys: Vec<String>,
}

pub(super) fn show(scene: &Scene) -> Result<Reply, Problem> {
    let version = scene.key_version()?;
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let record = directory.reseal.as_ref();
    let record = record.filter(|record| record.version == version);
    let started = record.map(|record| record.started);
    let keys = directory.keys.values();
    let keys =
        keys.filter(|key| key.revoked.is_none() && started.is_none_or(|at| key.created < at));
    let view = View {
        version,
        state: match record {
            None => "due",
            Some(record) if record.finished.is_none() => "running",
            Some(_) => "done",
        },
        started: started.map(|at| at.0),
        finished: record.and_then(|record| record.finished).map(|at| at.0),
        items: record.map_or(0, |record| record.items),
        rows: record.map_or(0, |record| record.rows),
        keys: keys.map(|key| key.id.to_string()).collect(),
    };
    Ok(json(200, &view))
}

/// Begins, or goes on with what was begun.
pub(super) async fn start(scene: &Scene) -> Result<Reply, Problem> {
    let version = scene.key_version()?;
    let begun = {
        let state = scene.state.borrow();
        let record = state.directory()?.reseal.as_ref();
        let record = record.filter(|record| record.version == version);
        record.map(|record| record.finished.is_some())
    };
    match begun {
        None => scene.begin_reseal(Vec::new()).await?,
        // It goes on anyway, later; it is asked for now.
        Some(false) => scene.begin_errand(&Errand::Own(Own::Reseal)).await?,
        Some(true) => {}
    }
    let mut reply = show(scene)?;
    reply.head.status = 202;
    Ok(reply)
}
