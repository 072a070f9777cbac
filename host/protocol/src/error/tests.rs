//! What each error is on the wire.

use super::*;

#[test]
fn each_error_has_its_status_and_code_in_each_era() {
    let version = ProtocolError::unsupported_version("1900-01-01");
    for (error, modern, legacy, code) in [
        (ProtocolError::HttpMethod, 405, 405, -32600),
        (ProtocolError::TooLarge, 413, 413, -32600),
        (ProtocolError::MediaType, 415, 415, -32600),
        (
            ProtocolError::Json(JsonError::Syntax { at: 0 }),
            400,
            400,
            -32700,
        ),
        (ProtocolError::Batch, 400, 400, -32600),
        (ProtocolError::Envelope("x"), 400, 400, -32600),
        (ProtocolError::Response, 400, 400, -32600),
        (ProtocolError::SessionRequired, 400, 400, -32600),
        (ProtocolError::SessionNotFound, 404, 404, -32001),
        (ProtocolError::UnknownEvent, 400, 400, -32602),
        (
            ProtocolError::HeaderMismatch {
                header: "H",
                why: "w",
            },
            400,
            400,
            -32020,
        ),
        (version, 400, 400, -32022),
        (
            ProtocolError::MissingMeta {
                field: "f",
                kind: "k",
            },
            400,
            400,
            -32602,
        ),
        (ProtocolError::method_not_found("m"), 404, 200, -32601),
        (ProtocolError::InvalidParams("x"), 200, 200, -32602),
        (ProtocolError::unknown(Target::Tool, "t"), 200, 200, -32602),
        (ProtocolError::MissingExtension, 400, 400, -32021),
        (ProtocolError::UnknownTask, 200, 200, -32602),
        (ProtocolError::TaskRequired, 200, 200, -32601),
        (ProtocolError::TaskForbidden, 200, 200, -32601),
        (ProtocolError::TaskOver, 200, 200, -32602),
        (ProtocolError::TaskCancelled, 200, 200, -32602),
        (ProtocolError::TaskUnfinished, 200, 200, -32600),
        (ProtocolError::Cursor, 200, 200, -32602),
    ] {
        let (on_modern, on_legacy) = (error.wire(Era::Modern), error.wire(Era::Legacy));
        assert_eq!(
            (on_modern.status, on_modern.code),
            (modern, code),
            "{error}"
        );
        assert_eq!(
            (on_legacy.status, on_legacy.code),
            (legacy, code),
            "{error}"
        );
        assert!(
            on_modern
                .data
                .is_some_and(|data| data.contains(error.code()))
        );
        // Schema, `Error`: one short sentence.
        let message = on_modern.message;
        assert!(message.len() <= 160 && !message.contains(". "), "{message}");
    }
}

#[test]
fn an_error_of_a_call_names_it_whatever_the_guest_says() {
    let call = CallId::new([0xab; 8]);
    for (data, named) in [
        (None, r#"{"callId":"abababababababab"}"#),
        (Some("{}"), r#"{"callId":"abababababababab"}"#),
        (
            Some(r#"{"a": [1],"callId":"forged","b":2}"#),
            r#"{"a":[1],"b":2,"callId":"abababababababab"}"#,
        ),
        (
            Some("[1, 2]"),
            r#"{"data":[1, 2],"callId":"abababababababab"}"#,
        ),
        (
            Some("no JSON"),
            r#"{"data":"no JSON","callId":"abababababababab"}"#,
        ),
    ] {
        let wire = Wire::of_guest(7, "no", data).of_call(call);
        assert_eq!(wire.data.as_deref(), Some(named), "{data:?}");
    }
}

#[test]
fn an_error_repeats_little_of_what_it_was_sent() {
    let wire = ProtocolError::unsupported_version(&"é".repeat(1_000_000)).wire(Era::Modern);
    assert!(wire.data.is_some_and(|data| data.len() < 400));
    let wire = ProtocolError::unknown(Target::Tool, &"x".repeat(1_000_000)).wire(Era::Modern);
    assert!(wire.message.len() < 100);
}

#[test]
fn a_guest_cannot_use_the_codes_of_the_protocol() {
    for (given, sent) in [
        (-32602, -32602),
        (-32603, -32603),
        (-32601, -32603),
        (-32700, -32603),
        (-32002, -32603),
        (-32042, -32603),
        (-32020, -32603),
        (-32000, -32603),
        (-32768, -32603),
        (-31999, -31999),
        (-32769, -32769),
        (7, 7),
        (0, 0),
    ] {
        assert_eq!(Wire::of_guest(given, "m", None).code, sent, "{given}");
    }
}

#[test]
fn a_guest_that_says_which_capability_is_missing_may_say_that_one_is() {
    for (data, status, code) in [
        (None, 200, -32603),
        (Some("{}"), 200, -32603),
        (Some(r#"{"requiredCapabilities":[]}"#), 200, -32603),
        (
            Some(r#"{"requiredCapabilities":{"roots":{}}}"#),
            400,
            -32021,
        ),
    ] {
        let wire = Wire::of_guest(MISSING_CLIENT_CAPABILITY, "m", data);
        assert_eq!((wire.status, wire.code), (status, code), "{data:?}");
    }
}

#[test]
fn a_guests_data_is_json_or_becomes_a_string() {
    for (given, sent) in [
        (" {\"a\": 1}\n", "{\"a\": 1}"),
        ("{\"a\":", "\"{\\\"a\\\":\""),
        ("7", "7"),
    ] {
        assert_eq!(
            Wire::of_guest(1, "m", Some(given)).data.as_deref(),
            Some(sent)
        );
    }
}
