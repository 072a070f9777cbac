//! What is kept of calls, as an admin asks for it, and the replay of what was recorded.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use base64::Engine as _;
use serde_json::{Value, json};
use smcp_ids::Fuel;
use smcp_package::{Admission, Policy, UntrustedPackage};
use smcp_sandbox::{Bounds, LoadedModule};
use smcp_tape::Recording;
use smcp_tenant::replay::{self, How};

use crate::world::{World, package, publisher};

pub fn logs_at(world: &mut World, query: &str) -> Value {
    let path = format!("/tenants/acme/servers/hello/logs{query}");
    let answer = world.admin("GET", &path, Value::Null);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

pub fn logs(world: &mut World) -> Vec<Value> {
    logs_at(world, "?limit=1000")["entries"]
        .as_array()
        .unwrap()
        .clone()
}

pub fn tapes(world: &mut World) -> Vec<Value> {
    let answer = world.admin("GET", "/tenants/acme/servers/hello/tapes", Value::Null);
    answer.json()["tapes"].as_array().unwrap().clone()
}

pub fn tape(world: &mut World, call: &str) -> Recording {
    let path = format!("/tenants/acme/servers/hello/tapes/{call}");
    let answer = world.admin("GET", &path, Value::Null);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let text = answer.json()["tape"].as_str().unwrap().to_owned();
    let bytes = base64::engine::general_purpose::STANDARD.decode(text);
    Recording::from_bytes(&bytes.unwrap()).unwrap()
}

pub fn keep(world: &mut World, what: &str) {
    let set = world.admin("PUT", "/tenants/acme/tapes", json!({"keep": what}));
    assert_eq!(set.json(), json!({"keep": what}));
}

/// The name of a call that failed.
#[track_caller]
pub fn named(reply: &Value) -> String {
    let id = match &reply["error"]["data"]["callId"] {
        Value::Null => &reply["result"]["_meta"]["smcp/call"],
        id => id,
    };
    let id = id.as_str().unwrap_or_else(|| panic!("{reply}"));
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    id.to_owned()
}

pub fn loaded(package: Vec<u8>) -> LoadedModule {
    let verified = UntrustedPackage::parse(package).unwrap();
    let verified = verified.verify(&[publisher().public()]).unwrap();
    let admission = Admission::start(verified, &Policy::default()).unwrap();
    LoadedModule::load(&admission.finish().unwrap()).unwrap()
}

/// Runs a recording again, and holds it against what was recorded.
#[track_caller]
pub fn replays(wat: &str, recording: &Recording) {
    let bounds = Bounds {
        memory: recording.memory as usize,
        fuel: recording.fuel,
        output: recording.output as usize,
    };
    for slice in [50, 1_000_000] {
        let how = How {
            slice: Fuel(slice),
            stop_at: None,
        };
        let loaded = loaded(package(wat, "1.0.0"));
        let replayed = replay::replay(&loaded, recording, bounds, how, |_| {}).unwrap();
        assert_eq!(
            replay::compare(recording, &replayed),
            Ok(()),
            "{replayed:?}"
        );
    }
}
