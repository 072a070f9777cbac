//! `smcp grant`, `smcp secret` and what `smcp publish` says of them, against the host itself.

use serde_json::{Value, json};

use crate::admin::{admin, host};
use crate::asking;
use crate::support::{Bench, Ran};
use crate::world::{ADMIN, publisher};

const VALUE: &str = "xyzzy-the-value-0123456789";

/// A tenant on a host, and packages of its server on the machine of its admin.
struct Stage {
    bench: Bench,
    host: String,
}

impl Stage {
    fn new() -> Self {
        let stage = Self {
            bench: Bench::new(),
            host: host(),
        };
        stage.json(&["tenant", "create", "acme"]);
        let key = publisher().public().to_string();
        stage.json(&["publisher", "trust", &key, "--tenant", "acme"]);
        stage
    }

    fn package(&self, version: &str, asks: &Value) {
        self.bench
            .write("hello.wasm", asking::package(asking::GREET, version, asks));
    }

    fn json(&self, args: &[&str]) -> Value {
        admin(&self.bench, &self.host, args).json()
    }

    /// A command about the server, with JSON.
    fn of(&self, args: &[&str]) -> Ran {
        let of = ["--tenant", "acme", "--server", "hello"];
        admin(&self.bench, &self.host, &[args, &of].concat())
    }

    /// The same for people, with a standard input.
    fn told(&self, args: &[&str], input: &str) -> Ran {
        let environment = [
            ("SMCP_HOST", self.host.as_str()),
            ("SMCP_TOKEN", ADMIN),
            ("SMCP_TENANT", "acme"),
            ("THE_TOKEN", VALUE),
        ];
        self.bench.smcp_with(args, &environment, input)
    }

    /// Runs a command that was printed, as a shell would.
    fn follow(&self, line: &str) -> Ran {
        let words: Vec<_> = line
            .split_whitespace()
            .map(|word| word.trim_matches('\''))
            .collect();
        assert_eq!(words[0], "smcp", "{line}");
        self.told(&words[1..], "")
    }
}

fn asks() -> Value {
    json!({
        "http": [
            {"host": "api.example.com", "methods": ["GET", "POST"]},
            {"host": "*.example.org", "methods": ["GET"]},
        ],
        "secrets": [{"name": "TOKEN", "hosts": ["api.example.com"], "description": "From the settings page."}],
        "config": {"limit": {"type": "integer"}},
    })
}

/// The commands in what was printed.
fn commands(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with("smcp "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn publishing_says_what_a_release_does_and_prints_the_commands_that_make_it_live() {
    let stage = Stage::new();
    stage.package("1.0.0", &asks());
    let published = stage.told(&["publish", "hello.wasm", "--server", "hello"], "");
    let text = published.ok();
    for line in [
        "What it does:",
        "  sends GET, POST to api.example.com",
        "  sends GET to *.example.org",
        "  uses the secret TOKEN for api.example.com",
        "  reads the setting limit",
        "What its publisher says of its secrets:",
        "  TOKEN: From the settings page.",
        "It is not live before it is granted what it asks for:",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let printed = commands(text);
    let of = "--tenant acme --server hello";
    assert_eq!(
        printed,
        [
            format!("smcp grant set api.example.com --method GET --method POST {of}"),
            format!("smcp grant set '*.example.org' --method GET {of}"),
            format!("smcp secret set --file FILE {of} TOKEN"),
        ]
    );
    stage.bench.write("FILE", format!("{VALUE}\n"));
    let shown = stage.told(&["server", "show", "hello"], "");
    assert_eq!(commands(shown.ok()), printed);
    let releases = stage.told(&["release", "list", "hello"], "");
    assert!(releases.ok().contains("  waiting  "), "{}", releases.stdout);
    for (at, line) in printed.iter().enumerate() {
        let ran = stage.follow(line);
        let is_last = at + 1 == printed.len();
        assert_eq!(
            ran.ok().contains("hello is live now"),
            is_last,
            "{}",
            ran.stdout
        );
        assert_eq!(commands(&ran.stdout), printed[at + 1..]);
    }
    assert_eq!(
        stage.json(&["server", "show", "hello", "--tenant", "acme"])["version"],
        "1.0.0"
    );
}

#[test]
fn what_is_missing_is_added_to_what_is_granted_already() {
    let stage = Stage::new();
    stage.package("1.0.0", &json!({}));
    stage.of(&["publish", "hello.wasm"]).ok();
    stage
        .of(&["grant", "set", "api.example.com", "--method", "DELETE"])
        .ok();
    let set = [
        "secret",
        "set",
        "TOKEN",
        "--to",
        "old.example.com",
        "--server",
        "hello",
    ];
    stage.told(&set, VALUE).ok();
    stage.package("2.0.0", &asks());
    let published = stage.told(
        &["publish", "hello.wasm", "--server", "hello", "--grant"],
        "",
    );
    let text = published.ok();
    assert!(
        text.contains("granted      DELETE, GET, POST to api.example.com"),
        "{text}"
    );
    assert!(text.contains("New in it:"), "{text}");
    let printed = commands(text);
    let bind = "smcp secret bind --to 'old.example.com' --to 'api.example.com' --tenant acme --server hello TOKEN";
    assert_eq!(printed, [bind]);
    assert!(stage.follow(bind).ok().contains("hello is live now"));
    let grants = stage.of(&["grant", "list"]).json();
    assert_eq!(
        grants["grants"][1]["methods"],
        json!(["GET", "POST", "DELETE"])
    );
}

#[test]
fn with_grant_a_release_that_asks_for_hosts_alone_is_live_at_once() {
    let stage = Stage::new();
    stage.package("1.0.0", &json!({"http": asks()["http"]}));
    let published = stage.of(&["publish", "hello.wasm", "--grant"]).json();
    assert_eq!(published["live"], published["release"]);
    assert_eq!(
        (&published["waiting"], published.get("missing")),
        (&Value::Null, None)
    );
    assert_eq!(published["granted"].as_array().unwrap().len(), 2);
}

#[test]
fn grants_are_set_listed_and_taken_back() {
    let stage = Stage::new();
    stage.package("1.0.0", &json!({}));
    stage.of(&["publish", "hello.wasm"]).ok();
    let pattern = "http://*.example.com:8080";
    let set = stage
        .of(&[
            "grant", "set", pattern, "--method", "get", "--method", "POST",
        ])
        .json();
    assert_eq!(
        (&set["host"], &set["methods"]),
        (&json!(pattern), &json!(["GET", "POST"]))
    );
    let listed = stage.told(&["grant", "list", "--server", "hello"], "");
    assert!(
        listed
            .ok()
            .contains("http://*.example.com:8080  GET POST  2023-11-14 "),
        "{}",
        listed.stdout
    );
    stage.of(&["grant", "delete", pattern]).ok();
    assert_eq!(
        stage.of(&["grant", "delete", pattern]).error(),
        (1, "not_found".into())
    );
    for wrong in [
        &["grant", "set", "localhost", "--method", "GET"][..],
        &["grant", "set", "127.0.0.1", "--method", "GET"],
        &["grant", "set", "api.example.com"],
        &["grant", "set", "api.example.com", "--method", "CONNECT"],
    ] {
        assert_eq!(stage.of(wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_secret_comes_from_a_stream_a_file_or_the_environment_and_is_printed_nowhere() {
    let stage = Stage::new();
    stage.package("1.0.0", &asks());
    stage.of(&["publish", "hello.wasm", "--grant"]).ok();
    stage.bench.write("token", format!("{VALUE}\r\n"));
    let set = ["secret", "set", "TOKEN", "--server", "hello"];
    let file = [&set[..], &["--file", "token"]].concat();
    let variable = [&set[..], &["--from-env", "THE_TOKEN"]].concat();
    let mut told = Vec::new();
    for (args, input) in [(&set[..], VALUE), (&file, ""), (&variable, "")] {
        told.push(stage.told(args, input));
        told.push(stage.told(&["--json", "server", "show", "hello"], ""));
    }
    let live = stage.json(&["server", "show", "hello", "--tenant", "acme"]);
    assert_eq!(live["version"], "1.0.0");
    told.push(stage.told(&["secret", "list", "--server", "hello"], ""));
    assert!(
        told[6].ok().contains("TOKEN  api.example.com  2023-11-14 "),
        "{}",
        told[6].stdout
    );
    // Refused before a standard input is read: there is none.
    told.push(stage.told(&[&file[..], &["--to", "localhost"]].concat(), ""));
    told.push(stage.told(&set, &format!("{VALUE}\n{VALUE}\n")));
    told.push(stage.told(&[&set[..], &["--from-env", "NOT_SET"]].concat(), ""));
    told.push(stage.told(&set, ""));
    for (at, ran) in told.iter().enumerate() {
        assert_eq!(ran.code == 0, at < 7, "{at} {}", ran.stderr);
        let text = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!text.contains("xyzzy"), "{text}");
    }
    stage.of(&["secret", "delete", "TOKEN"]).ok();
    assert_eq!(
        stage.of(&["secret", "delete", "TOKEN"]).error(),
        (1, "not_found".into())
    );
    let value = stage.of(&["secret", "set", "TOKEN", VALUE]);
    assert_eq!(value.code, 2, "a value is no argument");
}

#[test]
fn a_setting_that_is_not_as_declared_is_refused_with_what_is() {
    let stage = Stage::new();
    stage.package("1.0.0", &json!({"config": {"limit": {"type": "integer"}}}));
    stage.of(&["publish", "hello.wasm"]).ok();
    stage.of(&["config", "set", "limit", "20"]).ok();
    let refused = stage.of(&["config", "set", "limit", "many"]);
    assert_eq!(refused.error(), (1, "setting_mismatch".into()));
    let refused = stage.of(&["config", "set", "limt", "20"]);
    assert_eq!(refused.error(), (1, "setting_unknown".into()));
    assert!(
        refused.stderr.contains("it has: limit"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_publisher_is_told_what_is_missing_and_no_commands_that_it_may_not_give() {
    let stage = Stage::new();
    stage.package("1.0.0", &asks());
    let key = [
        "key", "create", "--name", "ci", "--scope", "publish", "--tenant", "acme",
    ];
    let key = stage.json(&key)["key"].as_str().unwrap().to_owned();
    let environment = [
        ("SMCP_HOST", stage.host.as_str()),
        ("SMCP_TOKEN", key.as_str()),
    ];
    let publish = ["publish", "hello.wasm", "--server", "hello"];
    let show = ["server", "show", "hello"];
    for args in [&publish[..], &show] {
        let ran = stage.bench.smcp_with(args, &environment, "");
        let text = ran.ok();
        for line in [
            "It is not live before it is granted what it asks for:",
            "  sends GET, POST to api.example.com",
            "  (the tenant's admin grants it: this key may not)",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(commands(text).is_empty(), "{text}");
    }
}
