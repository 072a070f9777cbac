//! The commands of those who administer a platform or a tenant: one request to a host's admin API each.
//!
//! What a host answers is shown, not judged: the rules are the host's.

mod archive;
mod audit;
mod client;
mod config;
mod grant;
mod granting;
mod http;
mod key;
mod limits;
mod logs;
mod member;
mod narrow;
mod origin;
mod policy;
mod provider;
mod publisher;
mod quotas;
mod release;
mod rotation;
mod secret;
mod server;
mod shadow;
mod tape;
mod tenant;
mod usage;

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use smcp_ids::TenantId;

use crate::failure::Failure;
use crate::ui::{STRONG, Ui, moment, table};

pub(crate) use audit::AuditCommand;
pub(crate) use client::{ClientCommand, ConnectionCommand};
pub(crate) use config::ConfigCommand;
pub(crate) use grant::GrantCommand;
pub(crate) use http::{Client, base};
pub(crate) use key::KeyCommand;
pub(crate) use limits::LimitsCommand;
pub(crate) use logs::{Logs, logs};
pub(crate) use member::MemberCommand;
pub(crate) use origin::{OAuthCommand, OriginCommand};
pub(crate) use policy::{PolicyCommand, read as read_policy};
pub(crate) use provider::ProviderCommand;
pub(crate) use publisher::PublisherCommand;
pub(crate) use release::ReleaseCommand;
pub(crate) use rotation::RotationCommand;
pub(crate) use secret::SecretCommand;
pub(crate) use server::{Publish, ServerCommand, publish};
pub(crate) use tape::TapeCommand;
pub(crate) use tenant::TenantCommand;
pub(crate) use usage::{Alerts, Usage, alerts, usage};

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
    /// The platform's admin token, or an API key of the tenant whose scopes have admin, publish or audit
    #[arg(long, value_name = "TOKEN", env = "SMCP_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Send the token without encryption to a host that is not this machine
    #[arg(long)]
    insecure: bool,
}

impl Host {
    /// The tenant that the token names, if it is an API key.
    fn tenant(&self) -> Option<TenantId> {
        let key = self.token.as_deref()?.trim().strip_prefix("smcp_")?;
        key.split('_').next()?.parse().ok()
    }
}

/// The tenant that a command is about.
#[derive(Debug, Args)]
pub(crate) struct OfTenant {
    /// The tenant [default: that of the API key]
    #[arg(long, value_name = "TENANT", env = "SMCP_TENANT")]
    tenant: Option<TenantId>,
    #[command(flatten)]
    host: Host,
}

impl OfTenant {
    /// A client, whatever tenant it is about.
    fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.host)
    }

    /// A client, and the path of the tenant.
    fn open(&self) -> Result<(Client, String), Failure> {
        let client = Client::new(&self.host)?;
        Ok((client, format!("/admin/v1/tenants/{}", self.tenant()?)))
    }

    /// Its name, to be shown once it is open; empty before, if it is not known.
    fn name(&self) -> String {
        self.tenant()
            .map_or_else(|_| String::new(), |tenant| tenant.to_string())
    }

    /// The tenant that is given, or else that of the key.
    fn tenant(&self) -> Result<TenantId, Failure> {
        let tenant = self.tenant.clone().or_else(|| self.host.tenant());
        tenant.ok_or_else(|| {
            Failure::Argument(
                "say which tenant: give --tenant, set SMCP_TENANT, or use an API key of it as the token".to_owned(),
            )
        })
    }
}

/// The server that a command is about.
#[derive(Debug, Args)]
struct OfServer {
    /// The server
    #[arg(long, value_name = "SERVER")]
    server: smcp_ids::ServerSlug,
    #[command(flatten)]
    of: OfTenant,
}

impl OfServer {
    /// A client, and the path of the server.
    fn open(&self) -> Result<(Client, String), Failure> {
        let (client, tenant) = self.of.open()?;
        Ok((client, format!("{tenant}/servers/{}", self.server)))
    }
}

/// Refuses a name that would not be one part of a path. What a name may be, the host says.
fn check_part(name: &str, what: &str) -> Result<(), Failure> {
    let is_part = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if !is_part || name.is_empty() || name == "." || name == ".." {
        return Err(Failure::Argument(format!(
            "{name:?} is not the name of {what}: take A-Z, a-z, 0-9, _, - and ."
        )));
    }
    Ok(())
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
        show_members(&serde_json::to_value(answer).unwrap_or_default(), &[])
    })
}

/// A line for each member, but for those that are shown otherwise.
fn show_members(value: &Value, but: &[&str]) -> String {
    let members = value.as_object().into_iter().flatten();
    let line = |(name, _): (&String, &Value)| {
        let is_time = matches!(
            name.as_str(),
            "changed" | "created" | "published" | "retired" | "trusted" | "revoked" | "expires"
        );
        let shown = if is_time {
            time(value, name)
        } else {
            text(value, name)
        };
        format!("{STRONG}{name:<12}{STRONG:#} {shown}")
    };
    let shown = members.filter(|(name, _)| !but.contains(&name.as_str()));
    shown.map(line).collect::<Vec<_>>().join("\n")
}
