//! Tasks: calls that go on without their client. How one stands is here; what is asked and told of it differs
//! between the eras.
//!
//! Which tasks there are, whose, and how long they are kept is not known here.

mod legacy;
mod modern;

use serde::{Deserialize, Serialize};
use smcp_ids::UnixMillis;

use crate::json::{push_member, quoted};
use crate::time::Iso8601;

pub(crate) use legacy::TASKS_CAPABILITY;
pub use legacy::{LegacyTaskCall, TaskWish, task_ask_message};
pub(crate) use modern::TASKS_REQUIRED;
pub use modern::{TASKS_EXTENSION, TaskAsk, TaskCall, TaskMore};

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TaskStatus {
    /// It goes on.
    Working,
    /// It waits for answers.
    InputRequired,
    /// It has a result, which may say that its tool failed.
    Completed,
    /// It has none, but an error of the protocol.
    Failed,
    /// It was ended by its client.
    Cancelled,
}

impl TaskStatus {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::InputRequired => "input_required",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it stays so.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// What a client is told of a task, whatever its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskView<'a> {
    /// Its id.
    pub id: &'a str,
    /// How it stands.
    pub status: TaskStatus,
    /// When it began.
    pub created: UnixMillis,
    /// When it last changed.
    pub updated: UnixMillis,
    /// How long it is kept, from its beginning; none: for ever.
    pub ttl_millis: Option<u64>,
    /// After how long it is worth asking again.
    pub poll_millis: u64,
    /// What it is doing, for people.
    pub message: Option<&'a str>,
}

impl TaskView<'_> {
    /// What either era says of it by the same names.
    fn push_state(&self, out: &mut String) {
        push_member(out, "taskId", &quoted(self.id));
        push_member(out, "status", &quoted(self.status.as_str()));
        if let Some(message) = self.message {
            push_member(out, "statusMessage", &quoted(message));
        }
        for (name, at) in [("createdAt", self.created), ("lastUpdatedAt", self.updated)] {
            push_member(out, name, &format!("\"{}\"", Iso8601(at)));
        }
    }

    /// How long it is kept, as JSON text.
    fn ttl(&self) -> String {
        let millis = self.ttl_millis.map(|millis| millis.to_string());
        millis.unwrap_or_else(|| "null".to_owned())
    }
}
