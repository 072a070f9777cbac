//! Shapes that go over the wire, to the byte: what both eras share. Beside it are the lists, the
//! errors, and what only one era has.

use smcp_ids::Fuel;

use crate::{LogLevel, MetaEntry, Wire};

use super::*;

const SERVER_META: &str =
    r#""_meta":{"io.modelcontextprotocol/serverInfo":{"name":"echo","version":"1.2.0"}}"#;

/// 2026-07-28, server/discover, "Response".
#[test]
fn discover() {
    let (status, json) = answered(
        &modern("server/discover", None),
        &modern_body("server/discover", ""),
    );
    assert_eq!(status, 200);
    assert_eq!(
        json,
        [
            r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","#,
            r#""supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26"],"#,
            r#""capabilities":{"logging":{},"tools":{"listChanged":true}},"instructions":"Say \"hi\".","#,
            r#""ttlMs":60000,"cacheScope":"private","#,
            SERVER_META,
            "}}",
        ]
        .concat()
    );
}

/// 2025-11-25, basic/lifecycle, "Initialization".
#[test]
fn initialize() {
    let body = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"roots":{}},"clientInfo":{"name":"c","version":"1"}}}"#;
    let (status, json) = answered(
        &Head {
            protocol_version: None,
            ..LEGACY
        },
        body,
    );
    assert_eq!(status, 200);
    assert_eq!(
        json,
        [
            r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"logging":{},"tools":{"listChanged":true}},"#,
            r#""serverInfo":{"name":"echo","version":"1.2.0"},"instructions":"Say \"hi\"."}}"#,
        ]
        .concat()
    );
}

#[test]
fn ping() {
    let answer = answered(&LEGACY, r#"{"jsonrpc":"2.0","id":"123","method":"ping"}"#);
    assert_eq!(
        answer,
        (
            200,
            r#"{"jsonrpc":"2.0","id":"123","result":{}}"#.to_owned()
        )
    );
}

/// server/tools, "Listing Tools".
#[test]
fn tools_list() {
    let tools = r#""tools":[{"name":"echo","inputSchema":{"type":"object"}}]"#;
    let (_, json) = answered(&LEGACY, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    assert_eq!(
        json,
        format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{{tools}}}}}"#)
    );
    let (_, json) = answered(&modern("tools/list", None), &modern_body("tools/list", ""));
    let caching = r#""ttlMs":60000,"cacheScope":"private""#;
    assert_eq!(
        json,
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"complete",{tools},{caching},{SERVER_META}}}}}"#
        )
    );
}

#[test]
fn an_empty_list_of_what_the_catalogue_declares() {
    let catalogue = Catalogue::parse(br#"{"resources":[],"prompts":[]}"#).unwrap();
    for (method, member) in [
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
        ("prompts/list", "prompts"),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#);
        let request = official_request(&LEGACY, &body);
        let Method::List { list, .. } = request.method() else {
            panic!("{method}")
        };
        let answer = request
            .reply_to()
            .list(&server(), &catalogue.page(*list, None).unwrap());
        assert_eq!(
            sent(&request, answer.json()),
            format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"{member}":[]}}}}"#)
        );
    }
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;
    let request = official_request(&LEGACY, body);
    let answer = request.reply_to().initialize(&server(), &catalogue.offer());
    assert!(
        sent(&request, answer.json())
            .contains(r#""capabilities":{"logging":{},"prompts":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true}},"serverInfo""#),
        "{}",
        answer.json()
    );
}

/// server/utilities/pagination, "Response Format".
#[test]
fn a_page_with_a_successor() {
    let tools: Vec<String> = (0..150)
        .map(|n| format!(r#"{{"name":"t{n}","inputSchema":{{"type":"object"}}}}"#))
        .collect();
    let catalogue =
        Catalogue::parse(format!(r#"{{"tools":[{}]}}"#, tools.join(",")).as_bytes()).unwrap();
    let request = official_request(&LEGACY, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    let answer = request.reply_to().list(
        &server(),
        &catalogue.page(crate::List::Tools, None).unwrap(),
    );
    assert!(
        sent(&request, answer.json()).ends_with(r#"{"type":"object"}}],"nextCursor":"t100"}}"#),
        "{}",
        answer.json()
    );
}

/// server/tools, "Calling Tools"; 2026-07-28, basic/index, "Per-response protocol fields".
#[test]
fn tool_result() {
    let output = r#"{"content":[{"type":"text","text":"hi"}],"structuredContent":{"a":1}}"#;
    let result = GuestResult::parse(Target::Tool, output).unwrap();
    let parts = r#""content":[{"type":"text","text":"hi"}],"structuredContent":{"a":1}"#;
    let usage = r#""smcp/usage":{"fuel":29889,"memory":131072}"#;
    let entries = || vec![MetaEntry::usage(Fuel(29_889), 131_072)];

    let body = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo"}}"#;
    let legacy = official_request(&LEGACY, body);
    let answer = legacy
        .reply_to()
        .guest_result(&server(), &result, entries());
    assert_eq!(
        sent(&legacy, answer.json()),
        format!(r#"{{"jsonrpc":"2.0","id":2,"result":{{{parts},"_meta":{{{usage}}}}}}}"#)
    );

    let body = modern_body("tools/call", r#""name":"echo","#);
    let modern = official_request(&modern("tools/call", Some("echo")), &body);
    let answer = modern
        .reply_to()
        .guest_result(&server(), &result, entries());
    let info = r#""io.modelcontextprotocol/serverInfo":{"name":"echo","version":"1.2.0"}"#;
    assert_eq!(
        sent(&modern, answer.json()),
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"complete",{parts},"_meta":{{{usage},{info}}}}}}}"#
        )
    );
}

/// basic/index, "Error Responses"; 2026-07-28, schema, UnsupportedProtocolVersionError.
#[test]
fn errors() {
    let legacy = |method: &str| format!(r#"{{"jsonrpc":"2.0","id":"x","method":"{method}"}}"#);
    for (head, body, status, json) in [
        (
            LEGACY,
            legacy("no/such"),
            200,
            r#"{"jsonrpc":"2.0","id":"x","error":{"code":-32601,"message":"method not found: no/such","data":{"code":"method_not_found"}}}"#,
        ),
        (
            Head {
                protocol_version: Some("1900-01-01"),
                ..LEGACY
            },
            legacy("ping"),
            400,
            r#"{"jsonrpc":"2.0","id":"x","error":{"code":-32022,"message":"unsupported protocol version; use one of those in data.supported","data":{"code":"unsupported_version","supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26"],"requested":"1900-01-01"}}}"#,
        ),
        (
            modern("tools/list", None),
            modern_body("tools/call", r#""name":"echo","#),
            400,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":"header mismatch: Mcp-Method differs from the body; send the same in both","data":{"code":"header_mismatch"}}}"#,
        ),
        (
            modern("tools/call", Some("nope")),
            modern_body("tools/call", r#""name":"nope","#),
            200,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"unknown tool: nope","data":{"code":"unknown_tool"}}}"#,
        ),
        (
            LEGACY,
            "{\"a\"".to_owned(),
            400,
            r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"the body cannot be read: not JSON at byte 4","data":{"code":"invalid_json"}}}"#,
        ),
    ] {
        assert_eq!(answered(&head, &body), (status, json.to_owned()));
    }
}

#[test]
fn an_error_of_a_guest() {
    let request = official_request(&LEGACY, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    let answer = request
        .reply_to()
        .wire(&Wire::of_guest(-32602, "no \"x\"", Some("{\"x\": [1]}")));
    let error = r#"{"code":-32602,"message":"no \"x\"","data":{"x": [1]}}"#;
    assert_eq!(
        sent(&request, answer.json()),
        format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#)
    );
    let answer = request.reply_to().wire(&Wire::of_guest(5, "m", None));
    assert_eq!(
        sent(&request, answer.json()),
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":5,"message":"m"}}"#
    );
}

/// basic/transports, "Sending Messages": JSON or a stream, as the client takes it.
#[test]
fn answers_take_the_form_that_the_client_takes() {
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let pong = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let event = format!("event: message\ndata: {pong}\n\n");
    let json = [("content-type", "application/json")].as_slice();
    let headers = |pairs: &'static [(&'static str, &'static str)]| pairs;
    for (accept, content, body) in [
        (Some("application/json"), json, pong),
        (Some("application/json, text/event-stream"), json, pong),
        (None, json, pong),
        (
            Some("text/event-stream"),
            headers(crate::SSE_HEADERS),
            event.as_str(),
        ),
    ] {
        let reply = replied(&Head { accept, ..LEGACY }, ping);
        assert_eq!(
            (reply.status, reply.headers, reply.body.as_str()),
            (200, content, body),
            "{accept:?}"
        );
    }
    let sse_only = Head {
        accept: Some("text/event-stream"),
        ..LEGACY
    };
    assert_eq!(replied(&sse_only, "[]").headers, json, "refusals are JSON");
}

#[test]
fn answers_without_a_request() {
    assert_eq!(
        Reply::accepted(),
        Reply {
            status: 202,
            headers: &[],
            body: String::new()
        }
    );
    let reply = Reply::method_not_allowed();
    assert_eq!(reply.status, 405);
    assert!(reply.headers.contains(&("allow", "POST, OPTIONS")));
    assert!(reply.body.starts_with(
        r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"this endpoint takes POST; GET and DELETE are for a session"#
    ));
    assert_eq!(Reply::refused(ProtocolError::TooLarge).status, 413);
}

/// 2026-07-28, basic/patterns/progress, "Progress Flow".
#[test]
fn progress() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":{"progressToken":"abc123"}}}"#;
    let request = official_request(&LEGACY, body);
    let (to, mut notifier) = (request.reply_to(), notifier());
    let head =
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"abc123","#;
    for (progress, total, message, params) in [
        (-0.5, None, None, Some(r#""progress":-0.5}}"#)),
        (
            50.0,
            Some(100.0),
            Some("Reticulating \"splines\""),
            Some(r#""progress":50,"total":100,"message":"Reticulating \"splines\""}}"#),
        ),
        (50.0, None, None, None),
        (49.0, None, None, None),
        (f64::NAN, None, None, None),
        (f64::INFINITY, None, None, None),
        (51.0, Some(f64::NAN), None, None),
        (51.25, None, None, Some(r#""progress":51.25}}"#)),
    ] {
        let expected = params.map(|params| format!("{head}{params}"));
        let told = notifier.progress(to, progress, total, message);
        let told = told.as_deref().map(|told| sent(&request, told));
        assert_eq!(told, expected.as_deref(), "{progress}");
    }
}

/// 2026-07-28, server/utilities/logging, "Per-request log level" and "Log Message Notifications".
#[test]
fn log_messages() {
    let body = modern_body("tools/call", r#""name":"echo","#).replace(
        r#""_meta":{"#,
        r#""_meta":{"io.modelcontextprotocol/logLevel":"warning","#,
    );
    let request = official_request(&modern("tools/call", Some("echo")), &body);
    let to = request.reply_to();
    let head = r#"{"jsonrpc":"2.0","method":"notifications/message","params":"#;
    for (level, logger, data, params) in [
        (
            LogLevel::Error,
            Some("db"),
            r#"{"error": "x"}"#,
            Some(r#"{"level":"error","logger":"db","data":{"error": "x"}}}"#),
        ),
        (
            LogLevel::Warning,
            None,
            "plain text",
            Some(r#"{"level":"warning","data":"plain text"}}"#),
        ),
        (LogLevel::Notice, None, "1", None),
    ] {
        let expected = params.map(|params| format!("{head}{params}"));
        let told = notifier().log(to, level, logger, data);
        let told = told.as_deref().map(|told| sent(&request, told));
        assert_eq!(told, expected.as_deref());
    }
}

#[test]
fn nothing_is_sent_to_a_client_that_did_not_ask_or_cannot_take_it() {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":{"progressToken":1}}}"#;
    let json_only = request(
        &Head {
            accept: Some("application/json"),
            ..LEGACY
        },
        call,
    )
    .unwrap();
    assert_eq!(
        notifier().progress(json_only.reply_to(), 1.0, None, None),
        None
    );
    let plain = request(&LEGACY, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).unwrap();
    assert_eq!(notifier().progress(plain.reply_to(), 1.0, None, None), None);
    assert_eq!(
        notifier().log(plain.reply_to(), LogLevel::Emergency, None, "1"),
        None
    );
}

#[test]
fn a_final_event_of_a_stream_is_one_line() {
    let request = official_request(
        &LEGACY,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#,
    );
    let result = GuestResult::parse(Target::Tool, "{\n \"content\": [\n]\n}").unwrap();
    let answer = request
        .reply_to()
        .guest_result(&server(), &result, Vec::new());
    sent(&request, answer.json());
    assert_eq!(
        answer.event(),
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[ ]}}\n\n"
    );
}

/// 2026-07-28, basic/transports/streamable-http, "Receiving Messages": what comes before the result
/// is framed as it is, and a comment is no message.
#[test]
fn events_ahead_of_the_final_one() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":{"progressToken":0}}}"#;
    let request = official_request(&LEGACY, body);
    let told = notifier().progress(request.reply_to(), 1.0, None, None);
    let told = told.unwrap();
    assert_eq!(
        crate::sse::event(sent(&request, &told)),
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":0,\"progress\":1}}\n\n"
    );
    assert_eq!(crate::sse::KEEP_ALIVE, ":\n\n");
}
