//! The authorization server (OAuth 2.1), as the objects answer it: consent, tokens, clients, invitations.
//!
//! Whatever belongs to a tenant is in its own object: members, clients that its admin registered, connections. A code
//! or token says which tenant it is of, so that one issuer needs no storage that all share. What a client registers
//! itself with is its id, sealed: so there is nothing that a flood of them could fill.
//!
//! `clients` finds and proves clients, `document` fetches those that describe themselves, `connections` keeps what
//! members have agreed to, `provider` asks where members sign in; `authorize`, `token`, `register`, `join` and `sign_in`
//! answer the requests.

mod authorize;
mod clients;
pub(crate) mod connections;
mod document;
mod join;
mod outgoing;
mod provider;
mod register;
mod sign_in;
mod token;

use smcp_auth::discovery::{AUTHORIZE, REGISTER, REVOKE, TOKEN};
use smcp_capability::turn::{Frame, Head, Reply};
use smcp_oauth::page::Page;
use smcp_oauth::{Form, OAuthError};

use crate::problem::{Problem, retry_after};
use crate::state::Scene;

pub(crate) use join::invitation_url;
pub(crate) use provider::Failed;
pub(crate) use sign_in::redirect_uri;

/// Whether a request is to the authorization server.
pub(crate) fn is_asked(scene: &Scene, frame: &Frame) -> bool {
    let path = frame.path.split('?').next().unwrap_or_default();
    [AUTHORIZE, TOKEN, REVOKE, REGISTER].contains(&path)
        || is_own(scene, path, "/join")
        || is_own(scene, path, "/signed-in")
}

/// Answers a request to the authorization server. `None` if it is not one.
pub(crate) async fn answer(scene: &Scene, frame: &Frame) -> Option<Result<Reply, Problem>> {
    let (path, query) = frame.path.split_once('?').unwrap_or((&frame.path, ""));
    let method = frame.method.as_str();
    Some(match (method, path) {
        ("GET" | "POST", AUTHORIZE) => authorize::answer(scene, frame, query).await,
        ("POST", TOKEN) => Ok(told(token::exchange(scene, frame).await)),
        ("POST", REVOKE) => Ok(told(token::revoke(scene, frame).await)),
        ("POST", REGISTER) => Ok(told(register::register(scene, frame))),
        (_, AUTHORIZE | TOKEN | REVOKE | REGISTER) => Err(not_allowed()),
        ("GET", path) if is_own(scene, path, "/join") => join::show(scene, query),
        ("POST", path) if is_own(scene, path, "/join") => join::accept(scene, frame).await,
        (_, path) if is_own(scene, path, "/join") => Err(not_allowed()),
        ("GET", path) if is_own(scene, path, "/signed-in") => {
            sign_in::came_back(scene, frame, query).await
        }
        _ => return None,
    })
}

fn not_allowed() -> Problem {
    Problem::new(
        405,
        "method_not_allowed",
        "this path takes POST; of a browser, GET too",
    )
}

/// Whether a path is that one of this tenant's.
fn is_own(scene: &Scene, path: &str, end: &str) -> bool {
    let tenant = path
        .strip_prefix("/t/")
        .and_then(|rest| rest.strip_suffix(end));
    scene
        .tenant()
        .is_some_and(|own| tenant == Some(own.as_str()))
}

/// What a client gets instead of a document.
enum Refused {
    /// An error in the words of OAuth.
    Client(OAuthError),
    /// That it may come again after so many seconds.
    Later(u64),
    /// The host's own.
    Host(Problem),
}

impl From<OAuthError> for Refused {
    fn from(error: OAuthError) -> Self {
        Self::Client(error)
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Host(problem)
    }
}

/// The form of a request's body.
fn form_of(frame: &Frame) -> Result<Form, OAuthError> {
    Form::parse(&frame.body).map_err(|_| {
        OAuthError::InvalidRequest("send each parameter once, in a form of at most 8 KiB")
    })
}

/// A reply to a client: what it is told is for nobody else to keep, and pages of any origin may read it, since no
/// browser adds a credential by itself.
fn told(answer: Result<Reply, Refused>) -> Reply {
    let mut reply = match answer {
        Ok(reply) => reply,
        Err(Refused::Host(problem)) => problem.reply(None),
        Err(Refused::Later(seconds)) => {
            let error = OAuthError::TemporarilyUnavailable;
            let mut reply = document(error.status(), error.json());
            let headers = &mut reply.head.headers;
            headers.push(("retry-after".to_owned(), seconds.to_string()));
            reply
        }
        Err(Refused::Client(error)) => {
            let mut reply = document(error.status(), error.json());
            if error == OAuthError::InvalidClient {
                let challenge = (
                    "www-authenticate".to_owned(),
                    "Basic realm=\"smcp\"".to_owned(),
                );
                reply.head.headers.push(challenge);
            }
            reply
        }
    };
    let everybody = ("access-control-allow-origin".to_owned(), "*".to_owned());
    reply.head.headers.push(everybody);
    reply
}

fn document(status: u16, json: String) -> Reply {
    reply(
        status,
        &[("content-type", "application/json"), ("pragma", "no-cache")],
        json,
    )
}

/// A page for a person. No other site may show it in a frame, and none is told where the person came from.
fn page(page: Page) -> Reply {
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", page.policy.as_str()),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ];
    let mut reply = reply(page.status, &headers, page.html);
    reply.head.headers.extend(retry_after(page.status));
    reply
}

/// Sends a browser on. 303: whatever it has posted here is not posted there.
fn sent_to(url: &str) -> Reply {
    reply(
        303,
        &[("location", url), ("referrer-policy", "no-referrer")],
        String::new(),
    )
}

fn reply(status: u16, headers: &[(&str, &str)], body: String) -> Reply {
    let always = [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ];
    let headers = headers.iter().chain(&always);
    let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Reply {
        head: Head {
            status,
            headers: headers.collect(),
        },
        body: body.into_bytes(),
    }
}
