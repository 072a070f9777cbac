//! What a tenant may use as a whole, whoever calls; and what one of its members may, through all clients together.

use serde::{Deserialize, Serialize};
use smcp_auth::{Allowance, MemberRecord};
use smcp_capability::turn::{Frame, Reply};

use super::body;
use super::members::member_of;
use crate::problem::{Problem, json};
use crate::record::{Change, OptionsRecord, Row};
use crate::state::Scene;

/// The two limits as the admin API has them: in a key, in a member, and here.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fuel_per_day: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calls_per_minute: Option<u64>,
}

impl From<Allowance> for Limits {
    fn from(allowance: Allowance) -> Self {
        Self {
            fuel_per_day: allowance.fuel_per_day.map(Into::into),
            calls_per_minute: allowance.calls_per_minute.map(Into::into),
        }
    }
}

/// Reads the two limits of a body. None: as much as there is.
pub(super) fn allowance(
    fuel_per_day: Option<u64>,
    calls_per_minute: Option<u64>,
) -> Result<Allowance, Problem> {
    Ok(Allowance {
        fuel_per_day: amount(fuel_per_day, "fuel_per_day")?,
        calls_per_minute: amount(calls_per_minute, "calls_per_minute")?,
    })
}

fn amount<T>(number: Option<u64>, what: &str) -> Result<Option<T>, Problem>
where
    T: TryFrom<u64>,
    T::Error: core::fmt::Display,
{
    let read = number.map(T::try_from).transpose();
    read.map_err(|error| Problem::invalid("invalid_limit", format!("{what}: {error}")))
}

pub(super) fn show(scene: &Scene) -> Result<Reply, Problem> {
    let allowance = scene.state.borrow().directory()?.options.allowance;
    Ok(json(200, &Limits::from(allowance)))
}

pub(super) fn show_member(scene: &Scene, member: &str) -> Result<Reply, Problem> {
    let record = member_of(scene, member)?;
    Ok(json(200, &Limits::from(record.allowance)))
}

/// Both limits of a body: one that is left out is none.
fn limits_of(frame: &Frame) -> Result<Allowance, Problem> {
    let set: Limits = body(frame)?;
    allowance(set.fuel_per_day, set.calls_per_minute)
}

/// As [`set`], for one member.
pub(super) async fn set_member(
    scene: &Scene,
    frame: &Frame,
    member: &str,
) -> Result<Reply, Problem> {
    let allowance = limits_of(frame)?;
    let record = member_of(scene, member)?;
    scene.does_with(&Limits::from(allowance));
    let row = Row::Member(MemberRecord {
        allowance,
        ..record
    });
    scene.commit(vec![Change::Put(row)]).await?;
    Ok(json(200, &Limits::from(allowance)))
}

/// Sets both. They hold from the next request on; what was used stays used.
pub(super) async fn set(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let allowance = limits_of(frame)?;
    let options = scene.state.borrow().directory()?.options.clone();
    scene.does_with(&Limits::from(allowance));
    let row = Row::Options(OptionsRecord {
        allowance,
        ..options
    });
    scene.commit(vec![Change::Put(row)]).await?;
    Ok(json(200, &Limits::from(allowance)))
}
