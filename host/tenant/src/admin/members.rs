//! Members of a tenant, and what they have connected.

use serde::{Deserialize, Serialize};
use smcp_auth::{Allowance, MemberRecord, Scope, Scopes, TicketKind};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::{MemberId, limits};

use super::tenants::Deleted;
use super::{body, label, parse};
use crate::oauth::connections::Connection;
use crate::oauth::invitation_url;
use crate::problem::{Problem, json};
use crate::record::{Change, Row};
use crate::state::Scene;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invite {
    name: String,
    /// By which an upstream provider knows the person.
    email: Option<String>,
    /// What the member may do, separated by spaces; to use all MCP endpoints, if left out.
    scopes: Option<String>,
}

#[derive(Serialize)]
struct View<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    scopes: String,
    created: u64,
    /// Whether the member can sign in.
    joined: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    invited_until: Option<u64>,
}

impl<'a> View<'a> {
    fn of(record: &'a MemberRecord) -> Self {
        Self {
            id: record.id.as_str(),
            name: &record.name,
            email: record.email.as_deref(),
            scopes: record.scopes.to_string(),
            created: record.created.0,
            joined: record.access_codes > 0 || record.upstream.is_some(),
            invited_until: record.invited_until.map(|moment| moment.0),
        }
    }
}

/// A member, and the link by which it gets an access code.
#[derive(Serialize)]
struct Invited<'a> {
    /// Shown here, and never again.
    invitation: String,
    #[serde(flatten)]
    view: View<'a>,
}

pub(super) fn list(scene: &Scene) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        members: Vec<View<'a>>,
    }
    let state = scene.state.borrow();
    let members = state.directory()?.members.values().map(View::of).collect();
    Ok(json(200, &List { members }))
}

pub(super) async fn invite(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let invite: Invite = body(frame)?;
    let name = label(&invite.name)?;
    if name.trim().is_empty() {
        return Err(Problem::invalid("invalid_name", "a member has a name"));
    }
    let scopes = match &invite.scopes {
        Some(scopes) => parse(scopes, "scopes")?,
        None => Scopes::from(Scope::Mcp),
    };
    if !scopes.allow_mcp() || scopes.iter().any(|scope| !scope.is_mcp()) {
        return Err(Problem::invalid(
            "invalid_name",
            "scopes: a member uses MCP endpoints; roles on the admin API are for keys",
        ));
    }
    let email = invite.email.map(|email| email_of(&email)).transpose()?;
    let record = MemberRecord {
        id: scene.fresh_id()?,
        name,
        email,
        scopes,
        created: scene.outside.now(),
        invitations: 0,
        invited_until: None,
        access_codes: 0,
        upstream: None,
        allowance: Allowance::default(),
    };
    {
        let state = scene.state.borrow();
        let directory = state.directory()?;
        let members = &directory.members;
        if members.len() >= directory.quotas().members() {
            return Err(Problem::conflict(
                "too_many_members",
                "this tenant has as many members as it may; remove one",
            ));
        }
        let has = |email: &String| {
            members
                .values()
                .any(|member| member.email.as_ref() == Some(email))
        };
        if record.email.as_ref().is_some_and(has) {
            return Err(Problem::conflict(
                "member_exists",
                "a member has this email already",
            ));
        }
    }
    invited(scene, frame, record).await
}

pub(super) async fn invite_again(
    scene: &Scene,
    frame: &Frame,
    member: &str,
) -> Result<Reply, Problem> {
    let record = member_of(scene, member)?;
    invited(scene, frame, record).await
}

/// Makes a new invitation: earlier ones are void, and what the member signs in with is until it is used.
async fn invited(scene: &Scene, frame: &Frame, mut record: MemberRecord) -> Result<Reply, Problem> {
    let tenant = scene.tenant().ok_or_else(Problem::not_found)?;
    record.invitations = record.invitations.saturating_add(1);
    let until = scene.outside.now().plus(limits::INVITATION_MILLIS);
    record.invited_until = Some(until);
    let ticket = scene.mint(
        TicketKind::Invitation,
        record.id.as_str(),
        record.invitations,
    )?;
    scene.does_with(
        &serde_json::json!({ "member": record.id, "scopes": record.scopes.to_string() }),
    );
    scene
        .commit(vec![Change::Put(Row::Member(record.clone()))])
        .await?;
    Ok(json(
        201,
        &Invited {
            invitation: invitation_url(&frame.base, &tenant, &ticket),
            view: View::of(&record),
        },
    ))
}

/// Removing holds from the next request on: whatever the member has connected is refused.
pub(super) async fn remove(scene: &Scene, member: &str) -> Result<Reply, Problem> {
    let record = member_of(scene, member)?;
    scene
        .commit(vec![Change::DeleteMember(record.id.clone())])
        .await?;
    Ok(json(200, &Deleted { deleted: true }))
}

pub(super) fn member_of(scene: &Scene, member: &str) -> Result<MemberRecord, Problem> {
    let id: MemberId = member.parse().map_err(|_| Problem::not_found())?;
    let state = scene.state.borrow();
    let record = state.directory()?.members.get(&id);
    record.cloned().ok_or_else(Problem::not_found)
}

fn email_of(text: &str) -> Result<String, Problem> {
    let fits = text.len() <= 254
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(Problem::invalid(
            "invalid_name",
            "email: expected an address such as ada@example.com",
        ))
    }
}

#[derive(Serialize)]
struct ConnectionView<'a> {
    id: &'a str,
    member: &'a str,
    client: &'a str,
    client_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
    scopes: String,
    created: u64,
    used: u64,
}

impl<'a> ConnectionView<'a> {
    fn of(connection: &'a Connection) -> Self {
        Self {
            id: connection.id.as_str(),
            member: connection.member.as_str(),
            client: &connection.client,
            client_name: &connection.client_name,
            server: connection.server.as_ref().map(|server| server.as_str()),
            scopes: connection.scopes.to_string(),
            created: connection.created.0,
            used: connection.used.0,
        }
    }
}

pub(super) async fn connections(scene: &Scene) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    struct List<'a> {
        connections: Vec<ConnectionView<'a>>,
    }
    let all = scene.connections().await?;
    let connections = all.iter().map(ConnectionView::of).collect();
    Ok(json(200, &List { connections }))
}

/// Ending holds from the next request on.
pub(super) async fn disconnect(scene: &Scene, connection: &str) -> Result<Reply, Problem> {
    let found = scene.connection(connection).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    scene.end_connection(&found.connection.id).await?;
    Ok(json(200, &Deleted { deleted: true }))
}
