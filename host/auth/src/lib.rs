//! Credential bytes to a principal; no HTTP client, no clock.
//!
//! ```text
//! Authorization -> Credential -> ProvenKey -> Principal
//!                  (its form)    (its MAC)    (its record, and the time)
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
mod credential;
mod error;
mod keyring;
mod principal;
mod record;

#[cfg(test)]
mod tests;

pub use admin::AdminToken;
pub use credential::{ApiKey, Credential};
pub use error::{AuthError, PublicError};
pub use keyring::{ApiKeyring, ProvenKey};
pub use principal::{Principal, Remembered};
pub use record::{KeyRecord, Scope, ScopeError};
