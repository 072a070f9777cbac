//! `/authorize`: a person is asked, and a client is sent a code.
//!
//! The page and the answer to it are one request each, and nothing is kept in between: the person's access code comes
//! with the answer, so there is no cookie that another site could have a browser send.

use smcp_auth::{MemberRecord, TicketKind};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::{MemberId, limits};
use smcp_oauth::page::{BY_HAND, Consent, Page, Trouble, ask_for_what};
use smcp_oauth::{Asking, Authorization, Form, OAuthError, RedirectError};

use super::clients::Client;
use super::connections::{Connection, PendingCode};
use super::{Refused, page, sent_to};
use crate::problem::Problem;
use crate::state::Scene;

pub(super) async fn answer(scene: &Scene, frame: &Frame, query: &str) -> Result<Reply, Problem> {
    let Ok(form) = Form::parse(query.as_bytes()) else {
        return Ok(page(Page::error(
            400,
            "The request has a parameter twice, or is too long.",
        )));
    };
    let client = match scene
        .client(form.get("client_id").unwrap_or_default())
        .await
    {
        Ok(client) => client,
        Err(Refused::Host(problem)) => return Err(problem),
        Err(Refused::Client(error)) => {
            let what = format!("The program that sent you here is not known: {error}.");
            return Ok(page(Page::error(400, &what)));
        }
    };
    let asked = match Authorization::read(&form, &client.metadata, &frame.base) {
        Ok(Asking::Whole(asked)) => asked,
        Ok(Asking::ForWhat) => return Ok(page(ask_for_what(&client.metadata, &form, false))),
        Err(RedirectError::Client {
            error: OAuthError::InvalidTarget,
            ..
        }) if form.get(BY_HAND).is_some() => {
            return Ok(page(ask_for_what(&client.metadata, &form, true)));
        }
        Err(error) => return Ok(refused(&error, &frame.base)),
    };
    if scene.tenant().as_ref() != Some(&asked.resource.tenant) {
        return Ok(page(Page::error(400, "The request names two addresses.")));
    }
    let question = Question {
        scene,
        frame,
        form: &form,
        client: &client,
        asked: &asked,
    };
    if frame.method == "GET" {
        return Ok(question.page(None));
    }
    question.answered().await
}

fn refused(error: &RedirectError, base: &str) -> Reply {
    match (error.answer(base), error) {
        (Some(url), _) => sent_to(&url),
        (None, RedirectError::Person(what)) => page(Page::error(
            400,
            &format!("The program that sent you here did it wrongly: {what}."),
        )),
        (None, RedirectError::Client { .. }) => {
            page(Page::error(400, "The request is not well formed."))
        }
    }
}

/// What a person is asked.
struct Question<'a> {
    scene: &'a Scene,
    frame: &'a Frame,
    form: &'a Form,
    client: &'a Client,
    asked: &'a Authorization,
}

impl Question<'_> {
    fn page(&self, trouble: Option<Trouble>) -> Reply {
        let consent = Consent {
            client: &self.client.metadata,
            client_host: self.client.host.as_deref(),
            asked: self.asked,
            form: self.form,
            trouble,
        };
        page(consent.page())
    }

    async fn answered(&self) -> Result<Reply, Problem> {
        let Ok(answer) = Form::parse(&self.frame.body) else {
            return Ok(self.page(Some(Trouble::Code)));
        };
        match answer.get("decision") {
            Some("agree") => {}
            Some("refuse") => return Ok(self.refused(OAuthError::AccessDenied)),
            _ => return Ok(self.page(None)),
        }
        let code = answer.get("access_code").unwrap_or_default();
        let Some(member) = self.scene.member_of(code)? else {
            return Ok(self.page(Some(Trouble::Code)));
        };
        let scopes = self.asked.scopes.meet(&member.scopes);
        let server = &self.asked.resource.server;
        let may_use = match server {
            Some(server) => scopes.see(server),
            None => scopes.allow_mcp(),
        };
        if !may_use {
            return Ok(self.page(Some(Trouble::NotAllowed)));
        }
        let now = self.scene.outside.now();
        let connection = Connection {
            id: self.scene.fresh_id()?,
            member: member.id,
            client: self.asked.client_id.clone(),
            client_name: self.client.metadata.name.clone(),
            server: server.clone(),
            scopes,
            created: now,
            used: now,
            code: Some(PendingCode {
                challenge: self.asked.challenge.clone(),
                redirect_uri: self.asked.redirect_uri.clone(),
                named_redirect: self.asked.named_redirect,
                expires: now.plus(limits::CODE_MILLIS),
            }),
            number: 0,
        };
        if let Err(problem) = self.scene.connect(&connection).await {
            if problem.is_busy() {
                return Ok(self.refused(OAuthError::TemporarilyUnavailable));
            }
            return Err(problem);
        }
        let code = self
            .scene
            .mint(TicketKind::Code, connection.id.as_str(), 0)?;
        Ok(sent_to(&self.asked.answer(&self.frame.base, &code)))
    }

    fn refused(&self, error: OAuthError) -> Reply {
        let error = RedirectError::Client {
            redirect_uri: self.asked.redirect_uri.clone(),
            state: self.asked.state.clone(),
            error,
        };
        refused(&error, &self.frame.base)
    }
}

impl Scene {
    /// The member whose access code that is. The same is done for a member that is not there: its code is computed, and
    /// compared with what there is.
    fn member_of(&self, code: &str) -> Result<Option<MemberRecord>, Problem> {
        let proven = self.ticket(TicketKind::AccessCode, code.trim())?;
        let state = self.state.borrow();
        let directory = state.directory()?;
        let member = proven.and_then(|(id, number)| {
            let id: MemberId = id.parse().ok()?;
            let member = directory.members.get(&id)?;
            (number > 0 && member.access_codes == number).then(|| member.clone())
        });
        Ok(member)
    }
}
