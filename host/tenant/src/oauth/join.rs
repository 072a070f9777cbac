//! `/t/{tenant}/join`: an invitation becomes an access code.

use smcp_auth::{MemberRecord, TicketKind};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::{MemberId, TenantId};
use smcp_oauth::Form;
use smcp_oauth::page::{given, invited, no_invitation};

use super::page;
use crate::audit::Act;
use crate::problem::Problem;
use crate::record::{Change, Row};
use crate::state::Scene;

/// The link that a person is sent.
pub(crate) fn invitation_url(base: &str, tenant: &TenantId, invitation: &str) -> String {
    format!("{base}/t/{tenant}/join?invitation={invitation}")
}

/// Offers the access code.
pub(super) fn show(scene: &Scene, query: &str) -> Result<Reply, Problem> {
    let form = Form::parse(query.as_bytes()).ok();
    let invitation = form.as_ref().and_then(|form| form.get("invitation"));
    let invitation = invitation.unwrap_or_default();
    Ok(page(match (scene.invited(invitation)?, scene.tenant()) {
        (Some(member), Some(tenant)) => invited(&tenant, &member.name, invitation),
        _ => no_invitation(),
    }))
}

/// Gives the access code: the invitation is used up by that.
pub(super) async fn accept(scene: &Scene, frame: &Frame) -> Result<Reply, Problem> {
    let form = Form::parse(&frame.body).ok();
    let invitation = form.as_ref().and_then(|form| form.get("invitation"));
    let Some(mut member) = scene.invited(invitation.unwrap_or_default())? else {
        return Ok(page(no_invitation()));
    };
    let tenant = scene.tenant().ok_or_else(Problem::host)?;
    member.invited_until = None;
    member.access_codes = member.access_codes.saturating_add(1);
    let code = scene.mint(
        TicketKind::AccessCode,
        member.id.as_str(),
        member.access_codes,
    )?;
    let by = format!("member:{}", member.id);
    scene.does(Act::new(by, "AcceptInvitation", member.id.as_str()));
    scene.commit(vec![Change::Put(Row::Member(member))]).await?;
    Ok(page(given(&tenant, &code)))
}

impl Scene {
    /// The member that an invitation is for, if it is the last one, and neither used nor too old.
    fn invited(&self, invitation: &str) -> Result<Option<MemberRecord>, Problem> {
        let proven = self.ticket(TicketKind::Invitation, invitation)?;
        let now = self.outside.now();
        let state = self.state.borrow();
        let directory = state.directory()?;
        let member = proven.and_then(|(id, number)| {
            let id: MemberId = id.parse().ok()?;
            let member = directory.members.get(&id)?;
            let is_open = member.invited_until.is_some_and(|until| now < until);
            (is_open && member.invitations == number).then(|| member.clone())
        });
        Ok(member)
    }
}
