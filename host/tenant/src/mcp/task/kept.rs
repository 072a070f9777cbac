//! What is stored of a task: a row that is read for each question about it, and beside it the call, the answers
//! of its client and its end. All of it goes by itself.

use serde::{Deserialize, Serialize};
use smcp_auth::Remembered;
use smcp_capability::call::Question;
use smcp_capability::items::{Quota, Write};
use smcp_capability::turn::Effect;
use smcp_ids::{ReleaseDigest, ServerSlug, UnixMillis, limits};
use smcp_protocol::json::Json;
use smcp_protocol::{Era, TaskStatus, TaskView};

use crate::item::Space;
use crate::mcp::ask::Carried;
use crate::mcp::errand::{Errand, Work};
use crate::mcp::legacy::AllAnswers;
use crate::problem::Problem;
use crate::session::Record;
use crate::state::Scene;

/// Random bytes of a task's name.
const NAME_BYTES: usize = 16;

/// The row of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::mcp) struct Task {
    pub(super) id: String,
    /// The endpoint that was called; none: that of all servers.
    pub(super) endpoint: Option<ServerSlug>,
    pub(super) principal: Remembered,
    /// The tool that was called, and whose it is.
    pub(super) tool: (ServerSlug, String),
    pub(super) status: TaskStatus,
    pub(super) created: UnixMillis,
    pub(super) updated: UnixMillis,
    /// What it says of itself.
    pub(super) message: Option<String>,
    /// What it asks its client now.
    pub(super) questions: Vec<Question>,
    /// How often it has asked.
    pub(super) round: u32,
    /// Until when it sleeps, if it does.
    pub(super) wakes: Option<UnixMillis>,
    /// Who began it: what a client of one era is told would be no result in the other.
    pub(super) era: Era,
    /// How long it is kept, and may run, in milliseconds.
    pub(super) lasts: u64,
}

/// All that it takes to go on with it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Stored {
    /// What the client's request said in headers, but for its credential.
    pub(super) headers: Vec<(String, String)>,
    /// Its body.
    #[serde(with = "serde_bytes")]
    pub(super) body: Vec<u8>,
    pub(super) release: ReleaseDigest,
    pub(super) carried: Carried,
    /// What the session has agreed on that it was begun in. It outlives that session.
    pub(super) agreed: Option<Record>,
}

/// How a task ended: the JSON text of its result, or of its error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ended {
    Result(String),
    Error(String),
}

impl Task {
    pub(super) fn new(
        seed: &[u8; 32],
        endpoint: Option<&ServerSlug>,
        principal: Remembered,
        tool: (ServerSlug, String),
        now: UnixMillis,
        (era, lasts): (Era, u64),
    ) -> Self {
        let (name, _) = seed.split_at(NAME_BYTES);
        Self {
            id: hex::encode(name),
            endpoint: endpoint.cloned(),
            principal,
            tool,
            status: TaskStatus::Working,
            created: now,
            updated: now,
            message: None,
            questions: Vec::new(),
            round: 0,
            wakes: None,
            era,
            lasts,
        }
    }

    /// Whether nothing of it changes any more.
    pub(super) fn is_over(&self) -> bool {
        self.status.is_terminal()
    }

    /// Until when it is kept, and may run.
    pub(super) fn until(&self) -> UnixMillis {
        self.created.plus(self.lasts)
    }

    /// As a client sees it.
    pub(in crate::mcp) fn view(&self) -> TaskView<'_> {
        TaskView {
            id: &self.id,
            status: self.status,
            created: self.created,
            updated: self.updated,
            ttl_millis: Some(self.lasts),
            poll_millis: limits::TASK_POLL_MILLIS,
            message: self.message.as_deref(),
        }
    }
}

/// Whether a text could be the name of a task.
pub(super) fn is_name(id: &str) -> bool {
    id.len() == 2 * NAME_BYTES && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn says_it_failed(result: &str) -> bool {
    let result = Json::parse(result.as_bytes()).ok();
    let said = result.and_then(|result| result.get("isError"));
    said.is_some_and(|said| said.text() == "true")
}

fn row_key(id: &str) -> String {
    format!("t/{id}")
}

fn call_prefix(id: &str) -> String {
    format!("p/{id}/")
}

fn answers_prefix(id: &str) -> String {
    format!("a/{id}/")
}

fn answer_prefix(id: &str, question: &str) -> String {
    format!("a/{id}/{question}/")
}

fn end_prefix(id: &str) -> String {
    format!("r/{id}/")
}

/// What one caller's tasks may be, together.
pub(super) fn tasks_quota(owner: &str) -> Quota {
    Space::tasks(owner).quota(limits::TASKS_BYTES_MAX, limits::TASK_ITEMS_MAX)
}

fn encoded(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    postcard::to_allocvec(value).map_err(|_| Problem::host())
}

impl Scene {
    /// The task of that name, if there is one of that caller.
    pub(super) async fn task(&self, owner: &str, id: &str) -> Result<Option<Task>, Problem> {
        if !is_name(id) {
            return Ok(None);
        }
        let place = Space::tasks(owner).place(row_key(id));
        let row = self.read_item(place).await?.value;
        Ok(row.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    /// Keeps a task's row.
    pub(super) async fn write_task(&self, owner: &str, task: &Task) -> Result<(), Problem> {
        let row = self.task_row(owner, task)?;
        self.write_tasks(owner, vec![row]).await
    }

    /// Keeps a task, and the call that it is.
    pub(super) async fn write_call(
        &self,
        owner: &str,
        task: &Task,
        stored: &Stored,
        due: Option<Write>,
    ) -> Result<(), Problem> {
        let space = Space::tasks(owner);
        let call = encoded(stored)?;
        if call.len() > limits::TAPE_MAX {
            return Err(Problem::new(
                413,
                "request_state_too_large",
                format!(
                    "what this call has learnt is larger than {} bytes",
                    limits::TAPE_MAX
                ),
            ));
        }
        let prefix = call_prefix(&task.id);
        let until = task.until();
        let mut writes = self.pieces_instead(&space, &prefix, &call, until).await?;
        let answers = answers_prefix(&task.id);
        writes.extend(self.piece_removals(&space, &answers).await?);
        writes.push(self.task_row(owner, task)?);
        writes.extend(due);
        self.write_tasks(owner, writes).await
    }

    /// The call that a task is.
    pub(super) async fn stored(&self, owner: &str, task: &Task) -> Result<Option<Stored>, Problem> {
        let space = Space::tasks(owner);
        let bytes = self.read_pieces(&space, &call_prefix(&task.id)).await?;
        Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    /// Keeps how a task ended, and forgets what it took to go on.
    pub(super) async fn end_task(
        &self,
        owner: &str,
        mut task: Task,
        ended: &Ended,
    ) -> Result<(), Problem> {
        task.status = match (ended, task.era) {
            // 2025-11-25, basic/utilities/tasks, "Task Status": so has one whose tool says that it failed.
            (Ended::Result(result), Era::Legacy) if says_it_failed(result) => TaskStatus::Failed,
            (Ended::Result(_), _) => TaskStatus::Completed,
            (Ended::Error(_), _) => TaskStatus::Failed,
        };
        let space = Space::tasks(owner);
        let end = encoded(ended)?;
        let mut writes = self.ending(owner, &mut task).await?;
        writes.extend(self.pieces(&space, &end_prefix(&task.id), &end, task.until())?);
        self.write_tasks(owner, writes).await?;
        self.tell_waiting(owner, &task).await
    }

    /// Ends a task that its client does not want any more: what runs of it is stopped. The task, as it is then.
    pub(super) async fn cancel_task(&self, owner: &str, mut task: Task) -> Result<Task, Problem> {
        task.status = TaskStatus::Cancelled;
        let writes = self.ending(owner, &mut task).await?;
        self.write_tasks(owner, writes).await?;
        let live = super::going::live(owner, &task.id);
        let turn = self.state.borrow().live.get(&live).copied();
        if let Some(turn) = turn {
            self.done(Effect::Stop(turn)).await?;
        }
        self.tell_waiting(owner, &task).await?;
        Ok(task)
    }

    async fn ending(&self, owner: &str, task: &mut Task) -> Result<Vec<Write>, Problem> {
        task.updated = self.outside.now();
        task.questions.clear();
        task.wakes = None;
        let space = Space::tasks(owner);
        let mut writes = self.piece_removals(&space, &call_prefix(&task.id)).await?;
        let answers = answers_prefix(&task.id);
        writes.extend(self.piece_removals(&space, &answers).await?);
        writes.push(self.task_row(owner, task)?);
        Ok(writes)
    }

    /// How a task ended, if it has.
    pub(super) async fn task_end(
        &self,
        owner: &str,
        task: &Task,
    ) -> Result<Option<Ended>, Problem> {
        if !matches!(task.status, TaskStatus::Completed | TaskStatus::Failed) {
            return Ok(None);
        }
        let space = Space::tasks(owner);
        let bytes = self.read_pieces(&space, &end_prefix(&task.id)).await?;
        Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    /// What of a task's questions has no answer yet.
    pub(super) async fn unanswered(
        &self,
        owner: &str,
        task: &Task,
    ) -> Result<Vec<Question>, Problem> {
        let space = Space::tasks(owner);
        let mut left = Vec::new();
        for question in &task.questions {
            let range = space.range(&answer_prefix(&task.id, &question.id), None, 1);
            if self.item_keys(range).await?.is_empty() {
                left.push(question.clone());
            }
        }
        Ok(left)
    }

    /// Keeps answers; with the last one the task goes on.
    pub(super) async fn answer_task(
        &self,
        owner: &str,
        mut task: Task,
        given: AllAnswers,
        is_complete: bool,
    ) -> Result<(), Problem> {
        let space = Space::tasks(owner);
        let mut writes = Vec::new();
        for (question, answer) in &given {
            let prefix = answer_prefix(&task.id, question);
            writes.extend(self.pieces(&space, &prefix, &encoded(answer)?, task.until())?);
        }
        let errand = Errand::Work(Work::Task {
            owner: owner.to_owned(),
            id: task.id.clone(),
        });
        if is_complete {
            task.status = TaskStatus::Working;
            task.updated = self.outside.now();
            writes.push(self.task_row(owner, &task)?);
            writes.push(self.begun_write(&errand)?);
        }
        self.write_tasks(owner, writes).await?;
        if is_complete {
            self.begin_errand(&errand).await?;
        }
        Ok(())
    }

    /// What the client has answered to a task's questions; none if an answer is missing.
    pub(super) async fn task_answers(
        &self,
        owner: &str,
        task: &Task,
    ) -> Result<Option<AllAnswers>, Problem> {
        let space = Space::tasks(owner);
        let mut answers = AllAnswers::new();
        for question in &task.questions {
            let prefix = answer_prefix(&task.id, &question.id);
            let bytes = self.read_pieces(&space, &prefix).await?;
            match bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()) {
                Some(answer) => answers.insert(question.id.clone(), answer),
                None => return Ok(None),
            };
        }
        Ok(Some(answers))
    }

    /// The names of an owner's tasks after one, in some order that stays.
    pub(super) async fn task_ids(
        &self,
        owner: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, Problem> {
        let after = after.map(row_key);
        let prefix = row_key("");
        let range = Space::tasks(owner).range(&prefix, after.as_deref(), limit);
        let keys = self.item_keys(range).await?;
        let id = |key: &String| key.strip_prefix(&prefix).map(str::to_owned);
        Ok(keys.iter().filter_map(id).collect())
    }

    fn task_row(&self, owner: &str, task: &Task) -> Result<Write, Problem> {
        let space = Space::tasks(owner);
        let place = space.place(row_key(&task.id));
        let sealed = self.seal_item(&place, &encoded(task)?)?;
        Ok(space.write(place, Some(sealed), Some(task.until())))
    }

    async fn write_tasks(&self, owner: &str, writes: Vec<Write>) -> Result<(), Problem> {
        if self.keep(writes, vec![tasks_quota(owner)]).await? {
            return Ok(());
        }
        Err(Problem::new(
            429,
            "too_many_tasks",
            "this caller has too many tasks, or too large ones; wait until older ones are gone",
        ))
    }
}
