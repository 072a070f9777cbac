//! The platform's metrics: what objects have reported, and who may see it.

use serde_json::{Value, json};
use smcp_capability::turn::{Effect, REPORT_METHOD};
use smcp_ids::limits;

use crate::counted::{OBJECT, effects, store};
use crate::kv_world::Kv;
use crate::world::{ADMIN, World};

const REST: f64 = limits::USAGE_REST_MILLIS as f64;

fn metrics(world: &mut World) -> String {
    let frame = world.frame("GET", "/metrics", ADMIN, Vec::new());
    let answer = world.send("platform", frame);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let headers = &answer.reply.head.headers;
    let kind = headers
        .iter()
        .find(|(name, _)| name == "content-type")
        .unwrap();
    assert_eq!(kind.1, "text/plain; version=0.0.4; charset=utf-8");
    answer.text().to_owned()
}

/// The number of a series.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find(|line| {
        line.strip_prefix(series)
            .is_some_and(|rest| rest.starts_with(' '))
    });
    line.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

/// Has the platform's object store what was reported, if it is time.
fn store_reports(world: &mut World, after: f64) {
    world.pass(after);
    let frame = world.own_frame(smcp_tenant::usage::STORE_PATH);
    world.send("platform", frame);
}

#[test]
fn what_a_tenant_has_counted_is_reported_with_its_batch_and_not_asked_for() {
    let mut kv = Kv::new();
    for program in ["ga", "ga", "saxu", "saxp"] {
        kv.call(program);
    }
    let before = metrics(&mut kv.world);
    assert_eq!(value(&before, "smcp_tenants"), Some(1.0));
    assert_eq!(
        value(&before, r#"smcp_requests_total{tenant="acme",end="ok"}"#),
        None
    );
    store(&mut kv.world, REST);
    let frame = kv.world.frame("GET", "/metrics", ADMIN, Vec::new());
    let turn = kv.world.begin("platform", frame);
    // A scrape asks no other object, nor storage while this one is awake.
    let step = kv.world.step("platform", turn, None);
    assert!(
        matches!(step, smcp_capability::turn::Step::Done(_)),
        "{step:?}"
    );
    let text = metrics(&mut kv.world);
    for (series, number) in [
        (r#"smcp_requests_total{tenant="acme",end="ok"}"#, 2.0),
        (
            r#"smcp_requests_total{tenant="acme",end="tool_error"}"#,
            1.0,
        ),
        (
            r#"smcp_requests_total{tenant="acme",end="guest_fault"}"#,
            1.0,
        ),
        (
            r#"smcp_requests_total{tenant="acme",end="client_fault"}"#,
            0.0,
        ),
        (r#"smcp_alerts_total{tenant="acme",kind="trap"}"#, 1.0),
        (r#"smcp_request_duration_seconds_count{tenant="acme"}"#, 4.0),
        (
            r#"smcp_request_duration_seconds_bucket{tenant="acme",le="+Inf"}"#,
            4.0,
        ),
        (
            r#"smcp_report_timestamp_seconds{tenant="acme"}"#,
            kv.world.now() as f64 / 1_000.0,
        ),
    ] {
        assert_eq!(value(&text, series), Some(number), "{series} in {text}");
    }
    // As docs/monitoring.md says.
    assert_eq!(text.matches("tenant=\"acme\"").count(), 31);
    for series in [
        "smcp_fuel_total",
        "smcp_effects_total",
        "smcp_received_bytes_total",
        "smcp_sent_bytes_total",
    ] {
        let found = value(&text, &format!("{series}{{tenant=\"acme\"}}"));
        assert!(found.unwrap() > 0.0, "{series}");
    }
}

#[test]
fn a_counter_goes_up_only_whatever_of_its_way_is_lost() {
    let mut kv = Kv::new();
    let series = r#"smcp_requests_total{tenant="acme",end="ok"}"#;
    kv.call("ga");
    store(&mut kv.world, REST);
    store_reports(&mut kv.world, 0.0);
    // Too soon: what the platform's object had not stored is gone with it, until the next report.
    kv.world.evict();
    assert_eq!(value(&metrics(&mut kv.world), series), None);
    kv.call("ga");
    store(&mut kv.world, REST);
    assert_eq!(value(&metrics(&mut kv.world), series), Some(2.0));
    store_reports(&mut kv.world, limits::USAGE_BATCH_MILLIS as f64);
    kv.world.evict();
    assert_eq!(value(&metrics(&mut kv.world), series), Some(2.0));
    // A report that is told again changes nothing.
    kv.call("ga");
    kv.world.pass(REST);
    let frame = kv.world.own_frame(smcp_tenant::usage::STORE_PATH);
    let needed = effects(&mut kv.world, frame);
    let report = needed
        .into_iter()
        .find(|effect| matches!(effect, Effect::Report(_)))
        .unwrap();
    for _ in 0..3 {
        kv.world.perform(OBJECT, report.clone());
        assert_eq!(value(&metrics(&mut kv.world), series), Some(3.0));
    }
}

#[test]
fn a_tenant_that_is_deleted_is_in_no_metric_and_its_late_report_changes_nothing() {
    let mut kv = Kv::new();
    kv.call("ga");
    kv.world.pass(REST);
    let frame = kv.world.own_frame(smcp_tenant::usage::STORE_PATH);
    let needed = effects(&mut kv.world, frame);
    let report = needed
        .into_iter()
        .find(|effect| matches!(effect, Effect::Report(_)))
        .unwrap();
    store_reports(&mut kv.world, limits::USAGE_BATCH_MILLIS as f64);
    kv.world
        .admin("DELETE", "/tenants/acme?grace_days=0", Value::Null);
    kv.world.perform(OBJECT, report.clone());
    assert!(!metrics(&mut kv.world).contains("acme"));
    kv.world.pass(1.0);
    // Nor is it that of another one of that name.
    kv.world
        .admin("POST", "/tenants", json!({"tenant": "acme"}));
    kv.world
        .admin("POST", "/tenants", json!({"tenant": "other"}));
    kv.world.perform("tenant:other", report);
    store_reports(&mut kv.world, limits::USAGE_BATCH_MILLIS as f64);
    kv.world.evict();
    let text = metrics(&mut kv.world);
    assert!(
        text.contains("\"other\"") && !text.contains("\"acme\""),
        "{text}"
    );
}

#[test]
fn only_the_platforms_admin_sees_them_and_nobody_reports_for_another() {
    let mut kv = Kv::new();
    let admin = kv.world.key(
        "acme",
        json!({"name": "a", "scopes": "admin audit publish mcp"}),
    );
    for bearer in [admin.as_str(), kv.key.clone().as_str(), "nothing", ""] {
        let frame = kv.world.frame("GET", "/metrics", bearer, Vec::new());
        let status = kv.world.send("platform", frame).status();
        assert!(matches!(status, 401 | 404), "{status}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        let frame = kv.world.frame(method, "/metrics", ADMIN, Vec::new());
        assert_eq!(kv.world.send("platform", frame).status(), 405);
    }
    // A tenant's object has none, whoever asks.
    let frame = kv.world.frame("GET", "/metrics", ADMIN, Vec::new());
    assert_eq!(kv.world.send(OBJECT, frame).status(), 404);
    // A report that is none, of who is no tenant, or to who is not the platform: the shell says whose it is.
    for (object, path, body) in [
        ("platform", "/tenant:acme", vec![1, 2, 3]),
        ("platform", "/platform", vec![0; 32]),
        ("platform", "/tenant:nobody", vec![0; 32]),
        ("platform", "/", vec![0; 32]),
        (OBJECT, "/tenant:acme", vec![0; 32]),
    ] {
        let frame = kv.world.frame(REPORT_METHOD, path, "", body);
        kv.world.send(object, frame);
    }
    let text = metrics(&mut kv.world);
    assert!(!text.contains("tenant=\""), "{text}");
}

#[test]
fn a_tenants_own_have_each_tool_and_caller_and_begin_again_each_day() {
    let mut kv = Kv::new();
    let key = kv.key.clone();
    let caller = format!("key:{}", key.split('_').nth(2).unwrap());
    let own = |world: &mut World| {
        let path = "/admin/v1/tenants/acme/metrics";
        let frame = world.frame("GET", path, ADMIN, Vec::new());
        let answer = world.send(OBJECT, frame);
        assert_eq!(answer.status(), 200, "{}", answer.text());
        answer.text().to_owned()
    };
    for program in ["ga", "ga", "saxu"] {
        kv.call(program);
    }
    let text = own(&mut kv.world);
    let tool = r#"tenant="acme",server="hello",method="tools/call",name="run""#;
    let by = format!(r#"tenant="acme",caller="{caller}""#);
    for (series, number) in [
        (
            format!(r#"smcp_called_requests_total{{{tool},end="ok"}}"#),
            2.0,
        ),
        (
            format!(r#"smcp_called_requests_total{{{tool},end="guest_fault"}}"#),
            1.0,
        ),
        (
            format!("smcp_called_request_duration_seconds_count{{{tool}}}"),
            3.0,
        ),
        (
            format!(r#"smcp_caller_requests_total{{{by},end="ok"}}"#),
            2.0,
        ),
        (
            format!("smcp_caller_request_duration_seconds_count{{{by}}}"),
            3.0,
        ),
    ] {
        assert_eq!(value(&text, &series), Some(number), "{series} in {text}");
    }
    let fuel = format!("smcp_called_fuel_total{{{tool}}}");
    assert!(value(&text, &fuel).unwrap() > 0.0);
    // What nothing came to has no line, and what was asked of the admin API is not counted.
    assert!(
        !text.contains("cancelled") && !text.contains("metrics"),
        "{text}"
    );
    kv.world.pass(24.0 * 3_600_000.0);
    assert_eq!(value(&own(&mut kv.world), &fuel), None);
    kv.call("ga");
    let text = own(&mut kv.world);
    let ok = format!(r#"smcp_called_requests_total{{{tool},end="ok"}}"#);
    assert_eq!(value(&text, &ok), Some(1.0), "{text}");
}
