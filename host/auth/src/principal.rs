//! Who is calling, once everything about it was checked.
//!
//! A principal is never read back from bytes: it cannot be serialised, and comes only from a proven
//! credential and a record in force, for one request. What can be kept of it is its name, as
//! [`Remembered`]: it becomes a principal again by the record as that is then.

use core::fmt;

use serde::{Deserialize, Serialize};
use smcp_ids::{KeyId, ServerSlug, TenantId, UnixMillis};

use crate::error::AuthError;
use crate::record::{KeyRecord, Scope};

/// Who is calling. Shown as its id: `key:<id>` or `admin`, at most 128 characters, stable for one
/// key of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal(Who);

/// A principal that was proven once, by name: whose work goes on, or who is told of something, after
/// the request that proved it. Keep it only where nobody else can write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered(KeyId);

impl Remembered {
    /// The key's id: where its record is.
    pub fn id(&self) -> &KeyId {
        &self.0
    }

    /// The principal as it is now, from the record of its key.
    ///
    /// # Errors
    /// As when a key is proven anew: no record, revoked, expired.
    pub fn admit(
        &self,
        tenant: &TenantId,
        record: Option<&KeyRecord>,
        now: UnixMillis,
    ) -> Result<Principal, AuthError> {
        let record = KeyRecord::in_force(record, &self.0, now)?;
        Ok(Principal::of_key(tenant.clone(), self.0.clone(), record))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Key {
        tenant: TenantId,
        id: KeyId,
        servers: Option<Vec<ServerSlug>>,
        scopes: Vec<Scope>,
    },
    Admin,
}

impl Principal {
    pub(crate) fn of_key(tenant: TenantId, id: KeyId, record: &KeyRecord) -> Self {
        let mut scopes = record.scopes.clone();
        scopes.sort_unstable();
        scopes.dedup();
        Self(Who::Key {
            tenant,
            id,
            servers: record.servers.clone(),
            scopes,
        })
    }

    pub(crate) fn admin() -> Self {
        Self(Who::Admin)
    }

    /// What can be kept of it; nothing of the platform's admin.
    pub fn remember(&self) -> Option<Remembered> {
        match &self.0 {
            Who::Key { id, .. } => Some(Remembered(id.clone())),
            Who::Admin => None,
        }
    }

    /// Whether it is the admin of the platform, who is in no tenant.
    pub fn is_platform_admin(&self) -> bool {
        matches!(self.0, Who::Admin)
    }

    /// The tenant it belongs to; none for the admin of the platform.
    pub fn tenant(&self) -> Option<&TenantId> {
        match &self.0 {
            Who::Key { tenant, .. } => Some(tenant),
            Who::Admin => None,
        }
    }

    /// What it may do in its tenant, each once, in order. The admin of the platform has no scope: he
    /// is in no tenant.
    pub fn scopes(&self) -> &[Scope] {
        match &self.0 {
            Who::Key { scopes, .. } => scopes,
            Who::Admin => &[],
        }
    }

    /// Whether it may see a server of a tenant. The admin of the platform administers servers, and
    /// calls none.
    pub fn sees(&self, tenant: &TenantId, server: &ServerSlug) -> bool {
        match &self.0 {
            Who::Key {
                tenant: own,
                servers,
                ..
            } => {
                own == tenant
                    && servers
                        .as_ref()
                        .is_none_or(|servers| servers.contains(server))
            }
            Who::Admin => false,
        }
    }

    /// Checks that it may use a server of a tenant. A server that is not there must be answered with
    /// the same [`AuthError::NotVisible`].
    ///
    /// # Errors
    /// [`AuthError::NotVisible`] if it may not see the server, [`AuthError::Scope`] if it sees it and
    /// may not call.
    pub fn may_call(&self, tenant: &TenantId, server: &ServerSlug) -> Result<(), AuthError> {
        if !self.sees(tenant, server) {
            return Err(AuthError::NotVisible);
        }
        self.require(Scope::Mcp)
    }

    /// Checks that it may use an endpoint of a tenant: of a server, or without one, of all that it sees.
    ///
    /// # Errors
    /// As of [`may_call`](Self::may_call); of all servers, [`AuthError::Scope`].
    pub fn may_use(&self, tenant: &TenantId, server: Option<&ServerSlug>) -> Result<(), AuthError> {
        match server {
            Some(server) => self.may_call(tenant, server),
            None => self.require(Scope::Mcp),
        }
    }

    /// Checks that it may administer a tenant.
    ///
    /// # Errors
    /// [`AuthError::NotVisible`] for another tenant, [`AuthError::Scope`] for its own.
    pub fn may_administer(&self, tenant: &TenantId) -> Result<(), AuthError> {
        match &self.0 {
            Who::Admin => Ok(()),
            Who::Key { tenant: own, .. } if own == tenant => self.require(Scope::Admin),
            Who::Key { .. } => Err(AuthError::NotVisible),
        }
    }

    /// Checks that it has a scope, wherever it is asked for without naming one server.
    ///
    /// # Errors
    /// [`AuthError::Scope`]; the admin of the platform has none.
    pub fn require(&self, scope: Scope) -> Result<(), AuthError> {
        if self.scopes().contains(&scope) {
            Ok(())
        } else {
            Err(AuthError::Scope)
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Who::Key { id, .. } => write!(f, "key:{id}"),
            Who::Admin => f.write_str("admin"),
        }
    }
}
