//! Which era, which call, and which of them are refused with what.

use proptest::prelude::*;

use crate::json::Json;
use crate::{List, Notification, Version};

use super::*;

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

/// 2026-07-28, basic/versioning, "Backward Compatibility with Initialization-Based Versions".
#[test]
fn the_era_is_what_the_message_says_then_what_the_header_says() {
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let stated = |version: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{{"io.modelcontextprotocol/protocolVersion":"{version}","io.modelcontextprotocol/clientCapabilities":{{}}}}}}}}"#
        )
    };
    let initialize = |version: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"{version}"}}}}"#
        )
    };
    let head = |version| Head {
        protocol_version: version,
        mcp_method: Some("tools/list"),
        ..LEGACY
    };
    for (header, body, version) in [
        (
            Some("2026-07-28"),
            stated("2026-07-28"),
            Version::V2026_07_28,
        ),
        (
            Some(" 2026-07-28 "),
            stated("2026-07-28"),
            Version::V2026_07_28,
        ),
        (
            Some("2025-06-18"),
            stated("2025-06-18"),
            Version::V2025_06_18,
        ),
        (None, stated("2025-11-25"), Version::V2025_11_25),
        (Some("2025-11-25"), list.to_owned(), Version::V2025_11_25),
        (Some("2025-06-18"), list.to_owned(), Version::V2025_06_18),
        (Some("2025-03-26"), list.to_owned(), Version::V2025_03_26),
        (None, list.to_owned(), Version::V2025_03_26),
        (None, initialize("2025-06-18"), Version::V2025_06_18),
        (
            Some("2026-07-28"),
            initialize("2025-11-25"),
            Version::V2025_11_25,
        ),
        (Some("v999"), initialize("2026-07-28"), Version::V2025_11_25),
        (None, initialize("2024-11-05"), Version::V2025_11_25),
    ] {
        assert_eq!(
            request(&head(header), &body).unwrap().version(),
            version,
            "{header:?} {body}"
        );
    }
}

/// 2026-07-28, basic/transports/streamable-http, "Protocol Version Header" and "Server Validation";
/// basic/index, "Per-request protocol fields".
#[test]
fn versions_and_meta_are_refused_in_this_order() {
    let with = |meta: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":7,"method":"server/discover","params":{{{meta}}}}}"#)
    };
    let version = |version: &str| {
        with(&format!(
            r#""_meta":{{"io.modelcontextprotocol/protocolVersion":"{version}","io.modelcontextprotocol/clientCapabilities":{{}}}}"#
        ))
    };
    let only_version = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
    let no_version = r#""_meta":{"io.modelcontextprotocol/clientCapabilities":{}}"#;
    let number = r#""_meta":{"io.modelcontextprotocol/protocolVersion":20260728}"#;
    for (header, body, status, code) in [
        (Some("2026-07-28"), with(""), 400, -32602),
        (None, with(""), 400, -32602),
        (
            Some("2026-07-28"),
            r#"{"jsonrpc":"2.0","id":7,"method":"server/discover"}"#.to_owned(),
            400,
            -32602,
        ),
        (Some("2026-07-28"), with(no_version), 400, -32602),
        (Some("2026-07-28"), with(only_version), 400, -32602),
        (Some("2026-07-28"), with(number), 400, -32602),
        (Some("2026-07-28"), with(r#""_meta":[]"#), 400, -32602),
        (Some("2026-07-28"), version("v999.0.0"), 400, -32020),
        (Some("2025-11-25"), version("2026-07-28"), 400, -32020),
        (
            Some("2026-07-28, 2026-07-28"),
            version("2026-07-28"),
            400,
            -32020,
        ),
        (None, version("2026-07-28"), 400, -32020),
        (Some("v999.0.0"), version("v999.0.0"), 400, -32022),
        (None, version("v999.0.0"), 400, -32022),
        (Some("v999.0.0"), with(""), 400, -32022),
        (Some("2025-11-25"), with(""), 200, -32601),
        (Some("2026-07-28"), version("2026-07-28"), 200, 0),
    ] {
        let head = Head {
            protocol_version: header,
            ..modern("server/discover", None)
        };
        let (seen, json) = answered(&head, &body);
        assert_eq!(seen, status, "{header:?} {body} {json}");
        let expected = if code == 0 {
            r#""result":"#.to_owned()
        } else {
            format!(r#""id":7,"error":{{"code":{code},"#)
        };
        assert!(json.contains(&expected), "{header:?} {body} {json}");
    }
}

/// The same page, "Standard Request Headers" and "Server Validation".
#[test]
fn modern_headers_must_say_what_the_body_says() {
    let name = r#""name":"echo","#;
    for (method, header_method, header_name, more, status, code) in [
        ("tools/list", Some("tools/list"), None, "", 200, None),
        (
            "tools/list",
            Some("prompts/list"),
            None,
            "",
            400,
            Some(-32020),
        ),
        (
            "tools/list",
            Some("Tools/List"),
            None,
            "",
            400,
            Some(-32020),
        ),
        ("tools/list", None, None, "", 400, Some(-32020)),
        (
            "tools/list",
            Some("tools/list"),
            Some("whatever"),
            "",
            200,
            None,
        ),
        (
            "tools/call",
            Some("tools/call"),
            Some("echo"),
            name,
            200,
            None,
        ),
        (
            "tools/call",
            Some("tools/call"),
            Some("  echo  "),
            name,
            200,
            None,
        ),
        (
            "tools/call",
            Some("tools/call"),
            Some("=?base64?ZWNobw==?="),
            name,
            200,
            None,
        ),
        (
            "tools/call",
            Some("tools/call"),
            Some("wrong"),
            name,
            400,
            Some(-32020),
        ),
        (
            "tools/call",
            Some("tools/call"),
            None,
            name,
            400,
            Some(-32020),
        ),
        (
            "tools/call",
            Some("tools/call"),
            None,
            "",
            200,
            Some(-32602),
        ),
        (
            "resources/read",
            Some("resources/read"),
            Some("a:b"),
            r#""uri":"a:c","#,
            400,
            Some(-32020),
        ),
        (
            "prompts/get",
            Some("prompts/get"),
            None,
            r#""name":"p","#,
            400,
            Some(-32020),
        ),
        (
            "prompts/get",
            Some("prompts/get"),
            Some("p"),
            r#""name":"p","#,
            200,
            Some(-32602),
        ),
        (
            "unknown/method",
            Some("unknown/method"),
            None,
            "",
            404,
            Some(-32601),
        ),
        ("unknown/method", Some("other"), None, "", 400, Some(-32020)),
    ] {
        let head = Head {
            mcp_method: header_method,
            mcp_name: header_name,
            ..modern(method, None)
        };
        let (seen, json) = answered(&head, &modern_body(method, more));
        assert_eq!(
            seen, status,
            "{method} {header_method:?} {header_name:?} {json}"
        );
        let code = code.map_or(r#""result""#.to_owned(), |code| {
            format!(r#""code":{code},"#)
        });
        assert!(json.contains(&code), "{json}");
    }
}

/// 2026-07-28, changelog, items 2, 4 and 5: these are gone. Legacy clients keep theirs, without 404.
#[test]
fn each_era_has_its_own_methods() {
    for (method, on_modern, on_legacy) in [
        ("server/discover", 200, -32601),
        ("initialize", 404, -32602),
        ("ping", 404, 200),
        ("tools/list", 200, 200),
        ("prompts/list", 404, -32601),
        ("resources/list", 404, -32601),
        ("resources/templates/list", 404, -32601),
        ("logging/setLevel", 404, -32602),
        ("resources/subscribe", 404, -32602),
        ("resources/unsubscribe", 404, -32602),
        ("notifications/initialized", 404, -32601),
        ("", 404, -32601),
    ] {
        let (status, json) = answered(&modern(method, None), &modern_body(method, ""));
        assert_eq!(status, on_modern, "{method} {json}");
        assert_eq!(json.contains("-32601"), on_modern == 404, "{method} {json}");
        let (status, json) = answered(
            &LEGACY,
            &format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#),
        );
        assert_eq!(status, 200, "{method}");
        assert!(
            on_legacy == 200 && json.contains("result") || json.contains(&on_legacy.to_string()),
            "{method} {json}"
        );
    }
}

#[test]
fn bodies_that_are_no_request_are_refused() {
    for (content_type, body, status, code) in [
        (Some("text/plain"), "{}", 415, "unsupported_media_type"),
        (None, "{}", 415, "unsupported_media_type"),
        (Some("application/json"), "", 400, "invalid_json"),
        (
            Some("application/json"),
            r#"{"id":1,"id":2}"#,
            400,
            "invalid_json",
        ),
        (Some("application/json"), "[]", 400, "batch_unsupported"),
        (Some("application/json"), "{}", 400, "invalid_message"),
        (
            Some("application/json"),
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            400,
            "unexpected_response",
        ),
    ] {
        let (seen, json) = answered(
            &Head {
                content_type,
                ..LEGACY
            },
            body,
        );
        assert_eq!(seen, status, "{body}");
        assert!(
            json.contains(&format!(r#""data":{{"code":"{code}"}}"#)) && !json.contains("\"id\""),
            "{json}"
        );
    }
}

#[test]
fn notifications_are_taken_in_either_era() {
    for (method, params, expected) in [
        ("notifications/initialized", "{}".to_owned(), "initialized"),
        (
            "notifications/cancelled",
            r#"{"requestId":"r","reason":"x"}"#.to_owned(),
            "cancelled \"r\"",
        ),
        (
            "notifications/cancelled",
            r#"{"requestId":null}"#.to_owned(),
            "cancelled",
        ),
        (
            "notifications/roots/list_changed",
            format!("{{{META}}}"),
            "other",
        ),
        ("tools/call", "{}".to_owned(), "other"),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#);
        for head in [
            LEGACY,
            modern(method, None),
            Head {
                protocol_version: None,
                ..LEGACY
            },
        ] {
            let Call::Notification(notification) = Call::read(&head, body.as_bytes()).unwrap()
            else {
                panic!("{body}")
            };
            let seen = match notification {
                Notification::Initialized => "initialized".to_owned(),
                Notification::Cancelled { request: Some(id) } => format!("cancelled {}", id.json()),
                Notification::Cancelled { request: None } => "cancelled".to_owned(),
                Notification::Other => "other".to_owned(),
            };
            assert_eq!(seen, expected, "{body}");
        }
        let unsupported = Head {
            protocol_version: Some("1"),
            ..LEGACY
        };
        assert_eq!(
            Call::read(&unsupported, body.as_bytes())
                .unwrap_err()
                .reply()
                .status,
            400
        );
    }
}

#[test]
fn params_of_the_wrong_shape_are_refused() {
    for (method, params) in [
        ("tools/list", r#"{"cursor":1}"#),
        ("tools/list", r#"{"cursor":null}"#),
        ("tools/list", r#"{"cursor":""}"#),
        ("tools/list", r#"{"cursor":"x1"}"#),
        ("tools/list", r#"{"_meta":1}"#),
        ("tools/list", r#"{"_meta":{"progressToken":{}}}"#),
        ("tools/call", "{}"),
        ("tools/call", r#"{"name":1}"#),
        ("tools/call", r#"{"name":"echo","arguments":[]}"#),
        ("tools/call", r#"{"name":"echo","arguments":"{}"}"#),
        ("tools/call", r#"{"name":"nope"}"#),
        ("initialize", r#"{"protocolVersion":1}"#),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":"i","method":"{method}","params":{params}}}"#);
        let (status, json) = answered(&LEGACY, &body);
        assert!(
            status == 200
                && json.starts_with(r#"{"jsonrpc":"2.0","id":"i","error":{"code":-32602,"#),
            "{json}"
        );
    }
}

#[test]
fn a_tool_call_passes_its_parts_on_as_they_were_written() {
    for (params, name, guest) in [
        (
            r#"{"name":"echo"}"#,
            "echo",
            r#"{"name":"echo","arguments":{}}"#,
        ),
        (
            r#"{"name":"echo","arguments":null}"#,
            "echo",
            r#"{"name":"echo","arguments":{}}"#,
        ),
        (
            r#"{"requestState":"s", "arguments" : { "a" : 1.0, "b":"\u00e9" },"name":"\u0065cho","_meta":{"k":[ ]}, "task":{}}"#,
            "echo",
            r#"{"name":"\u0065cho","arguments":{ "a" : 1.0, "b":"\u00e9" },"_meta":{"k":[ ]}}"#,
        ),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
        let request = request(&LEGACY, &body).unwrap();
        let Method::Guest(call) = request.method() else {
            panic!("{body}")
        };
        assert_eq!((call.name(), call.guest_request().as_str()), (name, guest));
        assert!(
            call.guest_request_as(Some("a\"b"), call.meta())
                .starts_with(r#"{"name":"a\"b","arguments":"#)
        );
    }
}

#[test]
fn a_request_keeps_what_its_answer_needs() {
    let body = r#"{"jsonrpc":"2.0","id":"a","method":"prompts/list","params":{"cursor":"p\u0031","_meta":{"progressToken":5}}}"#;
    let request = request(
        &Head {
            accept: Some("application/json"),
            ..LEGACY
        },
        body,
    )
    .unwrap();
    let Method::List { list, cursor } = request.method() else {
        panic!("{body}")
    };
    assert_eq!((*list, cursor.as_deref()), (List::Prompts, Some("p1")));
    let to = request.reply_to();
    assert_eq!(
        (to.id(), to.progress_token(), to.log_level()),
        ("\"a\"", Some("5"), None)
    );
    assert!(!to.form().may_stream());
}

proptest! {
    /// Whatever a stranger sends is answered with JSON, or with nothing.
    #[test]
    fn one_changed_byte_is_answered_in_order(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        stated in any::<bool>(),
        accept in prop::sample::select(vec![None, Some("application/json"), Some("text/event-stream")]),
    ) {
        let mut body = modern_body("tools/call", r#""name":"echo","arguments":{"a":[1,"\u00e9"]},"#).into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        let head = if stated { modern("tools/call", Some("echo")) } else { LEGACY };
        let reply = replied_to_bytes(&Head { accept, ..head }, &body);
        let json = reply.body.strip_prefix("event: message\ndata: ").unwrap_or(&reply.body).trim_end();
        prop_assert!(Json::parse(json.as_bytes()).is_ok() || reply.status == 202, "{:?}", reply);
    }
}
