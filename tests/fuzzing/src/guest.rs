//! From a module to one that may be called, through every stage that a package passes.

use smcp_crypto::SigningKey;
use smcp_package::{
    Admission, AdmittedModule, Manifest, PackageError, Policy, UntrustedPackage, VerifiedPackage,
    capabilities, embed_manifest, sign,
};
use smcp_sandbox::LoadedModule;

/// The catalogue of every guest here.
pub(crate) const CATALOGUE: &str = r#"{"tools":[]}"#;

/// A guest that returns what it is given.
pub(crate) const ECHO: &str = include_str!("../../guests/echo.wat");
/// A guest that asks its host for much, as the first letter of its request says.
pub(crate) const ASKS: &str = include_str!("../../guests/asks.wat");

/// The publisher whom everybody here trusts.
pub(crate) fn publisher() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

/// A module in the text format.
pub(crate) fn module(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).expect("a guest of ours")
}

/// The module with a manifest that says what it imports.
pub(crate) fn described(module: &[u8]) -> Result<Vec<u8>, PackageError> {
    let name = "fuzzed".parse().expect("a name");
    let manifest = Manifest::new(name, "1.0.0", CATALOGUE, capabilities(module)?)?;
    embed_manifest(module, &manifest)
}

/// A module with a manifest, signed.
pub(crate) fn signed(described: &[u8]) -> Result<Vec<u8>, PackageError> {
    sign(described, &[&publisher()])
}

/// A package that we have signed.
pub(crate) fn verified(package: Vec<u8>) -> Result<VerifiedPackage, PackageError> {
    UntrustedPackage::parse(package)?.verify(&[publisher().public()])
}

/// Packs, signs, verifies and admits a module.
pub(crate) fn admitted(module: &[u8]) -> Result<AdmittedModule, PackageError> {
    let verified = verified(signed(&described(module)?)?)?;
    Admission::start(verified, &Policy::default())?.finish()
}

/// Admits and loads a module. None if it is not one that a host would run.
pub(crate) fn loaded(module: &[u8]) -> Option<LoadedModule> {
    let admitted = admitted(module).ok()?;
    LoadedModule::translate_all(&admitted).ok()?;
    // What is translated whole is translated lazily too.
    Some(LoadedModule::load(&admitted).expect("it was translated"))
}
