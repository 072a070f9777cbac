//! The `Authorization` header as a credential: its form and nothing more.
//!
//! An API key is `smcp_<tenant>_<id>_<mac>`: three underscores end the parts before the MAC, since no
//! slug holds one; the MAC is 32 bytes in base64url without padding, 43 characters. A narrowed key
//! will be `smcp_<tenant>_<id>_<restriction>.<restriction>.<tag>`, the tag chained from the MAC over
//! the restrictions; until restrictions are known, a key with any is refused, since a restriction
//! that is passed over would be none.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use smcp_ids::limits::CREDENTIAL_MAX;
use smcp_ids::{KeyId, TenantId};

use crate::admin::AdminToken;
use crate::error::AuthError;
use crate::token::{AccessToken, TOKEN_PREFIX};

/// What every API key begins with.
const KEY_PREFIX: &str = "smcp_";

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
    mac: [u8; 32],
}

impl Credential {
    /// Reads the value of an `Authorization` header.
    ///
    /// # Errors
    /// [`AuthError::Missing`] without one, [`AuthError::Malformed`] if it is not
    /// `Bearer <credential>`, [`AuthError::UnknownRestriction`] for a narrowed key.
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
        if proof.contains('.') {
            return Err(AuthError::UnknownRestriction);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(proof)
            .map_err(|_| AuthError::Malformed)?;
        let mac = bytes.try_into().map_err(|_| AuthError::Malformed)?;
        Ok(Self { tenant, id, mac })
    }

    /// Puts together what a keyring has made.
    pub(crate) fn text(tenant: &TenantId, id: &KeyId, mac: &[u8; 32]) -> String {
        format!("{KEY_PREFIX}{tenant}_{id}_{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// The tenant that it says it belongs to: whose keyring is to prove it.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The id that it says it has.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) fn mac(&self) -> &[u8; 32] {
        &self.mac
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}, {}, ..)", self.tenant, self.id)
    }
}
