//! The roots of the key hierarchy: master keys, and what follows from them for one tenant.

use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use smcp_ids::TenantId;
use zeroize::Zeroizing;

use crate::binding::Binding;
use crate::derive::{Key, derive};
use crate::digest::equal;
use crate::error::CryptoError;
use crate::purpose::{Purpose, PurposeKeys};
use crate::ring::Ring;

/// The master key of development, the same on every machine. Everybody knows it: a deployment with
/// it is refused (see [`MasterKeys::is_development`]).
pub const DEVELOPMENT_MASTER_KEY: &str =
    "1:736d6370206b65792065766572796f6e65206b6e6f77733a20646576206f6e6c";

/// Salt of every derivation: names this hierarchy, so that a master key that somebody also uses
/// elsewhere gives other keys there.
const HIERARCHY: &[u8] = b"smcp key hierarchy 1";

/// The master keys of a deployment by version. What is made now is made with the current one; what
/// was made with any of them is still accepted.
///
/// Read from text: `VERSION:KEY`, several separated by commas, of which the **last** is current. A
/// version is a number from 1; a key is 32 bytes, in hexadecimal or base64. To rotate, put the new
/// key first, deploy (it is accepted but not used yet), move it to the end, deploy again.
#[derive(Clone)]
pub struct MasterKeys(Ring);

impl MasterKeys {
    /// The keys of one tenant.
    pub fn tenant(&self, tenant: &TenantId) -> TenantKeys {
        self.root(&Binding::new("tenant").text(tenant.as_str()))
    }

    /// The keys of the platform itself: what belongs to no tenant.
    pub fn platform(&self) -> TenantKeys {
        self.root(&Binding::new("platform"))
    }

    /// The keys by which all objects know clients that registered themselves: those belong to no tenant.
    pub fn clients(&self) -> TenantKeys {
        self.root(&Binding::new("clients"))
    }

    /// The keys of the shell, which serves all objects: no object is given them.
    pub(crate) fn of_the_shell(&self) -> TenantKeys {
        self.root(&Binding::new("shell"))
    }

    /// Whether one of the keys is that of development, which may not be deployed.
    pub fn is_development(&self) -> bool {
        // The constant parses: a test says so.
        let development: Option<Self> = DEVELOPMENT_MASTER_KEY.parse().ok();
        development.is_none_or(|known| {
            let known = known.0.current().1;
            self.0.current_first().any(|(_, key)| equal(key, known))
        })
    }

    /// The version that new values are made with.
    pub fn current_version(&self) -> u32 {
        self.0.current().0
    }

    fn root(&self, info: &Binding) -> TenantKeys {
        TenantKeys(self.0.map(|key| derive(key, HIERARCHY, info.as_bytes())))
    }
}

impl FromStr for MasterKeys {
    type Err = CryptoError;

    fn from_str(text: &str) -> Result<Self, CryptoError> {
        let keys = text
            .trim()
            .split(',')
            .map(parse_entry)
            .collect::<Result<Vec<_>, _>>()?;
        Ring::new(keys).map(Self)
    }
}

fn parse_entry(entry: &str) -> Result<(u32, Key), CryptoError> {
    let (version, key) = entry
        .trim()
        .split_once(':')
        .ok_or(CryptoError::MasterKeyText)?;
    let plain = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = version.parse().map_err(|_| CryptoError::MasterKeyText)?;
    if !plain || number == 0 {
        return Err(CryptoError::MasterKeyText);
    }
    parse_key(key)
        .map(|key| (number, key))
        .ok_or(CryptoError::MasterKeyText)
}

/// 64 characters are hexadecimal, 44 are base64 with padding, 43 without: none is two of them.
fn parse_key(text: &str) -> Option<Key> {
    let bytes = Zeroizing::new(match text.len() {
        64 => hex::decode(text).ok()?,
        44 => BASE64_STANDARD.decode(text).ok()?,
        43 => BASE64_STANDARD_NO_PAD
            .decode(text)
            .or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(text))
            .ok()?,
        _ => return None,
    });
    let mut key = Zeroizing::new([0; 32]);
    (bytes.len() == key.len()).then(|| key.copy_from_slice(&bytes))?;
    Some(key)
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKeys(..)")
    }
}

/// What follows from the master keys for one tenant, or for the platform: all that a component which
/// serves that tenant is given. No other tenant's keys can be found from it, nor the master keys.
///
/// It is serialisable so that it can be handed to another instance on the same machine; never write
/// it to storage or to a log.
#[derive(Clone, Serialize, Deserialize)]
pub struct TenantKeys(Ring);

impl TenantKeys {
    /// The keys that need a secret beside the master key: when the secret is gone, so is what was sealed with them,
    /// whoever has the master key. The secret must be random.
    #[must_use]
    pub fn with_secret(&self, secret: &[u8; 32]) -> Self {
        let info = Binding::new("secret").bytes(secret);
        Self(self.0.map(|key| derive(key, HIERARCHY, info.as_bytes())))
    }

    /// The keys for one purpose.
    pub fn purpose(&self, purpose: Purpose) -> PurposeKeys {
        let ring = |kind: &str| {
            let info = Binding::new("purpose").text(purpose.label()).text(kind);
            self.0.map(|key| derive(key, HIERARCHY, info.as_bytes()))
        };
        PurposeKeys::new(purpose, ring("seal"), ring("mac"), ring("sign"))
    }
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantKeys(..)")
    }
}
