//! Every error that the protocol knows, to the byte, in both eras.

use super::*;
use crate::Wire;
use crate::json::JsonError;

/// The error, its code, its message and its data, as they go over the wire.
fn all() -> Vec<(ProtocolError, i32, &'static str, &'static str)> {
    use ProtocolError as E;
    vec![
        (
            E::HttpMethod,
            -32600,
            "this endpoint takes POST; GET and DELETE are for a session: send its Mcp-Session-Id",
            r#"{"code":"http_method"}"#,
        ),
        (
            E::TooLarge,
            -32600,
            "the body is larger than 4194304 bytes; send less",
            r#"{"code":"body_too_large"}"#,
        ),
        (
            E::MediaType,
            -32600,
            "send the body as Content-Type: application/json",
            r#"{"code":"unsupported_media_type"}"#,
        ),
        (
            E::Json(JsonError::Syntax { at: 4 }),
            -32700,
            "the body cannot be read: not JSON at byte 4",
            r#"{"code":"invalid_json"}"#,
        ),
        (
            E::Batch,
            -32600,
            "JSON-RPC batches are not supported; send each message in its own POST",
            r#"{"code":"batch_unsupported"}"#,
        ),
        (
            E::Envelope("why"),
            -32600,
            "not a JSON-RPC message: why",
            r#"{"code":"invalid_message"}"#,
        ),
        (
            E::Response,
            -32600,
            "a response was sent, but this server has asked nothing",
            r#"{"code":"unexpected_response"}"#,
        ),
        (
            E::SessionRequired,
            -32600,
            "this method needs a session: send initialize first, and its Mcp-Session-Id with each request",
            r#"{"code":"session_required"}"#,
        ),
        (
            E::SessionNotFound,
            -32001,
            "session not found: it has ended, or is not yours; send initialize to begin another",
            r#"{"code":"session_not_found"}"#,
        ),
        (
            E::UnknownEvent,
            -32602,
            "Last-Event-ID names no event that is kept of this session; listen without it",
            r#"{"code":"unknown_event"}"#,
        ),
        (
            E::HeaderMismatch {
                header: "Mcp-Name",
                why: "differs",
            },
            -32020,
            "header mismatch: Mcp-Name differs",
            r#"{"code":"header_mismatch"}"#,
        ),
        (
            E::unsupported_version("1900-01-01"),
            -32022,
            "unsupported protocol version; use one of those in data.supported",
            r#"{"code":"unsupported_version","supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26"],"requested":"1900-01-01"}"#,
        ),
        (
            E::MissingMeta {
                field: "f",
                kind: "an object",
            },
            -32602,
            r#"params._meta needs \"f\" as an object; this version of MCP requires it with every request"#,
            r#"{"code":"missing_meta"}"#,
        ),
        (
            E::method_not_found("no/such"),
            -32601,
            "method not found: no/such",
            r#"{"code":"method_not_found"}"#,
        ),
        (
            E::InvalidParams("why"),
            -32602,
            "invalid params: why",
            r#"{"code":"invalid_params"}"#,
        ),
        (
            E::unknown(Target::Tool, "t"),
            -32602,
            "unknown tool: t",
            r#"{"code":"unknown_tool"}"#,
        ),
        (
            E::unknown(Target::Prompt, "p"),
            -32602,
            "unknown prompt: p",
            r#"{"code":"unknown_prompt"}"#,
        ),
        (
            E::unknown(Target::Resource, "a:r"),
            -32602,
            "resource not found: a:r",
            r#"{"code":"unknown_resource","uri":"a:r"}"#,
        ),
        (
            E::unknown(Target::Completion, "p"),
            -32602,
            r#"invalid params: \"ref\" names no prompt, resource or template of this server"#,
            r#"{"code":"invalid_params"}"#,
        ),
        (
            E::RequestState,
            -32602,
            r#"\"requestState\" is not one for this request, or it has expired; send the request without it"#,
            r#"{"code":"request_state"}"#,
        ),
        (
            E::input_response("q1", "why"),
            -32602,
            r#"the answer to \"q1\" does not fit the question: why"#,
            r#"{"code":"input_response"}"#,
        ),
        (
            E::Cursor,
            -32602,
            "invalid cursor; list again from the start",
            r#"{"code":"invalid_cursor"}"#,
        ),
    ]
}

#[test]
fn every_error_of_the_protocol() {
    let head = modern("tools/list", None);
    let body = modern_body("tools/list", "");
    let modern = official_request(&head, &body);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let legacy = official_request(&LEGACY, body);
    for (error, code, message, data) in all() {
        let expected = format!(
            r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":{code},"message":"{message}","data":{data}}}}}"#
        );
        for request in [&modern, &legacy] {
            let answer = request.reply_to().error(&error);
            assert_eq!(sent(request, answer.json()), expected);
        }
        // The same, if it is found before the message's id is known.
        let reply = refused(&head, Reply::refused(error));
        assert_eq!(reply.body, expected.replace(r#""id":1,"#, ""));
    }
}

/// 2026-07-28, basic/index, "Error Codes": what a client could not be asked, and what else a guest
/// may say or its host of it.
#[test]
fn errors_that_are_not_the_protocols_own() {
    let body = modern_body("tools/call", r#""name":"echo","#);
    let request = official_request(&modern("tools/call", Some("echo")), &body);
    let lacking = r#"{"requiredCapabilities":{"elicitation":{"form":{}}}}"#;
    for (code, data, status, error) in [
        (
            -32021,
            Some(lacking),
            400,
            format!(r#"{{"code":-32021,"message":"m","data":{lacking}}}"#),
        ),
        (
            -32603,
            None,
            200,
            r#"{"code":-32603,"message":"m"}"#.to_owned(),
        ),
        (
            -32000,
            Some("no JSON"),
            200,
            r#"{"code":-32603,"message":"m","data":"no JSON"}"#.to_owned(),
        ),
        (7, None, 200, r#"{"code":7,"message":"m"}"#.to_owned()),
    ] {
        let answer = request.reply_to().wire(&Wire::of_guest(code, "m", data));
        let expected = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#);
        assert_eq!(sent(&request, answer.json()), expected);
        assert_eq!(answer.status(), status);
    }
}

/// 2025-11-25, basic/transports, "Sending Messages": a request is answered with its response, and
/// official clients of that era read none that comes with another status.
#[test]
fn an_error_of_a_guest_is_read_by_legacy_clients_too() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#;
    let request = official_request(&LEGACY, body);
    for code in [-32021, -32602, -32603, 7] {
        let answer = request.reply_to().wire(&Wire::of_guest(code, "m", None));
        sent(&request, answer.json());
        assert_eq!(answer.status(), 200, "{code}");
    }
}
