//! What a tenant keeps about an API key: nothing secret, and the last word about it.

use serde::{Deserialize, Serialize};
use smcp_ids::{KeyId, UnixMillis};

use crate::allowance::Allowance;
use crate::error::AuthError;
use crate::scope::Scopes;

/// The record of one API key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Which key.
    pub id: KeyId,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created: UnixMillis,
    /// From when on it is refused; None: never by time.
    pub expires: Option<UnixMillis>,
    /// When it was revoked; None: it was not.
    pub revoked: Option<UnixMillis>,
    /// What it may do.
    pub scopes: Scopes,
    /// How much it may use.
    #[serde(default)]
    pub allowance: Allowance,
}

impl KeyRecord {
    /// The record, if it is that key's and the key is in force.
    pub(crate) fn in_force<'r>(
        record: Option<&'r Self>,
        id: &KeyId,
        now: UnixMillis,
    ) -> Result<&'r Self, AuthError> {
        let record = record
            .filter(|record| record.id == *id)
            .ok_or(AuthError::NoRecord)?;
        // A moment of revoking that has not come yet is a clock that differs: revoked all the same.
        if record.revoked.is_some() {
            return Err(AuthError::Revoked);
        }
        if record.expires.is_some_and(|expires| now >= expires) {
            return Err(AuthError::Expired);
        }
        Ok(record)
    }
}
