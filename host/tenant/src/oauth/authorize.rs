//! `/authorize`: a person is asked, and a client is sent a code.
//!
//! The page and the answer to it are one request each, and nothing is kept in between: the person's access code comes
//! with the answer, or what proves that they have signed in elsewhere; so there is no cookie that another site could have
//! a browser send.

use smcp_auth::{MemberRecord, Ticket, TicketKind};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::{MemberId, limits};
use smcp_oauth::page::{
    BY_HAND, Consent, Page, SIGN_IN, SIGNED_IN, SignedIn, Trouble, ask_for_what,
};
use smcp_oauth::{Asking, Authorization, Form, OAuthError, RedirectError};

use super::clients::Client;
use super::connections::{Connection, PendingCode};
use super::{Refused, page, sent_to};
use crate::audit::{ANYBODY, Act};
use crate::budget::Kind;
use crate::problem::Problem;
use crate::record::ProviderRecord;
use crate::state::Scene;

pub(super) async fn answer(scene: &Scene, frame: &Frame, query: &str) -> Result<Reply, Problem> {
    let Ok(form) = Form::parse(query.as_bytes()) else {
        return Ok(page(Page::error(
            400,
            "The request has a parameter twice, or is too long.",
        )));
    };
    let is_to_sign_in = form.get(SIGN_IN).is_some();
    let whole = match Whole::read(scene, frame, form.without(SIGN_IN)).await {
        Ok(whole) => whole,
        Err(Instead::Reply(reply)) => return Ok(reply),
        Err(Instead::Problem(problem)) => return Err(problem),
    };
    let question = whole.question(scene, frame)?;
    match frame.method.as_str() {
        "GET" if is_to_sign_in => question.sign_in().await,
        "GET" => Ok(question.page(None, None)),
        _ => question.answered().await,
    }
}

/// A request that a person can be asked about, and the client that it is of.
pub(super) struct Whole {
    form: Form,
    client: Client,
    asked: Box<Authorization>,
}

/// What a person gets instead.
pub(super) enum Instead {
    Reply(Reply),
    Problem(Problem),
}

impl From<Page> for Instead {
    fn from(instead: Page) -> Self {
        Self::Reply(page(instead))
    }
}

impl From<Problem> for Instead {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Whole {
    pub(super) async fn read(scene: &Scene, frame: &Frame, form: Form) -> Result<Self, Instead> {
        let client_id = form.get("client_id").unwrap_or_default();
        let client = match scene.client(client_id).await {
            Ok(client) => client,
            Err(Refused::Host(problem)) => return Err(problem.into()),
            Err(Refused::Later(_)) => return Err(Problem::busy().into()),
            Err(Refused::Client(error)) => {
                let what = format!("The program that sent you here is not known: {error}.");
                return Err(Page::error(400, &what).into());
            }
        };
        let asked = match Authorization::read(&form, &client.metadata, &frame.base) {
            Ok(Asking::Whole(asked)) => asked,
            Ok(Asking::ForWhat) => return Err(ask_for_what(&client.metadata, &form, false).into()),
            Err(RedirectError::Client {
                error: OAuthError::InvalidTarget,
                ..
            }) if form.get(BY_HAND).is_some() => {
                return Err(ask_for_what(&client.metadata, &form, true).into());
            }
            Err(error) => return Err(Instead::Reply(refused(&error, &frame.base))),
        };
        if scene.tenant().as_ref() != Some(&asked.resource.tenant) {
            return Err(Page::error(400, "The request names two addresses.").into());
        }
        Ok(Self {
            form,
            client,
            asked,
        })
    }

    pub(super) fn question<'a>(
        &'a self,
        scene: &'a Scene,
        frame: &'a Frame,
    ) -> Result<Question<'a>, Problem> {
        Ok(Question {
            scene,
            frame,
            form: &self.form,
            client: &self.client,
            asked: &self.asked,
            provider: scene.provider_record()?,
        })
    }
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
pub(super) struct Question<'a> {
    pub(super) scene: &'a Scene,
    pub(super) frame: &'a Frame,
    pub(super) form: &'a Form,
    client: &'a Client,
    asked: &'a Authorization,
    pub(super) provider: Option<ProviderRecord>,
}

impl Question<'_> {
    pub(super) fn page(&self, trouble: Option<Trouble>, signed_in: Option<SignedIn<'_>>) -> Reply {
        let provider = self.provider.as_ref().map(|record| record.issuer.host());
        let consent = Consent {
            client: &self.client.metadata,
            client_host: self.client.host.as_deref(),
            asked: self.asked,
            form: self.form,
            provider,
            signed_in,
            trouble,
        };
        page(consent.page())
    }

    async fn answered(&self) -> Result<Reply, Problem> {
        let Ok(answer) = Form::parse(&self.frame.body) else {
            return Ok(self.page(Some(Trouble::Code), None));
        };
        match answer.get("decision") {
            Some("agree") => {}
            Some("refuse") => return Ok(self.refused(OAuthError::AccessDenied)),
            _ => return Ok(self.page(None, None)),
        }
        let member = match answer.get(SIGNED_IN) {
            Some(proof) => self.signed_in(proof)?.ok_or(Trouble::SignIn),
            None => {
                let code = answer.get("access_code").unwrap_or_default();
                self.scene.member_of(code)?
            }
        };
        match member {
            Ok(member) => self.agreed(member).await,
            Err(trouble) => Ok(self.page(Some(trouble), None)),
        }
    }

    /// Connects the client, if the member may let it.
    async fn agreed(&self, member: MemberRecord) -> Result<Reply, Problem> {
        let scopes = self.asked.scopes.meet(&member.scopes);
        let server = &self.asked.resource.server;
        let may_use = match server {
            Some(server) => scopes.see(server),
            None => scopes.allow_mcp(),
        };
        if !may_use {
            return Ok(self.page(Some(Trouble::NotAllowed), None));
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

/// Who is said to have tried access codes, whosever they were: strangers write no more than one of them may.
const ACCESS_CODES: &str = "access codes";

impl Scene {
    /// The member whose access code that is. The same is done for a member that is not there: its code is computed, and
    /// compared with what there is. Of wrong ones few may be tried; what has no form of a code tries nothing.
    fn member_of(&self, code: &str) -> Result<Result<MemberRecord, Trouble>, Problem> {
        let code = code.trim();
        let claimed = Ticket::parse(code).and_then(|ticket| ticket.id().parse::<MemberId>().ok());
        let Some(id) = claimed else {
            return Ok(Err(Trouble::Code));
        };
        let proven = self.ticket(TicketKind::AccessCode, code)?;
        let now = self.outside.now();
        let (member, judged) = {
            let mut state = self.state.borrow_mut();
            let member = proven.and_then(|(_, number)| {
                let member = state.directory().ok()?.members.get(&id)?;
                (number > 0 && member.access_codes == number).then(|| member.clone())
            });
            let judged = state.attempts.judge(&id, member.is_some(), now);
            (member, judged)
        };
        if judged.is_err() {
            // Of a member that is not there too: the same is done, and takes as long.
            let act = Act::new(ANYBODY, "TryAccessCode", id.to_string());
            self.notes_denial(ACCESS_CODES, act.refused(Kind::Calls.code()));
            return Ok(Err(Trouble::TooMany));
        }
        Ok(member.ok_or(Trouble::Code))
    }
}
