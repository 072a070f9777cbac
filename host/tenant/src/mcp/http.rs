//! Requests of a guest to other hosts: at most once each, and only while what the call has read holds.
//!
//! What is sent cannot be undone. So before each request the call's reads are checked, as they are when it
//! commits, and a call that is stale is run again first; and of a call that was asked about before, so that its
//! client could send the same round twice, only one may go on.

use core::cell::RefCell;
use std::rc::Rc;

use smcp_capability::call::Answer;
use smcp_capability::http::{
    HttpAnswer, HttpError, HttpErrorKind, HttpRequest, Method, Sending, Sent, Url, UrlError,
    send::Access,
};
use smcp_capability::turn::{Effect, Fetched, Performed};
use smcp_ids::{UnixMillis, limits};

use super::attempt::Attempt;
use super::kv::Settled;
use super::run::Run;
use crate::call::Call;
use crate::problem::Problem;
use crate::state::{Scene, State};

/// How often a request that waits for others looks whether it may go, in milliseconds.
const LOOK_MILLIS: u32 = 5;

/// What became of a guest's request.
pub(super) enum Sends {
    /// It is answered.
    Answered(Answer),
    /// What the call has read has changed: it must be run again.
    Stale,
    /// The call has gone on already, with other answers of its client.
    Spent,
}

impl Run<'_> {
    /// Sends what a guest asks to be sent, if it may be.
    pub(super) async fn send(
        &self,
        call: &Call,
        attempt: &mut Attempt<'_, '_>,
        request: HttpRequest,
    ) -> Result<Sends, Problem> {
        let access = self.access()?;
        let patience = request.timeout.unwrap_or(limits::HTTP_TIMEOUT_MILLIS);
        let is_safe = request.method.parse().is_ok_and(Method::is_safe);
        let refused = |error| Ok(Sends::Answered(Answer::Http(Err(error))));
        let is_address = matches!(request.url.parse::<Url>(), Err(UrlError::Host));
        let sending = match Sending::of(request, &access) {
            Ok(sending) => sending,
            Err(error) => {
                self.was_denied(error.kind, is_address);
                return refused(error);
            }
        };
        if let Err(error) = attempt.round.count_request() {
            return refused(error);
        }
        // It may take long: whoever waits sees that the call is alive.
        self.open().await;
        let until = self
            .scene
            .outside
            .now()
            .plus(patience.min(limits::HTTP_TIMEOUT_MILLIS).into())
            .min(attempt.deadline());
        let _place = Place::acquire(self.scene, until).await;
        match self.check(call, attempt, is_safe).await? {
            Settled::Kept => {}
            Settled::Spent => return Ok(Sends::Spent),
            Settled::Stale | Settled::Full => return Ok(Sends::Stale),
        }
        let answer = self.follow(sending, &access, attempt, until).await;
        if let Err(error) = &answer {
            self.was_denied(error.kind, false);
        }
        let size = answer.as_ref().map_or(0, |answer| answer.body.len());
        attempt.round.answered += size as u64;
        Ok(Sends::Answered(Answer::Http(answer)))
    }

    /// Sends a request, and again wherever it is redirected.
    async fn follow(
        &self,
        mut sending: Sending,
        access: &Access,
        attempt: &mut Attempt<'_, '_>,
        until: UnixMillis,
    ) -> Result<HttpAnswer, HttpError> {
        loop {
            let left = until.since(self.scene.outside.now());
            let fetched = if left == 0 {
                Fetched::TimedOut
            } else {
                let fetch = sending.fetch(
                    access,
                    u32::try_from(left).unwrap_or(u32::MAX),
                    attempt.round.answer_max(),
                )?;
                match self.scene.outside.perform(Effect::Fetch(fetch)).await {
                    Performed::Fetched(fetched) => fetched,
                    _ => Fetched::Failed,
                }
            };
            match sending.answered(fetched, access) {
                Sent::Over(answer) => return answer,
                Sent::Again(again) => sending = again,
            }
            // The first was sent: that there may be no more of them is no reason to say that none was.
            attempt.round.count_request().map_err(|error| HttpError {
                kind: HttpErrorKind::Redirected,
                ..error
            })?;
        }
    }

    /// Raises an alert if a request was not sent because it may not be.
    fn was_denied(&self, kind: HttpErrorKind, is_address: bool) {
        let code = match kind {
            HttpErrorKind::Denied => "http_denied",
            HttpErrorKind::Secret => "http_secret",
            HttpErrorKind::Redirected => "http_redirected",
            HttpErrorKind::Invalid if is_address => "http_address",
            _ => return,
        };
        self.scene.denied(code);
    }

    /// What the server may reach now: a change of its grants or secrets holds at once.
    fn access(&self) -> Result<Access, Problem> {
        let state = self.scene.state.borrow();
        Ok(state.directory()?.access(self.server))
    }
}

/// One of the tenant's requests under way. Given back when dropped, so that a turn that is cancelled keeps
/// none.
pub(crate) struct Place(Option<Rc<RefCell<State>>>);

impl Place {
    /// Waits for one; until then, at the latest: what is late is not sent.
    pub(crate) async fn acquire(scene: &Scene, until: UnixMillis) -> Self {
        loop {
            {
                let mut state = scene.state.borrow_mut();
                if state.requests < limits::HTTP_AT_ONCE {
                    state.requests += 1;
                    return Self(Some(scene.state.clone()));
                }
            }
            if scene.outside.now() >= until {
                return Self(None);
            }
            scene.outside.perform(Effect::Wait(LOOK_MILLIS)).await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(state) = &self.0 {
            state.borrow_mut().requests -= 1;
        }
    }
}
