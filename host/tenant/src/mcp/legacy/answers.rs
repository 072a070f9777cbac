//! Takes what a client answers, and goes on with the call that waited for it, as an errand of the object's own. What
//! answers a task's question is the task's.

use smcp_capability::items::Write;
use smcp_capability::turn::Frame;
use smcp_ids::limits;
use smcp_protocol::json::Json;
use smcp_protocol::{Answer, Call, Head, INTERNAL_ERROR, Outcome, Request, Response, sse};

use super::events::{Event, EventId};
use super::outlet::Outlet;
use super::parked::{
    AllAnswers, Answered, Parked, Resumed, WaitsFor, answer_prefix, split_question_id, waits_key,
};
use crate::item::Space;
use crate::mcp::errand::{Errand, Work, outcome_of};
use crate::mcp::{Asked, Endpoint};
use crate::outcome;
use crate::problem::Problem;
use crate::session::{Record, Session, SessionId};
use crate::state::Scene;

impl Session {
    /// A client's answer to a question. One to no question, or to one that has its answer, is passed over: the
    /// client cannot know.
    pub(in crate::mcp) async fn answered(
        &self,
        scene: &Scene,
        response: &Response<'_>,
    ) -> Result<(), Problem> {
        let id = response.id();
        let Some((stream, round, question)) = id.as_deref().and_then(split_question_id) else {
            return Ok(());
        };
        let Some(waits) = scene.waits(&self.id, stream).await? else {
            return Ok(());
        };
        if waits.round != round {
            return Ok(());
        }
        let answer = answered(response);
        match &waits.what {
            WaitsFor::Answers(asked) if asked.iter().any(|asked| asked == question) => {
                let parked = ParkedOn {
                    scene,
                    session: &self.id,
                    stream,
                };
                parked.answered(question, asked, &answer).await
            }
            WaitsFor::Answers(_) => Ok(()),
            WaitsFor::Task { id, .. } => {
                let owner = self.owner();
                scene
                    .answered_in_session(&owner, id, round, question, answer)
                    .await
            }
        }
    }
}

/// A call that waits on a stream.
struct ParkedOn<'a> {
    scene: &'a Scene,
    session: &'a SessionId,
    stream: &'a str,
}

impl ParkedOn<'_> {
    /// Keeps an answer; with the last one the call goes on.
    async fn answered(
        &self,
        question: &str,
        asked: &[String],
        answer: &Answered,
    ) -> Result<(), Problem> {
        let Self {
            scene,
            session,
            stream,
        } = *self;
        let space = Space::of_session(session);
        if self.has_answer(question).await? {
            return Ok(());
        }
        let mut is_complete = true;
        for other in asked.iter().filter(|other| *other != question) {
            is_complete &= self.has_answer(other).await?;
        }
        let answer = postcard::to_allocvec(answer).map_err(|_| Problem::host())?;
        let until = scene.outside.now().plus(limits::PARKED_MILLIS);
        let prefix = answer_prefix(stream, question);
        let mut writes = scene.pieces(&space, &prefix, &answer, until)?;
        let errand = Errand::Work(Work::Call {
            session: session.clone(),
            stream: stream.to_owned(),
        });
        if is_complete {
            writes.push(scene.begun_write(&errand)?);
        }
        scene.write_under_way(writes, &space).await?;
        if is_complete {
            scene.begin_errand(&errand).await?;
        }
        Ok(())
    }

    async fn has_answer(&self, question: &str) -> Result<bool, Problem> {
        let space = Space::of_session(self.session);
        let range = space.range(&answer_prefix(self.stream, question), None, 1);
        let keys = self.scene.item_keys(range).await?;
        Ok(!keys.is_empty())
    }
}

fn answered(response: &Response<'_>) -> Answered {
    match response.outcome() {
        Outcome::Result(result) => Answered::Result(result.text().to_owned()),
        Outcome::Error(error) => {
            let code = error.get("code").and_then(|code| code.text().parse().ok());
            let message = error.get("message").and_then(Json::as_str);
            Answered::Error(
                code.unwrap_or(INTERNAL_ERROR),
                message.map_or_else(
                    || "the client answered with an error".to_owned(),
                    |message| crate::origin::cut(&message),
                ),
            )
        }
    }
}

impl Scene {
    async fn write_under_way(&self, writes: Vec<Write>, space: &Space) -> Result<(), Problem> {
        if self.keep(writes, vec![super::session_quota(space)]).await? {
            return Ok(());
        }
        Err(Problem::new(
            413,
            "answer_too_large",
            "this session has too much under way; the answer was not taken",
        ))
    }

    /// Ends what waits, by the id of its request: a call, or the wait for a task, which goes on.
    pub(super) async fn cancel_parked(
        &self,
        session: &Session,
        request: &str,
    ) -> Result<(), Problem> {
        let (id, owner) = (&session.id, session.owner());
        let space = Space::of_session(id);
        let prefix = waits_key("");
        for key in self.item_keys(space.range(&prefix, None, u32::MAX)).await? {
            let Some(stream) = key.strip_prefix(&prefix) else {
                continue;
            };
            let waits = self.waits(id, stream).await?;
            let Some(waits) = waits.filter(|waits| waits.request == request) else {
                continue;
            };
            let removals = match &waits.what {
                WaitsFor::Answers(_) => self.parked_removals(id, stream).await?,
                WaitsFor::Task { .. } => self.waiting_removals(&owner, id, stream, &waits),
            };
            self.write_under_way(removals, &space).await?;
            self.end_silently(id, stream, waits.next).await?;
        }
        Ok(())
    }

    /// Ends a stream without a response.
    pub(in crate::mcp) async fn end_silently(
        &self,
        session: &SessionId,
        stream: &str,
        number: u64,
    ) -> Result<(), Problem> {
        let id = EventId {
            stream: stream.to_owned(),
            number,
        };
        let ended = Event {
            is_last: true,
            ..Event::default()
        };
        self.keep_event(session, &id, &ended).await;
        self.tell_attached(session, stream, sse::OVER, true).await
    }

    /// The end of a stream whose call is no more, kept and as text; none if there was no such stream.
    pub(super) async fn lost(
        &self,
        session: &SessionId,
        last: &EventId,
    ) -> Result<Option<String>, Problem> {
        let Some(request) = self.request_of(session, &last.stream).await? else {
            return Ok(None);
        };
        let lost = Problem::new(
            503,
            "call_lost",
            "the host was restarted while the call ran, or the call was cancelled; what it had done is not \
             known: look before you call again",
        );
        let wire = outcome::wire_of(&lost);
        let id = EventId {
            stream: last.stream.clone(),
            number: last.number + 1,
        };
        let mut event = Event::of(Answer::failed(&request, &wire).json().to_owned());
        event.is_last = true;
        self.keep_event(session, &id, &event).await;
        Ok(Some(event.text(&id)))
    }

    /// The id of the request that a stream answers, as JSON text.
    async fn request_of(
        &self,
        session: &SessionId,
        stream: &str,
    ) -> Result<Option<String>, Problem> {
        if let Some(waits) = self.waits(session, stream).await? {
            return Ok(Some(waits.request));
        }
        let first = EventId {
            stream: stream.to_owned(),
            number: 0,
        };
        let begun = self.event(session, &first).await?;
        Ok(begun.and_then(|event| event.request))
    }

    async fn answers(
        &self,
        session: &SessionId,
        stream: &str,
        asked: &[String],
    ) -> Result<Option<AllAnswers>, Problem> {
        let space = Space::of_session(session);
        let mut answers = AllAnswers::new();
        for question in asked {
            let prefix = answer_prefix(stream, question);
            let bytes = self.read_pieces(&space, &prefix).await?;
            let answer = bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok());
            match answer {
                Some(answer) => answers.insert(question.clone(), answer),
                None => return Ok(None),
            };
        }
        Ok(Some(answers))
    }
}

/// A call that was begun again too often: whatever it does to the host, it does no more.
pub(in crate::mcp) async fn give_up(
    scene: &Scene,
    session: &SessionId,
    stream: &str,
) -> Result<(), Problem> {
    let Some(waits) = scene.waits(session, stream).await? else {
        return Ok(());
    };
    let last = EventId {
        stream: stream.to_owned(),
        number: waits.next.saturating_sub(1),
    };
    let text = scene.lost(session, &last).await?;
    let removals = scene.parked_removals(session, stream).await?;
    scene
        .write_under_way(removals, &Space::of_session(session))
        .await?;
    if let Some(text) = text {
        let text = format!("{text}{}", sse::OVER);
        scene.tell_attached(session, stream, &text, true).await?;
    }
    Ok(())
}

/// Goes on with a call whose client has answered.
pub(in crate::mcp) async fn go_on(
    scene: &Scene,
    frame: &Frame,
    session: SessionId,
    stream: &str,
) -> Result<(), Problem> {
    let (Some(waits), Some(parked)) = (
        scene.waits(&session, stream).await?,
        scene.parked(&session, stream).await?,
    ) else {
        return Ok(());
    };
    let WaitsFor::Answers(asked) = &waits.what else {
        return Ok(());
    };
    let Some(answers) = scene.answers(&session, stream, asked).await? else {
        return Ok(());
    };
    let Parked {
        record,
        body,
        release,
        carried,
    } = parked;
    let Some(principal) = scene.owner_of(&record)? else {
        return Ok(());
    };
    let endpoint = record.endpoint.as_ref();
    let found = scene.session(session.as_str(), endpoint, &principal);
    let Some(session) = found.await? else {
        return Ok(());
    };
    let resumed = Resumed { carried, release };
    let outlet = Outlet::resumed(session, stream, &body, waits.next, resumed, answers);
    let endpoint = endpoint.cloned().map_or(Endpoint::Union, Endpoint::Server);
    let mut request = request_again(&body, &record).ok_or_else(Problem::host)?;
    let level = outlet.session.level();
    request.reply_to_mut().set_log_level(Some(level));
    let asked = Asked {
        scene,
        frame,
        endpoint: &endpoint,
        principal: &principal,
        session: Some(&outlet.session),
        outlet: Some(&outlet),
        going: None,
    };
    let answer = asked.answer(&Head::default(), &request).await;
    if outlet.rests.get() {
        return Ok(());
    }
    let answer = outcome_of(request.reply_to(), answer)?;
    outlet.finish(scene, answer.json()).await;
    Ok(())
}

/// The request of a parked call, read as it was.
fn request_again<'a>(body: &'a [u8], record: &Record) -> Option<Request<'a>> {
    let head = Head {
        content_type: Some("application/json"),
        session_version: Some(record.version()),
        ..Head::default()
    };
    match Call::read(&head, body) {
        Ok(Call::Request(request)) => Some(request),
        _ => None,
    }
}
