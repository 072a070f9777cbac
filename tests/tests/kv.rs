//! Key-value storage, and settings, on real workerd: storage does what the tests in memory say, calls beside each
//! other lose nothing, and what was acknowledged outlives the host.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use smcp_tests::mcp::{Client, MODERN};
use smcp_tests::mortal::{Mortal, kill};
use smcp_tests::{Stage, Tenant, guests, stage};

const GUEST: &str = include_str!("../guests/kv.wat");

fn client(stage: &Stage, tenant: &Tenant) -> Client {
    let endpoint = stage.platform().endpoint(&tenant.name, "guest");
    Client::new(&endpoint, &tenant.key, MODERN)
}

/// Runs a program of the guest; gives its text.
#[track_caller]
fn run(client: &Client, program: &str) -> String {
    let answer = call(client, program);
    let text = answer["result"]["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("{program}: {answer}"))
        .to_owned()
}

fn call(client: &Client, program: &str) -> Value {
    let arguments = json!({"program": format!("!{program}")});
    let params = json!({"name": "run", "arguments": arguments});
    client.call("tools/call", params).unwrap()
}

#[test]
fn programs_come_to_what_the_contract_says() {
    let tenant = stage().tenant_with(GUEST).unwrap();
    let client = client(stage(), &tenant);
    for (program, expected) in [
        ("gak*", "-"),
        ("saxsbygagb", "xy"),
        ("gagbk*", "xya,b,"),
        ("kakbkc", "a,b,"),
        ("daga", "-"),
        ("gak*", "-b,"),
        ("ca-zga", "Tz"),
        ("ca-yga", "Fz"),
        ("cazyga", "Ty"),
        ("cay-ga", "T-"),
        ("SaxGaga", "x-"),
        ("Gaga", "x-"),
        ("taxga", "x"),
        ("+n+ngn", "2"),
        ("scxdbsdxk*", "a,c,d,n,"),
        ("#m#mvmvw", "000000010000000200000002-"),
        ("=m00000099#mgmdm", "000001000"),
        ("saqe", ""),
        ("ga", "q"),
    ] {
        assert_eq!(run(&client, program), expected, "{program}");
    }
    for failed in ["sazp", "sazu"] {
        let answer = call(&client, failed);
        assert!(answer["error"]["code"].is_i64(), "{failed}: {answer}");
        assert_eq!(run(&client, "ga"), "q", "after {failed}");
    }
}

#[test]
fn what_was_set_for_a_second_is_gone_after_it() {
    let tenant = stage().tenant_with(GUEST).unwrap();
    let client = client(stage(), &tenant);
    assert_eq!(run(&client, "taxsbyk*"), "a,b,");
    thread::sleep(Duration::from_millis(1_100));
    assert_eq!(run(&client, "gak*"), "-b,");
    // The next change sweeps it up; a list that was read before is none the worse.
    assert_eq!(run(&client, "saxk*"), "a,b,");
}

#[test]
fn calls_beside_each_other_lose_no_change() {
    let tenant = stage().tenant_with(GUEST).unwrap();
    let counting: Vec<_> = (0..4)
        .map(|_| {
            let client = client(stage(), &tenant);
            thread::spawn(move || {
                for _ in 0..10 {
                    run(&client, "+az");
                }
            })
        })
        .collect();
    for thread in counting {
        thread.join().unwrap();
    }
    // Forty more than the character 0.
    assert_eq!(run(&client(stage(), &tenant), "ga"), "X");
}

#[test]
fn a_server_that_comes_after_a_deleted_one_finds_nothing() {
    let tenant = stage().tenant_with(GUEST).unwrap();
    let client = client(stage(), &tenant);
    run(&client, "saxSay");
    let delete = [
        "server",
        "delete",
        "guest",
        "--tenant",
        &tenant.name,
        "--yes",
    ];
    stage().platform().smcp(delete).unwrap();
    let package = guests::package(GUEST, "1.0.0").unwrap();
    let published = stage().publish(&tenant, "guest", &package).unwrap();
    assert_eq!(published.status, 201, "{}", published.text());
    assert_eq!(run(&client, "gaGak*"), "--");
}

#[test]
fn what_was_acknowledged_outlives_a_killed_host_and_a_question_goes_on() {
    const TENANT: &str = "mortal";
    let mortal = Mortal::new().unwrap();
    let platform = mortal.start().unwrap();
    platform.tenant(TENANT).unwrap();
    let publisher = guests::publisher().public().to_string();
    let trust = ["publisher", "trust", &publisher, "--tenant", TENANT];
    platform.smcp(trust).unwrap();
    let package = platform.scratch("guest.wasm");
    std::fs::write(&package, guests::package(GUEST, "1.0.0").unwrap()).unwrap();
    platform.publish(&package, TENANT, "guest").unwrap();
    let key = platform.key(TENANT).unwrap();
    let client = Client::new(&platform.endpoint(TENANT, "guest"), &key, MODERN).that_answers();
    let asked = call(&client, "sby?+c");
    let state = asked["result"]["requestState"].clone();
    assert!(state.is_string(), "{asked}");
    assert_eq!(
        run(&client, "saxgagb"),
        "x-",
        "a call that asks has changed nothing yet"
    );
    kill(platform).unwrap();
    let _platform = mortal.start().unwrap();
    assert_eq!(run(&client, "ga"), "x");
    let answers = json!({"who": {"action": "accept", "content": {}}});
    let params = json!({
        "name": "run",
        "arguments": {"program": "!sby?+c"},
        "requestState": state,
        "inputResponses": answers,
    });
    let done = client.call("tools/call", params).unwrap();
    assert_eq!(done["result"]["resultType"], "complete", "{done}");
    assert_eq!(run(&client, "gbgc"), "y1");
}

#[test]
fn a_setting_that_the_admin_sets_is_what_the_guest_reads() {
    let tenant = stage()
        .tenant_with(include_str!("../guests/setting.wat"))
        .unwrap();
    let client = client(stage(), &tenant);
    let read = || {
        let answer = client.call("tools/call", json!({"name": "limit"})).unwrap();
        answer["result"]["structuredContent"].clone()
    };
    let smcp = |words: &[&str]| {
        let of = ["--server", "guest", "--tenant", &tenant.name];
        let words = ["config"].iter().chain(words).chain(&of);
        stage().platform().smcp(words).unwrap()
    };
    assert_eq!(read(), Value::Null);
    smcp(&["set", "limit", "20"]);
    assert_eq!(read(), json!(20));
    smcp(&["set", "limit", "plenty"]);
    assert_eq!(read(), json!("plenty"));
    assert_eq!(smcp(&["list"])["settings"][0]["value"], "plenty");
    smcp(&["delete", "limit"]);
    assert_eq!(read(), Value::Null);
}
