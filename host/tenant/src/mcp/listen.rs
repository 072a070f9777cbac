//! `subscriptions/listen`: a turn that sleeps until there is something to tell.
//!
//! Whether the client may still be told is proven again each time: a key that is revoked meanwhile
//! ends the stream before anything more is said.

use smcp_auth::Principal;
use smcp_capability::turn::{Effect, Frame, Head, Performed};
use smcp_protocol::{Answer, Filter, Listen, Offer, ReplyTo, SSE_HEADERS, sse};

use super::Endpoint;
use crate::door;
use crate::problem::Problem;
use crate::state::Scene;

/// A request of a client that may want to listen: what it came with.
pub(super) struct Listening<'a> {
    pub(super) scene: &'a Scene,
    pub(super) frame: &'a Frame,
    pub(super) endpoint: &'a Endpoint,
    pub(super) principal: &'a Principal,
}

impl Listening<'_> {
    /// Answers with a stream that ends when the client goes, falls behind or may no longer listen.
    pub(super) async fn answer(
        &self,
        to: &ReplyTo,
        listen: &Listen<'_>,
        offer: &Offer<'_>,
    ) -> Result<Answer, Problem> {
        let scene = self.scene;
        let filter = match listen.filter(offer) {
            Ok(filter) => filter,
            Err(error) => return Ok(to.error(&error)),
        };
        if !scene.state.borrow().listeners.has_room() {
            return Err(Problem::busy());
        }
        let outside = &scene.outside;
        let acknowledged = sse::event(&to.acknowledged(&filter));
        let _place = Place::take(self, filter);
        outside
            .open(Head {
                status: 200,
                headers: super::headers(SSE_HEADERS),
            })
            .await;
        outside.emit(acknowledged.into_bytes()).await;
        loop {
            let waiting = scene.state.borrow_mut().listeners.take(scene.turn);
            match waiting {
                Some(changes) if changes.is_empty() => {
                    if outside.perform(Effect::Sleep).await != Performed::Done {
                        return Ok(to.unsubscribed());
                    }
                }
                Some(changes) if self.may_stay() => {
                    for change in changes {
                        let event = sse::event(&to.change(&change));
                        outside.emit(event.into_bytes()).await;
                    }
                }
                _ => return Ok(to.unsubscribed()),
            }
        }
    }

    fn may_stay(&self) -> bool {
        door::principal(self.scene, self.frame, self.endpoint).is_ok()
    }
}

/// A place among those who listen. Given back when dropped, so that a client that goes keeps none.
struct Place<'a>(&'a Scene);

impl<'a> Place<'a> {
    fn take(listening: &Listening<'a>, filter: Filter) -> Self {
        let server = match listening.endpoint {
            Endpoint::Server(server) => Some(server.clone()),
            Endpoint::Union => None,
        };
        let scene = listening.scene;
        let principal = listening.principal.clone();
        let mut state = scene.state.borrow_mut();
        state.listeners.add(scene.turn, server, principal, filter);
        drop(state);
        Self(scene)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.state.borrow_mut().listeners.remove(self.0.turn);
    }
}
