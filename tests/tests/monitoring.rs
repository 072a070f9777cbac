//! What can be seen of a platform from outside, on real workerd: usage, alerts, lines of the log and metrics, which
//! Prometheus' own parser reads; and what a kill costs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smcp_ids::limits;
use smcp_tests::http::{Answer, Ask, tool_call};
use smcp_tests::mortal::{Mortal, kill};
use smcp_tests::{Stage, Tenant, guests};
use smcp_xtask::build;
use smcp_xtask::platform::Platform;

const GREET: &str = include_str!("../guests/greet.wat");
const KV: &str = include_str!("../guests/kv.wat");

/// A platform that logs every request.
fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        Stage::with(|options| smcp_xtask::dev::Options {
            request_log: "all".to_owned(),
            ..options
        })
        .unwrap()
    })
}

fn run(platform: &Platform, tenant: &Tenant, arguments: &[&str]) -> Value {
    let of = ["--tenant", tenant.name.as_str()];
    platform.smcp(arguments.iter().chain(&of)).unwrap()
}

/// Calls a tool of the guest that runs little programs.
fn program(tenant: &Tenant, program: &str) -> Answer {
    let arguments = json!({"program": format!("!{program}")});
    stage().post(tenant, &tool_call("run", &arguments)).unwrap()
}

fn metrics(platform: &Platform) -> String {
    metrics_at(platform, "/metrics")
}

fn tenant_metrics(platform: &Platform, tenant: &Tenant) -> String {
    let path = format!("/admin/v1/tenants/{}/metrics", tenant.name);
    metrics_at(platform, &path)
}

fn metrics_at(platform: &Platform, path: &str) -> String {
    let bearer = format!("Bearer {}", platform.admin_token());
    let ask = Ask::new("GET", &format!("{}{path}", platform.url()));
    let answer = ask.header("authorization", &bearer).send(b"").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    answer.text()
}

/// Metrics as Prometheus reads them.
fn read(text: &str) -> Value {
    let root = smcp_xtask::paths::root();
    let mut reader = Command::new(smcp_xtask::python::python().unwrap())
        .arg(root.join("tests/clients/metrics.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    reader
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let read = reader.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{said} in {text}");
    serde_json::from_slice(&read.stdout).unwrap()
}

/// The number of a series; none if it is not there.
fn value(families: &Value, family: &str, labels: &Value) -> Option<f64> {
    let samples = families[family]["samples"].as_array().unwrap();
    let found = samples.iter().find(|sample| sample["labels"] == *labels);
    found.map(|sample| sample["value"].as_f64().unwrap())
}

/// Lines of the platform's log of one event about a tenant.
fn lines(tenant: &Tenant, event: &str) -> Vec<Value> {
    let log = stage().log().unwrap();
    let lines = log.lines().filter_map(|line| line.strip_prefix("log: "));
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["event"] == event && line["tenant"] == tenant.name)
        .collect()
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < Duration::from_secs(40), "{what}");
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn what_is_called_shows_in_usage_alerts_lines_and_metrics() {
    let tenant = stage().tenant_with(KV).unwrap();
    let platform = stage().platform();
    for _ in 0..5 {
        assert_eq!(program(&tenant, "ga").status, 200);
    }
    let failed = program(&tenant, "saxu");
    let id = failed.header("x-request-id").to_owned();
    program(&tenant, "saxu");
    let usage = run(platform, &tenant, &["usage", "--by", "tool"]);
    let row = &usage["rows"][0];
    assert_eq!(
        (&row["server"], &row["name"]),
        (&json!("guest"), &json!("run")),
        "{usage}"
    );
    assert_eq!(
        (&row["requests"], &row["errors"]["guest"]),
        (&json!(7), &json!(2)),
        "{usage}"
    );
    assert!(
        row["fuel"].as_u64().unwrap() > 0 && row["effects"].as_u64().unwrap() >= 5,
        "{usage}"
    );
    let alerts = run(platform, &tenant, &["alerts"]);
    let alert = &alerts["alerts"][0];
    assert_eq!(
        (&alert["kind"], &alert["count"]),
        (&json!("trap"), &json!(2)),
        "{alerts}"
    );
    // Each request has a line, and the one that failed is found by what its response said.
    until("lines", || {
        lines(&tenant, "request")
            .iter()
            .filter(|line| line["place"] == "mcp")
            .count()
            == 7
    });
    let found = lines(&tenant, "request");
    let line = found
        .iter()
        .find(|line| line["request"] == id.as_str())
        .unwrap();
    assert_eq!(
        (&line["code"], &line["name"]),
        (&json!("guest_panicked"), &json!("run")),
        "{line}"
    );
    assert!(line["caller"].as_str().unwrap().starts_with("key:"));
    assert_eq!(lines(&tenant, "alert").len(), 1);
    let log = stage().log().unwrap();
    assert!(
        !log.contains(&tenant.key) && !log.contains("!saxu"),
        "a line has what is secret"
    );
    // The object that has been asked has told the platform's.
    let families = read(&metrics(platform));
    let ok = json!({"tenant": tenant.name, "end": "ok"});
    assert_eq!(
        value(&families, "smcp_requests", &ok),
        Some(5.0),
        "{families}"
    );
    let trap = json!({"tenant": tenant.name, "kind": "trap"});
    assert_eq!(value(&families, "smcp_alerts", &trap), Some(2.0));
    let families = read(&tenant_metrics(platform, &tenant));
    let called = json!({
        "tenant": tenant.name, "server": "guest", "method": "tools/call", "name": "run", "end": "guest_fault",
    });
    assert_eq!(
        value(&families, "smcp_called_requests", &called),
        Some(2.0),
        "{families}"
    );
}

#[test]
fn what_is_counted_is_stored_without_being_asked_for() {
    let tenant = stage().tenant_with(GREET).unwrap();
    for _ in 0..3 {
        assert_eq!(
            stage()
                .post(&tenant, &tool_call("greet", &json!({"name": "a"})))
                .unwrap()
                .status,
            200
        );
    }
    let ok = json!({"tenant": tenant.name, "end": "ok"});
    let before = Instant::now();
    until("the object has not told the platform's", || {
        let families = read(&metrics(stage().platform()));
        value(&families, "smcp_requests", &ok) == Some(3.0)
    });
    let rest = Duration::from_millis(limits::USAGE_REST_MILLIS);
    assert!(
        before.elapsed() + rest / 4 >= rest,
        "it waits for more first"
    );
}

#[test]
fn every_metric_is_documented_and_what_is_documented_is_there() {
    let tenant = stage().tenant_with(GREET).unwrap();
    stage().call(&tenant, "greet").unwrap();
    run(stage().platform(), &tenant, &["usage"]);
    let text = metrics(stage().platform()) + &tenant_metrics(stage().platform(), &tenant);
    let families: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let root = smcp_xtask::paths::root();
    for file in ["docs/monitoring.md", "docs/prometheus/alerts.yml"] {
        let document = std::fs::read_to_string(root.join(file)).unwrap();
        let words = document
            .split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let named: BTreeSet<&str> = words
            .filter(|word| word.starts_with("smcp_"))
            .map(|word| word.strip_suffix("_bucket").unwrap_or(word))
            .collect();
        assert!(
            named.is_subset(&families),
            "{file} names {:?}",
            named.difference(&families)
        );
        if file.ends_with(".md") {
            assert_eq!(named, families, "{file}");
        }
    }
}

#[test]
fn nobody_else_reads_metrics_and_the_edge_says_so() {
    let tenant = stage().tenant().unwrap();
    let url = format!("{}/metrics", stage().platform().url());
    for bearer in [tenant.key.as_str(), "wrong", ""] {
        let answer = Ask::new("GET", &url)
            .header("authorization", &format!("Bearer {bearer}"))
            .send(b"")
            .unwrap();
        assert_eq!(answer.status, 401, "{bearer} {}", answer.text());
    }
    assert_eq!(Ask::new("GET", &url).send(b"").unwrap().status, 401);
    let is_line =
        |line: &&str| line.contains("\"place\":\"edge\"") && line.contains("\"status\":401");
    until("a line of the edge", || {
        stage().log().unwrap().lines().filter(is_line).count() >= 4
    });
    assert!(!stage().log().unwrap().contains("Bearer"));
}

#[test]
fn a_kill_loses_one_batch_at_the_most_and_counters_never_go_back() {
    build::build(build::Mode::Release).unwrap();
    let mortal = Mortal::new().unwrap();
    let platform = mortal.start().unwrap();
    platform.tenant("acme").unwrap();
    let publisher = guests::publisher().public().to_string();
    platform
        .smcp(["publisher", "trust", &publisher, "--tenant", "acme"])
        .unwrap();
    let package = platform.scratch("greet.wasm");
    std::fs::write(&package, guests::package(GREET, "1.0.0").unwrap()).unwrap();
    let package = package.to_str().unwrap().to_owned();
    platform
        .smcp(["publish", &package, "--tenant", "acme", "--server", "greet"])
        .unwrap();
    let key = platform.key("acme").unwrap();
    let call = |platform: &Platform| {
        let ask = Ask::new("POST", &platform.endpoint("acme", "greet"));
        let ask = ask
            .header("authorization", &format!("Bearer {key}"))
            .header("content-type", "application/json");
        let message = tool_call("greet", &json!({"name": "a"})).to_string();
        assert_eq!(
            ask.header("accept", "application/json")
                .send(message.as_bytes())
                .unwrap()
                .status,
            200
        );
    };
    let usage = |platform: &Platform| {
        let usage = platform.smcp(["usage", "--tenant", "acme"]).unwrap();
        usage["all"]["requests"].as_u64().unwrap()
    };
    for _ in 0..10 {
        call(&platform);
    }
    assert_eq!(usage(&platform), 10);
    for _ in 0..7 {
        call(&platform);
    }
    kill(platform).unwrap();
    let platform = mortal.start().unwrap();
    assert_eq!(
        usage(&platform),
        10,
        "what was stored is there, and nothing twice"
    );
    call(&platform);
    assert_eq!(usage(&platform), 11);
    let ok = json!({"tenant": "acme", "end": "ok"});
    assert_eq!(
        value(&read(&metrics(&platform)), "smcp_requests", &ok),
        Some(11.0)
    );
}

#[test]
fn labels_that_would_mislead_prometheus_are_read_as_they_were_meant() {
    // By the rules of the format, as the host writes them (host/tenant/src/metrics.rs holds the same text).
    let evil = "a\"} 1\nforged{x=\"\\";
    let text = "# HELP m_total Help.\n# TYPE m_total counter\nm_total{tenant=\"a\\\"} 1\\nforged{x=\\\"\\\\\",end=\"ok\"} 7\n";
    let families = read(text);
    assert_eq!(
        value(&families, "m", &json!({"tenant": evil, "end": "ok"})),
        Some(7.0),
        "{families}"
    );
    assert_eq!(families.as_object().unwrap().len(), 1);
}
