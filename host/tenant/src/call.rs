//! One call of a guest: its sandbox and its tape, driven by whoever can perform what it asks.
//!
//! The object drives it in a turn, the command line natively, a replay from the tape alone: the
//! same code each time.

use smcp_capability::call::{Answer, KvRequest, LogLevel, Notice, Request};
use smcp_ids::{Fuel, UnixMillis, limits};
use smcp_sandbox::{
    Bounds, Ended, Entry, Execution, Fault, GuestFault, HostFault, LoadedModule, Stop,
};
use smcp_tape::{Player, Tape, Verdict};

use crate::workspace::{Wanted, Workspace};

/// What a guest tells its client, its author or those who listen on the way.
#[derive(Clone, Debug, PartialEq)]
pub enum Telling {
    /// A log entry.
    Log {
        /// How urgent it is.
        level: LogLevel,
        /// The part of the server that speaks.
        logger: Option<String>,
        /// A JSON value, or text that is not JSON.
        data: String,
    },
    /// How far the call has come.
    Progress {
        /// How far.
        progress: f64,
        /// How far it will go.
        total: Option<f64>,
        /// What it is doing.
        message: Option<String>,
    },
    /// Something for those who listen.
    Notice(Notice),
}

/// Why [`Call::step`] came back.
#[derive(Clone, Debug, PartialEq)]
pub enum CallStep {
    /// Perform this, then say [`Call::performed`].
    Perform(Request),
    /// The guest tells something: pass it on, then step again.
    Tell(Telling),
    /// The slice is spent: step again.
    Yield,
    /// The call is over.
    Ended(Ended),
}

/// What became of a request before the tape was asked.
enum Considered {
    Answered,
    Asks(Request),
    Failed(Fault),
}

/// One call in progress.
#[derive(Debug)]
pub struct Call {
    execution: Execution,
    player: Player,
    workspace: Workspace,
    /// A request about keys that waits until storage has answered a question of it.
    unanswered: Option<(KvRequest, KvRequest)>,
    /// None: the log is full, and that was said.
    log_left: Option<usize>,
    tellings_left: usize,
    dropped: u32,
    /// What it asked for where its tape has something else.
    diverged: Option<Request>,
}

impl Call {
    /// Makes a fresh instance for a call that plays `tape`.
    ///
    /// # Errors
    ///
    /// If there is no instance to be had.
    pub fn start(
        loaded: &LoadedModule,
        entry: Entry,
        bounds: Bounds,
        tape: Tape,
    ) -> Result<Self, Fault> {
        Ok(Self {
            execution: Execution::start(loaded, entry, bounds)?,
            workspace: Workspace::new(tape.header.read_only),
            unanswered: None,
            player: Player::new(tape),
            log_left: Some(limits::LOG_MAX),
            tellings_left: limits::NOTIFICATIONS_MAX,
            dropped: 0,
            diverged: None,
        })
    }

    /// Runs until the call needs something, or has used `slice`.
    pub fn step(&mut self, slice: Fuel) -> CallStep {
        let start = self.execution.fuel_used();
        loop {
            let used = self.execution.fuel_used().saturating_sub(start);
            let request = match self.execution.step(slice.saturating_sub(used)) {
                Stop::Yields => return CallStep::Yield,
                Stop::Ended(ended) => return CallStep::Ended(ended),
                Stop::Asks(request) => request,
            };
            let request = match self.consider(request) {
                Considered::Answered => continue,
                Considered::Asks(request) => request,
                Considered::Failed(fault) => return self.fail(fault),
            };
            match self.player.ask(&request) {
                Ok(Verdict::Answered(answer)) => self.answered(answer),
                Ok(Verdict::Told) => {
                    self.execution.answer(&Answer::Done);
                    // Counted as when it was sent, so that what follows is dropped alike.
                    self.telling(request);
                }
                Ok(Verdict::Tell) => {
                    self.execution.answer(&Answer::Done);
                    if let Some(telling) = self.telling(request) {
                        return CallStep::Tell(telling);
                    }
                }
                Ok(Verdict::Perform)
                    if self.player.effects() > limits::EFFECTS_MAX + self.workspace.reads() =>
                {
                    return self.fail(GuestFault::TooManyEffects(limits::EFFECTS_MAX).into());
                }
                Ok(Verdict::Perform) => return CallStep::Perform(request),
                Err(_) => {
                    self.diverged = Some(request);
                    return self.fail(HostFault::Engine.into());
                }
            }
        }
    }

    /// What was asked for is done: goes on with the next step.
    pub fn performed(&mut self, answer: Answer, at: UnixMillis) {
        if self.player.record(answer.clone(), at).is_ok() {
            self.answered(answer);
        }
    }

    /// What the call did to its key-value storage.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The randomness that this call alone has.
    pub fn seed(&self) -> &[u8; 32] {
        &self.player.header().seed
    }

    /// Requests about keys are answered from what the call knows, or become a question to storage.
    fn consider(&mut self, request: Request) -> Considered {
        let Request::Kv(request) = request else {
            return Considered::Asks(request);
        };
        match self.workspace.ask(&request, self.player.now()) {
            Wanted::Answered(answer) => {
                self.execution.answer(&answer);
                Considered::Answered
            }
            Wanted::Read(question) => {
                self.unanswered = Some((request, question.clone()));
                Considered::Asks(Request::Kv(question))
            }
            Wanted::TooMuch(fault) => Considered::Failed(fault.into()),
        }
    }

    /// Gives the guest an answer from the tape. One that is none to its request ends the call, as a
    /// fault of the host, at the guest's next step.
    fn answered(&mut self, answer: Answer) {
        let answer = match self.unanswered.take() {
            Some((request, question)) => {
                let now = self.player.now();
                let learnt = self.workspace.learn(&request, question, answer, now);
                learnt.unwrap_or(Answer::Done)
            }
            None => answer,
        };
        self.execution.answer(&answer);
    }

    /// Ends the call from outside.
    pub fn fail(&mut self, fault: Fault) -> CallStep {
        CallStep::Ended(Ended {
            result: Err(fault),
            fuel: self.execution.fuel_used(),
            memory: self.execution.memory().len(),
        })
    }

    /// What it has used so far.
    pub fn fuel_used(&self) -> Fuel {
        self.execution.fuel_used()
    }

    /// What is called.
    pub fn entry(&self) -> &Entry {
        self.execution.entry()
    }

    /// What it takes to run the call again, because what it read has changed.
    pub fn into_rerun(self) -> (Entry, Tape) {
        let tape = self.player.into_tape().rerun();
        (self.execution.into_entry(), tape)
    }

    /// What it asked for where its tape has something else, if it did.
    pub fn diverged(&self) -> Option<&Request> {
        self.diverged.as_ref()
    }

    /// How many effects it has asked for.
    pub fn effects(&self) -> usize {
        self.player.effects()
    }

    /// How many log entries and progress reports were dropped, since it has told as many as it may.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// What it takes to run a call anew that has performed nothing in this run, exactly as it was run. What it
    /// has told counts as told.
    pub fn into_start(self) -> (Entry, Tape) {
        (self.execution.into_entry(), self.player.into_tape())
    }

    /// The tape as it is now.
    pub fn tape(&self) -> &Tape {
        self.player.tape()
    }

    /// The same, for good.
    pub fn into_tape(self) -> Tape {
        self.player.into_tape()
    }

    /// What is over the limits is dropped; the first log entry that is, says so.
    fn telling(&mut self, request: Request) -> Option<Telling> {
        let Some(left) = self.tellings_left.checked_sub(1) else {
            self.dropped = self.dropped.saturating_add(1);
            return None;
        };
        self.tellings_left = left;
        match request {
            Request::Log {
                level,
                logger,
                data,
            } => match self.log_left?.checked_sub(data.len()) {
                Some(left) => {
                    self.log_left = Some(left);
                    Some(Telling::Log {
                        level,
                        logger,
                        data,
                    })
                }
                None => {
                    self.log_left = None;
                    Some(Telling::Log {
                        level: LogLevel::Warning,
                        logger: Some("smcp".into()),
                        data: format!(
                            "\"the log of this call is full at {} bytes; the rest is dropped\"",
                            limits::LOG_MAX
                        ),
                    })
                }
            },
            Request::Progress {
                progress,
                total,
                message,
            } => Some(Telling::Progress {
                progress,
                total,
                message,
            }),
            Request::Notify(notice) => Some(Telling::Notice(notice)),
            _ => None,
        }
    }
}
