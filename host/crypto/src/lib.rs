//! Digests, signatures, MACs, sealing and key derivation: the only crate that touches a cipher.
//!
//! Seeds, nonces and keys are arguments: nothing here draws randomness, reads a clock or performs
//! I/O, so that every result can be reproduced. Secrets are wiped when dropped and never printed.
//! It knows tenants by name only, and nothing of what it signs or seals.
//!
//! The key hierarchy, each step HKDF-SHA-256:
//!
//! ```text
//! master key, by version   -> tenant, platform or shell   -> purpose   -> seal | mac | sign
//! MasterKeys                  TenantKeys                     PurposeKeys
//! ```

mod archive;
mod binding;
mod derive;
mod digest;
mod error;
mod mac;
mod master;
mod purpose;
mod receipt;
mod ring;
mod seal;
mod sign;

pub use archive::{ArchiveKey, ArchiveReader, ArchiveWriter};
pub use binding::Binding;
pub use digest::{Sha256, equal, sha256};
pub use error::CryptoError;
pub use mac::{chained_mac, mac, verify_mac};
pub use master::{DEVELOPMENT_MASTER_KEY, MasterKeys, TenantKeys};
pub use purpose::{Purpose, PurposeKeys};
pub use receipt::{SignedReceipt, receipt_key_id, verify_receipt};
pub use seal::{NONCE_BYTES, SEAL_OVERHEAD};
pub use sign::{SIGNATURE_BYTES, Signature, SigningKey, check_publisher_key, verify_strict};
