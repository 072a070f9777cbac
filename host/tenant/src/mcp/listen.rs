//! `subscriptions/listen`: a turn that sleeps until there is something to tell.

use smcp_capability::turn::{Effect, Head, Performed};
use smcp_ids::ServerSlug;
use smcp_protocol::{Answer, Listen, Offer, ReplyTo, SSE_HEADERS, sse};

use crate::problem::Problem;
use crate::state::Scene;

/// Answers with a stream that ends when the client goes, or falls behind.
pub(super) async fn answer(
    scene: &Scene,
    to: &ReplyTo,
    server: Option<&ServerSlug>,
    listen: &Listen<'_>,
    offer: &Offer<'_>,
) -> Result<Answer, Problem> {
    let filter = match listen.filter(offer) {
        Ok(filter) => filter,
        Err(error) => return Ok(to.error(&error)),
    };
    if !scene.state.borrow().listeners.has_room() {
        return Err(Problem::busy());
    }
    let outside = &scene.outside;
    let acknowledged = sse::event(&to.acknowledged(&filter));
    let _place = Place::take(scene, server.cloned(), filter);
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
            None => return Ok(to.unsubscribed()),
            Some(changes) if changes.is_empty() => {
                if outside.perform(Effect::Sleep).await != Performed::Done {
                    return Ok(to.unsubscribed());
                }
            }
            Some(changes) => {
                for change in changes {
                    outside
                        .emit(sse::event(&to.change(&change)).into_bytes())
                        .await;
                }
            }
        }
    }
}

/// A place among those who listen. Given back when dropped, so that a client that goes keeps none.
struct Place<'a>(&'a Scene);

impl<'a> Place<'a> {
    fn take(scene: &'a Scene, server: Option<ServerSlug>, filter: smcp_protocol::Filter) -> Self {
        let mut state = scene.state.borrow_mut();
        state.listeners.add(scene.turn, server, filter);
        drop(state);
        Self(scene)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.state.borrow_mut().listeners.remove(self.0.turn);
    }
}
