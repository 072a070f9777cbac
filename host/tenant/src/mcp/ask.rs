//! Questions of a guest to its client, without stored state (2026-07-28, basic/patterns/mrtr).
//!
//! A question ends the round. The client carries the call's tape, sealed, and sends its request again
//! with the answers; the call is run anew from the tape, so that nothing it did happens twice. What
//! the client carries is bound to all that the call depends on: tenant, server, release, principal,
//! method, what is named, arguments, engine profile and the client's capabilities.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use smcp_crypto::{Binding, Purpose, sha256};
use smcp_ids::{UnixMillis, limits};
use smcp_protocol::{GuestCall, ProtocolError};
use smcp_sandbox::profile;
use smcp_tape::Tape;

use super::run::Run;
use crate::problem::Problem;
use crate::questions::Round;

/// What a client carries to the next round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Carried {
    pub(super) round: Round,
    pub(super) tape: Tape,
    /// Until when the client may come back.
    pub(super) expires: UnixMillis,
}

impl Run<'_> {
    /// What a client's state is bound to.
    fn binding(&self, call: &GuestCall<'_>, capabilities: &str) -> Binding {
        // Written the same way whatever a client did to order and spaces.
        let arguments: Option<serde_json::Value> = serde_json::from_str(call.arguments()).ok();
        let arguments = serde_json::to_vec(&arguments).unwrap_or_default();
        let tenant = self.principal.tenant().map(ToString::to_string);
        Binding::new("request-state")
            .text(&tenant.unwrap_or_default())
            .text(&self.server.to_string())
            .bytes(self.ready.release.as_bytes())
            .text(&self.principal.to_string())
            .text(call.target().method())
            .text(call.name())
            .bytes(sha256(&arguments).as_bytes())
            .number(u64::from(profile::ID))
            .text(capabilities)
    }

    /// The state that a client carries to the next round.
    pub(super) fn seal(
        &self,
        call: &GuestCall<'_>,
        carried: &Carried,
        capabilities: &str,
    ) -> Result<String, Problem> {
        let bytes = postcard::to_allocvec(carried).map_err(|_| Problem::host())?;
        if bytes.len() > limits::REQUEST_STATE_MAX {
            return Err(Problem::new(
                413,
                "request_state_too_large",
                format!(
                    "what this call has learnt before its question is larger than {} bytes, which is \
                     more than a client can carry",
                    limits::REQUEST_STATE_MAX
                ),
            ));
        }
        let keys = self.keys()?;
        let sealed = keys
            .seal(
                self.scene.nonce(),
                &self.binding(call, capabilities),
                &bytes,
            )
            .map_err(|_| Problem::host())?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What the client carried here; an error if it is not for this call, or comes too late.
    pub(super) fn unseal(
        &self,
        call: &GuestCall<'_>,
        state: &str,
        capabilities: &str,
    ) -> Result<Result<Carried, ProtocolError>, Problem> {
        let keys = self.keys()?;
        let carried = URL_SAFE_NO_PAD
            .decode(state)
            .ok()
            .and_then(|sealed| keys.open(&self.binding(call, capabilities), &sealed).ok())
            .and_then(|bytes| postcard::from_bytes::<Carried>(&bytes).ok())
            .filter(|carried| carried.expires >= self.scene.outside.now());
        Ok(carried.ok_or(ProtocolError::RequestState))
    }

    fn keys(&self) -> Result<smcp_crypto::PurposeKeys, Problem> {
        let state = self.scene.state.borrow();
        let keys = state.keys.as_ref().ok_or_else(Problem::host)?;
        Ok(keys.purpose(Purpose::RequestState))
    }
}
