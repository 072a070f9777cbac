//! What a tool takes and gives is what its schemas say, or the call says so.

use crate::world::{World, package, tool_call};
use serde_json::{Value, json};

const GUEST: &str = include_str!("../../../../tests/guests/ask.wat");
/// What the guest says that it takes, and what else it says of itself.
const PLAIN: &str = r#""inputSchema":{"type":"object"}"#;

/// The guest with another tool: it must fit where the plain one is.
fn guest(tool: &str) -> String {
    let describe = |tool: &str| format!(r#"{{"tools":[{{"name":"ask",{tool}}}]}}"#);
    let quoted = |text: &str| text.replace('"', "\\\"");
    let (old, new) = (describe(PLAIN), describe(tool));
    assert!(new.len() <= 192, "{}", new.len());
    let len = |text: &str| format!("(i32.store (i32.const 20) (i32.const {}))", text.len());
    let wat = GUEST.replace(&quoted(&old), &quoted(&new));
    wat.replacen(&len(&old), &len(&new), 1)
}

fn call(world: &mut World, key: &str, arguments: Value) -> Value {
    world.call(key, &tool_call(1, "ask", arguments)).json()
}

#[test]
fn arguments_that_do_not_fit_are_told_to_the_model_and_never_reach_the_guest() {
    let mut world = World::new();
    let wat = guest(
        r#""inputSchema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#,
    );
    let key = world.acme(&wat);
    for (arguments, fits) in [
        (json!({"n": 1}), true),
        (json!({"n": 1, "m": 2}), true),
        (json!({"n": "1"}), false),
        (json!({}), false),
    ] {
        let answer = call(&mut world, &key, arguments.clone());
        if fits {
            // The guest runs, and asks: which a legacy client is not.
            assert_eq!(answer["error"]["code"], -32021, "{arguments} {answer}");
        } else {
            assert_eq!(answer["result"]["isError"], true, "{arguments} {answer}");
            let text = answer["result"]["content"][0]["text"].as_str().unwrap();
            assert!(
                text.starts_with("Invalid arguments for tool ask: "),
                "{text}"
            );
        }
    }
}

#[test]
fn a_release_whose_schema_cannot_be_used_is_not_published() {
    for (schema, code) in [
        (
            r#"{"type":"object","$ref":"http://other.example/"}"#,
            "schema_ref_outside",
        ),
        (r##"{"type":"object","$ref":"#"}"##, "schema_circular"),
        (r#"{"type":"object","required":1}"#, "schema_invalid"),
        (
            r#"{"type":"object","$schema":"http://other.example/"}"#,
            "schema_dialect_unsupported",
        ),
    ] {
        let mut world = World::new();
        world.acme(GUEST);
        let wat = guest(&format!(r#""inputSchema":{schema}"#));
        let refused = world.admin_bytes(
            "POST",
            "/tenants/acme/servers/hello/releases",
            package(&wat, "2.0.0"),
        );
        assert_eq!(refused.status(), 422, "{schema}");
        assert_eq!(refused.json()["error"]["code"], code, "{schema}");
    }
}
