//! `smcp publish` and `smcp server`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use smcp_ids::ServerSlug;
use smcp_package::UntrustedPackage;

use super::granting::{Held, diff_text, missing_text};
use super::release::canary_text;
use super::{Client, OfServer, OfTenant, items, show_list, show_members, text};
use crate::asks::{word, words};
use crate::failure::Failure;
use crate::files;
use crate::report;
use crate::ui::{STRONG, Ui, bytes};

/// Uploads a signed package: it becomes the live release of a server, which is made if need be, once it is granted
/// what it asks for, and approved if it must be.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp publish hello.wasm --tenant acme --server hello
  smcp build && smcp sign hello.wasm --key publisher.key && smcp publish hello.wasm --tenant acme --server hello

The tenant must trust the publisher: `smcp publisher trust`. A release that asks for hosts or secrets that its server
does not have is kept, and goes live when it is granted them: the commands for that are printed, and --grant
grants the hosts at once. Where releases must be approved, it is uploaded and no more: see `smcp release`. The release
that was live before is live again with `smcp release rollback`.

What the module can do and what was found in it is shown, and kept: `smcp release report`. A release with findings that
the tenant's policy refuses is not published, and nothing has changed then: see `smcp policy`.

Who may, besides the platform's admin: an API key of the tenant with the scope publish or admin; --grant takes admin.")]
pub(crate) struct Publish {
    /// The signed package
    #[arg(value_name = "MODULE")]
    module: PathBuf,
    /// Grant the hosts that it asks for; secrets must be set by hand
    #[arg(long)]
    grant: bool,
    #[command(flatten)]
    of: OfServer,
}

pub(crate) fn publish(args: &Publish, ui: Ui) -> Result<(), Failure> {
    let package = files::read(&args.module)?;
    // What no host would take is not sent.
    let size = bytes(package.len() as u64);
    UntrustedPackage::parse(package.clone())?;
    let (client, server) = args.of.open()?;
    let busy = ui.busy(format!("publishing {size}"));
    let answer = client.post_module(&format!("{server}/releases"), package);
    drop(busy);
    let mut answer = answer?;
    let mut held = Held::ask(&client, &server, &answer)?;
    if args.grant && grant(&client, &server, &mut answer, &held)? {
        held = Held::ask(&client, &server, &answer)?;
    }
    ui.result(&answer, || {
        let of = &args.of;
        let but = [
            "canary", "diff", "granted", "missing", "report", "unfit", "waiting",
        ];
        let members = show_members(&answer, &but);
        let report = answer.get("report").map(report::text).unwrap_or_default();
        let granted = items(&answer, "granted").iter().map(|grant| {
            let methods: Vec<_> = words(grant, "methods").collect();
            format!(
                "\ngranted      {} to {}",
                methods.join(", "),
                word(grant, "host")
            )
        });
        let granted = granted.collect::<String>();
        let missing = missing_text(&of.of, &of.server, &answer, &held);
        format!(
            "{members}{granted}{}{missing}\n{report}",
            diff_text(&answer)
        )
    })
}

/// Grants the hosts that a release asks for; the answer then says how the server is after that. Whether anything was
/// granted.
fn grant(client: &Client, server: &str, answer: &mut Value, held: &Held) -> Result<bool, Failure> {
    let grants = answer.get("missing").map(|missing| held.grants(missing));
    let grants = grants.unwrap_or_default();
    for grant in &grants {
        client.put(&format!("{server}/grants"), grant)?;
    }
    if grants.is_empty() {
        return Ok(false);
    }
    let shown = client.get(server)?;
    if let (Some(members), Value::Object(shown)) = (answer.as_object_mut(), shown) {
        members.remove("missing");
        members.extend(shown);
        members.insert("granted".to_owned(), Value::Array(grants));
    }
    Ok(true)
}

/// Lists, shows and removes servers.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp server list --tenant acme
  smcp server show hello --tenant acme
  smcp server delete hello --tenant acme --yes

Who may, besides the platform's admin: an API key of the tenant with the scope admin; `list` and `show` also with audit
or publish.")]
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
                let path = format!("{tenant}/servers/{server}");
                let answer = client.get(&path)?;
                let held = Held::ask(&client, &path, &answer)?;
                ui.result(&answer, || show_server(of, server, &answer, &held))
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

fn show_server(of: &OfTenant, server: &ServerSlug, answer: &Value, held: &Held) -> String {
    let members = show_members(answer, &["canary", "missing", "waiting"]);
    let waiting = answer.get("waiting").filter(|waiting| !waiting.is_null());
    let waiting = waiting.map_or_else(String::new, |waiting| {
        let (version, release) = (word(waiting, "version"), word(waiting, "release"));
        format!("\n{STRONG}{:<12}{STRONG:#} {version}, {release}", "waiting")
    });
    format!(
        "{members}{}{waiting}{}",
        canary_text(answer),
        missing_text(of, server, answer, held)
    )
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
