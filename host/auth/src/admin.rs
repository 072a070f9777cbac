//! The platform admin's token: any text, known to the deployment by its SHA-256 only.

use core::fmt;

use smcp_crypto::{equal, sha256};
use smcp_ids::Digest;
use smcp_ids::limits::ADMIN_TOKEN_MIN;

use crate::error::AuthError;
use crate::principal::Principal;

/// A token that may be the admin's, as its SHA-256: the text itself is not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken(Digest);

impl AdminToken {
    pub(crate) fn of(token: &str) -> Self {
        Self(Self::digest(token))
    }

    /// What a deployment that is configured with this text knows of it. None if it is so short that it could be guessed:
    /// nothing else limits how often that may be tried, so such a deployment has no platform admin.
    pub fn configured(text: &str) -> Option<Digest> {
        (text.len() >= ADMIN_TOKEN_MIN).then(|| Self::digest(text))
    }

    /// The digest of a token.
    pub fn digest(token: &str) -> Digest {
        sha256(token.as_bytes())
    }

    /// The platform admin, if the token is the configured one; compared in constant time. A
    /// deployment without a digest has no platform admin.
    ///
    /// # Errors
    /// [`AuthError::BadAdminToken`].
    pub fn verify(&self, configured: Option<&Digest>) -> Result<Principal, AuthError> {
        match configured {
            Some(digest) if equal(digest.as_bytes(), self.0.as_bytes()) => Ok(Principal::admin()),
            _ => Err(AuthError::BadAdminToken),
        }
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(..)")
    }
}
