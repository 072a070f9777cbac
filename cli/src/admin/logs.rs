//! `smcp logs`: what a server's guests logged, and how its calls ended.
//!
//! It asks the host's admin API again and again while it follows, from where it was. What guests wrote is
//! shown without what could steer a terminal.

use std::time::Duration;

use anstyle::Style;
use clap::Args;
use serde_json::Value;
use smcp_ids::{CallId, LogLevel, ServerSlug};

use super::{OfTenant, items, text};
use crate::call::printable;
use crate::failure::Failure;
use crate::ui::{ERROR, FAINT, STRONG, Ui, WARNING, instant, number};

/// How often a host is asked for more.
const PAUSE: Duration = Duration::from_secs(1);

/// Shows what a server's calls logged, and how they ended.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smcp logs --tenant acme --server notes
  smcp logs --tenant acme --server notes --follow --level warning
  smcp logs --tenant acme --server notes --call 5f0c9a7e1b2d3c48
  smcp logs --tenant acme --server notes --json --limit 1000 | jq -r 'select(.kind == \"end\") | .millis'

A call's id is in the error that its client got: `error.data.callId`, or `smcp/call` in the `_meta` of a
result. A host keeps the newest 1,000 entries of a server for 30 days; what it has not stored yet when it
is started anew is gone. With --json each entry is a line.

Who may, besides the platform's admin: an API key of the tenant with the scope admin or audit.")]
pub(crate) struct Logs {
    /// The server
    #[arg(long, value_name = "SERVER")]
    server: ServerSlug,
    #[command(flatten)]
    of: OfTenant,
    /// Only what concerns this call
    #[arg(long, value_name = "ID")]
    call: Option<CallId>,
    /// Only what is at least as urgent: debug, info, notice, warning, error, critical, alert, emergency
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<LogLevel>,
    /// How many entries, the newest
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,
    /// Go on with what comes, until interrupted
    #[arg(long, short)]
    follow: bool,
}

fn level(text: &str) -> Result<LogLevel, &'static str> {
    LogLevel::parse(text).ok_or("this is none of the levels")
}

pub(crate) fn logs(args: &Logs, ui: Ui) -> Result<(), Failure> {
    let (client, tenant) = args.of.open()?;
    let mut path = format!("{tenant}/servers/{}/logs?", args.server);
    if let Some(call) = args.call {
        path.push_str(&format!("call={call}&"));
    }
    if let Some(level) = args.level {
        path.push_str(&format!("level={}&", level.as_str()));
    }
    let mut page = client.get(&format!("{path}limit={}", args.limit))?;
    loop {
        for entry in items(&page, "entries") {
            let line = if ui.json {
                entry.to_string()
            } else {
                shown(entry)
            };
            if !ui.line(&line)? {
                return Ok(());
            }
        }
        if !args.follow {
            return Ok(());
        }
        if page.get("more") != Some(&Value::Bool(true)) {
            std::thread::sleep(PAUSE);
        }
        let next = page.get("next").and_then(Value::as_u64).unwrap_or_default();
        page = client.get(&format!("{path}limit=1000&after={next}"))?;
    }
}

/// One entry, for people.
fn shown(entry: &Value) -> String {
    let level = text(entry, "level");
    let style = match LogLevel::parse(&level) {
        Some(LogLevel::Debug) => FAINT,
        Some(LogLevel::Info | LogLevel::Notice) | None => Style::new(),
        Some(LogLevel::Warning) => WARNING,
        Some(_) => ERROR,
    };
    let time = instant(
        entry
            .get("time")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
    );
    let said = match entry.get("kind").and_then(Value::as_str) {
        Some("log") => logged(entry),
        Some("end") => ended(entry),
        _ => printable(&text(entry, "message")),
    };
    let call = printable(&text(entry, "call"));
    let level = printable(&level);
    format!("{FAINT}{time} {call}{FAINT:#} {style}{level:<9}{style:#} {said}")
}

fn logged(entry: &Value) -> String {
    let logger = match entry.get("logger").and_then(Value::as_str) {
        Some(logger) => format!("{STRONG}{}{STRONG:#} ", printable(logger)),
        None => String::new(),
    };
    let cut = match entry.get("cut") {
        Some(Value::Bool(true)) => "...",
        _ => "",
    };
    // A JSON string is shown without its quotes, and an object as it is.
    let data = entry
        .get("data")
        .map_or_else(String::new, |data| match data {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
    format!("{logger}{}{cut}", printable(&data))
}

fn ended(entry: &Value) -> String {
    let count = |member| {
        number(
            entry
                .get(member)
                .and_then(Value::as_u64)
                .unwrap_or_default(),
        )
    };
    let message = match entry.get("message").and_then(Value::as_str) {
        Some(message) => format!(": {}", printable(message)),
        None => String::new(),
    };
    let tape = match entry.get("tape") {
        Some(Value::Bool(true)) => ", tape kept",
        _ => "",
    };
    let [method, name, outcome] =
        ["method", "name", "outcome"].map(|member| printable(&text(entry, member)));
    format!(
        "{method} {name} {STRONG}{outcome}{STRONG:#}{message} {FAINT}({} ms, {} fuel{tape}){FAINT:#}",
        count("millis"),
        count("fuel")
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_is_a_line_that_cannot_steer_the_terminal() {
        let plain = |entry: Value| anstream::adapter::strip_str(&shown(&entry)).to_string();
        for (entry, line) in [
            (
                json!({"time": 1_795_339_807_042_u64, "call": "5f0c9a7e1b2d3c48", "level": "info",
                       "kind": "log", "logger": "a", "data": "b\u{9b}c", "cut": true}),
                "2026-11-22 09:30:07.042 5f0c9a7e1b2d3c48 info      a b\u{fffd}c...",
            ),
            (
                json!({"time": 0, "call": "c", "level": "debug", "kind": "log", "data": {"a": 1}}),
                "1970-01-01 00:00:00.000 c debug     {\"a\":1}",
            ),
            (
                json!({"time": 0, "call": "c", "level": "error", "kind": "end", "method": "tools/call",
                       "name": "run", "outcome": "guest_panicked", "message": "it did", "millis": 12,
                       "fuel": 47_228, "tape": true}),
                "1970-01-01 00:00:00.000 c error     tools/call run guest_panicked: it did (12 ms, 47,228 fuel, tape kept)",
            ),
            (
                json!({"time": 0, "call": "c", "level": "warning", "kind": "note", "message": "dropped"}),
                "1970-01-01 00:00:00.000 c warning   dropped",
            ),
        ] {
            assert_eq!(plain(entry), line);
        }
    }
}
