//! What a call's client sees of it before it is over: a stream that says that it is alive, and what the
//! guest tells on the way.

use smcp_capability::turn::{Effect, Head, Performed};
use smcp_ids::limits;
use smcp_protocol::{Notifier, SSE_HEADERS, sse};
use smcp_sandbox::{Fault, HostFault};

use super::attempt::Times;
use super::run::Run;
use crate::call::Telling;
use crate::outcome;

impl Run<'_> {
    /// Sleeps, but not beyond the deadline.
    pub(super) async fn sleep(&self, millis: u32, times: Times) -> Result<(), Fault> {
        let outside = &self.scene.outside;
        if u64::from(millis) >= limits::STREAM_AFTER_MILLIS {
            self.open().await;
        }
        // One more millisecond than is left: so the deadline has passed when it comes back.
        let left = times.deadline.since(outside.now()).saturating_add(1);
        let millis = u32::try_from(left).unwrap_or(u32::MAX).min(millis);
        match outside.perform(Effect::Wait(millis)).await {
            Performed::Done => Ok(()),
            _ => Err(HostFault::Engine.into()),
        }
    }

    /// A call that takes long is answered as a stream, so that its client, and everybody on the
    /// way, sees that it is alive.
    pub(super) async fn open_if_late(&self, times: Times) {
        let elapsed = self.scene.outside.now().since(times.began);
        if elapsed >= limits::STREAM_AFTER_MILLIS {
            self.open().await;
        }
    }

    pub(super) async fn open(&self) {
        let outside = &self.scene.outside;
        if let Some(outlet) = self.asked.outlet {
            return outlet.open(self.scene, self.to).await;
        }
        if self.asked.going.is_some() {
            return;
        }
        if outside.is_open() || !self.to.form().may_stream() {
            return;
        }
        let mut headers = super::headers(SSE_HEADERS);
        headers.push(self.scene.request_id_header());
        let status = 200;
        outside.open(Head { status, headers }).await;
        outside.emit(sse::KEEP_ALIVE.as_bytes().to_vec()).await;
    }

    pub(super) async fn tell(&self, notifier: &mut Notifier, telling: Telling) {
        if let Some(going) = self.asked.going {
            // Nobody is there: what it is doing is kept for who asks, and what it logs for its author.
            if let Telling::Progress { message, .. } = &telling {
                going.says(self.scene, message.as_deref()).await;
            }
            return;
        }
        if let Some(message) = outcome::told(notifier, self.to, &telling) {
            self.open().await;
            if let Some(outlet) = self.asked.outlet {
                return outlet.say(self.scene, message).await;
            }
            let event = sse::event(&message).into_bytes();
            self.scene.outside.emit(event).await;
        }
    }
}
