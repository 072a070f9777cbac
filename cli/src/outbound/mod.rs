//! Requests of a server on this machine to other hosts: by the policy of a host, performed by this process.
//!
//! `smcp_capability::http` decides what may be sent, with which secrets, and where a redirect may lead; `given` reads
//! what the user of the command grants; `fetch` sends; `address` keeps to the public network, which no option lifts.

mod address;
mod fetch;
mod given;

use std::time::{Duration, Instant};

use smcp_capability::call::{Answer, Request};
use smcp_capability::http::send::Access;
use smcp_capability::http::{
    HttpAnswer, HttpError, HttpErrorKind, HttpRequest, Method, Sending, Sent,
};
use smcp_capability::turn::Fetched;
use smcp_ids::limits;
use smcp_tape::Tape;

use self::address::NotPublic;
pub(crate) use self::fetch::{Everything, Fetcher};
pub(crate) use self::given::Given;
use crate::failure::Failure;
use crate::ui::Ui;

/// What a server on this machine may reach, and how.
pub(crate) struct Outbound {
    access: Access,
    fetcher: Fetcher,
    ui: Ui,
}

/// A request that may be sent.
pub(crate) struct Ready {
    sending: Sending,
    /// How long it may take at the most.
    within: Duration,
}

impl Ready {
    /// Whether it asks for nothing to be changed.
    pub(crate) fn is_safe(&self) -> bool {
        self.sending.is_safe()
    }
}

/// What a call has sent and been answered so far.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    requests: u32,
    bytes: usize,
    has_changed: bool,
}

impl Spent {
    /// What a call had sent that goes on with this tape.
    pub(crate) fn of(tape: &Tape) -> Self {
        let mut spent = Self::default();
        for entry in tape.entries.iter().chain(&tape.remembered) {
            if let (Request::Http(request), Answer::Http(answer)) = (&entry.request, &entry.answer)
            {
                spent.add(request, answer);
            }
        }
        spent
    }

    /// Whether it has sent what may have changed something: such a call is not run again.
    pub(crate) fn has_changed(&self) -> bool {
        self.has_changed
    }

    fn add(&mut self, request: &HttpRequest, answer: &Result<HttpAnswer, HttpError>) {
        let is_sent = |error: &HttpError| error.kind.may_be_sent();
        if answer.as_ref().err().is_none_or(is_sent) {
            let is_safe = request.method.parse().is_ok_and(Method::is_safe);
            self.requests += 1;
            self.has_changed |= !is_safe;
        }
        self.bytes += answer.as_ref().map_or(0, |answer| answer.body.len());
    }
}

impl Outbound {
    /// What the user grants, reached through that fetcher.
    pub(crate) fn open(given: &Given, fetcher: Fetcher, ui: Ui) -> Result<Self, Failure> {
        Ok(Self {
            access: given.access()?,
            fetcher,
            ui,
        })
    }

    /// The request of a guest, if it may be sent. What is missing is told to the user too, who can give it.
    pub(crate) fn check(&self, request: HttpRequest) -> Result<Ready, HttpError> {
        let most = limits::HTTP_TIMEOUT_MILLIS;
        let millis = request.timeout.map_or(most, |timeout| timeout.min(most));
        let sending = Sending::of(request, &self.access).inspect_err(|error| {
            let option = match error.kind {
                HttpErrorKind::Denied => "--allow HOST=METHODS",
                HttpErrorKind::Secret => "--secret NAME",
                _ => return,
            };
            let message = &error.message;
            self.ui
                .note(format_args!("{message}; on this machine, give {option}"));
        })?;
        Ok(Ready {
            sending,
            within: Duration::from_millis(millis.into()),
        })
    }

    /// Sends it, follows where it is redirected to, and waits no longer than that for the answer.
    pub(crate) fn send(
        &self,
        ready: Ready,
        spent: &mut Spent,
        left: Duration,
    ) -> Result<HttpAnswer, HttpError> {
        let until = Instant::now() + ready.within.min(left);
        let mut sending = ready.sending;
        let mut is_sent = false;
        loop {
            let fetched = self.fetch(&sending, spent, until);
            // The first was sent, whatever keeps the next from being.
            let fetched = fetched.map_err(|error| match is_sent {
                false => error,
                true => HttpError::new(HttpErrorKind::Redirected, error.message),
            })?;
            is_sent = true;
            match sending.answered(fetched, &self.access) {
                Sent::Over(result) => return result,
                Sent::Again(next) => sending = next,
            }
        }
    }

    fn fetch(
        &self,
        sending: &Sending,
        spent: &mut Spent,
        until: Instant,
    ) -> Result<Fetched, HttpError> {
        if spent.requests >= limits::HTTP_REQUESTS_MAX {
            return Err(HttpError::new(
                HttpErrorKind::TooMany,
                format!(
                    "the call has sent {} requests, which is all that it may",
                    limits::HTTP_REQUESTS_MAX
                ),
            ));
        }
        let left = until.saturating_duration_since(Instant::now()).as_millis();
        // No timeout at all is what a fetcher makes of none.
        let Some(millis) = u32::try_from(left).ok().filter(|millis| *millis > 0) else {
            return Ok(Fetched::TimedOut);
        };
        let room = limits::HTTP_ANSWERS_MAX.saturating_sub(spent.bytes);
        let body_max = room.min(limits::HTTP_BODY_MAX);
        let fetch = sending.fetch(&self.access, millis, body_max as u32)?;
        spent.requests += 1;
        let fetched = self.fetcher.fetch(&fetch).map_err(|NotPublic| {
            HttpError::new(
                HttpErrorKind::Denied,
                "this name stands for an address that is not public; no server may reach it",
            )
        })?;
        spent.has_changed |= !sending.is_safe();
        if let Fetched::Answer(answer) = &fetched {
            spent.bytes += answer.body.len();
        }
        Ok(fetched)
    }
}

#[cfg(test)]
mod tests;
