//! Credential bytes to a principal; no HTTP client, no clock.
//!
//! ```text
//! Authorization -> Credential -> ProvenKey, ProvenToken -> Principal
//!                  (its form)    (its MAC, or its seal)    (its record, and the time)
//! ```
//!
//! Each step takes the type that the one before gave, and none can be made in another way. The first
//! two need no storage, so a forgery is refused at the edge; the last word is the tenant's record.
//! Nothing that could be stolen from storage is a key: a record holds no secret, and a MAC is made
//! anew from the tenant's key each time.
//!
//! Refused: whatever is not well formed, proven and in force. To a stranger all refusals look alike
//! (see [`AuthError::public`]). This crate knows nothing of MCP or of what a principal asks for.

mod admin;
mod allowance;
mod credential;
pub mod discovery;
mod error;
mod keyring;
mod member;
mod principal;
mod record;
mod restriction;
mod scope;

#[cfg(test)]
mod tests;
mod ticket;
mod token;

pub use admin::AdminToken;
pub use allowance::{Allowance, Amount, AmountError, Budget, CallsPerMinute, FuelPerDay};
pub use credential::{ApiKey, Credential};
pub use error::{AuthError, Challenge, PublicError};
pub use keyring::{Keyring, ProvenKey};
pub use member::MemberRecord;
pub use principal::{Principal, Records, Remembered};
pub use record::KeyRecord;
pub use restriction::{NarrowError, Restriction, Restrictions};
pub use scope::{Scope, ScopeError, Scopes, ToolName};
pub use ticket::{Ticket, TicketKind, Tickets};
pub use token::{AccessClaims, AccessToken, ProvenToken};
