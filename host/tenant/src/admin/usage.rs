//! What requests came to, and what should be looked at.

use std::collections::BTreeMap;

use serde::Serialize;
use smcp_capability::turn::Reply;
use smcp_ids::{ServerSlug, UnixMillis};

use super::logs::wrong;
use super::parameter;
use crate::problem::{Problem, json};
use crate::state::Scene;
use crate::usage::Span;
use crate::usage::alert::Alert;
use crate::usage::count::{Count, End};
use crate::usage::table::{Called, OTHER, Table};

/// What is answered if nothing else is asked.
const DAY: u64 = 24 * 60 * 60 * 1_000;

/// What is added up together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Server,
    Tool,
    Key,
}

/// What a row is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Subject {
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Whether it is all that has no row of its own.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    other: bool,
}

impl Subject {
    fn of(called: &Called, by: By) -> Self {
        let some =
            |text: &String| Some(text.clone()).filter(|text| !text.is_empty() && text != OTHER);
        let server = some(&called.server);
        if by == By::Server {
            return Self {
                server,
                other: called.server == OTHER,
                ..Self::default()
            };
        }
        Self {
            server,
            method: some(&called.method),
            name: some(&called.name),
            key: None,
            other: called.name == OTHER,
        }
    }

    fn of_key(key: &str) -> Self {
        Self {
            key: Some(key.to_owned()).filter(|key| !key.is_empty() && key != OTHER),
            other: key == OTHER,
            ..Self::default()
        }
    }
}

/// What requests came to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    requests: u64,
    ok: u64,
    tool_errors: u64,
    asked: u64,
    cancelled: u64,
    errors: Errors,
    fuel: u64,
    millis: u64,
    memory: u64,
    effects: u64,
    bytes_in: u64,
    bytes_out: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_millis: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_millis: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_fuel: Option<u64>,
}

/// Failures, by whose fault they were.
#[derive(Serialize)]
struct Errors {
    guest: u64,
    client: u64,
    host: u64,
}

impl View {
    fn of(count: &Count) -> Self {
        let millis = |of_thousand| Some(count.durations.quantile(of_thousand)? as f64 / 1_000.0);
        Self {
            requests: count.requests(),
            ok: count.ended(End::Ok),
            tool_errors: count.ended(End::ToolError),
            asked: count.ended(End::Asked),
            cancelled: count.ended(End::Cancelled),
            errors: Errors {
                guest: count.ended(End::Guest),
                client: count.ended(End::Client),
                host: count.ended(End::Host),
            },
            fuel: count.fuel,
            millis: count.micros / 1_000,
            memory: count.memory,
            effects: count.effects,
            bytes_in: count.bytes_in,
            bytes_out: count.bytes_out,
            p50_millis: millis(500),
            p99_millis: millis(990),
            p50_fuel: count.fuels.quantile(500),
            p99_fuel: count.fuels.quantile(990),
        }
    }
}

#[derive(Serialize)]
struct RowView {
    #[serde(flatten)]
    subject: Subject,
    #[serde(flatten)]
    count: View,
}

/// What there was in a time.
pub(super) async fn usage(scene: &Scene, query: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct Usage {
        from: u64,
        to: u64,
        step: &'static str,
        by: By,
        all: View,
        rows: Vec<RowView>,
    }
    let (by, server) = (by(query)?, server(query)?);
    let now = scene.outside.now();
    let span = span(query, now)?;
    let table = scene.usage_of(span).await?;
    let rows = rows(&table, by, server.as_ref());
    let mut all = Count::default();
    rows.values().for_each(|count| all.merge(count));
    let whole = span.whole(now);
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|(_, count)| core::cmp::Reverse(count.requests()));
    let rows = rows.into_iter().map(|(subject, count)| RowView {
        subject,
        count: View::of(&count),
    });
    let usage = Usage {
        from: whole.from.0,
        to: whole.to.0,
        step: if span.is_in_hours(now) { "hour" } else { "day" },
        by,
        all: View::of(&all),
        rows: rows.collect(),
    };
    Ok(json(200, &usage))
}

fn rows(table: &Table, by: By, server: Option<&ServerSlug>) -> BTreeMap<Subject, Count> {
    let mut rows = BTreeMap::<Subject, Count>::new();
    if by == By::Key {
        for (key, count) in &table.callers {
            rows.entry(Subject::of_key(key)).or_default().merge(count);
        }
        return rows;
    }
    for (called, count) in &table.called {
        if server.is_none_or(|server| called.server == server.as_str()) {
            let row = rows.entry(Subject::of(called, by)).or_default();
            row.merge(count);
        }
    }
    rows
}

fn by(query: &str) -> Result<By, Problem> {
    match parameter(query, "by").unwrap_or("server") {
        "server" => Ok(By::Server),
        "tool" => Ok(By::Tool),
        "key" if parameter(query, "server").is_some() => {
            Err(wrong("by", "server or tool, of one server"))
        }
        "key" => Ok(By::Key),
        _ => Err(wrong("by", "server, tool or key")),
    }
}

fn server(query: &str) -> Result<Option<ServerSlug>, Problem> {
    let server = parameter(query, "server");
    let parsed = server.map(str::parse).transpose();
    parsed.map_err(|_| wrong("server", "the name of a server"))
}

fn span(query: &str, now: UnixMillis) -> Result<Span, Problem> {
    let moment = |name| {
        let text = parameter(query, name);
        let parsed = text.map(|text| text.parse().map(UnixMillis)).transpose();
        parsed.map_err(|_| wrong(name, "milliseconds since 1970"))
    };
    let to = moment("to")?.unwrap_or(now);
    // What does not fit into a date is no time.
    let most = now.plus(DAY);
    let to = to.min(most);
    let from = moment("from")?.unwrap_or(UnixMillis(to.0.saturating_sub(DAY)));
    if from > to {
        return Err(wrong("from", "not later than `to`"));
    }
    Ok(Span { from, to })
}

/// The alerts that are kept, the newest first.
pub(super) async fn alerts(scene: &Scene, query: &str) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        alerts: Vec<AlertView<'a>>,
    }
    let after = match parameter(query, "from") {
        Some(text) => text
            .parse()
            .map_err(|_| wrong("from", "milliseconds since 1970"))?,
        None => 0,
    };
    let alerts = scene.alerts().await?;
    let recent = alerts.iter().rev().filter(|alert| alert.last.0 >= after);
    let list = List {
        alerts: recent.map(AlertView::of).collect(),
    };
    Ok(json(200, &list))
}

#[derive(Serialize)]
struct AlertView<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    server: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    code: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    caller: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    first: u64,
    last: u64,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usual: Option<u64>,
}

impl<'a> AlertView<'a> {
    fn of(alert: &'a Alert) -> Self {
        Self {
            kind: alert.kind.as_str(),
            server: &alert.server,
            name: &alert.name,
            code: &alert.code,
            caller: &alert.by,
            call: alert.call.map(|call| call.to_string()),
            first: alert.first.0,
            last: alert.last.0,
            count: alert.count,
            fuel: alert.fuel.map(|(fuel, _)| fuel),
            usual: alert.fuel.map(|(_, usual)| usual),
        }
    }
}
