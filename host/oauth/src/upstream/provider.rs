//! A provider, as it describes itself (OpenID Connect Discovery 1.0).

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use smcp_ids::limits::ISSUER_MAX;

use crate::redirect::is_https;

/// The name of a provider: an `https` URL without query and fragment (Discovery, section 3). Compared as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer(String);

/// What of a provider is not as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Not the name of one.
    #[error(
        "an issuer is an https:// URL of at most {ISSUER_MAX} bytes, without user, query and fragment"
    )]
    Issuer,
    /// What is at its address is no description of a provider.
    #[error("there is no description of an OpenID provider at the issuer's address")]
    Document,
    /// It calls itself something else (Discovery, section 4.3).
    #[error("the provider calls itself by another issuer; use exactly the one in its description")]
    OtherIssuer,
    /// It cannot do what is needed.
    #[error("the provider does not offer {0}")]
    Lacks(&'static str),
}

impl FromStr for Issuer {
    type Err = ProviderError;

    fn from_str(text: &str) -> Result<Self, ProviderError> {
        if text.len() <= ISSUER_MAX && is_https(text) && !text.contains('?') {
            Ok(Self(text.to_owned()))
        } else {
            Err(ProviderError::Issuer)
        }
    }
}

impl TryFrom<String> for Issuer {
    type Error = ProviderError;

    fn try_from(text: String) -> Result<Self, ProviderError> {
        text.parse()
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Issuer {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it describes itself (Discovery, section 4.1).
    pub fn description_url(&self) -> String {
        let base = self.0.strip_suffix('/').unwrap_or(&self.0);
        format!("{base}/.well-known/openid-configuration")
    }

    /// What a person is shown: the name of its host, and the port if it is an unusual one.
    pub fn host(&self) -> &str {
        let rest = self.0.strip_prefix("https://").unwrap_or(&self.0);
        rest.split('/').next().unwrap_or_default()
    }
}

/// How the host proves itself to a provider (section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// `client_secret_basic`: the default.
    Basic,
    /// `client_secret_post`.
    Post,
}

/// A provider, as far as anything is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its name.
    pub issuer: Issuer,
    /// Where people sign in.
    pub(super) authorization_endpoint: String,
    /// Where a code is exchanged.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Where more is said of a person, if it says that anywhere.
    pub userinfo_endpoint: Option<String>,
    pub(super) proof: Proof,
}

/// The members of a description that mean anything here (Discovery, section 3).
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    response_types_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Provider {
    /// Reads the description of the provider of that name.
    ///
    /// # Errors
    /// The first thing in it that is wrong.
    pub fn read(issuer: &Issuer, body: &[u8]) -> Result<Self, ProviderError> {
        let document: Document =
            serde_json::from_slice(body).map_err(|_| ProviderError::Document)?;
        if document.issuer != issuer.as_str() {
            return Err(ProviderError::OtherIssuer);
        }
        let urls = [
            &document.authorization_endpoint,
            &document.token_endpoint,
            &document.jwks_uri,
        ];
        if !urls.into_iter().all(|url| is_https(url)) {
            return Err(ProviderError::Lacks("endpoints at https:// URLs"));
        }
        let offers = |list: &Option<Vec<String>>, wanted: &str| {
            let list = list.as_ref();
            list.is_none_or(|list| list.iter().any(|one| one == wanted))
        };
        if !offers(&document.response_types_supported, "code") {
            return Err(ProviderError::Lacks("the response type code"));
        }
        if !offers(&document.code_challenge_methods_supported, "S256") {
            return Err(ProviderError::Lacks("PKCE with S256"));
        }
        let ways = &document.token_endpoint_auth_methods_supported;
        let proof = if offers(ways, "client_secret_basic") {
            Proof::Basic
        } else if offers(ways, "client_secret_post") {
            Proof::Post
        } else {
            return Err(ProviderError::Lacks(
                "client_secret_basic or client_secret_post",
            ));
        };
        Ok(Self {
            issuer: issuer.clone(),
            authorization_endpoint: document.authorization_endpoint,
            token_endpoint: document.token_endpoint,
            jwks_uri: document.jwks_uri,
            userinfo_endpoint: document.userinfo_endpoint.filter(|url| is_https(url)),
            proof,
        })
    }
}
