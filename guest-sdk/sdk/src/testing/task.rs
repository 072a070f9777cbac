//! Tasks in a test: whether the client takes them, and whether a call became one. There is no host that
//! could be restarted: a task here runs to its end as any call does.

use std::cell::Cell;

use serde_json::json;

use super::Client;
use crate::error::ProtocolError;
use crate::handler::ServerHandler;
use crate::router::TaskSupport;

/// What is known of tasks while calls are made.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    is_taken: Cell<bool>,
    support: Cell<TaskSupport>,
    is_one: Cell<bool>,
}

impl Tasks {
    /// Begins a call of something that supports tasks so far; refused, as the host does, if it must become
    /// one and cannot.
    pub(super) fn begin(&self, support: TaskSupport) -> Result<(), ProtocolError> {
        self.support.set(support);
        self.is_one.set(false);
        if support != TaskSupport::Required || self.is_taken.get() {
            return Ok(());
        }
        let required = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        Err(ProtocolError {
            code: -32021,
            message: "this needs a client that takes tasks".into(),
            data: Some(json!({"requiredCapabilities": required})),
        })
    }

    /// Whether the call is a task from here on.
    pub(super) fn ask(&self) -> bool {
        let is_one = self.is_taken.get() && self.support.get() != TaskSupport::Forbidden;
        self.is_one.set(is_one);
        is_one
    }
}

impl<S: ServerHandler> Client<S> {
    /// Makes it a client that takes tasks: [`Context::begin_task`](crate::Context::begin_task) answers
    /// `true` where the tool supports them. Unless this is set, a client takes none.
    #[must_use]
    pub fn with_tasks(self) -> Self {
        self.host.tasks.is_taken.set(true);
        self
    }

    /// Whether the last call became a task.
    pub fn became_task(&self) -> bool {
        self.host.tasks.is_one.get()
    }
}
