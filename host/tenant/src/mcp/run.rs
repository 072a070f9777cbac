//! One call of a guest: waits for its turn, runs, streams what it tells, asks, answers.

use smcp_auth::Principal;
use smcp_capability::call::{
    Answer as GuestAnswer, AskError, Caller, Question, Request as GuestRequest,
};
use smcp_capability::turn::{Effect, Head, Performed};
use smcp_ids::{ServerSlug, UnixMillis, limits};
use smcp_protocol::{
    Answer, Era, GuestCall, GuestResult, Notifier, ProtocolError, ReplyTo, ResultError,
    SSE_HEADERS, Target, sse,
};
use smcp_sandbox::{Ended, Entry, Fault, GuestFault, HostFault};
use smcp_tape::{Header, Tape};

use super::ask::Carried;
use super::permit::Permit;
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
}

/// When a call began, and when it must be over.
#[derive(Clone, Copy)]
struct Times {
    began: UnixMillis,
    deadline: UnixMillis,
}

/// How a round of a call ended.
enum RoundEnd {
    /// The call is over.
    Ended(Ended),
    /// The client must answer first. The state is what it carries to the next round.
    Asks {
        missing: Vec<Question>,
        state: String,
    },
    /// The client's answer does not fit.
    Refused(ProtocolError),
}

impl Run<'_> {
    /// Answers a call that the guest knows by `name`, or by the client's own name for it.
    pub(super) async fn call(
        &self,
        call: &GuestCall<'_>,
        name: Option<&str>,
    ) -> Result<Answer, Problem> {
        let _permit = Permit::acquire(self.scene).await?;
        let began = self.scene.outside.now();
        let (round, tape) = match call.state().filter(|_| call.target().may_ask()) {
            Some(state) => match self.unseal(call, state, self.capabilities)? {
                Ok(carried) => (carried.round, carried.tape),
                Err(error) => return Ok(self.to.error(&error)),
            },
            None => (Round::first(call.meta()), Tape::blank(self.header(began))),
        };
        let request = call.guest_request_as(name, round.meta.as_deref());
        let entry = match call.target() {
            Target::Tool => Entry::CallTool(request),
            Target::Prompt => Entry::GetPrompt(request),
            Target::Resource => Entry::ReadResource(request),
            Target::Completion => Entry::Complete(request),
        };
        let end = self
            .execute(entry, (round, tape), Some(call), began)
            .await?;
        Ok(match end {
            RoundEnd::Ended(ended) => outcome::answer(self.to, &self.ready.info, &ended, |text| {
                let result = GuestResult::parse(call.target(), text)?;
                match call.target() {
                    Target::Tool => self.check_structured(name.unwrap_or(call.name()), result),
                    Target::Prompt | Target::Resource | Target::Completion => Ok(result),
                }
            }),
            RoundEnd::Refused(error) => self.to.error(&error),
            RoundEnd::Asks { missing, state } => {
                let questions = missing
                    .iter()
                    .map(|question| (&*question.id, &*question.request));
                self.to.input_required(&self.ready.info, questions, &state)
            }
        })
    }

    /// server/tools, "Output Schema": a structured result is what the tool says that it gives.
    fn check_structured<'t>(
        &self,
        tool: &str,
        result: GuestResult<'t>,
    ) -> Result<GuestResult<'t>, ResultError> {
        self.ready
            .schemas
            .of(&self.ready.catalogue, tool)
            .check_result(result)
    }

    /// Answers `resources/list` of a server that says itself which there are.
    pub(super) async fn list_resources(&self, cursor: Option<&str>) -> Result<Answer, Problem> {
        let _permit = Permit::acquire(self.scene).await?;
        let began = self.scene.outside.now();
        let start = (Round::first(None), Tape::blank(self.header(began)));
        let request = match cursor {
            Some(cursor) => serde_json::json!({ "cursor": cursor }).to_string(),
            None => "{}".to_owned(),
        };
        let end = self
            .execute(Entry::ListResources(request), start, None, began)
            .await?;
        match end {
            RoundEnd::Ended(ended) => Ok(outcome::answer(
                self.to,
                &self.ready.info,
                &ended,
                GuestResult::parse_resources,
            )),
            _ => Err(Problem::host()),
        }
    }

    async fn execute(
        &self,
        entry: Entry,
        (round, tape): (Round, Tape),
        call: Option<&GuestCall<'_>>,
        began: UnixMillis,
    ) -> Result<RoundEnd, Problem> {
        let deadline = began.plus(self.ready.limits.deadline_millis);
        let mut bounds = self.ready.bounds();
        bounds.fuel = round.fuel_left(bounds.fuel);
        match Call::start(&self.ready.loaded, entry, bounds, tape) {
            Ok(running) => {
                let times = Times { began, deadline };
                self.drive(running, round, call, times).await
            }
            Err(fault) => Ok(RoundEnd::Ended(Ended {
                result: Err(fault),
                fuel: Default::default(),
                memory: 0,
            })),
        }
    }

    fn header(&self, start: UnixMillis) -> Header {
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
                .map(|scope| scope.as_str().to_owned())
                .collect(),
        };
        Header {
            seed: self.scene.draw(),
            start,
            caller,
            client_capabilities: self.capabilities.to_owned(),
        }
    }

    async fn drive(
        &self,
        mut running: Call,
        mut round: Round,
        call: Option<&GuestCall<'_>>,
        times: Times,
    ) -> Result<RoundEnd, Problem> {
        let outside = &self.scene.outside;
        let mut pace = Pace::new();
        let mut notifier = Notifier::new();
        // The answers of this request are for the first questions that have none, and no others.
        let mut unread = call;
        loop {
            match running.step(pace.slice()) {
                CallStep::Ended(ended) => return Ok(RoundEnd::Ended(ended)),
                CallStep::Tell(telling) => self.tell(&mut notifier, telling).await?,
                CallStep::Yield => {
                    pace.pause(outside).await;
                    self.open_if_late(times).await;
                }
                CallStep::Perform(GuestRequest::Sleep(millis)) => {
                    if let Err(fault) = self.sleep(millis, times).await {
                        return Ok(failed(running.fail(fault)));
                    }
                    running.performed(GuestAnswer::Done, outside.now());
                }
                CallStep::Perform(GuestRequest::Ask(questions)) => {
                    if let Some(error) = self.refuses(&questions, round.number, call) {
                        running.performed(GuestAnswer::Unasked(error), outside.now());
                        continue;
                    }
                    let responses = unread.take().into_iter().flat_map(GuestCall::responses);
                    if let Err(error) = questions::take(&questions, &mut round.given, responses) {
                        return Ok(RoundEnd::Refused(error));
                    }
                    match questions::in_order(&questions, &mut round.given) {
                        Some(answers) => {
                            running.performed(GuestAnswer::Answers(answers), outside.now());
                        }
                        None => return self.asks(running, round, call, questions),
                    }
                }
                CallStep::Perform(_) => return Ok(failed(running.fail(HostFault::Engine.into()))),
            }
            if outside.now() > times.deadline {
                let allowed = self.ready.limits.deadline_millis;
                return Ok(failed(running.fail(GuestFault::Deadline(allowed).into())));
            }
        }
    }

    fn refuses(
        &self,
        questions: &[Question],
        round: u32,
        call: Option<&GuestCall<'_>>,
    ) -> Option<AskError> {
        // A legacy client would be asked on its stream, which it is not yet.
        let can = match self.to.era() {
            Era::Modern if call.is_some_and(|call| call.target().may_ask()) => self.capabilities,
            _ => "{}",
        };
        questions::refuse(questions, can, round)
    }

    /// Ends a round with the questions that have no answer yet.
    fn asks(
        &self,
        running: Call,
        round: Round,
        call: Option<&GuestCall<'_>>,
        questions: Vec<Question>,
    ) -> Result<RoundEnd, Problem> {
        let call = call.ok_or_else(Problem::host)?;
        let carried = Carried {
            round: round.next(running.fuel_used()),
            tape: running.into_tape(),
            expires: self.scene.outside.now().plus(limits::REQUEST_STATE_MILLIS),
        };
        let missing = questions
            .into_iter()
            .filter(|question| !carried.round.given.contains_key(&question.id))
            .collect();
        let state = self.seal(call, &carried, self.capabilities)?;
        Ok(RoundEnd::Asks { missing, state })
    }

    /// Sleeps, but not beyond the deadline.
    async fn sleep(&self, millis: u32, times: Times) -> Result<(), Fault> {
        let outside = &self.scene.outside;
        if u64::from(millis) >= limits::STREAM_AFTER_MILLIS {
            self.open().await;
        }
        // One more millisecond than is left: so the deadline has passed when it comes back.
        let left = times.deadline.since(outside.now()).saturating_add(1);
        let millis = u32::try_from(left).unwrap_or(u32::MAX).min(millis);
        match outside.perform(Effect::Wait(millis)).await {
            Performed::Done => Ok(()),
            _ => Err(HostFault::Engine.into()),
        }
    }

    /// A call that takes long is answered as a stream, so that its client, and everybody on the
    /// way, sees that it is alive.
    async fn open_if_late(&self, times: Times) {
        let elapsed = self.scene.outside.now().since(times.began);
        if elapsed >= limits::STREAM_AFTER_MILLIS {
            self.open().await;
        }
    }

    async fn open(&self) {
        let outside = &self.scene.outside;
        if outside.is_open() || !self.to.form().may_stream() {
            return;
        }
        outside
            .open(Head {
                status: 200,
                headers: super::headers(SSE_HEADERS),
            })
            .await;
        outside.emit(sse::KEEP_ALIVE.as_bytes().to_vec()).await;
    }

    async fn tell(&self, notifier: &mut Notifier, telling: Telling) -> Result<(), Problem> {
        if let Telling::Notice(notice) = &telling {
            let change = outcome::change(notice);
            return self.scene.announce(self.server, &[change]).await;
        }
        if let Some(message) = outcome::told(notifier, self.to, &telling) {
            self.open().await;
            self.scene
                .outside
                .emit(sse::event(&message).into_bytes())
                .await;
        }
        Ok(())
    }
}

fn failed(step: CallStep) -> RoundEnd {
    RoundEnd::Ended(match step {
        CallStep::Ended(ended) => ended,
        _ => Ended {
            result: Err(HostFault::Engine.into()),
            fuel: Default::default(),
            memory: 0,
        },
    })
}
