//! `smcp tenant`.

use clap::{Args, Subcommand};
use serde_json::json;
use smcp_ids::TenantId;

use super::{Client, Host, show, show_list, text, time};
use crate::failure::Failure;
use crate::ui::Ui;

/// Makes, lists and removes tenants.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  export SMCP_HOST=https://mcp.example.com SMCP_TOKEN=...
  smcp tenant create acme
  smcp tenant list --json | jq -r '.tenants[].tenant'
  smcp tenant delete acme --yes

Who may: the platform's admin; `show` also an API key of the tenant with the scope admin or audit.")]
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
    /// Removes a tenant with its servers, releases, publishers and keys, for good
    Delete(Delete),
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
struct Delete {
    #[command(flatten)]
    one: One,
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
            Action::Delete(Delete {
                one: One { tenant, host },
                ..
            }) => {
                let answer = Client::new(host)?.delete(&format!("/admin/v1/tenants/{tenant}"))?;
                ui.result(&answer, || format!("deleted {tenant}"))
            }
        }
    }
}
