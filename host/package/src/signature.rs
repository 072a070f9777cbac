//! The contents of the signature section: WebAssembly tool conventions, Signatures.md, with the
//! lengths of sets and signatures that the public tool `wasmsign2` writes.
//!
//! ```text
//! 01 01 01                     format 1, a module, SHA-256
//! 01                           one set:
//!   length                       of the rest
//!   01 hash[32]                  one hash: of all bytes after the signature section
//!   count                        1 to 4 signatures, each:
//!     length                       of the rest
//!     length key-id                empty, or the 12 bytes that follow from the public key
//!     01                           Ed25519
//!     40 signature[64]             of "wasmsig" 01 01 01 hash
//! ```
//!
//! Exactly one text says what a section says: anything else is refused. It knows no keys.

use smcp_crypto::{SIGNATURE_BYTES, Signature, mac};
use smcp_ids::limits::SIGNATURES_MAX;
use smcp_ids::{Digest, PublisherKey};

use crate::error::PackageError;
use crate::sections::{Reader, put_number, put_sized};

const KIND: [u8; 3] = [1, 1, 1];
const ED25519: u8 = 1;
const DOMAIN: &[u8] = b"wasmsig";
const KEY_ID_BYTES: usize = 12;

/// The decoded section: nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignatureData {
    pub(crate) hash: Digest,
    pub(crate) signatures: Vec<Signed>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) key_id: Option<[u8; KEY_ID_BYTES]>,
    pub(crate) signature: Signature,
}

/// What is signed to sign the hash.
pub(crate) fn message(hash: &Digest) -> Vec<u8> {
    [DOMAIN, &KIND, hash.as_bytes()].concat()
}

/// The id that follows from a key, as the public tool computes it.
pub(crate) fn key_id(key: &PublisherKey) -> [u8; KEY_ID_BYTES] {
    let mut id = [0; KEY_ID_BYTES];
    id.copy_from_slice(&mac(key.as_bytes(), b"key_id")[..KEY_ID_BYTES]);
    id
}

impl SignatureData {
    /// Reads the contents of the section, after its name.
    pub(crate) fn decode(payload: &[u8]) -> Result<Self, PackageError> {
        let data = decode(payload)?;
        // What was skipped, padded or appended shows here, whatever it was.
        if data.encode() == payload {
            Ok(data)
        } else {
            Err(PackageError::SignatureNotCanonical)
        }
    }

    /// The contents of the section, in the only form that is accepted.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut set = vec![1];
        set.extend_from_slice(self.hash.as_bytes());
        put_number(&mut set, self.signatures.len());
        for signed in &self.signatures {
            let mut one = Vec::with_capacity(SIGNATURE_BYTES + KEY_ID_BYTES + 3);
            put_sized(
                &mut one,
                signed.key_id.as_ref().map_or(&[], |id| id.as_slice()),
            );
            one.push(ED25519);
            put_sized(&mut one, &signed.signature);
            put_sized(&mut set, &one);
        }
        let mut out = KIND.to_vec();
        out.push(1);
        put_sized(&mut out, &set);
        out
    }
}

fn decode(payload: &[u8]) -> Result<SignatureData, PackageError> {
    const CUT: PackageError = PackageError::SignatureMalformed;
    let mut reader = Reader(payload);
    if reader.take(KIND.len()).ok_or(CUT)? != KIND {
        return Err(PackageError::SignatureKind);
    }
    match reader.number().ok_or(CUT)? {
        1 => {}
        found => return Err(PackageError::SignatureSets { found }),
    }
    let mut set = Reader(reader.sized().ok_or(CUT)?);
    match set.number().ok_or(CUT)? {
        1 => {}
        found => return Err(PackageError::SignatureHashes { found }),
    }
    let hash: [u8; 32] = set
        .take(32)
        .and_then(|hash| hash.try_into().ok())
        .ok_or(CUT)?;
    let count = set.number().ok_or(CUT)?;
    if count == 0 || count as usize > SIGNATURES_MAX {
        return Err(PackageError::SignatureCount { found: count });
    }
    let signatures = (0..count)
        .map(|_| decode_one(set.sized().ok_or(CUT)?))
        .collect::<Result<_, _>>()?;
    Ok(SignatureData {
        hash: Digest::new(hash),
        signatures,
    })
}

fn decode_one(bytes: &[u8]) -> Result<Signed, PackageError> {
    const CUT: PackageError = PackageError::SignatureMalformed;
    let mut reader = Reader(bytes);
    let key_id = match reader.sized().ok_or(CUT)? {
        [] => None,
        id => Some(id.try_into().map_err(|_| PackageError::KeyId)?),
    };
    if reader.byte().ok_or(CUT)? != ED25519 {
        return Err(PackageError::SignatureAlgorithm);
    }
    let signature = reader.sized().ok_or(CUT)?;
    let signature = signature
        .try_into()
        .map_err(|_| PackageError::SignatureAlgorithm)?;
    Ok(Signed { key_id, signature })
}
