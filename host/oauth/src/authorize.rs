//! A request to authorize (section 4.1.1): who asks, for what, and where the answer goes.

use smcp_auth::{Scope, Scopes};
use smcp_ids::limits::SCOPES_MAX;

use crate::client::ClientMetadata;
use crate::error::{OAuthError, RedirectError};
use crate::form::Form;
use crate::pkce::Challenge;
use crate::redirect::RedirectUri;
use crate::resource::Resource;

/// A request that a person may be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// What the client calls itself by.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// Whether the request named it: then the one for tokens must too (section 4.1.3).
    pub named_redirect: bool,
    /// What the client gave to be sent back.
    pub state: Option<String>,
    /// What it will show the origin of.
    pub challenge: Challenge,
    /// What it asks for.
    pub scopes: Scopes,
    /// Where it wants to use it.
    pub resource: Resource,
}

/// What becomes of a request whose client is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asking {
    /// It is whole.
    Whole(Box<Authorization>),
    /// It does not say for which endpoint, as those of 2025-03-26 do not: the person must.
    ForWhat,
}

impl Authorization {
    /// Reads the parameters of a request of a client, to the host that is called at `base`.
    ///
    /// # Errors
    /// What is wrong, and whom to tell.
    pub fn read(form: &Form, client: &ClientMetadata, base: &str) -> Result<Asking, RedirectError> {
        let Some(client_id) = form.get("client_id") else {
            return Err(RedirectError::Person("client_id is missing"));
        };
        let asked = form.get("redirect_uri");
        let Some(redirect_uri) = client.redirect(asked) else {
            return Err(RedirectError::Person(
                "redirect_uri is not one that this client has registered",
            ));
        };
        let state = form.get("state").map(str::to_owned);
        // From here on it is known whom to tell.
        let refused = |error| RedirectError::Client {
            redirect_uri: redirect_uri.clone(),
            state: state.clone(),
            error,
        };
        let invalid = |why| refused(OAuthError::InvalidRequest(why));
        if form.get("response_type") != Some("code") {
            return Err(refused(match form.get("response_type") {
                Some(_) => OAuthError::UnsupportedResponseType,
                None => OAuthError::InvalidRequest("response_type is missing"),
            }));
        }
        if form
            .get("response_mode")
            .is_some_and(|mode| mode != "query")
        {
            return Err(invalid("response_mode must be query"));
        }
        if form.get("request").or(form.get("request_uri")).is_some() {
            return Err(invalid("request objects are not taken"));
        }
        // Without the method it would be plain (RFC 7636, section 4.3).
        if form.get("code_challenge_method") != Some("S256") {
            return Err(invalid("code_challenge_method must be S256"));
        }
        let challenge = form.get("code_challenge").and_then(Challenge::parse);
        let challenge = challenge.ok_or_else(|| {
            invalid("code_challenge must be a SHA-256 in base64url without padding")
        })?;
        let scopes = scopes(form.get("scope")).map_err(&refused)?;
        let Some(resource) = form.get("resource") else {
            return Ok(Asking::ForWhat);
        };
        let resource = Resource::parse(resource, base);
        let resource = resource.ok_or_else(|| refused(OAuthError::InvalidTarget))?;
        Ok(Asking::Whole(Box::new(Self {
            client_id: client_id.to_owned(),
            named_redirect: asked.is_some(),
            redirect_uri: redirect_uri.clone(),
            state: state.clone(),
            challenge,
            scopes,
            resource,
        })))
    }

    /// Where the person is sent with the answer, `iss` among it (RFC 9207, section 2).
    pub fn answer(&self, base: &str, code: &str) -> String {
        answer(
            &self.redirect_uri,
            self.state.as_deref(),
            base,
            &[("code", code)],
        )
    }
}

impl RedirectError {
    /// Where the person is sent with the error, if anywhere.
    pub fn answer(&self, base: &str) -> Option<String> {
        match self {
            Self::Person(_) => None,
            Self::Client {
                redirect_uri,
                state,
                error,
            } => {
                let description = error.to_string();
                let parameters = [("error", error.code()), ("error_description", &description)];
                Some(answer(redirect_uri, state.as_deref(), base, &parameters))
            }
        }
    }
}

fn answer(to: &RedirectUri, state: Option<&str>, base: &str, first: &[(&str, &str)]) -> String {
    let mut parameters = first.to_vec();
    if let Some(state) = state {
        parameters.push(("state", state));
    }
    parameters.push(("iss", base));
    to.with(&parameters)
}

/// The scopes of a request that a token can have; everything at the endpoint, if it names none. Words that are not
/// known here are passed over (section 3.2.2.1): clients ask for what they ask for everywhere, such as
/// `offline_access`.
pub(crate) fn scopes(text: Option<&str>) -> Result<Scopes, OAuthError> {
    let Some(text) = text else {
        return Ok(Scope::Mcp.into());
    };
    let known = text
        .split(' ')
        .filter_map(|word| word.parse::<Scope>().ok());
    let mut known: Vec<Scope> = known.filter(Scope::is_mcp).collect();
    known.truncate(SCOPES_MAX);
    let none_asked = text
        .split(' ')
        .all(|word| matches!(word, "" | "offline_access" | "openid" | "profile" | "email"));
    if known.is_empty() && none_asked {
        return Ok(Scope::Mcp.into());
    }
    match Scopes::try_from(known) {
        Ok(scopes) if !scopes.is_empty() => Ok(scopes),
        _ => Err(OAuthError::InvalidScope),
    }
}
