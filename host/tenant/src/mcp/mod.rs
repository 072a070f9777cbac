//! MCP, as a tenant's object answers it: one POST, from its body to its response.
//!
//! Two endpoints: one server by itself, and all servers of the tenant as one, their names prefixed
//! `{server}__`. Lists are answered from catalogues, but for resources that come and go.

mod ask;
mod attempt;
mod http;
mod kv;
mod listen;
mod permit;
mod receipt;
mod resources;
mod room;
mod run;
mod stream;
mod told;
mod union;
mod witness;

use std::rc::Rc;

use smcp_auth::Principal;
use smcp_capability::turn::{Frame, Head as HttpHead, Reply as HttpReply};
use smcp_ids::ServerSlug;
use smcp_protocol::json::Json;
use smcp_protocol::{
    Answer, Call, Era, GuestCall, Head, LISTEN_METHOD, List, Method, ProtocolError, Reply,
    ReplyForm, ReplyTo, Request, ServerInfo, Target,
};

use self::listen::Listening;
use crate::modules::Ready;
use crate::problem::{Problem, retry_after};
use crate::state::Scene;

/// Which endpoint was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// One server.
    Server(ServerSlug),
    /// All servers of the tenant.
    Union,
}

/// Answers a POST to an endpoint. The principal may use the endpoint; that has been checked.
pub(crate) async fn answer(
    scene: &Scene,
    frame: &Frame,
    endpoint: &Endpoint,
    principal: &Principal,
) -> Result<HttpReply, Problem> {
    if frame.method != "POST" {
        return Ok(over_http(Reply::method_not_allowed()));
    }
    let head = head(frame);
    let request = match Call::read(&head, &frame.body) {
        Ok(Call::Request(request)) => request,
        Ok(Call::Notification(_)) => return Ok(over_http(Reply::accepted())),
        Err(refusal) => return Ok(over_http(refusal.reply())),
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
    let listening = Listening {
        scene,
        frame,
        endpoint,
        principal,
    };
    let answer = match endpoint {
        Endpoint::Server(server) => {
            let ready = scene.live(server).await?.ok_or_else(Problem::not_found)?;
            let at = Hosted {
                scene,
                server,
                ready: &ready,
                principal,
            };
            at.answer(&head, &request, &listening).await?
        }
        Endpoint::Union => {
            let united = union::United {
                scene,
                head: &head,
                request: &request,
                principal,
            };
            united.answer(&listening).await?
        }
    };
    Ok(finished(scene, request.reply_to(), answer))
}

/// A server that answers, and for whom.
struct Hosted<'a> {
    scene: &'a Scene,
    server: &'a ServerSlug,
    ready: &'a Rc<Ready>,
    principal: &'a Principal,
}

impl Hosted<'_> {
    async fn answer(
        &self,
        head: &Head<'_>,
        request: &Request<'_>,
        listening: &Listening<'_>,
    ) -> Result<Answer, Problem> {
        let to = request.reply_to();
        let (catalogue, info) = (&self.ready.catalogue, &self.ready.info);
        Ok(match request.method() {
            Method::Discover => to.discover(info, &catalogue.offer()),
            Method::Initialize(_) => to.initialize(info, &catalogue.offer()),
            Method::Ping => to.pong(),
            Method::List {
                list: List::Resources,
                cursor,
            } if catalogue.dynamic_resources() => {
                self.run(request).list_resources(cursor.as_deref()).await?
            }
            Method::List { list, cursor } => match catalogue.page(*list, cursor.as_deref()) {
                Ok(page) => to.list(info, &page),
                Err(error) => to.error(&error),
            },
            Method::Guest(call) => self.call(head, request, call, None).await?,
            Method::Listen(listen) => listening.answer(to, listen, &catalogue.offer()).await?,
        })
    }

    /// Calls the guest, which may know what is called by another name than the client.
    async fn call(
        &self,
        head: &Head<'_>,
        request: &Request<'_>,
        call: &GuestCall<'_>,
        name: Option<&str>,
    ) -> Result<Answer, Problem> {
        let to = request.reply_to();
        let catalogue = &self.ready.catalogue;
        if !call.target().is_of(&catalogue.offer()) {
            let method = call.target().method();
            return Ok(to.error(&ProtocolError::method_not_found(method)));
        }
        if !catalogue.has(call.target(), name.unwrap_or(call.name())) {
            return Ok(to.error(&ProtocolError::unknown(call.target(), call.name())));
        }
        if call.target() == Target::Tool {
            let name = name.unwrap_or(call.name());
            if to.era() == Era::Modern
                && let Err(error) = catalogue.check_headers(head, name, call.arguments())
            {
                return Ok(to.error(&error));
            }
            let schemas = self.ready.schemas.of(catalogue, name);
            if let Err(mismatch) = schemas.check_arguments(call.arguments()) {
                // server/tools, "Error Handling": the model reads it, and tries again.
                let text = format!("Invalid arguments for tool {name}: {mismatch}");
                return Ok(to.tool_error(&self.ready.info, &text));
            }
        }
        self.run(request).call(call, name).await
    }

    fn run<'r>(&'r self, request: &'r Request<'_>) -> run::Run<'r> {
        run::Run {
            scene: self.scene,
            server: self.server,
            ready: self.ready,
            to: request.reply_to(),
            principal: self.principal,
            capabilities: request
                .meta()
                .client_capabilities
                .map_or("{}", |capabilities| capabilities.text()),
            origin: crate::origin::of(request.meta()),
            wants_receipt: request.meta().receipt,
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
        all: &frame.headers,
    }
}

/// The last thing a turn says: an event if a stream is open, else the whole response.
fn finished(scene: &Scene, to: &ReplyTo, answer: Answer) -> HttpReply {
    if scene.outside.is_open() {
        let head = HttpHead {
            status: 200,
            headers: Vec::new(),
        };
        return HttpReply {
            head,
            body: answer.event().into_bytes(),
        };
    }
    over_http(answer.reply(to.form()))
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
