//! The life of releases, as an admin lets it go on. What is allowed is `crate::release`'s to say; each step is one
//! transaction, and tells those who listen what it changes for them.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use smcp_auth::Principal;
use smcp_capability::items::Write;
use smcp_capability::turn::{Effect, Frame, Head, Performed, Reply};
use smcp_ids::{ReleaseDigest, ServerSlug};
use smcp_protocol::Catalogue;

use super::body;
use super::servers::{ServerView, find, is_flagged};
use super::tenants::Deleted;
use super::waiting::lacks_for;
use crate::asks::Missing;
use crate::modules::Ready;
use crate::problem::{Problem, json};
use crate::record::{ApprovalRecord, Change, Directory, ReleaseRecord, Row, ServerRecord};
use crate::release::{Approval, Approved, Life, State, Step};
use crate::state::Scene;

#[derive(Serialize)]
struct ReleaseView<'a> {
    release: String,
    name: String,
    version: &'a str,
    state: State,
    published: u64,
    /// Who published it.
    by: &'a str,
    approved: Option<ApprovedView<'a>>,
    /// Since when it is not live any more.
    retired: Option<u64>,
    size: u64,
    signers: Vec<String>,
    live: bool,
    waiting: bool,
    flagged: bool,
    /// What it asks for and its server is not granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Missing>,
}

#[derive(Serialize)]
struct ApprovedView<'a> {
    by: &'a str,
    at: u64,
}

impl<'a> ReleaseView<'a> {
    fn of(directory: &Directory, record: &'a ReleaseRecord, server: &ServerRecord) -> Self {
        let state = State::of(server, record);
        let signers = record.admission.signers.iter();
        let approved = |Approved { by, at }: &'a Approved| ApprovedView { by, at: at.0 };
        Self {
            release: record.admission.release.to_string(),
            name: record.name.clone(),
            version: &record.version,
            state,
            published: record.published.0,
            by: &record.standing.by,
            approved: record.standing.approved.as_ref().map(approved),
            retired: record.standing.retired.map(|retired| retired.0),
            size: record.size,
            signers: signers.map(ToString::to_string).collect(),
            live: state == State::Live,
            waiting: state == State::Waiting,
            flagged: is_flagged(directory, record),
            missing: lacks_for(directory, record),
        }
    }
}

pub(super) fn list(scene: &Scene, server: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        releases: Vec<ReleaseView<'a>>,
    }
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let record = find(directory, server)?;
    let mut rows: Vec<_> = directory.releases_of(&record.server).collect();
    rows.sort_by_key(|row| core::cmp::Reverse(row.published));
    let releases = rows
        .into_iter()
        .map(|row| ReleaseView::of(directory, row, record))
        .collect();
    Ok(json(200, &List { releases }))
}

/// The package of a release, as it was published.
pub(super) async fn module(scene: &Scene, server: &str, release: &str) -> Result<Reply, Problem> {
    let release = named(release)?;
    {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        let server = &find(directory, server)?.server;
        directory
            .release(server, release)
            .ok_or_else(Problem::not_found)?;
    }
    module_reply(scene, release).await
}

/// The package of a release of this tenant, whole.
pub(super) async fn module_reply(scene: &Scene, release: ReleaseDigest) -> Result<Reply, Problem> {
    let body = match scene.outside.perform(Effect::ReadModule(release)).await {
        Performed::Module(Some(body)) => body,
        Performed::Module(None) => return Err(Problem::not_found()),
        _ => return Err(Problem::host()),
    };
    let headers = [
        ("content-type", "application/wasm"),
        ("cache-control", "no-store"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(Reply {
        head: Head {
            status: 200,
            headers: headers.into(),
        },
        body,
    })
}

/// How a step went.
#[derive(Serialize)]
struct Moved {
    /// The release that it was about; of a rollback the one to which it went.
    release: Option<String>,
    state: Option<State>,
    #[serde(flatten)]
    server: ServerView,
}

pub(super) async fn approve(
    scene: &Scene,
    principal: &Principal,
    server: &str,
    release: &str,
) -> Result<Reply, Problem> {
    let release = named(release)?;
    let (by, is_platform) = (principal.to_string(), principal.is_platform_admin());
    let slug = go(scene, server, |life| {
        life.approve(release, &by, is_platform)
    })
    .await?;
    moved(scene, &slug, Some(release))
}

pub(super) async fn promote(scene: &Scene, server: &str, release: &str) -> Result<Reply, Problem> {
    let release = named(release)?;
    let slug = go(scene, server, |life| life.promote(release)).await?;
    moved(scene, &slug, Some(release))
}

pub(super) async fn roll_back(scene: &Scene, server: &str) -> Result<Reply, Problem> {
    let slug = go(scene, server, |life| life.rollback()).await?;
    let live = {
        let state = scene.state.borrow();
        let row = state.directory()?.servers.get(&slug);
        row.and_then(|row| row.live)
    };
    moved(scene, &slug, live)
}

pub(super) async fn canary(
    scene: &Scene,
    frame: &Frame,
    server: &str,
    release: &str,
) -> Result<Reply, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Set {
        percent: u8,
    }
    let release = named(release)?;
    let Set { percent } = body(frame)?;
    let slug = go(scene, server, |life| life.canary(release, percent)).await?;
    moved(scene, &slug, Some(release))
}

/// Removes a release, and its module if no other server has it.
pub(super) async fn delete(scene: &Scene, server: &str, release: &str) -> Result<Reply, Problem> {
    let release = named(release)?;
    go(scene, server, |life| life.delete(release)).await?;
    scene.remove_orphans(vec![release]).await?;
    Ok(json(200, &Deleted { deleted: true }))
}

fn named(release: &str) -> Result<ReleaseDigest, Problem> {
    release.parse().map_err(|_| Problem::not_found())
}

fn moved(
    scene: &Scene,
    server: &ServerSlug,
    release: Option<ReleaseDigest>,
) -> Result<Reply, Problem> {
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let row = directory
        .servers
        .get(server)
        .ok_or_else(Problem::not_found)?;
    let found = release.and_then(|release| directory.release(server, release));
    let moved = Moved {
        release: release.map(|release| release.to_string()),
        state: found.map(|found| State::of(row, found)),
        server: ServerView::of(directory, row),
    };
    Ok(json(200, &moved))
}

/// Takes a step of a server's releases. Whatever begins to answer is loaded first, and the step is planned again
/// whenever others have run.
async fn go(
    scene: &Scene,
    server: &str,
    plan: impl Fn(&Life<'_>) -> Step,
) -> Result<ServerSlug, Problem> {
    let now = scene.outside.now();
    let mut loaded: BTreeMap<ReleaseDigest, Rc<Ready>> = BTreeMap::new();
    let (slug, changes) = loop {
        let (slug, changes, begins) = {
            let state = scene.state.borrow();
            let directory = state.directory()?;
            let server = find(directory, server)?;
            let changes = plan(&Life {
                directory,
                server,
                now,
            })?;
            let begins = begins(server, &changes).find(|release| !loaded.contains_key(release));
            (server.server.clone(), changes, begins)
        };
        match begins {
            Some(release) => {
                loaded.insert(release, scene.release(&slug, release).await?);
            }
            None => break (slug, changes),
        }
    };
    let changes_routes = changes
        .iter()
        .any(|change| matches!(change, Change::Put(Row::Server(_))));
    let before = answering(scene, &slug)?;
    store(scene, changes).await?;
    if changes_routes {
        let after = answering(scene, &slug)?;
        scene.announce(&slug, &differences(&before, &after)).await?;
    }
    Ok(slug)
}

/// The releases that answer after those changes, and did not before.
fn begins(server: &ServerRecord, changes: &[Change]) -> impl Iterator<Item = ReleaseDigest> {
    let before: Vec<_> = server.answering().collect();
    let after: Vec<_> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Put(Row::Server(row)) => Some(row.answering()),
            _ => None,
        })
        .flatten()
        .collect();
    after
        .into_iter()
        .filter(move |release| !before.contains(release))
}

/// Stores what a step changes in one transaction, with what is kept of a release that goes.
async fn store(scene: &Scene, changes: Vec<Change>) -> Result<(), Problem> {
    for change in &changes {
        if let Change::Put(Row::Server(row)) = change {
            let text = |release: Option<ReleaseDigest>| release.map(|release| release.to_string());
            scene.does_with(&serde_json::json!({
                "live": text(row.live),
                "canary": text(row.canary.map(|canary| canary.release)),
                "percent": row.canary.map(|canary| canary.percent),
            }));
        }
    }
    let gone = changes.iter().filter_map(|change| match change {
        Change::DeleteRelease(server, release) => Some(scene.release_removals(server, *release)),
        _ => None,
    });
    let writes: Vec<Write> = gone.flatten().collect();
    scene.commit_with(writes, changes).await
}

/// The catalogues of the releases that answer now. Of one that was not called of late, an empty one: clients are
/// told of a change too many rather than of one too few.
pub(super) fn answering(scene: &Scene, server: &ServerSlug) -> Result<Vec<Catalogue>, Problem> {
    let mut guard = scene.state.borrow_mut();
    let state = &mut *guard;
    let row = state.directory()?.servers.get(server);
    let releases: Vec<_> = row.into_iter().flat_map(ServerRecord::answering).collect();
    let catalogue = |release: &ReleaseDigest| {
        let ready = state.modules.get(release);
        ready.map_or_else(Catalogue::default, |ready| ready.catalogue.clone())
    };
    Ok(releases.iter().map(catalogue).collect())
}

/// What is another for a caller who had one of these catalogues, or none, and has one of those.
pub(super) fn differences<'c>(
    before: &[Catalogue],
    after: impl IntoIterator<Item = &'c Catalogue>,
) -> Vec<smcp_protocol::Change> {
    let nothing = [Catalogue::default()];
    let before = if before.is_empty() { &nothing } else { before };
    let mut differ = Vec::new();
    for after in after {
        for change in before.iter().flat_map(|before| before.changes(after)) {
            if !differ.contains(&change) {
                differ.push(change);
            }
        }
    }
    differ
}

/// Whether releases must be approved, as it is said in the API.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ApprovalView {
    Automatic,
    Required,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    approval: ApprovalView,
}

pub(super) fn show_approval(scene: &Scene) -> Result<Reply, Problem> {
    let approval = match scene.state.borrow().directory()?.approval {
        Approval::Automatic => ApprovalView::Automatic,
        Approval::Required => ApprovalView::Required,
    };
    Ok(json(200, &Rule { approval }))
}

/// Holds for what is published from now on.
pub(super) async fn set_approval(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let rule: Rule = body(frame)?;
    let approval = match rule.approval {
        ApprovalView::Automatic => Approval::Automatic,
        ApprovalView::Required => Approval::Required,
    };
    scene.does_with(&rule);
    let row = Row::Approval(ApprovalRecord { approval });
    scene.commit(vec![Change::Put(row)]).await?;
    Ok(json(200, &rule))
}
