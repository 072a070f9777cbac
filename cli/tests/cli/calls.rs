//! What an author finds out about calls of a host: its log, its tapes, and their replay.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::admin::host_of;
use crate::support::{Bench, Ran, smcp};
use crate::world::{ADMIN, World, package, tool_call};

const KV: &str = include_str!("../../../tests/guests/kv.wat");
const ASK: &str = include_str!("../../../tests/guests/ask.wat");

/// A call of a program; gives the name of the call, if it failed.
fn call(world: &mut World, key: &str, program: &str, meta: Value) -> (Value, String) {
    let mut message = tool_call(1, "run", json!({"program": format!("!{program}")}));
    message["params"]["_meta"] = meta;
    let answer = world.call(key, &message).json();
    let id = answer["error"]["data"]["callId"]
        .as_str()
        .unwrap_or_default();
    let id = id.to_owned();
    (answer, id)
}

fn admin(bench: &Bench, host: &str, args: &[&str]) -> Ran {
    let of = [
        ("SMCP_HOST", host),
        ("SMCP_TOKEN", ADMIN),
        ("SMCP_TENANT", "acme"),
    ];
    bench.smcp_with(args, &of, "")
}

#[test]
fn a_failed_call_of_a_host_is_fetched_and_failed_again() {
    let bench = Bench::new();
    bench.write("kv.wasm", package(KV, "1.0.0"));
    let (host, id) = host_of(|world| {
        let key = world.acme(KV);
        call(world, &key, "saxsby", json!({}));
        call(world, &key, "gak*gbu", json!({})).1
    });
    let run = |args: &[&str]| admin(&bench, &host, args);
    let listed = run(&["--json", "tape", "list", "--server", "hello"]).json();
    assert_eq!(listed["tapes"][0]["call"], id);
    let got = run(&[
        "--json",
        "tape",
        "get",
        "--server",
        "hello",
        "--call",
        &id,
        "--out",
        "failed.tape",
    ]);
    assert_eq!(got.json()["outcome"], "guest_panicked");
    let replay = ["replay", "failed.tape", "--module", "kv.wasm"];
    let found = bench.smcp(&[&["--json"], &replay[..]].concat()).json();
    assert_eq!(found["equal"], true);
    assert_eq!(
        (&found["call"], &found["end"]),
        (&json!(id), &json!("guest_panicked"))
    );
    assert_eq!(found["effects"], 3);
    let told = bench.smcp(&replay);
    assert!(
        told.ok().contains("fails in the same way"),
        "{}",
        told.stdout
    );

    let stop = |at: &str| bench.smcp(&[&["--json"], &replay[..], &["--stop-at", at]].concat());
    let first = stop("1").json();
    assert_eq!(first["import"], "kv.get");
    assert_eq!(first["asked"], json!({"space": "server", "key": "a"}));
    assert_eq!(first["answered"]["value"], "x");
    let second = stop("2").json();
    assert_eq!(
        (&second["import"], &second["answered"]),
        (&json!("kv.keys"), &json!(["a", "b"]))
    );
    assert!(first["fuel"].as_u64() < second["fuel"].as_u64());
    let told = bench.smcp(&[&replay[..], &["--stop-at", "3"]].concat());
    let told = anstream::adapter::strip_str(told.ok()).to_string();
    assert!(told.contains("effect    3 of 3, kv.get\n"), "{told}");
    for at in ["0", "4"] {
        assert_eq!(stop(at).error(), (2, "argument".to_owned()));
    }
    let none = run(&[
        "--json",
        "tape",
        "get",
        "--server",
        "hello",
        "--call",
        "00112233aabbccdd",
        "--out",
        "x",
    ]);
    assert_eq!(none.error(), (1, "no_tape".to_owned()));
}

#[test]
fn a_tape_and_a_receipt_prove_a_call_together() {
    let bench = Bench::new();
    bench.write("kv.wasm", package(KV, "1.0.0"));
    bench.write("keys.json", World::receipt_keys().to_string());
    let (host, (answer, other)) = host_of(|world| {
        let key = world.acme(KV);
        let keep = world.admin("PUT", "/tenants/acme/tapes", json!({"keep": "receipts"}));
        assert_eq!(keep.status(), 200);
        let meta = json!({"smcp/receipt": true});
        let other = call(world, &key, "sax", meta.clone()).0;
        world.pass(1.0);
        (call(world, &key, "gasbz", meta).0, other)
    });
    bench.write("answer.json", answer.to_string());
    bench.write("other.json", other.to_string());
    admin(
        &bench,
        &host,
        &["tape", "get", "--server", "hello", "--out", "a.tape"],
    )
    .ok();
    let replay = |receipt: &str| {
        let of = [
            "--json",
            "replay",
            "a.tape",
            "--module",
            "kv.wasm",
            "--keys",
            "keys.json",
        ];
        bench.smcp(&[&of[..], &["--receipt", receipt]].concat())
    };
    let found = replay("answer.json").json();
    assert_eq!(
        (&found["equal"], &found["receipt"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        replay("other.json").error(),
        (1, "replay_receipt".to_owned())
    );
    let forged = answer.to_string().replace("\"fuel\":", "\"fuel\":1");
    bench.write("forged.json", forged);
    assert_eq!(
        replay("forged.json").error(),
        (1, "receipt_signature".to_owned())
    );
}

#[test]
fn a_log_is_shown_by_lines_and_followed_as_it_grows() {
    let bench = Bench::new();
    bench.write("ask.wasm", package(ASK, "1.0.0"));
    let (host, (key, id)) = host_of(|world| {
        let key = world.acme(ASK);
        let reply = world.call(&key, &tool_call(1, "ask", json!({}))).json();
        let id = reply["error"]["data"]["callId"]
            .as_str()
            .unwrap()
            .to_owned();
        (key, id)
    });
    let logs = |args: &[&str]| {
        admin(
            &bench,
            &host,
            &[&["logs", "--server", "hello"], args].concat(),
        )
    };
    let shown = logs(&[]);
    assert_eq!(shown.ok().lines().count(), 2, "{}", shown.stdout);
    assert!(
        !shown.stdout.contains('\u{1b}'),
        "no colours where no terminal is"
    );
    let only = logs(&["--json", "--call", &id, "--level", "warning"]);
    let entry: Value = serde_json::from_str(only.ok().trim()).unwrap();
    assert_eq!(
        (&entry["kind"], &entry["outcome"]),
        (&json!("end"), &json!("refused"))
    );
    assert_eq!(logs(&["--call", "0011223344556677"]).ok(), "");
    assert_eq!(logs(&["--level", "loud"]).code, 2);

    let mut follow = smcp(&bench.path("."))
        .args([
            "--json", "logs", "--server", "hello", "--follow", "--level", "warning",
        ])
        .envs([
            ("SMCP_HOST", host.as_str()),
            ("SMCP_TOKEN", ADMIN),
            ("SMCP_TENANT", "acme"),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["call"], id);
    let message = tool_call(2, "ask", json!({})).to_string();
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None);
    let agent: ureq::Agent = config.build().into();
    let mut reply = agent
        .post(format!("{host}/t/acme/hello/mcp"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .send(message)
        .unwrap();
    let reply = reply.body_mut().read_to_string().unwrap();
    let reply: Value = serde_json::from_str(&reply).unwrap();
    assert_eq!(next()["call"], reply["error"]["data"]["callId"]);
    follow.kill().unwrap();
    follow.wait().unwrap();
}

#[test]
fn a_replay_shows_what_the_call_logged() {
    let bench = Bench::new();
    bench.write("ask.wasm", package(ASK, "1.0.0"));
    bench.smcp(&["call", "ask.wasm", "ask", "--record", "a.tape"]);
    let replay = ["replay", "a.tape", "--module", "ask.wasm"];
    let quiet = bench.smcp(&replay);
    assert!(quiet.ok().contains("byte-equal"), "{}", quiet.stdout);
    assert!(!quiet.stderr.contains("told"), "{}", quiet.stderr);
    let loud = bench.smcp(&[&replay[..], &["--log"]].concat());
    assert!(loud.stderr.contains("info told"), "{}", loud.stderr);
}

#[test]
fn a_tenants_admin_says_which_tapes_are_kept() {
    let bench = Bench::new();
    let (host, ()) = host_of(|world| drop(world.acme(KV)));
    let keep = |args: &[&str]| {
        admin(&bench, &host, &[&["--json", "tape", "keep"], args].concat()).json()["keep"].take()
    };
    assert_eq!(keep(&[]), "failures");
    for (which, kept) in [
        ("off", "none"),
        ("on", "failures"),
        ("receipts", "receipts"),
    ] {
        assert_eq!(keep(&[which]), kept);
        assert_eq!(keep(&[]), kept);
    }
}
