//! The first two stages: from bytes that anybody may have sent to bytes that a trusted publisher
//! signed. Nothing is looked at but the framing and the signature.

use smcp_crypto::{Sha256, verify_strict};
use smcp_ids::limits::PACKAGE_CEILING;
use smcp_ids::{Digest, PublisherKey, ReleaseDigest};

use crate::error::{Limit, PackageError, at_most};
use crate::manifest::Manifest;
use crate::sections::{put_custom, sections};
use crate::signature::{SignatureData, Signed, key_id, message};
use crate::{DELIMITER_SECTION, MANIFEST_SECTION, SIGNATURE_SECTION};

/// A package whose signature section is well formed. Who signed it, and whether at all, is not known.
#[derive(Debug)]
pub struct UntrustedPackage {
    bytes: Vec<u8>,
    /// Where the signed bytes begin: after the signature section.
    signed_from: usize,
    data: SignatureData,
}

impl UntrustedPackage {
    /// Reads the framing and the signature section.
    ///
    /// # Errors
    /// Why the bytes are not a package with one canonical signature section.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, PackageError> {
        // 1. No more bytes than any policy could allow.
        at_most(Limit::Package, bytes.len() as u64, PACKAGE_CEILING as u64)?;
        // 2. The header is that of a core module (it is not covered by the signature), and the sections
        //    fill the file to its last byte. One section is named as the signature is, the first.
        let (signed_from, payload) = frame(&bytes)?;
        // 3. The section says what it says in the only form there is, its own head included.
        let data = SignatureData::decode(payload)?;
        let mut canonical = Vec::with_capacity(payload.len() + 16);
        put_custom(&mut canonical, SIGNATURE_SECTION, payload);
        if bytes.get(crate::sections::HEADER.len()..signed_from) != Some(&canonical) {
            return Err(PackageError::SignatureNotCanonical);
        }
        Ok(Self {
            signed_from,
            data,
            bytes,
        })
    }

    /// Verifies that one of the `trusted` publishers signed every byte after the signature section.
    ///
    /// # Errors
    /// [`PackageError::HashMismatch`], [`PackageError::NotTrusted`], [`PackageError::KeyId`] or
    /// [`PackageError::SignedTwice`].
    pub fn verify(self, trusted: &[PublisherKey]) -> Result<VerifiedPackage, PackageError> {
        // 4. The bytes are those of the signed hash.
        let release = self.checked_hash()?;
        // 5. Signatures over that hash hold under trusted keys, strictly, each key once.
        let signers = signers(&self.data, trusted)?;
        if signers.is_empty() {
            return Err(PackageError::NotTrusted);
        }
        Ok(VerifiedPackage {
            bytes: self.bytes,
            release,
            signers,
        })
    }

    /// The hash of the signed bytes, if it is the one that the signature section holds.
    ///
    /// # Errors
    /// [`PackageError::HashMismatch`] if it is not.
    pub fn checked_hash(&self) -> Result<ReleaseDigest, PackageError> {
        let mut hasher = Sha256::new();
        hasher.update(self.bytes.get(self.signed_from..).unwrap_or_default());
        let actual = hasher.finish();
        let signed = self.data.hash;
        if actual == signed {
            Ok(actual)
        } else {
            Err(PackageError::HashMismatch { signed, actual })
        }
    }

    /// The signature section, for adding to it.
    pub(crate) fn into_parts(self) -> (Vec<u8>, usize, SignatureData) {
        (self.bytes, self.signed_from, self.data)
    }

    /// What the signature section claims the release to be: unproven.
    pub fn claimed_release(&self) -> Digest {
        self.data.hash
    }

    /// How many signatures there are: unproven.
    pub fn signature_count(&self) -> usize {
        self.data.signatures.len()
    }
}

/// Where the signed bytes begin, and the contents of the signature section.
fn frame(bytes: &[u8]) -> Result<(usize, &[u8]), PackageError> {
    let mut first = None;
    let mut elsewhere = false;
    for (at, section) in sections(bytes)?.enumerate() {
        let section = section?;
        match section.custom {
            Some((SIGNATURE_SECTION, payload)) if at == 0 => {
                first = Some((section.range.end, payload));
            }
            Some((SIGNATURE_SECTION, _)) => elsewhere = true,
            Some((DELIMITER_SECTION, _)) => return Err(PackageError::Delimiter),
            _ => {}
        }
    }
    match (first, elsewhere) {
        (Some(_), true) => Err(PackageError::SecondSignature),
        (Some(found), false) => Ok(found),
        (None, true) => Err(PackageError::SignatureNotFirst),
        (None, false) => Err(PackageError::Unsigned),
    }
}

/// The trusted keys under which signatures hold, in the order of the signatures.
fn signers(
    data: &SignatureData,
    trusted: &[PublisherKey],
) -> Result<Vec<PublisherKey>, PackageError> {
    let message = message(&data.hash);
    let mut signers = Vec::with_capacity(data.signatures.len());
    for signed in &data.signatures {
        // Under every trusted key: the key id is chosen by whoever wrote the file.
        let holds = |key: &&PublisherKey| verify_strict(key, &message, &signed.signature).is_ok();
        let Some(key) = trusted.iter().find(holds) else {
            continue;
        };
        check_key_id(signed, key)?;
        if signers.contains(key) {
            return Err(PackageError::SignedTwice);
        }
        signers.push(*key);
    }
    Ok(signers)
}

fn check_key_id(signed: &Signed, key: &PublisherKey) -> Result<(), PackageError> {
    match signed.key_id {
        Some(id) if id != key_id(key) => Err(PackageError::KeyId),
        _ => Ok(()),
    }
}

/// A package that a trusted publisher signed. Its bytes are those that were signed; that it is a
/// module which may run is not known.
#[derive(Debug)]
pub struct VerifiedPackage {
    bytes: Vec<u8>,
    release: ReleaseDigest,
    signers: Vec<PublisherKey>,
}

impl VerifiedPackage {
    /// The name of the release: the hash that was signed.
    pub fn release(&self) -> ReleaseDigest {
        self.release
    }

    /// The trusted publishers who signed it: one at least, each once.
    pub fn signers(&self) -> &[PublisherKey] {
        &self.signers
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads the manifest.
    ///
    /// # Errors
    /// Why there is not exactly one manifest section with a manifest that this host knows.
    pub fn manifest(&self) -> Result<Manifest, PackageError> {
        read_manifest(&self.bytes)
    }

    pub(crate) fn into_parts(self) -> (Vec<u8>, ReleaseDigest, Vec<PublisherKey>) {
        (self.bytes, self.release, self.signers)
    }
}

/// The manifest in a module, signed or not.
pub(crate) fn read_manifest(bytes: &[u8]) -> Result<Manifest, PackageError> {
    let mut found = None;
    for section in sections(bytes)? {
        if let Some((MANIFEST_SECTION, payload)) = section?.custom
            && found.replace(payload).is_some()
        {
            return Err(PackageError::ManifestTwice);
        }
    }
    Manifest::parse(found.ok_or(PackageError::ManifestMissing)?)
}
