//! Tasks as 2025-11-25 has them (basic/utilities/tasks, experimental): a client asks for one with its call, and
//! for its result with a request that waits.
//!
//! Refused: what is not of the shape that the specification gives it. Whether a server has such tasks,
//! and in which sessions, is not known here.

use std::borrow::Cow;

use super::TaskView;
use crate::answer::Answer;
use crate::call::{Params, cursor};
use crate::error::ProtocolError;
use crate::guest_call;
use crate::json::{Json, Kind, push_member, quoted};
use crate::notify::ask_message;
use crate::reply::ReplyTo;

/// What a server declares whose calls may be tasks ("Server Capabilities").
pub(crate) const TASKS_CAPABILITY: &str =
    r#"{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}"#;
/// What says in a `_meta` to which task a message belongs ("Related Task Metadata").
const RELATED_KEY: &str = "io.modelcontextprotocol/related-task";

/// What a client asks of its tasks: each with the task's id, as the client gave it. Nothing has checked its
/// inner form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegacyTaskCall<'a> {
    /// `tasks/get`: how it stands.
    Get(Cow<'a, str>),
    /// `tasks/result`: how it ended, when it has.
    Result(Cow<'a, str>),
    /// `tasks/cancel`: that it ends.
    Cancel(Cow<'a, str>),
    /// `tasks/list`: all of them, from a place that an earlier page said.
    List(Option<Cow<'a, str>>),
}

impl<'a> LegacyTaskCall<'a> {
    /// Reads one; none if the method is another.
    pub(crate) fn read(method: &str, params: &Params<'a>) -> Result<Option<Self>, ProtocolError> {
        let id = || {
            guest_call::text(
                params.task_id,
                "\"taskId\" is missing: say which task",
                "\"taskId\" must be a string",
            )
            .map(|(_, id)| id)
        };
        Ok(Some(match method {
            "tasks/get" => Self::Get(id()?),
            "tasks/result" => Self::Result(id()?),
            "tasks/cancel" => Self::Cancel(id()?),
            "tasks/list" => Self::List(cursor(params)?),
            _ => return Ok(None),
        }))
    }

    /// The method.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Get(_) => "tasks/get",
            Self::Result(_) => "tasks/result",
            Self::Cancel(_) => "tasks/cancel",
            Self::List(_) => "tasks/list",
        }
    }
}

/// That a call is to be a task ("Task Parameters").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskWish {
    /// How long its client would have it kept, in milliseconds from its beginning; none: it did not say.
    pub ttl_millis: Option<u64>,
}

impl TaskWish {
    pub(crate) fn read(task: Json<'_>) -> Result<Self, ProtocolError> {
        if task.kind() != Kind::Object {
            return Err(ProtocolError::InvalidParams("\"task\" must be an object"));
        }
        // Some clients write null for as long as can be.
        let ttl = task.get("ttl").filter(|ttl| ttl.kind() != Kind::Null);
        let ttl_millis = ttl
            .map(|ttl| {
                let number = ttl.text().parse().ok();
                number
                    .filter(|millis: &f64| millis.is_finite() && *millis >= 0.0)
                    .ok_or(ProtocolError::InvalidParams(
                        "\"task.ttl\" must be a number of milliseconds",
                    ))
            })
            .transpose()?
            .map(|millis| millis as u64);
        Ok(Self { ttl_millis })
    }
}

impl TaskView<'_> {
    /// The schema's `Task`.
    fn legacy_json(&self) -> String {
        let mut out = String::from("{");
        self.push_state(&mut out);
        push_member(&mut out, "ttl", &self.ttl());
        push_member(&mut out, "pollInterval", &self.poll_millis.to_string());
        out.push('}');
        out
    }
}

impl ReplyTo {
    /// That a call is a task from its beginning (schema, `CreateTaskResult`).
    pub fn legacy_task_created(&self, task: &TaskView<'_>) -> Answer {
        self.result(&format!("{{\"task\":{}}}", task.legacy_json()))
    }

    /// The result of `tasks/get` and `tasks/cancel` (schema, `GetTaskResult`, `CancelTaskResult`).
    pub fn legacy_task(&self, task: &TaskView<'_>) -> Answer {
        self.result(&task.legacy_json())
    }

    /// A page of `tasks/list` (schema, `ListTasksResult`).
    pub fn legacy_tasks<'t>(
        &self,
        tasks: impl IntoIterator<Item = TaskView<'t>>,
        next: Option<&str>,
    ) -> Answer {
        let tasks: Vec<_> = tasks.into_iter().map(|task| task.legacy_json()).collect();
        let mut result = String::from("{");
        push_member(&mut result, "tasks", &format!("[{}]", tasks.join(",")));
        if let Some(next) = next {
            push_member(&mut result, "nextCursor", &quoted(next));
        }
        result.push('}');
        self.result(&result)
    }
}

impl Answer {
    /// The result of `tasks/result`, to the request of that id, which is JSON text: what the call would have been
    /// answered, and of which task it is ("Related Task Metadata": it must say so).
    pub fn of_task(request: &str, task: &str, result: &str) -> Self {
        let result = Json::of_scanned(result);
        Self::result(request, &related(Some(result), task))
    }

    /// The error that the call of a task would have been answered, JSON text, in the same place.
    pub fn of_failed_task(request: &str, error: &str) -> Self {
        Self::of_error(request, error)
    }
}

/// A question of a task to its client: see [`ask_message`].
pub fn task_ask_message(id: &str, request: &str, task: &str) -> String {
    let request = Json::parse(request.as_bytes()).ok();
    let member = |name| request.and_then(|request| request.get(name));
    let mut out = String::from("{");
    if let Some(method) = member("method") {
        push_member(&mut out, "method", method.text());
    }
    push_member(&mut out, "params", &related(member("params"), task));
    out.push('}');
    ask_message(id, &out)
}

/// An object whose `_meta` says of which task it is, whatever it said of that before.
fn related(object: Option<Json<'_>>, task: &str) -> String {
    let mut out = String::from("{");
    let mut meta = String::from("{");
    for (name, value) in object.into_iter().flat_map(Json::members) {
        if name != "_meta" {
            push_member(&mut out, &name, value.text());
            continue;
        }
        for (name, value) in value.members().filter(|(name, _)| name != RELATED_KEY) {
            push_member(&mut meta, &name, value.text());
        }
    }
    let task = format!("{{\"taskId\":{}}}", quoted(task));
    push_member(&mut meta, RELATED_KEY, &task);
    meta.push('}');
    push_member(&mut out, "_meta", &meta);
    out.push('}');
    out
}
