//! The crate as the tenant uses it: headers and a body in, an answer out. Every message that goes out
//! is held against the official schema of its version, where that is at hand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it stands"
)]

mod batch_wire;
mod calls;
mod errors_wire;
mod legacy_tasks_wire;
mod legacy_wire;
mod lists_wire;
mod modern_wire;
mod session_wire;
mod tasks_wire;
mod wire;

use crate::{
    Call, Catalogue, GuestResult, Head, Method, Notifier, ProtocolError, Refusal, Reply, Request,
    ServerInfo, Target, Version,
};

/// The headers of a legacy client.
const LEGACY: Head<'static> = Head {
    protocol_version: Some("2025-11-25"),
    mcp_method: None,
    mcp_name: None,
    accept: Some("application/json, text/event-stream"),
    content_type: Some("application/json"),
    session_id: None,
    session_version: None,
    all: &[],
};

/// The headers of a modern client that calls `method`.
fn modern<'a>(method: &'a str, name: Option<&'a str>) -> Head<'a> {
    Head {
        protocol_version: Some("2026-07-28"),
        mcp_method: Some(method),
        mcp_name: name,
        ..LEGACY
    }
}

/// The `_meta` that every modern request has, and `more` members before it in the params.
fn modern_body(method: &str, more: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{more}"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{{}}}}}}}}"#
    )
}

fn request<'a>(head: &Head<'_>, body: &'a str) -> Result<Request<'a>, Refusal> {
    match Call::read(head, body.as_bytes())? {
        Call::Request(request) => Ok(request),
        Call::Notification(_) => panic!("a notification: {body}"),
        Call::Response(_) => panic!("a response: {body}"),
    }
}

/// A request as a client may write it by the official schema.
#[track_caller]
fn official_request<'a>(head: &Head<'_>, body: &'a str) -> Request<'a> {
    let request = request(head, body).unwrap();
    smcp_official::request(request.version().as_str(), body).unwrap();
    request
}

/// A message that a request is answered, which must be one by the official schema.
#[track_caller]
fn sent<'m>(request: &Request<'_>, message: &'m str) -> &'m str {
    let method = match request.method() {
        Method::Discover => "server/discover",
        Method::Initialize(_) => "initialize",
        Method::Ping => "ping",
        Method::List { list, .. } => list.method(),
        Method::Guest(call) => call.target().method(),
        Method::Listen(_) => "subscriptions/listen",
        Method::Task(call) => call.ask.method(),
        Method::LegacyTask(call) => call.method(),
        Method::SetLevel(_) => "logging/setLevel",
        Method::Subscribe(_) => "resources/subscribe",
        Method::Unsubscribe(_) => "resources/unsubscribe",
    };
    smcp_official::sent(request.version().as_str(), method, message).unwrap();
    message
}

/// A refusal, which must be an error by the official schema: that of the version which the headers
/// name, or of the newest.
#[track_caller]
fn refused(head: &Head<'_>, reply: Reply) -> Reply {
    let named = head.protocol_version.and_then(Version::parse);
    let version = named.unwrap_or(Version::ALL[0]).as_str();
    // Those that leave the status alone take the form that the client takes.
    let event = reply.body.strip_prefix("event: message\ndata: ");
    smcp_official::response(version, "", event.unwrap_or(&reply.body)).unwrap();
    reply
}

fn server() -> ServerInfo {
    ServerInfo::new("echo", "1.2.0", None, None)
}

fn catalogue() -> Catalogue {
    Catalogue::parse(br#"{"instructions":"Say \"hi\".","tools":[{"name":"echo","inputSchema":{"type":"object"}}]}"#)
        .unwrap()
}

/// What a server with that catalogue answers, as the tenant would: the status and the JSON.
fn answered(head: &Head<'_>, body: &str) -> (u16, String) {
    let reply = replied(head, body);
    (reply.status, reply.body)
}

fn replied(head: &Head<'_>, body: &str) -> Reply {
    replied_to_bytes(head, body.as_bytes())
}

fn replied_to_bytes(head: &Head<'_>, body: &[u8]) -> Reply {
    let call = match Call::read(head, body) {
        Ok(call) => call,
        Err(refusal) => return refused(head, refusal.reply()),
    };
    let Call::Request(request) = call else {
        return Reply::accepted();
    };
    let (to, catalogue) = (request.reply_to(), catalogue());
    let answer = match request.method() {
        Method::Discover => to.discover(&server(), &catalogue.offer()),
        Method::Initialize(_) => to.initialize(&server(), &catalogue.offer()),
        Method::Ping => to.pong(),
        Method::Task(_) | Method::LegacyTask(_) => to.error(&ProtocolError::UnknownTask),
        Method::SetLevel(_) | Method::Subscribe(_) | Method::Unsubscribe(_) => {
            if head.session_id.is_some() {
                to.empty()
            } else {
                to.error(&ProtocolError::SessionRequired)
            }
        }
        Method::List { list, cursor } => match catalogue.page(*list, cursor.as_deref()) {
            Ok(page) => to.list(&server(), &page),
            Err(error) => to.error(&error),
        },
        Method::Guest(call) => match catalogue.tool(call.name()) {
            Some(_) => {
                let text = crate::json::quoted(&call.guest_request());
                let output = format!(r#"{{"content":[{{"type":"text","text":{text}}}]}}"#);
                to.guest_result(
                    &server(),
                    &GuestResult::parse(Target::Tool, &output).unwrap(),
                    Vec::new(),
                )
            }
            None => to.error(&ProtocolError::unknown(call.target(), call.name())),
        },
        Method::Listen(listen) => match listen.filter(&catalogue.offer()) {
            Ok(filter) => {
                sent(&request, &to.subscription().acknowledged(&filter));
                return Reply {
                    status: 200,
                    headers: crate::SSE_HEADERS,
                    body: crate::sse::event(&to.subscription().acknowledged(&filter)),
                };
            }
            Err(error) => to.error(&error),
        },
    };
    sent(&request, answer.json());
    answer.reply(to.form())
}

fn notifier() -> Notifier {
    Notifier::new()
}
