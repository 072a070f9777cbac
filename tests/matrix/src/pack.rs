//! From a module to a signed package, with a key that is nobody's.

use anyhow::{Context, Result};
use smcp_crypto::SigningKey;
use smcp_ids::PublisherKey;
use smcp_package::{
    Manifest, capabilities, embed_manifest, sign, strip_custom_sections, strip_foreign_exports,
};

fn key() -> SigningKey {
    SigningKey::from_seed(&[42; 32])
}

/// Whose signature [`package`] makes.
pub fn publisher() -> PublisherKey {
    key().public()
}

/// Packs and signs a module in the text format.
///
/// # Errors
/// If it is no module.
pub fn package_wat(wat: &str) -> Result<Vec<u8>> {
    package(&wat::parse_str(wat).context("reading a guest in WAT")?)
}

/// Packs and signs a module in the text format, with the catalogue that it describes: for what a host
/// is to serve.
///
/// # Errors
/// If it is no module.
pub fn package_serving(wat: &str, catalogue: &str) -> Result<Vec<u8>> {
    let module = wat::parse_str(wat).context("reading a guest in WAT")?;
    package_with(&module, catalogue)
}

/// Packs and signs a module. Its catalogue is empty: nothing here serves it.
///
/// # Errors
/// If it is no module.
pub fn package(module: &[u8]) -> Result<Vec<u8>> {
    package_with(module, r#"{"tools":[]}"#)
}

fn package_with(module: &[u8], catalogue: &str) -> Result<Vec<u8>> {
    let module = strip_foreign_exports(&strip_custom_sections(module)?)?;
    let manifest = Manifest::new(
        "matrix".parse()?,
        "1.0.0",
        catalogue,
        capabilities(&module)?,
    )?;
    Ok(sign(&embed_manifest(&module, &manifest)?, &[&key()])?)
}
