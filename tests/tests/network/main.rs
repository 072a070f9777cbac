//! The network layer's files, deploy/network, held against what they are for: the platform's own parser reads each
//! expression, each limit is one of the host's, and of a table of requests those that the host takes pass, and those that
//! the rules block the host would have refused too.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cases;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use smcp_ids::limits::{ADMIN_BODY_MAX, MCP_BODY_MAX, OAUTH_FORM_MAX, PACKAGE_CEILING};
use smcp_ids::limits::{ATTEMPT_MILLIS, ATTEMPTS_EACH, REGISTRATIONS_EACH, REGISTRATIONS_MILLIS};
use smcp_tests::rules::{Request, Rule};
use smcp_tests::stage;
use smcp_xtask::{paths, python};

use cases::{Case, HOST, JSON, case, refused, taken};

const GREET: &str = include_str!("../../guests/greet.wat");
const RULES: [&str; 4] = [
    "custom-rules",
    "rate-limits",
    "rate-limits-free",
    "config-rules",
];

fn read(file: &str) -> Value {
    let path = paths::root().join("deploy/network").join(file);
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn rules(file: &str) -> Vec<Value> {
    read(&format!("{file}.json"))["rules"]
        .as_array()
        .unwrap()
        .clone()
}

fn text<'a>(rule: &'a Value, member: &str) -> &'a str {
    rule[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {rule}"))
}

/// What the parsers that the files are for make of them.
fn parsed(expressions: &[String]) -> Value {
    let asked = json!({
        "expressions": expressions,
        "terraform": paths::root().join("deploy/network/main.tf"),
    });
    let mut child = Command::new(python::python().unwrap())
        .arg(paths::root().join("tests/network/read.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(asked.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_platforms_parser_reads_every_expression_as_these_tests_do() {
    let all: Vec<Value> = RULES.iter().flat_map(|file| rules(file)).collect();
    let expressions: Vec<String> = all
        .iter()
        .map(|rule| text(rule, "expression").to_owned())
        .collect();
    let parsed = parsed(&expressions);
    for (expression, said) in expressions
        .iter()
        .zip(parsed["expressions"].as_array().unwrap())
    {
        assert!(said["error"].is_null(), "{expression}: {said}");
        // The most that the platform takes.
        assert!(expression.len() <= 4_096, "{expression}");
        let kinds = [
            "fields",
            "functions",
            "operators",
            "string_literals",
            "int_literals",
        ];
        let words = kinds.iter().flat_map(|kind| {
            let words = said[kind].as_array().unwrap().iter();
            words.map(move |word| {
                format!(
                    "{kind} {}",
                    word.as_str()
                        .map_or_else(|| word.to_string(), str::to_owned)
                )
            })
        });
        assert_eq!(
            Rule::new(expression).uses(),
            &words.collect::<BTreeSet<_>>(),
            "{expression}"
        );
    }
    let terraform = parsed["terraform"].to_string();
    for file in [
        "custom-rules.json",
        "rate-limits.json",
        "config-rules.json",
        "zone-settings.json",
    ] {
        assert!(terraform.contains(file), "main.tf does not read {file}");
    }
    assert!(
        terraform.contains(HOST),
        "main.tf does not put the host in place of {HOST}"
    );
}

/// Programs cannot solve puzzles, and a stream is one request however long it lasts.
#[test]
fn rules_block_in_the_hosts_own_words_or_skip_what_would_block_and_do_nothing_else() {
    let codes = fs::read_to_string(paths::root().join("docs/errors.md")).unwrap();
    for rule in ["custom-rules", "rate-limits"]
        .iter()
        .flat_map(|file| rules(file))
    {
        assert!(
            text(&rule, "expression").starts_with(&format!("http.host eq \"{HOST}\" and ")),
            "{rule}"
        );
        match text(&rule, "action") {
            "skip" => {
                let phases = rule["action_parameters"]["phases"].to_string();
                assert!(!phases.contains("ratelimit"), "{rule}");
            }
            "block" => {
                let response = &rule["action_parameters"]["response"];
                let body: Value = serde_json::from_str(text(response, "content")).unwrap();
                let code = text(&body["error"], "code");
                let entry = codes.split(&format!("\n### {code}\n")).nth(1);
                let entry = entry.unwrap_or_else(|| panic!("docs/errors.md has no {code}"));
                let status = format!("HTTP {}", response["status_code"]);
                assert!(
                    entry.split("\n### ").next().unwrap().contains(&status),
                    "{code} {status}"
                );
                assert_eq!(body["error"]["help"], format!("docs/errors.md#{code}"));
            }
            other => panic!("{other} in {rule}"),
        }
    }
}

/// A person or a client is told by the host first what they did too often; the network layer is for floods.
#[test]
fn rates_leave_more_than_the_host_allows_one_caller() {
    for (file, most) in [("rate-limits", 2), ("rate-limits-free", 1)] {
        let rules = rules(file);
        // What the plans have.
        assert!(rules.len() <= most, "{file}");
        for rule in rules {
            let rate = &rule["ratelimit"];
            let number = |name: &str| rate[name].as_f64().unwrap();
            let per_second = number("requests_per_period") / number("period");
            let own = [
                (ATTEMPTS_EACH, ATTEMPT_MILLIS),
                (REGISTRATIONS_EACH, REGISTRATIONS_MILLIS),
            ];
            for (times, millis) in own {
                assert!(per_second > times as f64 * 1e3 / millis as f64, "{rule}");
            }
            assert_eq!(rate["characteristics"], json!(["cf.colo.id", "ip.src"]));
        }
    }
}

/// The rule that blocks a request first, among the custom ones.
fn blocking(request: &Request) -> Option<String> {
    let rules = rules("custom-rules");
    let mut blocking = rules.iter().filter(|rule| rule["action"] == "block");
    let found = blocking.find(|rule| Rule::new(text(rule, "expression")).holds(request))?;
    Some(text(found, "ref").to_owned())
}

#[test]
fn what_the_host_takes_passes_and_what_is_blocked_it_would_have_refused() {
    let tenant = stage().tenant_with(GREET).unwrap();
    for case in taken(&tenant) {
        let (status, _) = case.answer();
        let (method, path) = (case.method, &case.path);
        assert!(status < 300, "{method} {path}: {status}");
        assert_eq!(blocking(&case.request(true)), None, "{method} {path}");
    }
    for case in refused(&tenant) {
        let (method, path) = (case.method, &case.path);
        let blocked = blocking(&case.request(true));
        assert_eq!(blocked.as_deref(), case.blocked, "{method} {path}");
        let (status, _) = case.answer();
        assert!((400..500).contains(&status), "{method} {path}: {status}");
        // Another host of the zone is not ours to guard.
        let elsewhere = Request {
            host: "www.example.com".to_owned(),
            ..case.request(false)
        };
        assert_eq!(blocking(&elsewhere), None, "{method} {path}");
    }
}

/// A body of exactly what the host takes passes; one byte more does not.
#[test]
fn sizes_are_the_hosts_own_to_the_byte() {
    for (path, most) in [
        ("/t/acme/echo/mcp", MCP_BODY_MAX),
        ("/t/acme/mcp", MCP_BODY_MAX),
        ("/admin/v1/tenants/acme/keys", ADMIN_BODY_MAX),
        (
            "/admin/v1/tenants/acme/servers/echo/releases",
            PACKAGE_CEILING,
        ),
        ("/admin/v1/tenants/acme/import", PACKAGE_CEILING),
        ("/register", OAUTH_FORM_MAX),
        ("/token", OAUTH_FORM_MAX),
        ("/revoke", OAUTH_FORM_MAX),
        ("/authorize", OAUTH_FORM_MAX),
    ] {
        for (length, blocked) in [
            (most, None),
            (most + 1, Some("smcp_body_size")),
            (most * 100, Some("smcp_body_size")),
        ] {
            let request = Request {
                method: "POST".to_owned(),
                host: HOST.to_owned(),
                path: path.to_owned(),
                headers: vec![
                    ("content-type".to_owned(), JSON.to_owned()),
                    ("content-length".to_owned(), length.to_string()),
                ],
                ..Request::default()
            };
            assert_eq!(blocking(&request).as_deref(), blocked, "{path} {length}");
        }
    }
}

/// Those are the paths of which the description says that the platform's admin alone may ask them.
#[test]
fn from_elsewhere_nobody_asks_what_the_platforms_admin_alone_may() {
    for (path, blocked) in [
        ("/admin/v1/tenants", true),
        ("/admin/v1/audit", true),
        ("/admin/v1/audit/head", true),
        ("/admin/v1/rotation", true),
        ("/metrics", true),
        ("/admin/v1/tenants/acme", false),
        ("/admin/v1/tenants/acme/servers", false),
        ("/admin/v1/openapi.json", false),
    ] {
        let request = |is_listed| Request {
            method: "GET".to_owned(),
            host: HOST.to_owned(),
            path: path.to_owned(),
            is_listed,
            ..Request::default()
        };
        assert_eq!(blocking(&request(true)), None, "{path}");
        let expected = blocked.then(|| "smcp_platform_admin".to_owned());
        assert_eq!(blocking(&request(false)), expected, "{path}");
    }
}

/// Each path that a rule names is one where the host has something.
#[test]
fn rules_name_paths_that_there_are() {
    let tenant = stage().tenant_with(GREET).unwrap();
    let cases: Vec<Case> = taken(&tenant).into_iter().chain(refused(&tenant)).collect();
    let known: Vec<&str> = cases
        .iter()
        .map(|case| case.path.split('?').next().unwrap())
        .collect();
    for rule in RULES.iter().flat_map(|file| rules(file)) {
        let rule = Rule::new(text(&rule, "expression"));
        let named = rule
            .uses()
            .iter()
            .filter_map(|word| word.strip_prefix("string_literals /"));
        for named in named.map(|rest| format!("/{rest}")) {
            let is_part = known
                .iter()
                .any(|path| path.starts_with(&named) || path.ends_with(&named));
            // Pages of people, which are asked for with what an invitation or a provider gave.
            let is_there = |path: &str| {
                let (status, text) = case("GET", path, None).answer();
                status != 404 || !text.contains("there is nothing at this path")
            };
            let page = format!("/t/{}{named}", tenant.name);
            assert!(
                is_part || is_there(&page) || is_there(&named),
                "there is no {named}"
            );
        }
    }
}
