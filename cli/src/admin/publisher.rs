//! `smcp publisher`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{OfTenant, show, show_list, text, time};
use crate::failure::Failure;
use crate::keys::read_public;
use crate::ui::Ui;

/// Says whose signatures a tenant accepts.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp publisher trust publisher.key.pub --tenant acme --name \"Ada Lovelace\"
  smcp publisher list --tenant acme
  smcp publisher revoke publisher.key.pub --tenant acme --stop

Who may, besides the platform's admin: an API key of the tenant with the scope admin; `list` also with audit or
publish.")]
pub(crate) struct PublisherCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Accepts what a publisher signs from now on
    Trust(Trust),
    /// Lists all publishers, revoked ones too
    List(OfTenant),
    /// Accepts nothing more from a publisher; what is live stays live unless --stop is given
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Trust {
    /// The publisher's public key: 64 hexadecimal digits, or the file that holds it
    #[arg(value_name = "PUB")]
    key: String,
    /// Who the publisher is, for people
    #[arg(long, value_name = "NAME", default_value = "")]
    name: String,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Debug, Args)]
struct Revoke {
    /// The publisher's public key: 64 hexadecimal digits, or the file that holds it
    #[arg(value_name = "PUB")]
    key: String,
    /// Stop the servers whose live release this publisher signed
    #[arg(long)]
    stop: bool,
    #[command(flatten)]
    of: OfTenant,
}

impl PublisherCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::Trust(Trust { key, name, of }) => {
                let key = read_public(key)?.to_string();
                let (client, tenant) = of.open()?;
                let body = json!({ "key": key, "name": name });
                show(ui, &client.post(&format!("{tenant}/publishers"), &body)?)
            }
            Action::List(of) => {
                let (client, tenant) = of.open()?;
                let answer = client.get(&format!("{tenant}/publishers"))?;
                let head = ["KEY", "NAME", "TRUSTED", "REVOKED"];
                show_list(ui, &answer, "publishers", &head, |row| {
                    vec![
                        text(row, "key"),
                        text(row, "name"),
                        time(row, "trusted"),
                        time(row, "revoked"),
                    ]
                })
            }
            Action::Revoke(Revoke { key, stop, of }) => {
                let key = read_public(key)?;
                let (client, tenant) = of.open()?;
                let query = if *stop { "?stop=true" } else { "" };
                show(
                    ui,
                    &client.delete(&format!("{tenant}/publishers/{key}{query}"))?,
                )
            }
        }
    }
}
