//! Questions of a guest to its client: which may be asked, and which answers fit them
//! (2026-07-28, basic/patterns/mrtr).
//!
//! How a call waits for its answers is the business of whoever drives it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use smcp_capability::call::{AskError, Question};
use smcp_capability::http::{HttpError, HttpErrorKind};
use smcp_ids::{Fuel, limits};
use smcp_protocol::json::{Json, Kind};
use smcp_protocol::{INVALID_PARAMS, MISSING_CLIENT_CAPABILITY, ProtocolError};
use smcp_schema::Schema;

/// Answers by the id of their question: JSON objects.
pub type Answers = BTreeMap<String, String>;

/// What a round of a call begins with, beside its tape.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Round {
    /// Which, from 1.
    pub number: u32,
    /// The `_meta` that the guest was given first: it is given the same each time.
    pub meta: Option<String>,
    /// Answers to some of the questions that the tape ends before.
    pub given: Answers,
    /// The fuel of the rounds before.
    pub fuel: Fuel,
    /// How many requests the call has sent to other hosts, in this round too.
    pub requests: u32,
    /// The bytes that they were answered with.
    pub answered: u64,
}

impl Round {
    /// The first round of a call with that `_meta`.
    pub fn first(meta: Option<&str>) -> Self {
        Self {
            number: 1,
            meta: meta.map(str::to_owned),
            given: Answers::new(),
            fuel: Fuel(0),
            requests: 0,
            answered: 0,
        }
    }

    /// The round after this one, which has used that much fuel.
    pub fn next(self, used: Fuel) -> Self {
        Self {
            number: self.number + 1,
            fuel: self.fuel.saturating_add(used),
            ..self
        }
    }

    /// Counts a request to another host.
    ///
    /// # Errors
    ///
    /// If there may be no more.
    pub fn count_request(&mut self) -> Result<(), HttpError> {
        if self.requests >= limits::HTTP_REQUESTS_MAX {
            let most = limits::HTTP_REQUESTS_MAX;
            return Err(HttpError::new(
                HttpErrorKind::TooMany,
                format!(
                    "this call has sent {most} requests, redirects among them; it may send no more"
                ),
            ));
        }
        self.requests += 1;
        Ok(())
    }

    /// How many bytes the next answer may have.
    pub fn answer_max(&self) -> u32 {
        let left = (limits::HTTP_ANSWERS_MAX as u64).saturating_sub(self.answered);
        u32::try_from(left.min(limits::HTTP_BODY_MAX as u64)).unwrap_or(u32::MAX)
    }

    /// The fuel that it may use, of a call that may use `most`: each round runs anew what the rounds
    /// before ran, and their sum is bounded too.
    pub fn fuel_left(&self, most: Fuel) -> Fuel {
        let all = Fuel(most.0.saturating_mul(limits::ROUNDS_FUEL_FACTOR));
        most.min(all.saturating_sub(self.fuel))
    }
}

/// Why questions are not asked; `None` if they are fit to be.
pub fn refuse(questions: &[Question], capabilities: &str, round: u32) -> Option<AskError> {
    let invalid = |message: String| {
        Some(AskError {
            code: INVALID_PARAMS,
            message,
            data: None,
        })
    };
    if round >= limits::ROUNDS_MAX {
        return invalid(format!(
            "this call has asked {} times; a call may ask no more often",
            limits::ROUNDS_MAX
        ));
    }
    let mut ids = BTreeSet::new();
    for question in questions {
        let id = &question.id;
        if !is_id(id) || !ids.insert(id) {
            return invalid(format!(
                "the question id {id:?} is not 1 to 64 of the characters A-Z, a-z, 0-9, '_', '-' and \
                 '.', or there twice"
            ));
        }
        let needed = match needed(&question.request, capabilities) {
            Ok(needed) => needed,
            Err(why) => return invalid(format!("the question {id}: {why}")),
        };
        if let Some(lacking) = needed.into_iter().find(|path| !has(capabilities, path)) {
            let required = lacking.iter().rfold("{}".to_owned(), |inner, name| {
                format!("{{\"{name}\":{inner}}}")
            });
            return Some(AskError {
                code: MISSING_CLIENT_CAPABILITY,
                message: format!(
                    "this needs a client that declares the capability {}",
                    lacking.join(".")
                ),
                data: Some(format!("{{\"requiredCapabilities\":{required}}}")),
            });
        }
    }
    None
}

/// The answers in the order of their questions, if there is one to each: then none is left.
pub fn in_order(questions: &[Question], given: &mut Answers) -> Option<Vec<String>> {
    let answers = questions
        .iter()
        .map(|question| given.get(&question.id).cloned())
        .collect::<Option<Vec<_>>>()?;
    given.clear();
    Some(answers)
}

fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// The way to a capability.
type Path = &'static [&'static str];

/// The capabilities that a question needs, each as the path to it (2026-07-28, client/elicitation,
/// client/sampling and client/roots, "Capabilities"); or why no client could answer it.
fn needed(request: &str, capabilities: &str) -> Result<Vec<Path>, &'static str> {
    let json = Json::parse(request.as_bytes()).map_err(|_| "is not JSON")?;
    let params = json.get("params");
    if params.is_some_and(|params| params.kind() != Kind::Object) {
        return Err("has \"params\" that are no object");
    }
    let param = |name| params.and_then(|params| params.get(name));
    match json.get("method").and_then(Json::as_str).as_deref() {
        Some("elicitation/create") => elicitation(params, capabilities).map(|path| vec![path]),
        Some("sampling/createMessage") => {
            let mut needed: Vec<Path> = vec![&["sampling"]];
            if param("tools").or(param("toolChoice")).is_some() {
                needed.push(&["sampling", "tools"]);
            }
            let context = param("includeContext").and_then(Json::as_str);
            if context.is_some_and(|context| context != "none") {
                needed.push(&["sampling", "context"]);
            }
            Ok(needed)
        }
        Some("roots/list") => Ok(vec![&["roots"]]),
        _ => Err("has a \"method\" that no client answers"),
    }
}

/// client/elicitation: "Elicitation Requests" says what each has, "Capabilities" what a client can
/// do that does not say which modes it knows: forms.
fn elicitation(params: Option<Json<'_>>, capabilities: &str) -> Result<Path, &'static str> {
    let param = |name| params.and_then(|params| params.get(name));
    if param("message").is_none_or(|message| message.kind() != Kind::String) {
        return Err("has no \"message\", a string");
    }
    let mode = param("mode").map(|mode| mode.as_str().unwrap_or_default());
    match mode.as_deref() {
        None | Some("form") => {
            if param("requestedSchema").is_none_or(|schema| schema.kind() != Kind::Object) {
                return Err("has no \"requestedSchema\", an object");
            }
            if has(capabilities, &["elicitation", "url"]) {
                Ok(&["elicitation", "form"])
            } else {
                Ok(&["elicitation"])
            }
        }
        Some("url")
            if param("url")
                .and_then(Json::as_str)
                .is_some_and(|url| is_url(&url)) =>
        {
            Ok(&["elicitation", "url"])
        }
        Some("url") => Err("has no \"url\" that a browser could open"),
        Some(_) => Err("has a \"mode\" that is neither \"form\" nor \"url\""),
    }
}

/// client/elicitation, "URL Mode Elicitation Requests" and "Safe URL Handling": one of the web.
fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or(text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', '?', '#'])
            && rest.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

fn has(capabilities: &str, path: &[&str]) -> bool {
    let Ok(json) = Json::parse(capabilities.as_bytes()) else {
        return false;
    };
    path.iter()
        .try_fold(json, |json, name| json.get(name))
        .is_some_and(|found| found.kind() == Kind::Object)
}

/// Adds a client's answers to those that were given before; an error if one does not fit its question.
/// What was not asked is passed over ("Error Handling").
///
/// # Errors
/// An answer that is not one to its question.
pub fn take<'a>(
    questions: &[Question],
    given: &mut Answers,
    responses: impl Iterator<Item = (std::borrow::Cow<'a, str>, Json<'a>)>,
) -> Result<(), ProtocolError> {
    for (id, response) in responses {
        let Some(question) = questions.iter().find(|question| question.id == *id) else {
            continue;
        };
        check(&question.request, response)
            .map_err(|why| ProtocolError::input_response(&question.id, why))?;
        given.insert(question.id.clone(), response.text().to_owned());
    }
    Ok(())
}

/// 2026-07-28, schema, `ElicitResult`, `CreateMessageResult` and `ListRootsResult`.
fn check(request: &str, response: Json<'_>) -> Result<(), &'static str> {
    if response.kind() != Kind::Object {
        return Err("it is not an object");
    }
    let request = Json::parse(request.as_bytes()).map_err(|_| "the question is not JSON")?;
    let is = |name, kind| response.get(name).is_some_and(|value| value.kind() == kind);
    match request.get("method").and_then(Json::as_str).as_deref() {
        Some("elicitation/create") => {
            match response.get("action").and_then(Json::as_str).as_deref() {
                Some("accept") => check_form(request, response),
                Some("decline" | "cancel") => Ok(()),
                _ => Err("\"action\" is not accept, decline or cancel"),
            }
        }
        Some("sampling/createMessage") => {
            if is("role", Kind::String)
                && is("model", Kind::String)
                && response.get("content").is_some()
            {
                Ok(())
            } else {
                Err("\"role\", \"content\" or \"model\" is missing")
            }
        }
        _ if is("roots", Kind::Array) => Ok(()),
        _ => Err("\"roots\" is not an array"),
    }
}

/// What a form was filled in with. A URL is opened elsewhere, and gives nothing back.
fn check_form(request: Json<'_>, response: Json<'_>) -> Result<(), &'static str> {
    let params = request.get("params");
    let Some(schema) = params.and_then(|params| params.get("requestedSchema")) else {
        return Ok(());
    };
    let content = response
        .get("content")
        .filter(|content| content.kind() == Kind::Object)
        .ok_or("\"content\" is not an object")?;
    let schema =
        Schema::compile(schema.text()).map_err(|_| "the question's schema cannot be used")?;
    schema
        .check_text(content.text())
        .map_err(|_| "\"content\" is not what the question's schema asks for")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

    use super::*;

    const NAME: &str = r#"{"method":"elicitation/create","params":{"message":"?","requestedSchema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}}}"#;

    fn question(id: &str, request: &str) -> Question {
        Question {
            id: id.into(),
            request: request.into(),
        }
    }

    #[test]
    fn only_what_the_client_can_answer_is_asked() {
        let url = r#"{"method":"elicitation/create","params":{"mode":"url","message":"?","url":"https://a.example/b"}}"#;
        let form = NAME.replace(r#""message""#, r#""mode":"form","message""#);
        let context =
            r#"{"method":"sampling/createMessage","params":{"includeContext":"thisServer"}}"#;
        let no_context =
            r#"{"method":"sampling/createMessage","params":{"includeContext":"none"}}"#;
        let choice = r#"{"method":"sampling/createMessage","params":{"toolChoice":{}}}"#;
        let urls_only = r#"{"elicitation":{"url":{}}}"#;
        let both = r#"{"elicitation":{"url":{},"form":{}}}"#;
        let sample = r#"{"method":"sampling/createMessage","params":{}}"#;
        let tools = r#"{"method":"sampling/createMessage","params":{"tools":[]}}"#;
        let roots = r#"{"method":"roots/list"}"#;
        for (request, capabilities, code) in [
            (NAME, r#"{"elicitation":{}}"#, None),
            (NAME, "{}", Some(MISSING_CLIENT_CAPABILITY)),
            (
                NAME,
                r#"{"elicitation":null}"#,
                Some(MISSING_CLIENT_CAPABILITY),
            ),
            (
                url,
                r#"{"elicitation":{}}"#,
                Some(MISSING_CLIENT_CAPABILITY),
            ),
            (url, urls_only, None),
            (
                url,
                r#"{"elicitation":{"form":{}}}"#,
                Some(MISSING_CLIENT_CAPABILITY),
            ),
            (&form, r#"{"elicitation":{}}"#, None),
            (&form, r#"{"elicitation":{"form":{}}}"#, None),
            (&form, both, None),
            (&form, urls_only, Some(MISSING_CLIENT_CAPABILITY)),
            (NAME, urls_only, Some(MISSING_CLIENT_CAPABILITY)),
            (
                context,
                r#"{"sampling":{}}"#,
                Some(MISSING_CLIENT_CAPABILITY),
            ),
            (context, r#"{"sampling":{"context":{}}}"#, None),
            (no_context, r#"{"sampling":{}}"#, None),
            (
                choice,
                r#"{"sampling":{}}"#,
                Some(MISSING_CLIENT_CAPABILITY),
            ),
            (sample, r#"{"sampling":{}}"#, None),
            (tools, r#"{"sampling":{}}"#, Some(MISSING_CLIENT_CAPABILITY)),
            (roots, r#"{"roots":{}}"#, None),
            (r#"{"method":"tools/call"}"#, "{}", Some(INVALID_PARAMS)),
            ("{", "{}", Some(INVALID_PARAMS)),
        ] {
            let refused = refuse(&[question("q", request)], capabilities, 1);
            assert_eq!(
                refused.map(|error| error.code),
                code,
                "{request} {capabilities}"
            );
        }
    }

    /// 2026-07-28, client/elicitation: "Elicitation Requests", "Form Mode Elicitation Requests", "URL
    /// Mode Elicitation Requests".
    #[test]
    fn an_elicitation_has_what_its_mode_needs() {
        const SCHEMA: &str = r#""requestedSchema":{"type":"object"}"#;
        for (params, good) in [
            (format!(r#""message":"?",{SCHEMA}"#), true),
            (format!(r#""mode":"form","message":"?",{SCHEMA}"#), true),
            (format!(r#""mode":"audio","message":"?",{SCHEMA}"#), false),
            (format!(r#""mode":1,"message":"?",{SCHEMA}"#), false),
            (format!(r#""message":1,{SCHEMA}"#), false),
            (SCHEMA.to_owned(), false),
            (r#""message":"?""#.to_owned(), false),
            (r#""message":"?","requestedSchema":true"#.to_owned(), false),
            (
                r#""mode":"url","message":"?","url":"https://a.example""#.to_owned(),
                true,
            ),
            (r#""mode":"url","message":"?""#.to_owned(), false),
            (
                r#""mode":"url","url":"https://a.example""#.to_owned(),
                false,
            ),
            (r#""mode":"url","message":"?","url":"""#.to_owned(), false),
            (
                r#""mode":"url","message":"?","url":"https:///b""#.to_owned(),
                false,
            ),
            (
                r#""mode":"url","message":"?","url":"javascript:x""#.to_owned(),
                false,
            ),
            (
                r#""mode":"url","message":"?","url":"https://a b""#.to_owned(),
                false,
            ),
        ] {
            let request = format!(r#"{{"method":"elicitation/create","params":{{{params}}}}}"#);
            let can = r#"{"elicitation":{"form":{},"url":{}}}"#;
            let refused = refuse(&[question("q", &request)], can, 1);
            assert_eq!(refused.is_none(), good, "{params}");
        }
    }

    #[test]
    fn what_a_client_lacks_is_named_as_its_capabilities_would_be() {
        let tools = r#"{"method":"sampling/createMessage","params":{"tools":[]}}"#;
        for (request, can, required) in [
            (tools, "{}", r#"{"sampling":{}}"#),
            (tools, r#"{"sampling":{}}"#, r#"{"sampling":{"tools":{}}}"#),
            (NAME, "{}", r#"{"elicitation":{}}"#),
            (
                NAME,
                r#"{"elicitation":{"url":{}}}"#,
                r#"{"elicitation":{"form":{}}}"#,
            ),
        ] {
            let error = refuse(&[question("q", request)], can, 1).unwrap();
            let data = format!(r#"{{"requiredCapabilities":{required}}}"#);
            assert_eq!(error.data.unwrap(), data);
        }
    }

    #[test]
    fn ids_and_rounds_are_bounded() {
        let roots = r#"{"method":"roots/list"}"#;
        let can = r#"{"roots":{}}"#;
        for ids in [
            vec![""],
            vec!["a b"],
            vec!["a", "a"],
            vec![&*"x".repeat(65)],
        ] {
            let questions: Vec<_> = ids.iter().map(|id| question(id, roots)).collect();
            assert!(refuse(&questions, can, 1).is_some(), "{ids:?}");
        }
        assert!(refuse(&[question("a", roots)], can, limits::ROUNDS_MAX - 1).is_none());
        assert!(refuse(&[question("a", roots)], can, limits::ROUNDS_MAX).is_some());
    }

    #[test]
    fn answers_fit_their_questions() {
        let sample = r#"{"method":"sampling/createMessage","params":{}}"#;
        let roots = r#"{"method":"roots/list"}"#;
        for (request, response, good) in [
            (
                NAME,
                r#"{"action":"accept","content":{"name":"Ada"}}"#,
                true,
            ),
            (NAME, r#"{"action":"accept","content":{"name":1}}"#, false),
            (NAME, r#"{"action":"accept","content":{}}"#, false),
            (NAME, r#"{"action":"accept"}"#, false),
            (NAME, r#"{"action":"decline"}"#, true),
            (NAME, r#"{"action":"maybe"}"#, false),
            (NAME, "12345", false),
            (NAME, "null", false),
            (
                sample,
                r#"{"role":"assistant","model":"m","content":{"type":"text","text":"x"}}"#,
                true,
            ),
            (sample, r#"{"role":"assistant"}"#, false),
            (roots, r#"{"roots":[]}"#, true),
            (roots, r#"{"roots":{}}"#, false),
        ] {
            let mut given = Answers::new();
            let json = Json::parse(response.as_bytes()).unwrap();
            let responses = [("q".into(), json), ("other".into(), json)];
            let taken = take(&[question("q", request)], &mut given, responses.into_iter());
            assert_eq!(taken.is_ok(), good, "{response}");
            assert_eq!(given.len(), usize::from(good));
        }
    }
}
