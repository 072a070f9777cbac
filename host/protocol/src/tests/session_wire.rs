//! What only a session says and is told, in each legacy version: responses, its three methods, what
//! changed, what the client is asked.

use super::*;
use crate::{
    Change, Era, LogLevel, Outcome, ProtocolError, Response, ask_message, change_message, sse,
};

const LEGACY_VERSIONS: [Version; 3] = [
    Version::V2025_11_25,
    Version::V2025_06_18,
    Version::V2025_03_26,
];

/// The headers of a message in a session.
const IN_SESSION: Head<'static> = Head {
    session_id: Some("abc"),
    ..LEGACY
};

/// As a client of the session sends it: its version in the header, or in none.
fn in_session_of(version: Version) -> [Head<'static>; 2] {
    [
        Head {
            protocol_version: Some(version.as_str()),
            ..IN_SESSION
        },
        Head {
            protocol_version: None,
            session_version: Some(version),
            ..IN_SESSION
        },
    ]
}

fn response<'a>(head: &Head<'_>, body: &'a str) -> Result<Response<'a>, ProtocolError> {
    match Call::read(head, body.as_bytes()) {
        Ok(Call::Response(response)) => Ok(response),
        Ok(call) => panic!("{call:?}"),
        Err(refusal) => Err(refusal.error().clone()),
    }
}

/// 2025-11-25, basic/transports, "Sending Messages to the Server", item 4.
#[test]
fn a_response_says_what_it_answers_and_how_that_ended() {
    for (body, id_json, id, outcome) in [
        (
            r#"{"jsonrpc":"2.0","id":"q\u0031","result":{"action":"accept"}}"#,
            r#""q\u0031""#,
            Some("q1"),
            Ok(r#"{"action":"accept"}"#),
        ),
        (
            r#"{"jsonrpc":"2.0","id":"","error":{"code":-1,"message":"no"}}"#,
            r#""""#,
            Some(""),
            Err(r#"{"code":-1,"message":"no"}"#),
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"result":null}"#,
            "7",
            None,
            Ok("null"),
        ),
    ] {
        for head in LEGACY_VERSIONS.into_iter().flat_map(in_session_of) {
            let response = response(&head, body).unwrap();
            assert_eq!(
                (response.id_json(), response.id().as_deref()),
                (id_json, id)
            );
            let seen = match response.outcome() {
                Outcome::Result(result) => Ok(result.text()),
                Outcome::Error(error) => Err(error.text()),
            };
            assert_eq!(seen, outcome);
            assert_eq!(response.result().map(|result| result.text()), outcome.ok());
        }
    }
}

/// 2026-07-28, basic/transports/streamable-http, "Sending Messages", item 4: a modern client sends
/// none; and outside a session nobody was asked.
#[test]
fn a_response_is_one_of_a_legacy_session_or_refused() {
    let answer = r#"{"jsonrpc":"2.0","id":"q","result":{}}"#;
    let session = Some("abc");
    for (version, agreed, session_id, body, code) in [
        (None, None, session, answer, None),
        (None, None, None, answer, Some("unexpected_response")),
        (
            Some("2025-11-25"),
            None,
            None,
            answer,
            Some("unexpected_response"),
        ),
        (
            Some("2026-07-28"),
            Some(Version::V2025_11_25),
            session,
            answer,
            Some("unexpected_response"),
        ),
        (
            Some("1999-01-01"),
            Some(Version::V2025_11_25),
            session,
            answer,
            Some("unsupported_version"),
        ),
        (
            Some("1999-01-01"),
            None,
            None,
            answer,
            Some("unexpected_response"),
        ),
        (
            None,
            None,
            session,
            r#"{"jsonrpc":"2.0","id":null,"result":{}}"#,
            Some("invalid_message"),
        ),
        (
            None,
            None,
            session,
            r#"{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}"#,
            Some("invalid_message"),
        ),
        (
            None,
            None,
            session,
            r#"{"jsonrpc":"2.0","id":"q","result":{},"error":{}}"#,
            Some("invalid_message"),
        ),
    ] {
        let head = Head {
            protocol_version: version,
            session_id,
            session_version: agreed,
            ..LEGACY
        };
        let refused = response(&head, body).err().map(|error| error.code());
        assert_eq!(
            refused, code,
            "{version:?} {agreed:?} {session_id:?} {body}"
        );
    }
}

/// 2025-11-25, basic/transports, "Protocol Version Header": a server that knows the version from the
/// handshake needs no header.
#[test]
fn what_names_no_version_is_in_that_of_its_session() {
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let discover = r#"{"jsonrpc":"2.0","id":1,"method":"server/discover"}"#;
    let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#;
    let agreed = Some(Version::V2025_11_25);
    for (header, session_version, body, expected) in [
        (None, None, ping, Ok(Version::V2025_03_26)),
        (None, agreed, ping, Ok(Version::V2025_11_25)),
        (Some("2025-06-18"), agreed, ping, Ok(Version::V2025_06_18)),
        (Some("1"), agreed, ping, Err("unsupported_version")),
        (None, agreed, initialize, Ok(Version::V2025_06_18)),
        // One that knows no modern method.
        (None, agreed, discover, Err("method_not_found")),
        (None, None, discover, Err("missing_meta")),
    ] {
        let head = Head {
            protocol_version: header,
            session_version,
            ..IN_SESSION
        };
        let seen = request(&head, body);
        let seen = seen.as_ref().map(Request::version);
        assert_eq!(
            seen.map_err(|refusal| refusal.error().code()),
            expected,
            "{header:?} {session_version:?} {body}"
        );
    }
    // A modern request says all about itself, whatever else comes with it.
    let body = modern_body("tools/list", "");
    let head = Head {
        session_id: Some("abc"),
        session_version: agreed,
        ..modern("tools/list", None)
    };
    assert_eq!(request(&head, &body).unwrap().version().era(), Era::Modern);
}

/// 2025-11-25, server/utilities/logging, "Setting Log Level"; server/resources, "Subscriptions".
#[test]
fn the_methods_of_a_session_are_answered_with_nothing_in_it() {
    for (method, params, expected) in [
        ("logging/setLevel", r#"{"level":"info"}"#, "level info"),
        (
            "logging/setLevel",
            r#"{"level":"emergency"}"#,
            "level emergency",
        ),
        (
            "resources/subscribe",
            r#"{"uri":"file:///a%20b"}"#,
            "on file:///a%20b",
        ),
        (
            "resources/unsubscribe",
            r#"{"uri":"file:///a"}"#,
            "off file:///a",
        ),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        for head in LEGACY_VERSIONS.into_iter().flat_map(in_session_of) {
            let request = official_request(&head, &body);
            let seen = match request.method() {
                Method::SetLevel(level) => format!("level {}", level.as_str()),
                Method::Subscribe(uri) => format!("on {uri}"),
                Method::Unsubscribe(uri) => format!("off {uri}"),
                _ => panic!("{body}"),
            };
            assert_eq!(seen, expected);
            assert_eq!(
                answered(&head, &body),
                (200, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned())
            );
        }
        let (status, json) = answered(&LEGACY, &body);
        assert_eq!(status, 400, "without a session: {json}");
        assert!(json.contains(r#"{"code":"session_required"}"#), "{json}");
    }
}

#[test]
fn params_of_a_sessions_methods_are_checked() {
    let long = format!(r#"{{"uri":"a:{}"}}"#, "x".repeat(2_047));
    for (method, params) in [
        ("logging/setLevel", "{}"),
        ("logging/setLevel", r#"{"level":"verbose"}"#),
        ("logging/setLevel", r#"{"level":"Info"}"#),
        ("logging/setLevel", r#"{"level":7}"#),
        ("resources/subscribe", "{}"),
        ("resources/subscribe", r#"{"uri":1}"#),
        ("resources/subscribe", r#"{"uri":"../etc"}"#),
        ("resources/subscribe", r#"{"uri":"a:b\n"}"#),
        ("resources/subscribe", &long),
        ("resources/unsubscribe", r#"{"uri":""}"#),
        ("resources/unsubscribe", &long),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        let (status, json) = answered(&IN_SESSION, &body);
        assert_eq!(status, 200, "{body}");
        assert!(json.contains(r#""error":{"code":-32602,"#), "{json}");
    }
    let longest = long.replacen('x', "", 1);
    let body =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{longest}}}"#);
    assert!(request(&IN_SESSION, &body).is_ok());
}

/// 2025-11-25, server/utilities/logging, "Setting Log Level": the level of the session, if it set one.
#[test]
fn a_request_is_told_what_its_session_wants_told() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#;
    for (level, told, is_told) in [
        (None, LogLevel::Emergency, false),
        (Some(LogLevel::Warning), LogLevel::Notice, false),
        (Some(LogLevel::Warning), LogLevel::Warning, true),
        (Some(LogLevel::Debug), LogLevel::Error, true),
    ] {
        let mut request = official_request(&IN_SESSION, body);
        request.reply_to_mut().set_log_level(level);
        let message = notifier().log(request.reply_to(), told, None, "1");
        assert_eq!(message.is_some(), is_told, "{level:?} {told:?}");
        let message = message.as_deref().map(|message| sent(&request, message));
        assert!(message.is_none_or(|message| message.contains(told.as_str())));
    }
}

#[test]
fn a_client_that_takes_a_stream_may_be_asked() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for (accept, may_be) in [
        (Some("application/json, text/event-stream"), true),
        (Some("text/event-stream"), true),
        (Some("application/json"), false),
        (None, true),
    ] {
        let head = Head {
            accept,
            ..IN_SESSION
        };
        let request = request(&head, body).unwrap();
        assert_eq!(request.reply_to().may_be_asked(), may_be, "{accept:?}");
    }
}

/// 2025-11-25, server/tools, server/prompts and server/resources, "List Changed Notification";
/// server/resources, "Subscriptions".
#[test]
fn a_session_is_told_what_changed_and_of_no_subscription() {
    let head = r#"{"jsonrpc":"2.0","method":"notifications/"#;
    for (change, rest) in [
        (Change::Tools, r#"tools/list_changed","params":{}}"#),
        (Change::Prompts, r#"prompts/list_changed","params":{}}"#),
        (Change::Resources, r#"resources/list_changed","params":{}}"#),
        (
            Change::Resource("a:\"b\"".to_owned()),
            r#"resources/updated","params":{"uri":"a:\"b\""}}"#,
        ),
    ] {
        assert_eq!(change_message(&change), format!("{head}{rest}"));
        let official = match change {
            Change::Resource(_) => Change::Resource("a:b".to_owned()),
            list => list,
        };
        for version in LEGACY_VERSIONS {
            smcp_official::notification(version.as_str(), &change_message(&official)).unwrap();
        }
    }
}

/// 2025-11-25, client/elicitation, client/sampling, client/roots: what a modern client is asked as
/// input requests, a legacy one is sent as a request.
#[test]
fn a_question_becomes_a_request_of_the_servers_own() {
    let form = r#"{"method":"elicitation/create","params":{"message":"Who?","requestedSchema":{"type":"object", "properties":{"name":{"type":"string"}}}}}"#;
    let model = r#"{"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"Why?"}}],"maxTokens":9}}"#;
    let all = LEGACY_VERSIONS.as_slice();
    let since_forms = &LEGACY_VERSIONS[..2];
    for (question, versions) in [
        (form, since_forms),
        (model, all),
        (r#"{"method":"roots/list"}"#, all),
        (r#"{"method":"roots/list","params":{}}"#, all),
    ] {
        let members = question.strip_prefix('{').unwrap();
        let asked = ask_message("q\"1", question);
        assert_eq!(asked, format!(r#"{{"jsonrpc":"2.0","id":"q\"1",{members}"#));
        for version in versions {
            smcp_official::request(version.as_str(), &asked).unwrap();
        }
    }
    // The envelope is the host's.
    assert_eq!(
        ask_message(
            "q",
            r#"{"id":"forged","jsonrpc":"1","method":"m","result":1}"#
        ),
        r#"{"jsonrpc":"2.0","id":"q","method":"m"}"#
    );
}

/// 2025-11-25, basic/transports, "Resumability and Redelivery".
#[test]
fn events_of_a_session_can_be_gone_on_from() {
    assert_eq!(
        sse::event_with_id("00ff.7", &change_message(&Change::Tools)),
        "id: 00ff.7\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\",\"params\":{}}\n\n"
    );
    assert_eq!(
        sse::priming("00ff.0", 1_000),
        "id: 00ff.0\nretry: 1000\ndata: \n\n"
    );
    assert_eq!(sse::OVER, ": over\n\n");
}

#[test]
fn replies_to_a_session() {
    let reply = Reply::no_content();
    assert_eq!(
        (reply.status, reply.headers, reply.body.as_str()),
        (204, [].as_slice(), "")
    );
    let (outside, inside) = (
        Reply::method_not_allowed(),
        Reply::wrong_method_in_session(),
    );
    assert_eq!((inside.status, &inside.body), (405, &outside.body));
    let allow = |reply: &Reply| {
        let mut headers = reply.headers.iter();
        headers.find(|(name, _)| *name == "allow").unwrap().1
    };
    assert_eq!(allow(&inside), "GET, POST, DELETE, OPTIONS");
    assert_eq!(allow(&outside), "POST, OPTIONS");
    for (error, status) in [
        (ProtocolError::SessionNotFound, 404),
        (ProtocolError::SessionRequired, 400),
        (ProtocolError::UnknownEvent, 400),
    ] {
        let reply = refused(&IN_SESSION, Reply::refused(error));
        assert_eq!(reply.status, status);
    }
}
