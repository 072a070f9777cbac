//! The streams of a session: numbered events, each stored before it is sent, so that a client whose connection
//! broke is sent the rest, and nothing twice (2025-11-25, basic/transports, "Resumability and
//! Redelivery").
//!
//! An event is sealed, in parts where it is large, and goes by itself. What cannot be stored is sent all the
//! same, and cannot be sent again.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::{Effect, Hearers, Performed, Telling};
use smcp_ids::limits;
use smcp_protocol::sse;

use crate::item::Space;
use crate::listeners::Hearer;
use crate::problem::Problem;
use crate::session::SessionId;
use crate::state::Scene;

/// The stream that is the session's own, and no request's.
pub(crate) const OWN: &str = "0";

/// An event, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    /// The message; none: an empty event, with which a stream begins.
    pub(crate) message: Option<String>,
    /// Whether it is the last of its stream.
    pub(crate) is_last: bool,
    /// With the first event of a stream: the id of the request that it answers, as JSON text.
    pub(crate) request: Option<String>,
}

impl Event {
    pub(crate) fn of(message: String) -> Self {
        Self {
            message: Some(message),
            ..Self::default()
        }
    }

    /// As it is sent.
    pub(crate) fn text(&self, id: &EventId) -> String {
        let id = id.to_string();
        match &self.message {
            Some(message) => sse::event_with_id(&id, message),
            None => sse::priming(&id, limits::STREAM_RETRY_MILLIS),
        }
    }
}

/// The name of an event: its stream, and its number there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventId {
    pub(crate) stream: String,
    pub(crate) number: u64,
}

impl EventId {
    /// Reads what a client says it has seen last.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (stream, number) = text.split_once('.')?;
        let is_name = stream == OWN || (stream.len() == 16 && is_hex(stream));
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        (is_name && is_number).then_some(())?;
        Some(Self {
            stream: stream.to_owned(),
            number: number.parse().ok()?,
        })
    }

    /// Where it is kept, but for its parts.
    pub(super) fn key(&self) -> String {
        format!("e/{}/{:010}/", self.stream, self.number)
    }
}

impl core::fmt::Display for EventId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.stream, self.number)
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Scene {
    /// Keeps an event of a session's stream, and lets go of one that is too old.
    pub(crate) async fn keep_event(&self, session: &SessionId, id: &EventId, event: &Event) {
        let Ok(bytes) = postcard::to_allocvec(event) else {
            return;
        };
        let space = Space::of_session(session);
        let until = self.outside.now().plus(limits::EVENTS_MILLIS);
        let Ok(mut writes) = self.pieces(&space, &id.key(), &bytes, until) else {
            return;
        };
        if let Some(old) = id.number.checked_sub(limits::EVENTS_MAX) {
            let stream = id.stream.clone();
            let old = EventId {
                stream,
                number: old,
            };
            let first = format!("{}{:02}", old.key(), 0);
            writes.push(space.remove(first, self.outside.now()));
        }
        // One that is not kept is sent all the same.
        let _ = self.keep(writes, vec![super::session_quota(&space)]).await;
    }

    /// The events of a stream after one, in order. Nothing is awaited but what is at once.
    pub(crate) async fn events_after(
        &self,
        session: &SessionId,
        seen: &EventId,
    ) -> Result<Vec<(EventId, Event)>, Problem> {
        let space = Space::of_session(session);
        let prefix = format!("e/{}/", seen.stream);
        // '~' is after every part.
        let after = format!("{}~", seen.key());
        let keys = self
            .item_keys(space.range(&prefix, Some(&after), u32::MAX))
            .await?;
        let mut events: Vec<(EventId, Event)> = Vec::new();
        let mut last = None;
        for key in &keys {
            let number = key
                .strip_prefix(&prefix)
                .and_then(|rest| rest.split('/').next());
            let number: u64 = number
                .and_then(|text| text.parse().ok())
                .ok_or_else(Problem::host)?;
            if last == Some(number) {
                continue;
            }
            last = Some(number);
            let id = EventId {
                stream: seen.stream.clone(),
                number,
            };
            let event = self.event(session, &id).await?;
            events.extend(event.map(|event| (id, event)));
        }
        Ok(events)
    }

    /// One event, if it is kept.
    pub(crate) async fn event(
        &self,
        session: &SessionId,
        id: &EventId,
    ) -> Result<Option<Event>, Problem> {
        let bytes = self
            .read_pieces(&Space::of_session(session), &id.key())
            .await?;
        Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    /// Tells who is attached to a session's stream, if anybody is. `ends`: that is the last.
    pub(crate) async fn tell_attached(
        &self,
        session: &SessionId,
        stream: &str,
        text: &str,
        ends: bool,
    ) -> Result<(), Problem> {
        let effect = Effect::Listeners(Hearers::Session(session.as_str().to_owned()));
        let Performed::Listeners(records) = self.outside.perform(effect).await else {
            return Err(Problem::host());
        };
        // One stream for each message; the newest, if a client holds several.
        let attached = (0..).zip(&records).filter(|(_, record)| {
            Hearer::decode(record.as_ref()).is_some_and(|hearer| hearer.is_at(session, stream))
        });
        let Some((listener, _)) = attached.last() else {
            return Ok(());
        };
        let telling = Telling {
            listener,
            bytes: text.as_bytes().to_vec(),
            ends,
        };
        self.tell(vec![telling]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_event_is_read_back_and_no_other_text_is_one() {
        for text in ["0.0", "0.17", "00ff00ff00ff00ff.3"] {
            let id = EventId::parse(text);
            assert_eq!(id.map(|id| id.to_string()).as_deref(), Some(text));
        }
        for text in [
            "",
            "0",
            "0.",
            ".1",
            "0.x",
            "0.-1",
            "1.1",
            "0.1.1",
            "00FF00ff00ff00ff.3",
            "0.99999999999999999999",
            "../0.1",
            "00ff00ff00ff00f/.3",
        ] {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }
}
