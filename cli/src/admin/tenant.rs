//! `smcp tenant`.

use clap::{Args, Subcommand};
use serde_json::json;
use smcp_ids::TenantId;

use super::archive::{Export, Import};
use super::quotas::Quotas;
use super::{Client, Host, show, show_list, text, time};
use crate::failure::Failure;
use crate::ui::Ui;

/// Makes, lists, suspends, moves and removes tenants.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  export SMCP_HOST=https://mcp.example.com SMCP_TOKEN=...
  smcp tenant create acme
  smcp tenant list --json | jq -r '.tenants[].tenant'
  smcp tenant suspend acme --reason \"invoice 12 is open\"
  smcp tenant resume acme
  smcp tenant quotas acme --servers 10 --calls-per-minute 6000
  smcp tenant export acme --out acme.archive --key archive.key
  smcp tenant import acme.archive --key archive.key --host https://elsewhere.example.com
  smcp tenant delete acme --yes                    # can be restored for 30 days
  smcp tenant restore acme
  smcp tenant delete acme --grace-days 0 --yes     # gone at once

Who may: the platform's admin; `show` and `quotas` (to look) also an API key of the tenant with the scope admin or audit.")]
pub(crate) struct TenantCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes a tenant
    Create(One),
    /// Lists all tenants
    List(All),
    /// Shows a tenant: when it was made, and how much it has
    Show(One),
    /// Answers no call of a tenant any more, and keeps everything
    Suspend(Suspend),
    /// Serves a suspended tenant again
    Resume(One),
    /// Shows and sets how much there may be of a tenant
    Quotas(Quotas),
    /// Writes everything of a tenant to one sealed file, while it is served
    Export(Export),
    /// Makes a tenant from such a file; begun again, if it was not finished
    Import(Import),
    /// Removes a tenant with all it has, when its grace time is over
    Delete(Delete),
    /// Keeps a tenant that is to be removed, after all
    Restore(One),
}

#[derive(Debug, Args)]
struct All {
    #[command(flatten)]
    host: Host,
}

#[derive(Debug, Args)]
struct One {
    /// The tenant: 1 to 32 of a-z, 0-9 and single hyphens
    #[arg(value_name = "TENANT")]
    tenant: TenantId,
    #[command(flatten)]
    host: Host,
}

#[derive(Debug, Args)]
struct Suspend {
    #[command(flatten)]
    one: One,
    /// Why, for the admins of the platform and of the tenant
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
struct Delete {
    #[command(flatten)]
    one: One,
    /// For how many days it can be restored [default: 30]; with 0 it is gone at once
    #[arg(long, value_name = "DAYS")]
    grace_days: Option<u32>,
    /// Yes, everything that the tenant has
    #[arg(long, required = true)]
    yes: bool,
}

impl TenantCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::Create(One { tenant, host }) => {
                let answer = Client::new(host)?
                    .post("/admin/v1/tenants", &json!({ "tenant": tenant.as_str() }))?;
                show(ui, &answer)
            }
            Action::List(All { host }) => {
                let answer = Client::new(host)?.get("/admin/v1/tenants")?;
                show_list(ui, &answer, "tenants", &["TENANT", "CREATED"], |tenant| {
                    vec![text(tenant, "tenant"), time(tenant, "created")]
                })
            }
            Action::Show(One { tenant, host }) => show(
                ui,
                &Client::new(host)?.get(&format!("/admin/v1/tenants/{tenant}"))?,
            ),
            Action::Suspend(Suspend {
                one: One { tenant, host },
                reason,
            }) => {
                let path = format!("/admin/v1/tenants/{tenant}/suspension");
                let answer = Client::new(host)?.put(&path, &json!({ "reason": reason }))?;
                ui.result(&answer, || format!("suspended {tenant}"))
            }
            Action::Resume(One { tenant, host }) => {
                let path = format!("/admin/v1/tenants/{tenant}/suspension");
                let answer = Client::new(host)?.delete(&path)?;
                ui.result(&answer, || format!("resumed {tenant}"))
            }
            Action::Quotas(quotas) => quotas.run(ui),
            Action::Export(export) => export.run(ui),
            Action::Import(import) => import.run(ui),
            Action::Delete(delete) => delete.run(ui),
            Action::Restore(One { tenant, host }) => {
                let path = format!("/admin/v1/tenants/{tenant}");
                let answer = Client::new(host)?.put(&path, &json!({}))?;
                ui.result(&answer, || format!("{tenant} stays"))
            }
        }
    }
}

impl Delete {
    fn run(&self, ui: Ui) -> Result<(), Failure> {
        let One { tenant, host } = &self.one;
        let grace = self.grace_days.map(|days| format!("?grace_days={days}"));
        let path = format!("/admin/v1/tenants/{tenant}{}", grace.unwrap_or_default());
        let answer = Client::new(host)?.delete(&path)?;
        ui.result(&answer, || match answer.get("leaves") {
            Some(_) => format!(
                "{tenant} answers no call any more and goes on {}; until then `smcp tenant restore {tenant}` keeps it",
                time(&answer, "leaves")
            ),
            None => format!("deleted {tenant}"),
        })
    }
}
