//! Releases that wait: stored, and not live before their server is granted what they ask for.
//!
//! What is granted is written in the same commit that makes live the release that waited for it, so that
//! nobody sees one without the other.

use std::rc::Rc;

use serde::Serialize;
use smcp_capability::http::send::Access;
use smcp_ids::{ReleaseDigest, ServerSlug, UnixMillis};

use super::releases::{answering, differences};
use crate::asks::Missing;
use crate::modules::Ready;
use crate::problem::Problem;
use crate::record::{Change, Directory, ReleaseRecord, Row, ServerRecord};
use crate::release::Life;
use crate::state::Scene;

/// What a grant came to.
#[derive(Serialize)]
pub(super) struct Granted {
    /// The release that waited for it, and is live now.
    went_live: Option<String>,
    /// What the server lacks still, for the release that waits or the one that is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Missing>,
}

/// Writes a grant or a secret of a server, and makes live what it completes. `make` says which row, and is asked
/// again whenever others have run.
pub(super) async fn grant(
    scene: &Scene,
    server: &ServerSlug,
    make: impl Fn(&Directory) -> Result<Row, Problem>,
) -> Result<Granted, Problem> {
    let mut ready: Option<Rc<Ready>> = None;
    let now = scene.outside.now();
    let (row, went_live, completes) = loop {
        let (row, completed) = {
            let state = scene.state.borrow();
            let directory = state.directory()?;
            let row = make(directory)?;
            let completed = completes(directory, server, &row, now);
            (row, completed)
        };
        let held = ready.as_ref().map(|ready| ready.release);
        match completed {
            // It is loaded before it is live: what cannot be loaded must not answer.
            Some((release, _)) if Some(release) != held => {
                ready = Some(scene.release(server, release).await?);
            }
            Some((release, changes)) => break (row, Some(release), changes),
            None => break (row, None, Vec::new()),
        }
    };
    let before = answering(scene, server)?;
    let changes = [Change::Put(row)].into_iter().chain(completes);
    scene.commit(changes.collect()).await?;
    if let (Some(_), Some(ready)) = (went_live, ready) {
        let differ = differences(&before, [&ready.catalogue]);
        scene.announce(server, &differ).await?;
    }
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let record = directory.servers.get(server);
    Ok(Granted {
        went_live: went_live.map(|release| release.to_string()),
        missing: record.and_then(|record| lacks(directory, record)),
    })
}

/// The release that waits, and what makes it live, if nothing is missing for that with this row.
fn completes(
    directory: &Directory,
    server: &ServerSlug,
    row: &Row,
    now: UnixMillis,
) -> Option<(ReleaseDigest, Vec<Change>)> {
    let record = directory.servers.get(server)?;
    let waiting = record.waiting?;
    let release = directory.release(server, waiting)?;
    let access = with(directory.access(server), row);
    let is_complete = Missing::of(&release.asks()?, &access).is_empty();
    let life = Life {
        directory,
        server: record,
        now,
    };
    // What nobody could publish now, no grant makes live.
    let changes = life.completes(release).ok().filter(|_| is_complete)?;
    Some((waiting, changes))
}

/// What a server would reach with a row that is not written yet.
fn with(mut access: Access, row: &Row) -> Access {
    match row {
        Row::Grant(row) => {
            access
                .grants
                .retain(|grant| grant.host.to_string() != row.host);
            access.grants.extend(row.grant());
        }
        Row::Secret(row) => {
            access.secrets.0.retain(|secret| secret.name() != row.name);
            access.secrets.0.extend(row.secret());
        }
        _ => {}
    }
    access
}

/// What a server lacks for the release that waits, or else for the one that is live; `None` if nothing.
pub(super) fn lacks(directory: &Directory, record: &ServerRecord) -> Option<Missing> {
    let release = record.waiting.or(record.live)?;
    lacks_for(directory, directory.release(&record.server, release)?)
}

/// What its server lacks for a release; `None` if nothing.
pub(super) fn lacks_for(directory: &Directory, release: &ReleaseRecord) -> Option<Missing> {
    let missing = Missing::of(&release.asks()?, &directory.access(&release.server));
    (!missing.is_empty()).then_some(missing)
}

/// Whether a release is one that only revoked publishers have signed, should `revoked` be one of them.
pub(super) fn is_orphaned(
    directory: &Directory,
    server: &ServerSlug,
    release: Option<ReleaseDigest>,
    revoked: &smcp_ids::PublisherKey,
) -> bool {
    let release = release.and_then(|release| directory.release(server, release));
    release.is_some_and(|release| {
        let others = release.admission.signers.iter();
        let others: Vec<_> = others.filter(|key| *key != revoked).copied().collect();
        !directory.trusts_any(&others)
    })
}
