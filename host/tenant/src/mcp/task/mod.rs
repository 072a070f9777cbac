//! Tasks: calls that go on without their client (the extension `io.modelcontextprotocol/tasks`, and what 2025-11-25
//! calls tasks).
//!
//! A guest says when its call becomes one; or its client has asked for one from the beginning. From there on the call
//! is a tape in the object's storage: the object's own turns go on with it (`going`), and end when it waits for its
//! client or sleeps long; then nothing of it is in memory. `kept` is what is stored of a task; here is what a modern
//! client asks of one, in `legacy` what one of 2025-11-25 does, and in `waiting` the streams of such clients.

mod going;
mod kept;
mod legacy;
mod waiting;

use smcp_protocol::{
    Answer, Era, ProtocolError, ReplyTo, ServerInfo, TaskAsk, TaskCall, TaskMore, TaskStatus,
};

pub(super) use self::going::{Going, give_up, go_on, live};
use self::kept::Ended;
pub(super) use self::kept::Task;
use super::Asked;
use super::scope::Need;
use crate::mcp::legacy::{AllAnswers, Answered};
use crate::problem::Problem;
use crate::questions::{self, Answers};

impl Asked<'_> {
    /// Answers `tasks/get`, `tasks/update` and `tasks/cancel`. A task of another caller, or of another
    /// endpoint, is one that is not there; who may not call its tool may not any more, or not with this
    /// credential, and learns no result of it.
    pub(super) async fn task(
        &self,
        to: &ReplyTo,
        info: &ServerInfo,
        call: &TaskCall<'_>,
    ) -> Result<Answer, Problem> {
        let owner = self.principal.to_string();
        let Some(task) = self.own_task(&owner, &call.id, Era::Modern).await? else {
            return Ok(to.error(&ProtocolError::UnknownTask));
        };
        self.permit_task(&task).await?;
        match call.ask {
            TaskAsk::Get => self.tell_task(to, info, &owner, &task).await,
            TaskAsk::Update => self.update_task(to, info, &owner, task, call).await,
            TaskAsk::Cancel => {
                if !task.is_over() {
                    self.scene.cancel_task(&owner, task).await?;
                }
                Ok(to.task_taken(info))
            }
        }
    }

    pub(in crate::mcp) async fn permit_task(&self, task: &Task) -> Result<(), Problem> {
        let (server, tool) = &task.tool;
        if self.principal.may_all(server) {
            return Ok(());
        }
        let catalogue = self
            .scene
            .catalogue(server, self.principal)
            .await?
            .unwrap_or_default();
        Need::Tool(tool).check(self.principal, server, &catalogue)
    }

    /// The task of that name, if a client of that era began it here.
    async fn own_task(&self, owner: &str, id: &str, era: Era) -> Result<Option<Task>, Problem> {
        let found = self.scene.task(owner, id).await?;
        let endpoint = self.endpoint.server();
        let is_theirs = |task: &Task| {
            task.endpoint.as_ref() == endpoint
                && task.era == era
                && self.principal.is(&task.principal)
        };
        Ok(found.filter(is_theirs))
    }

    async fn tell_task(
        &self,
        to: &ReplyTo,
        info: &ServerInfo,
        owner: &str,
        task: &Task,
    ) -> Result<Answer, Problem> {
        let ended = self.scene.task_end(owner, task).await?;
        let unanswered = self.scene.unanswered(owner, task).await?;
        let more = match (&ended, task.status) {
            (Some(Ended::Result(result)), _) => TaskMore::Result(result),
            (Some(Ended::Error(error)), _) => TaskMore::Error(error),
            (None, TaskStatus::InputRequired) => TaskMore::Questions(
                unanswered
                    .iter()
                    .map(|question| (&*question.id, &*question.request))
                    .collect(),
            ),
            _ => TaskMore::None,
        };
        Ok(to.task(info, &task.view(), more))
    }

    /// Takes answers. One to no question, or to one that has its answer, is passed over; the task goes on when
    /// there is one to each.
    async fn update_task(
        &self,
        to: &ReplyTo,
        info: &ServerInfo,
        owner: &str,
        task: Task,
        call: &TaskCall<'_>,
    ) -> Result<Answer, Problem> {
        if task.status != TaskStatus::InputRequired {
            return Ok(to.task_taken(info));
        }
        let unanswered = self.scene.unanswered(owner, &task).await?;
        let mut given = Answers::new();
        if let Err(error) = questions::take(&unanswered, &mut given, call.responses()) {
            return Ok(to.error(&error));
        }
        let left = unanswered.len() - given.len();
        let given: AllAnswers = given
            .into_iter()
            .map(|(id, answer)| (id, Answered::Result(answer)))
            .collect();
        self.scene
            .answer_task(owner, task, given, left == 0)
            .await?;
        Ok(to.task_taken(info))
    }
}
