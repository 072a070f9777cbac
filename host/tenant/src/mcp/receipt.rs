//! The receipt of a call, for a client that asks for one.
//!
//! It is written here and signed by the shell, whose key no engine has: an engine that somebody has
//! taken over can lie about its own tenant's calls, and about no other's.

use smcp_capability::turn::{Effect, Performed};
use smcp_crypto::sha256;
use smcp_ids::Digest;
use smcp_protocol::MetaEntry;
use smcp_sandbox::{Bounds, Ended, Entry, Output, profile};

use super::run::Run;
use crate::call::Call;
use crate::receipt::{Allowed, Receipt};

/// What a receipt says of the run that returned, which is over when its method and name are at hand.
pub(super) struct Ran {
    request: Digest,
    tape: Digest,
    result: Digest,
    bounds: Bounds,
}

impl Ran {
    /// That of a call which has returned a result; none of any other.
    pub(super) fn of(
        bounds: Bounds,
        ended: &Ended,
        call: &Call,
        is_result: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let (Entry::CallTool(request)
        | Entry::GetPrompt(request)
        | Entry::ReadResource(request)
        | Entry::Complete(request)) = call.entry()
        else {
            return None;
        };
        let Ok(Output::Text(result)) = &ended.result else {
            return None;
        };
        let request = sha256(request.as_bytes());
        is_result(result).then(|| Self {
            request,
            tape: sha256(&call.tape().to_bytes()),
            result: sha256(result.as_bytes()),
            bounds,
        })
    }
}

impl Run<'_> {
    /// The receipt of a call. What it did is done by now: where it cannot be signed, its client is
    /// answered without.
    pub(super) async fn receipt(
        &self,
        ran: Ran,
        ended: &Ended,
        method: &str,
        name: &str,
    ) -> Option<MetaEntry> {
        let outside = &self.scene.outside;
        let receipt = Receipt {
            tenant: self.principal.tenant()?.clone(),
            server: self.server.clone(),
            release: self.ready.release,
            profile: profile::ID,
            method: method.to_owned(),
            name: name.to_owned(),
            request: ran.request,
            tape: ran.tape,
            result: ran.result,
            bounds: Allowed {
                memory: ran.bounds.memory as u64,
                fuel: ran.bounds.fuel,
                output: ran.bounds.output as u64,
            },
            fuel: ended.fuel,
            time: outside.now(),
        };
        let body = receipt.body().as_bytes().to_vec();
        match outside.perform(Effect::Sign(body)).await {
            Performed::Signed { key, signature } => {
                receipt.signed(key, &signature).map(MetaEntry::receipt)
            }
            _ => None,
        }
    }
}
