//! `smcp config`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{OfServer, check_part, show, show_list, text, time};
use crate::failure::Failure;
use crate::setting::value;
use crate::ui::Ui;

/// Sets, lists and removes the settings of a server.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp config set limit 20 --server notes --tenant acme
  smcp config set greeting 'Good day' --server hello --tenant acme
  smcp config set teams '[\"a\", \"b\"]' --server notes --tenant acme
  smcp config list --server notes --tenant acme

A value that is JSON is taken as that, and any other as text. It holds from the next call on. Not for
secrets: settings are shown as they were set, and a server can say what it reads; see smcp secret. A server that
declares its settings takes no others, and none of another type.

Who may, besides the platform's admin: an API key of the tenant with the scope admin; `list` also with audit.")]
pub(crate) struct ConfigCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Sets a setting
    Set(Set),
    /// Lists the settings of a server
    List(OfServer),
    /// Removes a setting
    Delete(Delete),
}

#[derive(Debug, Args)]
struct Set {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    /// Its value: JSON, or text
    #[arg(value_name = "VALUE")]
    value: String,
    #[command(flatten)]
    of: OfServer,
}

#[derive(Debug, Args)]
struct Delete {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    of: OfServer,
}

impl ConfigCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::Set(Set {
                name,
                value: given,
                of,
            }) => {
                let (client, path) = path(of, name)?;
                let body = json!({ "value": value(given) });
                show(ui, &client.put(&path, &body)?)
            }
            Action::List(of) => {
                let (client, server) = of.open()?;
                let answer = client.get(&format!("{server}/config"))?;
                let head = ["NAME", "VALUE", "CHANGED"];
                show_list(ui, &answer, "settings", &head, |row| {
                    let value = row.get("value").map(Value::to_string);
                    vec![
                        text(row, "name"),
                        value.unwrap_or_default(),
                        time(row, "changed"),
                    ]
                })
            }
            Action::Delete(Delete { name, of }) => {
                let (client, path) = path(of, name)?;
                let answer = client.delete(&path)?;
                ui.result(&answer, || format!("deleted {name}"))
            }
        }
    }
}

/// A client, and the path of a setting.
fn path(of: &OfServer, name: &str) -> Result<(super::Client, String), Failure> {
    check_part(name, "a setting")?;
    let (client, server) = of.open()?;
    Ok((client, format!("{server}/config/{name}")))
}
