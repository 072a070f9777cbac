//! The legacy era with sessions (2025-03-26, 2025-06-18 and 2025-11-25): what `initialize` agreed on is
//! remembered, a call's questions go to the client as requests on its stream, and a stream that breaks is
//! taken up again.
//!
//! `keeping` begins and ends sessions, `events` numbers and keeps what is sent, `outlet` is a call's way to its
//! client, `parked` is a call that waits, `answers` takes what the client answers and goes on with it,
//! `attach` serves the streams that a client opens, `changes` tells sessions what has changed. A legacy
//! client without a session is served too, and is neither asked nor told anything.

mod answers;
mod attach;
mod changes;
pub(crate) mod events;
mod keeping;
mod outlet;
pub(in crate::mcp) mod parked;

use smcp_auth::Principal;
use smcp_capability::items::Quota;
use smcp_capability::turn::{Effect, Frame};
use smcp_ids::{LogLevel, limits};
use smcp_protocol::{Answer, Head, ProtocolError, Reply, ReplyTo, Version, sse};

pub(super) use self::answers::{give_up, go_on};
use self::events::{Event, EventId};
pub(super) use self::outlet::Outlet;
pub(super) use self::parked::{
    AllAnswers, Answered, Resumed, Waits, WaitsFor, begun_on, question_id,
};
use super::{Endpoint, over_http};
use crate::item::Space;
use crate::problem::Problem;
use crate::session::Session;
use crate::state::{Live, Scene};

/// The least urgent log entry that a client is sent that has not said which it wants.
const LEVEL_UNSAID: LogLevel = LogLevel::Info;

/// What a request says of a session.
pub(super) enum Seat {
    /// Nothing, or it is of the modern era.
    None,
    /// It names one that there is.
    In(Box<Session>),
    /// It names one that there is not, or that is another's.
    Unknown,
}

/// Finds the session that a request names.
pub(super) async fn seat(
    scene: &Scene,
    head: &Head<'_>,
    endpoint: &Endpoint,
    principal: &Principal,
) -> Result<Seat, Problem> {
    let version = head.protocol_version.map(str::trim);
    // The modern era knows no sessions, and does not look (2026-07-28, basic/transports/streamable-http,
    // "Earlier Streamable HTTP Revisions").
    let Some(name) = head
        .session_id
        .filter(|_| version != Some(Version::V2026_07_28.as_str()))
    else {
        return Ok(Seat::None);
    };
    let found = scene.session(name.trim(), endpoint.server(), principal);
    let Some(mut session) = found.await? else {
        return Ok(Seat::Unknown);
    };
    // What is kept from here on goes on with what its principal may do now, which may be more or less than when the
    // session began: a client that was refused comes back with a token for more, and stays in its session.
    let changed = principal.remember();
    if let Some(changed) = changed.filter(|changed| *changed != session.record.principal) {
        session.record.principal = changed;
        if session.row.hears {
            scene.change_session(&session).await?;
        }
    }
    Ok(Seat::In(Box::new(session)))
}

impl Seat {
    pub(super) fn session(&self) -> Option<&Session> {
        match self {
            Self::In(session) => Some(session),
            Self::None | Self::Unknown => None,
        }
    }
}

impl Session {
    /// The least urgent log entry that its client is sent.
    pub(super) fn level(&self) -> LogLevel {
        self.row.level.unwrap_or(LEVEL_UNSAID)
    }

    /// With what a stream begins: an empty event that names the place from which a client may go on later
    /// (2025-11-25, basic/transports, "Sending Messages", item 6); an older client takes that for a message.
    fn primes(&self, id: &EventId) -> String {
        if self.record.version() >= Version::V2025_11_25 {
            Event::default().text(id)
        } else {
            sse::KEEP_ALIVE.to_owned()
        }
    }

    /// `logging/setLevel`.
    pub(super) async fn set_level(
        &self,
        scene: &Scene,
        to: &ReplyTo,
        level: LogLevel,
    ) -> Result<Answer, Problem> {
        let mut session = self.clone();
        session.row.level = Some(level);
        scene.change_session(&session).await?;
        Ok(to.empty())
    }

    /// `resources/subscribe`.
    pub(super) async fn subscribe(
        &self,
        scene: &Scene,
        to: &ReplyTo,
        uri: &str,
    ) -> Result<Answer, Problem> {
        let mut session = self.clone();
        let subscriptions = &mut session.row.subscriptions;
        subscriptions.insert(uri.to_owned());
        let bytes: usize = subscriptions.iter().map(String::len).sum();
        if subscriptions.len() > limits::SUBSCRIPTIONS_MAX
            || bytes > limits::SUBSCRIPTIONS_BYTES_MAX
        {
            return Ok(to.error(&ProtocolError::InvalidParams(
                "this session has too many subscriptions; end some",
            )));
        }
        scene.change_session(&session).await?;
        Ok(to.empty())
    }

    /// `resources/unsubscribe`.
    pub(super) async fn unsubscribe(
        &self,
        scene: &Scene,
        to: &ReplyTo,
        uri: &str,
    ) -> Result<Answer, Problem> {
        let mut session = self.clone();
        if session.row.subscriptions.remove(uri) {
            scene.change_session(&session).await?;
        }
        Ok(to.empty())
    }

    /// `notifications/cancelled`: ends a call that is under way, or what waits. It is not answered
    /// (2025-11-25, basic/utilities/cancellation, "Behavior Requirements").
    pub(super) async fn cancel(&self, scene: &Scene, request: &str) -> Result<(), Problem> {
        let live = Live {
            session: self.id.clone(),
            name: request.to_owned(),
        };
        let turn = scene.state.borrow().live.get(&live).copied();
        if let Some(turn) = turn.filter(|turn| *turn != scene.turn) {
            return scene.done(Effect::Stop(turn)).await;
        }
        scene.cancel_parked(self, request).await
    }
}

/// DELETE: the client ends its session (2025-11-25, basic/transports, "Session Management", item 5).
pub(super) async fn end(
    scene: &Scene,
    frame: &Frame,
    endpoint: &Endpoint,
    principal: &Principal,
) -> Result<Reply, Problem> {
    let head = super::head(frame);
    match seat(scene, &head, endpoint, principal).await? {
        Seat::In(session) => {
            scene.end_session(&session).await?;
            Ok(Reply::no_content())
        }
        Seat::Unknown => Ok(Reply::refused(ProtocolError::SessionNotFound)),
        Seat::None => Ok(Reply::method_not_allowed()),
    }
}

/// What one session may have under way.
pub(super) fn session_quota(space: &Space) -> Quota {
    space.quota(limits::EVENT_BYTES_MAX, limits::EVENT_ITEMS_MAX)
}

/// GET: the client opens a stream, or takes one up again.
pub(super) async fn listen(
    scene: &Scene,
    frame: &Frame,
    endpoint: &Endpoint,
    principal: &Principal,
) -> Result<smcp_capability::turn::Reply, Problem> {
    let head = super::head(frame);
    let session = match seat(scene, &head, endpoint, principal).await? {
        Seat::In(session) => *session,
        Seat::Unknown => return Ok(over_http(Reply::refused(ProtocolError::SessionNotFound))),
        Seat::None => return Ok(over_http(Reply::method_not_allowed())),
    };
    let is_resumed = frame.header(super::listen::RESUMED).is_some();
    attach::attach(scene, session, frame.header("last-event-id"), is_resumed).await
}
