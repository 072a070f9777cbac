//! Servers and their releases, as an admin sees them.

use serde::Serialize;
use smcp_capability::turn::{Effect, Performed, Reply};
use smcp_ids::{ServerSlug, limits};

use super::tenants::Deleted;
use super::waiting::lacks;
use super::{parameter, parse};
use crate::asks::Missing;
use crate::item::Space;
use crate::problem::{Problem, json};
use crate::record::{Change, Directory, ReleaseRecord, ServerRecord};
use crate::state::Scene;

#[derive(Serialize)]
pub(super) struct ServerView {
    server: String,
    created: u64,
    /// The live release, if it was not stopped.
    live: Option<String>,
    version: Option<String>,
    /// The release that is to be live when it is granted what it asks for.
    waiting: Option<WaitingView>,
    /// The release that answers some callers.
    canary: Option<CanaryView>,
    /// The release that a rollback makes live.
    before: Option<String>,
    /// What the release that waits, or else the live one, asks for and is not granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Missing>,
    releases: usize,
    /// The live release's publishers are all revoked.
    flagged: bool,
    /// The path of its MCP endpoint.
    endpoint: String,
}

#[derive(Serialize)]
struct WaitingView {
    release: String,
    version: String,
}

#[derive(Serialize)]
struct CanaryView {
    release: String,
    version: String,
    percent: u8,
}

impl ServerView {
    pub(super) fn of(directory: &Directory, record: &ServerRecord) -> Self {
        let release = |digest| directory.releases.get(&(record.server.clone(), digest));
        let live = record.live.and_then(release);
        let waiting = record.waiting.and_then(release);
        let canary = record
            .canary
            .and_then(|canary| Some((canary, release(canary.release)?)));
        let tenant = directory
            .tenant
            .as_ref()
            .map_or("", |tenant| tenant.tenant.as_str());
        Self {
            server: record.server.to_string(),
            created: record.created.0,
            live: record.live.map(|live| live.to_string()),
            version: live.map(|release| release.version.clone()),
            waiting: waiting.map(|release| WaitingView {
                release: release.admission.release.to_string(),
                version: release.version.clone(),
            }),
            canary: canary.map(|(canary, release)| CanaryView {
                release: canary.release.to_string(),
                version: release.version.clone(),
                percent: canary.percent,
            }),
            before: record.before.map(|before| before.to_string()),
            missing: lacks(directory, record),
            releases: directory.releases_of(&record.server).count(),
            flagged: live.is_some_and(|release| is_flagged(directory, release)),
            endpoint: format!("/t/{tenant}/{}/mcp", record.server),
        }
    }
}

/// Whether nobody who signed a release is trusted any more.
pub(super) fn is_flagged(directory: &Directory, release: &ReleaseRecord) -> bool {
    !directory.trusts_any(&release.admission.signers)
}

pub(super) fn list(scene: &Scene, query: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List {
        servers: Vec<ServerView>,
        /// Where the next page starts: send it as `after`.
        next: Option<String>,
    }
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let mut servers: Vec<_> = match parameter(query, "after") {
        None => directory
            .servers
            .values()
            .take(limits::LIST_PAGE_ITEMS + 1)
            .collect(),
        Some(after) => {
            let after: ServerSlug = parse(after, "after")?;
            let later = (
                core::ops::Bound::Excluded(after),
                core::ops::Bound::Unbounded,
            );
            let rows = directory.servers.range(later).map(|(_, row)| row);
            rows.take(limits::LIST_PAGE_ITEMS + 1).collect()
        }
    };
    let more = servers.len() > limits::LIST_PAGE_ITEMS;
    servers.truncate(limits::LIST_PAGE_ITEMS);
    let next = servers
        .last()
        .filter(|_| more)
        .map(|row| row.server.to_string());
    let servers = servers
        .into_iter()
        .map(|row| ServerView::of(directory, row))
        .collect();
    Ok(json(200, &List { servers, next }))
}

pub(super) fn show(scene: &Scene, server: &str) -> Result<Reply, Problem> {
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let record = find(directory, server)?;
    Ok(json(200, &ServerView::of(directory, record)))
}

/// What is another for those who listen when a server is gone, or stopped: where all servers are one,
/// what it had is in no list any more.
pub(super) const EVERYTHING: [smcp_protocol::Change; 3] = [
    smcp_protocol::Change::Tools,
    smcp_protocol::Change::Prompts,
    smcp_protocol::Change::Resources,
];

/// Removes a server with its releases. Modules that no other server has go too.
pub(super) async fn delete(scene: &Scene, server: &str) -> Result<Reply, Problem> {
    let (slug, changes, orphans) = {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        let slug = find(directory, server)?.server.clone();
        let mut changes = vec![Change::DeleteServer(slug.clone())];
        let mut orphans = Vec::new();
        for row in directory.settings_of(&slug) {
            changes.push(Change::DeleteSetting(slug.clone(), row.name.clone()));
        }
        for row in directory.grants_of(&slug) {
            changes.push(Change::DeleteGrant(slug.clone(), row.host.clone()));
        }
        for row in directory.secrets_of(&slug) {
            changes.push(Change::DeleteSecret(slug.clone(), row.name.clone()));
        }
        for row in directory.releases_of(&slug) {
            let release = row.admission.release;
            changes.push(Change::DeleteRelease(slug.clone(), release));
            orphans.push(release);
        }
        (slug, changes, orphans)
    };
    scene.commit(changes).await?;
    scene.state.borrow_mut().waiting.forget(&slug);
    for accounts in Space::all_accounts(&slug) {
        let items = Effect::DeleteItems(accounts);
        if scene.outside.perform(items).await != Performed::Done {
            return Err(Problem::host());
        }
    }
    scene.remove_orphans(orphans).await?;
    scene.announce(&slug, &EVERYTHING).await?;
    Ok(json(200, &Deleted { deleted: true }))
}

pub(super) fn find<'a>(
    directory: &'a Directory,
    server: &str,
) -> Result<&'a ServerRecord, Problem> {
    let slug: ServerSlug = server.parse().map_err(|_| Problem::not_found())?;
    directory.servers.get(&slug).ok_or_else(Problem::not_found)
}
