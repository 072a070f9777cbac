//! A tenant's own metrics: what was called, and who called, since midnight (UTC).
//!
//! They are the rows of the day, so they cost nothing but being asked for, and are as many as those at the most. At midnight
//! all counters begin again, which whoever reads counters takes for a restart: of what came between the last look and
//! midnight nothing is seen.

use smcp_capability::turn::Reply;

use super::{Micros, SINGLE, Text, reply};
use crate::problem::Problem;
use crate::state::Scene;
use crate::usage::count::{Count, End};
use crate::usage::report::Report;

/// The labels of a row, and what it came to.
type Row<'a> = (Vec<(&'static str, &'a str)>, &'a Count);

/// What there was of this tenant since midnight.
pub(crate) async fn answer(scene: &Scene) -> Result<Reply, Problem> {
    let tenant = scene.tenant().ok_or_else(Problem::not_found)?;
    let table = scene.usage_today().await?;
    let tenant = ("tenant", tenant.as_str());
    let called = table.called.iter().map(|(called, count)| {
        let labels = [
            tenant,
            ("server", called.server.as_str()),
            ("method", called.method.as_str()),
            ("name", called.name.as_str()),
        ];
        (labels.to_vec(), count)
    });
    let callers = table.callers.iter();
    let callers = callers.map(|(caller, count)| (vec![tenant, ("caller", caller.as_str())], count));
    let mut text = Text::default();
    family(&mut text, "smcp_called", &called.collect::<Vec<_>>());
    family(&mut text, "smcp_caller", &callers.collect::<Vec<_>>());
    Ok(reply(text))
}

fn family(text: &mut Text, of: &str, rows: &[Row<'_>]) {
    let name = format!("{of}_requests_total");
    text.family(&name, "counter", "Requests of MCP, by how they ended.");
    for (labels, count) in rows {
        for end in End::ALL {
            let ended = count.ended(end);
            if ended > 0 {
                text.line(&name, &with(labels, ("end", end.as_str())), ended);
            }
        }
    }
    for (what, help, number) in SINGLE {
        let name = format!("{of}_{what}");
        text.family(&name, "counter", help);
        for (labels, count) in rows {
            text.line(&name, labels, number(&Report::of(count)));
        }
    }
    let name = format!("{of}_request_duration_seconds");
    text.family(&name, "summary", "How long requests took.");
    for (labels, count) in rows {
        for (quantile, of_thousand) in [("0.5", 500), ("0.99", 990)] {
            if let Some(micros) = count.durations.quantile(of_thousand) {
                let labels = with(labels, ("quantile", quantile));
                text.line(&name, &labels, Micros(micros));
            }
        }
        text.line(&format!("{name}_sum"), labels, Micros(count.micros));
        text.line(&format!("{name}_count"), labels, count.requests());
    }
}

fn with<'a>(
    labels: &[(&'static str, &'a str)],
    more: (&'static str, &'a str),
) -> Vec<(&'static str, &'a str)> {
    labels.iter().copied().chain([more]).collect()
}
