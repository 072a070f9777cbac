//! What a tenant keeps about a member: nothing secret, and the last word about it.

use serde::{Deserialize, Serialize};
use smcp_ids::{MemberId, UnixMillis};

use crate::allowance::Allowance;
use crate::error::AuthError;
use crate::scope::Scopes;

/// The record of one member. What a member proves who it is with is made from it each time (see
/// [`Tickets`](crate::Tickets)), so a stolen record opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRecord {
    /// Which member.
    pub id: MemberId,
    /// What people call it.
    pub name: String,
    /// By which an upstream provider knows it, in lower case.
    pub email: Option<String>,
    /// What it may do, and so at most what it can agree to.
    pub scopes: Scopes,
    /// When it was made.
    pub created: UnixMillis,
    /// How often it was invited: the last invitation is good.
    pub invitations: u32,
    /// Until when the last one is good; none: it was accepted.
    pub invited_until: Option<UnixMillis>,
    /// How often it was given an access code: the last one is good. 0: it has none.
    pub access_codes: u32,
    /// Who it is to the upstream provider: issuer and subject; none: it never signed in there.
    pub upstream: Option<(String, String)>,
    /// How much it may use, through all clients together.
    #[serde(default)]
    pub allowance: Allowance,
}

impl MemberRecord {
    /// The record, if it is that member's. A member that was removed has none.
    pub(crate) fn in_force<'r>(
        record: Option<&'r Self>,
        id: &MemberId,
    ) -> Result<&'r Self, AuthError> {
        record
            .filter(|record| record.id == *id)
            .ok_or(AuthError::NoRecord)
    }
}
