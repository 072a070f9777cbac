//! `smcp limits`: what a tenant may use as a whole, and what a member of it may.

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Value, json};
use smcp_ids::MemberId;

use super::{Client, OfTenant};
use crate::failure::Failure;
use crate::ui::{Ui, number};

/// Shows and sets what all callers of a tenant together may use, or one member through all its clients.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp limits set --fuel-per-day 500000000000 --calls-per-minute 6000 --tenant acme
  smcp limits set --unlimited --tenant acme
  smcp limits show --tenant acme
  smcp limits set --calls-per-minute 120 --member k3x9q2mmn7v8hh2c --tenant acme

A call that is refused for it is answered 429, and says when to come again. Keys have limits of their own: see
`smcp key create --help`.")]
pub(crate) struct LimitsCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Shows the limits
    Show(Whose),
    /// Sets the limits: one that is not given is none
    Set(Set),
}

#[derive(Debug, Args)]
struct Whose {
    /// Those of this member, by its id, instead of the tenant's
    #[arg(long, value_name = "ID")]
    member: Option<MemberId>,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("limit").required(true).multiple(true).args(["fuel_per_day", "calls_per_minute", "unlimited"]))]
struct Set {
    #[command(flatten)]
    amounts: Amounts,
    /// No limits
    #[arg(long, conflicts_with_all = ["fuel_per_day", "calls_per_minute"])]
    unlimited: bool,
    #[command(flatten)]
    whose: Whose,
}

impl Whose {
    /// Whom to ask, and where.
    fn open(&self) -> Result<(Client, String), Failure> {
        let (client, tenant) = self.of.open()?;
        let whose = self.member.as_ref();
        let whose = whose.map(|member| format!("/members/{member}"));
        Ok((
            client,
            format!("{tenant}{}/limits", whose.unwrap_or_default()),
        ))
    }
}

/// The two limits, of a key, a member or a tenant.
#[derive(Debug, Args)]
pub(super) struct Amounts {
    /// Fuel that all calls of a day may use [default: as much as there is]
    #[arg(long, value_name = "FUEL", value_parser = clap::value_parser!(u64).range(1..))]
    fuel_per_day: Option<u64>,
    /// Requests of a minute [default: as many as come]
    #[arg(long, value_name = "REQUESTS", value_parser = clap::value_parser!(u64).range(1..))]
    calls_per_minute: Option<u64>,
}

impl Amounts {
    /// Puts them into a body.
    pub(super) fn put_into(&self, body: &mut Value) {
        let amounts = [
            ("fuel_per_day", self.fuel_per_day),
            ("calls_per_minute", self.calls_per_minute),
        ];
        for (name, amount) in amounts {
            if let Some(amount) = amount {
                body[name] = amount.into();
            }
        }
    }
}

/// The two limits of a key or a tenant, for people.
pub(super) fn amounts(value: &Value) -> [String; 2] {
    ["fuel_per_day", "calls_per_minute"].map(|name| {
        let amount = value.get(name).and_then(Value::as_u64);
        amount.map_or_else(|| "-".to_owned(), number)
    })
}

impl LimitsCommand {
    pub(crate) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let answer = match &self.action {
            Action::Show(whose) => {
                let (client, limits) = whose.open()?;
                client.get(&limits)?
            }
            Action::Set(set) => {
                let (client, limits) = set.whose.open()?;
                let mut body = json!({});
                set.amounts.put_into(&mut body);
                client.put(&limits, &body)?
            }
        };
        ui.result(&answer, || {
            let [fuel, calls] = amounts(&answer);
            format!("fuel a day         {fuel}\nrequests a minute  {calls}")
        })
    }
}
