//! `cargo xtask smoke`, the real command: that it finds a good platform good, leaves nothing there, and says of a bad one
//! what is bad, with the status that a pipeline looks at.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::Value;
use smcp_tests::chore::chore;
use smcp_tests::{Stage, stage};
use smcp_xtask::dev;
use smcp_xtask::platform::Platform;

const STEPS: [&str; 9] = [
    "answers",
    "refuses strangers",
    "knows its admin",
    "trusts a publisher",
    "stores a module",
    "makes a key",
    "serves a call",
    "serves a call in a session",
    "leaves nothing behind",
];

/// What the command found, as JSON, and whether its status says that all is well.
fn smoke(url: &str, token: &str, flags: &[&str]) -> (Value, bool) {
    let output = chore(["smoke", "--json", "--wait", "2", "--url", url])
        .unwrap()
        .args(flags)
        .env("SMCP_TOKEN", token)
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        !out.contains(token) && !err.contains(token),
        "the token in {out}{err}"
    );
    let report = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    (report, output.status.success())
}

/// What the last step is, and what it says.
#[track_caller]
fn failed((report, success): (Value, bool), at: &str, said: &str) {
    assert!(!success && report["ok"] == false, "{report}");
    let broken: Vec<&Value> = report["steps"].as_array().unwrap().iter().collect();
    let broken: Vec<_> = broken
        .iter()
        .filter(|step| !step["error"].is_null())
        .collect();
    let first = broken.first().unwrap_or_else(|| panic!("{report}"));
    assert_eq!(first["what"], at, "{report}");
    assert!(first["error"].as_str().unwrap().contains(said), "{report}");
    assert!(!first["hint"].as_str().unwrap().is_empty(), "{report}");
}

/// All of one test, since two at once would tidy up after each other.
#[test]
fn a_good_platform_is_found_good_again_and_again_and_a_bad_token_or_version_is_named() {
    let platform = stage().platform();
    let (url, token) = (platform.url(), platform.admin_token());
    for _ in 0..2 {
        let (report, success) = smoke(url, token, &[]);
        assert!(success && report["ok"] == true, "{report}");
        let steps = report["steps"].as_array().unwrap();
        let what: Vec<_> = steps
            .iter()
            .map(|step| step["what"].as_str().unwrap())
            .collect();
        assert_eq!(what, STEPS);
        let version = report["version"].as_str().unwrap();
        assert!(!version.is_empty(), "{report}");
        left_nothing(platform);
    }
    let (report, _) = smoke(url, token, &[]);
    let version = report["version"].as_str().unwrap();
    let (report, success) = smoke(url, token, &["--version", version]);
    assert!(success, "{report}");
    let other = smoke(url, token, &["--version", "another"]);
    failed(other, "answers", "not another");
    let wrong = dev::random_hex(16).unwrap();
    failed(smoke(url, &wrong, &[]), "knows its admin", "unauthorized");
}

/// That nothing in the tenant opens or serves anything.
fn left_nothing(platform: &Platform) {
    let list = |of: &str| {
        let listed = platform.smcp([of, "list", "--tenant", "smoke"]);
        listed.unwrap()[format!("{of}s")]
            .as_array()
            .unwrap()
            .clone()
    };
    assert!(list("server").is_empty());
    let opens = |one: &Value| one["revoked"].is_null();
    assert!(!list("key").iter().any(opens) && !list("publisher").iter().any(opens));
    assert_eq!(list("publisher").len(), 1, "one for all runs");
}

#[test]
fn an_address_where_nobody_is_and_one_where_somebody_else_is_are_told_apart() {
    let token = dev::random_hex(16).unwrap();
    let nobody = format!("http://127.0.0.1:{}", dev::free_port().unwrap());
    failed(smoke(&nobody, &token, &[]), "answers", "onnect");
    let other = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", other.local_addr().unwrap());
    thread::spawn(move || {
        for stream in other.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
            );
        }
    });
    failed(smoke(&url, &token, &[]), "answers", "is not this host");
}

/// What a platform keeps of modules is taken away under it: every request to that store fails from then on.
#[test]
fn a_module_store_that_is_gone_is_found_where_a_module_is_stored_and_nothing_is_left_behind() {
    let stage = Stage::start(false).unwrap();
    let kept = stage.state().join("r2");
    let _ = fs::remove_dir_all(&kept);
    fs::write(&kept, "no directory").unwrap();
    let platform = stage.platform();
    let found = smoke(platform.url(), platform.admin_token(), &[]);
    failed(found, "stores a module", "host_fault");
    left_nothing(platform);
}
