//! `smcp policy`: which findings keep a release from being published.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;
use smcp_analysis::FindingPolicy;

use super::{OfTenant, items, text};
use crate::failure::Failure;
use crate::files;
use crate::ui::{STRONG, Ui};

/// Shows and sets which findings in a report keep a release from being published.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp policy show --tenant acme
  smcp policy set policy.json --tenant acme
  smcp --json policy show --tenant acme | jq .policy > policy.json
  smcp policy reset --tenant acme

A policy is a JSON object:
  {\"refuse_level\": \"danger\", \"refuse\": [\"text_changed\"], \"accept\": [\"hidden_markup\"], \"known_bad\": []}

refuse_level is info, warning, danger or never: findings of that level and worse refuse. refuse adds findings to that,
and accept takes some out. known_bad are digests of releases, or of their code, that are never published.
docs/admission.md says what each finding is. What is published already stays.

Who may, besides the platform's admin: an API key of the tenant with the scope admin; `show` also with audit or publish.")]
pub(crate) struct PolicyCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Shows the policy that holds, and what is published that is known to be bad
    Show(OfTenant),
    /// Sets the tenant's policy, all of it
    Set(Set),
    /// Removes the tenant's policy: the platform's holds again
    Reset(OfTenant),
}

#[derive(Debug, Args)]
struct Set {
    /// A file with the policy
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    of: OfTenant,
}

impl PolicyCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let path = |tenant: String| format!("{tenant}/policy");
        let answer = match &self.action {
            Action::Show(of) => {
                let (client, tenant) = of.open()?;
                client.get(&path(tenant))?
            }
            Action::Set(Set { file, of }) => {
                let policy = read(file)?;
                let (client, tenant) = of.open()?;
                let policy = serde_json::to_value(&policy).unwrap_or_default();
                client.put(&path(tenant), &policy)?
            }
            Action::Reset(of) => {
                let (client, tenant) = of.open()?;
                client.delete(&path(tenant))?
            }
        };
        ui.result(&answer, || shown(&answer))
    }
}

/// A policy in a file. What is none is not sent.
pub(crate) fn read(file: &Path) -> Result<FindingPolicy, Failure> {
    let bytes = files::read(file)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::Argument(format!("{} is no policy: {error}", file.display())))
}

fn shown(answer: &Value) -> String {
    let policy = answer.get("policy").unwrap_or(&Value::Null);
    let whose = match answer.get("own").and_then(Value::as_bool) {
        Some(true) => "the tenant's own",
        _ => "the platform's",
    };
    let line = |name: &str, value: &str| format!("{STRONG}{name:<14}{STRONG:#} {value}");
    let listed = |member: &str| match text(policy, member) {
        none if none.is_empty() => "-".to_owned(),
        some => some,
    };
    let mut lines = vec![
        line("policy", whose),
        line("refuses from", &text(policy, "refuse_level")),
        line("refuses too", &listed("refuse")),
        line("accepts", &listed("accept")),
        line(
            "known bad",
            &format!("{} digests", items(policy, "known_bad").len()),
        ),
    ];
    for bad in items(answer, "known_bad_releases") {
        let is_live = bad.get("live").and_then(Value::as_bool) == Some(true);
        let live = if is_live { ", LIVE" } else { "" };
        let what = format!(
            "{} {}, {}{live}",
            text(bad, "server"),
            text(bad, "version"),
            text(bad, "release")
        );
        lines.push(line("published", &what));
    }
    lines.join("\n")
}
