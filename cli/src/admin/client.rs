//! `smcp client` and `smcp connection`: the programs that act in members' names.

use clap::{Args, Subcommand};
use serde_json::json;
use smcp_ids::{ClientId, GrantId};

use super::{OfTenant, show, show_list, text, time};
use crate::failure::Failure;
use crate::ui::{STRONG, Ui};

/// Registers MCP clients that neither describe nor register themselves.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp client add \"Our agent\" --tenant acme --redirect https://agent.example.com/callback --secret
  smcp client add Editor --tenant acme --redirect http://127.0.0.1/callback --redirect editor://callback
  smcp client list --tenant acme
  smcp client remove k3x9q2mmn7v8hh2c --tenant acme")]
pub(crate) struct ClientCommand {
    #[command(subcommand)]
    action: ClientAction,
}

#[derive(Debug, Subcommand)]
enum ClientAction {
    /// Registers a client, and shows its id, and its secret this once if it has one
    Add(Add),
    /// Lists the clients that were registered so
    List(OfTenant),
    /// Removes a client: it gets no more tokens
    Remove(Remove),
}

#[derive(Debug, Args)]
struct Add {
    /// What members are shown
    #[arg(value_name = "NAME")]
    name: String,
    /// Where a browser may be sent with the answer; give it again for more. With http only to this machine, there with
    /// any port; an application's own scheme is taken too
    #[arg(long = "redirect", value_name = "URI", required = true)]
    redirects: Vec<String>,
    /// Give it a secret: only a program that its users cannot read keeps one
    #[arg(long)]
    secret: bool,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Debug, Args)]
struct Remove {
    /// The client's id, as `smcp client list` shows it
    #[arg(value_name = "ID")]
    id: ClientId,
    #[command(flatten)]
    of: OfTenant,
}

impl ClientCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            ClientAction::Add(Add {
                name,
                redirects,
                secret,
                of,
            }) => {
                let (client, tenant) = of.open()?;
                let body = json!({ "name": name, "redirect_uris": redirects, "secret": secret });
                let answer = client.post(&format!("{tenant}/clients"), &body)?;
                ui.result(&answer, || {
                    let id = text(&answer, "client_id");
                    let mut shown = format!("client_id      {STRONG}{id}{STRONG:#}");
                    if answer.get("client_secret").is_some() {
                        let secret = text(&answer, "client_secret");
                        shown.push_str(&format!(
                            "\nclient_secret  {STRONG}{secret}{STRONG:#}\nKeep the secret: it is not shown again."
                        ));
                    }
                    shown
                })
            }
            ClientAction::List(of) => {
                let (client, tenant) = of.open()?;
                let answer = client.get(&format!("{tenant}/clients"))?;
                let head = ["ID", "NAME", "CLIENT_ID", "SECRET", "REDIRECTS"];
                show_list(ui, &answer, "clients", &head, |row| {
                    ["id", "name", "client_id", "secret", "redirect_uris"]
                        .map(|member| text(row, member))
                        .into()
                })
            }
            ClientAction::Remove(Remove { id, of }) => {
                let (client, tenant) = of.open()?;
                show(ui, &client.delete(&format!("{tenant}/clients/{id}"))?)
            }
        }
    }
}

/// Shows what members have let clients do, and ends it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp connection list --tenant acme
  smcp connection end k3x9q2mmn7v8hh2c --tenant acme")]
pub(crate) struct ConnectionCommand {
    #[command(subcommand)]
    action: ConnectionAction,
}

#[derive(Debug, Subcommand)]
enum ConnectionAction {
    /// Lists all connections
    List(OfTenant),
    /// Ends a connection: its client is not let in from now on
    End(End),
}

#[derive(Debug, Args)]
struct End {
    /// The connection's id, as `smcp connection list` shows it
    #[arg(value_name = "ID")]
    id: GrantId,
    #[command(flatten)]
    of: OfTenant,
}

impl ConnectionCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            ConnectionAction::List(of) => {
                let (client, tenant) = of.open()?;
                let answer = client.get(&format!("{tenant}/connections"))?;
                let head = [
                    "ID", "MEMBER", "CLIENT", "SERVER", "SCOPES", "CREATED", "USED",
                ];
                show_list(ui, &answer, "connections", &head, |row| {
                    let texts = ["id", "member", "client_name", "server", "scopes"];
                    let mut cells: Vec<_> = texts.map(|member| text(row, member)).into();
                    cells.extend(["created", "used"].map(|member| time(row, member)));
                    cells
                })
            }
            ConnectionAction::End(End { id, of }) => {
                let (client, tenant) = of.open()?;
                show(ui, &client.delete(&format!("{tenant}/connections/{id}"))?)
            }
        }
    }
}
