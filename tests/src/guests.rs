//! Guests in WAT (`tests/guests/*.wat`), packed and signed as a publisher would.

use anyhow::{Context, Result};
use smcp_crypto::SigningKey;
use smcp_package::{Manifest, embed_manifest, sign};

/// The publisher that every tenant of a stage trusts.
pub fn publisher() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

/// A signed package of a guest whose catalogue is its data segment at address 64.
///
/// # Errors
///
/// If the text is no module, or has no catalogue.
pub fn package(wat: &str, version: &str) -> Result<Vec<u8>> {
    package_as(wat, version, &catalogue(wat)?, &publisher())
}

/// The same with another catalogue or signer.
///
/// # Errors
///
/// If the text is no module.
pub fn package_as(wat: &str, version: &str, catalogue: &str, key: &SigningKey) -> Result<Vec<u8>> {
    let module = wat::parse_str(wat)?;
    let capabilities = smcp_package::capabilities(&module)?;
    let manifest = Manifest::new("guest".parse()?, version, catalogue, capabilities)?;
    Ok(sign(&embed_manifest(&module, &manifest)?, &[key])?)
}

/// The text of the data segment at address 64.
fn catalogue(wat: &str) -> Result<String> {
    const MARK: &str = "(data (i32.const 64) \"";
    let start = wat.find(MARK).context("no data segment at 64")? + MARK.len();
    let rest = wat.get(start..).unwrap_or_default();
    let end = rest.find("\")").context("the data segment has no end")?;
    Ok(rest.get(..end).unwrap_or_default().replace("\\\"", "\""))
}
