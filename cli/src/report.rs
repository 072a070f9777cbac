//! The report on a release, for people: what it can do, what it cannot, and what was found.
//!
//! A host's report and one that was made here are the same JSON, and are shown alike.

use std::fmt::Write as _;

use serde_json::Value;
use smcp_analysis::{Analysis, Context, FindingPolicy, Report, Subject};
use smcp_protocol::Catalogue;
use smcp_tenant::probe::Probing;

use crate::failure::Failure;
use crate::local::Local;
use crate::ui::{ERROR, FAINT, STRONG, WARNING};

/// The report on a module of this machine: held against no other servers, and against no release that is live.
pub(crate) fn of(
    local: &Local,
    catalogue: &Catalogue,
    policy: &FindingPolicy,
) -> Result<Report, Failure> {
    // Whoever signed it is trusted by nobody here.
    let subject = Subject {
        signers: &[],
        ..Subject::from(&local.admitted)
    };
    let is_bad = |digest: &_| policy.knows_bad(digest);
    let mut analysis = Analysis::new(subject, Context::default(), is_bad)?.run();
    let probing = Probing::new(&local.loaded, catalogue, local.admitted.limits());
    probing.run_all().report(&mut analysis);
    Ok(analysis.finish())
}

/// What a module can do and cannot, and what was found: a line and more for each.
pub(crate) fn text(report: &Value) -> String {
    let facts = report.get("facts").unwrap_or(&Value::Null);
    let words = |member: &str| {
        let abilities = list(facts, member).iter();
        let words =
            abilities.filter_map(|ability| ability.get("words").unwrap_or(ability).as_str());
        words.collect::<Vec<_>>().join("\n              ")
    };
    let mut text = String::new();
    for (name, member) in [
        ("can", "can"),
        ("cannot", "cannot"),
        ("no module can", "never"),
    ] {
        let words = words(member);
        if !words.is_empty() {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{STRONG}{name:<13}{STRONG:#} {words}");
        }
    }
    let made_with = list(facts, "made_with").iter().map(|made| {
        let part = |member| made.get(member).and_then(Value::as_str).unwrap_or_default();
        format!("{} {}", part("name"), part("version"))
    });
    let made_with = made_with.collect::<Vec<_>>().join(", ");
    if !made_with.is_empty() {
        let _ = writeln!(
            text,
            "{STRONG}{:<13}{STRONG:#} {made_with}, as it says",
            "made with"
        );
    }
    if let Some(code) = facts.get("code").and_then(Value::as_str) {
        let _ = writeln!(text, "{STRONG}{:<13}{STRONG:#} {code}", "code");
    }
    let found = list(report, "findings");
    let left_out = report.get("left_out").and_then(Value::as_u64).unwrap_or(0);
    let count = match (found.len(), left_out) {
        (0, _) => "none".to_owned(),
        (count, 0) => count.to_string(),
        (count, more) => format!("{count}, and {more} more"),
    };
    let _ = write!(text, "{STRONG}{:<13}{STRONG:#} {count}", "findings");
    let shown = findings(found);
    if !shown.is_empty() {
        let _ = write!(text, "\n{shown}");
    }
    text
}

/// Findings, the worst first: what, where, what it says, what to do.
pub(crate) fn findings(found: &[Value]) -> String {
    let shown = found.iter().map(|finding| {
        let part = |member| finding.get(member).and_then(Value::as_str).unwrap_or_default();
        let (level, code, place) = (part("level"), part("code"), part("where"));
        let style = match level {
            "danger" => ERROR,
            "warning" => WARNING,
            _ => FAINT,
        };
        format!(
            "  {style}{level:<8}{style:#} {STRONG}{code}{STRONG:#} at {place}\n           {}\n           {FAINT}{}{FAINT:#}",
            part("says"),
            part("advice")
        )
    });
    shown.collect::<Vec<_>>().join("\n")
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    let list = value.get(member).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}
