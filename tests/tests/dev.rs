//! `cargo xtask dev`, the real command: what it prints, what it keeps, and that it leaves nothing
//! behind however it ends. And that wrangler takes the same configuration.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use smcp_tests::admin::Admin;
use smcp_tests::chore::{Chore, Process, alive, chore};
use smcp_tests::guests;
use smcp_tests::http::{Answer, Ask, tool_call};
use smcp_xtask::{build, dev, paths, setup};

const GREET: &str = include_str!("../guests/greet.wat");
const TOKEN: &str = "the-token-of-these-tests-which-is-long-enough";

/// A directory that no other test has.
fn fresh() -> PathBuf {
    let name = dev::random_hex(6).unwrap();
    paths::target().join("e2e").join(name).join("state")
}

/// The command, after it has said that it is ready; and where.
fn start(state: &Path, port: u16) -> (Chore, Admin) {
    let mut command = chore(["dev", "--port", &port.to_string(), "--state"]).unwrap();
    let mut chore = Chore::start(command.arg(state).args(["--admin-token", TOKEN])).unwrap();
    let line = chore.line().unwrap();
    let Some(url) = line.strip_prefix("ready ") else {
        panic!("it printed {line:?}");
    };
    (chore, Admin::new(url, TOKEN))
}

fn healthy(url: &str) -> bool {
    let answer = Ask::new("GET", &format!("{url}/healthz")).send(b"");
    answer.is_ok_and(|answer| answer.status == 200)
}

fn greet(admin: &Admin, tenant: &str, key: &str) -> Answer {
    Ask::new("POST", &format!("{}/t/{tenant}/guest/mcp", admin.url()))
        .header("authorization", &format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .send(tool_call("greet", &json!({})).to_string().as_bytes())
        .unwrap()
}

/// Gives those of `before` that are left after at most so long.
fn left(before: &[Process], within: Duration) -> Vec<Process> {
    let since = Instant::now();
    loop {
        let left = alive(before).unwrap();
        if left.is_empty() || since.elapsed() > within {
            return left;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_token_that_could_be_guessed_is_refused() {
    let arguments = ["dev", "--port", "0", "--admin-token", "a-short-one"];
    let refused = chore(arguments).unwrap().output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("could be guessed"),
        "{said}"
    );
}

#[test]
fn it_says_ready_and_where_when_it_answers() {
    let port = dev::free_port().unwrap();
    let (_chore, admin) = start(&fresh(), port);
    assert_eq!(admin.url(), format!("http://127.0.0.1:{port}"));
    assert!(healthy(admin.url()));
    let answer = admin.get("/tenants").unwrap();
    assert_eq!(answer.json().unwrap(), json!({ "tenants": [] }));
}

/// MCP 2026-07-28, basic/transports/streamable-http, "Security & Endpoint": whoever listens at all
/// addresses is also found at the second of the loopback's.
#[test]
fn it_listens_on_this_machine_only() {
    let port = dev::free_port().unwrap();
    let (_chore, admin) = start(&fresh(), port);
    assert!(healthy(admin.url()));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(TcpStream::connect(("127.0.0.2", port)).is_err());
}

#[test]
fn the_same_state_later_holds_the_same_data_and_wakes_to_calls() {
    let state = fresh();
    let (chore, admin) = start(&state, 0);
    let key = admin.tenant("acme").unwrap();
    let package = guests::package(GREET, "1.0.0").unwrap();
    let published = admin.publish("acme", "guest", &package).unwrap();
    assert_eq!(published.status, 201, "{}", published.text());
    let server = admin.get("/tenants/acme/servers/guest").unwrap().text();
    let keys = admin.get("/tenants/acme/keys").unwrap().text();
    assert!(greet(&admin, "acme", &key).text().contains("hello"));
    let mut running = chore;
    // Ended cleanly, then as if killed: nothing that was answered may be gone.
    for signal in ["-TERM", "-KILL"] {
        let started = running.descendants().unwrap();
        running.end(signal).unwrap();
        assert_eq!(left(&started, Duration::from_secs(10)), [], "{signal}");
        let (again, admin) = start(&state, 0);
        let answer = greet(&admin, "acme", &key);
        assert_eq!(answer.status, 200, "{signal} {}", answer.text());
        assert!(
            answer.text().contains("hello"),
            "{signal} {}",
            answer.text()
        );
        let now = admin.get("/tenants/acme/servers/guest").unwrap().text();
        assert_eq!(now, server, "{signal}");
        assert_eq!(admin.get("/tenants/acme/keys").unwrap().text(), keys);
        running = again;
    }
}

/// Ends it with a signal; nothing of it may be there afterwards.
fn ends_cleanly(signal: &str) {
    let (chore, admin) = start(&fresh(), 0);
    let started = chore.descendants().unwrap();
    assert!(
        started
            .iter()
            .any(|process| process.name.contains("workerd")),
        "{started:?}"
    );
    assert!(chore.end(signal).unwrap(), "{signal} is no failure");
    // At once: whoever waits for the command may start another.
    assert_eq!(alive(&started).unwrap(), []);
    assert!(!healthy(admin.url()));
}

#[test]
fn an_interrupt_ends_it_with_no_process_left() {
    ends_cleanly("-INT");
}

#[test]
fn a_termination_ends_it_with_no_process_left() {
    ends_cleanly("-TERM");
}

#[test]
fn killing_it_leaves_no_runtime_behind() {
    let (chore, admin) = start(&fresh(), 0);
    let started = chore.descendants().unwrap();
    assert!(started.len() >= 2, "{started:?}");
    assert!(!chore.end("-KILL").unwrap());
    assert_eq!(left(&started, Duration::from_secs(8)), []);
    assert!(!healthy(admin.url()));
}

#[test]
fn wrangler_takes_the_configuration_and_the_build() {
    build::build(build::Mode::Release).unwrap();
    let said = setup::output(
        Command::new(paths::node())
            .arg(paths::root().join("node_modules/wrangler/bin/wrangler.js"))
            .args(["deploy", "--dry-run", "--outdir"])
            .arg(fresh().with_file_name("bundle"))
            .current_dir(paths::root())
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CI", "1"),
    )
    .unwrap();
    for expected in ["env.OBJECTS (HostObject)", "env.MODULES (", "--dry-run"] {
        assert!(said.contains(expected), "no {expected} in {said}");
    }
}
