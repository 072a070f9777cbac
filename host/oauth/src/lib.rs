//! OAuth 2.1 as the host speaks it: the bytes of strangers to typed values, the rules between them, the
//! documents and pages that answer. Section numbers without a name are those of draft-ietf-oauth-v2-1-13.
//!
//! ```text
//! query      -> Form -> Authorization    (who asks, for what, and where the answer goes)
//! body       -> Form -> TokenRequest     (a code or a refresh token, and the client that has it)
//! document   -> ClientMetadata           (registered, described by itself, or written by an admin)
//! ```
//!
//! Refused: what is not said once, redirect URIs that are not registered, any PKCE but S256, resources of other
//! hosts. This crate keeps nothing, fetches nothing and does not know what time it is.

mod authorize;
mod client;
mod error;
mod form;
pub mod page;
mod pkce;
mod redirect;
mod resource;
mod token;
pub mod upstream;

pub use authorize::{Asking, Authorization};
pub use client::{ClientMetadata, SecretUse, split_written_client, written_client};
pub use error::{OAuthError, RedirectError};
pub use form::{Form, FormError};
pub use pkce::{Challenge, Verifier};
pub use redirect::{RedirectUri, RedirectUriError};
pub use resource::Resource;
pub use token::{ClientCredentials, GrantRequest, RevocationRequest, TokenRequest};
