//! Keys that may do less, made without a host; and what a host says to them. Limits of keys and of a tenant.

use serde_json::{Value, json};

use crate::admin::{call, host_of};
use crate::support::{Bench, Ran};
use crate::world::ADMIN;

/// A key of the master key of development, and what docs/keys.md has it narrowed to.
const KEY: &str = "smcp_acme_k1_PUoHncj3TPlRS9wJqwgYAWZR6M87e1bP8l309fzbwXQ";

fn narrow(bench: &Bench, key: &str, args: &[&str]) -> Ran {
    let args = [&["--json", "key", "narrow"], args].concat();
    bench.smcp_with(&args, &[], key)
}

fn now() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

#[test]
fn a_key_is_narrowed_offline_from_standard_input_the_environment_or_a_file() {
    let bench = Bench::new();
    let scope = ["--scope", "mcp/notes:read"];
    let expected = "smcp_acme_k1_c2NvcGVzPW1jcC9ub3RlczpyZWFk.";
    bench.write("key.txt", format!("{KEY}\n"));
    let from = |args: &[&str], environment: &[(&str, &str)], input: &str| {
        let args = [&["--json", "key", "narrow"], &scope[..], args].concat();
        let made = bench.smcp_with(&args, environment, input).json();
        made["key"].as_str().unwrap().to_owned()
    };
    let key = from(&[], &[], &format!("{KEY}\n"));
    assert!(key.starts_with(expected), "{key}");
    assert_eq!(from(&["--from-env", "MY_KEY"], &[("MY_KEY", KEY)], ""), key);
    assert_eq!(from(&["--file", "key.txt"], &[], ""), key);
    // It says what it may do, and prints nothing but that and the key.
    let said = bench.smcp_with(
        &[
            "key",
            "narrow",
            "--scope",
            "mcp/notes:read",
            "--rate",
            "60000",
        ],
        &[],
        KEY,
    );
    let said = said.ok();
    assert!(
        said.contains("mcp/notes:read") && said.contains("60,000 a minute"),
        "{said}"
    );
    assert!(!said.contains("PUoHncj3"), "{said}");
}

#[test]
fn a_narrowed_key_is_narrowed_again_and_the_least_is_told() {
    let bench = Bench::new();
    let before = now();
    let args = [
        "--server",
        "notes",
        "--scope",
        "mcp/hello",
        "--for",
        "2h",
        "--fuel",
        "1000",
        "--rate",
        "60",
    ];
    let first = narrow(&bench, KEY, &args).json();
    let after = now();
    let expires = first["expires"].as_u64().unwrap();
    let hours = 2 * 3_600_000;
    assert!(
        (before + hours - 1_000..=after + hours).contains(&expires),
        "{first}"
    );
    assert_eq!(first["scopes"], "mcp/hello mcp/notes");
    assert_eq!(first["restrictions"].as_array().unwrap().len(), 4);
    let key = first["key"].as_str().unwrap();
    let args = [
        "--scope", "mcp:read", "--for", "7d", "--fuel", "2000", "--rate", "5",
    ];
    let second = narrow(&bench, key, &args).json();
    let found =
        ["scopes", "expires", "fuel_per_day", "calls_per_minute"].map(|name| second[name].clone());
    let expected = [
        json!("mcp/hello:read mcp/notes:read"),
        json!(expires),
        json!(1_000),
        json!(5),
    ];
    assert_eq!(found, expected);
    assert_eq!(second["restrictions"].as_array().unwrap().len(), 8);
    let key = second["key"].as_str().unwrap();
    assert_eq!(
        narrow(&bench, key, &["--rate", "1"]).error(),
        (2, "argument".into())
    );
}

#[test]
fn what_is_no_key_or_narrows_nothing_is_refused_and_printed_nowhere() {
    let bench = Bench::new();
    for (key, args, code) in [
        ("", &[][..], "argument"),
        ("", &["--rate", "1"][..], "argument"),
        ("smcp_acme_k1_short", &["--rate", "1"][..], "key"),
        ("an-admin-token", &["--rate", "1"][..], "key"),
        (
            "smcp_acme_k1_c2VydmVyPWE.PUoHncj3TPlRS9wJqwgYAWZR6M87e1bP8l309fzbwXQ",
            &["--rate", "1"][..],
            "key",
        ),
    ] {
        let refused = narrow(&bench, key, args);
        assert_eq!(refused.error().1, code, "{key} {args:?}");
        let all = format!("{}{}", refused.stdout, refused.stderr);
        assert!(key.is_empty() || !all.contains(key), "{all}");
    }
    for args in [
        &["--rate", "0"][..],
        &["--fuel", "1.5"],
        &["--for", "2w"],
        &["--scope", "root"],
        &["--server", "No_Slug"],
        &[KEY, "--rate", "1"],
    ] {
        // None of them reads the key.
        assert_eq!(narrow(&bench, "", args).code, 2, "{args:?}");
    }
}

#[test]
fn a_host_holds_keys_to_what_they_were_narrowed_to_and_tenants_to_their_limits() {
    const GREET: &str = include_str!("../../../tests/guests/greet.wat");
    let (host, key) = host_of(|world| world.acme(GREET));
    let bench = Bench::new();
    let smcp = |args: &[&str]| -> Value {
        let args = [&["--json"], args, &["--tenant", "acme", "--host", &host]].concat();
        bench.smcp_with(&args, &[("SMCP_TOKEN", ADMIN)], "").json()
    };
    let narrowed = |key: &str, args: &[&str]| {
        let made = narrow(&bench, key, args).json();
        made["key"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        call(
            &host,
            &narrowed(&key, &["--server", "hello", "--for", "7d"])
        )
        .0,
        200
    );
    assert_eq!(call(&host, &narrowed(&key, &["--server", "other"])).0, 404);
    let once = narrowed(&key, &["--rate", "1"]);
    assert_eq!([call(&host, &once).0, call(&host, &once).0], [200, 429]);
    assert_eq!(call(&host, &key).0, 200);

    let args = [
        "key",
        "create",
        "--name",
        "ci",
        "--fuel-per-day",
        "1",
        "--calls-per-minute",
        "60",
    ];
    let made = smcp(&args);
    assert_eq!(
        (&made["fuel_per_day"], &made["calls_per_minute"]),
        (&json!(1), &json!(60))
    );
    let ci = made["key"].as_str().unwrap();
    let (first, second) = (call(&host, ci), call(&host, ci));
    assert_eq!((first.0, second.0), (200, 429));
    assert!(second.1.contains("budget_spent"), "{}", second.1);
    let args = ["key", "list", "--tenant", "acme", "--host", &host];
    let listed = bench.smcp_with(&args, &[("SMCP_TOKEN", ADMIN)], "");
    assert!(listed.ok().contains("CALLS/MIN"), "{}", listed.stdout);

    assert_eq!(smcp(&["limits", "show"]), json!({}));
    let set = smcp(&[
        "limits",
        "set",
        "--calls-per-minute",
        "1",
        "--fuel-per-day",
        "5000000",
    ]);
    assert_eq!(
        set,
        json!({"fuel_per_day": 5_000_000, "calls_per_minute": 1})
    );
    assert_eq!([call(&host, &key).0, call(&host, &key).0], [200, 429]);
    assert_eq!(smcp(&["limits", "set", "--unlimited"]), json!({}));
    assert_eq!(call(&host, &key).0, 200);
    let nothing = bench.smcp(&["limits", "set", "--tenant", "acme"]);
    assert_eq!(
        nothing.code, 2,
        "what is not given is none, and that must be said"
    );
}
