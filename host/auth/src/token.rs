//! Access tokens: what a grant allows for some minutes, sealed.
//!
//! `smcpa_<tenant>_<sealed>`. The edge opens one without storage: it is a token of that tenant, for that
//! endpoint, and its time is not over. The tenant's object has the last word: whether the member belongs to the
//! tenant, and whether the grant was ended.

use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use smcp_crypto::{Binding, NONCE_BYTES, PurposeKeys};
use smcp_ids::{GrantId, MemberId, ServerSlug, TenantId, UnixMillis};

use crate::error::AuthError;
use crate::member::MemberRecord;
use crate::principal::Principal;
use crate::scope::Scopes;

/// What every access token begins with.
pub(crate) const TOKEN_PREFIX: &str = "smcpa_";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Whom it speaks for.
    pub member: MemberId,
    /// By which grant.
    pub grant: GrantId,
    /// At which endpoint: of a server, or none, of all servers as one (RFC 8707: its audience).
    pub server: Option<ServerSlug>,
    /// What it allows, of what the member may do.
    pub scopes: Scopes,
    /// From when on it is refused.
    pub expires: UnixMillis,
}

/// An access token taken apart. Not proven: anyone can write one.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    tenant: TenantId,
    sealed: Vec<u8>,
}

impl AccessToken {
    /// Reads what follows the prefix.
    pub(crate) fn parse(text: &str) -> Result<Self, AuthError> {
        let (tenant, sealed) = text.split_once('_').ok_or(AuthError::Malformed)?;
        Ok(Self {
            tenant: tenant.parse().map_err(|_| AuthError::Malformed)?,
            sealed: URL_SAFE_NO_PAD
                .decode(sealed)
                .map_err(|_| AuthError::Malformed)?,
        })
    }

    /// The tenant that it says it belongs to: whose keyring is to prove it.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(crate) fn mint(
        tenant: &TenantId,
        keys: &PurposeKeys,
        nonce: [u8; NONCE_BYTES],
        claims: &AccessClaims,
    ) -> Option<String> {
        let plain = postcard::to_allocvec(claims).ok()?;
        let sealed = keys.seal(nonce, &binding(tenant), &plain).ok()?;
        let sealed = URL_SAFE_NO_PAD.encode(sealed);
        Some(format!("{TOKEN_PREFIX}{tenant}_{sealed}"))
    }

    pub(crate) fn open(&self, keys: &PurposeKeys) -> Result<ProvenToken, AuthError> {
        let plain = keys
            .open(&binding(&self.tenant), &self.sealed)
            .map_err(|_| AuthError::BadToken)?;
        let claims = postcard::from_bytes(&plain).map_err(|_| AuthError::BadToken)?;
        Ok(ProvenToken {
            tenant: self.tenant.clone(),
            claims,
        })
    }
}

/// The text of a token, as it is sent after the scheme.
impl FromStr for AccessToken {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        let rest = text.strip_prefix(TOKEN_PREFIX);
        Self::parse(rest.ok_or(AuthError::Malformed)?)
    }
}

fn binding(tenant: &TenantId) -> Binding {
    Binding::new("smcp access token 1").text(tenant.as_str())
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken({}, ..)", self.tenant)
    }
}

/// A token that this deployment made for its tenant. Where and for how long it holds, and whether its grant was
/// ended, is not proven by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenToken {
    tenant: TenantId,
    claims: AccessClaims,
}

impl ProvenToken {
    /// What it says.
    pub fn claims(&self) -> &AccessClaims {
        &self.claims
    }

    /// Checks what needs no storage: that it is for that endpoint, and its time not over.
    ///
    /// # Errors
    /// [`AuthError::OtherAudience`] or [`AuthError::Expired`].
    pub fn check(&self, server: Option<&ServerSlug>, now: UnixMillis) -> Result<(), AuthError> {
        if self.claims.server.as_ref() != server {
            return Err(AuthError::OtherAudience);
        }
        if now >= self.claims.expires {
            return Err(AuthError::Expired);
        }
        Ok(())
    }

    /// The principal that the token stands for at that endpoint. `member` is what the tenant has under the
    /// member's id, `is_ended` whether it has ended the grant.
    ///
    /// # Errors
    /// As of [`check`](Self::check), and [`AuthError::NoRecord`] or [`AuthError::Revoked`].
    pub fn admit(
        self,
        server: Option<&ServerSlug>,
        member: Option<&MemberRecord>,
        is_ended: bool,
        now: UnixMillis,
    ) -> Result<Principal, AuthError> {
        self.check(server, now)?;
        let member = MemberRecord::in_force(member, &self.claims.member)?;
        if is_ended {
            return Err(AuthError::Revoked);
        }
        Ok(Principal::of_grant(
            self.tenant,
            self.claims.grant,
            member,
            self.claims.scopes,
        ))
    }
}
