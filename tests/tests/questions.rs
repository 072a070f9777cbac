//! A user who thinks costs nothing: no compute, and nothing stored.
//!
//! On a platform of its own, whose clock a test moves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::thread;

use serde_json::{Value, json};
use smcp_tests::mcp::{Client, MODERN};
use smcp_tests::{Stage, Tenant, UNTIL_ASLEEP};

const ASK: &str = include_str!("../guests/ask.wat");
const KV: &str = include_str!("../guests/kv.wat");

/// One test at a time: the clock and the rows are everybody's.
static ALONE: Mutex<()> = Mutex::new(());

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| Stage::start(true).unwrap())
}

/// The client of a tenant, whose user can be asked.
fn client(tenant: &Tenant) -> Client {
    let endpoint = stage().platform().endpoint(&tenant.name, "guest");
    Client::new(&endpoint, &tenant.key, MODERN).that_answers()
}

/// Calls the tool that asks, with what the client carries.
fn call(tenant: &Tenant, mut more: Value) -> Value {
    more["name"] = json!("ask");
    client(tenant).call("tools/call", more).unwrap()
}

/// How many rows all objects of this platform have stored, of every kind; what the guest has said to its author
/// is not the question's.
fn rows() -> String {
    const COUNT: &str = "
import pathlib, sqlite3, sys
total = {}
for file in sorted(pathlib.Path(sys.argv[1]).rglob('*.sqlite')):
    base = sqlite3.connect(f'file:{file}?mode=ro', uri=True)
    for (name,) in base.execute(\"SELECT name FROM sqlite_master WHERE type = 'table'\").fetchall():
        but = \"WHERE space NOT LIKE 'log/%'\" if name == 'item' else ''
        total[f'{file.name}/{name}'] = base.execute(f'SELECT count(*) FROM \"{name}\" {but}').fetchone()[0]
print(total)";
    let counted = Command::new("python3")
        .args(["-c", COUNT])
        .arg(stage().state())
        .output()
        .unwrap();
    assert!(counted.status.success(), "{counted:?}");
    String::from_utf8(counted.stdout).unwrap()
}

#[test]
fn a_question_that_waits_ten_minutes_holds_no_compute_and_stores_nothing() {
    let _alone = ALONE.lock().unwrap();
    let tenant = stage().tenant_with(ASK).unwrap();
    call(&tenant, json!({}));
    let before = rows();
    let asked = call(&tenant, json!({}));
    let result = &asked["result"];
    assert_eq!(result["resultType"], "input_required", "{asked}");
    let id = result["inputRequests"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap();
    assert_eq!(rows(), before);
    let answered = |state: &Value| {
        let answers = json!({id.as_str(): {"action": "accept", "content": {"name": "Ada"}}});
        call(
            &tenant,
            json!({"requestState": state, "inputResponses": answers}),
        )
    };
    let woken = stage().woke(&tenant).unwrap();
    thread::sleep(UNTIL_ASLEEP);
    stage().provoke(&tenant, "move-clock=570000").unwrap();
    assert_eq!(
        stage().woke(&tenant).unwrap(),
        woken + 1,
        "it has not slept"
    );
    let done = answered(&result["requestState"]);
    let told = &done["result"]["structuredContent"]["content"]["name"];
    assert_eq!(told, "Ada", "{done}");
    // Longer than ten minutes it does not wait.
    stage().provoke(&tenant, "move-clock=30000").unwrap();
    let late = answered(&result["requestState"]);
    assert_eq!(late["error"]["code"], -32602, "{late}");
}

#[test]
fn what_is_too_large_for_a_client_to_carry_is_left_in_the_object_and_found_again() {
    let _alone = ALONE.lock().unwrap();
    let tenant = stage().tenant_with(KV).unwrap();
    // More than one row of storage takes.
    let large = json!("x".repeat(3 << 20));
    let client = client(&tenant).with_meta("com.example/large", large);
    let call = |mut params: Value| {
        params["name"] = json!("run");
        params["arguments"] = json!({"program": "!?+aga"});
        client.call("tools/call", params).unwrap()
    };
    let asked = call(json!({}));
    let state = asked["result"]["requestState"].as_str();
    let state = state.unwrap_or_else(|| panic!("{asked}"));
    assert!(state.len() < 1_024, "{}", state.len());
    let answers = json!({"who": {"action": "accept", "content": {}}});
    let done = call(json!({"requestState": state, "inputResponses": answers}));
    assert_eq!(done["result"]["content"][0]["text"], "1", "{done}");
}
