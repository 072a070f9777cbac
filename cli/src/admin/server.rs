//! `smcp publish`, `smcp server` and `smcp release`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use smcp_ids::ServerSlug;
use smcp_package::UntrustedPackage;

use super::{Client, OfTenant, items, show, show_list, text, time};
use crate::failure::Failure;
use crate::files;
use crate::ui::{Ui, bytes};

/// Uploads a signed package: it becomes the live release of a server, which is made if need be.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp publish hello.wasm --tenant acme --server hello
  smcp build && smcp sign hello.wasm --key publisher.key && smcp publish hello.wasm --tenant acme --server hello

The tenant must trust the publisher: `smcp publisher trust`. Publishing a release again that is there
already makes it live again: that is how to roll back.")]
pub(crate) struct Publish {
    /// The signed package
    #[arg(value_name = "MODULE")]
    module: PathBuf,
    /// The server
    #[arg(long, value_name = "SERVER")]
    server: ServerSlug,
    #[command(flatten)]
    of: OfTenant,
}

pub(crate) fn publish(args: &Publish, ui: Ui) -> Result<(), Failure> {
    let package = files::read(&args.module)?;
    // What no host would take is not sent.
    let size = bytes(package.len() as u64);
    UntrustedPackage::parse(package.clone())?;
    let (client, tenant) = args.of.open()?;
    let busy = ui.busy(format!("publishing {size}"));
    let answer = client.post_module(
        &format!("{tenant}/servers/{}/releases", args.server),
        package,
    );
    drop(busy);
    show(ui, &answer?)
}

/// Lists, shows and removes servers.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp server list --tenant acme
  smcp server show hello --tenant acme
  smcp server delete hello --tenant acme --yes")]
pub(crate) struct ServerCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists all servers
    List(OfTenant),
    /// Shows a server: what is live, and where its endpoint is
    Show(One),
    /// Removes a server with its releases, for good
    Delete(Delete),
}

#[derive(Debug, Args)]
struct One {
    /// The server
    #[arg(value_name = "SERVER")]
    server: ServerSlug,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Debug, Args)]
struct Delete {
    #[command(flatten)]
    one: One,
    /// Yes, with all its releases
    #[arg(long, required = true)]
    yes: bool,
}

impl ServerCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::List(of) => {
                let (client, tenant) = of.open()?;
                let answer = all_servers(&client, &tenant)?;
                let head = ["SERVER", "VERSION", "RELEASES", "FLAGGED", "ENDPOINT"];
                show_list(ui, &answer, "servers", &head, |row| {
                    ["server", "version", "releases", "flagged", "endpoint"]
                        .map(|member| text(row, member))
                        .to_vec()
                })
            }
            Action::Show(One { server, of }) => {
                let (client, tenant) = of.open()?;
                show(ui, &client.get(&format!("{tenant}/servers/{server}"))?)
            }
            Action::Delete(Delete {
                one: One { server, of },
                ..
            }) => {
                let (client, tenant) = of.open()?;
                let answer = client.delete(&format!("{tenant}/servers/{server}"))?;
                ui.result(&answer, || format!("deleted {server}"))
            }
        }
    }
}

/// Every page of the list, as one.
fn all_servers(client: &Client, tenant: &str) -> Result<Value, Failure> {
    let mut servers: Vec<Value> = Vec::new();
    let mut after = String::new();
    loop {
        let page = client.get(&format!("{tenant}/servers{after}"))?;
        servers.extend_from_slice(items(&page, "servers"));
        match page.get("next").and_then(Value::as_str) {
            // A host that sent us in circles would never end.
            Some(next) if after != format!("?after={next}") => after = format!("?after={next}"),
            _ => return Ok(json!({ "servers": servers })),
        }
    }
}

/// Lists the releases of a server.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  smcp release list hello --tenant acme")]
pub(crate) struct ReleaseCommand {
    #[command(subcommand)]
    action: ReleaseAction,
}

#[derive(Debug, Subcommand)]
enum ReleaseAction {
    /// Lists the releases of a server, the newest first
    List(One),
}

impl ReleaseCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let ReleaseAction::List(One { server, of }) = &self.action;
        let (client, tenant) = of.open()?;
        let answer = client.get(&format!("{tenant}/servers/{server}/releases"))?;
        let head = ["RELEASE", "VERSION", "LIVE", "FLAGGED", "SIZE", "PUBLISHED"];
        show_list(ui, &answer, "releases", &head, |row| {
            let size = row
                .get("size")
                .and_then(Value::as_u64)
                .map_or_else(|| "-".into(), bytes);
            let [release, version, live, flagged] =
                ["release", "version", "live", "flagged"].map(|member| text(row, member));
            vec![
                release,
                version,
                live,
                flagged,
                size,
                time(row, "published"),
            ]
        })
    }
}
