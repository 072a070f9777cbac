//! `subscriptions/listen`: what is said at its beginning, and what is kept of it.
//!
//! The turn ends, and the stream stays: see `listeners.rs` for how it is told of anything.

use smcp_auth::Principal;
use smcp_capability::turn::{Frame, Head, Listen as Stream};
use smcp_ids::limits;
use smcp_protocol::{Answer, Listen, Offer, ReplyTo, SSE_HEADERS, sse};

use super::Endpoint;
use crate::listeners::Listener;
use crate::problem::Problem;
use crate::state::Scene;

/// Set by the edge, when it comes back to an object that it lost the connection to. Whoever else sets it
/// is told of changes that were none, and is not told what of its wish is honoured: their loss.
const RESUMED: &str = "x-smcp-resumed";

/// A request of a client that may want to listen: what it came with.
pub(super) struct Listening<'a> {
    pub(super) scene: &'a Scene,
    pub(super) frame: &'a Frame,
    pub(super) endpoint: &'a Endpoint,
    pub(super) principal: &'a Principal,
}

impl Listening<'_> {
    /// Leaves a stream behind. An answer there is only to a wish that makes no sense.
    pub(super) async fn answer(
        &self,
        to: &ReplyTo,
        listen: &Listen<'_>,
        offer: &Offer<'_>,
    ) -> Result<Answer, Problem> {
        let filter = match listen.filter(offer) {
            Ok(filter) => filter,
            Err(error) => return Ok(to.error(&error)),
        };
        let subscription = to.subscription();
        let first: String = if self.frame.header(RESUMED).is_some() {
            // What happened while the connection was lost is not known: all of it may have.
            let changes = filter.changes();
            let events = changes.iter().map(|change| subscription.change(change));
            events.map(|message| sse::event(&message)).collect()
        } else {
            sse::event(&subscription.acknowledged(&filter))
        };
        let server = match self.endpoint {
            Endpoint::Server(server) => Some(server.clone()),
            Endpoint::Union => None,
        };
        let record = Listener::new(server, self.principal, subscription, filter)
            .and_then(|listener| listener.encode())
            .filter(|record| record.len() <= limits::LISTENER_RECORD_MAX)
            .ok_or_else(Problem::host)?;
        let head = Head {
            status: 200,
            headers: super::headers(SSE_HEADERS),
        };
        let first = first.into_bytes();
        let stream = Stream {
            head,
            first,
            record,
        };
        Err(self.scene.outside.leave(stream).await)
    }
}
