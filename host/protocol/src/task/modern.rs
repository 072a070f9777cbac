//! What a modern client asks of its tasks, and is answered (2026-07-28, extensions/tasks; the extension
//! `io.modelcontextprotocol/tasks`).
//!
//! Refused: a client that did not declare the extension, before it is looked what it asks. Which
//! tasks there are, whose, and how long they are kept is not known here.

use std::borrow::Cow;

use super::TaskView;
use crate::answer::Answer;
use crate::call::Params;
use crate::error::ProtocolError;
use crate::guest_call;
use crate::json::{Json, push_member, quoted};
use crate::meta::Meta;
use crate::reply::{ReplyTo, ServerInfo};

/// The name of the extension.
pub const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";
/// What a client is told that lacks it: the capabilities that it needs.
pub(crate) const TASKS_REQUIRED: &str = r#"{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#;

/// What a client wants of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskAsk {
    /// `tasks/get`: how it stands.
    Get,
    /// `tasks/update`: that it takes answers to what it asked.
    Update,
    /// `tasks/cancel`: that it ends.
    Cancel,
}

impl TaskAsk {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Get, Self::Update, Self::Cancel];

    /// The method.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Get => "tasks/get",
            Self::Update => "tasks/update",
            Self::Cancel => "tasks/cancel",
        }
    }

    pub(crate) fn of_method(method: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ask| ask.method() == method)
    }
}

/// The parameters of a request about a task.
#[derive(Clone, Debug)]
pub struct TaskCall<'a> {
    /// What is wanted of it.
    pub ask: TaskAsk,
    /// The task's id, as the client gave it. Nothing has checked its inner form.
    pub id: Cow<'a, str>,
    /// Of `tasks/update`: for each question an answer, an object.
    pub responses: Option<Json<'a>>,
}

impl<'a> TaskCall<'a> {
    pub(crate) fn read(
        ask: TaskAsk,
        params: &Params<'a>,
        meta: &Meta<'a>,
    ) -> Result<Self, ProtocolError> {
        if !meta.takes_tasks {
            return Err(ProtocolError::MissingExtension);
        }
        let (_, id) = guest_call::text(
            params.task_id,
            "\"taskId\" is missing: say which task",
            "\"taskId\" must be a string",
        )?;
        let wrong = "\"inputResponses\" must be an object: for each question its answer";
        let responses = match ask {
            TaskAsk::Update => guest_call::object(params.input_responses, wrong)?
                .ok_or(ProtocolError::InvalidParams(wrong))
                .map(Some)?,
            TaskAsk::Get | TaskAsk::Cancel => None,
        };
        Ok(Self { ask, id, responses })
    }

    /// What the client answers: the id of each question, and a value of which nothing is known.
    pub fn responses(&self) -> impl Iterator<Item = (Cow<'a, str>, Json<'a>)> {
        self.responses.into_iter().flat_map(Json::members)
    }
}

/// What a client is told of a task besides: of what sort, its status says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskMore<'a> {
    /// Nothing.
    None,
    /// The result that the call would have been answered, JSON text.
    Result(&'a str),
    /// The error that it would have been answered, JSON text.
    Error(&'a str),
    /// The questions that wait for answers: the id of each, and its request, JSON text.
    Questions(Vec<(&'a str, &'a str)>),
}

impl TaskView<'_> {
    /// The members that every such result has, after what it is the result of.
    fn begin(&self, result_type: &str) -> String {
        let mut out = String::from("{");
        push_member(&mut out, "resultType", &quoted(result_type));
        self.push_state(&mut out);
        push_member(&mut out, "ttlMs", &self.ttl());
        push_member(&mut out, "pollIntervalMs", &self.poll_millis.to_string());
        out
    }
}

impl ReplyTo {
    /// Instead of a result: that the call goes on as this task (extensions/tasks, `CreateTaskResult`).
    pub fn task_created(&self, server: &ServerInfo, task: &TaskView<'_>) -> Answer {
        let mut result = task.begin("task");
        server.push_meta(&mut result);
        result.push('}');
        self.result(&result)
    }

    /// The result of `tasks/get`: how the task stands, and what belongs to that.
    pub fn task(&self, server: &ServerInfo, task: &TaskView<'_>, more: TaskMore<'_>) -> Answer {
        let mut result = task.begin("complete");
        match more {
            TaskMore::None => {}
            TaskMore::Result(json) => push_member(&mut result, "result", json),
            TaskMore::Error(json) => push_member(&mut result, "error", json),
            TaskMore::Questions(questions) => {
                push_member(&mut result, "inputRequests", "{");
                for (id, request) in questions {
                    push_member(&mut result, id, request);
                }
                result.push('}');
            }
        }
        server.push_meta(&mut result);
        result.push('}');
        self.result(&result)
    }

    /// The result of `tasks/update` and `tasks/cancel`: it was taken. What came of it, `tasks/get` says.
    pub fn task_taken(&self, server: &ServerInfo) -> Answer {
        let mut result = String::from("{");
        push_member(&mut result, "resultType", "\"complete\"");
        server.push_meta(&mut result);
        result.push('}');
        self.result(&result)
    }
}
