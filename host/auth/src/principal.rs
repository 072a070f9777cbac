//! Who is calling, once everything about it was checked.
//!
//! A principal is never read back from bytes: it cannot be serialised, and comes only from a proven
//! credential and a record in force, for one request.

use core::fmt;

use smcp_ids::{KeyId, ServerSlug, TenantId};

use crate::error::AuthError;
use crate::record::{KeyRecord, Scope};

/// Who is calling. Shown as its id: `key:<id>` or `admin`, at most 128 characters, stable for one
/// key of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal(Who);

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
