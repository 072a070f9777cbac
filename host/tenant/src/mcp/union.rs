//! All servers of a tenant as one: `{server}__{tool}`, `{server}__{prompt}`, `smcp+{server}+{uri}`.
//!
//! Lists are made from catalogues, without modules, but for resources that a guest lists itself. Whatever
//! is called goes to the server that its name or URI names, under the guest's own name for it; URIs in
//! what comes back are mapped, so that a client can follow them here. Servers that the caller may not use
//! are answered for as if they were not there, and one that is broken is left out of lists.

use core::ops::Bound;
use std::rc::Rc;

use smcp_capability::turn::Role;
use smcp_ids::{ServerSlug, limits};
use smcp_protocol::catalogue::{Linked, union_uri};
use smcp_protocol::{
    Answer, GuestCall, GuestResult, Head, List, Method, Offer, Page, ProtocolError, Request,
    ServerInfo, Target, UnionPage,
};

use super::Asked;
use super::listen::Listening;
use super::run::Run;
use super::scope::{self, Need, sees};
use crate::listed::is_web;
use crate::modules::Ready;
use crate::problem::Problem;
use crate::state::Scene;

/// Everything: which of its servers have what, only all their catalogues together could say.
const OFFER: Offer<'static> = Offer {
    tools: true,
    resources: true,
    prompts: true,
    completions: true,
    tasks: true,
    instructions: None,
};

/// A request to all servers.
pub(super) struct United<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) head: &'a Head<'a>,
    pub(super) request: &'a Request<'a>,
}

impl United<'_> {
    pub(super) async fn answer(&self) -> Result<Answer, Problem> {
        let to = self.request.reply_to();
        let info = info(self.asked.scene);
        scope::check_at_all(self.asked.principal, self.request.method())?;
        Ok(match self.request.method() {
            Method::Discover => to.discover(&info, &OFFER),
            Method::Initialize(_) => to.initialize(&info, &OFFER),
            Method::Ping => to.pong(),
            Method::List { list, cursor } => match UnionPage::begin(*list, cursor.as_deref()) {
                Ok(page) => {
                    let page = self.fill(page).await?;
                    to.list(&info, &self.asked.as_seen(to, page))
                }
                Err(error) => to.error(&error),
            },
            Method::Guest(call) => self.call(call).await?,
            Method::Task(call) => self.asked.task(to, &info, call).await?,
            Method::LegacyTask(call) => self.asked.legacy_task(to, call).await?,
            Method::Listen(listen) => Listening(self.asked).answer(to, listen, &OFFER).await?,
            method @ (Method::SetLevel(_) | Method::Subscribe(_) | Method::Unsubscribe(_)) => {
                self.asked.in_session(to, method, &OFFER).await?
            }
        })
    }

    /// Whether its caller may ask that; nothing is done yet.
    pub(super) async fn permit(&self) -> Result<(), Problem> {
        match self.request.method() {
            Method::Guest(call) => self.called(call).await.map(drop),
            method => scope::check_at_all(self.asked.principal, method),
        }
    }

    /// The server that a name or URI names, if there is one that the caller sees, and its own name of what is
    /// called: which the caller may call, if it is there.
    async fn called(
        &self,
        call: &GuestCall<'_>,
    ) -> Result<Option<(ServerSlug, String, Rc<Ready>)>, Problem> {
        let principal = self.asked.principal;
        let Some((server, name)) = call.united().filter(|(server, _)| sees(principal, server))
        else {
            return Ok(None);
        };
        let Some(ready) = self.asked.serving(&server, self.request).await? else {
            return Ok(None);
        };
        let need = Need::of_call(call.target(), &name);
        need.check(principal, &server, &ready.catalogue)?;
        Ok(Some((server, name, ready)))
    }

    /// Calls the guest of the server that a name or URI names.
    async fn call(&self, call: &GuestCall<'_>) -> Result<Answer, Problem> {
        let to = self.request.reply_to();
        let target = call.target();
        let unknown = || to.error(&ProtocolError::unknown(target, call.name()));
        let Some((server, name, ready)) = self.called(call).await? else {
            return Ok(unknown());
        };
        if !target.is_of(&ready.catalogue.offer()) {
            // All together have the method, so it is not the method that is missing.
            return Ok(match target {
                Target::Completion => to.no_completions(&ready.info),
                Target::Tool | Target::Prompt | Target::Resource => unknown(),
            });
        }
        let at = self.asked.at(&server, &ready);
        let answer = at.call(self.head, self.request, call, Some(&name)).await?;
        let caller = self.asked.principal.to_string();
        let may_read = self.asked.principal.may_read(&server);
        let state = self.asked.scene.state.borrow();
        // A link to the web is for the client to follow itself, unless its server has listed it to it as its own.
        let is_listed = |uri: &str| {
            ready.catalogue.lists_resource(uri) || state.listed.has(&server, &caller, uri)
        };
        let is_here =
            |linked, uri: &str| linked == Linked::Own || !is_web(uri) || may_read && is_listed(uri);
        Ok(answer.with_uris(target, |linked, uri| {
            is_here(linked, uri).then(|| union_uri(&server, uri))
        }))
    }

    /// Adds what the servers that the principal may use have, in the order of their names, until the
    /// page is full. A server that is broken is left out: what the others have is not for it to keep back.
    async fn fill(&self, mut page: UnionPage) -> Result<Page<'static>, Problem> {
        let outside = &self.asked.scene.outside;
        let began = outside.now();
        let from = page.from().map_or(Bound::Unbounded, Bound::Included);
        let mut next = self.following(from)?;
        while let Some(server) = next.take() {
            let has_room = match self.add(&mut page, &server).await {
                Ok(has_room) => has_room,
                Err(problem) if problem.is_busy() && page.has_begun() => {
                    // What there is by now is a page; the next one begins with this server.
                    next = Some(server);
                    break;
                }
                Err(problem) if problem.is_busy() => return Err(problem),
                // Counted like one that was asked: clients do not keep a page that lacks something.
                Err(_) => page.pass(&server, true),
            };
            next = self.following(Bound::Excluded(&server))?;
            if !has_room || outside.now().since(began) >= limits::UNION_PAGE_MILLIS {
                break;
            }
        }
        Ok(page.finish(next.as_ref()))
    }

    /// Adds what a server has. False if the page is full.
    ///
    /// # Errors
    /// It is broken, which stands in its log, or the host is busy.
    async fn add(&self, page: &mut UnionPage, server: &ServerSlug) -> Result<bool, Problem> {
        let principal = self.asked.principal;
        if page.list() != List::Tools && !principal.may_read(server) {
            return Ok(page.pass(server, false));
        }
        let catalogue = self.asked.scene.catalogue(server, principal).await;
        let why = "its catalogue cannot be read";
        let Some(catalogue) = self.or_noted(server, catalogue, why).await? else {
            return Ok(page.pass(server, false));
        };
        if page.list() != List::Resources || !catalogue.dynamic_resources() {
            return Ok(scope::shown(principal, server, page.list(), |shown| {
                page.add(server, &catalogue, shown)
            }));
        }
        if page.guest_pages(server) >= limits::UNION_GUEST_PAGES {
            let why = "its list of resources has more pages than are listed";
            self.note(server, why).await;
            return Ok(page.pass(server, false));
        }
        let ready = self.asked.serving(server, self.request).await;
        let why = "its module cannot be loaded";
        let Some(ready) = self.or_noted(server, ready, why).await? else {
            return Ok(page.pass(server, false));
        };
        let cursor = page.guest_cursor(server);
        let Some(made) = self.made(server, &ready, cursor).await? else {
            return Ok(page.pass(server, true));
        };
        let added = page.add_made(server, &made);
        Ok(added.unwrap_or_else(|_| page.pass(server, true)))
    }

    /// A page of resources that the guest of a server makes, of which the web addresses are remembered.
    async fn made(
        &self,
        server: &ServerSlug,
        ready: &Rc<Ready>,
        cursor: Option<&str>,
    ) -> Result<Option<String>, Problem> {
        let at = self.asked.at(server, ready);
        let run = Run {
            to: &self.request.reply_to().without_progress(),
            ..at.run(self.request)
        };
        let made = run.made_resources(cursor).await?;
        if let Some(page) = made.as_deref().map(GuestResult::parse_resources) {
            let caller = self.asked.principal.to_string();
            let listed = &mut self.asked.scene.state.borrow_mut().listed;
            for uri in page.iter().flat_map(GuestResult::resource_uris) {
                listed.add(server, &caller, &uri);
            }
        }
        Ok(made)
    }

    /// Notes in a server's log why it is left out, if it is.
    async fn or_noted<T>(
        &self,
        server: &ServerSlug,
        found: Result<T, Problem>,
        why: &str,
    ) -> Result<T, Problem> {
        if found.is_err() {
            self.note(server, why).await;
        }
        found
    }

    async fn note(&self, server: &ServerSlug, why: &str) {
        let text = format!("left out where all servers of the tenant are one: {why}");
        self.asked.scene.note_fault(server, &text).await;
    }

    fn following(&self, from: Bound<&ServerSlug>) -> Result<Option<ServerSlug>, Problem> {
        let state = self.asked.scene.state.borrow();
        let servers = &state.directory()?.servers;
        let mut later = servers
            .range((from, Bound::Unbounded))
            .map(|(server, _)| server);
        Ok(later
            .find(|server| sees(self.asked.principal, server))
            .cloned())
    }
}

fn info(scene: &Scene) -> ServerInfo {
    let name = match &scene.state.borrow().boot.role {
        Role::Tenant(tenant) => tenant.to_string(),
        Role::Platform => String::new(),
    };
    super::server_info(&name, env!("CARGO_PKG_VERSION"), None)
}
