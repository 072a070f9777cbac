//! `smcp member`: the people who belong to a tenant.

use clap::{Args, Subcommand};
use serde_json::json;
use smcp_ids::MemberId;

use super::{OfTenant, show, show_list, text, time};
use crate::failure::Failure;
use crate::ui::{STRONG, Ui};

/// Says which people belong to a tenant: they let MCP clients act in their name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp member invite \"Ada Lovelace\" --tenant acme
  smcp member invite \"Grace\" --tenant acme --scope mcp/notes:read
  smcp member list --tenant acme
  smcp member invite-again k3x9q2mmn7v8hh2c --tenant acme
  smcp member remove k3x9q2mmn7v8hh2c --tenant acme")]
pub(crate) struct MemberCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes a member, and shows the link by which the person gets an access code
    Invite(Invite),
    /// Makes a new link for a member whose access code was lost, or whose link grew too old
    InviteAgain(OfMember),
    /// Lists all members
    List(OfTenant),
    /// Removes a member: nothing that it has connected is let in from now on
    Remove(OfMember),
}

#[derive(Debug, Args)]
struct Invite {
    /// Who the person is, for people
    #[arg(value_name = "NAME")]
    name: String,
    /// By which an identity provider of the tenant knows the person
    #[arg(long, value_name = "EMAIL")]
    email: Option<String>,
    /// What the member may do: mcp, mcp:read, mcp/SERVER, mcp/SERVER:read or mcp/SERVER/TOOL; give it again for more
    /// [default: mcp]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Debug, Args)]
struct OfMember {
    /// The member's id, as `smcp member list` shows it
    #[arg(value_name = "ID")]
    id: MemberId,
    #[command(flatten)]
    of: OfTenant,
}

impl MemberCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::Invite(Invite {
                name,
                email,
                scopes,
                of,
            }) => {
                let (client, tenant) = of.open()?;
                let mut body = json!({ "name": name });
                if let Some(email) = email {
                    body["email"] = email.as_str().into();
                }
                if !scopes.is_empty() {
                    body["scopes"] = scopes.join(" ").into();
                }
                invited(ui, &client.post(&format!("{tenant}/members"), &body)?)
            }
            Action::InviteAgain(OfMember { id, of }) => {
                let (client, tenant) = of.open()?;
                let path = format!("{tenant}/members/{id}/invitation");
                invited(ui, &client.post(&path, &json!({}))?)
            }
            Action::List(of) => {
                let (client, tenant) = of.open()?;
                let answer = client.get(&format!("{tenant}/members"))?;
                let head = ["ID", "NAME", "EMAIL", "SCOPES", "JOINED", "INVITED UNTIL"];
                show_list(ui, &answer, "members", &head, |row| {
                    let texts = ["id", "name", "email", "scopes", "joined"];
                    let mut cells: Vec<_> = texts.map(|member| text(row, member)).into();
                    cells.push(time(row, "invited_until"));
                    cells
                })
            }
            Action::Remove(OfMember { id, of }) => {
                let (client, tenant) = of.open()?;
                show(ui, &client.delete(&format!("{tenant}/members/{id}"))?)
            }
        }
    }
}

fn invited(ui: Ui, answer: &serde_json::Value) -> Result<(), Failure> {
    ui.result(answer, || {
        let link = text(answer, "invitation");
        format!(
            "{STRONG}{link}{STRONG:#}\nmember {}. Send the link to {} only: whoever opens it first becomes them. It is good \
             once, until {}.",
            text(answer, "id"),
            text(answer, "name"),
            time(answer, "invited_until")
        )
    })
}
