//! Takes what a client answers, and goes on with the call that waited for it: in a turn of the object's own,
//! which an alarm begins again if the object should be killed meanwhile.

use smcp_capability::items::{Transaction, Write};
use smcp_capability::turn::{ALARM_METHOD, Effect, Frame, Head as HttpHead, Reply as HttpReply};
use smcp_ids::{UnixMillis, limits};
use smcp_protocol::json::Json;
use smcp_protocol::{Answer, Call, Head, INTERNAL_ERROR, Outcome, Request, Response, Wire, sse};

use super::events::{Event, EventId};
use super::outlet::Outlet;
use super::parked::{
    AllAnswers, Answered, Parked, Resumed, Waits, answer_prefix, split_question_id, waits_key,
};
use crate::item::Space;
use crate::mcp::{Asked, Endpoint};
use crate::outcome;
use crate::problem::Problem;
use crate::session::{Record, Session, SessionId};
use crate::state::{Live, Scene};

/// Where a turn that goes on with a call is sent: `/{session}/{stream}/{try}`.
fn path_of(session: &SessionId, stream: &str, tries: u32) -> String {
    format!("/{}/{stream}/{tries}", session.as_str())
}

fn parts_of(path: &str) -> Option<(SessionId, &str, u32)> {
    let mut parts = path.strip_prefix('/')?.split('/');
    let session = SessionId::remembered(parts.next()?);
    Some((session, parts.next()?, parts.next()?.parse().ok()?))
}

/// A time and a path, in the order of time.
fn due_key(at: UnixMillis, path: &str) -> String {
    format!("{:015}{path}", at.0)
}

/// A turn that no client sent: the object's alarm, or a call that goes on.
pub(crate) async fn run_of_own(scene: &Scene, frame: &Frame) -> Result<HttpReply, Problem> {
    if frame.method == ALARM_METHOD {
        scene.take_up_due().await?;
    } else if let Some((session, stream, tries)) = parts_of(&frame.path) {
        go_on(scene, frame, session, stream).await?;
        scene.forget_due(&path_of_any(&frame.path, tries)).await?;
    }
    let head = HttpHead {
        status: 204,
        headers: Vec::new(),
    };
    Ok(HttpReply {
        head,
        body: Vec::new(),
    })
}

/// The path without its try.
fn path_of_any(path: &str, tries: u32) -> String {
    let tries = format!("/{tries}");
    path.strip_suffix(&tries).unwrap_or(path).to_owned()
}

impl Session {
    /// A client's answer to a question. One to no question, or to one that has its answer, is passed over: the
    /// client cannot know.
    pub(in crate::mcp) async fn answered(
        &self,
        scene: &Scene,
        response: &Response<'_>,
    ) -> Result<(), Problem> {
        let id = response.id();
        let Some((stream, question)) = id.as_deref().and_then(split_question_id) else {
            return Ok(());
        };
        let Some(waits) = scene.waits(&self.id, stream).await? else {
            return Ok(());
        };
        let space = Space::of_session(&self.id);
        let has_answer = |question: &str| {
            let range = space.range(&answer_prefix(stream, question), None, 1);
            async { scene.item_keys(range).await.map(|keys| !keys.is_empty()) }
        };
        let is_asked = waits.questions.iter().any(|asked| asked == question);
        if !is_asked || has_answer(question).await? {
            return Ok(());
        }
        let mut is_complete = true;
        for other in waits.questions.iter().filter(|other| *other != question) {
            is_complete &= has_answer(other).await?;
        }
        let answer = postcard::to_allocvec(&answered(response)).map_err(|_| Problem::host())?;
        let now = scene.outside.now();
        let until = now.plus(limits::PARKED_MILLIS);
        let prefix = answer_prefix(stream, question);
        let mut writes = scene.pieces(&space, &prefix, &answer, until)?;
        let path = path_of(&self.id, stream, 1);
        let again = now.plus(limits::RUN_AGAIN_MILLIS);
        if is_complete {
            writes.push(scene.due_write(again, &path)?);
        }
        scene.write_all(writes, &space).await?;
        if is_complete {
            scene.done(Effect::Wake(again)).await?;
            scene.done(Effect::Begin(path)).await?;
        }
        Ok(())
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
    fn due_write(&self, at: UnixMillis, path: &str) -> Result<Write, Problem> {
        let space = Space::due();
        let place = space.place(due_key(at, path));
        let sealed = self.seal_item(&place, &[])?;
        Ok(space.write(place, Some(sealed), None))
    }

    async fn write_all(&self, writes: Vec<Write>, space: &Space) -> Result<(), Problem> {
        let transaction = Transaction {
            now: self.outside.now(),
            writes,
            quotas: vec![super::session_quota(space)],
            ..Transaction::default()
        };
        match self.transact(transaction).await? {
            smcp_capability::items::Transacted::Done => Ok(()),
            smcp_capability::items::Transacted::OverQuota => Err(Problem::new(
                413,
                "answer_too_large",
                "this session has too much under way; the answer was not taken",
            )),
            _ => Err(Problem::host()),
        }
    }

    /// What was to be done by now is begun again, later each time; the alarm is set for the rest.
    async fn take_up_due(&self) -> Result<(), Problem> {
        let space = Space::due();
        let now = self.outside.now();
        let mut writes = Vec::new();
        let mut begins = Vec::new();
        let mut next: Option<UnixMillis> = None;
        for key in self.item_keys(space.range("", None, u32::MAX)).await? {
            let (time, path) = key.split_once('/').ok_or_else(Problem::host)?;
            let at = UnixMillis(time.parse().map_err(|_| Problem::host())?);
            if at > now {
                next = Some(next.map_or(at, |next| next.min(at)));
                continue;
            }
            writes.push(space.write(space.place(key.clone()), None, None));
            let path = format!("/{path}");
            let Some((session, stream, tries)) =
                parts_of(&path).filter(|(_, _, tries)| *tries <= limits::RUNS_MAX)
            else {
                continue;
            };
            let later = now.plus(limits::RUN_AGAIN_MILLIS << tries.min(16));
            let path = path_of(&session, stream, tries + 1);
            writes.push(self.due_write(later, &path)?);
            next = Some(next.map_or(later, |next| next.min(later)));
            begins.push(path);
        }
        self.write_all(writes, &space).await?;
        if let Some(next) = next {
            self.done(Effect::Wake(next)).await?;
        }
        for path in begins {
            self.done(Effect::Begin(path)).await?;
        }
        Ok(())
    }

    /// What is done need not be looked after.
    async fn forget_due(&self, path: &str) -> Result<(), Problem> {
        let space = Space::due();
        let keys = self.item_keys(space.range("", None, u32::MAX)).await?;
        let done = keys.into_iter().filter(|key| {
            let rest = key.split_once('/').map(|(_, rest)| format!("/{rest}"));
            rest.is_some_and(|rest| {
                parts_of(&rest).is_some_and(|(_, _, tries)| path_of_any(&rest, tries) == path)
            })
        });
        let remove = |key| space.write(space.place(key), None, None);
        let writes: Vec<_> = done.map(remove).collect();
        if writes.is_empty() {
            return Ok(());
        }
        self.write_all(writes, &space).await
    }

    /// Ends a call that waits, by the id of its request.
    pub(super) async fn cancel_parked(
        &self,
        session: &SessionId,
        request: &str,
    ) -> Result<(), Problem> {
        let space = Space::of_session(session);
        let prefix = waits_key("");
        for key in self.item_keys(space.range(&prefix, None, u32::MAX)).await? {
            let Some(stream) = key.strip_prefix(&prefix) else {
                continue;
            };
            let waits: Option<Waits> = self.waits(session, stream).await?;
            if waits.is_some_and(|waits| waits.request == request) {
                let next = self
                    .parked(session, stream)
                    .await?
                    .map_or(0, |call| call.next);
                let removals = self.parked_removals(session, stream).await?;
                self.write_all(removals, &space).await?;
                let id = EventId {
                    stream: stream.to_owned(),
                    number: next,
                };
                let ended = Event {
                    message: None,
                    is_last: true,
                    request: None,
                };
                self.keep_event(session, &id, &ended).await;
                self.tell_attached(session, stream, sse::OVER, true).await?;
            }
        }
        Ok(())
    }

    /// The end of a stream whose call is no more, kept and as text; none if there was no such stream.
    pub(super) async fn lost(
        &self,
        session: &SessionId,
        last: &EventId,
    ) -> Result<Option<String>, Problem> {
        let first = EventId {
            stream: last.stream.clone(),
            number: 0,
        };
        let begun = self.event(session, &first).await?;
        let Some(request) = begun.and_then(|event| event.request) else {
            return Ok(None);
        };
        let wire = Wire {
            status: 503,
            code: INTERNAL_ERROR,
            message:
                "the host was restarted while the call ran, or the call was cancelled; what it had \
                      done is not known: look before you call again"
                    .to_owned(),
            data: Some(r#"{"code":"call_lost","help":"docs/errors.md#call_lost"}"#.to_owned()),
        };
        let id = EventId {
            stream: last.stream.clone(),
            number: last.number + 1,
        };
        let mut event = Event::of(Answer::failed(&request, &wire).json().to_owned());
        event.is_last = true;
        self.keep_event(session, &id, &event).await;
        Ok(Some(event.text(&id)))
    }

    async fn answers(
        &self,
        session: &SessionId,
        stream: &str,
        waits: &Waits,
    ) -> Result<Option<AllAnswers>, Problem> {
        let space = Space::of_session(session);
        let mut answers = AllAnswers::new();
        for question in &waits.questions {
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

/// Goes on with a call whose client has answered.
async fn go_on(
    scene: &Scene,
    frame: &Frame,
    session: SessionId,
    stream: &str,
) -> Result<(), Problem> {
    let live = Live {
        session: session.clone(),
        name: stream.to_owned(),
    };
    if scene.state.borrow().live.contains_key(&live) {
        return Ok(());
    }
    let (Some(waits), Some(parked)) = (
        scene.waits(&session, stream).await?,
        scene.parked(&session, stream).await?,
    ) else {
        return Ok(());
    };
    let Some(answers) = scene.answers(&session, stream, &waits).await? else {
        return Ok(());
    };
    let Parked {
        record,
        body,
        release,
        carried,
        next,
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
    let outlet = Outlet::resumed(session, stream, &body, next, resumed, answers);
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
    };
    let answer = asked.answer(&Head::default(), &request).await;
    let answer =
        answer.unwrap_or_else(|problem| outcome::broken(request.reply_to(), None, &problem));
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
