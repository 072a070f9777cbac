//! MCP, as a tenant's object answers it: a request to an endpoint, from its body to its response.
//!
//! Two endpoints: one server by itself, and all servers of the tenant as one, their names prefixed
//! `{server}__`. Lists are answered from catalogues, but for resources that come and go.

mod ask;
mod attempt;
mod charge;
mod errand;
mod hosted;
mod http;
mod kv;
pub(crate) mod legacy;
mod listen;
mod lists;
mod permit;
mod receipt;
mod resources;
mod rest;
mod room;
mod run;
pub(crate) mod scope;
mod serving;
mod stream;
mod task;
mod told;
mod union;
mod witness;

use std::rc::Rc;

use smcp_auth::Principal;
use smcp_capability::turn::{Frame, Head as HttpHead, Reply as HttpReply};
use smcp_ids::ServerSlug;
use smcp_protocol::json::Json;
use smcp_protocol::{
    Answer, Call, Head, Initialize, LISTEN_METHOD, Method, Notification, Offer, ProtocolError,
    Reply, ReplyForm, ReplyTo, Request, Response, ServerInfo,
};

pub(crate) use self::errand::{Errand, Own, run_of_own};
use self::hosted::Hosted;
pub(crate) use self::http::Place;
use self::legacy::{Outlet, Seat};
use self::task::Going;
use crate::lines::trace_parent;
use crate::modules::Ready;
use crate::outcome;
use crate::problem::{Problem, retry_after};
use crate::session::{Record, Session};
use crate::state::Scene;

/// Which endpoint was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// One server.
    Server(ServerSlug),
    /// All servers of the tenant.
    Union,
}

impl Endpoint {
    /// The server that is called; none: all of them.
    pub(crate) fn server(&self) -> Option<&ServerSlug> {
        match self {
            Self::Server(server) => Some(server),
            Self::Union => None,
        }
    }
}

/// Answers a request to an endpoint. The principal may use the endpoint; that has been checked.
pub(crate) async fn answer(
    scene: &Scene,
    frame: &Frame,
    endpoint: &Endpoint,
    principal: &Principal,
) -> Result<HttpReply, Problem> {
    match frame.method.as_str() {
        "POST" => {}
        "GET" => return legacy::listen(scene, frame, endpoint, principal).await,
        "DELETE" => {
            let ended = legacy::end(scene, frame, endpoint, principal).await;
            return ended.map(over_http);
        }
        _ => return Ok(over_http(Reply::method_not_allowed())),
    }
    let mut head = head(frame);
    let seat = legacy::seat(scene, &head, endpoint, principal).await?;
    head.session_version = seat.session().map(|session| session.record.version());
    let post = Post {
        scene,
        frame,
        endpoint,
        principal,
        seat,
    };
    let Some(messages) = smcp_protocol::batch(&head, &frame.body) else {
        scene.received(frame.body.len());
        return post.answer(&head, &frame.body).await;
    };
    match messages {
        Ok(messages) => post.answer_all(&head, messages).await,
        Err(refusal) => {
            scene.count_unread(refusal.error());
            Ok(over_http(refusal.reply()))
        }
    }
}

/// A POST, and who sent it.
struct Post<'a> {
    scene: &'a Scene,
    frame: &'a Frame,
    endpoint: &'a Endpoint,
    principal: &'a Principal,
    seat: Seat,
}

impl Post<'_> {
    /// Answers one message.
    async fn answer(&self, head: &Head<'_>, body: &[u8]) -> Result<HttpReply, Problem> {
        let mut request = match Call::read(head, body) {
            Ok(Call::Request(request)) => request,
            Ok(Call::Notification(notification)) => {
                return self.notified(&notification).await.map(over_http);
            }
            Ok(Call::Response(response)) => return self.answered(&response).await.map(over_http),
            Err(refusal) => {
                self.scene.count_unread(refusal.error());
                return Ok(over_http(refusal.reply()));
            }
        };
        let listens = matches!(request.method(), Method::Listen(_));
        if head.mcp_method == Some(LISTEN_METHOD) && !listens {
            // It came on a connection on which nothing but a listener can be answered.
            let answer = request.reply_to().error(&ProtocolError::HeaderMismatch {
                header: "Mcp-Method",
                why: "is not the method of the body",
            });
            return Ok(over_http(answer.reply(ReplyForm::Json)));
        }
        if let Method::Initialize(asked) = request.method() {
            self.scene.count_call(self.principal)?;
            return self.initialized(head, &request, asked).await;
        }
        if matches!(self.seat, Seat::Unknown) {
            self.scene.count_unread(&ProtocolError::SessionNotFound);
            let refused = request.reply_to().error(&ProtocolError::SessionNotFound);
            return Ok(over_http(refused.reply(ReplyForm::Json)));
        }
        self.scene.count_call(self.principal)?;
        let session = self.seat.session();
        if let Some(session) = session {
            request.reply_to_mut().set_log_level(Some(session.level()));
        }
        let outlet = session
            .filter(|_| request.method().may_stream())
            .map(|session| Outlet::direct(self.scene, session.clone(), body));
        let asked = self.asked(session, outlet.as_ref());
        let answer = asked.answer(head, &request).await?;
        Ok(self
            .finished(request.reply_to(), outlet.as_ref(), answer)
            .await)
    }

    fn asked<'a>(&'a self, session: Option<&'a Session>, outlet: Option<&'a Outlet>) -> Asked<'a> {
        Asked {
            scene: self.scene,
            frame: self.frame,
            endpoint: self.endpoint,
            principal: self.principal,
            session,
            outlet,
            going: None,
        }
    }

    /// Answers the messages of a batch, one after the other. A call of a batch cannot be streamed, and so it
    /// cannot ask.
    async fn answer_all(
        &self,
        head: &Head<'_>,
        messages: Vec<Json<'_>>,
    ) -> Result<HttpReply, Problem> {
        let head = Head {
            accept: Some("application/json"),
            ..*head
        };
        // Of a batch that asks for what its sender may not, nothing is done.
        for message in &messages {
            if let Ok(Call::Request(request)) = Call::read(&head, message.text().as_bytes()) {
                self.asked(None, None).permit(&head, &request).await?;
            }
        }
        let mut answers = Vec::new();
        for message in messages {
            match Call::read(&head, message.text().as_bytes()) {
                Ok(Call::Request(mut request)) => {
                    self.scene.received(message.text().len());
                    let session = self.seat.session();
                    let level = session.map(Session::level);
                    request.reply_to_mut().set_log_level(level);
                    let to = request.reply_to();
                    let counted = self.scene.count_call(self.principal);
                    answers.push(match (&self.seat, counted) {
                        // Those before it have their answers, which must not be lost.
                        (_, Err(problem)) => outcome::broken(to, None, &problem),
                        (Seat::Unknown, _) => to.error(&ProtocolError::SessionNotFound),
                        _ => self.asked(session, None).answer(&head, &request).await?,
                    });
                }
                Ok(Call::Notification(notification)) => {
                    self.notified(&notification).await?;
                }
                Ok(Call::Response(response)) => {
                    self.answered(&response).await?;
                }
                Err(refusal) => {
                    self.scene.count_unread(refusal.error());
                    answers.push(refusal.answer());
                }
            }
        }
        if answers.is_empty() {
            return Ok(over_http(Reply::accepted()));
        }
        let form = ReplyForm::of(self.frame.header("accept"));
        Ok(over_http(smcp_protocol::batch_reply(&answers, form)))
    }

    async fn notified(&self, notification: &Notification<'_>) -> Result<Reply, Problem> {
        match (&self.seat, notification) {
            (Seat::Unknown, _) => return Ok(Reply::refused(ProtocolError::SessionNotFound)),
            (Seat::In(session), Notification::Cancelled { request: Some(id) }) => {
                session.cancel(self.scene, id.json()).await?;
            }
            _ => {}
        }
        Ok(Reply::accepted())
    }

    async fn answered(&self, response: &Response<'_>) -> Result<Reply, Problem> {
        match &self.seat {
            Seat::In(session) => {
                session.answered(self.scene, response).await?;
                Ok(Reply::accepted())
            }
            Seat::Unknown => Ok(Reply::refused(ProtocolError::SessionNotFound)),
            Seat::None => Ok(Reply::refused(ProtocolError::SessionRequired)),
        }
    }

    /// Answers `initialize`, and begins a session.
    async fn initialized(
        &self,
        head: &Head<'_>,
        request: &Request<'_>,
        asked: &Initialize<'_>,
    ) -> Result<HttpReply, Problem> {
        let to = request.reply_to();
        let answer = self.asked(None, None).answer(head, request).await?;
        let begun = self.scene.begin_session(
            self.endpoint.server(),
            self.principal,
            asked,
            request.version(),
        );
        let id = begun.await?;
        let mut reply = over_http(answer.reply(to.form()));
        let name = "mcp-session-id".to_owned();
        reply.head.headers.push((name, id.as_str().to_owned()));
        Ok(reply)
    }

    /// The last thing a turn says: an event if a stream is open, else the whole response.
    async fn finished(&self, to: &ReplyTo, outlet: Option<&Outlet>, answer: Answer) -> HttpReply {
        if !self.scene.outside.is_open() {
            return over_http(answer.reply(to.form()));
        }
        let last = match outlet {
            Some(outlet) => outlet.finish(self.scene, answer.json()).await,
            None => answer.event(),
        };
        let head = HttpHead {
            status: 200,
            headers: Vec::new(),
        };
        HttpReply {
            head,
            body: last.into_bytes(),
        }
    }
}

/// A request, and all that it came with.
struct Asked<'a> {
    scene: &'a Scene,
    frame: &'a Frame,
    endpoint: &'a Endpoint,
    principal: &'a Principal,
    /// The session that it is made in.
    session: Option<&'a Session>,
    /// How a call of a session tells its client anything.
    outlet: Option<&'a Outlet>,
    /// The task that goes on with it.
    going: Option<&'a Going>,
}

impl Asked<'_> {
    /// Answers a request, and counts it.
    async fn answer(&self, head: &Head<'_>, request: &Request<'_>) -> Result<Answer, Problem> {
        let counted = self.scene.counts(self.principal, request.method().name());
        if let Some(trace) = request
            .meta()
            .trace
            .parent
            .as_deref()
            .and_then(trace_parent)
        {
            self.scene.measure.borrow_mut().trace = Some(trace.to_owned());
        }
        let answer = self.answered(head, request).await;
        counted.end(&answer);
        answer
    }

    async fn answered(&self, head: &Head<'_>, request: &Request<'_>) -> Result<Answer, Problem> {
        let under_way = self
            .outlet
            .map(|outlet| outlet.goes_live(self.scene, request.reply_to()));
        let answer = match self.endpoint {
            Endpoint::Server(server) => {
                let ready = self.serving(server, request).await?;
                let ready = ready.ok_or_else(Problem::not_found)?;
                self.at(server, &ready).answer(head, request).await
            }
            Endpoint::Union => self.at_all(head, request).answer().await,
        };
        drop(under_way);
        answer
    }

    fn at_all<'a>(&'a self, head: &'a Head<'a>, request: &'a Request<'a>) -> union::United<'a> {
        union::United {
            asked: self,
            head,
            request,
        }
    }

    /// What was agreed on in the session that it is made in, or that its task was begun in.
    fn agreed(&self) -> Option<&Record> {
        let session = self.session.map(|session| &session.record);
        session.or(self.going.and_then(Going::agreed))
    }

    fn at<'a>(&'a self, server: &'a ServerSlug, ready: &'a Rc<Ready>) -> Hosted<'a> {
        Hosted {
            asked: self,
            server,
            ready,
        }
    }

    /// What is said of a session, for a server with that offer.
    async fn in_session(
        &self,
        to: &ReplyTo,
        method: &Method<'_>,
        offer: &Offer<'_>,
    ) -> Result<Answer, Problem> {
        let Some(session) = self.session else {
            return Ok(to.error(&ProtocolError::SessionRequired));
        };
        match method {
            Method::SetLevel(level) => session.set_level(self.scene, to, *level).await,
            Method::Subscribe(uri) if offer.resources => {
                session.subscribe(self.scene, to, uri).await
            }
            Method::Unsubscribe(uri) if offer.resources => {
                session.unsubscribe(self.scene, to, uri).await
            }
            _ => Ok(to.error(&ProtocolError::method_not_found("resources/subscribe"))),
        }
    }
}

/// The identity that a server's answers carry.
pub(crate) fn server_info(name: &str, version: &str, icons: Option<Json<'_>>) -> ServerInfo {
    ServerInfo::new(name, version, None, icons)
}

fn head(frame: &Frame) -> Head<'_> {
    Head {
        protocol_version: frame.header("mcp-protocol-version"),
        mcp_method: frame.header("mcp-method"),
        mcp_name: frame.header("mcp-name"),
        accept: frame.header("accept"),
        content_type: frame.header("content-type"),
        session_id: frame.header("mcp-session-id"),
        session_version: None,
        all: &frame.headers,
    }
}

fn over_http(reply: Reply) -> HttpReply {
    let mut headers = headers(reply.headers);
    headers.extend(retry_after(reply.status));
    HttpReply {
        head: HttpHead {
            status: reply.status,
            headers,
        },
        body: reply.body.into_bytes(),
    }
}

fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
