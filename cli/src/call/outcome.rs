//! How a call ended: as the text that is printed and recorded, and as people read it.

use serde_json::{Value, json};
use smcp_protocol::{GuestResult, Target};
use smcp_sandbox::{Ended, Fault, Output};

/// How a call ended.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The tool's result object as it returned it; or an object with the member `error`.
    pub(super) text: String,
    /// Why it is no success, if so.
    pub(super) failure: Option<String>,
}

impl Outcome {
    pub(super) fn of(ended: &Ended) -> Self {
        match &ended.result {
            Ok(Output::Text(text)) => match GuestResult::parse(Target::Tool, text) {
                Ok(result) => Self {
                    text: text.clone(),
                    failure: result
                        .is_error()
                        .then(|| "the tool says that it failed".to_owned()),
                },
                Err(error) => Self::error(json!(error.code()), &error.to_string(), None),
            },
            Ok(Output::Refused(refusal)) => {
                let data = refusal.data.as_deref();
                Self::error(json!(refusal.code), &refusal.message, data)
            }
            Err(fault) => Self::error(json!(fault.code()), &fault.to_string(), None),
        }
    }

    fn error(code: Value, message: &str, data: Option<&str>) -> Self {
        let mut error = json!({ "code": code, "message": message });
        if let (Some(data), Some(error)) = (data, error.as_object_mut()) {
            // A guest's data need not be JSON.
            let data = serde_json::from_str(data).unwrap_or_else(|_| json!(data));
            error.insert("data".to_owned(), data);
        }
        let text = json!({ "error": error }).to_string();
        Self {
            text,
            failure: Some(message.to_owned()),
        }
    }

    /// What the tool shows, for people: texts as they are, everything else named.
    pub(super) fn pretty(&self) -> String {
        pretty(&self.text)
    }
}

/// The same of a result's text.
pub(super) fn pretty(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let mut parts = Vec::new();
    for block in value
        .get("content")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        parts.push(block_text(block));
    }
    if let Some(structured) = value.get("structuredContent")
        && !is_told(structured, &parts)
    {
        parts.push(format!("{structured:#}"));
    }
    if value.get("error").is_some() {
        parts.push(format!("{value:#}"));
    }
    parts.join("\n")
}

/// Servers repeat structured content as a text, for clients that know texts only.
fn is_told(structured: &Value, parts: &[String]) -> bool {
    parts
        .iter()
        .any(|part| serde_json::from_str::<Value>(part).is_ok_and(|it| it == *structured))
}

fn block_text(block: &Value) -> String {
    let text = |pointer: &str| block.pointer(pointer).and_then(Value::as_str);
    let kind = text("/type").unwrap_or("block without a type");
    match kind {
        "text" => text("/text").unwrap_or_default().to_owned(),
        "image" | "audio" => {
            let size = text("/data").map_or(0, |data| data.len() / 4 * 3);
            format!(
                "[{kind}: {}, about {size} bytes]",
                text("/mimeType").unwrap_or("no media type")
            )
        }
        "resource_link" => format!("[link: {}]", text("/uri").unwrap_or_default()),
        "resource" => {
            let uri = text("/resource/uri").unwrap_or_default();
            match text("/resource/text") {
                Some(content) => format!("[resource: {uri}]\n{content}"),
                None => format!("[resource: {uri}, bytes]"),
            }
        }
        _ => format!("{block:#}"),
    }
}

/// Whether a replay can find the same end again: what a clock or a machine's state brought about is
/// not on the tape.
pub(super) fn is_replayable(ended: &Ended) -> bool {
    use smcp_sandbox::GuestFault::Deadline;
    !matches!(
        &ended.result,
        Err(Fault::Host(_) | Fault::Guest(Deadline(_)))
    )
}

#[cfg(test)]
mod tests {
    use smcp_ids::Fuel;
    use smcp_sandbox::{GuestFault, Refusal};

    use super::*;

    fn outcome(result: Result<Output, Fault>) -> Outcome {
        Outcome::of(&Ended {
            result,
            fuel: Fuel(1),
            memory: 0,
        })
    }

    fn text(json: &str) -> Outcome {
        outcome(Ok(Output::Text(json.to_owned())))
    }

    #[test]
    fn what_a_tool_shows_is_readable() {
        for (result, pretty) in [
            (
                r#"{"content":[{"type":"text","text":"a\nb"},{"type":"text","text":"c"}]}"#,
                "a\nb\nc",
            ),
            (
                r#"{"content":[{"type":"image","mimeType":"image/png","data":"AAAA"}]}"#,
                "[image: image/png, about 3 bytes]",
            ),
            (
                r#"{"content":[{"type":"resource_link","uri":"a:b","name":"n"}]}"#,
                "[link: a:b]",
            ),
            (
                r#"{"content":[{"type":"resource","resource":{"uri":"a:b","text":"t"}}]}"#,
                "[resource: a:b]\nt",
            ),
            (
                r#"{"content":[{"type":"text","text":"{\"a\":1}"}],"structuredContent":{"a":1}}"#,
                "{\"a\":1}",
            ),
            (
                r#"{"content":[],"structuredContent":{"a":1}}"#,
                "{\n  \"a\": 1\n}",
            ),
            (r#"{"content":[]}"#, ""),
        ] {
            let outcome = text(result);
            assert_eq!(outcome.pretty(), pretty, "{result}");
            assert_eq!(outcome.failure, None, "{result}");
            assert_eq!(outcome.text, result, "byte by byte");
        }
    }

    #[test]
    fn every_other_end_is_an_error_with_a_code() {
        let refusal = |data: Option<&str>| {
            let data = data.map(str::to_owned);
            Ok(Output::Refused(Refusal {
                code: -32602,
                message: "no".into(),
                data,
            }))
        };
        for (outcome, json) in [
            (
                outcome(refusal(None)),
                r#"{"error":{"code":-32602,"message":"no"}}"#,
            ),
            (
                outcome(refusal(Some("[1]"))),
                r#"{"error":{"code":-32602,"data":[1],"message":"no"}}"#,
            ),
            (
                outcome(refusal(Some("x"))),
                r#"{"error":{"code":-32602,"data":"x","message":"no"}}"#,
            ),
            (
                outcome(Err(GuestFault::Panicked.into())),
                r#"{"error":{"code":"guest_panicked","message":"the server panicked; its log says why"}}"#,
            ),
            (
                text("{}"),
                r#"{"error":{"code":"result_content","message":"the result needs \"content\", an array"}}"#,
            ),
        ] {
            assert_eq!(outcome.text, json);
            assert!(outcome.failure.is_some());
        }
        assert!(text(r#"{"content":[],"isError":true}"#).failure.is_some());
    }
}
