//! One call of a guest: waits for its turn, runs, tells, asks, answers.
//!
//! The counterpart of a host's turn, on a thread of its own.

use std::time::{Duration, Instant};

use smcp_capability::call::{
    Answer as GuestAnswer, AskError, Origin, Question, Request as GuestRequest,
};
use smcp_capability::http::HttpRequest;
use smcp_capability::items::Transacted;
use smcp_ids::{Fuel, limits};
use smcp_protocol::json::Json;
use smcp_protocol::{
    Answer, Change, Era, GuestCall, GuestResult, Notifier, ProtocolError, ReplyTo, Target,
};
use smcp_sandbox::{Bounds, Ended, Entry, Fault, GuestFault, HostFault, Output};
use smcp_tape::{Header, Tape};
use smcp_tenant::call::{Call, CallStep, Telling};
use smcp_tenant::outcome;
use smcp_tenant::questions::{self, Round};

use super::asked::Reply;
use super::rounds::For;
use super::running::Place;
use super::server::Server;
use crate::call::{SLICE, header, now, told};
use crate::failure::Failure;
use crate::outbound::Spent;

/// All that a call of a guest needs.
pub(super) struct Turn<'a> {
    pub(super) server: &'a Server,
    pub(super) place: &'a Place,
    pub(super) to: &'a ReplyTo,
    /// What the client can do, a JSON object.
    pub(super) capabilities: &'a str,
    /// What it says of itself.
    pub(super) origin: Origin,
}

/// What the runs of one round share.
struct Attempt<'t, 'a, 'c> {
    call: Option<&'a GuestCall<'c>>,
    /// Milliseconds.
    allowed: u64,
    unread: &'t mut Option<&'a GuestCall<'c>>,
    deadline: &'t mut Instant,
    spent: &'t mut Spent,
    /// What those who listen are told when the call has returned.
    changes: &'t mut Vec<Change>,
}

/// How one run of a round ended.
enum Stopped {
    Ended(Ended),
    /// What it read was changed by another call, before it could send what cannot be undone.
    Stale,
    Asks(Vec<Question>),
    Refused(ProtocolError),
    Cancelled,
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
            None => {
                let read_only =
                    call.target() == Target::Tool && self.server.says_it_only_reads(call.name());
                (Round::first(call.meta()), self.blank(read_only)?)
            }
        };
        let request = call.guest_request_as(None, round.meta.as_deref());
        let entry = match call.target() {
            Target::Tool => Entry::CallTool(request),
            Target::Prompt => Entry::GetPrompt(request),
            Target::Resource => Entry::ReadResource(request),
            Target::Completion => Entry::Complete(request),
        };
        let info = &self.server.info;
        Ok(match self.execute(entry, (round, tape), Some(call))? {
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
        let start = (Round::first(None), self.blank(false)?);
        Ok(
            match self.execute(Entry::ListResources(request), start, None)? {
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

    fn blank(&self, read_only: bool) -> Result<Tape, Failure> {
        let header = header(&self.server.local, self.capabilities, read_only)?;
        Ok(Tape::blank(Header {
            origin: self.origin.clone(),
            ..header
        }))
    }

    /// Runs a round to its end: again if what it read was changed by another call meanwhile.
    fn execute(
        &self,
        mut entry: Entry,
        (mut round, mut tape): (Round, Tape),
        call: Option<&GuestCall<'_>>,
    ) -> Result<End, Failure> {
        let granted = self.server.local.admitted.limits();
        let bounds = Bounds {
            memory: granted.memory,
            fuel: round.fuel_left(granted.fuel),
            output: granted.output,
        };
        // The answers of this request are for the first questions that have none, and no others.
        let mut unread = call;
        let mut deadline = Instant::now() + Duration::from_millis(granted.deadline_millis);
        let mut spent = Spent::of(&tape);
        for _ in 0..=limits::KV_RERUNS_MAX {
            let mut changes = Vec::new();
            let loaded = &self.server.local.loaded;
            let mut running = match Call::start(loaded, entry, bounds, tape) {
                Ok(running) => running,
                Err(fault) => return Ok(End::Ended(nothing_used(fault))),
            };
            let attempt = Attempt {
                call,
                allowed: granted.deadline_millis,
                unread: &mut unread,
                deadline: &mut deadline,
                spent: &mut spent,
                changes: &mut changes,
            };
            let ended = match self.drive(&mut running, &mut round, attempt) {
                Stopped::Ended(ended) => ended,
                Stopped::Stale if spent.has_changed() => return Ok(overtaken()),
                Stopped::Stale => {
                    (entry, tape) = running.into_rerun();
                    continue;
                }
                Stopped::Asks(questions) => return Ok(asks(running, round, questions)),
                Stopped::Refused(error) => return Ok(End::Refused(error)),
                Stopped::Cancelled => return Ok(End::Cancelled),
            };
            let commits = matches!(ended.result, Ok(Output::Text(_)));
            match self
                .server
                .store
                .settle(running.workspace(), commits, now())?
            {
                Transacted::Stale if spent.has_changed() => return Ok(overtaken()),
                Transacted::Stale => (entry, tape) = running.into_rerun(),
                Transacted::OverQuota => {
                    let full = GuestFault::StoreFull(limits::KV_STORE_MAX);
                    return Ok(End::Ended(nothing_used(full.into())));
                }
                Transacted::Done | Transacted::Spent => {
                    let told = changes.iter().filter(|_| commits);
                    told.for_each(|change| self.server.announce(change));
                    return Ok(End::Ended(ended));
                }
            }
        }
        Ok(End::Ended(nothing_used(HostFault::Contended.into())))
    }

    fn drive(
        &self,
        running: &mut Call,
        round: &mut Round,
        attempt: Attempt<'_, '_, '_>,
    ) -> Stopped {
        let mut notifier = Notifier::new();
        let Attempt {
            call,
            allowed,
            unread,
            deadline,
            spent,
            changes,
        } = attempt;
        loop {
            match running.step(SLICE) {
                CallStep::Ended(ended) => return Stopped::Ended(ended),
                CallStep::Tell(Telling::Notice(notice)) => changes.push(outcome::change(&notice)),
                CallStep::Tell(telling) => self.tell(&mut notifier, telling),
                CallStep::Yield => {}
                CallStep::Perform(GuestRequest::Sleep(millis)) => {
                    // No further than just beyond the deadline.
                    let left = deadline.saturating_duration_since(Instant::now());
                    let asked = Duration::from_millis(millis.into());
                    self.place.sleep(asked.min(left));
                    if Instant::now() < *deadline {
                        running.performed(GuestAnswer::Done, now());
                    }
                }
                // Nothing is kept here: a call goes on no longer than its client.
                CallStep::Perform(GuestRequest::BeginTask) => {
                    running.performed(GuestAnswer::Flag(false), now());
                }
                CallStep::Perform(GuestRequest::Setting(name)) => {
                    let setting = self.server.store.setting(&name);
                    running.performed(GuestAnswer::Setting(setting), now());
                }
                CallStep::Perform(GuestRequest::Kv(question)) => {
                    match self.server.store.answer(&question, now()) {
                        Some(answer) => running.performed(answer, now()),
                        None => return failed(running, HostFault::Engine.into()),
                    }
                }
                CallStep::Perform(GuestRequest::Http(request)) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if let Some(stopped) = self.send(running, request, spent, left) {
                        return stopped;
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
                        match self.ask_now(&questions, round) {
                            Ok(answer) => running.performed(answer, now()),
                            Err(end) => return end,
                        }
                        *deadline += began.elapsed();
                        continue;
                    }
                    let responses = unread.take().into_iter().flat_map(GuestCall::responses);
                    if let Err(error) = questions::take(&questions, &mut round.given, responses) {
                        return Stopped::Refused(error);
                    }
                    match questions::in_order(&questions, &mut round.given) {
                        Some(answers) => running.performed(GuestAnswer::Answers(answers), now()),
                        None => return Stopped::Asks(questions),
                    }
                }
                CallStep::Perform(_) => return failed(running, HostFault::Engine.into()),
            }
            if self.place.is_cancelled() {
                return Stopped::Cancelled;
            }
            if Instant::now() >= *deadline {
                return failed(running, GuestFault::Deadline(allowed).into());
            }
        }
    }

    /// Sends a request to another host; nothing that might change something, if the call must be run again.
    fn send(
        &self,
        running: &mut Call,
        request: HttpRequest,
        spent: &mut Spent,
        left: Duration,
    ) -> Option<Stopped> {
        let Server {
            outbound, store, ..
        } = self.server;
        let answer = match outbound.check(request) {
            Ok(ready) if !ready.is_safe() && store.is_stale(running.workspace(), now()) => {
                return Some(Stopped::Stale);
            }
            Ok(ready) => outbound.send(ready, spent, left),
            Err(error) => Err(error),
        };
        running.performed(GuestAnswer::Http(answer), now());
        None
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
    fn ask_now(&self, questions: &[Question], round: &mut Round) -> Result<GuestAnswer, Stopped> {
        round.number += 1;
        let server = self.server;
        let results = match server.asked.ask(&server.out, self.place, questions) {
            Reply::Results(results) => results,
            Reply::Failed(error) => return Ok(GuestAnswer::Unasked(error)),
            Reply::Cancelled => return Err(Stopped::Cancelled),
        };
        let responses = questions
            .iter()
            .zip(&results)
            .filter_map(|(question, result)| {
                let result = Json::parse(result.as_bytes()).ok()?;
                Some((question.id.as_str().into(), result))
            });
        questions::take(questions, &mut round.given, responses).map_err(Stopped::Refused)?;
        questions::in_order(questions, &mut round.given)
            .map(GuestAnswer::Answers)
            .ok_or(Stopped::Cancelled)
    }

    /// To the client what it asked for, to the author what was logged.
    fn tell(&self, notifier: &mut Notifier, telling: Telling) {
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

fn failed(running: &mut Call, fault: Fault) -> Stopped {
    Stopped::Ended(match running.fail(fault) {
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

/// What a call read has changed, and what it has sent is never sent twice: it is not run again.
fn overtaken() -> End {
    End::Ended(nothing_used(HostFault::Overtaken.into()))
}
