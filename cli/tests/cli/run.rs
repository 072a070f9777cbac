//! Calling tools on this machine, recording and replaying.

use smcp_tape::{End, Recording};

use crate::support::Bench;
use crate::world::package;

const SPIN: &str = include_str!("../../../tests/guests/spin.wat");
const NAP: &str = include_str!("../../../tests/guests/nap.wat");

#[test]
fn a_tool_answers_on_standard_output_and_its_cost_goes_to_standard_error() {
    let bench = Bench::with_hello();
    let called = bench.smcp(&["call", "hello.wasm", "greet", r#"{"name": "Ada"}"#]);
    assert_eq!(called.ok(), "Hello, Ada!\n");
    assert!(called.stderr.contains(" fuel, "), "{}", called.stderr);
    let raw = bench.smcp(&[
        "--json",
        "call",
        "hello.wasm",
        "greet",
        r#"{"name": "Ada"}"#,
    ]);
    assert_eq!(
        raw.ok(),
        "{\"content\":[{\"type\":\"text\",\"text\":\"Hello, Ada!\"}]}\n"
    );
    let cost: serde_json::Value = serde_json::from_str(&raw.stderr).unwrap();
    assert!(cost["fuel"].as_u64().unwrap() > 1_000 && cost["memory"].as_u64().unwrap() >= 65_536);
}

#[test]
fn arguments_come_from_the_command_line_a_file_or_standard_input() {
    let bench = Bench::with_hello();
    let arguments = r#"{"text": "ä \" \\ 😀"}"#;
    bench.write("arguments.json", arguments);
    for (given, input) in [(arguments, ""), ("@arguments.json", ""), ("-", arguments)] {
        let called = bench.smcp_with(&["call", "hello.wasm", "echo", given], &[], input);
        assert_eq!(called.ok(), "ä \" \\ 😀\n", "{given}");
    }
}

#[test]
fn what_cannot_be_called_is_said_before_anything_runs() {
    let bench = Bench::with_hello();
    bench.write("none.wasm", "no module");
    for (args, expected) in [
        (&["hello.wasm", "shout"][..], (1, "no_tool")),
        (&["hello.wasm", "greet", "[]"], (2, "argument")),
        (
            &["hello.wasm", "greet", r#"{"name":1,"name":2}"#],
            (2, "argument"),
        ),
        (&["hello.wasm", "greet", "@nowhere.json"], (1, "file")),
        (&["nowhere.wasm", "greet"], (1, "file")),
        (&["none.wasm", "greet"], (1, "not_a_module")),
    ] {
        let ran = bench.smcp(&[&["--json", "call"], args].concat());
        assert_eq!(ran.error(), (expected.0, expected.1.to_owned()), "{args:?}");
        assert_eq!(ran.stdout, "", "{args:?}");
    }
    let usage = bench.smcp(&["call", "hello.wasm", "greet", "{}", "--fuel", "0"]);
    assert_eq!(usage.code, 2, "{}", usage.stderr);
}

#[test]
fn a_tool_that_fails_exits_with_4_and_says_why() {
    let bench = Bench::with_hello();
    bench.write("spin.wasm", package(SPIN, "1.0.0"));
    for (args, code) in [
        (&["hello.wasm", "greet", "{}"][..], None),
        (
            &["hello.wasm", "greet", r#"{"name":"Ada"}"#, "--fuel", "100"],
            Some("guest_out_of_fuel"),
        ),
        (
            &["spin.wasm", "spin", "{}", "--deadline", "100"],
            Some("guest_deadline"),
        ),
        (
            &["spin.wasm", "spin", "{}", "--fuel", "1000000"],
            Some("guest_out_of_fuel"),
        ),
    ] {
        let ran = bench.smcp(&[&["--json", "call"], args].concat());
        assert_eq!(ran.error(), (4, "call_failed".to_owned()), "{args:?}");
        let result: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        if let Some(code) = code {
            assert_eq!(result["error"]["code"], code, "{args:?}");
        }
    }
}

#[test]
fn a_sleep_takes_its_time_and_a_replay_takes_none() {
    let bench = Bench::new();
    bench.write("nap.wasm", package(NAP, "1.0.0"));
    let began = std::time::Instant::now();
    bench
        .smcp(&["call", "nap.wasm", "nap", "--record", "nap.tape"])
        .ok();
    assert!(began.elapsed().as_millis() >= 1_500);
    let tape = Recording::from_bytes(&bench.read("nap.tape")).unwrap().tape;
    assert_eq!(tape.entries.len(), 1);
    assert!(tape.entries[0].at.since(tape.header.start) >= 1_500);
    bench
        .smcp(&["replay", "nap.tape", "--module", "nap.wasm"])
        .ok();
    let late = bench.smcp(&[
        "--json",
        "call",
        "nap.wasm",
        "nap",
        "--deadline",
        "200",
        "--record",
        "x.tape",
    ]);
    assert_eq!(
        late.error(),
        (1, "not_recorded".to_owned()),
        "the clock ended it"
    );
}

#[test]
fn a_replay_gives_the_same_bytes_or_says_what_differs() {
    let bench = Bench::with_hello();
    bench.write("spin.wasm", package(SPIN, "1.0.0"));
    bench
        .smcp(&[
            "call",
            "hello.wasm",
            "greet",
            r#"{"name":"Ada"}"#,
            "--record",
            "a.tape",
        ])
        .ok();
    let replayed = bench
        .smcp(&[
            "--json",
            "replay",
            "a.tape",
            "--module",
            "hello.wasm",
            "--show",
        ])
        .json();
    assert_eq!(replayed["equal"], true);
    assert_eq!(
        replayed["result"],
        r#"{"content":[{"type":"text","text":"Hello, Ada!"}]}"#
    );
    bench.smcp(&["keygen", "--out", "a.key"]).ok();
    bench.smcp(&["sign", "hello.wasm", "--key", "a.key"]).ok();
    bench
        .smcp(&["replay", "a.tape", "--module", "hello.wasm"])
        .ok();
    let recording = Recording::from_bytes(&bench.read("a.tape")).unwrap();
    let altered = |name: &str, alter: &dyn Fn(&mut Recording)| {
        let mut recording = recording.clone();
        alter(&mut recording);
        bench.write(name, recording.to_bytes().unwrap());
    };
    altered("result.tape", &|it| {
        it.end = End::Returned("Hello, Eve!".to_owned());
    });
    altered("end.tape", &|it| {
        it.end = End::Fault {
            code: "guest_panicked".to_owned(),
            message: String::new(),
            from_outside: false,
        };
    });
    altered("request.tape", &|it| {
        it.request = it.request.replace("Ada", "Eve")
    });
    altered("fuel.tape", &|it| it.fuel_used.0 += 1);
    altered("profile.tape", &|it| it.profile += 1);
    altered("memory.tape", &|it| it.memory = u64::MAX);
    bench.write("damaged.tape", &bench.read("a.tape")[..40]);
    bench.write("none.tape", "a tape");
    for (tape, module, code) in [
        ("result.tape", "hello.wasm", "replay_result"),
        ("request.tape", "hello.wasm", "replay_result"),
        ("end.tape", "hello.wasm", "replay_end"),
        ("fuel.tape", "hello.wasm", "replay_fuel"),
        ("profile.tape", "hello.wasm", "replay_profile"),
        ("memory.tape", "hello.wasm", "replay_bounds"),
        ("a.tape", "spin.wasm", "replay_release"),
        ("damaged.tape", "hello.wasm", "recording_damaged"),
        ("none.tape", "hello.wasm", "recording_unknown"),
    ] {
        let ran = bench.smcp(&["--json", "replay", tape, "--module", module]);
        assert_eq!(ran.error(), (1, code.to_owned()), "{tape} {module}");
    }
}

#[test]
fn a_call_that_fails_by_itself_is_replayed_too() {
    let bench = Bench::with_hello();
    let fails = [
        "call",
        "hello.wasm",
        "greet",
        r#"{"name":"Ada"}"#,
        "--fuel",
        "100",
    ];
    let ran = bench.smcp(&[&fails[..], &["--record", "a.tape"]].concat());
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    bench
        .smcp(&["replay", "a.tape", "--module", "hello.wasm"])
        .ok();
}

#[test]
#[cfg(unix)]
fn a_recording_is_a_secret() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::with_hello();
    bench.write("a.tape", "older");
    bench
        .smcp(&[
            "call",
            "hello.wasm",
            "echo",
            r#"{"text":""}"#,
            "--record",
            "a.tape",
        ])
        .ok();
    let mode = std::fs::metadata(bench.path("a.tape"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

// ---- What a server keeps, and is told ----------------------------------------------------------

const KV: &str = include_str!("../../../tests/guests/kv.wat");
const SETTING: &str = include_str!("../../../tests/guests/setting.wat");

fn program(program: &str) -> String {
    format!(r#"{{"program": "!{program}"}}"#)
}

#[test]
fn what_a_server_stores_is_there_at_the_next_call_if_a_file_keeps_it() {
    let bench = Bench::new();
    bench.write("kv.wasm", package(KV, "1.0.0"));
    let call = |of: &str, more: &[&str]| {
        let program = program(of);
        let words = ["call", "kv.wasm", "run", &program];
        bench.smcp(&[&words[..], more].concat())
    };
    let kept = ["--store", "kv.store"];
    assert_eq!(call("+aga", &kept).ok(), "1\n");
    assert_eq!(call("+aga", &kept).ok(), "2\n");
    // A call that fails has changed nothing, and one without the file finds nothing.
    assert!(!call("+ap", &kept).stderr.is_empty());
    assert_eq!(call("ga", &kept).ok(), "2\n");
    assert_eq!(call("ga", &[]).ok(), "-\n");
    bench.write("other", "no store");
    let refused = call("ga", &["--store", "other", "--json"]);
    assert_eq!(refused.error(), (1, "not_a_store".to_owned()));
}

#[test]
fn a_recorded_call_replays_what_it_had_read_and_was_told() {
    let bench = Bench::new();
    bench.write("kv.wasm", package(KV, "1.0.0"));
    bench.write("setting.wasm", package(SETTING, "1.0.0"));
    let first = program("saxsby");
    let kept = ["--store", "kv.store"];
    let words = ["call", "kv.wasm", "run", &first];
    bench.smcp(&[&words[..], &kept].concat()).ok();
    let second = program("gak*cax-ga");
    let words = ["call", "kv.wasm", "run", &second, "--record", "kv.tape"];
    bench.smcp(&[&words[..], &kept].concat()).ok();
    let words = ["call", "setting.wasm", "limit", "--set", "limit=20"];
    let recorded = bench.smcp(&[&words[..], &["--record", "setting.tape"]].concat());
    assert!(recorded.ok().contains("20"));
    for of in ["kv", "setting"] {
        let (tape, module) = (format!("{of}.tape"), format!("{of}.wasm"));
        let replayed = bench.smcp(&["replay", &tape, "--module", &module]);
        assert!(replayed.ok().contains("byte-equal"), "{of}");
    }
}
