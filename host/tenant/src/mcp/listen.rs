//! `subscriptions/listen`: what is said at its beginning, and what is kept of it.
//!
//! The turn ends, and the stream stays: see `listeners.rs` for how it is told of anything.

use smcp_capability::turn::{Head, Listen as Stream};
use smcp_protocol::{Answer, Listen, Offer, ReplyTo, SSE_HEADERS, sse};

use super::Asked;
use crate::listeners::{Hearer, Listener};
use crate::problem::Problem;

/// Set by the edge, when it comes back to an object that it lost the connection to. Whoever else sets it
/// is told of changes that were none, and is not told what of its wish is honoured: their loss.
pub(super) const RESUMED: &str = "x-smcp-resumed";

/// A request of a client that may want to listen.
pub(super) struct Listening<'a>(pub(super) &'a Asked<'a>);

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
        let first: String = if self.0.frame.header(RESUMED).is_some() {
            // What happened while the connection was lost is not known: all of it may have.
            let changes = filter.changes();
            let events = changes.iter().map(|change| subscription.change(change));
            events.map(|message| sse::event(&message)).collect()
        } else {
            sse::event(&subscription.acknowledged(&filter))
        };
        let server = self.0.endpoint.server().cloned();
        let record = Listener::new(server, self.0.principal, subscription, filter)
            .and_then(|listener| Hearer::Listener(listener).encode())
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
        Err(self.0.scene.leaves(stream).await)
    }
}
