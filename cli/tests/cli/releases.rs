//! `smcp release`: from an upload to what answers, and what the recorded calls come to with another release.

use serde_json::{Value, json};

use crate::admin::host_of;
use crate::support::{Bench, Ran};
use crate::world::{ADMIN, World, package, tool_call};

const GREET: &str = include_str!("../../../tests/guests/greet.wat");
const SETTING: &str = include_str!("../../../tests/guests/setting.wat");

fn admin(bench: &Bench, host: &str, args: &[&str]) -> Ran {
    by(ADMIN, bench, host, args)
}

fn by(token: &str, bench: &Bench, host: &str, args: &[&str]) -> Ran {
    let of = [
        ("SMCP_HOST", host),
        ("SMCP_TOKEN", token),
        ("SMCP_TENANT", "acme"),
    ];
    bench.smcp_with(args, &of, "")
}

#[test]
fn a_release_is_approved_tried_promoted_and_gone_back_from() {
    let bench = Bench::new();
    bench.write("next.wasm", package(GREET, "2.0.0"));
    let (host, (ada, bob)) = host_of(|world| {
        world.acme(GREET);
        let key =
            |world: &mut World, name| world.key("acme", json!({"name": name, "scopes": "admin"}));
        (key(world, "ada"), key(world, "bob"))
    });
    let run = |args: &[&str]| admin(&bench, &host, &[&["--json"], args].concat());
    assert_eq!(
        run(&["release", "approval"]).json()["approval"],
        "automatic"
    );
    let set = run(&["release", "approval", "required"]).json();
    assert_eq!(set["approval"], "required");

    let publish = ["--json", "publish", "next.wasm", "--server", "hello"];
    let published = by(&ada, &bench, &host, &publish).json();
    assert_eq!(
        (&published["state"], &published["version"]),
        (&json!("uploaded"), &json!("1.0.0"))
    );
    let release = published["release"].as_str().unwrap();
    let approve = ["--json", "release", "approve", "hello", "2.0.0"];
    assert_eq!(
        run(&["release", "promote", "hello", "2.0.0"]).error(),
        (1, "release_not_approved".into())
    );
    assert_eq!(
        by(&ada, &bench, &host, &approve).error(),
        (1, "approval_own".into())
    );
    assert_eq!(
        by(&bob, &bench, &host, &approve).json()["state"],
        "approved"
    );

    let canary = [
        "release",
        "canary",
        "hello",
        &release[..8],
        "--percent",
        "10",
    ];
    let tried = run(&canary).json();
    assert_eq!(
        tried["canary"],
        json!({"release": release, "version": "2.0.0", "percent": 10})
    );
    let told = admin(&bench, &host, &canary);
    assert!(told.ok().contains("for 10 % of callers"), "{}", told.stdout);
    assert_eq!(
        run(&["release", "delete", "hello", release, "--yes"]).error(),
        (1, "release_in_use".into())
    );

    let promoted = run(&["release", "promote", "hello", release]).json();
    assert_eq!(
        (&promoted["state"], &promoted["canary"]),
        (&json!("live"), &Value::Null)
    );
    let listed = admin(&bench, &host, &["release", "list", "hello"]);
    let states: Vec<_> = listed
        .ok()
        .lines()
        .skip(1)
        .map(|line| line.contains(" live "))
        .collect();
    assert_eq!(
        states.iter().filter(|is_live| **is_live).count(),
        1,
        "{}",
        listed.stdout
    );
    let back = run(&["release", "rollback", "hello"]).json();
    assert_eq!(
        (&back["version"], &back["before"]),
        (&json!("1.0.0"), &Value::Null)
    );
    assert_eq!(
        run(&["release", "rollback", "hello"]).error(),
        (1, "nothing_before".into())
    );
    let gone = run(&["release", "delete", "hello", "2.0.0", "--yes"]).json();
    assert_eq!(gone["deleted"], true);

    for (args, code) in [
        (&["release", "promote", "hello", "2.0.0"][..], "argument"),
        (&["release", "promote", "hello", "1.0"], "argument"),
        (&["release", "delete", "hello", "1.0.0"], ""),
        (&["release", "canary", "hello", "1.0.0"], ""),
    ] {
        let ran = run(args);
        assert_eq!(ran.code, 2, "{args:?}");
        if !code.is_empty() {
            assert_eq!(ran.error().1, code, "{args:?}");
        }
    }
}

/// A guest with something in its text replaced, which must be there.
fn with(guest: &str, from: &str, to: &str) -> String {
    let changed = guest.replacen(from, to, 1);
    assert_ne!(changed, guest);
    changed
}

/// A host with a live release that was called once, and an approved one; then a shadow run: its exit, and its report.
fn shadow(live: &'static str, tool: &'static str, next: String) -> (Ran, Ran) {
    let bench = Bench::new();
    let (host, ()) = host_of(move |world| {
        let key = world.acme(live);
        let kept = world.admin("PUT", "/tenants/acme/tapes", json!({"keep": "all"}));
        assert_eq!(kept.status(), 200);
        let called = world.call(&key, &tool_call(1, tool, json!({})));
        assert!(called.json()["result"].is_object(), "{}", called.text());
        world.admin(
            "PUT",
            "/tenants/acme/approval",
            json!({"approval": "required"}),
        );
        let path = "/tenants/acme/servers/hello/releases";
        let published = world.admin_bytes("POST", path, package(&next, "2.0.0"));
        assert_eq!(published.status(), 202, "{}", published.text());
    });
    let run = ["--json", "release", "shadow", "hello", "2.0.0"];
    (admin(&bench, &host, &run), admin(&bench, &host, &run[1..]))
}

#[test]
fn a_shadow_run_says_what_each_recorded_call_would_come_to() {
    let wants = with(
        &with(
            GREET,
            r#"{\"type\":\"object\"}"#,
            r#"{\"type\":\"object\",\"required\":[\"who\"]}"#,
        ),
        "(i32.const 60)",
        "(i32.const 79)",
    );
    for (verdict, live, tool, next, says) in [
        (
            "same",
            GREET,
            "greet",
            GREET.to_owned(),
            "0 of 1 calls differ",
        ),
        (
            "result",
            GREET,
            "greet",
            with(GREET, "hello", "hullo"),
            r#"/content/0/text: "hello" -> "hullo""#,
        ),
        (
            "end",
            GREET,
            "greet",
            with(GREET, "(call $ok)))", "(unreachable)))"),
            "recorded returned, now guest_",
        ),
        (
            "refused",
            GREET,
            "greet",
            with(GREET, r#"{\"content\":["#, r#"{\"contend\":["#),
            "content",
        ),
        (
            "gone",
            GREET,
            "greet",
            with(GREET, "greet", "grunt"),
            "not in the catalogue",
        ),
        ("arguments", GREET, "greet", wants, "who"),
        (
            "effects",
            SETTING,
            "limit",
            with(
                SETTING,
                r#"(i32.const 256) "limit""#,
                r#"(i32.const 256) "other""#,
            ),
            "asks for config.get where",
        ),
        (
            "effects",
            SETTING,
            "limit",
            with(
                SETTING,
                "(call $get (i32.const 256) (i32.const 5) (i32.const 512))",
                "",
            ),
            "it asks for less",
        ),
    ] {
        let (ran, told) = shadow(live, tool, next);
        let report: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{verdict}: {ran:?}"));
        assert_eq!(report["calls"][0]["verdict"], verdict, "{report}");
        assert_eq!(report["compared"], 1, "{report}");
        let is_same = verdict == "same";
        assert_eq!(report["differ"], u32::from(!is_same), "{report}");
        assert_eq!(
            (ran.code, told.code),
            (i32::from(!is_same), i32::from(!is_same)),
            "{verdict}"
        );
        if !is_same {
            assert_eq!(ran.error().1, "shadow_differs");
        }
        assert!(told.stdout.contains(says), "{verdict}: {}", told.stdout);
        if matches!(verdict, "same" | "result") {
            let fuel = &report["calls"][0]["fuel"];
            assert!(fuel["recorded"].as_u64().unwrap() > 0);
            assert_eq!(fuel["recorded"], fuel["replayed"], "{report}");
            assert_eq!(report["fuelReplayed"], fuel["replayed"]);
        }
    }
}

#[test]
fn a_shadow_run_without_tapes_of_the_live_release_says_what_to_do() {
    let bench = Bench::new();
    let (host, ()) = host_of(|world| drop(world.acme(GREET)));
    let ran = admin(
        &bench,
        &host,
        &["--json", "release", "shadow", "hello", "1.0.0"],
    );
    assert_eq!(ran.error(), (1, "shadow_empty".into()));
}
