//! Signature, manifest, admission: from untrusted bytes to an admitted module, never executing it.
//!
//! A package is one `.wasm` file with its manifest and signature inside. It passes these stages, each
//! a type that only the one before can give, in this order:
//!
//! ```text
//! UntrustedPackage::parse   the bytes are framed as a module whose first section is a signature
//!   .verify(trusted)        a trusted publisher signed every byte after that section
//! VerifiedPackage           names the release; reads the manifest
//! Admission::start, step    the module is what this host runs, section by section, then function
//!                           by function, so that the caller can yield in between
//! AdmittedModule            may be loaded
//! ```
//!
//! A module that is loaded again is proven again by [`AdmittedModule::readmit`], which is cheap
//! because a sealed record of the first admission says what was found.
//!
//! No byte makes anything here panic, and nothing here costs more than its input pays for. It knows
//! no tenants and no storage, has no clock and no keys but those it is given.

mod admission;
mod admitted;
mod asks;
mod contents;
mod error;
mod inspect;
mod manifest;
mod policy;
mod sections;
mod signature;
mod untrusted;
mod write;

pub use admission::{Admission, AdmissionStep};
pub use admitted::{AdmissionRecord, AdmittedModule};
pub use asks::{AskedSecret, Asks, is_setting_name};
pub use contents::Contents;
pub use error::{Limit, PackageError};
pub use inspect::{SectionSummary, Summary, capabilities, inspect};
pub use manifest::{AskedLimits, Manifest};
pub use policy::{ADMISSION_VERSION, CallLimits, Policy, PolicyLimits};
pub use untrusted::{UntrustedPackage, VerifiedPackage};
pub use write::{
    cosign, embed_manifest, name_producers, sign, strip_custom_sections, strip_foreign_exports,
    unsign,
};

/// Name of the custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "smcp-manifest";
/// Name of the custom section that holds the signatures, always the first section.
pub const SIGNATURE_SECTION: &str = "signature";
/// Name of the custom section that other tools put between separately signed parts: refused here.
pub const DELIMITER_SECTION: &str = "signature_delimiter";
