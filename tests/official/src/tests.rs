//! That the checks refuse: with the official schemas where they are, and the closing without them.

#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use crate::versions::Document;
use crate::{notification, request, response};

const MODERN: &str = "2026-07-28";

fn has_schemas() -> bool {
    std::env::var_os("MCP_SCHEMA_DIR").is_some()
}

#[test]
fn what_a_definition_does_not_name_is_refused_where_it_is_closed() {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {
            "Outer": {
                "type": "object",
                "properties": {
                    "inner": {"type": "array", "items": {"$ref": "#/$defs/Inner"}},
                    "_meta": {"type": "object", "properties": {"a": {}}},
                },
            },
            "Inner": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
    });
    for (value, when_open, when_closed) in [
        (json!({"inner": [{"name": "n"}]}), true, true),
        (json!({"inner": [{"nmae": "n"}]}), true, false),
        (json!({"other": 1}), true, false),
        (json!({"_meta": {"b": 1}}), true, true),
        (json!({"inner": [{"name": 1}]}), false, false),
    ] {
        let open = Document::new(whole.clone(), false).unwrap();
        let closed = Document::new(whole.clone(), true).unwrap();
        assert_eq!(open.check("Outer", &value).is_ok(), when_open, "{value}");
        assert_eq!(
            closed.check("Outer", &value).is_ok(),
            when_closed,
            "{value}"
        );
    }
}

#[test]
fn messages_that_do_not_fit_are_refused() {
    for (version, method, message) in [
        (
            MODERN,
            "tools/list",
            r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#,
        ),
        (
            MODERN,
            "tools/call",
            r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}"#,
        ),
        (
            MODERN,
            "completion/complete",
            r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","requestState":"s"}}"#,
        ),
        (
            MODERN,
            "tools/call",
            r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[],"structuredContents":1}}"#,
        ),
        (
            MODERN,
            "tools/call",
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32021,"message":"m"}}"#,
        ),
        (
            MODERN,
            "tools/call",
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}"#,
        ),
        (
            "2025-06-18",
            "tools/call",
            r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":[1]}}"#,
        ),
        (
            "2025-03-26",
            "ping",
            r#"{"jsonrpc":"2.0","id":1.5,"result":{}}"#,
        ),
    ] {
        let refused = response(version, method, message).is_err();
        assert_eq!(refused, has_schemas(), "{version} {message}");
    }
}

#[test]
fn requests_and_notifications_are_held_to_their_method() {
    let told = |params: &str| {
        format!(r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{params}}}"#)
    };
    let right = told(r#"{"progressToken":1,"progress":0.5}"#);
    for version in [MODERN, "2025-11-25", "2025-06-18", "2025-03-26"] {
        notification(version, &right).unwrap();
        let refused = notification(version, &told(r#"{"progress":1}"#)).is_err();
        assert_eq!(refused, has_schemas(), "{version}");
        let asked = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}"#;
        assert_eq!(request(version, asked).is_err(), has_schemas(), "{version}");
    }
    let asked = r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"n"}}"#;
    assert_eq!(request("2025-03-26", asked), Ok(()));
    assert_eq!(request(MODERN, asked).is_err(), has_schemas());
}
