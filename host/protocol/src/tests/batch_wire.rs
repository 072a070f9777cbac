//! Batches, of the one version that has them: what is taken apart, what is refused, and how the
//! answers come (2025-03-26, basic/index, "Batching"; basic/transports, "Sending Messages to the
//! Server").

use proptest::prelude::*;
use smcp_ids::limits::{BATCH_MAX, MCP_BODY_MAX};

use super::*;
use crate::json::Json;
use crate::{Answer, ReplyForm, batch, batch_reply};

/// A client that has batches, and says no version: its own has no header.
const BATCHES: Head<'static> = Head {
    protocol_version: None,
    ..LEGACY
};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// The code of the refusal; none if the batch is taken.
fn refusal(head: &Head<'_>, body: &[u8]) -> Option<&'static str> {
    let refusal = batch(head, body).expect("an array").err()?;
    let reply = refused(head, refusal.reply());
    assert!(reply.status >= 400, "{reply:?}");
    assert!(!reply.body.contains("\"id\""), "{reply:?}");
    Some(refusal.error().code())
}

#[test]
fn a_body_that_is_no_array_is_no_batch() {
    for body in ["", " ", PING, "7", "\"[]\"", "{\"a\":[]}", "\u{feff}[]"] {
        assert!(batch(&BATCHES, body.as_bytes()).is_none(), "{body}");
        assert!(batch(&LEGACY, body.as_bytes()).is_none(), "{body}");
    }
}

#[test]
fn only_2025_03_26_has_batches() {
    let body = format!(" [{PING}]\n");
    for (header, agreed, code) in [
        (None, None, None),
        (None, Some(Version::V2025_03_26), None),
        (None, Some(Version::V2025_06_18), Some("batch_unsupported")),
        (Some("2025-03-26"), None, None),
        (Some("2025-03-26"), Some(Version::V2025_11_25), None),
        (Some("2025-06-18"), None, Some("batch_unsupported")),
        (
            Some("2025-11-25"),
            Some(Version::V2025_03_26),
            Some("batch_unsupported"),
        ),
        (Some("2026-07-28"), None, Some("batch_unsupported")),
        (Some("1999-01-01"), None, Some("unsupported_version")),
    ] {
        let head = Head {
            protocol_version: header,
            session_version: agreed,
            ..LEGACY
        };
        assert_eq!(
            refusal(&head, body.as_bytes()),
            code,
            "{header:?} {agreed:?}"
        );
    }
}

#[test]
fn a_batch_is_refused_as_a_whole() {
    let of = |count: usize| format!("[{}]", [PING].repeat(count).join(","));
    let initialize = r#"{"method":"initialize","id":2,"jsonrpc":"2.0"}"#;
    let escaped = initialize.replace("init", r"\u0069nit");
    for (body, code) in [
        ("[]".to_owned(), Some("invalid_message")),
        (" [ ] ".to_owned(), Some("invalid_message")),
        (of(1), None),
        (of(BATCH_MAX), None),
        (of(BATCH_MAX + 1), Some("invalid_message")),
        (format!("[{PING}"), Some("invalid_json")),
        (format!("[{PING}]]"), Some("invalid_json")),
        (format!("[{PING},{initialize}]"), Some("invalid_message")),
        (format!("[{escaped}]"), Some("invalid_message")),
        (r#"[{"method":["initialize"]}]"#.to_owned(), None),
        (r#"[{"params":{"method":"initialize"}}]"#.to_owned(), None),
    ] {
        assert_eq!(refusal(&BATCHES, body.as_bytes()), code, "{body}");
    }
    let mut large = b"[1]".to_vec();
    large.resize(MCP_BODY_MAX + 1, b' ');
    assert_eq!(refusal(&BATCHES, &large), Some("body_too_large"));
    let plain = Head {
        content_type: Some("text/plain"),
        ..BATCHES
    };
    assert_eq!(refusal(&plain, b"[1]"), Some("unsupported_media_type"));
}

/// What the tenant does with a batch: each message by itself, and one reply.
fn replied_to_batch(head: &Head<'_>, body: &str) -> Reply {
    let messages = batch(head, body.as_bytes()).expect("an array").unwrap();
    let read = |message: &Json<'_>| match Call::read(head, message.text().as_bytes()) {
        Ok(Call::Request(request)) => Some(request.reply_to().pong()),
        Ok(Call::Notification(_) | Call::Response(_)) => None,
        Err(refusal) => Some(refusal.answer()),
    };
    let answers: Vec<Answer> = messages.iter().filter_map(read).collect();
    batch_reply(&answers, ReplyForm::of(head.accept))
}

/// The same place, items 4 and 5.
#[test]
fn each_request_of_a_batch_is_answered_and_nothing_else() {
    let told = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let said = r#"{"jsonrpc":"2.0","id":"q","result":{}}"#;
    let pong = |id| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
    let batch = format!(r#"[ {PING} , {told},{said},{{"id":"b","method":7}},[] ]"#);
    let head = Head {
        session_id: Some("abc"),
        ..BATCHES
    };
    let reply = replied_to_batch(&head, &batch);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers, [("content-type", "application/json")]);
    let answers: Vec<_> = Json::parse(reply.body.as_bytes())
        .unwrap()
        .elements()
        .collect();
    let [first, second, third] = answers.as_slice() else {
        panic!("{}", reply.body)
    };
    assert_eq!(first.text(), pong("1"));
    assert!(
        second
            .text()
            .contains(r#""id":"b","error":{"code":-32600,"#)
    );
    assert!(third.text().contains(r#"{"code":"batch_unsupported"}"#));
    for answer in answers {
        smcp_official::response("2025-03-26", "ping", answer.text()).unwrap();
    }

    let sse_only = Head {
        accept: Some("text/event-stream"),
        ..head
    };
    let reply = replied_to_batch(&sse_only, &format!("[{PING},{told},{PING}]"));
    let event = format!("event: message\ndata: {}\n\n", pong("1"));
    assert_eq!(
        (reply.status, reply.headers, reply.body),
        (200, crate::SSE_HEADERS, event.repeat(2))
    );

    for head in [head, sse_only] {
        let reply = replied_to_batch(&head, &format!("[{told},{said}]"));
        assert_eq!(reply, Reply::accepted());
    }
    // Without a session a response is refused, as by itself.
    let reply = replied_to_batch(&BATCHES, &format!("[{said}]"));
    assert!(reply.body.contains("unexpected_response"), "{reply:?}");
}

proptest! {
    /// Whatever a stranger's batch holds, its messages are those that it holds.
    #[test]
    fn one_changed_byte_of_a_batch_is_refused_or_read(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = format!(r#"[{PING}, {{"a":[1,"\u00e9]"]}} ,"x"]"#).into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        match batch(&BATCHES, &body) {
            None => prop_assert!(at == 0),
            Some(Err(refusal)) => prop_assert!(refusal.reply().status == 400),
            Some(Ok(messages)) => {
                let whole: Vec<serde_json::Value> = serde_json::from_slice(&body).unwrap();
                let parts: Vec<serde_json::Value> =
                    messages.iter().map(|part| serde_json::from_str(part.text()).unwrap()).collect();
                prop_assert_eq!(whole, parts);
            }
        }
    }
}
