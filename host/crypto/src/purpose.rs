//! What a key is for: one key never serves two purposes, nor two algorithms.

use core::fmt;

use crate::binding::Binding;
use crate::digest::equal;
use crate::error::CryptoError;
use crate::mac::{chained_mac, mac};
use crate::ring::Ring;
use crate::seal;
use crate::sign::SigningKey;

/// What a key is for. Its label enters the derivation: changing one makes everything that was made
/// with it unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Purpose {
    /// MACs of API keys.
    ApiKey,
    /// Access tokens, sealed.
    AccessToken,
    /// Authorization codes and refresh tokens, sealed.
    Authorization,
    /// What a person carries while they sign in elsewhere.
    SignIn,
    /// Ids and secrets of clients that registered themselves.
    Client,
    /// Ids and records of legacy sessions.
    Session,
    /// State that a client carries for a call which waits for it.
    RequestState,
    /// Rows of the object's storage.
    Records,
    /// Items of the object's storage.
    Items,
    /// Cursors of lists.
    Cursor,
    /// Signatures of receipts.
    Receipt,
}

impl Purpose {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::ApiKey => "api-key",
            Self::AccessToken => "access-token",
            Self::Authorization => "authorization",
            Self::SignIn => "sign-in",
            Self::Client => "client",
            Self::Session => "session",
            Self::RequestState => "request-state",
            Self::Records => "records",
            Self::Items => "items",
            Self::Cursor => "cursor",
            Self::Receipt => "receipt",
        }
    }
}

/// The keys of one tenant for one purpose, by version of the master key.
#[derive(Clone)]
pub struct PurposeKeys {
    purpose: Purpose,
    seal: Ring,
    mac: Ring,
    sign: Ring,
}

impl PurposeKeys {
    pub(crate) fn new(purpose: Purpose, seal: Ring, mac: Ring, sign: Ring) -> Self {
        Self {
            purpose,
            seal,
            mac,
            sign,
        }
    }

    /// What these keys are for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The version of the master key that new values are made with.
    pub fn current_version(&self) -> u32 {
        self.seal.current().0
    }

    /// The MAC of `data` under the current key.
    pub fn mac(&self, data: &Binding) -> [u8; 32] {
        mac(self.mac.current().1, data.as_bytes())
    }

    /// Whether `tag` is the MAC of `data` under a key of any version. A shortened tag is refused.
    pub fn verify_mac(&self, data: &Binding, tag: &[u8]) -> bool {
        self.mac_version(data, tag).is_some()
    }

    /// The version of the key under which `tag` is the MAC of `data`. All versions are tried, each in
    /// constant time.
    pub fn mac_version(&self, data: &Binding, tag: &[u8]) -> Option<u32> {
        self.chained_mac_version(data, &[[0_u8; 0]; 0], tag)
    }

    /// The version of the key under which `tag` is what a chain of `links` comes to that begins with the MAC of
    /// `data`. All versions are tried, each in constant time for those links.
    pub fn chained_mac_version(
        &self,
        data: &Binding,
        links: &[impl AsRef<[u8]>],
        tag: &[u8],
    ) -> Option<u32> {
        let chained = |key: &[u8; 32]| {
            let first = mac(key, data.as_bytes());
            chained_mac(first, links.iter().map(AsRef::as_ref))
        };
        self.mac
            .current_first()
            .find_map(|(version, key)| equal(&chained(key), tag).then_some(version))
    }

    /// Encrypts and authenticates `plaintext` under the current key, bound to `binding`, which must be
    /// given again to open it. The nonce must be random and never used again with this tenant and
    /// purpose: two values under one nonce reveal both, and the key of the authentication. At most
    /// 2^32 values may be sealed for one tenant and purpose under one master key.
    ///
    /// # Errors
    /// [`CryptoError::TooLarge`] above 64 GiB.
    pub fn seal(
        &self,
        nonce: [u8; seal::NONCE_BYTES],
        binding: &Binding,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        seal::seal(&self.seal, nonce, binding, plaintext)
    }

    /// What [`seal`](Self::seal) was given, if `sealed` is unaltered and `binding` is the same.
    ///
    /// # Errors
    /// [`CryptoError::SealedFormat`], [`CryptoError::UnknownKeyVersion`] or
    /// [`CryptoError::NotAuthentic`].
    pub fn open(&self, binding: &Binding, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        seal::open(&self.seal, binding, sealed)
    }

    /// Whether `sealed` names the current key: else it should be sealed again when convenient.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        seal::key_version(sealed) == Ok(self.current_version())
    }

    /// The key that signs for this purpose, of the current version.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(self.sign.current().1)
    }

    /// The keys that have signed for this purpose, the current one first.
    pub fn signing_keys(&self) -> impl Iterator<Item = (u32, SigningKey)> {
        self.sign
            .current_first()
            .map(|(version, seed)| (version, SigningKey::from_seed(seed)))
    }
}

impl fmt::Debug for PurposeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PurposeKeys({:?}, ..)", self.purpose)
    }
}
