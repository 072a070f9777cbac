//! Settings of a server: JSON values that its guests read. Not secrets: they are shown as they were set.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::limits;
use smcp_package::{Asks, is_setting_name};

use super::body;
use super::servers::find;
use super::tenants::Deleted;
use crate::problem::{Problem, json};
use crate::record::{Change, Directory, ReleaseRecord, Row, ServerRecord, SettingRecord};
use crate::schemas::{SettingError, SettingSchemas};
use crate::state::Scene;

/// A schema that is longer is not shown in a message: nobody would read it.
const SCHEMA_SHOWN_MAX: usize = 400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    value: Box<RawValue>,
}

#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    value: &'a RawValue,
    changed: u64,
}

impl<'a> View<'a> {
    /// None for what is not JSON, which nothing stores.
    fn of(record: &'a SettingRecord) -> Option<Self> {
        Some(Self {
            name: &record.name,
            value: serde_json::from_str(&record.value).ok()?,
            changed: record.changed.0,
        })
    }
}

pub(super) fn list(scene: &Scene, server: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        settings: Vec<View<'a>>,
    }
    let state = scene.state.borrow();
    let directory = state.directory()?;
    let server = &find(directory, server)?.server;
    let settings = directory.settings_of(server).filter_map(View::of).collect();
    Ok(json(200, &List { settings }))
}

/// Sets a setting, whether there is one or not. It holds from the next call on.
pub(super) async fn set(
    scene: &Scene,
    frame: &Frame,
    server: &str,
    name: &str,
) -> Result<Reply, Problem> {
    check_name(name)?;
    let set: Set = body(frame)?;
    let value = set.value.get().to_owned();
    if value.len() > limits::SETTING_MAX {
        return Err(Problem::invalid(
            "setting_too_large",
            format!(
                "a setting has at most {} bytes of JSON",
                limits::SETTING_MAX
            ),
        ));
    }
    let record = {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        let row = find(directory, server)?;
        check_declared(directory, row, name, &value)?;
        let server = row.server.clone();
        let is_new = directory.settings_of(&server).all(|row| row.name != name);
        if is_new && directory.settings_of(&server).count() >= limits::SETTINGS_MAX {
            return Err(Problem::conflict(
                "too_many_settings",
                format!("a server has at most {} settings", limits::SETTINGS_MAX),
            ));
        }
        SettingRecord {
            server,
            name: name.to_owned(),
            value,
            changed: scene.outside.now(),
        }
    };
    scene
        .commit(vec![Change::Put(Row::Setting(record.clone()))])
        .await?;
    let view = View::of(&record).ok_or_else(Problem::host)?;
    Ok(json(200, &view))
}

pub(super) async fn delete(scene: &Scene, server: &str, name: &str) -> Result<Reply, Problem> {
    let server = {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        let server = find(directory, server)?.server.clone();
        if directory.settings_of(&server).all(|row| row.name != name) {
            return Err(Problem::not_found());
        }
        server
    };
    let change = Change::DeleteSetting(server, name.to_owned());
    scene.commit(vec![change]).await?;
    Ok(json(200, &Deleted { deleted: true }))
}

/// Refuses what the live release declares otherwise. What it does not declare, the canary or the waiting one may: it is set
/// beforehand then.
fn check_declared(
    directory: &Directory,
    server: &ServerRecord,
    name: &str,
    value: &str,
) -> Result<(), Problem> {
    let releases = server.named();
    let releases = releases.filter_map(|release| directory.release(&server.server, release));
    let asks: Vec<_> = releases.filter_map(ReleaseRecord::asks).collect();
    let declares = |asks: &&Asks| asks.config().contains_key(name);
    let Some(declared) = asks.iter().find(declares).or(asks.first()) else {
        return Ok(());
    };
    // It was seen to compile when it was published: what a later version refuses binds nobody.
    let schemas = SettingSchemas::compile(declared).unwrap_or_default();
    schemas.check(name, value).map_err(|error| match error {
        SettingError::Unknown => unknown(server, &asks, name),
        SettingError::Mismatch(mismatch) => mismatched(declared, name, &mismatch.to_string()),
    })
}

fn unknown(server: &ServerRecord, asks: &[Asks], name: &str) -> Problem {
    let names: BTreeSet<_> = asks.iter().flat_map(|asks| asks.config().keys()).collect();
    let names: Vec<_> = names.into_iter().map(String::as_str).collect();
    let (slug, names) = (&server.server, names.join(", "));
    Problem::invalid(
        "setting_unknown",
        format!("{slug} has no setting {name}; it has: {names}"),
    )
}

fn mismatched(asks: &Asks, name: &str, why: &str) -> Problem {
    let schema = asks.config().get(name).map(ToString::to_string);
    let schema = schema.filter(|schema| schema.len() <= SCHEMA_SHOWN_MAX);
    let declared = schema.map_or_else(String::new, |schema| {
        format!("; it is declared as {schema}")
    });
    Problem::invalid(
        "setting_mismatch",
        format!("the setting {name}: {why}{declared}"),
    )
}

fn check_name(name: &str) -> Result<(), Problem> {
    if is_setting_name(name) {
        return Ok(());
    }
    Err(Problem::invalid(
        "invalid_name",
        "the name of a setting is 1 to 64 of the characters A-Z, a-z, 0-9, _, - and .",
    ))
}
