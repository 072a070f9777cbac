//! Grants: to which other hosts a server may send requests, and with which methods.

use serde::{Deserialize, Serialize};
use smcp_capability::http::{HostPattern, Method};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::{ServerSlug, limits};

use super::servers::find;
use super::tenants::Deleted;
use super::waiting::{Granted, grant};
use super::{body, parameter};
use crate::problem::{Problem, json};
use crate::record::{Change, Directory, GrantRecord, Row};
use crate::state::Scene;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    host: String,
    methods: Vec<String>,
}

#[derive(Serialize)]
struct View<'a> {
    host: &'a str,
    methods: Vec<&'static str>,
    changed: u64,
}

impl<'a> View<'a> {
    fn of(record: &'a GrantRecord) -> Self {
        Self {
            host: &record.host,
            methods: record
                .methods
                .iter()
                .map(|method| method.as_str())
                .collect(),
            changed: record.changed.0,
        }
    }
}

pub(super) fn list(scene: &Scene, server: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        grants: Vec<View<'a>>,
    }
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let server = &find(directory, server)?.server;
    let grants = directory.grants_of(server).map(View::of).collect();
    Ok(json(200, &List { grants }))
}

/// Grants a host with these methods and no others, whether it was granted before or not. It holds from the
/// next request on.
pub(super) async fn set(scene: &Scene, frame: &Frame, server: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct Answer<'a> {
        #[serde(flatten)]
        grant: View<'a>,
        #[serde(flatten)]
        granted: Granted,
    }
    let set: Set = body(frame)?;
    let record = {
        let state = scene.state.borrow();
        let server = find(state.directory()?, server)?.server.clone();
        record(scene, server, &set)?
    };
    scene.does_with(&serde_json::json!({ "host": record.host, "methods": record.methods }));
    let granted = grant(scene, &record.server, |directory| {
        check_room(directory, &record)?;
        Ok(Row::Grant(record.clone()))
    })
    .await?;
    let grant = View::of(&record);
    Ok(json(200, &Answer { grant, granted }))
}

fn record(scene: &Scene, server: ServerSlug, set: &Set) -> Result<GrantRecord, Problem> {
    let invalid = |why: String| Problem::invalid("grant_invalid", why);
    let host: HostPattern = set
        .host
        .parse()
        .map_err(|error| invalid(format!("host: {error}")))?;
    let methods = set.methods.iter().map(|method| method.parse::<Method>());
    let methods = methods
        .collect::<Result<std::collections::BTreeSet<_>, _>>()
        .map_err(|error| invalid(format!("methods: {error}")))?;
    if methods.is_empty() {
        return Err(invalid("a grant has one method or more".to_owned()));
    }
    Ok(GrantRecord {
        server,
        host: host.to_string(),
        methods,
        changed: scene.outside.now(),
    })
}

fn check_room(directory: &Directory, record: &GrantRecord) -> Result<(), Problem> {
    // Others may have run since it was found.
    if !directory.servers.contains_key(&record.server) {
        return Err(Problem::not_found());
    }
    let is_new = directory
        .grants_of(&record.server)
        .all(|row| row.host != record.host);
    if is_new && directory.grants_of(&record.server).count() >= limits::GRANTS_MAX {
        return Err(Problem::conflict(
            "too_many_grants",
            format!(
                "a server has at most {} grants; grant a pattern such as *.example.com",
                limits::GRANTS_MAX
            ),
        ));
    }
    Ok(())
}

/// Takes a grant back. What is live stays so: its requests to there are denied from the next one on.
pub(super) async fn delete(scene: &Scene, server: &str, query: &str) -> Result<Reply, Problem> {
    let host = parameter(query, "host").and_then(decoded).ok_or_else(|| {
        Problem::invalid(
            "grant_invalid",
            "name the host in the query: ?host=api.example.com",
        )
    })?;
    // A pattern that this version takes for none can be removed as it is listed.
    let host = host
        .parse()
        .map_or(host, |pattern: HostPattern| pattern.to_string());
    let server = {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        let server = find(directory, server)?.server.clone();
        if directory.grants_of(&server).all(|row| row.host != host) {
            return Err(Problem::not_found());
        }
        server
    };
    scene
        .commit(vec![Change::DeleteGrant(server, host)])
        .await?;
    Ok(json(200, &Deleted { deleted: true }))
}

/// Takes percent-encoding away (RFC 3986, section 2.1): programs write `:` and `/` of a pattern so.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let (high, low) = (digit(&digits[0])?, digit(&digits[1])?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_in_a_query_is_read_encoded_and_plain() {
        for (query, pattern) in [
            (
                "http://*.example.com:8080",
                Some("http://*.example.com:8080"),
            ),
            (
                "http%3A%2F%2F%2a.example.com%3a8080",
                Some("http://*.example.com:8080"),
            ),
            ("%C3%A9", Some("é")),
            ("%", None),
            ("%4", None),
            ("%zz", None),
            ("%+1", None),
            ("%ff", None),
        ] {
            assert_eq!(decoded(query).as_deref(), pattern, "{query}");
        }
    }
}
