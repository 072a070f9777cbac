//! `smcp rotation`: sealing everything again with the current master key.

use std::thread::sleep;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use smcp_ids::TenantId;

use super::{Client, Host, items, show_list, text, time};
use crate::failure::Failure;
use crate::ui::Ui;

/// Seals all that is stored with the current master key, while everything is served.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp rotation start            # the platform and all tenants
  smcp rotation start acme       # one tenant
  smcp rotation status

Before: put the new key first in MASTER_KEYS and deploy, move it to the end and deploy again. After: when every line says
done, replace the API keys that are named, wait until sessions and connections of before are over (docs/operations.md), and
take the old key away.

Who may: the platform's admin.")]
pub(crate) struct RotationCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Begins, and waits until it is done
    Start(Which),
    /// Shows how far it has come
    Status(Which),
}

#[derive(Debug, Args)]
struct Which {
    /// The tenant [default: the platform and all tenants]
    #[arg(value_name = "TENANT")]
    tenant: Option<TenantId>,
    #[command(flatten)]
    host: Host,
}

impl RotationCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        match &self.action {
            Action::Start(which) => which.start(ui),
            Action::Status(which) => which.show(&Client::new(&which.host)?, ui),
        }
    }
}

impl Which {
    /// What it is about: names, and paths.
    fn objects(&self, client: &Client) -> Result<Vec<(String, String)>, Failure> {
        let of = |tenant: &str| {
            let path = format!("/admin/v1/tenants/{tenant}/rotation");
            (tenant.to_owned(), path)
        };
        if let Some(tenant) = &self.tenant {
            return Ok(vec![of(tenant.as_str())]);
        }
        let listed = client.get("/admin/v1/tenants")?;
        let tenants = items(&listed, "tenants").iter();
        let mut objects = vec![("(platform)".to_owned(), "/admin/v1/rotation".to_owned())];
        objects.extend(tenants.map(|tenant| of(&text(tenant, "tenant"))));
        Ok(objects)
    }

    fn start(&self, ui: Ui) -> Result<(), Failure> {
        let client = Client::new(&self.host)?;
        let objects = self.objects(&client)?;
        let busy = ui.busy("beginning");
        for (number, (name, path)) in objects.iter().enumerate() {
            busy.next(format!("{name} ({} of {})", number + 1, objects.len()));
            client.post(path, &json!({}))?;
            while text(&client.get(path)?, "state") == "running" {
                sleep(Duration::from_millis(200));
            }
        }
        drop(busy);
        self.show(&client, ui)
    }

    fn show(&self, client: &Client, ui: Ui) -> Result<(), Failure> {
        let mut rows = Vec::new();
        for (name, path) in self.objects(client)? {
            let mut row = client.get(&path)?;
            if let Some(members) = row.as_object_mut() {
                members.insert("object".to_owned(), Value::String(name));
            }
            rows.push(row);
        }
        let head = [
            "OBJECT",
            "KEY",
            "STATE",
            "ITEMS",
            "ROWS",
            "FINISHED",
            "OLDER API KEYS",
        ];
        show_list(ui, &json!({ "objects": rows }), "objects", &head, |row| {
            let mut cells: Vec<_> = ["object", "version", "state", "items", "rows"]
                .map(|member| text(row, member))
                .into();
            cells.push(time(row, "finished"));
            cells.push(text(row, "keys"));
            cells
        })
    }
}
