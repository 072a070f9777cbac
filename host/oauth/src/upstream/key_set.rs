//! The keys of a provider (RFC 7517), and which of them a signature must be made with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::id_token::{IdToken, IdTokenError};

/// An algorithm of signatures that is taken (RFC 7518, section 3.1; RFC 8037). None of them has a secret that two share,
/// and none is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what every provider must offer.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    pub(super) fn of_name(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa]
            .into_iter()
            .find(|one| one.as_str() == name)
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// A public key: the members that say what it is, and no others, which say what may be done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
enum PublicKey {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Ec { crv: String, x: String, y: String },
    #[serde(rename = "OKP")]
    Okp { crv: String, x: String },
}

impl PublicKey {
    /// Whether signatures of that algorithm are checked with such a key, and it is no weak one.
    fn is_for(&self, algorithm: Algorithm) -> bool {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_or(0, |bytes| bytes.len());
        match (self, algorithm) {
            // 2,048 bits at least (RFC 7518, section 3.3); many more take long.
            (Self::Rsa { n, e }, Algorithm::Rs256 | Algorithm::Ps256) => {
                (256..=1024).contains(&bytes(n)) && (1..=4).contains(&bytes(e))
            }
            (Self::Ec { crv, x, y }, Algorithm::Es256) => {
                crv == "P-256" && bytes(x) == 32 && bytes(y) == 32
            }
            (Self::Okp { crv, x }, Algorithm::EdDsa) => crv == "Ed25519" && bytes(x) == 32,
            _ => false,
        }
    }
}

/// One of the keys, and what its provider says that it is for (RFC 7517, section 4).
#[derive(Clone, Debug, Deserialize)]
struct Key {
    kid: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    alg: Option<String>,
    #[serde(flatten)]
    public: PublicKey,
}

/// The keys of a provider. Those that are not understood are passed over (RFC 7517, section 5).
#[derive(Clone, Debug)]
pub struct KeySet(Vec<Key>);

/// What is to be found out: whether that key made this signature of those bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureCheck {
    /// How.
    pub algorithm: Algorithm,
    /// The key, as a JSON Web Key of its bare members.
    pub key: String,
    /// What was signed.
    pub message: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

impl KeySet {
    /// Reads a key set; none if it is not one.
    pub fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<serde_json::Value>,
        }
        let document: Document = serde_json::from_slice(body).ok()?;
        let keys = document.keys.into_iter();
        let keys = keys.filter_map(|key| serde_json::from_value(key).ok());
        Some(Self(keys.collect()))
    }

    /// What has to hold of a token's signature: that the key which it names made it. One that names none must leave no
    /// choice (section 10.1).
    ///
    /// # Errors
    /// [`IdTokenError::Key`]: a provider may have a new key by now.
    pub fn check(&self, token: &IdToken) -> Result<SignatureCheck, IdTokenError> {
        let fits = |key: &&Key| {
            let is_named = token
                .kid()
                .is_none_or(|kid| key.kid.as_deref() == Some(kid));
            let may_sign = key.used_for.as_deref().is_none_or(|one| one == "sig");
            let algorithm = token.algorithm();
            let is_its = key
                .alg
                .as_deref()
                .is_none_or(|alg| alg == algorithm.as_str());
            is_named && may_sign && is_its && key.public.is_for(algorithm)
        };
        let mut fitting = self.0.iter().filter(fits);
        let (Some(key), None) = (fitting.next(), fitting.next()) else {
            return Err(IdTokenError::Key);
        };
        Ok(SignatureCheck {
            algorithm: token.algorithm(),
            key: serde_json::to_string(&key.public).map_err(|_| IdTokenError::Key)?,
            message: token.signed().to_vec(),
            signature: token.signature().to_vec(),
        })
    }
}
