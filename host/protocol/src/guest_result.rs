//! What a guest returned, checked once, and put into the answer by splicing: its
//! parts are copied as they stand, and only `_meta` and `resultType` are the host's to write.
//!
//! Refused: what is no JSON object we accept, or not a result of its kind. Guest faults have their
//! own type here, since no client can mend them.

use std::borrow::Cow;

use crate::guest_call::Target;
use crate::json::{Json, JsonError, Kind, push_member};
use crate::meta::RECEIPT_KEY;
use crate::version::Era;

/// Why an output is not a result. The guest's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResultError {
    /// Not JSON we accept.
    #[error("the result cannot be read: {0}")]
    Json(#[from] JsonError),
    /// JSON, but no object.
    #[error("the result is not a JSON object")]
    NotObject,
    /// Without what every result of its kind has.
    #[error("the result needs {0}")]
    Content(&'static str),
    /// `isError` that is neither true nor false.
    #[error("the result has an \"isError\" that is not a boolean")]
    IsError,
    /// `_meta` that is no object.
    #[error("the result has a \"_meta\" that is not an object")]
    Meta,
    /// Structured content that the tool's own schema does not allow.
    #[error("the result's \"structuredContent\" is not what its tool's output schema says: {0}")]
    Structured(String),
    /// A result type that only the host can give.
    #[error("the result has a \"resultType\" other than \"complete\"; leave it out")]
    ResultType,
}

impl ResultError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "result_invalid_json",
            Self::NotObject => "result_not_object",
            Self::Content(_) => "result_content",
            Self::IsError => "result_is_error",
            Self::Meta => "result_meta",
            Self::Structured(_) => "result_structured",
            Self::ResultType => "result_type",
        }
    }
}

/// A guest's result that was checked.
#[derive(Clone, Copy, Debug)]
pub struct GuestResult<'a> {
    result: Json<'a>,
    meta: Option<Json<'a>>,
    is_error: bool,
    caching: Option<Caching>,
    structured: Option<Json<'a>>,
}

/// What a result of a kind must have.
#[derive(Clone, Copy)]
struct Needs {
    member: &'static str,
    kind: Kind,
    said: &'static str,
    caching: Option<Caching>,
}

/// What a result is that clients may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caching {
    /// A whole.
    One,
    /// A page of a list.
    Page,
}

const PUBLIC: &str = "\"public\"";

const RESOURCES: Needs = Needs {
    member: "resources",
    kind: Kind::Array,
    said: "\"resources\", an array",
    caching: Some(Caching::Page),
};

impl Needs {
    const fn of(target: Target) -> Self {
        let (member, kind, said) = match target {
            Target::Tool => ("content", Kind::Array, "\"content\", an array"),
            Target::Prompt => ("messages", Kind::Array, "\"messages\", an array"),
            Target::Resource => ("contents", Kind::Array, "\"contents\", an array"),
            Target::Completion => ("completion", Kind::Object, "\"completion\", an object"),
        };
        Self {
            member,
            kind,
            said,
            caching: match target {
                Target::Resource => Some(Caching::One),
                Target::Tool | Target::Prompt | Target::Completion => None,
            },
        }
    }
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
pub(crate) const HOST_PREFIX: &str = "smcp/";

impl MetaEntry {
    /// What the call cost: fuel, and linear memory in bytes.
    pub fn usage(fuel: smcp_ids::Fuel, memory: u64) -> Self {
        Self {
            key: "smcp/usage",
            json: format!(r#"{{"fuel":{fuel},"memory":{memory}}}"#),
        }
    }

    /// What names the call, for whoever asks why it failed.
    pub fn call(call: smcp_ids::CallId) -> Self {
        Self {
            key: "smcp/call",
            json: format!("\"{call}\""),
        }
    }

    /// The platform's receipt of the call, a JSON object.
    pub fn receipt(json: String) -> Self {
        Self {
            key: RECEIPT_KEY,
            json,
        }
    }
}

impl<'a> GuestResult<'a> {
    /// Checks an output (schema, `CallToolResult`, `GetPromptResult`, `ReadResourceResult`,
    /// `CompleteResult`).
    ///
    /// # Errors
    /// It is not the result of such a call.
    pub fn parse(target: Target, output: &'a str) -> Result<Self, ResultError> {
        Self::with(Needs::of(target), output)
    }

    /// Checks the output of `list-resources` (schema, `ListResourcesResult`).
    ///
    /// # Errors
    /// It is not such a list.
    pub fn parse_resources(output: &'a str) -> Result<Self, ResultError> {
        Self::with(RESOURCES, output)
    }

    fn with(needs: Needs, output: &'a str) -> Result<Self, ResultError> {
        let result = Json::parse(output.as_bytes())?;
        if result.kind() != Kind::Object {
            return Err(ResultError::NotObject);
        }
        let mut checked = Self {
            result,
            meta: None,
            is_error: false,
            caching: needs.caching,
            structured: None,
        };
        let mut content = None;
        for (name, value) in result.members() {
            match &*name {
                name if name == needs.member => content = Some(value.kind()),
                "structuredContent" => checked.structured = Some(value),
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
        if content == Some(needs.kind) {
            Ok(checked)
        } else {
            Err(ResultError::Content(needs.said))
        }
    }

    /// The result as the guest wrote it.
    pub(crate) fn json(&self) -> Json<'a> {
        self.result
    }

    /// Of a page of resources: their URIs.
    pub fn resource_uris(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let resources = self.result.get("resources").into_iter();
        let uris = resources
            .flat_map(Json::elements)
            .filter_map(|one| one.get("uri"));
        uris.filter_map(Json::as_str)
    }

    /// Whether the tool says that it failed.
    pub fn is_error(&self) -> bool {
        self.is_error
    }

    /// Its `structuredContent`, if it has any.
    pub fn structured(&self) -> Option<Json<'a>> {
        self.structured
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
        let caching = self.caching.filter(|_| era == Era::Modern);
        for (name, value) in self.result.members() {
            let is_known = match &*name {
                "_meta" | "resultType" => false,
                "ttlMs" | "cacheScope" => caching.is_none(),
                // 2025-06-18 and 2025-11-25, schema, `CallToolResult`: an object. Since 2026-07-28
                // it may be anything; official clients of the legacy era refuse the result then.
                "structuredContent" => era == Era::Modern || value.kind() == Kind::Object,
                _ => true,
            };
            if is_known {
                push_member(&mut out, &name, value.text());
            }
        }
        if let Some(caching) = caching {
            let (ttl, scope) = self.caching_hints(caching);
            push_member(&mut out, "ttlMs", ttl);
            push_member(&mut out, "cacheScope", scope);
        }
        if let Some(meta) = self.merged_meta(entries) {
            push_member(&mut out, "_meta", &meta);
        }
        out.push('}');
        out
    }

    /// How long the result may be kept, and for whom (2026-07-28, server/utilities/caching): what the
    /// guest says for itself, where that makes sense. All pages of a list are for the same callers,
    /// whatever a guest says of one ("Interaction with Pagination").
    fn caching_hints(&self, caching: Caching) -> (&'a str, &'a str) {
        let said = |name| self.result.get(name).map(Json::text);
        let is_number = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let ttl = said("ttlMs").filter(is_number);
        let is_public = said("cacheScope") == Some(PUBLIC) && caching == Caching::One;
        let scope = if is_public { PUBLIC } else { "\"private\"" };
        (ttl.unwrap_or("0"), scope)
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
                GuestResult::parse(Target::Tool, output).unwrap_err().code(),
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
                GuestResult::parse(Target::Tool, output)
                    .unwrap()
                    .spliced(era, &entries),
                spliced
            );
            assert!(Json::parse(spliced.as_bytes()).is_ok());
        }
    }

    /// 2026-07-28, server/utilities/caching, "Time-to-Live (TTL) Field" and "Interaction with
    /// Pagination".
    #[test]
    fn what_a_guest_says_of_caching_stands_where_it_makes_sense() {
        const TWO: [&str; 2] = ["contents", "resources"];
        for (said, of_one, of_a_page) in [
            (
                "",
                r#""ttlMs":0,"cacheScope":"private""#,
                r#""ttlMs":0,"cacheScope":"private""#,
            ),
            (
                r#","ttlMs":5,"cacheScope":"public""#,
                r#""ttlMs":5,"cacheScope":"public""#,
                r#""ttlMs":5,"cacheScope":"private""#,
            ),
            (
                r#","ttlMs":-5,"cacheScope":"mine""#,
                r#""ttlMs":0,"cacheScope":"private""#,
                r#""ttlMs":0,"cacheScope":"private""#,
            ),
            (
                r#","ttlMs":1.5,"cacheScope":null"#,
                r#""ttlMs":0,"cacheScope":"private""#,
                r#""ttlMs":0,"cacheScope":"private""#,
            ),
        ] {
            for (member, hints) in TWO.into_iter().zip([of_one, of_a_page]) {
                let output = format!(r#"{{"{member}":[]{said}}}"#);
                let result = match member {
                    "contents" => GuestResult::parse(Target::Resource, &output),
                    _ => GuestResult::parse_resources(&output),
                };
                assert_eq!(
                    result.unwrap().spliced(Era::Modern, &[]),
                    format!(r#"{{"resultType":"complete","{member}":[],{hints}}}"#)
                );
            }
        }
    }

    #[test]
    fn a_tool_says_whether_it_failed() {
        for (output, failed) in [
            (r#"{"content":[],"isError":true}"#, true),
            (r#"{"content":[],"isError":false}"#, false),
            (r#"{"content":[]}"#, false),
        ] {
            assert_eq!(
                GuestResult::parse(Target::Tool, output).unwrap().is_error(),
                failed
            );
        }
    }
}
