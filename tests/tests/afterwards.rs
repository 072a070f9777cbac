//! What an author finds out about a call that failed on real workerd, with the real command.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};
use smcp_tests::http::tool_call;
use smcp_tests::{Tenant, guests, stage};

const KV: &str = include_str!("../guests/kv.wat");
const ASK: &str = include_str!("../guests/ask.wat");

fn run(tenant: &Tenant, program: &str) -> Value {
    let message = tool_call("run", &json!({"program": format!("!{program}")}));
    stage().post(tenant, &message).unwrap().json().unwrap()
}

fn smcp(tenant: &Tenant, args: &[&str]) -> Value {
    let of = ["--tenant", &tenant.name, "--server", "guest"];
    let said = stage().platform().smcp(args.iter().chain(&of));
    said.unwrap_or_else(|error| panic!("{args:?}: {error:#}"))
}

#[test]
fn a_call_that_failed_is_found_by_its_id_and_fails_again_on_another_machine() {
    let tenant = stage().tenant_with(KV).unwrap();
    let platform = stage().platform();
    run(&tenant, "saxsby");
    let failed = run(&tenant, "gak*gbscqu");
    let id = failed["error"]["data"]["callId"].as_str().unwrap();
    let end = smcp(&tenant, &["logs", "--call", id, "--level", "error"]);
    assert_eq!(end["outcome"], "guest_panicked", "{end}");
    assert_eq!((&end["call"], &end["tape"]), (&json!(id), &json!(true)));
    let module = platform.scratch("kv.wasm");
    std::fs::write(&module, guests::package(KV, "1.0.0").unwrap()).unwrap();
    let tape = platform.scratch("failed.tape");
    let tape = tape.to_str().unwrap();
    smcp(&tenant, &["tape", "get", "--call", id, "--out", tape]);
    let module = module.to_str().unwrap();
    let replay = ["replay", tape, "--module", module];
    let replayed = platform.smcp(replay).unwrap();
    assert_eq!(
        (&replayed["equal"], &replayed["end"]),
        (&json!(true), &json!("guest_panicked"))
    );
    assert_eq!(replayed["fuel"], failed["error"]["data"]["fuel"]);
    let stopped = platform
        .smcp(replay.iter().chain(&["--stop-at", "1"]))
        .unwrap();
    assert_eq!(stopped["answered"]["value"], "x", "{stopped}");
}

#[test]
fn what_is_kept_is_its_own_tenants() {
    let (mine, other) = (
        stage().tenant_with(ASK).unwrap(),
        stage().tenant_with(ASK).unwrap(),
    );
    let message = tool_call("ask", &json!({}));
    let refused = stage().post(&mine, &message).unwrap().json().unwrap();
    let id = refused["error"]["data"]["callId"].as_str().unwrap();
    let tapes = |tenant: &Tenant| smcp(tenant, &["tape", "list"])["tapes"].take();
    assert_eq!(tapes(&mine)[0]["call"], id);
    assert_eq!(tapes(&other), json!([]));
    stage()
        .platform()
        .smcp(["tape", "keep", "off", "--tenant", &mine.name])
        .unwrap();
    assert_eq!(tapes(&mine), json!([]));
    let deleted = smcp(&mine, &["logs", "--call", id, "--level", "warning"]);
    assert_eq!(deleted["outcome"], "refused", "the log stays");
}
