//! `smcp usage` and `smcp alerts` against the host itself.

use serde_json::json;

use crate::admin::{admin, host_of};
use crate::support::Bench;
use crate::world::{ADMIN, tool_call};

const SPIN: &str = include_str!("../../../tests/guests/spin.wat");

/// A host whose tenant's server has computed without end, twice, and was asked for what it has not.
fn spun() -> String {
    let prepared = host_of(|world| {
        let key = world.acme(SPIN);
        for tool in ["spin", "spin", "nothing"] {
            world.call(&key, &tool_call(1, tool, json!({})));
        }
    });
    prepared.0
}

/// So far back that it is before the clock of the host, which stands still.
const SINCE: [&str; 4] = ["--since", "10000d", "--tenant", "acme"];

#[test]
fn usage_is_shown_by_server_tool_and_key() {
    let (bench, host) = (Bench::new(), spun());
    for (by, subject, rows) in [
        ("server", "server", 1),
        ("tool", "name", 2),
        ("key", "key", 1),
    ] {
        let arguments = [&["usage", "--by", by], &SINCE[..]].concat();
        let usage = admin(&bench, &host, &arguments).json();
        assert_eq!(usage["all"]["requests"], 3, "{usage}");
        assert_eq!(
            usage["all"]["errors"],
            json!({"guest": 2, "client": 1, "host": 0})
        );
        let found = usage["rows"].as_array().unwrap();
        assert_eq!(found.len(), rows, "{by} {usage}");
        assert!(found[0][subject].is_string(), "{by} {usage}");
    }
    let of_another = [&["usage", "--server", "another"], &SINCE[..]].concat();
    assert_eq!(admin(&bench, &host, &of_another).json()["rows"], json!([]));
    let both = [&["usage", "--by", "key", "--server", "hello"], &SINCE[..]].concat();
    assert_eq!(
        admin(&bench, &host, &both).error(),
        (1, "invalid_parameter".into())
    );
}

#[test]
fn alerts_say_what_to_look_at() {
    let (bench, host) = (Bench::new(), spun());
    let alerts = admin(&bench, &host, &[&["alerts"], &SINCE[..]].concat()).json();
    let alert = &alerts["alerts"][0];
    assert_eq!(
        (&alert["kind"], &alert["count"]),
        (&json!("out_of_fuel"), &json!(2)),
        "{alerts}"
    );
    let recent = admin(
        &bench,
        &host,
        &["alerts", "--since", "1h", "--tenant", "acme"],
    )
    .json();
    assert_eq!(recent["alerts"], json!([]));
}

#[test]
fn people_are_shown_tables() {
    let (bench, host) = (Bench::new(), spun());
    let environment = [("SMCP_HOST", host.as_str()), ("SMCP_TOKEN", ADMIN)];
    for (command, shown) in [
        ("usage", ["SERVER", "REQUESTS", "hello"]),
        ("alerts", ["KIND", "out_of_fuel", "guest_out_of_fuel"]),
    ] {
        let ran = bench.smcp_with(&[&[command], &SINCE[..]].concat(), &environment, "");
        let text = ran.ok();
        assert!(shown.iter().all(|word| text.contains(word)), "{text}");
    }
    let wrong = ["usage", "--since", "yesterday", "--tenant", "acme"];
    let wrong = bench.smcp_with(&wrong, &environment, "");
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("such as 24h"), "{}", wrong.stderr);
}
