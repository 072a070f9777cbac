//! Receipts: what the platform says of one call, signed, so that it can be shown to others.
//!
//! `docs/receipts.md` describes the format for whoever verifies one without this code. A receipt is
//! written here and signed elsewhere ([`Effect::Sign`](smcp_capability::turn::Effect::Sign)): an engine
//! has no key for it. Nothing is believed of a receipt but by [`UntrustedReceipt::verify`]; nothing is
//! performed here.

use serde::{Deserialize, Serialize};
use smcp_capability::turn::Role;
use smcp_crypto::{Binding, receipt_key_id, verify_receipt};
use smcp_ids::{Digest, Fuel, PublisherKey, ReleaseDigest, ServerSlug, TenantId, UnixMillis};

/// The version of the format.
pub const VERSION: u64 = 1;
/// The only algorithm of keys.
const ALGORITHM: &str = "Ed25519";

/// What a call was allowed: its result depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// Linear memory, in bytes.
    pub memory: u64,
    /// Fuel.
    pub fuel: Fuel,
    /// Bytes of output.
    pub output: u64,
}

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The tenant.
    pub tenant: TenantId,
    /// The server.
    pub server: ServerSlug,
    /// The release that ran.
    pub release: ReleaseDigest,
    /// The engine profile under which it ran.
    pub profile: u32,
    /// The method of MCP.
    pub method: String,
    /// What was called, as the guest knows it.
    pub name: String,
    /// SHA-256 of the request as the guest was given it.
    pub request: Digest,
    /// SHA-256 of the call's tape.
    pub tape: Digest,
    /// SHA-256 of the result as the guest returned it.
    pub result: Digest,
    /// What the call was allowed.
    pub bounds: Allowed,
    /// The fuel it used.
    pub fuel: Fuel,
    /// When it had returned.
    pub time: UnixMillis,
}

impl Receipt {
    /// What is signed for the tenant's object: every field but the tenant, which is in the object's
    /// name. The fields and their order are those of `docs/receipts.md`.
    pub fn body(&self) -> Binding {
        Binding::new("receipt")
            .number(VERSION)
            .text(self.server.as_str())
            .bytes(self.release.as_bytes())
            .number(u64::from(self.profile))
            .text(&self.method)
            .text(&self.name)
            .bytes(self.request.as_bytes())
            .bytes(self.tape.as_bytes())
            .bytes(self.result.as_bytes())
            .number(self.bounds.memory)
            .number(self.bounds.fuel.0)
            .number(self.bounds.output)
            .number(self.fuel.0)
            .number(self.time.0)
    }

    /// The receipt as JSON, with the signature of its body and the id of the key.
    pub fn signed(self, key: String, signature: &[u8]) -> Option<String> {
        let wire = Wire {
            version: VERSION,
            key,
            tenant: self.tenant,
            server: self.server,
            release: self.release,
            profile: self.profile,
            method: self.method,
            name: self.name,
            request: self.request,
            tape: self.tape,
            result: self.result,
            bounds: self.bounds,
            fuel: self.fuel,
            time: self.time,
            signature: hex::encode(signature),
        };
        serde_json::to_string(&wire).ok()
    }
}

/// Why a receipt is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is not a receipt.
    #[error("this is not a receipt: {0}")]
    Malformed(String),
    /// It is one of another version.
    #[error("this receipt has format {0}; this version reads format {VERSION}")]
    Version(u64),
    /// The keys are not those of a platform.
    #[error("these are not the keys of a platform: {0}")]
    Keys(String),
    /// No key has its id.
    #[error(
        "the receipt names the key {0}, which the platform does not have: it is of another platform, or the key is gone"
    )]
    KeyUnknown(String),
    /// The signature does not hold.
    #[error(
        "the signature does not hold: the receipt was altered, or no platform with this key made it"
    )]
    Signature,
}

impl ReceiptError {
    /// A stable name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "receipt_malformed",
            Self::Version(_) => "receipt_version",
            Self::Keys(_) => "receipt_keys",
            Self::KeyUnknown(_) => "receipt_key_unknown",
            Self::Signature => "receipt_signature",
        }
    }
}

/// The public keys of a platform.
#[derive(Clone, Debug)]
pub struct PlatformKeys(Vec<PublisherKey>);

impl PlatformKeys {
    /// Reads what a platform serves at `/.well-known/smcp-keys`. Keys of algorithms that are not known
    /// here are passed over.
    ///
    /// # Errors
    /// [`ReceiptError::Keys`].
    pub fn parse(json: &[u8]) -> Result<Self, ReceiptError> {
        let listed: Listed =
            serde_json::from_slice(json).map_err(|error| ReceiptError::Keys(error.to_string()))?;
        let known = listed
            .keys
            .into_iter()
            .filter(|key| key.algorithm == ALGORITHM);
        Ok(Self(known.map(|key| key.public_key).collect()))
    }

    /// Whether the platform signed that for the object of that name, under the key of that id.
    ///
    /// # Errors
    /// [`ReceiptError::KeyUnknown`] or [`ReceiptError::Signature`].
    pub(crate) fn verify(
        &self,
        id: &str,
        object: &str,
        body: &[u8],
        signature: &[u8; smcp_crypto::SIGNATURE_BYTES],
    ) -> Result<(), ReceiptError> {
        let named = |key: &&PublisherKey| receipt_key_id(key) == id;
        let key = self.0.iter().find(named);
        let key = key.ok_or_else(|| ReceiptError::KeyUnknown(id.to_owned()))?;
        verify_receipt(key, object, body, signature).map_err(|_| ReceiptError::Signature)
    }
}

/// A receipt that anybody may have written.
#[derive(Clone, Debug)]
pub struct UntrustedReceipt {
    receipt: Receipt,
    key: String,
    signature: [u8; smcp_crypto::SIGNATURE_BYTES],
}

impl UntrustedReceipt {
    /// Reads a receipt. A member that the signature does not cover is refused.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`] or [`ReceiptError::Version`].
    pub fn parse(json: &str) -> Result<Self, ReceiptError> {
        let malformed = |error: serde_json::Error| ReceiptError::Malformed(error.to_string());
        let Versioned { version } = serde_json::from_str(json).map_err(malformed)?;
        if version != VERSION {
            return Err(ReceiptError::Version(version));
        }
        let wire: Wire = serde_json::from_str(json).map_err(malformed)?;
        let mut signature = [0; smcp_crypto::SIGNATURE_BYTES];
        hex::decode_to_slice(&wire.signature, &mut signature).map_err(|_| {
            ReceiptError::Malformed("\"signature\" is not 128 hexadecimal digits".to_owned())
        })?;
        Ok(Self {
            key: wire.key,
            signature,
            receipt: Receipt {
                tenant: wire.tenant,
                server: wire.server,
                release: wire.release,
                profile: wire.profile,
                method: wire.method,
                name: wire.name,
                request: wire.request,
                tape: wire.tape,
                result: wire.result,
                bounds: wire.bounds,
                fuel: wire.fuel,
                time: wire.time,
            },
        })
    }

    /// What the platform with those keys says, if it does say this.
    ///
    /// # Errors
    /// [`ReceiptError::KeyUnknown`] or [`ReceiptError::Signature`].
    pub fn verify(self, keys: &PlatformKeys) -> Result<Receipt, ReceiptError> {
        let object = Role::Tenant(self.receipt.tenant.clone()).object_name();
        let body = self.receipt.body();
        keys.verify(&self.key, &object, body.as_bytes(), &self.signature)?;
        Ok(self.receipt)
    }

    /// The id of the key that it names.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A receipt as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u64,
    key: String,
    tenant: TenantId,
    server: ServerSlug,
    #[serde(with = "crate::hexadecimal")]
    release: Digest,
    profile: u32,
    method: String,
    name: String,
    #[serde(with = "crate::hexadecimal")]
    request: Digest,
    #[serde(with = "crate::hexadecimal")]
    tape: Digest,
    #[serde(with = "crate::hexadecimal")]
    result: Digest,
    bounds: Allowed,
    fuel: Fuel,
    time: UnixMillis,
    signature: String,
}

#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

#[derive(Deserialize)]
struct Listed {
    keys: Vec<ListedKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedKey {
    algorithm: String,
    #[serde(with = "crate::hexadecimal")]
    public_key: PublisherKey,
}
