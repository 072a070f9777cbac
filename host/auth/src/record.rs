//! What a tenant keeps about an API key: nothing secret, and the last word about it.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use smcp_ids::{KeyId, ServerSlug, UnixMillis};

use crate::error::AuthError;

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
    /// The servers it may see; None: all of the tenant, also those to come.
    pub servers: Option<Vec<ServerSlug>>,
    /// What it may do.
    pub scopes: Vec<Scope>,
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

/// What a principal may do, in the words of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Use the MCP endpoints.
    Mcp,
    /// Use the admin API of its own tenant.
    Admin,
}

/// Not a scope of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope; known are \"mcp\" and \"admin\"")]
pub struct ScopeError;

impl Scope {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mcp, Self::Admin];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mcp => "mcp",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(ScopeError)
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.as_str().to_owned()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
