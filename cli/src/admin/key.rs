//! `smcp key`: the API keys that clients of a tenant's servers send. Narrowing one asks no host.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use smcp_ids::{KeyId, ServerSlug};

use super::limits::{Amounts, amounts};
use super::narrow::Narrow;
use super::{OfTenant, show_list, text, time};
use crate::failure::Failure;
use crate::ui::{STRONG, Ui};

/// Makes, narrows, lists and revokes the API keys of a tenant.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp key create --tenant acme --name \"Ada's editor\"
  smcp key create --tenant acme --name ci --server hello --expires-in-days 30
  smcp key create --tenant acme --name ci --fuel-per-day 50000000000 --calls-per-minute 60
  export SMCP_KEY=$(smcp key create --tenant acme --name ci --json | jq -r .key)
  smcp key narrow --server hello --for 2h --from-env SMCP_KEY
  smcp key revoke 3k9xq2 --tenant acme

Who may, besides the platform's admin: an API key of the tenant with the scope admin; `list` also with audit. Whoever has a key
may narrow it.")]
pub(crate) struct KeyCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes a key, and shows it this once
    Create(Create),
    /// Makes a key that may do less from a key, without asking the host
    Narrow(Narrow),
    /// Lists all keys, without the keys themselves
    List(OfTenant),
    /// Revokes a key: it is refused from now on
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Create {
    /// What the key is for, for people
    #[arg(long, value_name = "NAME")]
    name: String,
    /// A server that the key may use, and no other; give it again for more [default: all]
    #[arg(long = "server", value_name = "SERVER")]
    servers: Vec<ServerSlug>,
    /// What the key may do: mcp, mcp:read, mcp/SERVER, mcp/SERVER:read, mcp/SERVER/TOOL, admin, publish or audit;
    /// give it again for more [default: mcp]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Days until the key expires [default: never]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    expires_in_days: Option<u32>,
    #[command(flatten)]
    amounts: Amounts,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Debug, Args)]
struct Revoke {
    /// The key's id, as `smcp key list` shows it
    #[arg(value_name = "ID")]
    id: KeyId,
    #[command(flatten)]
    of: OfTenant,
}

impl Create {
    fn body(&self) -> Value {
        let mut body = json!({ "name": self.name });
        let of_servers = self.servers.iter().map(|server| format!("mcp/{server}"));
        let scopes: Vec<String> = self.scopes.iter().cloned().chain(of_servers).collect();
        if !scopes.is_empty() {
            body["scopes"] = scopes.join(" ").into();
        }
        if let Some(days) = self.expires_in_days {
            body["expires_in_days"] = days.into();
        }
        self.amounts.put_into(&mut body);
        body
    }
}

impl KeyCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::Create(create) => {
                let (client, tenant) = create.of.open()?;
                let answer = client.post(&format!("{tenant}/keys"), &create.body())?;
                ui.result(&answer, || {
                    let key = text(&answer, "key");
                    format!(
                        "{STRONG}{key}{STRONG:#}\nid {}. Keep the key: it is not shown again.",
                        text(&answer, "id")
                    )
                })
            }
            Action::Narrow(narrow) => narrow.run(ui),
            Action::List(of) => {
                let (client, tenant) = of.open()?;
                let answer = client.get(&format!("{tenant}/keys"))?;
                let head = [
                    "ID",
                    "NAME",
                    "SCOPES",
                    "FUEL/DAY",
                    "CALLS/MIN",
                    "CREATED",
                    "EXPIRES",
                    "REVOKED",
                ];
                show_list(ui, &answer, "keys", &head, |row| {
                    let [created, expires, revoked] =
                        ["created", "expires", "revoked"].map(|member| time(row, member));
                    let [fuel, calls] = amounts(row);
                    vec![
                        text(row, "id"),
                        text(row, "name"),
                        text(row, "scopes"),
                        fuel,
                        calls,
                        created,
                        expires,
                        revoked,
                    ]
                })
            }
            Action::Revoke(Revoke { id, of }) => {
                let (client, tenant) = of.open()?;
                let answer = client.delete(&format!("{tenant}/keys/{id}"))?;
                ui.result(&answer, || format!("revoked {id}"))
            }
        }
    }
}
