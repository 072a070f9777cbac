//! Writes a tool's result as JSON. The bytes are those that `serde_json` would write.
//!
//! Most of what a tool returns is text, and text is where a general serializer spends its time: it
//! looks at every byte in a table. In an interpreter that is half the fuel of a call. This looks
//! at eight at a time, and copies what needs no escape.

use serde::Serialize;

use crate::content::Content;
use crate::result::CallToolResult;

/// The result object of `tools/call`.
///
/// # Errors
///
/// When a part does not serialize.
pub(crate) fn result(result: &CallToolResult) -> serde_json::Result<String> {
    let mut json = String::with_capacity(128);
    json.push_str("{\"content\":[");
    for (index, block) in result.content.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        push_block(&mut json, block)?;
    }
    json.push(']');
    if let Some(structured) = &result.structured_content {
        json.push_str(",\"structuredContent\":");
        json.push_str(structured);
    }
    if result.is_error {
        json.push_str(",\"isError\":true");
    }
    if let Some(meta) = &result.meta {
        json.push_str(",\"_meta\":");
        push(&mut json, meta)?;
    }
    json.push('}');
    Ok(json)
}

/// Plain text by hand; the rest is rare, and left to the general serializer.
fn push_block(json: &mut String, block: &Content) -> serde_json::Result<()> {
    let Some(text) = block.plain_text() else {
        return push(json, block);
    };
    json.push_str("{\"type\":\"text\",\"text\":\"");
    push_escaped(json, text);
    json.push_str("\"}");
    Ok(())
}

fn push(json: &mut String, value: &impl Serialize) -> serde_json::Result<()> {
    json.push_str(&serde_json::to_string(value)?);
    Ok(())
}

/// The inside of a JSON string.
fn push_escaped(json: &mut String, text: &str) {
    json.reserve(text.len());
    let mut rest = text;
    while let Some(at) = first_to_escape(rest.as_bytes()) {
        // What is escaped is one byte long, so both cuts are between characters.
        let (run, tail) = rest.split_at(at);
        json.push_str(run);
        let (byte, tail) = tail.split_at(1);
        push_escape(json, byte);
        rest = tail;
    }
    json.push_str(rest);
}

/// RFC 8259, section 7; the short forms where there are some.
fn push_escape(json: &mut String, character: &str) {
    let escape = match character {
        "\"" => "\\\"",
        "\\" => "\\\\",
        "\n" => "\\n",
        "\t" => "\\t",
        "\r" => "\\r",
        "\u{8}" => "\\b",
        "\u{c}" => "\\f",
        other => {
            json.push_str("\\u00");
            for byte in other.bytes() {
                for digit in [byte >> 4, byte & 15] {
                    json.extend(char::from_digit(digit.into(), 16));
                }
            }
            return;
        }
    };
    json.push_str(escape);
}

/// Where the first byte is that a JSON string cannot hold as it is.
fn first_to_escape(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let clean = words
        .iter()
        .take_while(|word| !may_need_escape(u64::from_le_bytes(**word)));
    let start = clean.count() * 8;
    let rest = bytes.get(start..)?;
    rest.iter()
        .position(|&byte| needs_escape(byte))
        .map(|at| start + at)
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether one of eight bytes needs an escape. Each subtraction borrows into the top bit of a byte
/// that is too small; a borrow that runs on gives a false alarm, which costs a closer look, and
/// never hides a byte.
fn may_need_escape(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = ONES << 7;
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & TOPS;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    below(word, 0x20) | equal(b'"') | equal(b'\\') != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn escaped(text: &str) -> String {
        let mut json = String::from("\"");
        push_escaped(&mut json, text);
        json + "\""
    }

    #[test]
    fn every_character_is_escaped_as_serde_json_does_at_every_place() {
        for character in (0..=0x17f).filter_map(char::from_u32) {
            for place in 0..17 {
                let text = format!("{:place$}{character}{:3}", "", "");
                assert_eq!(escaped(&text), json!(text).to_string());
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(text: String) {
            prop_assert_eq!(serde_json::from_str::<String>(&escaped(&text)).ok(), Some(text));
        }

        #[test]
        fn no_byte_that_needs_an_escape_is_overlooked(bytes: [u8; 8]) {
            let needed = bytes.iter().any(|&byte| needs_escape(byte));
            prop_assert!(!needed || may_need_escape(u64::from_le_bytes(bytes)));
        }
    }

    #[test]
    fn a_result_has_its_members_in_order() {
        let meta = [("k".to_owned(), json!(1))].into_iter().collect();
        let blocks = vec![Content::text("a\"b"), Content::image("AA==", "image/png")];
        let structured = CallToolResult::structured(&json!({ "a": "b" }));
        let written = structured.map(|structured| {
            let full = structured.with_content(blocks).with_meta(meta);
            result(&full).map_err(|error| error.to_string())
        });
        let expected = "{\"content\":[{\"type\":\"text\",\"text\":\"a\\\"b\"},\
            {\"type\":\"image\",\"data\":\"AA==\",\"mimeType\":\"image/png\"}],\
            \"structuredContent\":{\"a\":\"b\"},\"_meta\":{\"k\":1}}";
        assert_eq!(written, Ok(Ok(expected.to_owned())));
        assert!(serde_json::from_str::<Value>(expected).is_ok());
    }
}
