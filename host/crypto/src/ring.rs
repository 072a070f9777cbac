//! Keys of one kind by version, one of them current.

use serde::{Deserialize, Serialize};
use smcp_ids::limits::MASTER_KEY_VERSIONS_MAX;
use zeroize::Zeroizing;

use crate::derive::Key;
use crate::error::CryptoError;

/// The keys by version, one of them current. No version twice, no version 0.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u32, [u8; 32])>", into = "Vec<(u32, [u8; 32])>")]
pub(crate) struct Ring {
    accepted: Vec<(u32, Key)>,
    current: (u32, Key),
}

impl Ring {
    /// The keys given, the last of them current.
    pub(crate) fn new(mut keys: Vec<(u32, Key)>) -> Result<Self, CryptoError> {
        if keys.len() > MASTER_KEY_VERSIONS_MAX {
            return Err(CryptoError::TooManyVersions);
        }
        for (at, &(version, _)) in keys.iter().enumerate() {
            if version == 0 {
                return Err(CryptoError::KeySet);
            }
            if keys.iter().take(at).any(|(earlier, _)| *earlier == version) {
                return Err(CryptoError::DuplicateVersion { version });
            }
        }
        let current = keys.pop().ok_or(CryptoError::KeySet)?;
        Ok(Self {
            accepted: keys,
            current,
        })
    }

    /// The same versions with a key that follows from each.
    pub(crate) fn map(&self, derive: impl Fn(&[u8; 32]) -> Key) -> Self {
        let next = |(version, key): &(u32, Key)| (*version, derive(key));
        Self {
            accepted: self.accepted.iter().map(next).collect(),
            current: next(&self.current),
        }
    }

    /// All versions and keys, the current one first.
    pub(crate) fn current_first(&self) -> impl Iterator<Item = (u32, &[u8; 32])> {
        core::iter::once(&self.current)
            .chain(self.accepted.iter().rev())
            .map(|(version, key)| (*version, &**key))
    }

    /// The version and key that new values are made with.
    pub(crate) fn current(&self) -> (u32, &[u8; 32]) {
        (self.current.0, &self.current.1)
    }

    /// The key of a version.
    pub(crate) fn get(&self, version: u32) -> Result<&[u8; 32], CryptoError> {
        self.current_first()
            .find_map(|(known, key)| (known == version).then_some(key))
            .ok_or(CryptoError::UnknownKeyVersion { version })
    }
}

impl TryFrom<Vec<(u32, [u8; 32])>> for Ring {
    type Error = CryptoError;

    fn try_from(keys: Vec<(u32, [u8; 32])>) -> Result<Self, CryptoError> {
        Self::new(
            keys.into_iter()
                .map(|(version, key)| (version, Zeroizing::new(key)))
                .collect(),
        )
    }
}

impl From<Ring> for Vec<(u32, [u8; 32])> {
    fn from(ring: Ring) -> Self {
        let all = ring.accepted.iter().chain([&ring.current]);
        all.map(|(version, key)| (*version, **key)).collect()
    }
}
