//! Plays a tape to a call, and records what it does not have yet.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use smcp_capability::call::{Answer, Request};
use smcp_ids::UnixMillis;
use smcp_ids::limits::TASK_MILLIS;

use crate::{Entry, Header, Tape, TapeError};

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is answered: from the header, or from an entry.
    Answered(Answer),
    /// It tells the client something: pass it on, then answer [`Answer::Done`].
    Tell,
    /// It tells the client something that an earlier run has told already: answer
    /// [`Answer::Done`], and no more.
    Told,
    /// It must be performed: then [`Player::record`] the answer.
    Perform,
}

/// A tape being played, and lengthened, by one call.
pub struct Player {
    tape: Tape,
    played: usize,
    told: u32,
    now: UnixMillis,
    /// When the round began whose client has answered last.
    began: UnixMillis,
    /// When it became a task, if it has.
    task: Option<UnixMillis>,
    random: ChaCha20,
    awaited: Option<Request>,
}

impl core::fmt::Debug for Player {
    /// Leaves out the seed.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Player")
            .field("played", &self.played)
            .finish_non_exhaustive()
    }
}

impl Player {
    /// Plays `tape` from its beginning.
    pub fn new(tape: Tape) -> Self {
        // The seed is used for this call alone, so that the nonce may be fixed.
        let random = ChaCha20::new(&tape.header.seed.into(), &[0; 12].into());
        Self {
            played: 0,
            told: 0,
            now: tape.header.start,
            began: tape.header.start,
            task: None,
            random,
            awaited: None,
            tape,
        }
    }

    /// Says what becomes of the next request of the call.
    ///
    /// # Errors
    ///
    /// If the tape has another request here.
    pub fn ask(&mut self, request: &Request) -> Result<Verdict, TapeError> {
        match request {
            Request::Now => Ok(Verdict::Answered(Answer::Instant(self.now))),
            Request::Random(length) => {
                let mut bytes = vec![0; *length as usize];
                self.random.apply_keystream(&mut bytes);
                Ok(Verdict::Answered(Answer::Bytes(bytes)))
            }
            Request::Who => Ok(Verdict::Answered(Answer::Caller(
                self.tape.header.caller.clone(),
            ))),
            Request::Origin => Ok(Verdict::Answered(Answer::Origin(
                self.tape.header.origin.clone(),
            ))),
            Request::TimeLeft => {
                let deadline = match self.task {
                    Some(began) => began.plus(TASK_MILLIS),
                    None => self.began.plus(self.tape.header.deadline_millis),
                };
                Ok(Verdict::Answered(Answer::Millis(deadline.since(self.now))))
            }
            Request::Capabilities => Ok(Verdict::Answered(Answer::Text(
                self.tape.header.client_capabilities.clone(),
            ))),
            Request::Log { .. } | Request::Progress { .. } => Ok(self.tell()),
            // It is told to others, when the call has returned: whatever an earlier run did.
            Request::Notify(_) => Ok(Verdict::Tell),
            Request::Sleep(_)
            | Request::Ask(_)
            | Request::Setting(_)
            | Request::Kv(_)
            | Request::Http(_)
            | Request::BeginTask => self.perform(request),
        }
    }

    fn tell(&mut self) -> Verdict {
        self.told = self.told.saturating_add(1);
        if self.told <= self.tape.told {
            return Verdict::Told;
        }
        self.tape.told = self.told;
        Verdict::Tell
    }

    fn perform(&mut self, request: &Request) -> Result<Verdict, TapeError> {
        match self.tape.entries.get(self.played) {
            None => Ok(self.remembered(request)),
            Some(entry) if entry.request == *request => {
                self.played += 1;
                self.now = entry.at;
                let answer = entry.answer.clone();
                self.take_note(&answer);
                Ok(Verdict::Answered(answer))
            }
            Some(_) => Err(TapeError::Diverged(self.played)),
        }
    }

    /// An answer of an earlier run, if there is one; it is on the tape from then on.
    fn remembered(&mut self, request: &Request) -> Verdict {
        let same = |entry: &Entry| entry.request == *request;
        match self.tape.remembered.iter().position(same) {
            Some(place) => {
                let mut entry = self.tape.remembered.remove(place);
                self.now = self.now.max(entry.at);
                entry.at = self.now;
                let answer = entry.answer.clone();
                self.take_note(&answer);
                self.tape.entries.push(entry);
                self.played += 1;
                Verdict::Answered(answer)
            }
            None => {
                self.awaited = Some(request.clone());
                Verdict::Perform
            }
        }
    }

    /// What an answer changes in how long the call may take: one of the client begins another round, and
    /// a task has a time of its own.
    fn take_note(&mut self, answer: &Answer) {
        match answer {
            Answer::Answers(_) => self.began = self.now,
            Answer::Flag(true) => {
                self.task.get_or_insert(self.now);
            }
            _ => {}
        }
    }

    /// What `context.now` returns.
    pub fn now(&self) -> UnixMillis {
        self.now
    }

    /// What was fixed when the call started.
    pub fn header(&self) -> &Header {
        &self.tape.header
    }

    /// Records the answer to the request of the last [`Verdict::Perform`]. Time never goes back.
    ///
    /// # Errors
    ///
    /// If no request waits for an answer.
    pub fn record(&mut self, answer: Answer, at: UnixMillis) -> Result<(), TapeError> {
        let request = self.awaited.take().ok_or(TapeError::Unasked)?;
        self.now = self.now.max(at);
        self.take_note(&answer);
        self.tape.entries.push(Entry {
            request,
            answer,
            at: self.now,
        });
        self.played += 1;
        Ok(())
    }

    /// How many effects the call has asked for.
    pub fn effects(&self) -> usize {
        self.played + usize::from(self.awaited.is_some())
    }

    /// The tape as it is now.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// The same, for good.
    pub fn into_tape(self) -> Tape {
        self.tape
    }
}
