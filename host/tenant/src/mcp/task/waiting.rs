//! Streams that wait for a task (2025-11-25, basic/utilities/tasks, "Result Retrieval" and "Input Required
//! Status"): on them their clients are asked what the task asks, and told how it ended. Between that nothing of them
//! is here but two items: what the session's stream waits for, beside what else the session has under way, and with
//! the task, where it is found from there.
//!
//! Whoever changes a task first writes that down, then tells its streams; whoever begins to wait first writes that
//! down, then looks at the task. An event has a number that is written down with the stream: so what is told twice,
//! after a kill between the two, is the same event.

use smcp_capability::items::Write;
use smcp_ids::{UnixMillis, limits};
use smcp_protocol::{Answer, Era, ProtocolError, ReplyTo, TaskStatus, sse, task_ask_message};

use super::kept::{Ended, Task, tasks_quota};
use crate::item::Space;
use crate::mcp::legacy::events::{Event, EventId};
use crate::mcp::legacy::{
    AllAnswers, Answered, Outlet, Waits, WaitsFor, question_id, session_quota,
};
use crate::problem::Problem;
use crate::session::{Session, SessionId};
use crate::state::Scene;

/// What a stream is to be sent.
struct News {
    text: String,
    /// Whether that is the last.
    ends: bool,
    /// What writes down that it was told.
    told: Vec<Write>,
}

/// Where the streams are found that wait for a task: in the order in which they came.
fn waiting_prefix(task: &str) -> String {
    format!("w/{task}/")
}

fn waiting_key(task: &str, since: UnixMillis, stream: &str) -> String {
    format!("{}{:015}/{stream}", waiting_prefix(task), since.0)
}

impl Scene {
    /// Has a stream wait for a task. Nothing if it does; the answer, if the task has ended meanwhile.
    pub(super) async fn wait_for_task(
        &self,
        to: &ReplyTo,
        outlet: &Outlet,
        owner: &str,
        task: &Task,
    ) -> Result<Option<Answer>, Problem> {
        self.make_room(owner, &task.id).await?;
        let (session, stream) = (&outlet.session.id, &*outlet.stream);
        let since = self.outside.now();
        let waits = Waits {
            request: to.id().to_owned(),
            next: outlet.next(),
            round: 0,
            what: WaitsFor::Task {
                id: task.id.clone(),
                since,
            },
        };
        let space = Space::tasks(owner);
        let place = space.place(waiting_key(&task.id, since, stream));
        let sealed = self.seal_item(&place, session.as_str().as_bytes())?;
        let writes = vec![
            self.waits_write(session, stream, &waits, task.until())?,
            space.write(place, Some(sealed), Some(task.until())),
        ];
        let quotas = vec![
            session_quota(&Space::of_session(session)),
            tasks_quota(owner),
        ];
        self.keep_waiting(writes, quotas).await?;
        let Some(task) = self.task(owner, &task.id).await? else {
            return Ok(Some(to.error(&ProtocolError::UnknownTask)));
        };
        if task.is_over() {
            let answer = self.end_of_task(owner, &task, to.id()).await?;
            let removals = self.waiting_removals(owner, session, stream, &waits);
            self.keep(removals, Vec::new()).await?;
            return Ok(Some(answer));
        }
        if let Some(news) = self.news(owner, &task, session, stream).await? {
            self.keep(news.told, Vec::new()).await?;
            self.outside.emit(news.text.into_bytes()).await;
        }
        Ok(None)
    }

    /// Lets go of the stream that has waited longest, if they are as many as may be: its client has most likely
    /// asked again since.
    async fn make_room(&self, owner: &str, task: &str) -> Result<(), Problem> {
        let range = Space::tasks(owner).range(&waiting_prefix(task), None, u32::MAX);
        let keys = self.item_keys(range).await?;
        let surplus = (keys.len() + 1).saturating_sub(limits::TASK_STREAMS_MAX);
        for key in keys.iter().take(surplus) {
            let (session, stream) = self.waiting_at(owner, key).await?;
            let mut removals = vec![Space::tasks(owner).remove(&**key, self.outside.now())];
            let waits = self.waits(&session, &stream).await?;
            if waits.is_some() {
                removals.push(self.waits_removal(&session, &stream));
            }
            self.keep(removals, Vec::new()).await?;
            if let Some(waits) = waits {
                self.end_silently(&session, &stream, waits.next).await?;
            }
        }
        Ok(())
    }

    /// The stream that is found under a key.
    async fn waiting_at(&self, owner: &str, key: &str) -> Result<(SessionId, String), Problem> {
        let session = self.read_item(Space::tasks(owner).place(key)).await?.value;
        let session = session.and_then(|bytes| String::from_utf8(bytes).ok());
        let session = session.ok_or_else(Problem::host)?;
        let stream = key.rsplit('/').next().unwrap_or_default();
        Ok((SessionId::remembered(&session), stream.to_owned()))
    }

    /// Tells each stream that waits for a task what it has not been told of it.
    pub(super) async fn tell_waiting(&self, owner: &str, task: &Task) -> Result<(), Problem> {
        if task.status == TaskStatus::Working {
            return Ok(());
        }
        let range = Space::tasks(owner).range(&waiting_prefix(&task.id), None, u32::MAX);
        for key in self.item_keys(range).await? {
            let (session, stream) = self.waiting_at(owner, &key).await?;
            if let Some(news) = self.news(owner, task, &session, &stream).await? {
                self.tell_attached(&session, &stream, &news.text, news.ends)
                    .await?;
                self.keep(news.told, Vec::new()).await?;
            }
            if task.is_over() {
                // Its session may have ended, and with it all else of the stream.
                let gone = Space::tasks(owner).remove(key, self.outside.now());
                self.keep(vec![gone], Vec::new()).await?;
            }
        }
        Ok(())
    }

    /// What a stream has not been told of a task, kept before it is sent.
    async fn news(
        &self,
        owner: &str,
        task: &Task,
        session: &SessionId,
        stream: &str,
    ) -> Result<Option<News>, Problem> {
        let Some(waits) = self.waits(session, stream).await? else {
            return Ok(None);
        };
        match task.status {
            TaskStatus::Working => Ok(None),
            TaskStatus::InputRequired if waits.round == task.round => Ok(None),
            TaskStatus::InputRequired => {
                let news = self.questions_on(owner, task, session, stream, waits);
                news.await.map(Some)
            }
            TaskStatus::Completed | TaskStatus::Failed | TaskStatus::Cancelled => {
                let answer = self.end_of_task(owner, task, &waits.request).await?;
                let id = EventId {
                    stream: stream.to_owned(),
                    number: waits.next,
                };
                let mut event = Event::of(answer.json().to_owned());
                event.is_last = true;
                self.keep_event(session, &id, &event).await;
                Ok(Some(News {
                    text: format!("{}{}", event.text(&id), sse::OVER),
                    ends: true,
                    told: self.waiting_removals(owner, session, stream, &waits),
                }))
            }
        }
    }

    /// What of a task's questions has no answer, as a stream is asked it.
    async fn questions_on(
        &self,
        owner: &str,
        task: &Task,
        session: &SessionId,
        stream: &str,
        mut waits: Waits,
    ) -> Result<News, Problem> {
        let mut text = String::new();
        for question in self.unanswered(owner, task).await? {
            let asked = question_id(stream, task.round, &question.id);
            let message = task_ask_message(&asked, &question.request, &task.id);
            let id = EventId {
                stream: stream.to_owned(),
                number: waits.next,
            };
            waits.next += 1;
            let event = Event::of(message);
            self.keep_event(session, &id, &event).await;
            text.push_str(&event.text(&id));
        }
        waits.round = task.round;
        Ok(News {
            text,
            ends: false,
            // In place of what is there: it needs no room.
            told: vec![self.waits_write(session, stream, &waits, task.until())?],
        })
    }

    /// Forgets that a stream waits for a task.
    pub(in crate::mcp) fn waiting_removals(
        &self,
        owner: &str,
        session: &SessionId,
        stream: &str,
        waits: &Waits,
    ) -> Vec<Write> {
        let mut removals = vec![self.waits_removal(session, stream)];
        if let WaitsFor::Task { id, since } = &waits.what {
            let key = waiting_key(id, *since, stream);
            removals.push(Space::tasks(owner).remove(key, self.outside.now()));
        }
        removals
    }

    /// A client takes up a stream again: what of a task it should have been told before, but for a kill, is kept
    /// for it now.
    pub(in crate::mcp) async fn catch_up(
        &self,
        session: &Session,
        stream: &str,
    ) -> Result<(), Problem> {
        let waits = self.waits(&session.id, stream).await?;
        let Some(WaitsFor::Task { id, .. }) = waits.map(|waits| waits.what) else {
            return Ok(());
        };
        let owner = session.owner();
        let Some(task) = self.task(&owner, &id).await? else {
            return Ok(());
        };
        if let Some(news) = self.news(&owner, &task, &session.id, stream).await? {
            self.keep(news.told, Vec::new()).await?;
        }
        Ok(())
    }

    /// A client's answer to a task's question, given in a session. One to no question, or to one that has its
    /// answer, is passed over.
    pub(in crate::mcp) async fn answered_in_session(
        &self,
        owner: &str,
        id: &str,
        round: u32,
        question: &str,
        answer: Answered,
    ) -> Result<(), Problem> {
        let task = self.task(owner, id).await?;
        let waits = |task: &Task| task.status == TaskStatus::InputRequired && task.round == round;
        let Some(task) = task.filter(waits) else {
            return Ok(());
        };
        let unanswered = self.unanswered(owner, &task).await?;
        if unanswered.iter().all(|asked| asked.id != question) {
            return Ok(());
        }
        let given = AllAnswers::from([(question.to_owned(), answer)]);
        let is_complete = unanswered.len() == 1;
        self.answer_task(owner, task, given, is_complete).await
    }

    /// How a task ended that has, as the answer to a request for its result: exactly what its call would have
    /// been answered.
    pub(super) async fn end_of_task(
        &self,
        owner: &str,
        task: &Task,
        request: &str,
    ) -> Result<Answer, Problem> {
        Ok(match self.task_end(owner, task).await? {
            Some(Ended::Result(result)) => Answer::of_task(request, &task.id, &result),
            Some(Ended::Error(error)) => Answer::of_failed_task(request, &error),
            None => Answer::failed(request, &ProtocolError::TaskCancelled.wire(Era::Legacy)),
        })
    }
}
