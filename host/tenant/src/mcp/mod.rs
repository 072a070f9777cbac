//! MCP, as a tenant's object answers it: one POST, from its body to its response.
//!
//! Two endpoints: one server by itself, and all servers of the tenant as one, their tools' names
//! prefixed `{server}__`. Lists are answered from catalogues; only `tools/call` runs a guest.

mod run;
mod union;

use std::rc::Rc;

use smcp_auth::Principal;
use smcp_capability::turn::{Frame, Head as HttpHead, Reply as HttpReply};
use smcp_ids::ServerSlug;
use smcp_protocol::{
    Answer, Call, Head, Method, ProtocolError, Reply, ReplyTo, Request, ServerInfo,
};

use crate::modules::Ready;
use crate::problem::Problem;
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
    let request = match Call::read(&head(frame), &frame.body) {
        Ok(Call::Request(request)) => request,
        Ok(Call::Notification(_)) => return Ok(over_http(Reply::accepted())),
        Err(refusal) => return Ok(over_http(refusal.reply())),
    };
    let answer = match endpoint {
        Endpoint::Server(server) => {
            let ready = scene.live(server).await?.ok_or_else(Problem::not_found)?;
            answer_server(scene, server, &ready, &request, principal).await?
        }
        Endpoint::Union => union::answer(scene, &request, principal).await?,
    };
    Ok(finished(scene, request.reply_to(), answer))
}

async fn answer_server(
    scene: &Scene,
    server: &ServerSlug,
    ready: &Rc<Ready>,
    request: &Request<'_>,
    principal: &Principal,
) -> Result<Answer, Problem> {
    let to = request.reply_to();
    Ok(match request.method() {
        Method::Discover => to.discover(&ready.info, &ready.catalogue.offer()),
        Method::Initialize(_) => to.initialize(&ready.info, &ready.catalogue.offer()),
        Method::Ping => to.pong(),
        Method::List { list, cursor } => match ready.catalogue.page(*list, cursor.as_deref()) {
            Ok(page) => to.list(&ready.info, &page),
            Err(error) => to.error(&error),
        },
        Method::CallTool(tool) if ready.catalogue.tool(tool.name()).is_none() => {
            to.error(&ProtocolError::unknown_tool(tool.name()))
        }
        Method::CallTool(tool) => {
            let run = run::Run {
                scene,
                server,
                ready,
                to,
                principal,
            };
            run.tool(tool.guest_request()).await?
        }
    })
}

/// The identity that a server's answers carry.
pub(crate) fn server_info(name: &str, version: &str) -> ServerInfo {
    ServerInfo::new(name, version, None)
}

fn head(frame: &Frame) -> Head<'_> {
    Head {
        protocol_version: frame.header("mcp-protocol-version"),
        mcp_method: frame.header("mcp-method"),
        mcp_name: frame.header("mcp-name"),
        accept: frame.header("accept"),
        content_type: frame.header("content-type"),
        session_id: frame.header("mcp-session-id"),
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
    let headers = headers(reply.headers);
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
