//! The life of a release on the real platform: a canary's callers, a call that asks while another release goes live, a
//! rollback, and a host that is killed while releases go back and forth.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::guests;
use smcp_tests::mcp::{Client, MODERN};
use smcp_tests::mortal::{Mortal, kill};
use smcp_tests::{Stage, Tenant};
use smcp_xtask::build;
use smcp_xtask::platform::Platform;

const ASK: &str = include_str!("../guests/ask.wat");
const GREET: &str = include_str!("../guests/greet.wat");

fn run(platform: &Platform, tenant: &str, arguments: &[&str]) -> Value {
    let of = [arguments, &["--tenant", tenant]].concat();
    platform.smcp(of).unwrap()
}

/// A guest whose tool and answer have that digit.
fn numbered(number: u8) -> String {
    GREET
        .replace("greet", &format!("gree{number}"))
        .replace("hello", &format!("hell{number}"))
}

fn publish(platform: &Platform, tenant: &str, wat: &str, version: &str) -> String {
    let admin = Admin::new(platform.url(), platform.admin_token());
    let package = guests::package(wat, version).unwrap();
    let answer = admin.publish(tenant, "guest", &package).unwrap();
    assert!(answer.status < 300, "{}", answer.text());
    answer.json().unwrap()["release"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The one tool that a caller is shown, and what it answers.
fn seen(platform: &Platform, tenant: &str, key: &str) -> (String, String) {
    let client = Client::new(&platform.endpoint(tenant, "guest"), key, MODERN);
    let list = client.call("tools/list", json!({})).unwrap();
    let tool = list["result"]["tools"][0]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let called = client
        .call("tools/call", json!({"name": tool, "arguments": {}}))
        .unwrap();
    let text = &called["result"]["content"][0]["text"];
    (
        tool,
        text.as_str()
            .unwrap_or_else(|| panic!("{called}"))
            .to_owned(),
    )
}

#[test]
fn a_release_is_tried_on_some_promoted_and_gone_back_from_while_a_call_asks() {
    let stage = Stage::start(false).unwrap();
    let platform = stage.platform();
    let Tenant { name, key, .. } = stage.tenant_with(ASK).unwrap();
    let asking = Client::new(&platform.endpoint(&name, "guest"), &key, MODERN).that_answers();
    let asked = asking.call("tools/call", json!({"name": "ask"})).unwrap();
    let state = &asked["result"]["requestState"];
    assert!(state.is_string(), "{asked}");

    publish(platform, &name, &numbered(1), "2.0.0");
    run(platform, &name, &["release", "approval", "required"]);
    let release = publish(platform, &name, &numbered(2), "3.0.0");
    assert_eq!(seen(platform, &name, &key).1, "hell1");
    run(platform, &name, &["release", "approve", "guest", "3.0.0"]);
    run(
        platform,
        &name,
        &["release", "canary", "guest", "3.0.0", "--percent", "50"],
    );
    let mut given = BTreeMap::new();
    let keys: Vec<String> = (0..24).map(|_| platform.key(&name).unwrap()).collect();
    for _ in 0..2 {
        for key in &keys {
            let (tool, text) = seen(platform, &name, key);
            assert_eq!(
                tool.replace("gree", "hell"),
                text,
                "the lists are of the release"
            );
            let before = given.insert(key, text.clone());
            assert!(
                before.is_none_or(|before| before == text),
                "a caller has one release"
            );
        }
    }
    let tried = given.values().filter(|text| *text == "hell2").count();
    assert!((1..24).contains(&tried), "{tried} of 24");

    let promoted = run(
        platform,
        &name,
        &["release", "promote", "guest", &release[..8]],
    );
    assert_eq!(
        (&promoted["state"], &promoted["canary"]),
        (&json!("live"), &Value::Null)
    );
    assert!(
        keys.iter()
            .all(|key| seen(platform, &name, key).1 == "hell2")
    );
    // The call that has asked ends on the release on which it began.
    let id = asked["result"]["inputRequests"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap();
    let answers = json!({id.as_str(): {"action": "accept", "content": {"name": "Ada"}}});
    let more = json!({"name": "ask", "requestState": state, "inputResponses": answers});
    let answered = asking.call("tools/call", more).unwrap();
    let content = &answered["result"]["structuredContent"]["content"];
    assert_eq!(content["name"], "Ada", "{answered}");

    run(platform, &name, &["release", "rollback", "guest"]);
    assert_eq!(seen(platform, &name, &key).1, "hell1");
}

/// Whatever was answered is so after the kill, and what was not is done or not, and never half.
#[test]
fn a_host_that_is_killed_while_releases_go_back_and_forth_has_one_live_and_knows_the_one_before() {
    build::build(build::Mode::Release).unwrap();
    let mortal = Mortal::new().unwrap();
    let mut platform = mortal.start().unwrap();
    platform.tenant("acme").unwrap();
    let admin = Admin::new(platform.url(), platform.admin_token());
    let publisher = guests::publisher().public().to_string();
    let trusted = admin.send(
        "POST",
        "/tenants/acme/publishers",
        &json!({"key": publisher}),
    );
    assert_eq!(trusted.unwrap().status, 201);
    let releases = [1_u8, 2].map(|number| {
        publish(
            &platform,
            "acme",
            &numbered(number),
            &format!("{number}.0.0"),
        )
    });
    let mut moves = 0;
    for round in 0..3 {
        let admin = Admin::new(platform.url(), platform.admin_token());
        let last = thread::scope(|scope| {
            let mover = scope.spawn(|| {
                let (mut last, mut moved) = (None, 0);
                for number in round.. {
                    let release = &releases[number % 2];
                    let path = format!("/tenants/acme/servers/guest/releases/{release}/promote");
                    match admin.send("POST", &path, &json!({})) {
                        Ok(answer) if answer.status == 200 => {
                            (last, moved) = (Some(release), moved + 1)
                        }
                        Ok(answer) => panic!("{}", answer.text()),
                        Err(_) => break,
                    }
                }
                (last, moved)
            });
            thread::sleep(Duration::from_millis(
                400 + 70 * u64::try_from(round).unwrap(),
            ));
            kill(platform).unwrap();
            mover.join().unwrap()
        });
        moves += last.1;
        platform = mortal.start().unwrap();
        let list = run(&platform, "acme", &["release", "list", "guest"]);
        let rows = list["releases"].as_array().unwrap();
        let of = |state: &str| -> Vec<&str> {
            let rows = rows.iter().filter(|row| row["state"] == state);
            rows.map(|row| row["release"].as_str().unwrap()).collect()
        };
        let (live, retired) = (of("live"), of("retired"));
        assert_eq!((live.len(), retired.len()), (1, 1), "{list}");
        let shown = run(&platform, "acme", &["server", "show", "guest"]);
        assert_eq!(
            (&shown["live"], &shown["before"]),
            (&json!(live[0]), &json!(retired[0]))
        );
        // The record ends with the step that led here: it is as far as the rows are.
        let tail = run(&platform, "acme", &["audit", "tail", "--limit", "1"]);
        let text = tail.to_string();
        assert!(text.contains(&format!("{}/promote", live[0])), "{text}");
        let key = platform.key("acme").unwrap();
        let number = 1 + releases
            .iter()
            .position(|release| *release == live[0])
            .unwrap();
        assert_eq!(seen(&platform, "acme", &key).1, format!("hell{number}"));
    }
    assert!(moves > 10, "{moves}");
    let files = ["jsonl", "head"].map(|end| {
        let file = platform.scratch(&format!("releases.{end}"));
        file.to_str().unwrap().to_owned()
    });
    let [entries, head] = &files;
    run(
        &platform,
        "acme",
        &["audit", "export", entries, "--head", head],
    );
    platform
        .smcp(["audit", "verify", entries, "--head", head])
        .unwrap();
}
