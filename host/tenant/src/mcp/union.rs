//! All servers of a tenant as one: `{server}__{tool}`, `{server}__{prompt}`, `smcp+{server}+{uri}`.
//!
//! Lists are made from catalogues, without modules, but for resources that a guest lists itself. Whatever
//! is called goes to the server that its name or URI names, under the guest's own name for it; URIs in
//! what comes back are mapped, so that a client can follow them here. Servers that the caller may not use
//! are answered for as if they were not there.

use core::ops::Bound;

use smcp_auth::Principal;
use smcp_capability::turn::Role;
use smcp_ids::ServerSlug;
use smcp_protocol::catalogue::{Linked, split_union_name, split_union_uri, union_uri};
use smcp_protocol::{
    Answer, Catalogue, GuestCall, Head, List, Method, Offer, Page, ProtocolError, Request,
    ServerInfo, Target, UnionPage,
};

use super::Hosted;
use super::listen::Listening;
use crate::problem::Problem;
use crate::state::Scene;

/// Everything: which of its servers have what, only all their catalogues together could say.
const OFFER: Offer<'static> = Offer {
    tools: true,
    resources: true,
    prompts: true,
    completions: true,
    instructions: None,
};

/// A request to all servers.
pub(super) struct United<'a> {
    pub(super) scene: &'a Scene,
    pub(super) head: &'a Head<'a>,
    pub(super) request: &'a Request<'a>,
    pub(super) principal: &'a Principal,
}

impl United<'_> {
    pub(super) async fn answer(&self, listening: &Listening<'_>) -> Result<Answer, Problem> {
        let to = self.request.reply_to();
        let info = info(self.scene);
        Ok(match self.request.method() {
            Method::Discover => to.discover(&info, &OFFER),
            Method::Initialize(_) => to.initialize(&info, &OFFER),
            Method::Ping => to.pong(),
            Method::List { list, cursor } => match UnionPage::begin(*list, cursor.as_deref()) {
                Ok(page) => to.list(&info, &self.fill(page).await?),
                Err(error) => to.error(&error),
            },
            Method::Guest(call) => self.call(call).await?,
            Method::Listen(listen) => listening.answer(to, listen, &OFFER).await?,
        })
    }

    /// Calls the guest of the server that a name or URI names.
    async fn call(&self, call: &GuestCall<'_>) -> Result<Answer, Problem> {
        let to = self.request.reply_to();
        let target = call.target();
        let unknown = || to.error(&ProtocolError::unknown(target, call.name()));
        let Some((server, name)) = split(call) else {
            return Ok(unknown());
        };
        if !sees(self.principal, &server) {
            return Ok(unknown());
        }
        let Some(ready) = self.scene.live(&server).await? else {
            return Ok(unknown());
        };
        let catalogue = &ready.catalogue;
        if !target.is_of(&catalogue.offer()) {
            // All together have the method, so it is not the method that is missing.
            return Ok(match target {
                Target::Completion => to.no_completions(&ready.info),
                Target::Tool | Target::Prompt | Target::Resource => unknown(),
            });
        }
        let at = Hosted {
            scene: self.scene,
            server: &server,
            ready: &ready,
            principal: self.principal,
        };
        let answer = at.call(self.head, self.request, call, Some(&name)).await?;
        Ok(answer.with_uris(target, |linked, uri| {
            is_here(catalogue, linked, uri).then(|| union_uri(&server, uri))
        }))
    }

    /// Adds what the servers that the principal may use have, in the order of their names, until the
    /// page is full.
    async fn fill(&self, mut page: UnionPage) -> Result<Page<'static>, Problem> {
        let from = page.from().map_or(Bound::Unbounded, Bound::Included);
        let mut next = self.following(from)?;
        while let Some(server) = next {
            let has_room = self.add(&mut page, &server).await?;
            next = self.following(Bound::Excluded(&server))?;
            if !has_room {
                break;
            }
        }
        Ok(page.finish(next.as_ref()))
    }

    /// Adds what a server has. False if the page is full.
    async fn add(&self, page: &mut UnionPage, server: &ServerSlug) -> Result<bool, Problem> {
        let Some(catalogue) = self.scene.catalogue(server).await? else {
            return Ok(page.pass(server, false));
        };
        if page.list() != List::Resources || !catalogue.dynamic_resources() {
            return Ok(page.add(server, &catalogue));
        }
        let Some(ready) = self.scene.live(server).await? else {
            return Ok(page.pass(server, false));
        };
        let at = Hosted {
            scene: self.scene,
            server,
            ready: &ready,
            principal: self.principal,
        };
        let made = at
            .run(self.request)
            .made_resources(page.guest_cursor(server))
            .await?;
        // A guest that fails has no resources: the others' are not for it to withhold. Its author
        // finds in its log why.
        Ok(match made.map(|text| page.add_made(server, &text)) {
            Some(Ok(has_room)) => has_room,
            Some(Err(_)) | None => page.pass(server, true),
        })
    }

    fn following(&self, from: Bound<&ServerSlug>) -> Result<Option<ServerSlug>, Problem> {
        let state = self.scene.state.borrow();
        let servers = &state.directory()?.servers;
        let mut later = servers
            .range((from, Bound::Unbounded))
            .map(|(server, _)| server);
        Ok(later.find(|server| sees(self.principal, server)).cloned())
    }
}

/// The server that a call is for, and its own name for what is called.
fn split(call: &GuestCall<'_>) -> Option<(ServerSlug, String)> {
    let is_name = match call.target() {
        Target::Tool | Target::Prompt => true,
        Target::Resource => false,
        Target::Completion => call.completes_prompt(),
    };
    if is_name {
        let (server, name) = split_union_name(call.name())?;
        Some((server, name.to_owned()))
    } else {
        split_union_uri(call.name())
    }
}

/// Whether a URI that a server gave out is to be read here. A link to the web is for the client to
/// follow itself (2026-07-28, server/resources, "https://"), unless the server lists it as its own.
fn is_here(catalogue: &Catalogue, linked: Linked, uri: &str) -> bool {
    let scheme = uri.split(':').next().unwrap_or_default();
    let is_web = ["http", "https"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web));
    linked == Linked::Own || !is_web || catalogue.lists_resource(uri)
}

fn info(scene: &Scene) -> ServerInfo {
    let name = match &scene.state.borrow().boot.role {
        Role::Tenant(tenant) => tenant.to_string(),
        Role::Platform => String::new(),
    };
    super::server_info(&name, env!("CARGO_PKG_VERSION"), None)
}

fn sees(principal: &Principal, server: &ServerSlug) -> bool {
    principal
        .tenant()
        .is_some_and(|tenant| principal.sees(tenant, server))
}
