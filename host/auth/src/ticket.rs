//! Tickets: short texts that stand for a row of the tenant and for one state of it, and prove themselves.
//!
//! `smcp<letter>_<tenant>_<id>_<number>_<mac>`: the letter says what for, the id names a row, and the number is
//! what that row says when the ticket is good: a row that has moved on has made all earlier tickets void. The
//! MAC is over all of it, so that nothing which could be stolen from storage is a ticket.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use smcp_crypto::{Binding, Purpose, PurposeKeys, TenantKeys};
use smcp_ids::TenantId;
use smcp_ids::limits::CREDENTIAL_MAX;

/// What a ticket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TicketKind {
    /// An authorization code: the row is a grant.
    Code,
    /// A refresh token: the row is a grant, the number how often it was used.
    Refresh,
    /// An invitation to be a member: the row is the member, the number how often one was invited.
    Invitation,
    /// The secret of a client that an admin registered: the row is the client.
    ClientSecret,
    /// What a member signs in with: the row is the member, the number how often it was renewed.
    AccessCode,
}

impl TicketKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Code,
        Self::Refresh,
        Self::Invitation,
        Self::ClientSecret,
        Self::AccessCode,
    ];

    /// What its text begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Code => "smcpc_",
            Self::Refresh => "smcpr_",
            Self::Invitation => "smcpi_",
            Self::ClientSecret => "smcps_",
            Self::AccessCode => "smcpm_",
        }
    }
}

/// A ticket taken apart. Not proven: anyone can write one.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    kind: TicketKind,
    tenant: TenantId,
    id: String,
    number: u32,
    mac: [u8; 32],
}

impl Ticket {
    /// Reads a text of whatever kind; none if it has no form of a ticket.
    pub fn parse(text: &str) -> Option<Self> {
        let kind = TicketKind::ALL
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))?;
        let rest = text.strip_prefix(kind.prefix())?;
        if text.len() > CREDENTIAL_MAX {
            return None;
        }
        let mut parts = rest.splitn(4, '_');
        let (tenant, id, number, mac) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let ticket = Self {
            kind,
            tenant: tenant.parse().ok()?,
            id: id.to_owned(),
            number: number.parse().ok()?,
            mac: URL_SAFE_NO_PAD.decode(mac).ok()?.try_into().ok()?,
        };
        // One text for one ticket: no sign and no zero before the number.
        (ticket.text() == text).then_some(ticket)
    }

    fn text(&self) -> String {
        let (prefix, mac) = (self.kind.prefix(), URL_SAFE_NO_PAD.encode(self.mac));
        format!("{prefix}{}_{}_{}_{mac}", self.tenant, self.id, self.number)
    }

    /// What it says it is for.
    pub fn kind(&self) -> TicketKind {
        self.kind
    }

    /// The tenant that it says it belongs to: whose keys are to prove it.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The row that it says it stands for.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Ticket({:?}, {}, {}, ..)",
            self.kind, self.tenant, self.id
        )
    }
}

/// Makes and proves the tickets of one tenant.
#[derive(Clone, Debug)]
pub struct Tickets {
    tenant: TenantId,
    keys: PurposeKeys,
}

impl Tickets {
    /// Those of a tenant.
    pub fn new(tenant: TenantId, keys: &TenantKeys) -> Self {
        Self {
            tenant,
            keys: keys.purpose(Purpose::Authorization),
        }
    }

    /// The text of a ticket: the same each time, as long as the master key is the same. `id` has no underscore.
    pub fn mint(&self, kind: TicketKind, id: &str, number: u32) -> String {
        let ticket = Ticket {
            kind,
            tenant: self.tenant.clone(),
            id: id.to_owned(),
            number,
            mac: self.keys.mac(&self.binding(kind, id, number)),
        };
        ticket.text()
    }

    /// The row and the number that a ticket of that kind stands for, if this deployment made it for this tenant.
    /// In constant time for one tenant and one number of master keys.
    pub fn prove<'t>(&self, kind: TicketKind, ticket: &'t Ticket) -> Option<(&'t str, u32)> {
        let binding = self.binding(ticket.kind, &ticket.id, ticket.number);
        let is_made_here = self.keys.verify_mac(&binding, &ticket.mac);
        let is_right = is_made_here && ticket.kind == kind && ticket.tenant == self.tenant;
        is_right.then_some((&ticket.id, ticket.number))
    }

    fn binding(&self, kind: TicketKind, id: &str, number: u32) -> Binding {
        Binding::new("smcp ticket 1")
            .text(kind.prefix())
            .text(self.tenant.as_str())
            .text(id)
            .number(number.into())
    }
}
