//! Signing in at a provider of the tenant's own (OpenID Connect Core 1.0, section 3.1): this host is a client there.
//!
//! ```text
//! discovery document -> Provider       (where people sign in, where codes are exchanged, where its keys are)
//! key set            -> KeySet         (those of its keys that are for signatures which are taken here)
//! token answer       -> IdToken        (taken apart; nothing of it is believed)
//! IdToken + signature that holds + what was asked -> Identity (with what is said at the provider's user info, if need be)
//! ```
//!
//! Section numbers without a name are those of OpenID Connect Core 1.0.

mod exchange;
mod id_token;
mod key_set;
mod provider;

pub use exchange::{CodeExchange, SignIn, TokenAnswer};
pub use id_token::{Expected, IdToken, IdTokenError, Identity};
pub use key_set::{Algorithm, KeySet, SignatureCheck};
pub use provider::{Issuer, Provider, ProviderError};
