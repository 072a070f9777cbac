//! One call of a guest: waits for its turn, runs, tells, asks, answers.
//!
//! The counterpart of a host's turn, on a thread of its own.

use std::time::{Duration, Instant};

use smcp_capability::call::{Answer as GuestAnswer, AskError, Question, Request as GuestRequest};
use smcp_ids::Fuel;
use smcp_protocol::json::Json;
use smcp_protocol::{
    Answer, Era, GuestCall, GuestResult, Notifier, ProtocolError, ReplyTo, Target,
};
use smcp_sandbox::{Bounds, Ended, Entry, Fault, GuestFault, HostFault};
use smcp_tape::Tape;
use smcp_tenant::call::{Call, CallStep, Telling};
use smcp_tenant::outcome;
use smcp_tenant::questions::{self, Round};

use super::asked::Reply;
use super::rounds::For;
use super::running::Place;
use super::server::Server;
use crate::call::{SLICE, header, now, told};
use crate::failure::Failure;

/// All that a call of a guest needs.
pub(super) struct Turn<'a> {
    pub(super) server: &'a Server,
    pub(super) place: &'a Place,
    pub(super) to: &'a ReplyTo,
    /// What the client can do, a JSON object.
    pub(super) capabilities: &'a str,
}

/// How a round of a call ended.
enum End {
    Ended(Ended),
    /// The client must answer first.
    Asks {
        missing: Vec<Question>,
        /// What the next round begins with.
        next: Box<(Round, Tape)>,
    },
    /// The client's answer does not fit.
    Refused(ProtocolError),
    /// The client has no more interest.
    Cancelled,
}

impl Turn<'_> {
    /// Answers a call; not at all if it is cancelled.
    pub(super) fn call(&self, call: &GuestCall<'_>) -> Result<Option<Answer>, Failure> {
        let good_for = For::call(call, self.capabilities);
        let (round, tape) = match call.state().filter(|_| call.target().may_ask()) {
            Some(state) => match self.server.rounds.find(state, &good_for) {
                Some(found) => found,
                None => return Ok(Some(self.to.error(&ProtocolError::RequestState))),
            },
            None => (Round::first(call.meta()), self.blank()?),
        };
        let request = call.guest_request_as(None, round.meta.as_deref());
        let entry = match call.target() {
            Target::Tool => Entry::CallTool(request),
            Target::Prompt => Entry::GetPrompt(request),
            Target::Resource => Entry::ReadResource(request),
            Target::Completion => Entry::Complete(request),
        };
        let info = &self.server.info;
        Ok(match self.execute(entry, (round, tape), Some(call)) {
            End::Ended(ended) => Some(outcome::answer(self.to, info, &ended, |text| {
                let result = GuestResult::parse(call.target(), text)?;
                match self.server.schemas(call) {
                    Some(schemas) => schemas.check_result(result),
                    None => Ok(result),
                }
            })),
            End::Refused(error) => Some(self.to.error(&error)),
            End::Asks { missing, next } => {
                let state = self.server.rounds.keep(good_for, *next)?;
                let questions = missing
                    .iter()
                    .map(|question| (&*question.id, &*question.request));
                Some(self.to.input_required(info, questions, &state))
            }
            End::Cancelled => None,
        })
    }

    /// Answers `resources/list` of a server that says itself which there are.
    pub(super) fn list_resources(&self, cursor: Option<&str>) -> Result<Option<Answer>, Failure> {
        let request = match cursor {
            Some(cursor) => serde_json::json!({ "cursor": cursor }).to_string(),
            None => "{}".to_owned(),
        };
        let start = (Round::first(None), self.blank()?);
        Ok(
            match self.execute(Entry::ListResources(request), start, None) {
                End::Ended(ended) => Some(outcome::answer(
                    self.to,
                    &self.server.info,
                    &ended,
                    GuestResult::parse_resources,
                )),
                _ => None,
            },
        )
    }

    fn blank(&self) -> Result<Tape, Failure> {
        Ok(Tape::blank(header(&self.server.local, self.capabilities)?))
    }

    fn execute(
        &self,
        entry: Entry,
        (round, tape): (Round, Tape),
        call: Option<&GuestCall<'_>>,
    ) -> End {
        let granted = self.server.local.admitted.limits();
        let bounds = Bounds {
            memory: granted.memory,
            fuel: round.fuel_left(granted.fuel),
            output: granted.output,
        };
        match Call::start(&self.server.local.loaded, entry, bounds, tape) {
            Ok(running) => self.drive(running, round, call, granted.deadline_millis),
            Err(fault) => End::Ended(nothing_used(fault)),
        }
    }

    fn drive(
        &self,
        mut running: Call,
        mut round: Round,
        call: Option<&GuestCall<'_>>,
        allowed: u64,
    ) -> End {
        let mut deadline = Instant::now() + Duration::from_millis(allowed);
        let mut notifier = Notifier::new();
        // The answers of this request are for the first questions that have none, and no others.
        let mut unread = call;
        loop {
            match running.step(SLICE) {
                CallStep::Ended(ended) => return End::Ended(ended),
                CallStep::Tell(telling) => self.tell(&mut notifier, telling),
                CallStep::Yield => {}
                CallStep::Perform(GuestRequest::Sleep(millis)) => {
                    // No further than just beyond the deadline.
                    let left = deadline.saturating_duration_since(Instant::now());
                    let asked = Duration::from_millis(millis.into());
                    self.place.sleep(asked.min(left));
                    if Instant::now() < deadline {
                        running.performed(GuestAnswer::Done, now());
                    }
                }
                CallStep::Perform(GuestRequest::Ask(questions)) => {
                    if let Some(error) = self.refuses(&questions, round.number, call) {
                        running.performed(GuestAnswer::Unasked(error), now());
                        continue;
                    }
                    if self.to.era() == Era::Legacy {
                        // The time of the user is not the call's.
                        let began = Instant::now();
                        match self.ask_now(&questions, &mut round) {
                            Ok(answer) => running.performed(answer, now()),
                            Err(end) => return end,
                        }
                        deadline += began.elapsed();
                        continue;
                    }
                    let responses = unread.take().into_iter().flat_map(GuestCall::responses);
                    if let Err(error) = questions::take(&questions, &mut round.given, responses) {
                        return End::Refused(error);
                    }
                    match questions::in_order(&questions, &mut round.given) {
                        Some(answers) => running.performed(GuestAnswer::Answers(answers), now()),
                        None => return asks(running, round, questions),
                    }
                }
                CallStep::Perform(_) => return failed(&mut running, HostFault::Engine.into()),
            }
            if self.place.is_cancelled() {
                return End::Cancelled;
            }
            if Instant::now() >= deadline {
                return failed(&mut running, GuestFault::Deadline(allowed).into());
            }
        }
    }

    fn refuses(
        &self,
        questions: &[Question],
        round: u32,
        call: Option<&GuestCall<'_>>,
    ) -> Option<AskError> {
        let may_ask = call.is_some_and(|call| call.target().may_ask());
        let can = if may_ask { self.capabilities } else { "{}" };
        questions::refuse(questions, can, round)
    }

    /// Asks a legacy client, by requests of our own, while the call waits.
    fn ask_now(&self, questions: &[Question], round: &mut Round) -> Result<GuestAnswer, End> {
        round.number += 1;
        let server = self.server;
        let results = match server.asked.ask(&server.out, self.place, questions) {
            Reply::Results(results) => results,
            Reply::Failed(error) => return Ok(GuestAnswer::Unasked(error)),
            Reply::Cancelled => return Err(End::Cancelled),
        };
        let responses = questions
            .iter()
            .zip(&results)
            .filter_map(|(question, result)| {
                let result = Json::parse(result.as_bytes()).ok()?;
                Some((question.id.as_str().into(), result))
            });
        questions::take(questions, &mut round.given, responses).map_err(End::Refused)?;
        questions::in_order(questions, &mut round.given)
            .map(GuestAnswer::Answers)
            .ok_or(End::Cancelled)
    }

    /// To the client what it asked for, to the author what was logged.
    fn tell(&self, notifier: &mut Notifier, telling: Telling) {
        if let Telling::Notice(notice) = &telling {
            self.server.announce(&outcome::change(notice));
        }
        if let Some(message) = outcome::told(notifier, self.to, &telling)
            && !self.place.is_cancelled()
        {
            self.server.out.send(&message);
        }
        if matches!(telling, Telling::Log { .. }) {
            told(self.server.ui, telling);
        }
    }
}

/// Ends a round with the questions that have no answer yet.
fn asks(running: Call, round: Round, questions: Vec<Question>) -> End {
    let round = round.next(running.fuel_used());
    let missing = questions
        .into_iter()
        .filter(|question| !round.given.contains_key(&question.id))
        .collect();
    let next = Box::new((round, running.into_tape()));
    End::Asks { missing, next }
}

fn failed(running: &mut Call, fault: Fault) -> End {
    End::Ended(match running.fail(fault) {
        CallStep::Ended(ended) => ended,
        _ => nothing_used(HostFault::Engine.into()),
    })
}

fn nothing_used(fault: Fault) -> Ended {
    Ended {
        result: Err(fault),
        fuel: Fuel(0),
        memory: 0,
    }
}
