//! The streams that a client of a session opens by GET: the session's own, or one that broke (2025-11-25,
//! basic/transports, "Listening for Messages from the Server", "Resumability and Redelivery").
//!
//! From the reading of what is kept to the connection's record nothing is awaited but what is at once: so no
//! event falls between them.

use smcp_capability::turn::{Head, Listen, Reply as HttpReply};
use smcp_protocol::{Change, ProtocolError, Reply, SSE_HEADERS, change_message, sse};

use super::events::{EventId, OWN};
use crate::listeners::Hearer;
use crate::mcp::over_http;
use crate::problem::Problem;
use crate::session::Session;
use crate::state::{Live, Scene};

/// Answers GET in a session. `is_resumed`: the edge asks, which holds the client's stream.
pub(super) async fn attach(
    scene: &Scene,
    session: Session,
    last_seen: Option<&str>,
    is_resumed: bool,
) -> Result<HttpReply, Problem> {
    let Some(last_seen) = last_seen else {
        return own(scene, session, None).await;
    };
    match EventId::parse(last_seen.trim()) {
        Some(seen) if seen.stream == OWN => own(scene, session, Some(seen)).await,
        Some(seen) => of_call(scene, session, seen, is_resumed).await,
        None => Ok(over_http(Reply::refused(ProtocolError::UnknownEvent))),
    }
}

/// The session's own stream, on which it is told of changes.
async fn own(
    scene: &Scene,
    mut session: Session,
    seen: Option<EventId>,
) -> Result<HttpReply, Problem> {
    if !session.row.hears {
        session.row.hears = true;
        scene.change_session(&session).await?;
    }
    let last = session.row.last_event;
    let now = EventId {
        stream: OWN.to_owned(),
        number: last,
    };
    let first = match seen {
        Some(seen) if seen.number <= last => missed(scene, &session, &seen, &now).await?,
        _ => session.primes(&now),
    };
    leave(scene, &session, OWN, first).await
}

/// What happened since an event of the session's own stream. If some of it is not kept any more, the client is
/// told that all it hears of may have changed.
async fn missed(
    scene: &Scene,
    session: &Session,
    seen: &EventId,
    now: &EventId,
) -> Result<String, Problem> {
    let events = scene.events_after(&session.id, seen).await?;
    let are_whole = events.len() as u64 == now.number - seen.number;
    if are_whole {
        return Ok(events.iter().map(|(id, event)| event.text(id)).collect());
    }
    let resources = session
        .row
        .subscriptions
        .iter()
        .cloned()
        .map(Change::Resource);
    let changes = [Change::Tools, Change::Prompts, Change::Resources]
        .into_iter()
        .chain(resources);
    let told: String = changes
        .map(|change| sse::event(&change_message(&change)))
        .collect();
    Ok(format!("{told}{}", session.primes(now)))
}

/// The stream of a request.
async fn of_call(
    scene: &Scene,
    session: Session,
    seen: EventId,
    is_resumed: bool,
) -> Result<HttpReply, Problem> {
    scene.catch_up(&session, &seen.stream).await?;
    let events = scene.events_after(&session.id, &seen).await?;
    let text: String = events.iter().map(|(id, event)| event.text(id)).collect();
    let last = match events.last() {
        Some((_, event)) => Some(event.clone()),
        None => scene.event(&session.id, &seen).await?,
    };
    if last.is_some_and(|event| event.is_last) {
        // Some clients open a stream anew whenever it has ended, but for this status.
        return Ok(if text.is_empty() && !is_resumed {
            over_http(Reply::method_not_allowed())
        } else {
            whole(text)
        });
    }
    let live = Live {
        session: session.id.clone(),
        name: seen.stream.clone(),
    };
    let is_live = scene.state.borrow().live.contains_key(&live);
    if is_live || scene.waits(&session.id, &seen.stream).await?.is_some() {
        return leave(scene, &session, &seen.stream, text).await;
    }
    // The object was killed while the call ran, or the call was cancelled.
    let next = events.last().map_or(&seen, |(id, _)| id);
    match scene.lost(&session.id, next).await? {
        Some(last) => Ok(whole(format!("{text}{last}"))),
        None => Ok(over_http(Reply::refused(ProtocolError::UnknownEvent))),
    }
}

/// A stream that is complete.
fn whole(text: String) -> HttpReply {
    HttpReply {
        head: head(),
        body: format!("{text}{}", sse::OVER).into_bytes(),
    }
}

fn head() -> Head {
    Head {
        status: 200,
        headers: crate::mcp::headers(SSE_HEADERS),
    }
}

async fn leave(
    scene: &Scene,
    session: &Session,
    stream: &str,
    first: String,
) -> Result<HttpReply, Problem> {
    let hearer = Hearer::Stream {
        session: session.id.clone(),
        stream: stream.to_owned(),
    };
    let listen = Listen {
        head: head(),
        first: first.into_bytes(),
        record: hearer.encode().ok_or_else(Problem::host)?,
    };
    Err(scene.leaves(listen).await)
}
