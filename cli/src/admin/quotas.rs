//! `smcp tenant quotas`: how much there may be of a tenant.

use clap::{ArgGroup, Args};
use serde_json::{Value, json};
use smcp_ids::TenantId;

use super::limits::Amounts;
use super::{Client, Host};
use crate::failure::Failure;
use crate::ui::{Ui, number};

/// Shows how much there may be of a tenant; sets it, if any amount is given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp tenant quotas acme
  smcp tenant quotas acme --servers 10 --releases 20 --store-bytes 8388608 --calls-per-minute 6000
  smcp tenant quotas acme --unlimited

Amounts that are not given are then as much as any tenant may have. They hold for what is new: nothing is taken away from a
tenant that has more. The tenant's own limits (`smcp limits`) hold beside them.

Who may: the platform's admin; look at them also an API key of the tenant with the scope admin or audit.")]
#[command(group = ArgGroup::new("amount").multiple(true).args([
    "servers", "releases", "keys", "members", "module_bytes", "store_bytes", "fuel_per_day", "calls_per_minute",
]))]
pub(super) struct Quotas {
    /// The tenant
    #[arg(value_name = "TENANT")]
    tenant: TenantId,
    /// Servers
    #[arg(long, value_name = "N")]
    servers: Option<u32>,
    /// Releases of each server
    #[arg(long, value_name = "N")]
    releases: Option<u32>,
    /// API keys, revoked ones too
    #[arg(long, value_name = "N")]
    keys: Option<u32>,
    /// Members
    #[arg(long, value_name = "N")]
    members: Option<u32>,
    /// Bytes of all modules together
    #[arg(long, value_name = "BYTES")]
    module_bytes: Option<u64>,
    /// Bytes of the key-value store of each server
    #[arg(long, value_name = "BYTES")]
    store_bytes: Option<u64>,
    #[command(flatten)]
    amounts: Amounts,
    /// As much as any tenant may have
    #[arg(long, conflicts_with = "amount")]
    unlimited: bool,
    #[command(flatten)]
    host: Host,
}

/// The amounts, and what they are called for people.
const SHOWN: [(&str, &str); 8] = [
    ("servers", "servers"),
    ("releases", "releases of a server"),
    ("keys", "keys"),
    ("members", "members"),
    ("module_bytes", "bytes of modules"),
    ("store_bytes", "bytes of a store"),
    ("fuel_per_day", "fuel a day"),
    ("calls_per_minute", "requests a minute"),
];

impl Quotas {
    pub(super) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let path = format!("/admin/v1/tenants/{}/quotas", self.tenant);
        let client = Client::new(&self.host)?;
        let body = self.body();
        let is_set = self.unlimited || body.as_object().is_some_and(|body| !body.is_empty());
        let answer = if is_set {
            client.put(&path, &body)?
        } else {
            client.get(&path)?
        };
        ui.result(&answer, || {
            let lines = SHOWN.map(|(name, shown)| {
                let amount = answer.get(name).and_then(Value::as_u64);
                let amount = amount.map_or_else(|| "-".to_owned(), number);
                format!("{shown:<22}{amount}")
            });
            lines.join("\n")
        })
    }

    fn body(&self) -> Value {
        let mut body = json!({});
        let amounts = [
            ("servers", self.servers.map(u64::from)),
            ("releases", self.releases.map(u64::from)),
            ("keys", self.keys.map(u64::from)),
            ("members", self.members.map(u64::from)),
            ("module_bytes", self.module_bytes),
            ("store_bytes", self.store_bytes),
        ];
        for (name, amount) in amounts {
            if let Some(amount) = amount {
                body[name] = amount.into();
            }
        }
        self.amounts.put_into(&mut body);
        body
    }
}
