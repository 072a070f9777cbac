//! Settings of a server: JSON values that its guests read. Not secrets: they are shown as they were set.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::limits;

use super::body;
use super::servers::find;
use super::tenants::Deleted;
use crate::problem::{Problem, json};
use crate::record::{Change, Row, SettingRecord};
use crate::state::Scene;

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
        let server = find(directory, server)?.server.clone();
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

fn check_name(name: &str) -> Result<(), Problem> {
    let is_name = (1..=limits::SETTING_NAME_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if is_name {
        return Ok(());
    }
    Err(Problem::invalid(
        "invalid_name",
        "the name of a setting is 1 to 64 of the characters A-Z, a-z, 0-9, _, - and .",
    ))
}
