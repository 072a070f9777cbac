//! The commands of a platform admin: one request to a host's admin API each.
//!
//! What a host answers is shown, not judged: the rules are the host's.

mod config;
mod http;
mod key;
mod logs;
mod publisher;
mod server;
mod tape;
mod tenant;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::ui::{STRONG, Ui, moment, table};

pub(crate) use config::ConfigCommand;
pub(crate) use http::{Client, base};
pub(crate) use key::KeyCommand;
pub(crate) use logs::{Logs, logs};
pub(crate) use publisher::PublisherCommand;
pub(crate) use server::{Publish, ReleaseCommand, ServerCommand, publish};
pub(crate) use tape::TapeCommand;
pub(crate) use tenant::TenantCommand;

/// Which host, and who asks.
#[derive(Debug, Args)]
pub(crate) struct Host {
    /// The host's address, such as https://mcp.example.com
    #[arg(
        long,
        value_name = "URL",
        env = "SMCP_HOST",
        default_value = "http://127.0.0.1:8787"
    )]
    host: String,
    /// The platform's admin token
    #[arg(long, value_name = "TOKEN", env = "SMCP_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Send the token without encryption to a host that is not this machine
    #[arg(long)]
    insecure: bool,
}

/// The tenant that a command is about.
#[derive(Debug, Args)]
pub(crate) struct OfTenant {
    /// The tenant
    #[arg(long, value_name = "TENANT", env = "SMCP_TENANT")]
    tenant: smcp_ids::TenantId,
    #[command(flatten)]
    host: Host,
}

impl OfTenant {
    /// A client, and the path of the tenant.
    fn open(&self) -> Result<(Client, String), Failure> {
        Ok((
            Client::new(&self.host)?,
            format!("/admin/v1/tenants/{}", self.tenant),
        ))
    }
}

/// Text of a member, for a table.
fn text(value: &Value, member: &str) -> String {
    match value.get(member) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            items.join(" ")
        }
        Some(Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
        Some(other) => other.to_string(),
    }
}

/// A moment of a member, for a table.
fn time(value: &Value, member: &str) -> String {
    value
        .get(member)
        .and_then(Value::as_u64)
        .map_or_else(|| "-".to_owned(), moment)
}

/// The items of a list in an answer.
fn items<'a>(answer: &'a Value, member: &str) -> &'a [Value] {
    answer
        .get(member)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Shows a list, a row each.
fn show_list(
    ui: Ui,
    answer: &Value,
    member: &str,
    head: &[&str],
    row: impl Fn(&Value) -> Vec<String>,
) -> Result<(), Failure> {
    ui.result(answer, || {
        let rows: Vec<_> = items(answer, member).iter().map(row).collect();
        if rows.is_empty() {
            format!("no {member}")
        } else {
            table(head, &rows)
        }
    })
}

/// Shows one thing, a line for each member.
fn show(ui: Ui, answer: &impl Serialize) -> Result<(), Failure> {
    ui.result(answer, || {
        let value = serde_json::to_value(answer).unwrap_or_default();
        let members = value.as_object().into_iter().flatten();
        let line = |(name, _): (&String, &Value)| {
            let is_time = matches!(
                name.as_str(),
                "created" | "published" | "trusted" | "revoked" | "expires"
            );
            let shown = if is_time {
                time(&value, name)
            } else {
                text(&value, name)
            };
            format!("{STRONG}{name:<12}{STRONG:#} {shown}")
        };
        members.map(line).collect::<Vec<_>>().join("\n")
    })
}
