//! What is noted of one call while it runs, and what of it is kept when it is over: entries of its author's
//! log, and its tape.
//!
//! Nothing is stored before the call is over, and nothing at all of one that succeeded and logged nothing. A
//! log or a tape that cannot be stored changes no answer.

use core::cell::{Cell, RefCell};
use std::borrow::Cow;

use smcp_capability::items::Write;
use smcp_crypto::{Binding, sha256};
use smcp_ids::{CallId, LogLevel, UnixMillis, limits};
use smcp_protocol::{Answer, ProtocolError};
use smcp_sandbox::{Bounds, Ended, Fault, profile};
use smcp_tape::Recording;

use super::run::Run;
use crate::call::{Call, Telling};
use crate::item::Space;
use crate::journal::{Ending, Entry, Said, cut};
use crate::outcome::{self, Told};
use crate::problem::Problem;
use crate::replay::{end_of, kind_of};
use crate::tapes::{Keeps, Label, fits};
use crate::usage::count::End as CountedEnd;

/// By how much memory grows.
const WASM_PAGE: u64 = 64 * 1_024;

/// The name of the call that has that seed, in all its rounds. It tells nothing of the seed.
pub(super) fn call_id(seed: &[u8; 32]) -> CallId {
    let digest = sha256(Binding::new("call").bytes(seed).as_bytes());
    let mut id = [0; CallId::BYTES];
    for (to, from) in id.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    CallId::new(id)
}

/// A call that has run, for as long as its tape may be wanted.
struct Over {
    bounds: Bounds,
    call: Call,
    /// How the guest ended, where its client is told something else.
    ended: Option<Ended>,
}

/// Sees one round of a call.
pub(super) struct Witness<'a> {
    run: &'a Run<'a>,
    id: CallId,
    method: &'static str,
    name: &'a str,
    began: UnixMillis,
    /// The most urgent of what was logged.
    loudest: Cell<Option<LogLevel>>,
    over: RefCell<Option<Over>>,
    is_done: Cell<bool>,
}

/// How a call ended, before it is written down.
struct End<'e> {
    level: LogLevel,
    outcome: Cow<'static, str>,
    message: Option<String>,
    /// Whether its client was told an error, which the tape of the call may explain.
    failed: bool,
    ended: Option<&'e Ended>,
}

impl<'a> Witness<'a> {
    pub(super) fn new(
        run: &'a Run<'a>,
        seed: &[u8; 32],
        method: &'static str,
        name: &'a str,
        began: UnixMillis,
    ) -> Self {
        let id = call_id(seed);
        run.scene.measure.borrow_mut().call = Some(id);
        Self {
            run,
            id,
            method,
            name,
            began,
            loudest: Cell::new(None),
            over: RefCell::new(None),
            is_done: Cell::new(false),
        }
    }

    /// What is called, by its guest's own name.
    pub(super) fn name(&self) -> &str {
        self.name
    }

    /// The name of the call.
    pub(super) fn id(&self) -> CallId {
        self.id
    }

    /// The guest tells something: what it logs is its author's to read, whatever its client wants to hear.
    pub(super) fn heard(&self, telling: &Telling) {
        let Telling::Log {
            level,
            logger,
            data,
        } = telling
        else {
            return;
        };
        let (data, is_cut) = cut(data, limits::LOG_ENTRY_MAX);
        let logger = logger
            .as_deref()
            .map(|logger| cut(logger, limits::LOG_NAME_MAX).0);
        let said = Said::Logged {
            logger,
            data,
            is_cut,
        };
        self.note(*level, said);
    }

    /// The guest is done. `ended` is how, if its client is told something else.
    pub(super) fn over(&self, bounds: Bounds, call: Call, ended: Option<Ended>) {
        *self.over.borrow_mut() = Some(Over {
            bounds,
            call,
            ended,
        });
    }

    /// The call is over, and this is what its client is told.
    pub(super) async fn ended(&self, ended: &Ended, told: Told) {
        self.measured(ended, &told);
        let (level, code, message) = match told {
            Told::Result { is_error: false } => (LogLevel::Info, "ok", None),
            // No failure of the call: its author wrote that.
            Told::Result { is_error: true } => (LogLevel::Warning, "tool_error", None),
            Told::Refused(message) => (LogLevel::Warning, "refused", Some(message)),
            Told::Error(code, message) => (LogLevel::Error, code, Some(message)),
        };
        let end = End {
            level,
            outcome: code.into(),
            failed: message.is_some(),
            message,
            ended: Some(ended),
        };
        self.done(end).await;
    }

    /// Whose fault it was, if it failed, and what memory it had.
    fn measured(&self, ended: &Ended, told: &Told) {
        let (end, code) = match (told, &ended.result) {
            (Told::Result { is_error: false }, _) => (CountedEnd::Ok, "ok"),
            (Told::Result { is_error: true }, _) => (CountedEnd::ToolError, "tool_error"),
            (Told::Refused(_), _) => (CountedEnd::ToolError, "refused"),
            (Told::Error(code, _), Err(Fault::Host(_))) => (CountedEnd::Host, *code),
            // Its fault, or a result that is none.
            (Told::Error(code, _), _) => (CountedEnd::Guest, *code),
        };
        let memory = ended.memory as u64;
        let most = self.run.ready.bounds().memory as u64;
        let measure = &mut self.run.scene.measure.borrow_mut();
        measure.cost.memory = measure.cost.memory.max(memory);
        measure.had_all_memory = memory + WASM_PAGE > most;
        measure.ends(end, code);
    }

    /// The client's answer was refused, which is the client's fault.
    pub(super) async fn refused(&self, error: &ProtocolError) -> Answer {
        let end = End {
            level: LogLevel::Notice,
            outcome: error.code().into(),
            message: Some(error.to_string()),
            failed: false,
            ended: None,
        };
        self.done(end).await;
        let to = self.run.to;
        to.wire(&error.wire(to.era()).of_call(self.id))
    }

    /// The round ended with questions to the client.
    pub(super) async fn asked(&self) {
        let measure = &self.run.scene.measure;
        measure.borrow_mut().ends(CountedEnd::Asked, "asked");
        let end = End {
            level: LogLevel::Info,
            outcome: "asked".into(),
            message: None,
            failed: false,
            ended: None,
        };
        self.done(end).await;
    }

    /// The host could not run the call to its end.
    pub(super) async fn broke(&self, problem: Problem) -> Result<Answer, Problem> {
        self.given_up(&problem).await;
        if self.run.scene.outside.is_open() {
            return Ok(outcome::broken(self.run.to, Some(self.id), &problem));
        }
        Err(problem.of_call(self.id))
    }

    /// The same, of a call that is answered without it.
    pub(super) async fn given_up(&self, problem: &Problem) {
        let end = End {
            level: LogLevel::Error,
            outcome: problem.code.into(),
            message: Some(problem.message.clone()),
            failed: true,
            ended: None,
        };
        self.done(end).await;
    }

    /// Notes the end, and stores what is worth it.
    async fn done(&self, end: End<'_>) {
        self.is_done.set(true);
        let over = self.over.borrow_mut().take();
        let dropped = over.as_ref().map_or(0, |over| over.call.dropped());
        if dropped > 0 {
            let most = limits::NOTIFICATIONS_MAX;
            let text = format!(
                "{dropped} log entries and progress reports were dropped: a call may have {most}"
            );
            self.note(LogLevel::Warning, Said::Noted(text));
        }
        let tape = match over.filter(|_| self.wants_tape(end.failed)) {
            Some(over) => self.tape(&end, over).await,
            None => None,
        };
        let ending = self.ending(&end, tape.is_some());
        self.note(end.level, Said::Ended(ending));
        let (scene, server) = (self.run.scene, self.run.server);
        let is_due = match self.loudest.get() {
            _ if tape.is_some() => true,
            Some(level) if level >= LogLevel::Warning => true,
            // It was the guest that said something, or the end of the call is worth nobody's time.
            Some(_) => {
                let now = scene.outside.now();
                scene.state.borrow().waiting.has_rested(server, now)
            }
            None => false,
        };
        if is_due && self.is_there() {
            // A log that cannot be stored is no reason to answer otherwise.
            let _ = scene.store_logs(server, tape).await;
        }
    }

    fn note(&self, level: LogLevel, said: Said) {
        let is_quiet_end = matches!(said, Said::Ended(_)) && level < LogLevel::Warning;
        if !is_quiet_end {
            self.loudest.set(self.loudest.get().max(Some(level)));
        }
        let scene = self.run.scene;
        let entry = Entry {
            at: scene.outside.now(),
            call: self.id,
            level,
            said,
        };
        if let Ok(mut state) = scene.state.try_borrow_mut() {
            state.waiting.push(self.run.server.clone(), entry);
        }
    }

    fn ending(&self, end: &End<'_>, tape: bool) -> Ending {
        let message = end.message.as_deref();
        Ending {
            method: self.method.into(),
            name: cut(self.name, limits::LOG_NAME_MAX).0,
            caller: self.run.principal.to_string(),
            outcome: end.outcome.clone(),
            message: message.map(|text| cut(text, limits::LOG_ENTRY_MAX).0),
            millis: self.run.scene.outside.now().since(self.began),
            fuel: end.ended.map(|ended| ended.fuel).unwrap_or_default(),
            memory: end.ended.map_or(0, |ended| ended.memory as u64),
            tape,
        }
    }

    fn is_there(&self) -> bool {
        let state = self.run.scene.state.borrow();
        let directory = state.directory();
        directory.is_ok_and(|directory| directory.servers.contains_key(self.run.server))
    }

    fn wants_tape(&self, failed: bool) -> bool {
        let state = self.run.scene.state.borrow();
        let keeps = state.directory().map(|directory| directory.options.tapes);
        match keeps.unwrap_or_default() {
            Keeps::None => false,
            Keeps::Failures => failed,
            Keeps::Receipts => failed || self.run.wants_receipt,
            Keeps::All => true,
        }
    }

    async fn tape(&self, end: &End<'_>, over: Over) -> Option<(Space, Vec<Write>)> {
        let told = end.ended?;
        let ended = over.ended.as_ref().unwrap_or(told);
        let (kind, request) = kind_of(over.call.entry())?;
        let recorded = end_of(ended);
        let told = (end.failed && recorded.name() != end.outcome).then(|| end.outcome.to_string());
        let recording = Recording {
            call: Some(self.id),
            release: self.run.ready.release,
            profile: profile::ID,
            memory: over.bounds.memory as u64,
            fuel: over.bounds.fuel,
            output: over.bounds.output as u64,
            kind,
            request: request.to_owned(),
            end: recorded,
            told,
            fuel_used: ended.fuel,
            tape: over.call.into_tape(),
        };
        let bytes = recording.to_bytes().ok().filter(|bytes| fits(bytes))?;
        let label = Label {
            call: self.id,
            at: self.run.scene.outside.now(),
            release: recording.release,
            method: self.method.to_owned(),
            name: cut(self.name, limits::LOG_NAME_MAX).0,
            outcome: end.outcome.to_string(),
            fuel: ended.fuel,
            size: bytes.len() as u64,
        };
        let scene = self.run.scene;
        let written = scene.tape_writes(self.run.server, &label, &bytes).await;
        written.ok()
    }
}

impl Drop for Witness<'_> {
    /// A call whose client has gone is not heard of again: what is known of it waits with the rest.
    fn drop(&mut self) {
        if !self.is_done.get() {
            let end = End {
                level: LogLevel::Notice,
                outcome: "cancelled".into(),
                message: None,
                failed: false,
                ended: None,
            };
            let ending = self.ending(&end, false);
            self.note(end.level, Said::Ended(ending));
        }
    }
}
