//! What every answer must be, whatever was asked: known, well-formed, and no fault of the host.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use smcp_tests::http::Answer;

/// All that a client may be told. No 5xx: a host fault is in order only around a restart.
const KNOWN: [u16; 14] = [
    200, 201, 202, 400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429,
];

/// Checks an answer of which nothing else is expected.
pub(crate) fn well_formed(answer: &Answer) -> Result<()> {
    let told = || shown(answer);
    ensure!(KNOWN.contains(&answer.status), "status of {}", told());
    if answer.status == 202 {
        ensure!(answer.body.is_empty(), "a body in {}", told());
        return Ok(());
    }
    let json = message(answer)?;
    // A batch is answered as one: 2025-03-26 has them.
    let all = json.as_array().filter(|all| !all.is_empty());
    let are_objects = all.map_or_else(|| json.is_object(), |all| all.iter().all(Value::is_object));
    ensure!(are_objects, "no object: {}", told());
    if answer.status >= 400 {
        code(&json).with_context(|| format!("no code: {}", told()))?;
    }
    if answer.status == 429 {
        ensure!(answer.header("retry-after") == "1", "{}", told());
    }
    Ok(())
}

/// The message of an answer: its JSON, or the last event of its stream.
pub(crate) fn message(answer: &Answer) -> Result<Value> {
    if !answer
        .header("content-type")
        .starts_with("text/event-stream")
    {
        return serde_json::from_slice(&answer.body)
            .with_context(|| format!("no JSON: {}", shown(answer)));
    }
    let text = std::str::from_utf8(&answer.body)?;
    let mut last = Value::Null;
    for line in text.lines() {
        if let Some(data) = line.strip_prefix("data:") {
            last = serde_json::from_str(data).with_context(|| shown(answer))?;
        }
    }
    Ok(last)
}

/// The code of an error, wherever that kind of error has it.
pub(crate) fn code(json: &Value) -> Option<&str> {
    let error = &json["error"];
    error["data"]["code"].as_str().or(error["code"].as_str())
}

/// The beginning of an answer, for a report.
pub(crate) fn shown(answer: &Answer) -> String {
    let text: String = answer.text().chars().take(300).collect();
    format!("{} {text:?}", answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_order_is_noticed() {
        for (status, media, body, fine) in [
            (200, "application/json", "{\"result\":{}}", true),
            (200, "text/event-stream", ": here\n\ndata: {}\n\n", true),
            (200, "text/event-stream", "data: {\n\n", false),
            (200, "application/json", "[]", false),
            (200, "text/html", "<p>oops", false),
            (202, "", "", true),
            (202, "", "{}", false),
            (
                400,
                "application/json",
                "{\"error\":{\"code\":\"a\"}}",
                true,
            ),
            (400, "application/json", "{\"error\":{\"code\":-1}}", false),
            (
                500,
                "application/json",
                "{\"error\":{\"code\":\"a\"}}",
                false,
            ),
            (
                503,
                "application/json",
                "{\"error\":{\"code\":\"host_fault\"}}",
                false,
            ),
        ] {
            let answer = Answer {
                status,
                headers: vec![("content-type".to_owned(), media.to_owned())],
                body: body.into(),
            };
            assert_eq!(well_formed(&answer).is_ok(), fine, "{status} {body}");
        }
    }
}
