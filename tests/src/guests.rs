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

/// What [`acting`] offers.
const ACT: &str = r#"{"tools":[{"name":"act","inputSchema":{"type":"object"}}]}"#;

/// A signed package of a guest that can do many things, of which one is chosen beforehand: its tool
/// `act`, since a request over HTTP does not begin with a letter of one's choice.
///
/// # Errors
///
/// If the text is no module.
pub fn acting(wat: &str, act: i32, version: &str) -> Result<Vec<u8>> {
    package_as(&with_act(wat, act), version, ACT, &publisher())
}

/// The guest, with its act chosen and a catalogue that has a tool.
fn with_act(wat: &str, act: i32) -> String {
    let quoted = ACT.replace('"', "\\\"");
    wat.replace(
        "(i32.sub (i32.load8_u (local.get 0)) (i32.const 97))",
        &format!("(i32.const {})", act - i32::from(b'a')),
    )
    .replace(
        "(i32.sub (i32.load8_u (local.get 0)) (i32.const 48))",
        &format!("(i32.const {act})"),
    )
    .replace(
        "(i32.store (i32.const 16) (i32.const 64))\n    (i32.store (i32.const 20) (i32.const 12))",
        &format!(
            "(i32.store (i32.const 16) (i32.const 3500))\n    (i32.store (i32.const 20) (i32.const {}))",
            ACT.len()
        ),
    )
    .replace(
        "(data (i32.const 64) \"{\\\"tools\\\":[]}\")",
        &format!("(data (i32.const 64) \"{{\\\"tools\\\":[]}}\") (data (i32.const 3500) \"{quoted}\")"),
    )
}

/// The text of the data segment at address 64.
fn catalogue(wat: &str) -> Result<String> {
    const MARK: &str = "(data (i32.const 64) \"";
    let start = wat.find(MARK).context("no data segment at 64")? + MARK.len();
    let rest = wat.get(start..).unwrap_or_default();
    let end = rest.find("\")").context("the data segment has no end")?;
    Ok(rest.get(..end).unwrap_or_default().replace("\\\"", "\""))
}
