//! How a call in a session tells its client anything: on a stream of its own, whose events are kept before they
//! are sent. Who is sent them is whoever is there: the client of this turn, or one that came back.

use core::cell::Cell;

use smcp_capability::turn::{Head, Listen};
use smcp_protocol::{ReplyTo, SSE_HEADERS, sse};

use super::events::{Event, EventId};
use super::parked::{AllAnswers, Resumed};
use crate::problem::Problem;
use crate::session::Session;
use crate::state::{Live, Scene, UnderWay};

/// Tells the edge where a stream begins, so that it can go on with it.
const STREAM_HEADER: &str = "x-smcp-stream";
/// Random bytes of a stream's name.
const STREAM_NAME_BYTES: usize = 8;

/// A call's way to its client in a session.
pub(in crate::mcp) struct Outlet {
    pub(in crate::mcp) session: Session,
    pub(in crate::mcp) stream: String,
    /// The number of the next event.
    next: Cell<u64>,
    /// The body of the request, to be read again when the call goes on.
    pub(super) body: Vec<u8>,
    /// Where the call goes on, if it has asked before.
    pub(super) resumed: Cell<Option<Resumed>>,
    /// What its client has answered.
    pub(super) answers: Cell<Option<AllAnswers>>,
    /// Whether this turn is the request's own.
    pub(super) is_direct: bool,
    /// Whether the call waits for its client, and this turn is over.
    pub(super) rests: Cell<bool>,
}

impl Outlet {
    /// That of a request in its own turn.
    pub(in crate::mcp) fn direct(scene: &Scene, session: Session, body: &[u8]) -> Self {
        scene.outside.survive();
        let drawn = scene.draw();
        let (name, _) = drawn.split_at(STREAM_NAME_BYTES);
        Self {
            session,
            stream: hex::encode(name),
            next: Cell::new(1),
            body: body.to_vec(),
            resumed: Cell::new(None),
            answers: Cell::new(None),
            is_direct: true,
            rests: Cell::new(false),
        }
    }

    /// That of a call that goes on.
    pub(super) fn resumed(
        session: Session,
        stream: &str,
        body: &[u8],
        next: u64,
        resumed: Resumed,
        answers: AllAnswers,
    ) -> Self {
        Self {
            session,
            stream: stream.to_owned(),
            next: Cell::new(next),
            body: body.to_vec(),
            resumed: Cell::new(Some(resumed)),
            answers: Cell::new(Some(answers)),
            is_direct: false,
            rests: Cell::new(false),
        }
    }

    /// The number of the next event.
    pub(in crate::mcp) fn next(&self) -> u64 {
        self.next.get()
    }

    fn id(&self, number: u64) -> EventId {
        EventId {
            stream: self.stream.clone(),
            number,
        }
    }

    /// Answers this turn as a stream, if that is what it does.
    pub(in crate::mcp) async fn open(&self, scene: &Scene, to: &ReplyTo) {
        if !self.is_direct || scene.outside.is_open() || !to.form().may_stream() {
            return;
        }
        let id = self.id(0);
        let mut headers = crate::mcp::headers(SSE_HEADERS);
        headers.push((STREAM_HEADER.to_owned(), id.to_string()));
        headers.push(scene.request_id_header());
        let first = Event {
            request: Some(to.id().to_owned()),
            ..Event::default()
        };
        scene.keep_event(&self.session.id, &id, &first).await;
        scene
            .outside
            .open(Head {
                status: 200,
                headers,
            })
            .await;
        let begins = self.session.primes(&id);
        scene.outside.emit(begins.into_bytes()).await;
    }

    /// Keeps a message, and sends it.
    pub(in crate::mcp) async fn say(&self, scene: &Scene, message: String) {
        let (id, event) = self.event(message);
        scene.keep_event(&self.session.id, &id, &event).await;
        self.send(scene, &event.text(&id)).await;
    }

    /// Takes the next number for a message.
    pub(super) fn event(&self, message: String) -> (EventId, Event) {
        let number = self.next.get();
        self.next.set(number + 1);
        (self.id(number), Event::of(message))
    }

    /// Sends what was kept.
    pub(super) async fn send(&self, scene: &Scene, text: &str) {
        if self.is_direct && scene.outside.is_open() {
            scene.outside.emit(text.as_bytes().to_vec()).await;
        }
        // Nobody may be there.
        let _ = scene
            .tell_attached(&self.session.id, &self.stream, text, false)
            .await;
    }

    /// Keeps the response, and forgets what waited for it: the last bytes of the stream.
    pub(in crate::mcp) async fn finish(&self, scene: &Scene, json: &str) -> String {
        let (id, mut event) = self.event(json.to_owned());
        event.is_last = true;
        let session = &self.session.id;
        // One that ends in its own turn has not waited.
        if !self.is_direct
            && let Ok(removals) = scene.parked_removals(session, &self.stream).await
        {
            let _ = scene.keep(removals, Vec::new()).await;
        }
        scene.keep_event(session, &id, &event).await;
        let text = format!("{}{}", event.text(&id), sse::OVER);
        // A client that came back is told; this turn's own is by its reply.
        let _ = scene
            .tell_attached(&self.session.id, &self.stream, &text, true)
            .await;
        text
    }

    /// Ends a client's turn, and leaves its stream to later ones. A turn of the object's own goes on, and knows
    /// that the call rests.
    pub(in crate::mcp) async fn hand_over(&self, scene: &Scene) -> Problem {
        self.rests.set(true);
        if !self.is_direct {
            return Problem::host();
        }
        let head = Head {
            status: 200,
            headers: Vec::new(),
        };
        let (first, record) = (Vec::new(), Vec::new());
        let listen = Listen {
            head,
            first,
            record,
        };
        scene.leaves(listen).await
    }

    /// The call is under way until this is dropped.
    pub(in crate::mcp) fn goes_live(&self, scene: &Scene, to: &ReplyTo) -> UnderWay {
        let live = |name: &str| Live {
            session: self.session.id.clone(),
            name: name.to_owned(),
        };
        scene.goes_live([live(to.id()), live(&self.stream)])
    }
}
