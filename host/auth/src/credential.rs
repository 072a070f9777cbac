//! The `Authorization` header as a credential: its form and nothing more.
//!
//! An API key is `smcp_<tenant>_<id>_<mac>`: three underscores end the parts before the MAC, since no
//! slug holds one; the MAC is 32 bytes in base64url without padding, 43 characters. A narrowed key
//! is `smcp_<tenant>_<id>_<restriction>.<restriction>.<tag>`: each restriction a line in base64url, the
//! tag chained from the MAC over all of them. Only the last tag is there, so that a restriction can be
//! added by whoever has the key, and taken away by nobody.

use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use smcp_ids::limits::{CREDENTIAL_MAX, RESTRICTIONS_MAX};
use smcp_ids::{KeyId, TenantId};

use crate::admin::AdminToken;
use crate::error::AuthError;
use crate::restriction::{NarrowError, Restriction, Restrictions};
use crate::token::{AccessToken, TOKEN_PREFIX};

/// What every API key begins with.
const KEY_PREFIX: &str = "smcp_";

/// What a key is sent with.
const SCHEME: &str = "Bearer ";

/// A credential of a form we know. Nothing of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// An API key of a tenant.
    ApiKey(ApiKey),
    /// An access token of a tenant.
    AccessToken(AccessToken),
    /// What may be the platform admin's token.
    AdminToken(AdminToken),
}

/// An API key taken apart. Not proven: anyone can write one.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    tenant: TenantId,
    id: KeyId,
    restrictions: Restrictions,
    /// Of a key that was not narrowed its MAC.
    tag: [u8; 32],
}

impl Credential {
    /// Reads the value of an `Authorization` header.
    ///
    /// # Errors
    /// [`AuthError::Missing`] without one, [`AuthError::Malformed`] if it is not
    /// `Bearer <credential>`, [`AuthError::UnknownRestriction`] for a key that was narrowed in a way which is
    /// not known.
    pub fn parse(authorization: Option<&str>) -> Result<Self, AuthError> {
        let value = authorization
            .map(str::trim)
            .filter(|value| !value.is_empty());
        let value = value.ok_or(AuthError::Missing)?;
        if value.len() > CREDENTIAL_MAX {
            return Err(AuthError::Malformed);
        }
        let (scheme, token) = value.split_once(' ').ok_or(AuthError::Malformed)?;
        let token = token.trim_start();
        // RFC 9110, section 11.1: the scheme's case means nothing. RFC 6750, section 2.1: a token
        // holds no white space.
        if !scheme.eq_ignore_ascii_case("Bearer")
            || !token.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(AuthError::Malformed);
        }
        if let Some(key) = token.strip_prefix(KEY_PREFIX) {
            ApiKey::parse(key).map(Self::ApiKey)
        } else if let Some(token) = token.strip_prefix(TOKEN_PREFIX) {
            AccessToken::parse(token).map(Self::AccessToken)
        } else {
            Ok(Self::AdminToken(AdminToken::of(token)))
        }
    }
}

impl ApiKey {
    /// Reads what follows the prefix.
    fn parse(text: &str) -> Result<Self, AuthError> {
        let mut parts = text.splitn(3, '_');
        let (Some(tenant), Some(id), Some(proof)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(AuthError::Malformed);
        };
        let tenant = tenant.parse().map_err(|_| AuthError::Malformed)?;
        let id = id.parse().map_err(|_| AuthError::Malformed)?;
        let (lines, tag) = match proof.rsplit_once('.') {
            Some((lines, tag)) => (Some(lines), tag),
            None => (None, proof),
        };
        let bytes = URL_SAFE_NO_PAD
            .decode(tag)
            .map_err(|_| AuthError::Malformed)?;
        let tag = bytes.try_into().map_err(|_| AuthError::Malformed)?;
        let lines = lines.into_iter().flat_map(|lines| lines.split('.'));
        // Never more than there can be: a stranger's text is not read to its end for nothing.
        let lines = lines.take(RESTRICTIONS_MAX.saturating_add(1));
        let restrictions: Vec<Restriction> = lines.map(restriction).collect::<Result<_, _>>()?;
        let restrictions = restrictions.try_into();
        Ok(Self {
            tenant,
            id,
            restrictions: restrictions.map_err(|_| AuthError::UnknownRestriction)?,
            tag,
        })
    }

    /// Puts together what a keyring has made.
    pub(crate) fn new(tenant: TenantId, id: KeyId, mac: [u8; 32]) -> Self {
        Self {
            tenant,
            id,
            restrictions: Restrictions::default(),
            tag: mac,
        }
    }

    /// The key itself, as it is sent. Whoever sees it has it.
    pub fn reveal(&self) -> String {
        let mut text = format!("{KEY_PREFIX}{}_{}_", self.tenant, self.id);
        for restriction in self.restrictions.iter() {
            text.push_str(&URL_SAFE_NO_PAD.encode(restriction.to_string()));
            text.push('.');
        }
        text.push_str(&URL_SAFE_NO_PAD.encode(self.tag));
        text
    }

    /// A key that may do no more than this one, and not what the restriction excludes. Of a key that is none it
    /// makes one that is none.
    ///
    /// # Errors
    /// [`NarrowError`], if there is no such key.
    pub fn narrow(&self, restriction: Restriction) -> Result<Self, NarrowError> {
        let (restrictions, tag) = self.restrictions.with(self.tag, restriction)?;
        let narrowed = Self {
            restrictions,
            tag,
            ..self.clone()
        };
        let header = narrowed.reveal().len().saturating_add(SCHEME.len());
        if header > CREDENTIAL_MAX {
            return Err(NarrowError::TooLong);
        }
        Ok(narrowed)
    }

    /// What it says it was narrowed by.
    pub fn restrictions(&self) -> &Restrictions {
        &self.restrictions
    }

    /// The tenant that it says it belongs to: whose keyring is to prove it.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The id that it says it has.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) fn tag(&self) -> &[u8; 32] {
        &self.tag
    }
}

/// One line of a narrowed key.
fn restriction(text: &str) -> Result<Restriction, AuthError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let line = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    line.ok_or(AuthError::UnknownRestriction)?.parse()
}

/// The text of a key, as [`ApiKey::reveal`] gives it.
impl FromStr for ApiKey {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        match Credential::parse(Some(&format!("{SCHEME}{text}")))? {
            Credential::ApiKey(key) => Ok(key),
            _ => Err(AuthError::Malformed),
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}, {}, ..)", self.tenant, self.id)
    }
}
