//! A request that a guest answers: what it is about, and what the guest is given of it.
//!
//! `tools/call`, `prompts/get`, `resources/read` and `completion/complete` differ in what names
//! them and in what they carry; all else is the same. Checked here is the shape that MCP requires;
//! whether there is such a tool, prompt or resource is not known here.

use std::borrow::Cow;

use crate::call::Params;
use crate::catalogue::Offer;
use crate::error::ProtocolError;
use crate::json::{Json, Kind, push_member, quoted};
use crate::task::TaskWish;
use crate::uri;

/// What a guest is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// `tools/call`.
    Tool,
    /// `prompts/get`.
    Prompt,
    /// `resources/read`.
    Resource,
    /// `completion/complete`.
    Completion,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Tool, Self::Prompt, Self::Resource, Self::Completion];

    /// The method.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Tool => "tools/call",
            Self::Prompt => "prompts/get",
            Self::Resource => "resources/read",
            Self::Completion => "completion/complete",
        }
    }

    /// Whether its answer may be a question (2026-07-28, basic/patterns/mrtr, "Supported Requests").
    pub const fn may_ask(self) -> bool {
        !matches!(self, Self::Completion)
    }

    /// Whether a server with that offer has the method (2026-07-28, schema, `MethodNotFoundError`: one
    /// whose capability it does not declare, it does not have).
    pub const fn is_of(self, offer: &Offer<'_>) -> bool {
        match self {
            Self::Tool => offer.tools,
            Self::Prompt => offer.prompts,
            Self::Resource => offer.resources,
            Self::Completion => offer.completions,
        }
    }

    pub(crate) fn of_method(method: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|target| target.method() == method)
    }
}

/// The parameters of such a request.
#[derive(Clone, Debug)]
pub struct GuestCall<'a> {
    target: Target,
    name: Cow<'a, str>,
    name_json: Json<'a>,
    arguments: Option<Json<'a>>,
    /// Of `completion/complete`: `argument` and `context`.
    completed: [Option<Json<'a>>; 2],
    meta: Option<Json<'a>>,
    responses: Option<Json<'a>>,
    state: Option<Cow<'a, str>>,
    task: Option<Json<'a>>,
}

impl<'a> GuestCall<'a> {
    pub(crate) fn read(target: Target, params: &Params<'a>) -> Result<Self, ProtocolError> {
        let (name_json, name) = match target {
            Target::Tool | Target::Prompt => text(
                params.name,
                "\"name\" is missing: say which",
                "\"name\" must be a string",
            )?,
            Target::Resource => resource(params)?,
            Target::Completion => reference(params)?,
        };
        let completed = [params.argument, params.context];
        if target == Target::Completion {
            check_argument(params.argument)?;
        }
        let state = params.request_state.map(|state| {
            state.as_str().ok_or(ProtocolError::InvalidParams(
                "\"requestState\" must be a string",
            ))
        });
        Ok(Self {
            target,
            name,
            name_json,
            arguments: object_or_none(params.arguments, "\"arguments\" must be an object")?,
            completed,
            meta: params.meta,
            responses: object(
                params.input_responses,
                "\"inputResponses\" must be an object",
            )?,
            state: state.transpose()?,
            task: params.task,
        })
    }

    /// The call that a message asks for, of whichever version; none if it asks a guest for nothing.
    pub fn of_message(message: Json<'a>) -> Option<Self> {
        let method = message.get("method")?.as_str()?;
        let params = Params::read(message.get("params"));
        Self::read(Target::of_method(&method)?, &params).ok()
    }

    /// What it is.
    pub fn target(&self) -> Target {
        self.target
    }

    /// The name of the tool or prompt, the URI of the resource, or what is to be completed: as the
    /// client gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Of a completion: whether it is of a prompt's argument, and not of a resource's.
    pub(crate) fn completes_prompt(&self) -> bool {
        self.target == Target::Completion && member_of(self.name_json) == Some("name")
    }

    /// The arguments as JSON text of an object; `{}` when the client sent none.
    pub fn arguments(&self) -> &'a str {
        self.arguments.map_or("{}", Json::text)
    }

    /// Its `_meta`, as the client wrote it.
    pub fn meta(&self) -> Option<&'a str> {
        self.meta.map(Json::text)
    }

    /// What the client answers to questions of an earlier round (2026-07-28, basic/patterns/mrtr,
    /// "InputResponses"): for each id a result.
    pub fn responses(&self) -> impl Iterator<Item = (Cow<'a, str>, Json<'a>)> {
        self.responses.into_iter().flat_map(Json::members)
    }

    /// What an earlier round gave the client to carry.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// That the client wants it to be a task, where that can be: elsewhere it need not even be well-formed
    /// (2025-11-25, basic/utilities/tasks, "Task Support and Handling").
    ///
    /// # Errors
    /// What the client says is of the wrong shape.
    pub fn task_wish(&self) -> Result<Option<TaskWish>, ProtocolError> {
        self.task.map(TaskWish::read).transpose()
    }

    /// What the guest is given: the params that are the guest's business, each as the client wrote it;
    /// the others stay here.
    pub fn guest_request(&self) -> String {
        self.guest_request_as(None, self.meta())
    }

    /// The same for a guest that knows it by another name than the client, and with another `_meta`:
    /// that of the first round, so that a call that is run again is given the same.
    pub fn guest_request_as(&self, name: Option<&str>, meta: Option<&str>) -> String {
        let renamed = name.map(|name| match self.target {
            Target::Completion => renamed_reference(self.name_json, name),
            Target::Tool | Target::Prompt | Target::Resource => quoted(name),
        });
        let name = renamed.as_deref().unwrap_or(self.name_json.text());
        let arguments = self.arguments();
        let length = name.len() + arguments.len() + meta.map_or(0, str::len) + 32;
        let mut request = String::with_capacity(length);
        request.push('{');
        match self.target {
            Target::Tool | Target::Prompt => {
                push_member(&mut request, "name", name);
                push_member(&mut request, "arguments", arguments);
            }
            Target::Resource => push_member(&mut request, "uri", name),
            Target::Completion => {
                push_member(&mut request, "ref", name);
                for (member, value) in ["argument", "context"].into_iter().zip(self.completed) {
                    if let Some(value) = value {
                        push_member(&mut request, member, value.text());
                    }
                }
            }
        }
        if let Some(meta) = meta {
            push_member(&mut request, "_meta", meta);
        }
        request.push('}');
        request
    }
}

pub(crate) fn text<'a>(
    value: Option<Json<'a>>,
    missing: &'static str,
    wrong: &'static str,
) -> Result<(Json<'a>, Cow<'a, str>), ProtocolError> {
    let json = value.ok_or(ProtocolError::InvalidParams(missing))?;
    let text = json.as_str().ok_or(ProtocolError::InvalidParams(wrong))?;
    Ok((json, text))
}

/// 2026-07-28, server/resources, "Security Considerations": URIs are checked. Which resource is meant, the
/// catalogue or the guest knows.
pub(crate) fn resource<'a>(params: &Params<'a>) -> Result<(Json<'a>, Cow<'a, str>), ProtocolError> {
    let (json, uri) = text(
        params.uri,
        "\"uri\" is missing: name the resource",
        "\"uri\" must be a string",
    )?;
    if uri::could_be_uri(&uri) {
        Ok((json, uri))
    } else {
        Err(ProtocolError::InvalidParams(
            "\"uri\" must begin with a scheme, as in \"file:\", and have no control characters",
        ))
    }
}

/// 2026-07-28, server/utilities/completion, "Reference Types": a prompt by name, or a resource or
/// template by URI.
fn reference<'a>(params: &Params<'a>) -> Result<(Json<'a>, Cow<'a, str>), ProtocolError> {
    let wrong = ProtocolError::InvalidParams(
        "\"ref\" must be {\"type\": \"ref/prompt\", \"name\": ...} or {\"type\": \"ref/resource\", \"uri\": ...}",
    );
    let json = params
        .reference
        .filter(|json| json.kind() == Kind::Object)
        .ok_or(wrong.clone())?;
    let member = member_of(json).ok_or(wrong.clone())?;
    let name = json.get(member).and_then(Json::as_str).ok_or(wrong)?;
    Ok((json, name))
}

/// The member of a reference that names what it refers to.
fn member_of(reference: Json<'_>) -> Option<&'static str> {
    match reference.get("type")?.as_str()?.as_ref() {
        "ref/prompt" => Some("name"),
        "ref/resource" => Some("uri"),
        _ => None,
    }
}

/// A reference to what its guest knows by another name.
fn renamed_reference(reference: Json<'_>, name: &str) -> String {
    let named = member_of(reference);
    let name = quoted(name);
    let mut out = String::from("{");
    for (member, value) in reference.members() {
        let is_name = Some(&*member) == named;
        push_member(
            &mut out,
            &member,
            if is_name { &name } else { value.text() },
        );
    }
    out.push('}');
    out
}

fn check_argument(argument: Option<Json<'_>>) -> Result<(), ProtocolError> {
    let is_text = |member| {
        argument
            .and_then(|argument| argument.get(member))
            .is_some_and(|value| value.kind() == Kind::String)
    };
    if is_text("name") && is_text("value") {
        Ok(())
    } else {
        Err(ProtocolError::InvalidParams(
            "\"argument\" must be an object with a \"name\" and a \"value\", both strings",
        ))
    }
}

pub(crate) fn object<'a>(
    value: Option<Json<'a>>,
    wrong: &'static str,
) -> Result<Option<Json<'a>>, ProtocolError> {
    match value {
        Some(value) if value.kind() != Kind::Object => Err(ProtocolError::InvalidParams(wrong)),
        other => Ok(other),
    }
}

/// Some clients write null for no arguments; the specification lets them be left out.
fn object_or_none<'a>(
    value: Option<Json<'a>>,
    wrong: &'static str,
) -> Result<Option<Json<'a>>, ProtocolError> {
    object(value.filter(|value| value.kind() != Kind::Null), wrong)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

    use super::*;

    fn read(target: Target, params: &str) -> Result<GuestCall<'_>, ProtocolError> {
        let params = Json::parse(params.as_bytes()).unwrap();
        GuestCall::read(target, &Params::read(Some(params)))
    }

    #[test]
    fn a_guest_is_given_what_is_its_business() {
        for (target, params, name, request) in [
            (
                Target::Tool,
                r#"{"name":"t","arguments":{"a":1.50},"_meta":{"k":1},"requestState":"s","inputResponses":{},"x":1}"#,
                "t",
                r#"{"name":"t","arguments":{"a":1.50},"_meta":{"k":1}}"#,
            ),
            (
                Target::Prompt,
                r#"{"name":"p"}"#,
                "p",
                r#"{"name":"p","arguments":{}}"#,
            ),
            (
                Target::Resource,
                r#"{"uri":"a:\u0062"}"#,
                "a:b",
                r#"{"uri":"a:\u0062"}"#,
            ),
            (
                Target::Completion,
                r#"{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"v"},"context":{"arguments":{}}}"#,
                "p",
                r#"{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"v"},"context":{"arguments":{}}}"#,
            ),
        ] {
            let call = read(target, params).unwrap();
            assert_eq!(call.name(), name);
            assert_eq!(call.guest_request(), request);
        }
    }

    #[test]
    fn a_call_run_again_is_given_the_meta_of_its_first_round() {
        let call = read(Target::Tool, r#"{"name":"s__t","_meta":{"now":1}}"#).unwrap();
        assert_eq!(
            call.guest_request_as(Some("t"), Some(r#"{"then":1}"#)),
            r#"{"name":"t","arguments":{},"_meta":{"then":1}}"#
        );
    }

    #[test]
    fn a_completion_keeps_its_reference_but_for_the_name() {
        let params = r#"{"ref":{"type":"ref/resource","uri":"smcp+s+a:{b}","x":[1]},"argument":{"name":"b","value":""}}"#;
        let call = read(Target::Completion, params).unwrap();
        assert!(!call.completes_prompt());
        assert_eq!(
            call.guest_request_as(Some("a:{b}"), None),
            r#"{"ref":{"type":"ref/resource","uri":"a:{b}","x":[1]},"argument":{"name":"b","value":""}}"#
        );
    }

    #[test]
    fn a_message_says_by_itself_what_its_guest_is_given() {
        let read = |text: &str| {
            let json = Json::parse(text.as_bytes()).unwrap();
            GuestCall::of_message(json).map(|call| call.guest_request())
        };
        let call = r#"{"id":1,"method":"tools/call","params":{"arguments":{ "a":1},"name":"t"}}"#;
        let given = r#"{"name":"t","arguments":{ "a":1}}"#;
        assert_eq!(read(call).as_deref(), Some(given));
        for other in [
            "{}",
            "[]",
            r#"{"method":"tools/list"}"#,
            r#"{"method":"tools/call"}"#,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn params_of_the_wrong_shape_are_refused() {
        for (target, params) in [
            (Target::Tool, "{}"),
            (Target::Tool, r#"{"name":1}"#),
            (Target::Tool, r#"{"name":"t","arguments":[]}"#),
            (Target::Tool, r#"{"name":"t","inputResponses":null}"#),
            (Target::Tool, r#"{"name":"t","requestState":1}"#),
            (Target::Resource, r#"{"name":"t"}"#),
            (Target::Resource, r#"{"uri":"etc/passwd"}"#),
            (Target::Resource, r#"{"uri":"a:\u0000"}"#),
            (
                Target::Completion,
                r#"{"ref":{"type":"ref/prompt","name":"p"}}"#,
            ),
            (
                Target::Completion,
                r#"{"ref":{"type":"ref/tool","name":"p"},"argument":{"name":"a","value":"v"}}"#,
            ),
            (
                Target::Completion,
                r#"{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":1}}"#,
            ),
        ] {
            let code = read(target, params).map(|_| "").unwrap_err();
            assert_eq!(code.code(), "invalid_params", "{params}");
        }
    }
}
