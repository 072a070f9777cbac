//! The last stage: a module that may be loaded, and the record by which it is known again.

use core::fmt;

use serde::{Deserialize, Serialize};
use smcp_ids::{Digest, PublisherKey, ReleaseDigest};

use crate::error::PackageError;
use crate::manifest::Manifest;
use crate::policy::{ADMISSION_VERSION, CallLimits, Policy};
use crate::untrusted::{UntrustedPackage, read_manifest};

/// A module that a trusted publisher signed and that this host runs. Only admission gives one: it is
/// not `Deserialize`.
pub struct AdmittedModule {
    bytes: Vec<u8>,
    manifest: Manifest,
    record: AdmissionRecord,
}

/// What an admission found, to be kept (sealed, by whoever keeps it) beside the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionRecord {
    /// The release that was admitted.
    pub release: ReleaseDigest,
    /// The digest of the policy under which it was.
    pub policy: Digest,
    /// The version of the host and its rules that admitted it: [`ADMISSION_VERSION`] of that time.
    pub admitted_by: String,
    /// The trusted publishers who had signed it.
    pub signers: Vec<PublisherKey>,
    /// What its calls may use.
    pub limits: CallLimits,
}

impl AdmittedModule {
    /// Only [`Admission`](crate::Admission) may call this: it has proven what the type says.
    pub(crate) fn proven(
        bytes: Vec<u8>,
        release: ReleaseDigest,
        signers: Vec<PublisherKey>,
        manifest: Manifest,
        limits: CallLimits,
        policy: Digest,
    ) -> Self {
        let admitted_by = ADMISSION_VERSION.to_owned();
        let record = AdmissionRecord {
            release,
            policy,
            admitted_by,
            signers,
            limits,
        };
        Self {
            bytes,
            manifest,
            record,
        }
    }

    /// Admits again what was admitted before, without looking at its sections and functions: if the
    /// record was made by these rules under this policy, and the bytes are those of its release.
    ///
    /// The caller vouches for the record: it comes from where only this host can have put it (a sealed
    /// row). Whether its signers are still trusted is the caller's to say.
    ///
    /// # Errors
    /// [`PackageError::RecordStale`] if the module must be admitted anew;
    /// [`PackageError::RecordMismatch`] if the bytes are others; those of
    /// [`UntrustedPackage::parse`].
    pub fn readmit(
        bytes: Vec<u8>,
        record: &AdmissionRecord,
        policy: &Policy,
    ) -> Result<Self, PackageError> {
        // 1. The same rules would be applied.
        if record.admitted_by != ADMISSION_VERSION || record.policy != policy.digest() {
            return Err(PackageError::RecordStale);
        }
        // 2. The header and the signature section, which the digest does not cover, are in their only form.
        let package = UntrustedPackage::parse(bytes)?;
        // 3. The digest covers every other byte.
        let mismatch = PackageError::RecordMismatch {
            release: record.release,
        };
        if package.checked_hash() != Ok(record.release) {
            return Err(mismatch);
        }
        let (bytes, ..) = package.into_parts();
        let manifest = read_manifest(&bytes)?;
        Ok(Self {
            bytes,
            manifest,
            record: record.clone(),
        })
    }

    /// The name of the release.
    pub fn release(&self) -> ReleaseDigest {
        self.record.release
    }

    /// The module: a core module whose sections and functions are within the limits.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What its publisher says about it.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What its calls may use: what it asks for, as far as the policy allows.
    pub fn limits(&self) -> CallLimits {
        self.record.limits
    }

    /// The trusted publishers who signed it: one at least.
    pub fn signers(&self) -> &[PublisherKey] {
        &self.record.signers
    }

    /// What is to be kept so that it can be [readmitted](Self::readmit).
    pub fn record(&self) -> &AdmissionRecord {
        &self.record
    }
}

impl fmt::Debug for AdmittedModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AdmittedModule({} {:?})",
            self.record.release, self.manifest
        )
    }
}
