//! What a guest's `call-tool` returned, checked once, and put into the answer by splicing: its
//! parts are copied as they stand, and only `_meta` and `resultType` are the host's to write.
//!
//! Refused: what is no JSON object we accept, or not the result of a tool. Guest faults have their
//! own type here, since no client can mend them.

use crate::json::{Json, JsonError, Kind, push_member};
use crate::version::Era;

/// Why an output is not a tool's result. The guest's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResultError {
    /// Not JSON we accept.
    #[error("the tool's result cannot be read: {0}")]
    Json(#[from] JsonError),
    /// JSON, but no object.
    #[error("the tool's result is not a JSON object")]
    NotObject,
    /// No content, or not in an array.
    #[error("the tool's result needs \"content\", an array")]
    Content,
    /// `isError` that is neither true nor false.
    #[error("the tool's result has an \"isError\" that is not a boolean")]
    IsError,
    /// `_meta` that is no object.
    #[error("the tool's result has a \"_meta\" that is not an object")]
    Meta,
    /// A result type that only the host can give.
    #[error("the tool's result has a \"resultType\" other than \"complete\"; leave it out")]
    ResultType,
}

impl ResultError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "result_invalid_json",
            Self::NotObject => "result_not_object",
            Self::Content => "result_content",
            Self::IsError => "result_is_error",
            Self::Meta => "result_meta",
            Self::ResultType => "result_type",
        }
    }
}

/// A tool's result that was checked.
#[derive(Clone, Copy, Debug)]
pub struct ToolResult<'a> {
    result: Json<'a>,
    meta: Option<Json<'a>>,
    is_error: bool,
}

/// An entry that the host adds to a result's `_meta`: its key and its value, JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaEntry {
    /// The key. One under `smcp/` is the host's alone.
    pub key: &'static str,
    /// The value.
    pub json: String,
}

/// The keys that a guest cannot set: what the host says of a call must be the host's word.
const HOST_PREFIX: &str = "smcp/";

impl MetaEntry {
    /// What the call cost: fuel, and linear memory in bytes.
    pub fn usage(fuel: smcp_ids::Fuel, memory: u64) -> Self {
        Self {
            key: "smcp/usage",
            json: format!(r#"{{"fuel":{fuel},"memory":{memory}}}"#),
        }
    }
}

impl<'a> ToolResult<'a> {
    /// Checks an output (server/tools, "Calling Tools"; schema, `CallToolResult`).
    ///
    /// # Errors
    /// It is not the result of a tool.
    pub fn parse(output: &'a str) -> Result<Self, ResultError> {
        let result = Json::parse(output.as_bytes())?;
        if result.kind() != Kind::Object {
            return Err(ResultError::NotObject);
        }
        let mut checked = Self {
            result,
            meta: None,
            is_error: false,
        };
        let mut content = None;
        for (name, value) in result.members() {
            match &*name {
                "content" => content = Some(value.kind()),
                "isError" if value.kind() != Kind::Bool => return Err(ResultError::IsError),
                "isError" => checked.is_error = value.text() == "true",
                "_meta" if value.kind() != Kind::Object => return Err(ResultError::Meta),
                "_meta" => checked.meta = Some(value),
                "resultType" if value.as_str().as_deref() != Some("complete") => {
                    return Err(ResultError::ResultType);
                }
                _ => {}
            }
        }
        if content == Some(Kind::Array) {
            Ok(checked)
        } else {
            Err(ResultError::Content)
        }
    }

    /// Whether the tool says that it failed.
    pub fn is_error(&self) -> bool {
        self.is_error
    }

    /// The result for a client of that era, with the host's entries in its `_meta`.
    pub(crate) fn spliced(&self, era: Era, entries: &[MetaEntry]) -> String {
        let added: usize = entries
            .iter()
            .map(|entry| entry.key.len() + entry.json.len() + 8)
            .sum();
        let mut out = String::with_capacity(self.result.text().len() + added + 48);
        out.push('{');
        if era == Era::Modern {
            // 2026-07-28, basic/index, "ResultType": every result says it.
            push_member(&mut out, "resultType", "\"complete\"");
        }
        for (name, value) in self.result.members() {
            if name != "_meta" && name != "resultType" {
                push_member(&mut out, &name, value.text());
            }
        }
        if let Some(meta) = self.merged_meta(entries) {
            push_member(&mut out, "_meta", &meta);
        }
        out.push('}');
        out
    }

    /// The guest's `_meta` without what only the host may say, and then what the host says.
    fn merged_meta(&self, entries: &[MetaEntry]) -> Option<String> {
        if self.meta.is_none() && entries.is_empty() {
            return None;
        }
        let mut out = String::from("{");
        for (name, value) in self.meta.into_iter().flat_map(Json::members) {
            if !name.starts_with(HOST_PREFIX) && entries.iter().all(|entry| entry.key != name) {
                push_member(&mut out, &name, value.text());
            }
        }
        for entry in entries {
            push_member(&mut out, entry.key, &entry.json);
        }
        out.push('}');
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test may stop where it stands"
    )]

    use smcp_ids::Fuel;

    use super::*;

    #[test]
    fn what_is_no_result_of_a_tool_is_the_guests_fault() {
        for (output, code) in [
            ("", "result_invalid_json"),
            (r#"{"content":[],"content":[]}"#, "result_invalid_json"),
            (r#"{"content":[]} x"#, "result_invalid_json"),
            ("[]", "result_not_object"),
            ("{}", "result_content"),
            (r#"{"content":"text"}"#, "result_content"),
            (r#"{"content":[],"isError":"no"}"#, "result_is_error"),
            (r#"{"content":[],"_meta":[]}"#, "result_meta"),
            (
                r#"{"content":[],"resultType":"input_required"}"#,
                "result_type",
            ),
            (r#"{"content":[],"resultType":null}"#, "result_type"),
        ] {
            assert_eq!(
                ToolResult::parse(output).unwrap_err().code(),
                code,
                "{output}"
            );
        }
    }

    #[test]
    fn the_hosts_entries_join_the_guests() {
        let usage = || vec![MetaEntry::usage(Fuel(7), 65536)];
        for (output, era, entries, spliced) in [
            (
                r#"{"content":[]}"#,
                Era::Legacy,
                vec![],
                r#"{"content":[]}"#,
            ),
            (
                r#"{"content":[]}"#,
                Era::Modern,
                vec![],
                r#"{"resultType":"complete","content":[]}"#,
            ),
            (
                r#"{"resultType":"complete","content":[]}"#,
                Era::Legacy,
                vec![],
                r#"{"content":[]}"#,
            ),
            (
                r#"{"content":[],"resultType":"complete","isError":true}"#,
                Era::Modern,
                usage(),
                r#"{"resultType":"complete","content":[],"isError":true,"_meta":{"smcp/usage":{"fuel":7,"memory":65536}}}"#,
            ),
            (
                r#" { "_meta" : {"a":[1, 2],"smcp/usage":{"fuel":0},"smcp/receipt":"forged"} , "content" : [ {"type":"text"} ], "x\n":1.50 } "#,
                Era::Legacy,
                usage(),
                r#"{"content":[ {"type":"text"} ],"x\n":1.50,"_meta":{"a":[1, 2],"smcp/usage":{"fuel":7,"memory":65536}}}"#,
            ),
            (
                r#"{"content":[],"_meta":{}}"#,
                Era::Legacy,
                vec![],
                r#"{"content":[],"_meta":{}}"#,
            ),
        ] {
            assert_eq!(
                ToolResult::parse(output).unwrap().spliced(era, &entries),
                spliced
            );
            assert!(Json::parse(spliced.as_bytes()).is_ok());
        }
    }

    #[test]
    fn a_tool_says_whether_it_failed() {
        for (output, failed) in [
            (r#"{"content":[],"isError":true}"#, true),
            (r#"{"content":[],"isError":false}"#, false),
            (r#"{"content":[]}"#, false),
        ] {
            assert_eq!(ToolResult::parse(output).unwrap().is_error(), failed);
        }
    }
}
