//! Publishers: whose signatures a tenant accepts.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::{PublisherKey, limits};

use super::servers::EVERYTHING;
use super::waiting::is_orphaned;
use super::{body, label, parameter, parse};
use crate::problem::{Problem, json};
use crate::record::{Change, PublisherRecord, Row};
use crate::release::Life;
use crate::state::Scene;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trust {
    key: String,
    #[serde(default)]
    name: String,
}

#[derive(Serialize)]
struct View<'a> {
    key: String,
    name: &'a str,
    trusted: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<u64>,
}

impl<'a> View<'a> {
    fn of(record: &'a PublisherRecord) -> Self {
        Self {
            key: record.key.to_string(),
            name: &record.name,
            trusted: record.trusted.0,
            revoked: record.revoked.map(|moment| moment.0),
        }
    }
}

pub(super) fn list(scene: &Scene) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        publishers: Vec<View<'a>>,
    }
    let state = scene.state.borrow();
    let publishers = state
        .directory()?
        .publishers
        .values()
        .map(View::of)
        .collect();
    Ok(json(200, &List { publishers }))
}

/// Trusting a publisher again that was revoked takes the revocation back.
pub(super) async fn trust(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let trust: Trust = body(frame)?;
    let key: PublisherKey = parse(&trust.key, "key")?;
    smcp_crypto::check_publisher_key(&key)
        .map_err(|error| Problem::invalid(error.code(), error.to_string()))?;
    {
        let state = scene.state.borrow();
        let publishers = &state.directory()?.publishers;
        if publishers.len() >= limits::PUBLISHERS_MAX && !publishers.contains_key(&key) {
            return Err(Problem::conflict(
                "too_many_publishers",
                "revoked publishers count too",
            ));
        }
    }
    let record = PublisherRecord {
        key,
        name: label(&trust.name)?,
        trusted: scene.outside.now(),
        revoked: None,
    };
    scene.does_with(&serde_json::json!({ "publisher": record.key.to_string() }));
    scene
        .commit(vec![Change::Put(Row::Publisher(record.clone()))])
        .await?;
    Ok(json(201, &View::of(&record)))
}

/// Nothing more is accepted from it: neither what waits, nor what is tried as a canary. What is live stays live, flagged, unless `stop=true`.
pub(super) async fn revoke(scene: &Scene, key: &str, query: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct Revoked {
        key: String,
        revoked: u64,
        flagged: Vec<String>,
        stopped: Vec<String>,
        withdrawn: Vec<String>,
        recalled: Vec<String>,
    }
    let key: PublisherKey = key.parse().map_err(|_| Problem::not_found())?;
    let stop = parameter(query, "stop") == Some("true");
    let now = scene.outside.now();
    let mut touched = Vec::new();
    let mut silenced = Vec::new();
    let mut withdrawn = Vec::new();
    let mut recalled = Vec::new();
    let mut changes = Vec::new();
    {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        let mut record = directory
            .publishers
            .get(&key)
            .ok_or_else(Problem::not_found)?
            .clone();
        record.revoked = record.revoked.or(Some(now));
        changes.push(Change::Put(Row::Publisher(record)));
        for server in directory.servers.values() {
            let mut changed = server.clone();
            let release = server
                .live
                .and_then(|live| directory.releases.get(&(server.server.clone(), live)));
            if release.is_some_and(|release| release.admission.signers.contains(&key)) {
                touched.push(server.server.to_string());
                if stop {
                    let life = Life {
                        directory,
                        server,
                        now,
                    };
                    changes.extend(server.live.and_then(|live| life.retires(live)));
                    changed.live = None;
                    changed.canary = None;
                    silenced.push(server.server.clone());
                }
            }
            let orphaned = |release| is_orphaned(directory, &server.server, release, &key);
            if orphaned(server.waiting) {
                withdrawn.push(server.server.to_string());
                changed.waiting = None;
            }
            if orphaned(changed.canary.map(|canary| canary.release)) {
                recalled.push(server.server.clone());
                changed.canary = None;
            }
            if changed != *server {
                changes.push(Change::Put(Row::Server(changed)));
            }
        }
    }
    scene.commit(changes).await?;
    for server in silenced.iter().chain(&recalled) {
        scene.announce(server, &EVERYTHING).await?;
    }
    let (flagged, stopped) = if stop {
        (Vec::new(), touched)
    } else {
        (touched, Vec::new())
    };
    Ok(json(
        200,
        &Revoked {
            key: key.to_string(),
            revoked: now.0,
            flagged,
            stopped,
            withdrawn,
            recalled: recalled.iter().map(ToString::to_string).collect(),
        },
    ))
}
