//! `smcp usage` and `smcp alerts`: what requests came to, and what should be looked at.

use clap::{Args, ValueEnum};
use serde_json::Value;
use smcp_ids::ServerSlug;

use super::{OfTenant, items, show_list, text, time};
use crate::call::{now, printable};
use crate::failure::Failure;
use crate::ui::{FAINT, Ui, bytes, moment, number, table};

/// Shows what the requests to a tenant's servers came to: how many, how they ended, and what they took.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp usage --tenant acme
  smcp usage --tenant acme --by tool --server notes --since 7d
  smcp usage --tenant acme --by key --since 30d
  smcp usage --tenant acme --by tool --json | jq '.rows[] | select(.errors.guest > 0)'

Up to seven days are answered in whole hours, more in whole days; hours are kept for eight days, days for 400. Half of
the requests took no longer than p50, and 99 in 100 no longer than p99; both may be up to an eighth too high. The time is
what passed between steps: on the platform computing alone takes none, so look at fuel for that.

Who may, besides the platform's admin: an API key of the tenant with the scope admin or audit.")]
pub(crate) struct Usage {
    /// Only of this server
    #[arg(long, value_name = "SERVER")]
    server: Option<ServerSlug>,
    /// What is added up together
    #[arg(long, value_name = "WHAT", default_value = "server")]
    by: By,
    /// How far back, such as 90m, 24h or 30d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = span)]
    since: u64,
    #[command(flatten)]
    of: OfTenant,
}

/// Shows what should be looked at: guests that trapped or used up what they may, what was denied, jumps in fuel.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp alerts --tenant acme
  smcp alerts --tenant acme --since 1h --json | jq '.alerts | length'
  smcp logs --tenant acme --server notes --call 5f0c9a7e1b2d3c48

Alerts that are alike are one, with a count, until an hour has passed without another. A host keeps the newest 256 of a
tenant. A call that an alert names is found in its server's log, and its tape with smcp tape.

Who may, besides the platform's admin: an API key of the tenant with the scope admin or audit.")]
pub(crate) struct Alerts {
    /// How far back, such as 90m, 24h or 30d
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = span)]
    since: u64,
    #[command(flatten)]
    of: OfTenant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// Servers
    Server,
    /// Tools, prompts and other methods
    Tool,
    /// Keys and members
    Key,
}

impl By {
    fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Tool => "tool",
            Self::Key => "key",
        }
    }
}

/// Milliseconds of a time such as `24h`.
fn span(text: &str) -> Result<u64, &'static str> {
    let wrong = "a time is a number and m, h or d, such as 24h";
    let (digits, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or(wrong)?;
    let minutes = match unit {
        "m" => 1,
        "h" => 60,
        "d" => 24 * 60,
        _ => return Err(wrong),
    };
    let count: u64 = digits.parse().map_err(|_| wrong)?;
    if count == 0 || count > 1_000_000 {
        return Err(wrong);
    }
    Ok(count * minutes * 60_000)
}

/// The moment from which on.
fn from(since: u64) -> u64 {
    now().0.saturating_sub(since)
}

pub(crate) fn usage(args: &Usage, ui: Ui) -> Result<(), Failure> {
    let (client, tenant) = args.of.open()?;
    let server = args.server.as_ref();
    let server = server.map_or_else(String::new, |server| format!("&server={server}"));
    let path = format!(
        "{tenant}/usage?by={}&from={}{server}",
        args.by.as_str(),
        from(args.since)
    );
    let answer = client.get(&path)?;
    ui.result(&answer, || shown(&answer, args.by))
}

/// The whole answer, for people.
fn shown(answer: &Value, by: By) -> String {
    let moment_of = |member| {
        answer
            .get(member)
            .and_then(Value::as_u64)
            .map_or_else(String::new, moment)
    };
    let span = format!(
        "{FAINT}{} to {}{FAINT:#}\n",
        moment_of("from"),
        moment_of("to")
    );
    let rows: Vec<_> = items(answer, "rows")
        .iter()
        .map(|one| row(one, by))
        .collect();
    if rows.is_empty() {
        return format!("{span}no requests");
    }
    let subject: &[&str] = match by {
        By::Server => &["SERVER"],
        By::Tool => &["SERVER", "METHOD", "NAME"],
        By::Key => &["KEY"],
    };
    let head = [
        subject,
        &[
            "REQUESTS", "FAILED", "GUEST", "CLIENT", "HOST", "FUEL", "P50", "P99", "MEMORY",
            "EFFECTS", "IN", "OUT",
        ],
    ]
    .concat();
    span + &table(&head, &rows)
}

fn row(row: &Value, by: By) -> Vec<String> {
    let is_other = row.get("other") == Some(&Value::Bool(true));
    let other = |member| match row.get(member) {
        None if is_other => "(other)".to_owned(),
        _ => printable(&text(row, member)),
    };
    let subject = match by {
        By::Server => vec![other("server")],
        By::Tool => vec![other("server"), text(row, "method"), other("name")],
        By::Key => vec![other("key")],
    };
    let of = |value: Option<&Value>, member| {
        value
            .and_then(|value| value.get(member)?.as_u64())
            .unwrap_or_default()
    };
    let count = |member| of(Some(row), member);
    let errors = |member| number(of(row.get("errors"), member));
    let millis = |member| match row.get(member).and_then(Value::as_f64) {
        Some(millis) => format!("{millis:.1} ms"),
        None => "-".to_owned(),
    };
    let costs = [
        number(count("requests")),
        number(count("toolErrors")),
        errors("guest"),
        errors("client"),
        errors("host"),
        number(count("fuel")),
        millis("p50Millis"),
        millis("p99Millis"),
        bytes(count("memory")),
        number(count("effects")),
        bytes(count("bytesIn")),
        bytes(count("bytesOut")),
    ];
    subject.into_iter().chain(costs).collect()
}

pub(crate) fn alerts(args: &Alerts, ui: Ui) -> Result<(), Failure> {
    let (client, tenant) = args.of.open()?;
    let answer = client.get(&format!("{tenant}/alerts?from={}", from(args.since)))?;
    let head = [
        "LAST", "COUNT", "KIND", "WHAT", "SERVER", "NAME", "CALLER", "CALL",
    ];
    show_list(ui, &answer, "alerts", &head, |alert| {
        let count = alert
            .get("count")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let mut row = vec![
            time(alert, "last"),
            number(count),
            printable(&text(alert, "kind")),
            what(alert),
        ];
        row.extend(
            ["server", "name", "caller", "call"].map(|member| printable(&text(alert, member))),
        );
        row
    })
}

/// The code of what was answered, or how much fuel it was.
fn what(alert: &Value) -> String {
    let of = |member| alert.get(member).and_then(Value::as_u64);
    match (of("fuel"), of("usual")) {
        (Some(fuel), Some(usual)) => {
            format!("{} fuel, usually up to {}", number(fuel), number(usual))
        }
        _ => printable(&text(alert, "code")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, millis) in [("1m", 60_000), ("24h", 86_400_000), ("7d", 604_800_000)] {
            assert_eq!(span(text), Ok(millis));
        }
        for text in [
            "", "h", "24", "0h", "-1h", "1.5h", "1w", "1000001d", "1\u{e9}",
        ] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_table_says_what_is_together_and_steers_no_terminal() {
        let errors = json!({"guest": 1, "client": 2, "host": 0});
        let answer = json!({"from": 0, "to": 3_600_000, "rows": [
            {"server": "notes", "method": "tools/call", "name": "a\u{9b}b", "requests": 1_204, "toolErrors": 3,
             "errors": errors, "fuel": 47_228_000, "p50Millis": 0.5, "p99Millis": 12.25, "memory": 65_536,
             "effects": 7, "bytesIn": 10, "bytesOut": 2_048},
            {"server": "notes", "other": true, "requests": 2, "errors": errors},
        ]});
        let plain = anstream::adapter::strip_str(&shown(&answer, By::Tool)).to_string();
        let lines: Vec<Vec<&str>> = plain
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            lines[0].join(" "),
            "1970-01-01 00:00 UTC to 1970-01-01 01:00 UTC"
        );
        assert_eq!(
            lines[2].join(" "),
            "notes tools/call a\u{fffd}b 1,204 3 1 2 0 47,228,000 0.5 ms 12.2 ms 64.0 KiB 7 10 B 2.0 KiB"
        );
        assert_eq!(lines[3][..4].join(" "), "notes - (other) 2");
        let none = json!({"from": 0, "to": 0, "rows": []});
        assert!(shown(&none, By::Key).ends_with("no requests"));
    }

    #[test]
    fn an_alert_says_the_code_or_the_fuel() {
        for (alert, said) in [
            (json!({"code": "guest_panicked"}), "guest_panicked"),
            (
                json!({"fuel": 80_000_000, "usual": 1_000_000}),
                "80,000,000 fuel, usually up to 1,000,000",
            ),
        ] {
            assert_eq!(what(&alert), said);
        }
    }
}
