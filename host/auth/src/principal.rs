//! Who is calling, once everything about it was checked.
//!
//! A principal is never read back from bytes: it cannot be serialised, and comes only from a proven
//! credential and a record in force, for one request. What can be kept of it is its name, as
//! [`Remembered`]: it becomes a principal again by the record as that is then.

use core::fmt;

use serde::{Deserialize, Serialize};
use smcp_ids::{GrantId, KeyId, MemberId, ServerSlug, TenantId, UnixMillis};

use crate::allowance::Budget;
use crate::error::AuthError;
use crate::member::MemberRecord;
use crate::record::KeyRecord;
use crate::restriction::Restrictions;
use crate::scope::{Scope, Scopes};

/// Who is calling. Shown as its id: `key:<id>`, `member:<id>` or `admin`, at most 128 characters, stable for one
/// key or member of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    who: Who,
    /// What it may do must be allowed by each of these: its record, and whatever narrows it.
    allowed_by: Vec<Scopes>,
    /// What it may use of each; empty, if it is limited by none.
    budgets: Vec<Budget>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Key(TenantId, KeyId, Restrictions),
    Member(TenantId, MemberId, GrantId),
    Admin,
}

/// A principal that was proven once, by name: whose work goes on, or who is told of something, after
/// the request that proved it. Keep it only where nobody else can write. Shown as the principal is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remembered {
    /// Who had a key.
    Key {
        /// Its id: where its record is.
        id: KeyId,
        /// What it was narrowed by.
        restrictions: Restrictions,
    },
    /// A member, by what it granted a client.
    Member {
        /// Its id: where its record is.
        id: MemberId,
        /// The grant, which may have been ended.
        grant: GrantId,
        /// What that allows.
        scopes: Scopes,
    },
}

/// What a tenant has on record, whoever asks.
pub trait Records {
    /// The record of a key.
    fn key(&self, id: &KeyId) -> Option<&KeyRecord>;
    /// The record of a member.
    fn member(&self, id: &MemberId) -> Option<&MemberRecord>;
    /// Whether a grant was ended.
    fn is_ended(&self, grant: &GrantId) -> bool;
}

impl fmt::Display for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { id, .. } => write!(f, "key:{id}"),
            Self::Member { id, .. } => write!(f, "member:{id}"),
        }
    }
}

impl Remembered {
    /// The principal as it is now, from what the tenant has on record.
    ///
    /// # Errors
    /// As when its credential is proven anew: no record, revoked, expired.
    pub fn admit(
        &self,
        tenant: &TenantId,
        records: &impl Records,
        now: UnixMillis,
    ) -> Result<Principal, AuthError> {
        match self {
            Self::Key { id, restrictions } => {
                let record = KeyRecord::in_force(records.key(id), id, now)?;
                Principal::of_key(tenant.clone(), record, restrictions.clone(), now)
            }
            Self::Member { id, grant, scopes } => {
                let member = MemberRecord::in_force(records.member(id), id)?;
                if records.is_ended(grant) {
                    return Err(AuthError::Revoked);
                }
                let (grant, scopes) = (grant.clone(), scopes.clone());
                Ok(Principal::of_grant(tenant.clone(), grant, member, scopes))
            }
        }
    }
}

impl Principal {
    /// A key that is in force, unless it was narrowed to a time that is over.
    pub(crate) fn of_key(
        tenant: TenantId,
        record: &KeyRecord,
        restrictions: Restrictions,
        now: UnixMillis,
    ) -> Result<Self, AuthError> {
        if restrictions.is_over(now) {
            return Err(AuthError::Expired);
        }
        let own = [&record.scopes].into_iter();
        let allowed_by = own.chain(restrictions.scopes()).cloned().collect();
        let budgets = Budget::all(&record.allowance, &restrictions, || {
            format!("key:{}", record.id)
        });
        Ok(Self {
            who: Who::Key(tenant, record.id.clone(), restrictions),
            allowed_by,
            budgets,
        })
    }

    pub(crate) fn of_grant(
        tenant: TenantId,
        grant: GrantId,
        member: &MemberRecord,
        scopes: Scopes,
    ) -> Self {
        Self {
            who: Who::Member(tenant, member.id.clone(), grant),
            allowed_by: vec![member.scopes.clone(), scopes],
            budgets: Budget::all(&member.allowance, &Restrictions::default(), || {
                format!("member:{}", member.id)
            }),
        }
    }

    pub(crate) fn admin() -> Self {
        Self {
            who: Who::Admin,
            allowed_by: Vec::new(),
            budgets: Vec::new(),
        }
    }

    /// What can be kept of it; nothing of the platform's admin.
    pub fn remember(&self) -> Option<Remembered> {
        match &self.who {
            Who::Key(_, id, restrictions) => Some(Remembered::Key {
                id: id.clone(),
                restrictions: restrictions.clone(),
            }),
            Who::Member(_, id, grant) => Some(Remembered::Member {
                id: id.clone(),
                grant: grant.clone(),
                scopes: self.allowed_by.last().cloned().unwrap_or_default(),
            }),
            Who::Admin => None,
        }
    }

    /// Whether what was remembered is its own: the same member's, or the same key's, as it is or narrowed
    /// further. What a key began is not for those that were narrowed from it.
    pub fn is(&self, remembered: &Remembered) -> bool {
        match (&self.who, remembered) {
            (Who::Key(_, own, narrowed), Remembered::Key { id, restrictions }) => {
                own == id && narrowed.begin(restrictions)
            }
            (Who::Member(_, own, _), Remembered::Member { id, .. }) => own == id,
            _ => false,
        }
    }

    /// Whether it is the admin of the platform, who is in no tenant.
    pub fn is_platform_admin(&self) -> bool {
        self.who == Who::Admin
    }

    /// The tenant it belongs to; none for the admin of the platform.
    pub fn tenant(&self) -> Option<&TenantId> {
        match &self.who {
            Who::Key(tenant, ..) | Who::Member(tenant, ..) => Some(tenant),
            Who::Admin => None,
        }
    }

    /// What it may use, beside what its tenant may: all of these are used up by what it does. Empty: no limit is
    /// its own.
    pub fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// What it may do in its tenant, as what narrows it most says it. The admin of the platform has no scope: he
    /// is in no tenant.
    pub fn scopes(&self) -> Scopes {
        let mut allowed_by = self.allowed_by.iter();
        let first = allowed_by.next().cloned().unwrap_or_default();
        allowed_by.fold(first, |met, scopes| met.meet(scopes))
    }

    /// Whether each that narrows it allows something. The admin of the platform administers servers, and calls
    /// none.
    fn allows(&self, what: impl Fn(&Scopes) -> bool) -> bool {
        !self.is_platform_admin() && self.allowed_by.iter().all(what)
    }

    fn is_of(&self, tenant: &TenantId) -> bool {
        self.tenant() == Some(tenant)
    }

    /// Whether it may see a server of a tenant.
    pub fn sees(&self, tenant: &TenantId, server: &ServerSlug) -> bool {
        self.is_of(tenant) && self.allows(|scopes| scopes.see(server))
    }

    /// Whether it may use all of a server that it sees: nothing of it need be kept back.
    pub fn may_all(&self, server: &ServerSlug) -> bool {
        self.allows(|scopes| scopes.allow_all(server))
    }

    /// Whether it may read a server's resources and prompts, and hear of their changes.
    pub fn may_read(&self, server: &ServerSlug) -> bool {
        self.allows(|scopes| scopes.allow_reading(server))
    }

    /// Whether there can be a server that it may read.
    pub fn may_read_any(&self) -> bool {
        !self.is_platform_admin() && self.scopes().allow_reading_any()
    }

    /// Whether it may call a tool of a server, which may say that it changes nothing.
    pub fn may_call_tool(&self, server: &ServerSlug, tool: &str, only_reads: bool) -> bool {
        self.allows(|scopes| scopes.allow_tool(server, tool, only_reads))
    }

    /// Checks that it may use an endpoint of a tenant: of a server, or without one, of all that it sees. A server
    /// that is not there must be answered with the same [`AuthError::NotVisible`].
    ///
    /// # Errors
    /// [`AuthError::Scope`] without any scope of MCP, [`AuthError::NotVisible`] if it may not see the server.
    pub fn may_use(&self, tenant: &TenantId, server: Option<&ServerSlug>) -> Result<(), AuthError> {
        if !self.is_of(tenant) {
            return Err(AuthError::NotVisible);
        }
        if !self.allows(Scopes::allow_mcp) {
            return Err(AuthError::Scope);
        }
        match server {
            Some(server) if !self.sees(tenant, server) => Err(AuthError::NotVisible),
            _ => Ok(()),
        }
    }

    /// Checks that it may do something on the admin API of a tenant.
    ///
    /// # Errors
    /// [`AuthError::NotVisible`] for another tenant, [`AuthError::Scope`] for its own.
    pub fn may_administer(&self, tenant: &TenantId, scope: &Scope) -> Result<(), AuthError> {
        if self.is_platform_admin() {
            return Ok(());
        }
        if !self.is_of(tenant) {
            return Err(AuthError::NotVisible);
        }
        if self.allows(|scopes| scopes.allow(scope)) {
            Ok(())
        } else {
            Err(AuthError::Scope)
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Key(_, id, _) => write!(f, "key:{id}"),
            Who::Member(_, id, _) => write!(f, "member:{id}"),
            Who::Admin => f.write_str("admin"),
        }
    }
}
