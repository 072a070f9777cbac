//! Streams that wait. A call that waits for its client: the questions are on its stream, and the call itself, as a
//! tape, in the object's storage. Nothing else waits: no turn, no timer, no instance. When the client has answered, a turn
//! of the object's own goes on with it.

use core::cell::Cell;
use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smcp_capability::call::{AskError, Question};
use smcp_capability::items::{Quota, Write};
use smcp_ids::{ReleaseDigest, UnixMillis, limits};
use smcp_protocol::json::Json;
use smcp_protocol::{ReplyTo, ask_message};

use super::outlet::Outlet;
use crate::item::Space;
use crate::mcp::ask::Carried;
use crate::problem::Problem;
use crate::session::{Record, SessionId};
use crate::state::Scene;

/// All that it takes to go on with a call.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Parked {
    /// What its session has agreed on.
    pub(super) record: Record,
    /// The client's request, as it came.
    #[serde(with = "serde_bytes")]
    pub(super) body: Vec<u8>,
    /// The release that was called.
    pub(super) release: ReleaseDigest,
    pub(super) carried: Carried,
}

/// That a stream waits, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::mcp) struct Waits {
    /// The id of the request that it answers, as JSON text.
    pub(in crate::mcp) request: String,
    /// The number of its next event.
    pub(in crate::mcp) next: u64,
    /// Which of the rounds of its call or task was asked on it last.
    pub(in crate::mcp) round: u32,
    pub(in crate::mcp) what: WaitsFor,
}

/// What a stream waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::mcp) enum WaitsFor {
    /// Answers to a parked call's questions: their ids.
    Answers(Vec<String>),
    /// The end of a task, and before that answers to what it asks.
    Task {
        /// Its name.
        id: String,
        /// Since when.
        since: UnixMillis,
    },
}

/// What a client answered to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::mcp) enum Answered {
    /// A result, as JSON text.
    Result(String),
    /// An error: its code and message.
    Error(i32, String),
}

impl Answered {
    /// As the guest is told it.
    pub(in crate::mcp) fn error(&self) -> Option<AskError> {
        match self {
            Self::Result(_) => None,
            Self::Error(code, message) => Some(AskError {
                code: *code,
                message: message.clone(),
                data: None,
            }),
        }
    }

    /// The result, with the id of its question.
    pub(in crate::mcp) fn result<'a>(&'a self, id: &'a str) -> Option<(Cow<'a, str>, Json<'a>)> {
        match self {
            Self::Result(text) => Some((id.into(), Json::parse(text.as_bytes()).ok()?)),
            Self::Error(..) => None,
        }
    }
}

/// Where a call goes on.
pub(in crate::mcp) struct Resumed {
    pub(in crate::mcp) carried: Carried,
    pub(in crate::mcp) release: ReleaseDigest,
}

/// The release of what goes on, which stays where it is.
pub(in crate::mcp) fn begun_on(resumed: &Cell<Option<Resumed>>) -> Option<ReleaseDigest> {
    let held = resumed.take();
    let release = held.as_ref().map(|resumed| resumed.release);
    resumed.set(held);
    release
}

/// By the ids of their questions.
pub(in crate::mcp) type AllAnswers = BTreeMap<String, Answered>;

/// The id of a question on the wire: its stream, the round in which it is asked, and its own. So no two questions
/// of a session have one, whatever a guest calls them.
pub(in crate::mcp) fn question_id(stream: &str, round: u32, question: &str) -> String {
    format!("{stream}:{round}:{question}")
}

pub(super) fn split_question_id(id: &str) -> Option<(&str, u32, &str)> {
    let (stream, rest) = id.split_once(':')?;
    let (round, question) = rest.split_once(':')?;
    Some((stream, round.parse().ok()?, question))
}

pub(super) fn call_prefix(stream: &str) -> String {
    format!("p/{stream}/")
}

pub(super) fn waits_key(stream: &str) -> String {
    format!("q/{stream}")
}

pub(super) fn answers_prefix(stream: &str) -> String {
    format!("a/{stream}/")
}

pub(super) fn answer_prefix(stream: &str, question: &str) -> String {
    format!("a/{stream}/{question}/")
}

impl Outlet {
    /// Parks a call, then asks.
    pub(in crate::mcp) async fn park(
        &self,
        scene: &Scene,
        to: &ReplyTo,
        release: ReleaseDigest,
        carried: Carried,
        questions: &[Question],
    ) -> Result<(), Problem> {
        self.open(scene, to).await;
        let round = carried.round.number;
        let mut events = Vec::new();
        for question in questions {
            let id = question_id(&self.stream, round, &question.id);
            let (id, event) = self.event(ask_message(&id, &question.request));
            scene.keep_event(&self.session.id, &id, &event).await;
            events.push(event.text(&id));
        }
        let parked = Parked {
            record: self.session.record.clone(),
            body: self.body.clone(),
            release,
            carried,
        };
        let questions = questions.iter().map(|question| question.id.clone());
        let waits = Waits {
            request: to.id().to_owned(),
            next: self.next(),
            round,
            what: WaitsFor::Answers(questions.collect()),
        };
        scene
            .keep_parked(&self.session.id, &self.stream, &parked, &waits)
            .await?;
        for event in events {
            self.send(scene, &event).await;
        }
        Ok(())
    }

    /// The release on which a call was begun that goes on here, as long as it has not been taken up.
    pub(in crate::mcp) fn begun_on(&self) -> Option<ReleaseDigest> {
        begun_on(&self.resumed)
    }

    /// Where the call goes on, once.
    pub(in crate::mcp) fn take_resumed(&self) -> Option<Resumed> {
        self.resumed.take()
    }

    /// What the client has answered, once.
    pub(in crate::mcp) fn take_answers(&self) -> Option<AllAnswers> {
        self.answers.take()
    }
}

impl Scene {
    async fn keep_parked(
        &self,
        session: &SessionId,
        stream: &str,
        parked: &Parked,
        waits: &Waits,
    ) -> Result<(), Problem> {
        let space = Space::of_session(session);
        let until = self.outside.now().plus(limits::PARKED_MILLIS);
        let encode = |bytes: postcard::Result<Vec<u8>>| bytes.map_err(|_| Problem::host());
        let call = encode(postcard::to_allocvec(parked))?;
        let prefix = call_prefix(stream);
        let mut writes = self.pieces_instead(&space, &prefix, &call, until).await?;
        writes.extend(self.piece_removals(&space, &answers_prefix(stream)).await?);
        writes.push(self.waits_write(session, stream, waits, until)?);
        self.keep_waiting(writes, vec![super::session_quota(&space)])
            .await
    }

    /// Keeps that streams wait, if there is room for it.
    pub(in crate::mcp) async fn keep_waiting(
        &self,
        writes: Vec<Write>,
        quotas: Vec<Quota>,
    ) -> Result<(), Problem> {
        if self.keep(writes, quotas).await? {
            return Ok(());
        }
        Err(Problem::new(
            429,
            "too_many_questions",
            "too many calls of this session wait for an answer already, or too large ones; answer some, or try \
             again later",
        ))
    }

    /// Keeps that a stream waits.
    pub(in crate::mcp) fn waits_write(
        &self,
        session: &SessionId,
        stream: &str,
        waits: &Waits,
        until: UnixMillis,
    ) -> Result<Write, Problem> {
        let space = Space::of_session(session);
        let place = space.place(waits_key(stream));
        let waits = postcard::to_allocvec(waits).map_err(|_| Problem::host())?;
        let sealed = self.seal_item(&place, &waits)?;
        Ok(space.write(place, Some(sealed), Some(until)))
    }

    /// Forgets that a stream waits.
    pub(in crate::mcp) fn waits_removal(&self, session: &SessionId, stream: &str) -> Write {
        let space = Space::of_session(session);
        space.remove(waits_key(stream), self.outside.now())
    }

    /// Forgets a call that waited, its questions and its answers.
    pub(super) async fn parked_removals(
        &self,
        session: &SessionId,
        stream: &str,
    ) -> Result<Vec<Write>, Problem> {
        let space = Space::of_session(session);
        let mut writes = self.piece_removals(&space, &call_prefix(stream)).await?;
        if !writes.is_empty() {
            writes.push(self.waits_removal(session, stream));
            writes.extend(self.piece_removals(&space, &answers_prefix(stream)).await?);
        }
        Ok(writes)
    }

    /// The call that waits on a stream.
    pub(super) async fn parked(
        &self,
        session: &SessionId,
        stream: &str,
    ) -> Result<Option<Parked>, Problem> {
        let space = Space::of_session(session);
        let bytes = self.read_pieces(&space, &call_prefix(stream)).await?;
        Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    /// What a stream waits for, if it does.
    pub(in crate::mcp) async fn waits(
        &self,
        session: &SessionId,
        stream: &str,
    ) -> Result<Option<Waits>, Problem> {
        let place = Space::of_session(session).place(waits_key(stream));
        let bytes = self.read_item(place).await?.value;
        Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }
}
