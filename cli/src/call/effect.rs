//! What a guest asked and was answered, as one reads it: for `smcp replay --stop-at`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use smcp_capability::call::{Answer, KvRequest, Request};

/// A request: the import, and what it was given.
pub(super) fn asked(request: &Request) -> (&'static str, Value) {
    match request {
        Request::Sleep(millis) => ("context.sleep", json!({ "millis": millis })),
        Request::Setting(name) => ("config.get", json!({ "name": name })),
        Request::BeginTask => ("context.begin-task", Value::Null),
        Request::Ask(questions) => {
            let questions = questions.iter().map(
                |question| json!({ "id": question.id, "request": json_or_text(&question.request) }),
            );
            ("client.ask", questions.collect())
        }
        Request::Kv(KvRequest::Get(key)) => (
            "kv.get",
            json!({ "space": format!("{:?}", key.space).to_lowercase(), "key": key.key }),
        ),
        Request::Kv(KvRequest::Keys {
            space,
            prefix,
            after,
            limit,
        }) => (
            "kv.keys",
            json!({
                "space": format!("{space:?}").to_lowercase(),
                "prefix": prefix,
                "after": after,
                "limit": limit,
            }),
        ),
        Request::Http(request) => (
            "http.send",
            json!({
                "method": request.method,
                "url": request.url,
                "headers": request.headers,
                "body": bytes(&request.body),
            }),
        ),
        // Answered from the header of the tape or from the call itself: never an entry.
        other => ("other", json!(format!("{other:?}"))),
    }
}

/// An answer.
pub(super) fn answered(answer: &Answer) -> Value {
    match answer {
        Answer::Done => Value::Null,
        Answer::Flag(flag) => json!(flag),
        Answer::Answers(answers) => answers.iter().map(|answer| json_or_text(answer)).collect(),
        Answer::Unasked(error) => json!({ "error": error }),
        Answer::Setting(setting) => setting.as_deref().map_or(Value::Null, json_or_text),
        Answer::Value(value) => value.as_deref().map_or(Value::Null, bytes),
        Answer::Item { version, value } => {
            let value = value.as_deref().map_or(Value::Null, bytes);
            json!({ "version": version, "value": value })
        }
        Answer::Keys(keys) => json!(keys),
        Answer::Http(Ok(answer)) => json!({
            "status": answer.status,
            "headers": answer.headers,
            "body": bytes(&answer.body),
        }),
        Answer::Http(Err(error)) => json!({ "error": error }),
        other => json!(format!("{other:?}")),
    }
}

fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// Text where they are text, and base 64 where not.
fn bytes(bytes: &[u8]) -> Value {
    match core::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
    }
}

#[cfg(test)]
mod tests {
    use smcp_capability::call::{KvKey, KvSpace};

    use super::*;

    #[test]
    fn what_is_stored_is_shown_as_text_where_it_is_text() {
        let key = KvKey {
            space: KvSpace::Caller,
            key: "a".into(),
        };
        let (import, given) = asked(&Request::Kv(KvRequest::Get(key)));
        assert_eq!(
            (import, given),
            ("kv.get", json!({"space": "caller", "key": "a"}))
        );
        for (value, shown) in [
            (Some(b"x".to_vec()), json!("x")),
            (Some(vec![0xff]), json!({"base64": "/w=="})),
            (None, Value::Null),
        ] {
            let answer = answered(&Answer::Item { version: 3, value });
            assert_eq!(answer, json!({"version": 3, "value": shown}));
        }
    }
}
