//! `smcp key narrow`: a key that may do less, made from a key, without asking the host.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde::Serialize;
use smcp_auth::{ApiKey, CallsPerMinute, FuelPerDay, Restriction, Restrictions, Scope, Scopes};
use smcp_ids::ServerSlug;

use crate::confidential::Confidential;
use crate::failure::Failure;
use crate::ui::{FAINT, STRONG, Ui, moment, number};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp key narrow --server hello --for 2h --from-env SMCP_KEY
  smcp key narrow --scope mcp:read --for 7d --rate 60 < key.txt
  export SMCP_KEY=$(smcp key narrow --scope mcp/notes/add --from-env SMCP_KEY --json | jq -r .key)

The key is read from standard input unless told otherwise. No host is asked: the result may do what the key may, and
of that only what is given here. It can be narrowed again, eight times in all, and never be widened. To revoke the key
revokes all that were made from it.")]
pub(super) struct Narrow {
    /// Nothing but this scope: mcp, mcp:read, mcp/SERVER, mcp/SERVER:read, mcp/SERVER/TOOL, admin, publish or audit;
    /// give it again for more
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<Scope>,
    /// Nothing but this server; give it again for more
    #[arg(long = "server", value_name = "SERVER")]
    servers: Vec<ServerSlug>,
    /// Not for longer than this from now on: 90s, 30m, 2h, 7d
    #[arg(long = "for", value_name = "TIME")]
    lasts: Option<Lasting>,
    /// No more fuel than this a day
    #[arg(long, value_name = "FUEL")]
    fuel: Option<FuelPerDay>,
    /// No more requests than this a minute
    #[arg(long, value_name = "REQUESTS")]
    rate: Option<CallsPerMinute>,
    #[command(flatten)]
    key: Confidential,
}

/// A time in seconds, with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lasting(u64);

impl FromStr for Lasting {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "give a whole number, not 0, with s, m, h or d: 90s, 30m, 2h, 7d";
        let unit = text.chars().next_back().ok_or(WRONG)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            _ => return Err(WRONG),
        };
        let count = text.strip_suffix(unit).ok_or(WRONG)?;
        let count: u64 = count.parse().map_err(|_| WRONG)?;
        let lasts = count.checked_mul(seconds).filter(|lasts| *lasts > 0);
        lasts.map(Self).ok_or(WRONG)
    }
}

/// The key, and what it may do of what the key of the tenant's record may.
#[derive(Debug, Serialize)]
struct Narrowed {
    key: String,
    tenant: String,
    id: String,
    /// All of them, those of before too, in the order in which they were added.
    restrictions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<String>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel_per_day: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_per_minute: Option<u64>,
}

impl Narrow {
    pub(super) fn run(&self, ui: Ui) -> Result<(), Failure> {
        let wanted = self.restrictions()?;
        let text = self.key.read(ui)?;
        let key: ApiKey = text
            .parse()
            .map_err(|error| Failure::Key(format!("this is no API key: {error}")))?;
        let narrow = |key: ApiKey, wanted| key.narrow(wanted);
        let narrowed = wanted.into_iter().try_fold(key, narrow);
        let key = narrowed.map_err(|error| Failure::Argument(error.to_string()))?;
        let narrowed = Narrowed::of(&key);
        ui.result(&narrowed, || narrowed.text())
    }

    fn restrictions(&self) -> Result<Vec<Restriction>, Failure> {
        let of_servers = self.servers.iter().cloned().map(Scope::Server);
        let scopes: Vec<Scope> = self.scopes.iter().cloned().chain(of_servers).collect();
        let scopes = Scopes::try_from(scopes);
        let scopes = scopes.map_err(|error| Failure::Argument(error.to_string()))?;
        let until = self.lasts.map(|lasts| now().saturating_add(lasts.0));
        let wanted = [
            Some(Restriction::Scopes(scopes.clone())).filter(|_| !scopes.is_empty()),
            until.map(Restriction::Until),
            self.fuel.map(Restriction::Fuel),
            self.rate.map(Restriction::Rate),
        ];
        let wanted: Vec<_> = wanted.into_iter().flatten().collect();
        if wanted.is_empty() {
            return Err(Failure::Argument(
                "give at least one of --scope, --server, --for, --fuel and --rate".to_owned(),
            ));
        }
        Ok(wanted)
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

impl Narrowed {
    fn of(key: &ApiKey) -> Self {
        let restrictions = key.restrictions();
        let mut scopes = restrictions.scopes().cloned();
        let first = scopes.next();
        let met = first.map(|first| scopes.fold(first, |met, scopes| met.meet(&scopes)));
        Self {
            key: key.reveal(),
            tenant: key.tenant().to_string(),
            id: key.id().to_string(),
            restrictions: restrictions.iter().map(ToString::to_string).collect(),
            scopes: met.map(|scopes| scopes.to_string()),
            expires: restrictions.until().map(|until| until.0),
            fuel_per_day: least(restrictions, |restriction| match restriction {
                Restriction::Fuel(fuel) => Some(fuel.get()),
                _ => None,
            }),
            calls_per_minute: least(restrictions, |restriction| match restriction {
                Restriction::Rate(rate) => Some(rate.get()),
                _ => None,
            }),
        }
    }

    fn text(&self) -> String {
        let scopes = self.scopes.as_deref().map(|scopes| match scopes {
            "" => "nothing: its scopes exclude each other".to_owned(),
            scopes => scopes.to_owned(),
        });
        let lines = [
            ("scopes", scopes),
            ("until", self.expires.map(moment)),
            (
                "fuel",
                self.fuel_per_day
                    .map(|fuel| format!("{} a day", number(fuel))),
            ),
            (
                "requests",
                self.calls_per_minute
                    .map(|rate| format!("{} a minute", number(rate))),
            ),
        ];
        let (key, id, tenant) = (&self.key, &self.id, &self.tenant);
        let mut text = format!(
            "{STRONG}{key}{STRONG:#}\nOf what the key {id} of {tenant} may, it may no more than:"
        );
        for (name, value) in lines {
            if let Some(value) = value {
                text.push_str(&format!("\n  {FAINT}{name:<10}{FAINT:#}{value}"));
            }
        }
        text
    }
}

fn least(restrictions: &Restrictions, amount: impl Fn(&Restriction) -> Option<u64>) -> Option<u64> {
    restrictions.iter().filter_map(amount).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_a_unit() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("30m", Some(1_800)),
            ("2h", Some(7_200)),
            ("7d", Some(604_800)),
            ("0s", None),
            ("", None),
            ("h", None),
            ("2", None),
            ("2hh", None),
            ("-2h", None),
            ("2 h", None),
            ("2w", None),
            ("é", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(text.parse().ok(), seconds.map(Lasting), "{text}");
        }
    }
}
