//! The token by which a provider says who has signed in (section 2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use smcp_ids::UnixMillis;
use smcp_ids::limits::{CLOCK_SKEW_MILLIS, EMAIL_MAX, ID_TOKEN_MAX, SUBJECT_MAX};

use super::key_set::Algorithm;
use super::provider::Issuer;

/// Why nobody has signed in by a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// It is no signed token of a kind that is taken.
    #[error("the provider's ID token is not one, or is signed with an algorithm that is not taken")]
    Form,
    /// No key of the provider is the one that it names.
    #[error("the provider's ID token names no key of the provider")]
    Key,
    /// That key has not made its signature.
    #[error("the signature of the provider's ID token does not hold")]
    Signature,
    /// It is another's, for another, of another time, or the answer to another question.
    #[error("the provider's ID token has a wrong {0}")]
    Claim(&'static str),
}

/// Who has signed in, as the provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: Issuer,
    /// By which it will know them again, whatever else changes.
    pub subject: String,
    /// Their address, in lower case, if the provider has verified it.
    pub email: Option<String>,
}

/// What a token must say (section 3.1.3.7).
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who says it.
    pub issuer: &'a Issuer,
    /// To whom: the name of this host at the provider.
    pub client_id: &'a str,
    /// In answer to which question.
    pub nonce: &'a str,
    /// The time.
    pub now: UnixMillis,
}

/// A token taken apart. Nothing of it is proven.
#[derive(Clone, Debug)]
pub struct IdToken {
    header: Header,
    algorithm: Algorithm,
    claims: Claims,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Clone, Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Whoever does not understand all that it lists must refuse it (RFC 7515, section 4.1.11).
    crit: Option<serde_json::Value>,
}

#[derive(Clone, Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    #[serde(flatten)]
    address: Address,
}

/// What is said of a person's address.
#[derive(Clone, Debug, Default, Deserialize)]
struct Address {
    email: Option<String>,
    #[serde(default)]
    email_verified: Verified,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// A truth value that some providers write as text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
enum Verified {
    #[default]
    Unsaid,
    Value(bool),
    Text(String),
}

impl Audience {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }

    fn is_one(&self) -> bool {
        match self {
            Self::One(_) => true,
            Self::Many(many) => many.len() == 1,
        }
    }
}

impl IdToken {
    /// Takes a token apart (RFC 7515, section 7.1).
    ///
    /// # Errors
    /// [`IdTokenError::Form`].
    pub fn parse(text: &str) -> Result<Self, IdTokenError> {
        let mut parts = text.splitn(4, '.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdTokenError::Form);
        };
        if text.len() > ID_TOKEN_MAX {
            return Err(IdTokenError::Form);
        }
        let bytes = |part: &str| {
            let decoded = URL_SAFE_NO_PAD.decode(part);
            decoded.map_err(|_| IdTokenError::Form)
        };
        let is_form = |_| IdTokenError::Form;
        let parsed: Header = serde_json::from_slice(&bytes(header)?).map_err(is_form)?;
        let algorithm = Algorithm::of_name(&parsed.alg).ok_or(IdTokenError::Form)?;
        if parsed.crit.is_some() {
            return Err(IdTokenError::Form);
        }
        Ok(Self {
            algorithm,
            signed: format!("{header}.{claims}").into_bytes(),
            signature: bytes(signature)?,
            claims: serde_json::from_slice(&bytes(claims)?).map_err(is_form)?,
            header: parsed,
        })
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn signed(&self) -> &[u8] {
        &self.signed
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Who has signed in. `holds` says whether the signature is that of the key which
    /// [`KeySet::check`](super::KeySet::check) has found.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn identity(&self, holds: bool, expected: &Expected<'_>) -> Result<Identity, IdTokenError> {
        if !holds {
            return Err(IdTokenError::Signature);
        }
        let claims = &self.claims;
        let wrong = |claim| Err(IdTokenError::Claim(claim));
        if claims.iss != expected.issuer.as_str() {
            return wrong("iss");
        }
        let party = claims.azp.as_deref();
        if !claims.aud.has(expected.client_id) {
            return wrong("aud");
        }
        // One that is for others too says to whom it was given.
        if party.is_some_and(|party| party != expected.client_id)
            || (party.is_none() && !claims.aud.is_one())
        {
            return wrong("azp");
        }
        let (now, skew) = (expected.now.0 as f64, CLOCK_SKEW_MILLIS as f64);
        let millis = |seconds: f64| seconds * 1_000.0;
        if now >= millis(claims.exp) + skew {
            return wrong("exp");
        }
        if millis(claims.iat) - skew > now {
            return wrong("iat");
        }
        if claims.nbf.is_some_and(|begin| millis(begin) - skew > now) {
            return wrong("nbf");
        }
        if claims.nonce.as_deref() != Some(expected.nonce) {
            return wrong("nonce");
        }
        if claims.sub.is_empty() || claims.sub.len() > SUBJECT_MAX {
            return wrong("sub");
        }
        Ok(Identity {
            issuer: expected.issuer.clone(),
            subject: claims.sub.clone(),
            email: claims.address.verified(),
        })
    }
}

impl Identity {
    /// The same, with the address that is in the provider's user info: many providers say it only there (section 5.4).
    /// What is said of somebody else means nothing (section 5.3.2).
    #[must_use]
    pub fn with_user_info(self, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct UserInfo {
            sub: String,
            #[serde(flatten)]
            address: Address,
        }
        let said: Option<UserInfo> = serde_json::from_slice(body).ok();
        let said = said.filter(|said| said.sub == self.subject);
        let email = said.and_then(|said| said.address.verified());
        Self {
            email: self.email.or(email),
            ..self
        }
    }
}

impl Address {
    fn verified(&self) -> Option<String> {
        let is_verified = match &self.email_verified {
            Verified::Unsaid => false,
            Verified::Value(value) => *value,
            Verified::Text(text) => text == "true",
        };
        let email = self.email.as_ref().filter(|email| email.len() <= EMAIL_MAX);
        email
            .filter(|_| is_verified)
            .map(|email| email.to_ascii_lowercase())
    }
}
