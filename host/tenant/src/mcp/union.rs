//! All servers of a tenant as one: `{server}__{tool}`.

use core::ops::Bound;

use smcp_auth::Principal;
use smcp_capability::turn::Role;
use smcp_ids::ServerSlug;
use smcp_protocol::catalogue::split_union_name;
use smcp_protocol::{
    Answer, Head, List, Method, Offer, ProtocolError, Request, ServerInfo, Target, UnionPage,
};

use super::Asked;
use super::listen::Listening;
use crate::problem::Problem;
use crate::state::Scene;

pub(super) async fn answer(
    asked: &Asked<'_>,
    head: &Head<'_>,
    request: &Request<'_>,
) -> Result<Answer, Problem> {
    let (scene, principal) = (asked.scene, asked.principal);
    let to = request.reply_to();
    let info = info(scene);
    let offer = Offer {
        tools: true,
        ..Offer::default()
    };
    Ok(match request.method() {
        Method::Discover => to.discover(&info, &offer),
        Method::Initialize(_) => to.initialize(&info, &offer),
        Method::Ping => to.pong(),
        Method::List {
            list: List::Tools,
            cursor,
        } => match UnionPage::begin(cursor.as_deref()) {
            Ok(page) => to.list(&info, &fill(scene, page, principal).await?),
            Err(error) => to.error(&error),
        },
        Method::List { list, .. } => to.error(&ProtocolError::method_not_found(list.method())),
        Method::Guest(call) if call.target() == Target::Tool => {
            let unknown = || to.error(&ProtocolError::unknown(Target::Tool, call.name()));
            let Some((server, name)) = split_union_name(call.name()) else {
                return Ok(unknown());
            };
            if !sees(principal, &server) {
                return Ok(unknown());
            }
            match scene.live(&server).await? {
                Some(ready) => {
                    let at = asked.at(&server, &ready);
                    at.call(head, request, call, Some(name)).await?
                }
                None => unknown(),
            }
        }
        Method::Guest(call) => to.error(&ProtocolError::method_not_found(call.target().method())),
        Method::Task(call) => asked.task(to, &info, call).await?,
        Method::Listen(listen) => Listening(asked).answer(to, listen, &offer).await?,
        method @ (Method::SetLevel(_) | Method::Subscribe(_) | Method::Unsubscribe(_)) => {
            asked.in_session(to, method, &offer).await?
        }
    })
}

fn info(scene: &Scene) -> ServerInfo {
    let name = match &scene.state.borrow().boot.role {
        Role::Tenant(tenant) => tenant.to_string(),
        Role::Platform => String::new(),
    };
    super::server_info(&name, env!("CARGO_PKG_VERSION"), None)
}

/// Adds the catalogues of the servers that the principal may use, in the order of their names,
/// until the page is full.
async fn fill(
    scene: &Scene,
    mut page: UnionPage,
    principal: &Principal,
) -> Result<smcp_protocol::Page<'static>, Problem> {
    let mut next = following(
        scene,
        page.from().map_or(Bound::Unbounded, Bound::Included),
        principal,
    )?;
    while let Some(server) = next {
        let full = match scene.live(&server).await? {
            Some(ready) => !page.add(&server, &ready.catalogue),
            None => false,
        };
        next = following(scene, Bound::Excluded(&server), principal)?;
        if full {
            break;
        }
    }
    Ok(page.finish(next.is_some()))
}

fn following(
    scene: &Scene,
    from: Bound<&ServerSlug>,
    principal: &Principal,
) -> Result<Option<ServerSlug>, Problem> {
    let state = scene.state.borrow();
    let servers = &state.directory()?.servers;
    let mut later = servers
        .range((from, Bound::Unbounded))
        .map(|(server, _)| server);
    Ok(later.find(|server| sees(principal, server)).cloned())
}

fn sees(principal: &Principal, server: &ServerSlug) -> bool {
    principal
        .tenant()
        .is_some_and(|tenant| principal.sees(tenant, server))
}
