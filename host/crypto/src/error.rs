//! Why a cryptographic step was refused. No message holds a secret or says how far a forgery came.

/// Why a key, a signature or a sealed value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The text of the master keys is not `VERSION:KEY,...`.
    #[error(
        "the master key is not `VERSION:KEY`, one or more of them separated by commas, with versions from 1 and keys of 32 bytes in hexadecimal or base64: correct the secret"
    )]
    MasterKeyText,
    /// More versions of the master key than a deployment may hold.
    #[error("too many versions of the master key: remove those that nothing is sealed under")]
    TooManyVersions,
    /// Two master keys have the same version.
    #[error("two master keys have version {version}: give each its own")]
    DuplicateVersion {
        /// The version that is there twice.
        version: u32,
    },
    /// Keys that crossed between two instances are not what one of them wrote.
    #[error("a set of keys is malformed: it was not written by this version of the host")]
    KeySet,
    /// Something was sealed under a key version that is not configured any more, or not yet.
    #[error(
        "sealed under version {version} of the master key, which is not configured: add it back"
    )]
    UnknownKeyVersion {
        /// The version that the sealed value names.
        version: u32,
    },
    /// A sealed value is too short, or its first byte names another format.
    #[error("not a sealed value of a known format")]
    SealedFormat,
    /// A sealed value was altered, or is used where it does not belong.
    #[error("a sealed value was altered or belongs elsewhere: it is refused")]
    NotAuthentic,
    /// A value is too large to seal.
    #[error("a value is too large to seal")]
    TooLarge,
    /// The text of an archive's key is none.
    #[error("not the key of an archive: it is smcp-archive-key: and 43 characters")]
    ArchiveKeyText,
    /// Bytes that do not begin as an archive.
    #[error("not an archive of a tenant")]
    NoArchive,
    /// A public key is not a point that a signature can be trusted under.
    #[error("not a usable Ed25519 public key: give the 32 bytes that the key tool printed")]
    PublicKey,
    /// A signature does not hold.
    #[error("the signature does not hold under this key")]
    Signature,
}

impl CryptoError {
    /// The stable name of this error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MasterKeyText => "master_key_text",
            Self::TooManyVersions => "master_key_too_many_versions",
            Self::DuplicateVersion { .. } => "master_key_duplicate_version",
            Self::KeySet => "key_set_malformed",
            Self::UnknownKeyVersion { .. } => "key_version_unknown",
            Self::SealedFormat => "sealed_format",
            Self::NotAuthentic => "sealed_not_authentic",
            Self::TooLarge => "sealed_too_large",
            Self::ArchiveKeyText => "archive_key_text",
            Self::NoArchive => "no_archive",
            Self::PublicKey => "public_key_unusable",
            Self::Signature => "signature_wrong",
        }
    }
}
