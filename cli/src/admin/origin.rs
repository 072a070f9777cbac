//! `smcp origin` and `smcp oauth`: what is said of a tenant where nobody has a credential yet.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{OfServer, OfTenant, items, show};
use crate::failure::Failure;
use crate::ui::Ui;

/// Says which web pages may call a tenant's servers from a browser.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp origin allow https://app.example.com --tenant acme
  smcp origin list --tenant acme
  smcp origin remove https://app.example.com --tenant acme

A change holds everywhere after a minute.")]
pub(crate) struct OriginCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lets pages of an origin call
    Allow(OfOrigin),
    /// Lists the origins whose pages may call, besides those of the deployment
    List(OfTenant),
    /// Lets pages of an origin call no more
    Remove(OfOrigin),
}

#[derive(Debug, Args)]
struct OfOrigin {
    /// Scheme, name and port, such as https://app.example.com
    #[arg(value_name = "ORIGIN")]
    origin: String,
    #[command(flatten)]
    of: OfTenant,
}

impl OriginCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let (of, answer) = match &self.action {
            Action::Allow(OfOrigin { origin, of }) => (of, Some((true, origin))),
            Action::List(of) => (of, None),
            Action::Remove(OfOrigin { origin, of }) => (of, Some((false, origin))),
        };
        let (client, tenant) = of.open()?;
        let answer = match answer {
            None => client.get(&format!("{tenant}/origins"))?,
            Some((true, origin)) => {
                client.post(&format!("{tenant}/origins"), &json!({ "origin": origin }))?
            }
            Some((false, origin)) => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-[]".contains(&byte);
                if !origin.bytes().all(is_plain) {
                    return Err(Failure::Argument(format!("{origin:?} is not an origin")));
                }
                client.delete(&format!("{tenant}/origins?origin={origin}"))?
            }
        };
        ui.result(&answer, || {
            let origins = items(&answer, "origins")
                .iter()
                .filter_map(|origin| origin.as_str());
            let origins: Vec<_> = origins.collect();
            if origins.is_empty() {
                "no origins".to_owned()
            } else {
                origins.join("\n")
            }
        })
    }
}

/// Says whether a server tells clients how to get access tokens, or takes keys only.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp oauth off --tenant acme --server notes
  smcp oauth show --tenant acme --server notes

Some clients that have a key look for OAuth, and do not use their key if they find it. A change holds everywhere after
a minute.")]
pub(crate) struct OAuthCommand {
    #[command(subcommand)]
    action: Switch,
}

#[derive(Debug, Subcommand)]
enum Switch {
    /// Shows which it is
    Show(OfServer),
    /// Tells clients how to get access tokens (as it is from the beginning)
    On(OfServer),
    /// Takes keys only
    Off(OfServer),
}

impl OAuthCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let (of, enabled) = match &self.action {
            Switch::Show(of) => (of, None),
            Switch::On(of) => (of, Some(true)),
            Switch::Off(of) => (of, Some(false)),
        };
        let (client, server) = of.open()?;
        let path = format!("{server}/oauth");
        let answer = match enabled {
            None => client.get(&path)?,
            Some(enabled) => client.put(&path, &json!({ "enabled": enabled }))?,
        };
        show(ui, &answer)
    }
}
