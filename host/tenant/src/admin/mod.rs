//! The admin API, as the objects answer it: `/admin/v1/...`.
//!
//! What there is to ask, and which scope it takes, is one table in `action.rs`; no handler is reached but by it.
//! Every handler reads its input whole into types, checks it against the directory, and changes
//! storage in one commit: bad input changes nothing.

mod action;
mod audit;
mod clients;
mod export;
mod grants;
mod keys;
mod life;
mod limits;
mod logs;
mod members;
mod policy;
mod provider;
mod public;
mod publish;
mod publishers;
mod quotas;
mod releases;
mod rotation;
mod secrets;
mod servers;
mod settings;
mod tenants;
mod usage;
mod waiting;

use serde::de::DeserializeOwned;
use smcp_auth::Principal;
use smcp_capability::turn::{Frame, Reply, Role};
use smcp_ids::limits::ADMIN_BODY_MAX;

pub use action::{ACTIONS, Entry};

use self::action::{Action, Allowed};
use crate::audit::Act;
use crate::metrics::called;
use crate::problem::Problem;
use crate::state::Scene;

/// Answers an admin request of a caller that is the platform's admin, or has a key of this object's tenant.
pub(crate) async fn answer(
    scene: &Scene,
    frame: &Frame,
    principal: &Principal,
) -> Result<Reply, Problem> {
    let (path, query) = frame.path.split_once('?').unwrap_or((&frame.path, ""));
    let own = match scene.state.borrow().boot.role.clone() {
        Role::Platform => None,
        Role::Tenant(own) => Some(own),
    };
    if own.is_some() && path == INTERNAL {
        return internal(scene, frame, principal).await;
    }
    let path: Vec<&str> = path
        .strip_prefix("/admin/v1/")
        .ok_or_else(Problem::not_found)?
        .split('/')
        .collect();
    if let Some(own) = &own {
        let is_own = matches!(path.as_slice(), ["tenants", named, ..] if *named == own.as_str());
        if !is_own || scene.state.borrow().directory()?.tenant.is_none() {
            return Err(Problem::not_found());
        }
    }
    let action = Action::parse(&frame.method, &path)?;
    if action.is_of_platform() != own.is_none() {
        return Err(Problem::not_found());
    }
    scene.measure.borrow_mut().method = action.name();
    let place = frame.path.strip_prefix("/admin/v1").unwrap_or_default();
    let act = Act::new(principal.to_string(), action.name(), place);
    let allowed = match action.allow(principal, own.as_ref()) {
        Ok(allowed) => allowed,
        Err(problem) => {
            if problem.status == 403 {
                let act = act.refused(problem.code);
                scene.note_refusal(principal, act).await?;
            }
            return Err(problem);
        }
    };
    if frame.method == "GET" {
        return perform(scene, principal, frame, query, &allowed).await;
    }
    if !principal.is_platform_admin() {
        scene.life()?.admit()?;
    }
    scene.does(act);
    let reply = perform(scene, principal, frame, query, &allowed).await;
    // What changed no row is written down by itself; what failed has changed nothing.
    if let (Some(act), Ok(_)) = (scene.act.take(), &reply) {
        scene.note(act).await?;
    }
    reply
}

/// What the platform's object asks of a tenant's, with the credential of its own caller. The edge lets no such path
/// in from outside.
async fn internal(scene: &Scene, frame: &Frame, principal: &Principal) -> Result<Reply, Problem> {
    if !principal.is_platform_admin() {
        return Err(Problem::not_found());
    }
    match frame.method.as_str() {
        "PUT" => tenants::open(scene, frame).await,
        "DELETE" => life::leave(scene, frame).await,
        "POST" => life::stay(scene).await,
        _ => Err(Problem::not_found()),
    }
}

/// The path of a tenant's object at which it is opened, told to leave, and told to stay.
const INTERNAL: &str = "/internal/tenant";

/// Does what its caller may. The tenant of the path is this object's.
async fn perform(
    scene: &Scene,
    principal: &Principal,
    frame: &Frame,
    query: &str,
    allowed: &Allowed<'_>,
) -> Result<Reply, Problem> {
    use Action as A;
    match allowed.action() {
        A::ReadPlatformAudit {} | A::ReadAudit { .. } => audit::read(scene, query).await,
        A::ShowPlatformAuditHead {} | A::ShowAuditHead { .. } => audit::head(scene).await,
        A::ListAuditHeads { .. } => audit::heads(scene).await,
        A::ShowAuditSettings { .. } => audit::settings(scene),
        A::SetAuditSettings { .. } => audit::set_settings(scene, frame).await,
        A::ShowQuotas { .. } => quotas::show(scene),
        A::SetQuotas { .. } => quotas::set(scene, frame).await,
        A::ListTenants {} => tenants::list(scene),
        A::CreateTenant {} => tenants::create(scene, frame).await,
        A::ShowTenant { .. } => tenants::show(scene),
        A::DeleteTenant { tenant } => life::delete(scene, frame, tenant, query).await,
        A::RestoreTenant { tenant } => life::restore(scene, frame, tenant).await,
        A::SuspendTenant { .. } => life::suspend(scene, frame).await,
        A::ResumeTenant { .. } => life::resume(scene).await,
        A::ExportTenant { .. } => export::export(scene, query).await,
        A::ExportModule { release, .. } => export::module(scene, release).await,
        A::ImportPage { .. } => export::import(scene, frame).await,
        A::ImportModule { release, .. } => export::import_module(scene, frame, release).await,
        A::EndImport { .. } => export::end_import(scene, frame).await,
        A::ShowPlatformRotation {} | A::ShowRotation { .. } => rotation::show(scene),
        A::StartPlatformRotation {} | A::StartRotation { .. } => rotation::start(scene).await,
        A::ListPublishers { .. } => publishers::list(scene),
        A::TrustPublisher { .. } => publishers::trust(scene, frame).await,
        A::RevokePublisher { key, .. } => publishers::revoke(scene, key, query).await,
        A::ListServers { .. } => servers::list(scene, query),
        A::ShowServer { server, .. } => servers::show(scene, server),
        A::DeleteServer { server, .. } => servers::delete(scene, server).await,
        A::ShowApproval { .. } => releases::show_approval(scene),
        A::SetApproval { .. } => releases::set_approval(scene, frame).await,
        A::ListReleases { server, .. } => releases::list(scene, server),
        A::Publish { server, .. } => publish::publish(scene, principal, frame, server).await,
        A::RollBack { server, .. } => releases::roll_back(scene, server).await,
        A::FetchModule {
            server, release, ..
        } => releases::module(scene, server, release).await,
        A::ApproveRelease {
            server, release, ..
        } => releases::approve(scene, principal, server, release).await,
        A::PromoteRelease {
            server, release, ..
        } => releases::promote(scene, server, release).await,
        A::SetCanary {
            server, release, ..
        } => releases::canary(scene, frame, server, release).await,
        A::DeleteRelease {
            server, release, ..
        } => releases::delete(scene, server, release).await,
        A::ShowReport {
            server, release, ..
        } => policy::report(scene, server, release).await,
        A::ShowPolicy { .. } => policy::show(scene),
        A::SetPolicy { .. } => policy::set(scene, frame).await,
        A::ResetPolicy { .. } => policy::reset(scene).await,
        A::ListGrants { server, .. } => grants::list(scene, server),
        A::SetGrant { server, .. } => grants::set(scene, frame, server).await,
        A::DeleteGrant { server, .. } => grants::delete(scene, server, query).await,
        A::ListSecrets { server, .. } => secrets::list(scene, server),
        A::SetSecret { server, name, .. } => secrets::set(scene, frame, server, name).await,
        A::DeleteSecret { server, name, .. } => secrets::delete(scene, server, name).await,
        A::ListSettings { server, .. } => settings::list(scene, server),
        A::SetSetting { server, name, .. } => settings::set(scene, frame, server, name).await,
        A::DeleteSetting { server, name, .. } => settings::delete(scene, server, name).await,
        A::ReadLog { server, .. } => logs::logs(scene, server, query).await,
        A::ShowUsage { .. } => usage::usage(scene, query).await,
        A::ListAlerts { .. } => usage::alerts(scene, query).await,
        A::ShowMetrics { .. } => called::answer(scene).await,
        A::ListTapes { server, .. } => logs::tapes(scene, server, query).await,
        A::FetchTape { server, call, .. } => logs::tape(scene, server, call).await,
        A::ShowKeptTapes { .. } => logs::show_keep(scene),
        A::SetKeptTapes { .. } => logs::set_keep(scene, frame).await,
        A::ListKeys { .. } => keys::list(scene),
        A::CreateKey { .. } => keys::create(scene, frame).await,
        A::RevokeKey { key, .. } => keys::revoke(scene, key).await,
        A::ShowLimits { .. } => limits::show(scene),
        A::SetLimits { .. } => limits::set(scene, frame).await,
        A::ListMembers { .. } => members::list(scene),
        A::InviteMember { .. } => members::invite(scene, frame).await,
        A::InviteMemberAgain { member, .. } => members::invite_again(scene, frame, member).await,
        A::ShowMemberLimits { member, .. } => limits::show_member(scene, member),
        A::SetMemberLimits { member, .. } => limits::set_member(scene, frame, member).await,
        A::RemoveMember { member, .. } => members::remove(scene, member).await,
        A::ListConnections { .. } => members::connections(scene).await,
        A::EndConnection { connection, .. } => members::disconnect(scene, connection).await,
        A::ShowProvider { .. } => provider::show(scene, frame),
        A::SetProvider { .. } => provider::set(scene, frame).await,
        A::RemoveProvider { .. } => provider::remove(scene).await,
        A::ListClients { .. } => clients::list(scene),
        A::AddClient { .. } => clients::add(scene, frame).await,
        A::RemoveClient { client, .. } => clients::remove(scene, client).await,
        A::ListOrigins { .. } => public::origins(scene),
        A::AllowOrigin { .. } => public::allow(scene, frame).await,
        A::RemoveOrigin { .. } => public::disallow(scene, query).await,
        A::ShowOAuth { server, .. } => public::show(scene, server),
        A::SetOAuth { server, .. } => public::set(scene, frame, server).await,
    }
}

/// Reads a JSON body of one of our own types: unknown and repeated fields are refused.
fn body<T: DeserializeOwned>(frame: &Frame) -> Result<T, Problem> {
    if frame.body.len() > ADMIN_BODY_MAX {
        let limit = ADMIN_BODY_MAX;
        return Err(Problem::new(
            413,
            "body_too_large",
            format!("send at most {limit} bytes"),
        ));
    }
    serde_json::from_slice(&frame.body).map_err(|error| {
        Problem::invalid("invalid_body", format!("the body cannot be read: {error}"))
    })
}

/// A name or key from the path or a body.
fn parse<T: core::str::FromStr>(text: &str, what: &str) -> Result<T, Problem>
where
    T::Err: core::fmt::Display,
{
    text.parse()
        .map_err(|error| Problem::invalid("invalid_name", format!("{what}: {error}")))
}

/// The value of a parameter in the query, as it is written there.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| match pair.split_once('=') {
            Some((key, value)) if key == name => Some(value),
            _ => None,
        })
}

/// A name that people gave, for people to read.
fn label(text: &str) -> Result<String, Problem> {
    let fits = text.chars().count() <= 100 && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Problem::invalid(
            "invalid_name",
            "a name has at most 100 characters and no control characters",
        ))
    }
}
