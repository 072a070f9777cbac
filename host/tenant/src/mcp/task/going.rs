//! How a task goes on: the request that began it is read again, and its call is run from its tape, as an errand of
//! the object's own. Nobody is told anything on the way, but what the task says of itself is kept for who asks.

use core::cell::{Cell, RefCell};

use smcp_capability::call::Question;
use smcp_capability::turn::Frame;
use smcp_ids::{ReleaseDigest, ServerSlug, UnixMillis, limits};
use smcp_protocol::{Answer, Call, Era, Request, TaskStatus};

use super::kept::{Ended, Stored, Task};
use crate::mcp::ask::Carried;
use crate::mcp::errand::{Errand, Work, outcome_of};
use crate::mcp::legacy::{AllAnswers, Resumed, begun_on};
use crate::mcp::{Asked, Endpoint};
use crate::outcome;
use crate::problem::Problem;
use crate::session::{Record, SessionId};
use crate::state::{Live, Scene};

/// The name under which a task's turn is found while it runs.
pub(in crate::mcp) fn live(owner: &str, id: &str) -> Live {
    Live {
        // No session has a name with such a character.
        session: SessionId::remembered(&format!("task/{owner}")),
        name: id.to_owned(),
    }
}

/// A task that is run.
pub(in crate::mcp) struct Going {
    owner: String,
    task: RefCell<Task>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    resumed: Cell<Option<Resumed>>,
    answers: Cell<Option<AllAnswers>>,
    /// What its session has agreed on, if it was begun in one.
    agreed: Option<Record>,
    /// Whether it waits for something, and this turn is over.
    rests: Cell<bool>,
    /// When its state was kept last.
    kept_at: Cell<UnixMillis>,
}

impl Going {
    /// The release on which it was begun, as long as its call has not been taken up.
    pub(in crate::mcp) fn begun_on(&self) -> Option<ReleaseDigest> {
        begun_on(&self.resumed)
    }

    /// Where its call goes on, once.
    pub(in crate::mcp) fn take_resumed(&self) -> Option<Resumed> {
        self.resumed.take()
    }

    /// What its client has answered, once.
    pub(in crate::mcp) fn take_answers(&self) -> Option<AllAnswers> {
        self.answers.take()
    }

    /// What its session has agreed on, if it was begun in one.
    pub(in crate::mcp) fn agreed(&self) -> Option<&Record> {
        self.agreed.as_ref()
    }

    /// Until when it may run.
    pub(in crate::mcp) fn until(&self) -> UnixMillis {
        self.task.borrow().until()
    }

    /// Whether the sleep that it asks for now is one that it has slept.
    pub(in crate::mcp) fn has_slept(&self, now: UnixMillis) -> bool {
        let mut task = self.task.borrow_mut();
        let is_over = task.wakes.is_some_and(|wakes| wakes <= now);
        if is_over {
            task.wakes = None;
        }
        is_over
    }

    /// What it says of itself is shown to who asks, now and then.
    pub(in crate::mcp) async fn says(&self, scene: &Scene, message: Option<&str>) {
        let Some(message) = message else {
            return;
        };
        let now = scene.outside.now();
        let task = {
            let mut task = self.task.borrow_mut();
            task.message = Some(crate::origin::cut(message));
            if now.since(task.updated) < limits::TASK_SAYS_MILLIS {
                return;
            }
            task.updated = now;
            task.clone()
        };
        // It is not worth failing for.
        let _ = scene.write_task(&self.owner, &task).await;
    }

    /// Its client must answer before it goes on.
    pub(in crate::mcp) async fn asks(
        &self,
        scene: &Scene,
        release: ReleaseDigest,
        carried: Carried,
        questions: Vec<Question>,
    ) -> Result<(), Problem> {
        let task = self.changed(scene, |task| {
            task.status = TaskStatus::InputRequired;
            task.questions = questions;
            task.round += 1;
        });
        self.keep(scene, &task, release, carried, None).await?;
        self.rests.set(true);
        scene.tell_waiting(&self.owner, &task).await
    }

    /// It sleeps so long that nothing of it need be here meanwhile.
    pub(in crate::mcp) async fn sleeps(
        &self,
        scene: &Scene,
        release: ReleaseDigest,
        carried: Carried,
        until: UnixMillis,
    ) -> Result<(), Problem> {
        let task = self.changed(scene, |task| task.wakes = Some(until));
        self.keep(scene, &task, release, carried, Some(until))
            .await?;
        self.rests.set(true);
        Ok(())
    }

    /// Keeps its state if that was not done for long: so a kill costs no more than that.
    pub(in crate::mcp) async fn keeps_up(
        &self,
        scene: &Scene,
        release: ReleaseDigest,
        carried: impl FnOnce() -> Carried,
    ) -> Result<(), Problem> {
        let now = scene.outside.now();
        if now.since(self.kept_at.get()) < limits::TASK_KEEPS_MILLIS {
            return Ok(());
        }
        let task = self.task.borrow().clone();
        self.keep(scene, &task, release, carried(), None).await
    }

    fn changed(&self, scene: &Scene, change: impl FnOnce(&mut Task)) -> Task {
        let mut task = self.task.borrow_mut();
        task.updated = scene.outside.now();
        change(&mut task);
        task.clone()
    }

    async fn keep(
        &self,
        scene: &Scene,
        task: &Task,
        release: ReleaseDigest,
        carried: Carried,
        wakes: Option<UnixMillis>,
    ) -> Result<(), Problem> {
        let errand = self.errand();
        let due = wakes
            .map(|at| scene.due_write(at, &errand, 1))
            .transpose()?;
        let stored = Stored {
            headers: self.headers.clone(),
            body: self.body.clone(),
            release,
            carried,
            agreed: self.agreed.clone(),
        };
        scene.write_call(&self.owner, task, &stored, due).await?;
        self.kept_at.set(scene.outside.now());
        scene.set_alarm().await
    }

    fn errand(&self) -> Errand {
        Errand::Work(Work::Task {
            owner: self.owner.clone(),
            id: self.task.borrow().id.clone(),
        })
    }
}

impl Asked<'_> {
    /// Makes a call a task, which goes on by itself from now on, and lasts so long.
    pub(in crate::mcp) async fn begin_task(
        &self,
        server: &ServerSlug,
        tool: &str,
        release: ReleaseDigest,
        carried: Carried,
        (era, lasts): (Era, u64),
    ) -> Result<Task, Problem> {
        let scene = self.scene;
        let owner = self.principal.to_string();
        let principal = self.principal.remember().ok_or_else(Problem::host)?;
        let now = scene.outside.now();
        let tool = (server.clone(), tool.to_owned());
        let endpoint = self.endpoint.server();
        let task = Task::new(&scene.draw(), endpoint, principal, tool, now, (era, lasts));
        let headers = self.frame.headers.iter();
        let headers = headers.filter(|(name, _)| name != "authorization");
        let stored = Stored {
            headers: headers.cloned().collect(),
            body: self.frame.body.clone(),
            release,
            carried,
            agreed: self.session.map(|session| session.record.clone()),
        };
        let errand = Errand::Work(Work::Task {
            owner: owner.clone(),
            id: task.id.clone(),
        });
        let due = scene.begun_write(&errand)?;
        scene.write_call(&owner, &task, &stored, Some(due)).await?;
        scene.begin_errand(&errand).await?;
        Ok(task)
    }
}

/// A task that was begun again too often.
pub(in crate::mcp) async fn give_up(scene: &Scene, owner: &str, id: &str) -> Result<(), Problem> {
    let Some(task) = scene.task(owner, id).await?.filter(|task| !task.is_over()) else {
        return Ok(());
    };
    let lost = Problem::new(
        503,
        "call_lost",
        "the host was restarted while the task ran, each time that it was tried; what it had done is not known",
    );
    let error = Answer::failed("null", &outcome::wire_of(&lost));
    scene.end_task(owner, task, &ended(&error)).await
}

fn ended(answer: &Answer) -> Ended {
    match answer.outcome() {
        Ok(result) => Ended::Result(result.to_owned()),
        Err(error) => Ended::Error(error.to_owned()),
    }
}

/// Goes on with a task that has something to do.
pub(in crate::mcp) async fn go_on(
    scene: &Scene,
    frame: &Frame,
    owner: &str,
    id: &str,
) -> Result<(), Problem> {
    let Some(task) = scene.task(owner, id).await? else {
        return Ok(());
    };
    let sleeps = task.wakes.is_some_and(|wakes| wakes > scene.outside.now());
    let answers = scene.task_answers(owner, &task).await?;
    let Some(answers) = answers.filter(|_| !sleeps && !task.is_over()) else {
        // The turn that came here before may have been killed before it told anybody.
        return scene.tell_waiting(owner, &task).await;
    };
    let Some(stored) = scene.stored(owner, &task).await? else {
        return Ok(());
    };
    let endpoint = task.endpoint.clone();
    let Some(principal) = scene.principal_at(&task.principal, endpoint.as_ref())? else {
        return scene.cancel_task(owner, task).await.map(drop);
    };
    let Stored {
        headers,
        body,
        release,
        carried,
        agreed,
    } = stored;
    let first = Frame {
        entropy: frame.entropy,
        method: "POST".to_owned(),
        base: String::new(),
        path: String::new(),
        headers,
        body,
    };
    let going = Going {
        owner: owner.to_owned(),
        task: RefCell::new(task),
        headers: first.headers.clone(),
        body: first.body.clone(),
        resumed: Cell::new(Some(Resumed { carried, release })),
        answers: Cell::new(Some(answers)),
        agreed,
        rests: Cell::new(false),
        kept_at: Cell::new(scene.outside.now()),
    };
    let mut head = crate::mcp::head(&first);
    head.session_version = going.agreed().map(Record::version);
    let request: Request<'_> = match Call::read(&head, &first.body) {
        Ok(Call::Request(request)) => request,
        _ => return Err(Problem::host()),
    };
    let endpoint = endpoint.map_or(Endpoint::Union, Endpoint::Server);
    let asked = Asked {
        scene,
        frame: &first,
        endpoint: &endpoint,
        principal: &principal,
        session: None,
        outlet: None,
        going: Some(&going),
    };
    let under_way = scene.goes_live([live(owner, id)]);
    let answer = asked.answer(&head, &request).await;
    drop(under_way);
    if going.rests.get() {
        return Ok(());
    }
    let is_put_off = |problem: &Problem| problem.used_up_for().is_some();
    if answer.as_ref().is_err_and(is_put_off) {
        // Nobody waits for it: it goes on when its caller may again.
        return answer.map(drop);
    }
    let answer = outcome_of(request.reply_to(), answer)?;
    let task = going.task.into_inner();
    scene.end_task(owner, task, &ended(&answer)).await
}
