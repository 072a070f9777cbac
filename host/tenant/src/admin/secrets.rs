//! Secrets of a server: set, bound to hosts, never shown. No answer has a value, its length, or a part of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smcp_capability::http::secret::is_name;
use smcp_capability::http::{HostPattern, Secret};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::{UnixMillis, limits};

use super::servers::find;
use super::tenants::Deleted;
use super::waiting::{Granted, grant};
use crate::problem::{Problem, json};
use crate::record::{Change, Directory, Row, SecretRecord, ServerRecord};
use crate::state::Scene;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    /// The value; of one that is there it may be left out.
    value: Option<String>,
    /// Where it goes; left out, where it goes already or is asked for.
    hosts: Option<Vec<String>>,
}

#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    hosts: &'a [String],
    changed: u64,
}

impl<'a> View<'a> {
    fn of(record: &'a SecretRecord) -> Self {
        Self {
            name: &record.name,
            hosts: &record.hosts,
            changed: record.changed.0,
        }
    }
}

pub(super) fn list(scene: &Scene, server: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        secrets: Vec<View<'a>>,
    }
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let server = &find(directory, server)?.server;
    let secrets = directory.secrets_of(server).map(View::of).collect();
    Ok(json(200, &List { secrets }))
}

/// Sets a secret, or binds one that is there to other hosts. It holds from the next request on.
pub(super) async fn set(
    scene: &Scene,
    frame: &Frame,
    server: &str,
    name: &str,
) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct Answer<'a> {
        #[serde(flatten)]
        secret: View<'a>,
        #[serde(flatten)]
        granted: Granted,
    }
    check_name(name)?;
    let set = read(frame)?;
    let now = scene.outside.now();
    let slug = {
        let state = scene.state.borrow();
        find(state.directory()?, server)?.server.clone()
    };
    let granted = grant(scene, &slug, |directory| {
        let server = find(directory, server)?;
        record(directory, server, name, &set, now).map(Row::Secret)
    })
    .await?;
    let state = scene.state.borrow();
    let secrets = &state.directory()?.secrets;
    let secret = secrets
        .get(&(slug, name.to_owned()))
        .ok_or_else(Problem::host)?;
    let secret = View::of(secret);
    Ok(json(200, &Answer { secret, granted }))
}

/// Reads the body. What is wrong with it is not quoted: it has a secret in it.
fn read(frame: &Frame) -> Result<Set, Problem> {
    let set: Set = super::body(frame).map_err(|problem| match problem.status {
        400 => Problem::invalid(
            "invalid_body",
            "the body cannot be read: send {\"value\": text, \"hosts\": [\"api.example.com\"]}, without either if need be",
        ),
        _ => problem,
    })?;
    if set.value.is_none() && set.hosts.is_none() {
        return Err(Problem::invalid(
            "invalid_body",
            "send a value, hosts, or both",
        ));
    }
    Ok(set)
}

/// The secret as it will be.
fn record(
    directory: &Directory,
    server: &ServerRecord,
    name: &str,
    set: &Set,
    changed: UnixMillis,
) -> Result<SecretRecord, Problem> {
    let slug = &server.server;
    let before = directory.secrets.get(&(slug.clone(), name.to_owned()));
    if before.is_none() && directory.secrets_of(slug).count() >= limits::SECRETS_MAX {
        return Err(Problem::conflict(
            "too_many_secrets",
            format!("a server has at most {} secrets", limits::SECRETS_MAX),
        ));
    }
    let value = set.value.as_ref().or(before.map(|before| &before.value));
    let value = value.ok_or_else(|| invalid("there is no such secret yet: send its value"))?;
    let hosts = hosts(directory, server, name, set)?;
    Secret::new(name, value.as_str(), hosts.iter().cloned().collect())
        .map_err(|error| invalid(&error.to_string()))?;
    Ok(SecretRecord {
        server: slug.clone(),
        name: name.to_owned(),
        value: value.clone(),
        hosts: hosts.iter().map(ToString::to_string).collect(),
        changed,
    })
}

/// Where it goes: where the admin says, else where it went before, else where it is asked for. A new value alone
/// takes a secret nowhere new.
fn hosts(
    directory: &Directory,
    server: &ServerRecord,
    name: &str,
    set: &Set,
) -> Result<BTreeSet<HostPattern>, Problem> {
    if let Some(given) = &set.hosts {
        let hosts = given.iter().map(|host| host.parse::<HostPattern>());
        return hosts
            .collect::<Result<_, _>>()
            .map_err(|error| invalid(&format!("hosts: {error}")));
    }
    let place = (server.server.clone(), name.to_owned());
    let hosts: BTreeSet<HostPattern> = match directory.secrets.get(&place) {
        Some(before) => before
            .hosts
            .iter()
            .filter_map(|host| host.parse().ok())
            .collect(),
        None => asked(directory, server, name),
    };
    if hosts.is_empty() {
        return Err(invalid(
            "say which hosts it goes to: no release asks for it there",
        ));
    }
    Ok(hosts)
}

/// For which hosts the releases that answer or wait ask for a secret.
fn asked(directory: &Directory, server: &ServerRecord, name: &str) -> BTreeSet<HostPattern> {
    let hosts = server.named().filter_map(|release| {
        let asks = directory
            .releases
            .get(&(server.server.clone(), release))?
            .asks()?;
        let secret = asks.secrets().iter().find(|secret| secret.name == name)?;
        Some(secret.hosts.clone())
    });
    hosts.flatten().collect()
}

pub(super) async fn delete(scene: &Scene, server: &str, name: &str) -> Result<Reply, Problem> {
    let server = {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        let server = find(directory, server)?.server.clone();
        if !directory
            .secrets
            .contains_key(&(server.clone(), name.to_owned()))
        {
            return Err(Problem::not_found());
        }
        server
    };
    let change = Change::DeleteSecret(server, name.to_owned());
    scene.commit(vec![change]).await?;
    Ok(json(200, &Deleted { deleted: true }))
}

fn check_name(name: &str) -> Result<(), Problem> {
    if is_name(name) {
        return Ok(());
    }
    Err(Problem::invalid(
        "invalid_name",
        "the name of a secret is 1 to 64 of the characters A-Z, a-z, 0-9, _, - and .",
    ))
}

fn invalid(why: &str) -> Problem {
    Problem::invalid("secret_invalid", why)
}
