//! What a request needs of the server that it is about, and whether its caller may: said here of every method,
//! and nowhere else.
//!
//! It is decided before anything is looked up that the caller may not know of: who may not call a tool is not
//! told whether there is one. What is missing is answered with the narrowest scope that would do
//! (2026-07-28, basic/authorization, "Runtime Insufficient Scope Errors").

use smcp_auth::{Principal, Scope};
use smcp_ids::ServerSlug;
use smcp_protocol::catalogue::split_union_uri;
use smcp_protocol::{Catalogue, Head, List, Method, Request, Shown, Target, Tool};

use super::{Asked, Endpoint};
use crate::problem::Problem;

/// What a request needs of a server, beside that its caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need<'a> {
    /// Nothing: it tells what all may know who see the server, or what its caller has, or shows of lists what its
    /// caller may use.
    Nothing,
    /// To read it: its resources and prompts, and of their changes.
    Reading,
    /// To call that tool.
    Tool(&'a str),
}

impl<'a> Need<'a> {
    /// What a method needs of the server that it is about.
    pub(super) fn of(method: &'a Method<'_>) -> Self {
        match method {
            Method::Discover
            | Method::Initialize(_)
            | Method::Ping
            | Method::List { .. }
            // Of a task it is that of its tool, which is known when the task is.
            | Method::Task(_)
            | Method::LegacyTask(_)
            | Method::SetLevel(_)
            | Method::Unsubscribe(_) => Self::Nothing,
            Method::Listen(_) | Method::Subscribe(_) => Self::Reading,
            Method::Guest(call) => Self::of_call(call.target(), call.name()),
        }
    }

    /// What a call of a guest needs of it, by the guest's own name for what is called.
    pub(super) fn of_call(target: Target, name: &'a str) -> Self {
        match target {
            Target::Tool => Self::Tool(name),
            Target::Prompt | Target::Resource | Target::Completion => Self::Reading,
        }
    }

    /// Whether a caller may, of a server with that catalogue. A tool that is not in it is taken for one that
    /// changes something.
    ///
    /// # Errors
    /// The caller lacks the scope that the refusal names.
    pub(super) fn check(
        self,
        principal: &Principal,
        server: &ServerSlug,
        catalogue: &Catalogue,
    ) -> Result<(), Problem> {
        match self {
            Self::Nothing => Ok(()),
            Self::Reading => check_reading(principal, server),
            Self::Tool(name) => {
                let only_reads = catalogue.tool(name).is_some_and(Tool::read_only);
                if principal.may_call_tool(server, name, only_reads) {
                    return Ok(());
                }
                // What can be no tool's name, no scope allows by itself.
                let least = name.parse().map_or_else(
                    |_| Scope::Server(server.clone()),
                    |tool| Scope::Tool(server.clone(), tool),
                );
                Err(Problem::lacks(least))
            }
        }
    }
}

impl Asked<'_> {
    /// Whether its caller may ask that; nothing is done yet.
    pub(super) async fn permit(
        &self,
        head: &Head<'_>,
        request: &Request<'_>,
    ) -> Result<(), Problem> {
        match self.endpoint {
            Endpoint::Server(server) => {
                let ready = self.serving(server, request).await?;
                let ready = ready.ok_or_else(Problem::not_found)?;
                Need::of(request.method()).check(self.principal, server, &ready.catalogue)
            }
            Endpoint::Union => self.at_all(head, request).permit().await,
        }
    }
}

fn check_reading(principal: &Principal, server: &ServerSlug) -> Result<(), Problem> {
    if principal.may_read(server) {
        Ok(())
    } else {
        Err(Problem::lacks(Scope::ServerRead(server.clone())))
    }
}

/// Whether a caller may listen at an endpoint: to one server, or without one, to those that it may read.
///
/// # Errors
/// As of [`Need::check`].
pub(crate) fn check_listening(
    principal: &Principal,
    server: Option<&ServerSlug>,
) -> Result<(), Problem> {
    match server {
        Some(server) => check_reading(principal, server),
        None if principal.may_read_any() => Ok(()),
        None => Err(Problem::lacks(Scope::Read)),
    }
}

/// Whether a caller may, where all servers are one, what is asked of no guest. A URI of a server that it does not
/// see is one that names nothing.
///
/// # Errors
/// As of [`Need::check`].
pub(super) fn check_at_all(principal: &Principal, method: &Method<'_>) -> Result<(), Problem> {
    match method {
        Method::Listen(_) => check_listening(principal, None),
        Method::Subscribe(uri) => match split_union_uri(uri) {
            Some((server, _)) if sees(principal, &server) => check_reading(principal, &server),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Whether a caller sees a server of its tenant.
pub(super) fn sees(principal: &Principal, server: &ServerSlug) -> bool {
    principal
        .tenant()
        .is_some_and(|tenant| principal.sees(tenant, server))
}

/// Takes what of a server's list its caller is shown.
pub(super) fn shown<T>(
    principal: &Principal,
    server: &ServerSlug,
    list: List,
    then: impl FnOnce(Shown<'_>) -> T,
) -> T {
    let may_call = |tool: &str, only_reads| principal.may_call_tool(server, tool, only_reads);
    then(match list {
        List::Tools if principal.may_all(server) => Shown::All,
        List::Tools => Shown::Tools(&may_call),
        List::Resources | List::ResourceTemplates | List::Prompts if principal.may_read(server) => {
            Shown::All
        }
        List::Resources | List::ResourceTemplates | List::Prompts => Shown::Nothing,
    })
}
