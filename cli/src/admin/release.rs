//! `smcp release`: the life of a server's releases.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use smcp_ids::{ReleaseDigest, ServerSlug};

use super::shadow::Shadow;
use super::{Client, OfTenant, items, show, show_list, show_members, text, time};
use crate::asks::word;
use crate::failure::Failure;
use crate::report;
use crate::ui::{STRONG, Ui, bytes};

/// Lists the releases of a server, and lets them go live, on trial, back, or away.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp release list hello --tenant acme
  smcp release report hello 2.0.0 --tenant acme
  smcp release approval required --tenant acme
  smcp release approve hello 2.0.0 --tenant acme
  smcp release shadow hello 2.0.0 --tenant acme
  smcp release canary hello 2.0.0 --percent 10 --tenant acme
  smcp release promote hello 2.0.0 --tenant acme
  smcp release rollback hello --tenant acme

A release is named by its digest, the first 8 or more digits of it, or its version. It is uploaded, approved, live and
retired, in this order. Unless `approval` is required, publishing does the first three at once. A canary answers some
callers, always the same, in place of the live one. A rollback ends the canary, if there is one, and makes that live which was
before if not. Calls that have begun end on the release on which they did.

Who may, besides the platform's admin: an API key of the tenant with the scope publish or admin for promote, rollback and
canary; also audit for list and report; admin alone for approve, delete, shadow and to set approval. Whoever published a release does not
approve it.")]
pub(crate) struct ReleaseCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the releases of a server, the newest first
    List(One),
    /// Shows the report on a release, as it was when that was published
    Report(Which),
    /// Lets a release go live that was uploaded
    Approve(Which),
    /// Makes an approved release live; the one that was is retired
    Promote(Which),
    /// Ends the canary, or makes that release live which was before
    Rollback(One),
    /// Gives a release to some callers in place of the live one
    Canary(Canary),
    /// Runs the recorded calls of the live release again with another, and compares
    Shadow(Shadow),
    /// Removes a release that nobody is given, for good
    Delete(Delete),
    /// Says whether releases of a tenant must be approved; without RULE, shows it
    Approval(Approval),
}

#[derive(Debug, Args)]
struct One {
    /// The server
    #[arg(value_name = "SERVER")]
    server: ServerSlug,
    #[command(flatten)]
    of: OfTenant,
}

/// A release of a server.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The server
    #[arg(value_name = "SERVER")]
    server: ServerSlug,
    /// The release: its digest, the first digits of it, or its version
    #[arg(value_name = "RELEASE")]
    release: String,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Debug, Args)]
struct Canary {
    #[command(flatten)]
    which: Which,
    /// How many callers of a hundred, up to 99; 0 ends it
    #[arg(long, value_name = "N")]
    percent: u8,
}

#[derive(Debug, Args)]
struct Delete {
    #[command(flatten)]
    which: Which,
    /// Yes, for good
    #[arg(long, required = true)]
    yes: bool,
}

#[derive(Debug, Args)]
struct Approval {
    /// Which rule holds from now on
    #[arg(value_name = "RULE")]
    rule: Option<Rule>,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rule {
    /// What is published goes live at once, if its server is granted what it asks for
    Automatic,
    /// An admin approves it first, who did not publish it
    Required,
}

impl ReleaseCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::List(one) => one.list(ui),
            Action::Report(which) => which.report(ui),
            Action::Approve(which) => which.step(ui, "approve"),
            Action::Promote(which) => which.step(ui, "promote"),
            Action::Rollback(One { server, of }) => {
                let (client, tenant) = of.open()?;
                let path = format!("{tenant}/servers/{server}/rollback");
                show_moved(ui, &client.post(&path, &json!({}))?)
            }
            Action::Canary(Canary { which, percent }) => {
                let (client, path, _) = which.open()?;
                let set = json!({ "percent": percent });
                show_moved(ui, &client.put(&format!("{path}/canary"), &set)?)
            }
            Action::Shadow(shadow) => shadow.run(ui),
            Action::Delete(Delete { which, .. }) => {
                let (client, path, release) = which.open()?;
                let answer = client.delete(&path)?;
                ui.result(&answer, || format!("deleted {release}"))
            }
            Action::Approval(Approval { rule, of }) => {
                let (client, tenant) = of.open()?;
                let path = format!("{tenant}/approval");
                let rule = rule.map(|rule| match rule {
                    Rule::Automatic => "automatic",
                    Rule::Required => "required",
                });
                let answer = match rule {
                    Some(rule) => client.put(&path, &json!({ "approval": rule }))?,
                    None => client.get(&path)?,
                };
                show(ui, &answer)
            }
        }
    }
}

impl One {
    fn list(&self, ui: Ui) -> Result<(), Failure> {
        let (client, tenant) = self.of.open()?;
        let answer = client.get(&format!("{tenant}/servers/{}/releases", self.server))?;
        let head = [
            "RELEASE",
            "VERSION",
            "STATE",
            "FLAGGED",
            "SIZE",
            "PUBLISHED",
            "BY",
        ];
        show_list(ui, &answer, "releases", &head, |row| {
            let size = row.get("size").and_then(Value::as_u64);
            let size = size.map_or_else(|| "-".into(), bytes);
            let [release, version, state, flagged, by] =
                ["release", "version", "state", "flagged", "by"].map(|member| text(row, member));
            let published = time(row, "published");
            vec![release, version, state, flagged, size, published, by]
        })
    }
}

impl Which {
    /// A client, the path of the release, and its name.
    pub(super) fn open(&self) -> Result<(Client, String, ReleaseDigest), Failure> {
        let (client, tenant) = self.of.open()?;
        let server = format!("{tenant}/servers/{}", self.server);
        let release = self.find(&client, &server)?;
        Ok((client, format!("{server}/releases/{release}"), release))
    }

    /// The server's path, beside those.
    pub(super) fn server(&self) -> Result<String, Failure> {
        let (_, tenant) = self.of.open()?;
        Ok(format!("{tenant}/servers/{}", self.server))
    }

    fn find(&self, client: &Client, server: &str) -> Result<ReleaseDigest, Failure> {
        if let Ok(release) = self.release.parse() {
            return Ok(release);
        }
        let answer = client.get(&format!("{server}/releases"))?;
        let rows = items(&answer, "releases").iter();
        let is_meant = |row: &&Value| {
            let digits = word(row, "release").starts_with(&self.release) && self.release.len() >= 8;
            digits || word(row, "version") == self.release
        };
        let found: Vec<&str> = rows
            .filter(is_meant)
            .map(|row| word(row, "release"))
            .collect();
        let release = match found.as_slice() {
            [one] => one.parse().ok(),
            _ => None,
        };
        release.ok_or_else(|| {
            Failure::Argument(format!(
                "{} has {} releases that {} could mean: give a version or a digest of smcp release list",
                self.server,
                found.len(),
                self.release
            ))
        })
    }

    fn report(&self, ui: Ui) -> Result<(), Failure> {
        let (client, path, _) = self.open()?;
        let answer = client.get(&format!("{path}/report"))?;
        ui.result(&answer, || {
            let (name, version) = (word(&answer, "name"), word(&answer, "version"));
            format!(
                "{STRONG}{:<13}{STRONG:#} {name} {version}\n{}",
                "server",
                report::text(&answer)
            )
        })
    }

    fn step(&self, ui: Ui, step: &str) -> Result<(), Failure> {
        let (client, path, _) = self.open()?;
        show_moved(ui, &client.post(&format!("{path}/{step}"), &json!({}))?)
    }
}

fn show_moved(ui: Ui, answer: &Value) -> Result<(), Failure> {
    ui.result(answer, || {
        let members = show_members(answer, &["canary", "missing", "waiting"]);
        format!("{members}{}", canary_text(answer))
    })
}

/// A line for the canary of a server, if it has one.
pub(super) fn canary_text(answer: &Value) -> String {
    let Some(canary) = answer.get("canary").filter(|canary| !canary.is_null()) else {
        return String::new();
    };
    let (version, release) = (word(canary, "version"), word(canary, "release"));
    let percent = text(canary, "percent");
    format!(
        "\n{STRONG}{:<12}{STRONG:#} {version}, {release}, for {percent} % of callers",
        "canary"
    )
}
