//! Requests for tokens (section 3.2), and to take them back (RFC 7009).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smcp_auth::Scopes;

use crate::authorize::scopes;
use crate::error::OAuthError;
use crate::form::{Form, decoded};
use crate::pkce::Verifier;

/// Who a client says it is. Nothing of it is proven.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// Its id.
    pub id: String,
    /// Its secret, if it sent one.
    pub secret: Option<String>,
}

/// A request for tokens.
#[derive(Clone, Debug)]
pub struct TokenRequest<'a> {
    /// Who asks.
    pub client: ClientCredentials,
    /// For what it is to be good, if it says so: the URL of an endpoint (RFC 8707, section 2.2).
    pub resource: Option<&'a str>,
    /// What it has.
    pub grant: GrantRequest<'a>,
}

/// What a client has for which it wants tokens.
#[derive(Clone, Debug)]
pub enum GrantRequest<'a> {
    /// A code (section 4.1.3).
    Code {
        /// The code.
        code: &'a str,
        /// Where it was sent, if the client says so.
        redirect_uri: Option<&'a str>,
        /// What the challenge was made from.
        verifier: Verifier<'a>,
    },
    /// A refresh token (section 4.3.1).
    Refresh {
        /// The token.
        token: &'a str,
        /// What the next access token shall allow, if not all.
        scopes: Option<Scopes>,
    },
}

/// A request to take a token back.
#[derive(Clone, Debug)]
pub struct RevocationRequest<'a> {
    /// Who asks.
    pub client: ClientCredentials,
    /// The token, of either kind.
    pub token: &'a str,
}

impl ClientCredentials {
    /// Reads them from the header `Authorization` or from the form; not from both (section 2.4).
    ///
    /// # Errors
    /// [`OAuthError::InvalidClient`] or [`OAuthError::InvalidRequest`].
    pub fn read(form: &Form, authorization: Option<&str>) -> Result<Self, OAuthError> {
        let in_form = form.get("client_id");
        let secret = form.get("client_secret").map(str::to_owned);
        let Some(header) = authorization else {
            let id = in_form.ok_or(OAuthError::InvalidRequest("client_id is missing"))?;
            return Ok(Self {
                id: id.to_owned(),
                secret,
            });
        };
        if secret.is_some() {
            return Err(OAuthError::InvalidRequest(
                "send the client's secret in one place only",
            ));
        }
        let read = || {
            let (scheme, text) = header.trim().split_once(' ')?;
            let bytes = STANDARD.decode(text.trim()).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            let (id, secret) = text.split_once(':')?;
            let own = Self {
                id: decoded(id),
                secret: Some(decoded(secret)),
            };
            scheme.eq_ignore_ascii_case("basic").then_some(own)
        };
        let own = read().ok_or(OAuthError::InvalidClient)?;
        match in_form {
            Some(id) if id != own.id => Err(OAuthError::InvalidClient),
            _ => Ok(own),
        }
    }
}

impl core::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ClientCredentials({}, ..)", self.id)
    }
}

impl<'a> TokenRequest<'a> {
    /// Reads the form of a request, and its header `Authorization`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(form: &'a Form, authorization: Option<&str>) -> Result<Self, OAuthError> {
        let client = ClientCredentials::read(form, authorization)?;
        let needed = |name, why| form.get(name).ok_or(OAuthError::InvalidRequest(why));
        let grant = match needed("grant_type", "grant_type is missing")? {
            "authorization_code" => GrantRequest::Code {
                code: needed("code", "code is missing")?,
                redirect_uri: form.get("redirect_uri"),
                verifier: Verifier::parse(needed("code_verifier", "code_verifier is missing")?)
                    .ok_or(OAuthError::InvalidRequest(
                        "code_verifier must have 43 to 128 of the characters A-Z, a-z, 0-9, '-', '.', '_' and '~'",
                    ))?,
            },
            "refresh_token" => GrantRequest::Refresh {
                token: needed("refresh_token", "refresh_token is missing")?,
                scopes: form.get("scope").map(|text| scopes(Some(text))).transpose()?,
            },
            _ => return Err(OAuthError::UnsupportedGrantType),
        };
        Ok(Self {
            client,
            resource: form.get("resource"),
            grant,
        })
    }
}

impl<'a> RevocationRequest<'a> {
    /// Reads the form of a request, and its header `Authorization`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(form: &'a Form, authorization: Option<&str>) -> Result<Self, OAuthError> {
        Ok(Self {
            client: ClientCredentials::read(form, authorization)?,
            token: form
                .get("token")
                .ok_or(OAuthError::InvalidRequest("token is missing"))?,
        })
    }
}
