//! The door of an object: where a request goes, and whether its caller may go there.
//!
//! The object trusts nothing that the edge has checked: it proves the credential again, and has the
//! last word on it. What a caller may not see is answered like what is not there.

use smcp_auth::{AuthError, Credential, Principal, Records as _, discovery};
use smcp_capability::turn::{ALARM_METHOD, Frame, REPORT_METHOD, RUN_METHOD, Reply, Role};
use smcp_ids::{ServerSlug, TenantId};

use crate::mcp::Endpoint;
use crate::problem::Problem;
use crate::state::Scene;
use crate::{admin, mcp, metrics, oauth};

/// Answers a request, whatever it is.
pub(crate) async fn answer(scene: Scene, frame: Frame) -> Reply {
    let is_own = frame.method.starts_with(':');
    let told = scene.tells(&frame);
    let answered = route(&scene, &frame).await;
    if let Err(problem) = &answered {
        scene.refused(&frame, problem);
    }
    // What cannot be written down now is written with what is next.
    let _ = scene.write_noted().await;
    let mut reply =
        answered.unwrap_or_else(|problem| problem.reply(metadata_url(&scene, &frame).as_deref()));
    told.end(reply.head.status);
    if !is_own {
        reply.head.headers.push(scene.request_id_header());
    }
    reply
}

/// Where an endpoint that was called says who gives out credentials for it. One that takes keys only does not: clients
/// that find OAuth do not use their keys.
fn metadata_url(scene: &Scene, frame: &Frame) -> Option<String> {
    let path = frame.path.split('?').next().unwrap_or_default();
    let rest = path.strip_prefix("/t/")?;
    let endpoint = endpoint(scene, rest).ok()?;
    let is_known = !frame.base.is_empty() && !takes_keys_only(scene, &endpoint);
    is_known.then(|| discovery::resource_metadata_url(&frame.base, path))
}

fn takes_keys_only(scene: &Scene, endpoint: &Endpoint) -> bool {
    let state = scene.state.borrow();
    let server = endpoint.server();
    state.directory().is_ok_and(|directory| {
        server.is_some_and(|server| directory.options.public.key_only.contains(server))
    })
}

async fn route(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    scene.load().await?;
    if [ALARM_METHOD, RUN_METHOD].contains(&frame.method.as_str()) {
        return mcp::run_of_own(scene, frame).await;
    }
    if frame.method == REPORT_METHOD {
        return scene.reported(frame).await;
    }
    if oauth::is_asked(scene, frame) {
        // Nobody is let in, or signs in, where no call is answered.
        scene.life()?.admit()?;
    }
    if let Some(answer) = oauth::answer(scene, frame).await {
        return answer;
    }
    let path = frame.path.split('?').next().unwrap_or_default();
    match path.strip_prefix("/t/") {
        Some(rest) => {
            let endpoint = endpoint(scene, rest)?;
            let principal = principal(scene, frame, &endpoint)?;
            scene.is_known(&principal);
            let mut reply = mcp::answer(scene, frame, &endpoint, &principal).await?;
            let quotas = scene.quota_headers(&principal).await;
            reply.head.headers.extend(quotas);
            Ok(reply)
        }
        None => {
            let principal = administrator(scene, frame)?;
            scene.is_known(&principal);
            if path == metrics::PATH {
                return metrics::answer(scene, frame, &principal).await;
            }
            admin::answer(scene, frame, &principal).await
        }
    }
}

/// `{tenant}/{server}/mcp` or `{tenant}/mcp`, of this tenant.
fn endpoint(scene: &Scene, rest: &str) -> Result<Endpoint, Problem> {
    let segments: Vec<&str> = rest.split('/').collect();
    let (tenant, endpoint) = match segments.as_slice() {
        [tenant, "mcp"] => (tenant, Endpoint::Union),
        [tenant, server, "mcp"] => {
            let server: ServerSlug = server.parse().map_err(|_| Problem::not_found())?;
            (tenant, Endpoint::Server(server))
        }
        _ => return Err(Problem::not_found()),
    };
    let tenant: TenantId = tenant.parse().map_err(|_| Problem::not_found())?;
    match &scene.state.borrow().boot.role {
        Role::Tenant(own) if *own == tenant => Ok(endpoint),
        _ => Err(Problem::not_found()),
    }
}

/// Who calls an endpoint, if they may. Asked again of who stays long.
pub(crate) fn principal(
    scene: &Scene,
    frame: &Frame,
    endpoint: &Endpoint,
) -> Result<Principal, Problem> {
    let state = scene.state.borrow();
    let keyring = state.keyring.as_ref().ok_or_else(Problem::host)?;
    let (directory, now) = (state.directory()?, scene.outside.now());
    let principal = match Credential::parse(frame.header("authorization"))? {
        Credential::ApiKey(key) => {
            let proven = keyring.verify(&key)?;
            let record = directory.key(proven.id());
            proven.admit(record, now)?
        }
        Credential::AccessToken(token) => {
            if takes_keys_only(scene, endpoint) {
                return Err(AuthError::OtherAudience.into());
            }
            let proven = keyring.open_token(&token)?;
            let member = directory.member(&proven.claims().member);
            let is_ended = directory.is_ended(&proven.claims().grant);
            proven.admit(endpoint.server(), member, is_ended, now)?
        }
        Credential::AdminToken(_) => return Err(AuthError::Malformed.into()),
    };
    principal.may_use(keyring.tenant(), endpoint.server())?;
    directory.life.admit()?;
    Ok(principal)
}

/// Who calls the admin API: the platform's admin, or whoever has a key of this object's tenant. What they may do there
/// is not decided yet.
fn administrator(scene: &Scene, frame: &Frame) -> Result<Principal, Problem> {
    let state = scene.state.borrow();
    match (
        Credential::parse(frame.header("authorization"))?,
        &state.boot.role,
    ) {
        (Credential::AdminToken(token), _) => Ok(token.verify(state.boot.admin_token.as_ref())?),
        (Credential::AccessToken(_), _) => Err(AuthError::NoRole.into()),
        (Credential::ApiKey(_), Role::Platform) => Err(AuthError::Malformed.into()),
        // As the edge: nobody with a key of another tenant learns whether there is this one.
        (Credential::ApiKey(key), Role::Tenant(own)) if key.tenant() != own => {
            Err(Problem::not_found())
        }
        (Credential::ApiKey(key), Role::Tenant(_)) => {
            let keyring = state.keyring.as_ref().ok_or_else(Problem::host)?;
            let proven = keyring.verify(&key)?;
            let record = state.directory()?.key(proven.id());
            Ok(proven.admit(record, scene.outside.now())?)
        }
    }
}
