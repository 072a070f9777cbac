//! Questions of a guest to its client, without stored state (2026-07-28, basic/patterns/mrtr).
//!
//! A question ends the round. The client carries the call's tape, sealed, and sends its request again
//! with the answers; the call is run anew from the tape, so that nothing it did happens twice. What
//! the client carries is bound to all that the call depends on: tenant, server, release, principal,
//! method, what is named, arguments, engine profile and the client's capabilities.
//!
//! A tape that is too large to be carried is left in the object's storage until the client must be
//! back, and the client carries its name.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use smcp_auth::Principal;
use smcp_crypto::{Binding, Purpose, sha256};
use smcp_ids::{Digest, ReleaseDigest, ServerSlug, UnixMillis, limits};
use smcp_protocol::{GuestCall, ProtocolError};
use smcp_sandbox::profile;
use smcp_tape::Tape;

use super::run::Run;
use crate::item::{Space, waiting_quota};
use crate::problem::Problem;
use crate::questions::Round;
use crate::state::Scene;

/// What a client carries to the next round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Carried {
    pub(super) round: Round,
    pub(super) tape: Tape,
    /// Until when the client may come back.
    pub(super) expires: UnixMillis,
}

/// How it is carried.
#[derive(Serialize, Deserialize)]
enum State {
    /// By the client.
    Whole(#[serde(with = "serde_bytes")] Vec<u8>),
    /// By the object: the name under which.
    Left(String),
}

/// What a client's state is bound to, beside the release on which the call was begun.
pub(super) struct Bound<'a> {
    pub(super) principal: &'a Principal,
    pub(super) server: &'a ServerSlug,
    pub(super) call: &'a GuestCall<'a>,
    /// What the client can do, a JSON object.
    pub(super) capabilities: &'a str,
}

impl Bound<'_> {
    fn binding(&self, release: ReleaseDigest) -> Binding {
        // Written the same way whatever a client did to order and spaces.
        let arguments: Option<serde_json::Value> = serde_json::from_str(self.call.arguments()).ok();
        let arguments = serde_json::to_vec(&arguments).unwrap_or_default();
        let tenant = self.principal.tenant().map(ToString::to_string);
        Binding::new("request-state")
            .text(&tenant.unwrap_or_default())
            .text(&self.server.to_string())
            .bytes(release.as_bytes())
            .text(&self.principal.to_string())
            .text(self.call.target().method())
            .text(self.call.name())
            .bytes(sha256(&arguments).as_bytes())
            .number(u64::from(profile::ID))
            .text(self.capabilities)
    }
}

impl Scene {
    /// The release of which a client's state is, if it is of the call to which it comes.
    pub(super) fn release_of(
        &self,
        bound: &Bound<'_>,
        state: &str,
    ) -> Result<Option<ReleaseDigest>, Problem> {
        Ok(self.open_state(bound, state)?.map(|(release, _)| release))
    }

    /// A client's state, opened, with its release, which it names before it says anything.
    fn open_state(
        &self,
        bound: &Bound<'_>,
        state: &str,
    ) -> Result<Option<(ReleaseDigest, State)>, Problem> {
        let keys = self.data_keys(Purpose::RequestState)?;
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(state) else {
            return Ok(None);
        };
        let Some((release, sealed)) = bytes.split_first_chunk() else {
            return Ok(None);
        };
        let release = ReleaseDigest::new(*release);
        let opened = keys.open(&bound.binding(release), sealed).ok();
        let state = opened.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        Ok(state.map(|state| (release, state)))
    }
}

impl Run<'_> {
    fn bound<'b>(&'b self, call: &'b GuestCall<'_>, capabilities: &'b str) -> Bound<'b> {
        Bound {
            principal: self.principal,
            server: self.server,
            call,
            capabilities,
        }
    }

    /// The state that a client carries to the next round.
    pub(super) async fn seal(
        &self,
        call: &GuestCall<'_>,
        carried: &Carried,
        capabilities: &str,
    ) -> Result<String, Problem> {
        let bytes = postcard::to_allocvec(carried).map_err(|_| Problem::host())?;
        let state = if bytes.len() > limits::REQUEST_STATE_MAX {
            self.leave(&bytes, carried.expires).await?
        } else {
            State::Whole(bytes)
        };
        let bytes = postcard::to_allocvec(&state).map_err(|_| Problem::host())?;
        let release = self.ready.release;
        let binding = self.bound(call, capabilities).binding(release);
        let keys = self.scene.data_keys(Purpose::RequestState)?;
        let sealed = keys.seal(self.scene.nonce(), &binding, &bytes);
        let sealed = sealed.map_err(|_| Problem::host())?;
        Ok(URL_SAFE_NO_PAD.encode([release.as_bytes(), &*sealed].concat()))
    }

    /// What the client carried here; an error if it is not for this call, or comes too late.
    pub(super) async fn unseal(
        &self,
        call: &GuestCall<'_>,
        state: &str,
        capabilities: &str,
    ) -> Result<Result<Carried, ProtocolError>, Problem> {
        let bound = self.bound(call, capabilities);
        let opened = self.scene.open_state(&bound, state)?;
        let own = opened.filter(|(release, _)| *release == self.ready.release);
        let bytes = match own.map(|(_, state)| state) {
            Some(State::Whole(bytes)) => Some(bytes),
            Some(State::Left(name)) => {
                let (space, prefix) = (self.waiting(), prefix(&name));
                self.scene.read_pieces(&space, &prefix).await?
            }
            None => None,
        };
        let carried = bytes
            .and_then(|bytes| postcard::from_bytes::<Carried>(&bytes).ok())
            .filter(|carried| carried.expires >= self.scene.outside.now());
        Ok(carried.ok_or(ProtocolError::RequestState))
    }

    /// Leaves bytes in the object. They go by themselves, and are not taken away before: an answer
    /// that is lost on the way can be sent again.
    async fn leave(&self, bytes: &[u8], expires: UnixMillis) -> Result<State, Problem> {
        if bytes.len() > limits::TAPE_MAX {
            return Err(Problem::new(
                413,
                "request_state_too_large",
                format!(
                    "what this call has learnt before its question is larger than {} bytes",
                    limits::TAPE_MAX
                ),
            ));
        }
        let space = self.waiting();
        let name = Digest::new(self.scene.draw()).to_string();
        let writes = self.scene.pieces(&space, &prefix(&name), bytes, expires)?;
        if self.scene.keep(writes, vec![waiting_quota(&space)]).await? {
            return Ok(State::Left(name));
        }
        Err(Problem::new(
            429,
            "too_many_questions",
            "too many calls of this caller wait for an answer already, or too large ones; answer some, or try \
             again in ten minutes",
        ))
    }

    fn waiting(&self) -> Space {
        Space::waiting(&self.principal.to_string())
    }
}

/// What is left of one call is under keys that begin so.
fn prefix(name: &str) -> String {
    format!("{name}/")
}
