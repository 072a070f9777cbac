//! `/token` and `/revoke`: codes and refresh tokens become tokens, and are taken back.

use serde::Serialize;
use serde_json::json;
use smcp_auth::{AccessToken, Scopes, TicketKind};
use smcp_capability::turn::{Frame, Reply};
use smcp_ids::{GrantId, limits};
use smcp_oauth::{GrantRequest, OAuthError, Resource, RevocationRequest, TokenRequest, Verifier};

use super::connections::{Connection, Found, Moved};
use super::{Refused, document, form_of};
use crate::audit::{ANYBODY, Act};
use crate::problem::Problem;
use crate::state::Scene;

/// An answer with tokens (section 3.2.3).
#[derive(Serialize)]
struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: String,
    scope: String,
}

pub(super) async fn exchange(scene: &Scene, frame: &Frame) -> Result<Reply, Refused> {
    let form = form_of(frame)?;
    let request = TokenRequest::read(&form, frame.header("authorization"))?;
    scene.proven_client(&request.client).await?;
    let tokens = match &request.grant {
        GrantRequest::Code {
            code,
            redirect_uri,
            verifier,
        } => {
            scene
                .use_code(frame, &request, code, *redirect_uri, *verifier)
                .await?
        }
        GrantRequest::Refresh { token, scopes } => {
            scene
                .refresh(frame, &request, token, scopes.as_ref())
                .await?
        }
    };
    let json = serde_json::to_string(&tokens).map_err(|_| Problem::host())?;
    Ok(document(200, json))
}

impl Scene {
    /// The connection that a ticket stands for, if it is that client's and for that resource, and the ticket's number.
    async fn connection_of(
        &self,
        kind: TicketKind,
        text: &str,
        frame: &Frame,
        request: &TokenRequest<'_>,
    ) -> Result<(Found, u32), Refused> {
        let ticket = self.ticket(kind, text)?;
        let (id, number) = ticket.ok_or(OAuthError::InvalidGrant)?;
        let found = self
            .connection(&id)
            .await?
            .ok_or(OAuthError::InvalidGrant)?;
        if found.connection.client != request.client.id {
            return Err(OAuthError::InvalidGrant.into());
        }
        if let Some(resource) = request.resource {
            let asked = Resource::parse(resource, &frame.base);
            let own = self.tenant().map(|tenant| Resource {
                tenant,
                server: found.connection.server.clone(),
            });
            if asked.is_none() || asked != own {
                return Err(OAuthError::InvalidTarget.into());
            }
        }
        Ok((found, number))
    }

    /// A code is good once. One that comes again was seen by somebody else, or its client is broken: all that it led to
    /// is ended (section 4.1.3).
    async fn use_code(
        &self,
        frame: &Frame,
        request: &TokenRequest<'_>,
        code: &str,
        redirect_uri: Option<&str>,
        verifier: Verifier<'_>,
    ) -> Result<Tokens, Refused> {
        let (found, _) = self
            .connection_of(TicketKind::Code, code, frame, request)
            .await?;
        let Some(pending) = &found.connection.code else {
            return self.reused(&found.connection.id, "UseCodeAgain").await;
        };
        let is_there = match redirect_uri {
            Some(uri) => uri == pending.redirect_uri.as_str(),
            None => !pending.named_redirect,
        };
        let now = self.outside.now();
        if !is_there || now >= pending.expires || !pending.challenge.is_of(verifier) {
            return Err(OAuthError::InvalidGrant.into());
        }
        let next = Connection {
            code: None,
            used: now,
            number: 1,
            ..found.connection.clone()
        };
        match self.moved(&found, &next).await? {
            Moved::Done => self.tokens(&next, None),
            Moved::Overtaken => self.reused(&next.id, "UseCodeAgain").await,
        }
    }

    async fn refresh(
        &self,
        frame: &Frame,
        request: &TokenRequest<'_>,
        token: &str,
        scopes: Option<&Scopes>,
    ) -> Result<Tokens, Refused> {
        let kind = TicketKind::Refresh;
        let (found, number) = self.connection_of(kind, token, frame, request).await?;
        let now = self.outside.now();
        let connection = &found.connection;
        let is_last = number.checked_add(1) == Some(connection.number);
        if is_last && now.since(connection.used) < limits::REFRESH_AGAIN_MILLIS {
            return self.tokens(connection, scopes);
        }
        if number != connection.number || number == 0 {
            return self.reused(&connection.id, "UseRefreshTokenAgain").await;
        }
        let next = Connection {
            used: now,
            number: number.saturating_add(1),
            ..connection.clone()
        };
        match self.moved(&found, &next).await? {
            Moved::Done => self.tokens(&next, scopes),
            // The same token, at the same moment: whoever was first has made its successor, which is the same for all.
            Moved::Overtaken => {
                let found = self.connection(next.id.as_str()).await?;
                let found = found.filter(|found| found.connection.number == next.number);
                let found = found.ok_or(OAuthError::InvalidGrant)?;
                self.tokens(&found.connection, scopes)
            }
        }
    }

    /// Something that is good once came again: whoever else has it shall have nothing of it.
    async fn reused(&self, id: &GrantId, did: &str) -> Result<Tokens, Refused> {
        let error = OAuthError::InvalidGrant;
        self.does(Act::new(ANYBODY, did, id.as_str()).refused(error.code()));
        self.end_connection(id).await?;
        Err(error.into())
    }

    /// What a client gets: fewer scopes for this access token, if it wants that (section 4.3.1).
    fn tokens(&self, connection: &Connection, scopes: Option<&Scopes>) -> Result<Tokens, Refused> {
        let allowed = match scopes {
            Some(scopes) => connection.scopes.meet(scopes),
            None => connection.scopes.clone(),
        };
        if allowed.is_empty() {
            return Err(OAuthError::InvalidScope.into());
        }
        let id = connection.id.as_str();
        Ok(Tokens {
            scope: allowed.to_string(),
            access_token: self.access_token(connection, allowed)?,
            token_type: "Bearer",
            expires_in: limits::ACCESS_TOKEN_MILLIS / 1_000,
            refresh_token: self.mint(TicketKind::Refresh, id, connection.number)?,
        })
    }

    /// The connection that a token of either kind is of.
    fn grant_of(&self, token: &str) -> Result<Option<GrantId>, Problem> {
        if let Some((id, _)) = self.ticket(TicketKind::Refresh, token)? {
            return Ok(id.parse().ok());
        }
        let Ok(token) = token.parse::<AccessToken>() else {
            return Ok(None);
        };
        let state = self.state.borrow();
        let keyring = state.keyring.as_ref().ok_or_else(Problem::host)?;
        let opened = keyring.open_token(&token);
        Ok(opened.ok().map(|proven| proven.claims().grant.clone()))
    }
}

/// Ends the connection that a token is of, if it is that client's. What is no token of it is answered alike (RFC 7009,
/// section 2.2).
pub(super) async fn revoke(scene: &Scene, frame: &Frame) -> Result<Reply, Refused> {
    let form = form_of(frame)?;
    let request = RevocationRequest::read(&form, frame.header("authorization"))?;
    scene.proven_client(&request.client).await?;
    if let Some(grant) = scene.grant_of(request.token)?
        && let Some(found) = scene.connection(grant.as_str()).await?
        && found.connection.client == request.client.id
    {
        let by = format!("member:{}", found.connection.member);
        let client = json!({ "client_name": found.connection.client_name });
        scene.does(Act::new(by, "Revoke", grant.as_str()).with(&client));
        scene.end_connection(&grant).await?;
    }
    Ok(document(200, "{}".to_owned()))
}
