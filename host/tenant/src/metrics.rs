//! The platform's metrics, as text that Prometheus reads (exposition format 0.0.4).
//!
//! What there is of each tenant is what its object reported last, so a scrape wakes no other object. Of more tenants than
//! have series of their own, what is left is one more, without a name.

pub(crate) mod called;

use core::fmt::Write as _;

use smcp_auth::Principal;
use smcp_capability::turn::{Frame, Head, Reply};
use smcp_ids::{UnixMillis, limits};

use crate::problem::Problem;
use crate::state::Scene;
use crate::usage::alert::Kind;
use crate::usage::count::End;
use crate::usage::report::{BOUNDS, Report, Told};

/// Where they are.
pub(crate) const PATH: &str = "/metrics";

/// Answers a scrape of the platform's admin.
pub(crate) async fn answer(
    scene: &Scene,
    frame: &Frame,
    principal: &Principal,
) -> Result<Reply, Problem> {
    if !principal.is_platform_admin() || scene.tenant().is_some() {
        return Err(Problem::not_found());
    }
    if frame.method != "GET" {
        let message = "this path takes GET";
        return Err(Problem::new(405, "method_not_allowed", message));
    }
    scene.load_reports().await?;
    let state = scene.state.borrow();
    let listed = &state.directory()?.listed;
    let known = state.reports.iter().flat_map(|reports| reports.of(listed));
    let mut known = known.map(|(tenant, told)| (tenant.as_str(), told.clone()));
    let mut series: Vec<(&str, Told)> = known.by_ref().take(limits::METRICS_TENANTS_MAX).collect();
    let mut others = 0_u64;
    let together = known.map(|(_, told)| told).reduce(|mut sum, told| {
        others += 1;
        sum.report.merge(&told.report);
        sum.at = sum.at.max(told.at);
        sum
    });
    if let Some(sum) = together {
        others += 1;
        series.push(("", sum));
    }
    Ok(reply(text(listed.len() as u64, others, &series)))
}

/// Metrics, as they are sent.
fn reply(text: Text) -> Reply {
    let headers = [
        ("content-type", "text/plain; version=0.0.4; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Reply {
        head: Head {
            status: 200,
            headers: headers.to_vec(),
        },
        body: text.0.into_bytes(),
    }
}

/// A metric with one number for each tenant, or each row of one: its name after that of the family.
type Single = (&'static str, &'static str, fn(&Report) -> u64);

const SINGLE: [Single; 4] = [
    ("fuel_total", "Fuel that guests have used.", |report| {
        report.fuel
    }),
    (
        "effects_total",
        "What guests have asked the host to do.",
        |report| report.effects,
    ),
    ("received_bytes_total", "Bytes of requests.", |report| {
        report.bytes_in
    }),
    (
        "sent_bytes_total",
        "Bytes of answers, and of what was told before them.",
        |report| report.bytes_out,
    ),
];

fn text(tenants: u64, others: u64, series: &[(&str, Told)]) -> Text {
    let mut text = Text::default();
    text.family("smcp_tenants", "gauge", "Tenants that there are.");
    text.line("smcp_tenants", &[], tenants);
    text.family(
        "smcp_tenants_together",
        "gauge",
        "Tenants that have no series of their own, and are counted together without a name.",
    );
    text.line("smcp_tenants_together", &[], others);
    let name = "smcp_requests_total";
    text.family(name, "counter", "Requests of MCP, by how they ended.");
    for (tenant, told) in series {
        for (end, count) in End::ALL.iter().zip(told.report.ends) {
            text.line(name, &[("tenant", tenant), ("end", end.as_str())], count);
        }
    }
    for (name, help, number) in SINGLE {
        let name = format!("smcp_{name}");
        text.family(&name, "counter", help);
        for (tenant, told) in series {
            text.line(&name, &[("tenant", tenant)], number(&told.report));
        }
    }
    let name = "smcp_alerts_total";
    text.family(
        name,
        "counter",
        "Alerts that were raised, by what they are of.",
    );
    for (tenant, told) in series {
        for (kind, count) in Kind::ALL.iter().zip(told.report.alerts) {
            text.line(name, &[("tenant", tenant), ("kind", kind.as_str())], count);
        }
    }
    durations(&mut text, series);
    let name = "smcp_report_timestamp_seconds";
    text.family(
        name,
        "gauge",
        "When a tenant's object told what is here of it.",
    );
    for (tenant, told) in series {
        text.line(name, &[("tenant", tenant)], Seconds(told.at));
    }
    text
}

fn durations(text: &mut Text, series: &[(&str, Told)]) {
    let name = "smcp_request_duration_seconds";
    text.family(name, "histogram", "How long requests took.");
    for (tenant, Told { report, .. }) in series {
        let bucket = format!("{name}_bucket");
        for (most, count) in BOUNDS.iter().zip(report.within) {
            let most = Micros(*most).to_string();
            text.line(&bucket, &[("tenant", tenant), ("le", &most)], count);
        }
        let all = report.requests();
        text.line(&bucket, &[("tenant", tenant), ("le", "+Inf")], all);
        text.line(
            &format!("{name}_sum"),
            &[("tenant", tenant)],
            Micros(report.micros),
        );
        text.line(&format!("{name}_count"), &[("tenant", tenant)], all);
    }
}

/// Microseconds as seconds.
struct Micros(u64);

impl core::fmt::Display for Micros {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// A moment as seconds since 1970.
struct Seconds(UnixMillis);

impl core::fmt::Display for Seconds {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{:03}", self.0.0 / 1_000, self.0.0 % 1_000)
    }
}

/// Text that is being written. Writing to a text does not fail.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl core::fmt::Display) {
        self.0.push_str(name);
        for (at, (label, value)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"");
            self.value(value);
            self.0.push('"');
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{after} {value}");
    }

    /// The value of a label: the three characters that would end it, or the line, are escaped.
    fn value(&mut self, value: &str) {
        for character in value.chars() {
            match character {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                other => self.0.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also read by Prometheus' own parser: `tests/tests/metrics.rs`.
    #[test]
    fn a_label_ends_neither_itself_nor_its_line() {
        let mut text = Text::default();
        let evil = "a\"} 1\nforged{x=\"\\";
        text.line("m_total", &[("tenant", evil), ("end", "ok")], 7);
        assert_eq!(
            text.0,
            "m_total{tenant=\"a\\\"} 1\\nforged{x=\\\"\\\\\",end=\"ok\"} 7\n"
        );
        assert_eq!(text.0.lines().count(), 1);
    }

    #[test]
    fn times_are_seconds_to_the_last_digit() {
        assert_eq!(Micros(1_023).to_string(), "0.001023");
        assert_eq!(Micros(67_108_863).to_string(), "67.108863");
        assert_eq!(
            Seconds(UnixMillis(1_795_339_800_042)).to_string(),
            "1795339800.042"
        );
    }
}
