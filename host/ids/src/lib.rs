//! Newtypes for names, digests and units, and the one module of limits.
//!
//! A value of one of these types is well formed: the only way in is a constructor that checks.
//! This crate depends on nothing of ours and knows no format but the text forms of its own types.

pub mod limits;

mod call_id;
mod digest;
mod log_level;
mod name;
mod unit;

pub use call_id::{CallId, CallIdError};
pub use digest::{Digest, DigestError, PublisherKey};
pub use log_level::LogLevel;
pub use name::{ClientId, GrantId, KeyId, MemberId, NameError, ServerSlug, TenantId};
pub use unit::{Fuel, UnixMillis};

/// The release of a server: the SHA-256 that its publisher signed, which covers every byte of the
/// module after the signature section. Wrapping the module again does not change it.
pub type ReleaseDigest = Digest;
