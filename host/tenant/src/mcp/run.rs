//! One call of a guest: waits for its turn, runs, streams what it tells, asks, answers.

use smcp_auth::Principal;
use smcp_capability::call::{
    Answer as GuestAnswer, AskError, Caller, Origin, Question, Request as GuestRequest,
};
use smcp_ids::{Fuel, ServerSlug, UnixMillis, limits};
use smcp_protocol::{Answer, Era, GuestCall, ProtocolError, ReplyTo, Target};
use smcp_sandbox::{Ended, Entry, Fault, GuestFault, HostFault, Output};
use smcp_tape::{Header, Tape};

use super::Asked;
use super::attempt::Attempt;
use super::http::Sends;
use super::kv::{Alone, Reads, Settled, others};
use super::legacy::{Answered, Outlet, Resumed};
use super::permit::Permit;
use super::receipt::Ran;
use super::task::Task;
use super::witness::Witness;
use crate::call::{Call, CallStep, Telling};
use crate::modules::Ready;
use crate::outcome;
use crate::pace::Pace;
use crate::problem::Problem;
use crate::questions::{self, Round};
use crate::state::Scene;

/// All that a call of a guest needs.
pub(super) struct Run<'a> {
    pub(super) scene: &'a Scene,
    pub(super) server: &'a ServerSlug,
    pub(super) ready: &'a Ready,
    pub(super) to: &'a ReplyTo,
    pub(super) principal: &'a Principal,
    /// What the client can do, a JSON object.
    pub(super) capabilities: &'a str,
    /// What it says of itself.
    pub(super) origin: Origin,
    /// Whether the client asked for a receipt.
    pub(super) wants_receipt: bool,
    /// Whether the client takes a task for an answer.
    pub(super) takes_tasks: bool,
    /// What it belongs to: a session's stream, a task, or neither.
    pub(super) asked: &'a Asked<'a>,
}

/// How a round of a call ended.
pub(super) enum RoundEnd {
    /// The call is over.
    Ended(Ended),
    /// It has returned, and its client wants a receipt.
    Receipt(Ended, Ran),
    /// The client must answer first. The state is what it carries to the next round.
    Asks {
        missing: Vec<Question>,
        state: String,
    },
    /// The call waits here, for answers or for a time.
    Parks,
    /// The call goes on without its client.
    Begins(Box<Task>),
    /// The client's answer does not fit.
    Refused(ProtocolError),
}

/// How one run of a round ended: it may have to be run again.
enum RunEnd {
    Ended(Ended),
    Asks(Vec<Question>),
    Refused(ProtocolError),
    /// What it has read has changed.
    Stale,
    /// It is a task from here on.
    Begins,
    /// It sleeps until then.
    Sleeps(UnixMillis),
}

impl Run<'_> {
    /// Answers a call that the guest knows by `name`, or by the client's own name for it.
    pub(super) async fn call(
        &self,
        call: &GuestCall<'_>,
        name: Option<&str>,
    ) -> Result<Answer, Problem> {
        let permit = Permit::acquire(self.scene, self.principal).await?;
        let began = self.scene.outside.now();
        let known = name.unwrap_or(call.name());
        let resumed = match self.asked.going {
            Some(going) => going.take_resumed(),
            None => self.asked.outlet.and_then(Outlet::take_resumed),
        };
        let state = call.state().filter(|_| call.target().may_ask());
        let (round, tape) = match (resumed, state) {
            (Some(resumed), _) if resumed.release != self.ready.release => {
                return Ok(self.to.error(&ProtocolError::RequestState));
            }
            (Some(Resumed { carried, .. }), _) => (carried.round, carried.tape),
            (None, Some(state)) if self.to.era() == Era::Modern => {
                match self.unseal(call, state, self.capabilities).await? {
                    Ok(carried) => (carried.round, carried.tape),
                    Err(error) => return Ok(self.to.error(&error)),
                }
            }
            _ => self.first_round(call, known, began),
        };
        let method = call.target().method();
        let witness = Witness::new(self, &tape.header.seed, method, known, began);
        let request = call.guest_request_as(name, round.meta.as_deref());
        let entry = match call.target() {
            Target::Tool => Entry::CallTool(request),
            Target::Prompt => Entry::GetPrompt(request),
            Target::Resource => Entry::ReadResource(request),
            Target::Completion => Entry::Complete(request),
        };
        let had_sent = tape.has_sent();
        let mut attempt = self.attempt(permit, Some(call), round, had_sent, began, &witness);
        attempt.may_become_task = self.may_become_task(call, known);
        let result = |text| self.result(call.target(), known, text);
        let is_result = |text: &str| self.result(call.target(), known, text).is_ok();
        let end = match self.execute(entry, tape, attempt, is_result).await {
            Ok(end) => end,
            Err(problem) => return witness.broke(problem).await,
        };
        Ok(match end {
            RoundEnd::Ended(ended) => self.told(&witness, &ended, None, result).await,
            RoundEnd::Receipt(ended, ran) => {
                let receipt = self.receipt(ran, &ended, method, known).await;
                self.told(&witness, &ended, receipt, result).await
            }
            RoundEnd::Refused(error) => witness.refused(&error).await,
            RoundEnd::Parks => {
                witness.asked().await;
                // Whoever goes on with it knows that it rests.
                return Err(match self.asked.outlet {
                    Some(outlet) => outlet.hand_over(self.scene).await,
                    None => Problem::host(),
                });
            }
            RoundEnd::Begins(task) => {
                witness.asked().await;
                self.to.task_created(&self.ready.info, &task.view())
            }
            RoundEnd::Asks { missing, state } => {
                witness.asked().await;
                let questions = missing
                    .iter()
                    .map(|question| (&*question.id, &*question.request));
                self.to.input_required(&self.ready.info, questions, &state)
            }
        })
    }

    /// With what a call begins that has done nothing yet.
    pub(super) fn first_round(
        &self,
        call: &GuestCall<'_>,
        known: &str,
        began: UnixMillis,
    ) -> (Round, Tape) {
        let read_only = call.target() == Target::Tool && self.says_it_only_reads(known);
        let header = self.header(began, read_only);
        (Round::first(call.meta()), Tape::blank(header))
    }

    fn says_it_only_reads(&self, tool: &str) -> bool {
        let tool = self.ready.catalogue.tool(tool);
        tool.is_some_and(|tool| tool.read_only())
    }

    /// Runs a round to its end: again if what it read was changed by others meanwhile, and in the end
    /// alone.
    pub(super) async fn execute(
        &self,
        mut entry: Entry,
        mut tape: Tape,
        mut attempt: Attempt<'_, '_>,
        is_result: impl Fn(&str) -> bool,
    ) -> Result<RoundEnd, Problem> {
        let mut alone: Option<Alone> = None;
        for rerun in 0..=limits::KV_RERUNS_MAX + 1 {
            if rerun > limits::KV_RERUNS_MAX {
                alone = Some(Alone::acquire(self.scene).await);
            }
            let has_earlier = tape.has_read_items();
            attempt.reads = Reads::begin(self.scene, has_earlier);
            attempt.changes.clear();
            let mut bounds = self.ready.bounds();
            if self.asked.going.is_some() {
                bounds.fuel = Fuel(limits::TASK_FUEL_MAX);
            }
            bounds.fuel = attempt.round.fuel_left(bounds.fuel);
            let begun = self.begin(entry, bounds, tape, &mut attempt).await?;
            let (mut running, first) = match begun {
                Ok(begun) => begun,
                Err(fault) => return Ok(RoundEnd::Ended(unused(fault))),
            };
            let ended = match self.drive(&mut running, first, &mut attempt).await? {
                RunEnd::Ended(ended) => ended,
                RunEnd::Refused(error) => return Ok(RoundEnd::Refused(error)),
                RunEnd::Asks(questions) => return self.asks(running, attempt, questions).await,
                RunEnd::Begins => return self.begins(running, attempt).await,
                RunEnd::Sleeps(until) => return self.sleeps(running, attempt, until).await,
                RunEnd::Stale if running.tape().has_acted() => return Ok(overtaken(&mut running)),
                RunEnd::Stale => {
                    (entry, tape) = running.into_rerun();
                    continue;
                }
            };
            let commits = matches!(&ended.result, Ok(Output::Text(text))
                if !has_news(&running, &attempt) || is_result(text));
            if alone.is_none() {
                others(self.scene).await;
            }
            match self.settle(&running, &attempt, commits).await? {
                Settled::Kept => {
                    if commits && !attempt.changes.is_empty() {
                        self.scene.announce(self.server, &attempt.changes).await?;
                    }
                    let ran =
                        (self.wants_receipt).then(|| Ran::of(bounds, &ended, &running, &is_result));
                    attempt.witness.over(bounds, running, None);
                    return Ok(match ran.flatten() {
                        Some(ran) => RoundEnd::Receipt(ended, ran),
                        None => RoundEnd::Ended(ended),
                    });
                }
                Settled::Spent => return Ok(RoundEnd::Refused(ProtocolError::RequestStateUsed)),
                Settled::Full => {
                    let full = GuestFault::StoreFull(self.store_bytes());
                    let told = failed(running.fail(full.into()));
                    attempt.witness.over(bounds, running, Some(ended));
                    return Ok(told);
                }
                Settled::Stale if running.tape().has_acted() => {
                    let told = overtaken(&mut running);
                    attempt.witness.over(bounds, running, Some(ended));
                    return Ok(told);
                }
                Settled::Stale => (entry, tape) = running.into_rerun(),
            }
        }
        Ok(RoundEnd::Ended(unused(HostFault::Contended.into())))
    }

    pub(super) fn header(&self, start: UnixMillis, read_only: bool) -> Header {
        let caller = Caller {
            tenant: self
                .principal
                .tenant()
                .map(ToString::to_string)
                .unwrap_or_default(),
            server: self.server.to_string(),
            principal: self.principal.to_string(),
            scopes: self
                .principal
                .scopes()
                .iter()
                .map(ToString::to_string)
                .collect(),
        };
        Header {
            seed: self.scene.draw(),
            start,
            caller,
            client_capabilities: self.capabilities.to_owned(),
            origin: self.origin.clone(),
            deadline_millis: self.ready.limits.deadline_millis,
            read_only,
        }
    }

    /// Runs a call to the end of its run. What it has used is on its caller's account then, however it ends.
    async fn drive(
        &self,
        running: &mut Call,
        first: CallStep,
        attempt: &mut Attempt<'_, '_>,
    ) -> Result<RunEnd, Problem> {
        attempt.permit.meter.begin_run(self.scene);
        let end = self.run_slices(running, first, attempt).await;
        let meter = &mut attempt.permit.meter;
        meter.used(self.scene, running.fuel_used());
        meter.settle(self.scene).await;
        end
    }

    async fn run_slices(
        &self,
        running: &mut Call,
        first: CallStep,
        attempt: &mut Attempt<'_, '_>,
    ) -> Result<RunEnd, Problem> {
        let outside = &self.scene.outside;
        let mut pace = Pace::new();
        let times = attempt.times;
        let mut held = attempt.permit.held();
        let mut step = first;
        loop {
            // A turn that is given up while it waits does not come back to say so.
            attempt.permit.meter.used(self.scene, running.fuel_used());
            match step {
                CallStep::Ended(ended) => return Ok(RunEnd::Ended(ended)),
                CallStep::Tell(Telling::Notice(notice)) => {
                    attempt.changes.push(outcome::change(&notice));
                }
                CallStep::Tell(telling) => {
                    attempt.witness.heard(&telling);
                    self.tell(&mut attempt.notifier, telling).await;
                }
                CallStep::Yield => {
                    pace.pause(self.scene, held).await;
                    self.open_if_late(times).await;
                    attempt.permit.meter.settle(self.scene).await;
                }
                CallStep::Perform(request) => {
                    if let Some(end) = self.perform(running, attempt, request).await? {
                        return Ok(end);
                    }
                }
            }
            if outside.now() > times.deadline {
                let allowed = self.ready.limits.deadline_millis;
                return Ok(stopped(running.fail(GuestFault::Deadline(allowed).into())));
            }
            held = attempt.permit.held();
            step = running.step(pace.slice(self.scene, held));
        }
    }

    /// Performs what a guest asks for, or says how its run ends instead.
    async fn perform(
        &self,
        running: &mut Call,
        attempt: &mut Attempt<'_, '_>,
        request: GuestRequest,
    ) -> Result<Option<RunEnd>, Problem> {
        let outside = &self.scene.outside;
        self.scene.measure.borrow_mut().cost.effects += 1;
        let answer = match request {
            GuestRequest::BeginTask if attempt.may_become_task && self.asked.going.is_none() => {
                running.performed(GuestAnswer::Flag(true), outside.now());
                return Ok(Some(RunEnd::Begins));
            }
            GuestRequest::BeginTask => GuestAnswer::Flag(self.asked.going.is_some()),
            GuestRequest::Sleep(millis)
                if millis >= limits::TASK_SLEEPS_MILLIS && self.asked.going.is_some() =>
            {
                let going = self.asked.going.ok_or_else(Problem::host)?;
                if !going.has_slept(outside.now()) {
                    let until = outside.now().plus(millis.into());
                    return Ok(Some(RunEnd::Sleeps(until)));
                }
                GuestAnswer::Done
            }
            GuestRequest::Sleep(millis) => match self.sleep(millis, attempt.times).await {
                Ok(()) => GuestAnswer::Done,
                Err(fault) => return Ok(Some(stopped(running.fail(fault)))),
            },
            GuestRequest::Setting(name) => GuestAnswer::Setting(self.setting(name)?),
            GuestRequest::Kv(question) => self.read_kv(&question, &mut attempt.reads).await?,
            GuestRequest::Http(request) => match self.send(running, attempt, request).await? {
                Sends::Answered(answer) => answer,
                Sends::Stale => return Ok(Some(RunEnd::Stale)),
                Sends::Spent => return Ok(Some(RunEnd::Refused(ProtocolError::RequestStateUsed))),
            },
            GuestRequest::Ask(questions) => match self.ask(attempt, questions) {
                Ok(answer) => answer,
                Err(end) => return Ok(Some(end)),
            },
            _ => return Ok(Some(stopped(running.fail(HostFault::Engine.into())))),
        };
        running.performed(answer, outside.now());
        if let Some(going) = self.asked.going {
            let carried = || self.carried(attempt.round.clone(), running.tape().clone());
            going
                .keeps_up(self.scene, self.ready.release, carried)
                .await?;
        }
        Ok(None)
    }

    fn setting(&self, name: String) -> Result<Option<String>, Problem> {
        let state = self.scene.state.borrow();
        let settings = &state.directory()?.settings;
        let setting = settings.get(&(self.server.clone(), name));
        Ok(setting.map(|setting| setting.value.clone()))
    }

    /// The client's answers, if it has given all of them; else the end of the round.
    fn ask(
        &self,
        attempt: &mut Attempt<'_, '_>,
        questions: Vec<Question>,
    ) -> Result<GuestAnswer, RunEnd> {
        let round = &mut attempt.round;
        if let Some(error) = self.refuses(&questions, round.number, attempt.call) {
            return Ok(GuestAnswer::Unasked(error));
        }
        let is_unread = core::mem::take(&mut attempt.has_unread);
        let answers = match self.asked.going {
            Some(going) => going.take_answers().filter(|_| is_unread),
            None => self
                .asked
                .outlet
                .and_then(Outlet::take_answers)
                .filter(|_| is_unread),
        };
        if let Some(answers) = answers {
            if let Some(error) = answers.values().find_map(Answered::error) {
                return Ok(GuestAnswer::Unasked(error));
            }
            let results = answers.iter().filter_map(|(id, answer)| answer.result(id));
            questions::take(&questions, &mut round.given, results).map_err(RunEnd::Refused)?;
        }
        let unread = attempt.call.filter(|_| is_unread);
        let responses = unread.into_iter().flat_map(GuestCall::responses);
        questions::take(&questions, &mut round.given, responses).map_err(RunEnd::Refused)?;
        questions::in_order(&questions, &mut round.given)
            .map(GuestAnswer::Answers)
            .ok_or(RunEnd::Asks(questions))
    }

    fn refuses(
        &self,
        questions: &[Question],
        round: u32,
        call: Option<&GuestCall<'_>>,
    ) -> Option<AskError> {
        // A legacy client is asked on its stream, if it takes one; of a task, when it waits for that.
        let reaches = self.to.era() == Era::Modern
            || self.asked.going.is_some()
            || (self.asked.outlet.is_some() && self.to.form().may_stream());
        let may = call.is_some_and(|call| call.target().may_ask());
        let can = if may && reaches {
            self.capabilities
        } else {
            "{}"
        };
        questions::refuse(questions, can, round)
    }
}

/// Another call changed what this one had read, and it cannot be run again.
fn overtaken(running: &mut Call) -> RoundEnd {
    failed(running.fail(HostFault::Overtaken.into()))
}

/// Whether it matters to others that the call returns what it may.
fn has_news(running: &Call, attempt: &Attempt<'_, '_>) -> bool {
    running.workspace().has_written() || !attempt.changes.is_empty()
}

fn stopped(step: CallStep) -> RunEnd {
    RunEnd::Ended(match step {
        CallStep::Ended(ended) => ended,
        _ => unused(HostFault::Engine.into()),
    })
}

fn failed(step: CallStep) -> RoundEnd {
    match stopped(step) {
        RunEnd::Ended(ended) => RoundEnd::Ended(ended),
        _ => RoundEnd::Ended(unused(HostFault::Engine.into())),
    }
}

fn unused(fault: Fault) -> Ended {
    Ended {
        result: Err(fault),
        fuel: Default::default(),
        memory: 0,
    }
}
