//! The record of what was done, on the real platform, read and verified with the real command; whole after a host was
//! killed while it was written.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::process::Command;
use std::thread;

use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::mortal::{Mortal, kill};
use smcp_xtask::build;
use smcp_xtask::platform::Platform;

fn run(platform: &Platform, arguments: &[&str]) -> Result<Value, String> {
    let said = platform.smcp(arguments);
    said.map_err(|error| format!("{error:#}"))
}

/// Exports the record of a tenant; the names of its files.
fn exported(platform: &Platform, tenant: &str) -> [String; 2] {
    let files = ["jsonl", "head"].map(|end| {
        let file = platform.scratch(&format!("{tenant}.{end}"));
        file.to_str().unwrap().to_owned()
    });
    let [entries, head] = &files;
    let arguments = [
        "audit", "export", entries, "--head", head, "--tenant", tenant,
    ];
    run(platform, &arguments).unwrap();
    files
}

#[test]
fn the_record_is_exported_verified_and_found_broken_whatever_is_done_to_it() {
    build::build(build::Mode::Release).unwrap();
    let mortal = Mortal::new().unwrap();
    let platform = mortal.start().unwrap();
    platform.tenant("acme").unwrap();
    run(
        &platform,
        &[
            "limits",
            "set",
            "--calls-per-minute",
            "600",
            "--tenant",
            "acme",
        ],
    )
    .unwrap();
    run(
        &platform,
        &[
            "key", "create", "--name", "x", "--scope", "audit", "--tenant", "acme",
        ],
    )
    .unwrap();
    let [entries, head] = exported(&platform, "acme");
    let verified = run(&platform, &["audit", "verify", &entries, "--head", &head]).unwrap();
    assert_eq!(
        (&verified["of"], &verified["first"]),
        (&json!("tenant:acme"), &json!(1))
    );
    assert_eq!(verified["signed"], verified["last"], "{verified}");
    let text = std::fs::read_to_string(&entries).unwrap();
    let did: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["did"].to_string())
        .collect();
    assert_eq!(
        did,
        [
            "\"OpenTenant\"",
            "\"TrustPublisher\"",
            "\"SetLimits\"",
            "\"CreateKey\""
        ]
    );
    let lines: Vec<&str> = text.lines().collect();
    let altered = text.replace("600", "900");
    assert_ne!(altered, text);
    for (name, forged) in [
        ("altered", altered),
        ("without its end", lines[..3].join("\n")),
        (
            "without its middle",
            [lines[0], lines[2], lines[3]].join("\n"),
        ),
        (
            "in another order",
            [lines[1], lines[0], lines[2], lines[3]].join("\n"),
        ),
    ] {
        let file = platform.scratch("forged.jsonl");
        std::fs::write(&file, forged).unwrap();
        let verify = ["audit", "verify", file.to_str().unwrap(), "--head", &head];
        let refused = run(&platform, &verify).unwrap_err();
        assert!(refused.contains("audit_broken"), "{name}: {refused}");
    }
    // Whoever has no command can verify it too, as docs/audit.md says.
    let page = include_str!("../../docs/audit.md");
    let script = page
        .split("```python\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let input = std::fs::File::open(&entries).unwrap();
    let output = Command::new("python3")
        .args(["-c", script])
        .stdin(input)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let expected = format!(
        "{} {}\n",
        verified["last"],
        verified["hash"].as_str().unwrap()
    );
    assert_eq!(
        said,
        expected,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // The platform's own, which its admin alone reads.
    let tail = platform.scratch("platform.jsonl");
    run(
        &platform,
        &["audit", "export", tail.to_str().unwrap(), "--platform"],
    )
    .unwrap();
    let text = std::fs::read_to_string(&tail).unwrap();
    assert!(text.contains("\"did\":\"CreateTenant\""), "{text}");
}

/// Whatever an admin was told is done is in the record; and what is in the record was done.
#[test]
fn the_record_is_whole_after_the_host_was_killed_while_it_was_written() {
    build::build(build::Mode::Release).unwrap();
    let mortal = Mortal::new().unwrap();
    let mut told = Vec::new();
    let mut platform = mortal.start().unwrap();
    platform.tenant("acme").unwrap();
    for round in 0..3 {
        let admin = Admin::new(platform.url(), platform.admin_token());
        let done = thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut done = Vec::new();
                for number in 1..10_000_u64 {
                    let name = format!("round-{round}-{number}");
                    let made = admin.send("POST", "/tenants/acme/keys", &json!({"name": name}));
                    match made {
                        Ok(answer) if answer.status == 201 => {
                            let id = answer.json().unwrap()["id"].as_str().unwrap().to_owned();
                            done.push(id);
                        }
                        // As many as there may be, those that were revoked too.
                        Ok(answer) if answer.status == 409 => break,
                        Ok(answer) => panic!("{}", answer.text()),
                        Err(_) => break,
                    }
                }
                done
            });
            thread::sleep(std::time::Duration::from_millis(400));
            kill(platform).unwrap();
            writer.join().unwrap()
        });
        told.extend(done);
        platform = mortal.start().unwrap();
    }
    assert!(told.len() > 10, "{}", told.len());
    let [entries, head] = exported(&platform, "acme");
    run(&platform, &["audit", "verify", &entries, "--head", &head]).unwrap();
    let text = std::fs::read_to_string(&entries).unwrap();
    let made: Vec<String> = text
        .lines()
        .filter_map(|line| {
            let entry: Value = serde_json::from_str(line).unwrap();
            let key = entry["what"]["key"].as_str().map(str::to_owned);
            key.filter(|_| entry["did"] == "CreateKey")
        })
        .collect();
    for id in &told {
        assert!(made.contains(id), "{id} was made, and is not in the record");
    }
    let keys = run(&platform, &["key", "list", "--tenant", "acme"]).unwrap();
    let there: Vec<&str> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["id"].as_str().unwrap())
        .collect();
    for id in there {
        assert!(
            made.iter().any(|one| one == id),
            "{id} is there, and not in the record"
        );
    }
}
