//! What a client of 2025-11-25 asks of tasks (basic/utilities/tasks): in its sessions only, since there the server
//! has said that it has them.
//!
//! A call is a task from its beginning, before any of it has run. Its result is told to who waits for it: on a
//! stream that no turn holds, or, to a client that takes none, in a turn that looks now and then.

use smcp_capability::turn::{Effect, Performed};
use smcp_ids::limits;
use smcp_protocol::{
    Answer, Era, GuestCall, LegacyTaskCall, Page, ProtocolError, ReplyTo, Request, TaskSupport,
    TaskWish, Version,
};

use super::kept::{self, Task};
use crate::mcp::legacy::Outlet;
use crate::mcp::run::Run;
use crate::mcp::{Asked, Endpoint, Hosted};
use crate::outcome;
use crate::problem::Problem;

impl Hosted<'_> {
    /// Whether a call of a tool is to be a task from its beginning.
    ///
    /// # Errors
    /// The tool is not called as it says that it must be ("Tool-Level Negotiation").
    pub(in crate::mcp) fn task_wish(
        &self,
        request: &Request<'_>,
        call: &GuestCall<'_>,
        name: &str,
    ) -> Result<Option<TaskWish>, ProtocolError> {
        if self.asked.going.is_some() {
            return Ok(None);
        }
        let catalogue = &self.ready.catalogue;
        let tool = catalogue.tool(name);
        let support = tool.map(|tool| tool.task_support()).unwrap_or_default();
        // What is declared: all servers together always have tasks.
        let has_tasks = *self.asked.endpoint == Endpoint::Union || catalogue.offer().tasks;
        if !has_tasks || !self.asked.has_legacy_tasks(request.reply_to()) {
            let is_refused = support == TaskSupport::Required && !request.meta().takes_tasks;
            return if is_refused {
                Err(ProtocolError::MissingExtension)
            } else {
                Ok(None)
            };
        }
        match (support, call.task_wish()?) {
            (TaskSupport::Required, None) => Err(ProtocolError::TaskRequired),
            (TaskSupport::Forbidden, Some(_)) => Err(ProtocolError::TaskForbidden),
            (_, wish) => Ok(wish),
        }
    }
}

impl Run<'_> {
    /// Makes a call a task before any of it has run: all that its client is answered is that.
    pub(in crate::mcp) async fn begins_at_once(
        &self,
        call: &GuestCall<'_>,
        name: &str,
        wish: TaskWish,
    ) -> Result<Answer, Problem> {
        let lasts = wish.ttl_millis.unwrap_or(limits::TASK_MILLIS);
        let lasts = lasts.clamp(limits::TASK_MILLIS_MIN, limits::TASK_MILLIS);
        let (round, mut tape) = self.first_round(call, name, self.scene.outside.now());
        tape.header.deadline_millis = lasts;
        let carried = self.carried(round, tape);
        let terms = (Era::Legacy, lasts);
        let begun = self
            .asked
            .begin_task(self.server, name, self.ready.release, carried, terms);
        Ok(self.to.legacy_task_created(&begun.await?.view()))
    }
}

impl Asked<'_> {
    /// Whether its client can have tasks as 2025-11-25 has them.
    fn has_legacy_tasks(&self, to: &ReplyTo) -> bool {
        let agreed = self.session.map(|session| session.record.version());
        agreed == Some(Version::V2025_11_25) && to.version() == Version::V2025_11_25
    }

    /// A page of a list, as its client may take it.
    pub(in crate::mcp) fn as_seen<'p>(&self, to: &ReplyTo, page: Page<'p>) -> Page<'p> {
        if self.has_legacy_tasks(to) {
            page
        } else {
            page.without_tasks()
        }
    }

    /// Answers `tasks/get`, `tasks/result`, `tasks/cancel` and `tasks/list`.
    pub(in crate::mcp) async fn legacy_task(
        &self,
        to: &ReplyTo,
        call: &LegacyTaskCall<'_>,
    ) -> Result<Answer, Problem> {
        if !self.has_legacy_tasks(to) {
            return Ok(to.error(&ProtocolError::SessionRequired));
        }
        let owner = self.principal.to_string();
        let id = match call {
            LegacyTaskCall::List(cursor) => {
                return self.legacy_tasks(to, &owner, cursor.as_deref()).await;
            }
            LegacyTaskCall::Get(id) | LegacyTaskCall::Result(id) | LegacyTaskCall::Cancel(id) => id,
        };
        let Some(task) = self.own_task(&owner, id, Era::Legacy).await? else {
            return Ok(to.error(&ProtocolError::UnknownTask));
        };
        self.permit_task(&task).await?;
        match call {
            LegacyTaskCall::Cancel(_) if task.is_over() => Ok(to.error(&ProtocolError::TaskOver)),
            LegacyTaskCall::Cancel(_) => {
                let task = self.scene.cancel_task(&owner, task).await?;
                Ok(to.legacy_task(&task.view()))
            }
            LegacyTaskCall::Result(_) => self.result_of(to, &owner, task).await,
            _ => Ok(to.legacy_task(&task.view())),
        }
    }

    /// A page of the caller's tasks here. It may have fewer than another, or none: those of other endpoints are
    /// passed over.
    async fn legacy_tasks(
        &self,
        to: &ReplyTo,
        owner: &str,
        cursor: Option<&str>,
    ) -> Result<Answer, Problem> {
        if cursor.is_some_and(|cursor| !kept::is_name(cursor)) {
            return Ok(to.error(&ProtocolError::Cursor));
        }
        // One more says whether there is a next page.
        let page = limits::TASKS_PAGE;
        let mut ids = self.scene.task_ids(owner, cursor, page + 1).await?;
        let has_more = ids.len() > page as usize;
        ids.truncate(page as usize);
        let mut tasks = Vec::new();
        for id in &ids {
            if let Some(task) = self.own_task(owner, id, Era::Legacy).await?
                && self.permit_task(&task).await.is_ok()
            {
                tasks.push(task);
            }
        }
        let next = ids.last().filter(|_| has_more).map(String::as_str);
        Ok(to.legacy_tasks(tasks.iter().map(Task::view), next))
    }

    /// "Result Retrieval": how the task ended, when it has.
    async fn result_of(&self, to: &ReplyTo, owner: &str, task: Task) -> Result<Answer, Problem> {
        if task.is_over() {
            return self.scene.end_of_task(owner, &task, to.id()).await;
        }
        match self.outlet.filter(|_| to.form().may_stream()) {
            Some(outlet) => self.waits_on_stream(to, outlet, owner, task).await,
            None => self.waits_in_turn(to, owner, task).await,
        }
    }

    /// Leaves a stream that waits for the task.
    async fn waits_on_stream(
        &self,
        to: &ReplyTo,
        outlet: &Outlet,
        owner: &str,
        task: Task,
    ) -> Result<Answer, Problem> {
        let scene = self.scene;
        outlet.open(scene, to).await;
        match scene.wait_for_task(to, outlet, owner, &task).await {
            Ok(None) => Err(outlet.hand_over(scene).await),
            Ok(Some(answer)) => Ok(answer),
            // The stream is open: it is all that can be said there.
            Err(problem) => Ok(outcome::broken(to, None, &problem)),
        }
    }

    /// Looks now and then, for as long as a call may take.
    async fn waits_in_turn(
        &self,
        to: &ReplyTo,
        owner: &str,
        mut task: Task,
    ) -> Result<Answer, Problem> {
        let outside = &self.scene.outside;
        let until = outside.now().plus(limits::DEADLINE_MILLIS);
        while !task.is_over() {
            if outside.now() >= until {
                return Ok(to.error(&ProtocolError::TaskUnfinished));
            }
            let wait = Effect::Wait(limits::TASK_LOOK_MILLIS);
            if outside.perform(wait).await != Performed::Done {
                return Err(Problem::host());
            }
            match self.scene.task(owner, &task.id).await? {
                Some(now) => task = now,
                None => return Ok(to.error(&ProtocolError::UnknownTask)),
            }
        }
        self.scene.end_of_task(owner, &task, to.id()).await
    }
}
