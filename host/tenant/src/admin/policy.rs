//! The tenant's policy on findings, and the reports that it is about.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json as value};
use smcp_analysis::FindingPolicy;
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::ReleaseDigest;

use super::servers::find;
use super::{body, parse};
use crate::problem::{Problem, json};
use crate::record::{Change, Directory, PolicyRecord, Row};
use crate::state::Scene;

/// A policy, and what it says of what is there already.
#[derive(Serialize)]
struct PolicyView {
    /// Whether it is the tenant's own, or else the platform's.
    own: bool,
    policy: FindingPolicy,
    /// Releases that are known to be bad by it: they were published before they were.
    known_bad_releases: Vec<BadRelease>,
}

#[derive(Serialize)]
struct BadRelease {
    server: String,
    release: String,
    version: String,
    live: bool,
}

impl PolicyView {
    fn of(directory: &Directory) -> Self {
        let policy = directory.finding_policy();
        let bad = directory
            .releases
            .values()
            .filter(|row| policy.knows_bad(&row.admission.release));
        let bad = bad.map(|row| {
            let release = row.admission.release;
            let live = directory
                .servers
                .get(&row.server)
                .and_then(|server| server.live);
            BadRelease {
                server: row.server.to_string(),
                release: release.to_string(),
                version: row.version.clone(),
                live: live == Some(release),
            }
        });
        Self {
            own: directory.policy.is_some(),
            known_bad_releases: bad.collect(),
            policy,
        }
    }
}

pub(super) fn show(scene: &Scene) -> Result<Reply, Problem> {
    let state = scene.state.borrow();
    Ok(json(200, &PolicyView::of(state.directory()?)))
}

/// Sets all of it. What is published already stays.
pub(super) async fn set(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let policy: FindingPolicy = body(frame)?;
    let text = serde_json::to_string(&policy).map_err(|_| Problem::host())?;
    scene.does_with(&said(&policy));
    let row = PolicyRecord {
        policy: text,
        changed: scene.outside.now(),
    };
    scene.commit(vec![Change::Put(Row::Policy(row))]).await?;
    show(scene)
}

/// From now on the platform's holds.
pub(super) async fn reset(scene: &Scene) -> Result<Reply, Problem> {
    scene.commit(vec![Change::DeletePolicy]).await?;
    show(scene)
}

/// A policy as it is written down: how many digests, not which.
fn said(policy: &FindingPolicy) -> Value {
    let mut said = serde_json::to_value(policy).unwrap_or_default();
    if let Some(digests) = said.get_mut("known_bad") {
        *digests = value!(digests.as_array().map_or(0, Vec::len));
    }
    said
}

/// The report on a release, as it was when that was published.
pub(super) async fn report(scene: &Scene, server: &str, release: &str) -> Result<Reply, Problem> {
    let release: ReleaseDigest = parse(release, "release")?;
    let server = {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        let server = find(directory, server)?.server.clone();
        if !directory.releases.contains_key(&(server.clone(), release)) {
            return Err(Problem::not_found());
        }
        server
    };
    let kept = scene.kept_report(&server, release).await?;
    let kept = kept.ok_or_else(|| {
        let message =
            "this release was published before there were reports; publish it again to get one";
        Problem::new(404, "report_missing", message)
    })?;
    let report = RawValue::from_string(kept).map_err(|_| Problem::host())?;
    Ok(json(200, &report))
}
