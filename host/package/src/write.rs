//! The publisher's side: from a module as the compiler wrote it to a signed package.

use smcp_crypto::{SigningKey, sha256};
use smcp_ids::limits::SIGNATURES_MAX;

use crate::admission::may_export;
use crate::contents::PRODUCERS_SECTION;
use crate::error::PackageError;
use crate::manifest::Manifest;
use crate::sections::{HEADER, Reader, put_custom, put_number, put_sized, sections};
use crate::signature::{SignatureData, Signed, message};
use crate::untrusted::UntrustedPackage;
use crate::{MANIFEST_SECTION, SIGNATURE_SECTION};

/// The id of the export section.
const EXPORTS: u8 = 7;

/// The module without any custom section: names, debug information, producers, and a manifest or
/// signature if it has one. What it does is the same.
///
/// # Errors
/// [`PackageError::NotAModule`] or [`PackageError::Framing`].
pub fn strip_custom_sections(module: &[u8]) -> Result<Vec<u8>, PackageError> {
    without(module, |_| true)
}

/// The module without the function exports that the contract does not know. A linker exports every
/// symbol that is not mangled, such as the backend that `getrandom` calls, and nobody outside calls
/// those.
///
/// # Errors
/// [`PackageError::NotAModule`] or [`PackageError::Framing`].
pub fn strip_foreign_exports(module: &[u8]) -> Result<Vec<u8>, PackageError> {
    let mut out = HEADER.to_vec();
    for section in sections(module)? {
        let section = section?;
        let offset = section.range.start;
        let bytes = module.get(section.range).unwrap_or_default();
        if section.id == EXPORTS {
            let kept = kept_exports(bytes).ok_or(PackageError::Framing { offset })?;
            out.push(EXPORTS);
            put_sized(&mut out, &kept);
        } else {
            out.extend_from_slice(bytes);
        }
    }
    Ok(out)
}

/// The module with a section that says what it was made with, in the form of the WebAssembly tool conventions
/// (ProducersSection.md): role (`language`, `processed-by` or `sdk`), name and version, each role once. It proves nothing.
pub fn name_producers(module: &[u8], producers: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut contents = Vec::new();
    put_number(&mut contents, producers.len());
    for (role, name, version) in producers {
        put_sized(&mut contents, role.as_bytes());
        put_number(&mut contents, 1);
        put_sized(&mut contents, name.as_bytes());
        put_sized(&mut contents, version.as_bytes());
    }
    let mut out = module.to_vec();
    put_custom(&mut out, PRODUCERS_SECTION, &contents);
    out
}

/// The contents of an export section, given whole, without what is foreign.
fn kept_exports(section: &[u8]) -> Option<Vec<u8>> {
    const FUNCTION: u8 = 0;
    let mut reader = Reader(section);
    reader.byte()?;
    let mut reader = Reader(reader.sized()?);
    let (mut count, mut kept) = (0, Vec::new());
    for _ in 0..reader.number()? {
        let name = reader.sized()?;
        let kind = reader.byte()?;
        let index = reader.number()?;
        let known = core::str::from_utf8(name).is_ok_and(may_export);
        if kind != FUNCTION || known {
            count += 1;
            put_sized(&mut kept, name);
            kept.push(kind);
            put_number(&mut kept, index as usize);
        }
    }
    let mut contents = Vec::with_capacity(kept.len() + 5);
    put_number(&mut contents, count);
    contents.extend_from_slice(&kept);
    Some(contents)
}

/// The module without its signature, ready to be signed by somebody else.
///
/// # Errors
/// [`PackageError::NotAModule`] or [`PackageError::Framing`].
pub fn unsign(package: &[u8]) -> Result<Vec<u8>, PackageError> {
    without(package, |name| name == SIGNATURE_SECTION)
}

/// The module with the manifest as its last section.
///
/// # Errors
/// [`PackageError::ManifestTwice`] or [`PackageError::AlreadySigned`] if it has one already;
/// [`PackageError::TooMany`] if the manifest is too long.
pub fn embed_manifest(module: &[u8], manifest: &Manifest) -> Result<Vec<u8>, PackageError> {
    if has(module, MANIFEST_SECTION)? {
        return Err(PackageError::ManifestTwice);
    }
    if has(module, SIGNATURE_SECTION)? {
        return Err(PackageError::AlreadySigned);
    }
    let mut package = module.to_vec();
    put_custom(&mut package, MANIFEST_SECTION, &manifest.to_json()?);
    Ok(package)
}

/// The package signed with each of the keys, in their order.
///
/// # Errors
/// [`PackageError::AlreadySigned`], [`PackageError::SignedTwice`] or
/// [`PackageError::SignatureCount`].
pub fn sign(package: &[u8], keys: &[&SigningKey]) -> Result<Vec<u8>, PackageError> {
    if has(package, SIGNATURE_SECTION)? {
        return Err(PackageError::AlreadySigned);
    }
    let signed = package.get(HEADER.len()..).unwrap_or_default();
    let data = SignatureData {
        hash: sha256(signed),
        signatures: Vec::new(),
    };
    wrap(signed, data, keys)
}

/// A signed package with the signatures of further keys after those that it has, which are not
/// verified: the others' keys need not be known.
///
/// # Errors
/// Those of [`UntrustedPackage::parse`]; [`PackageError::HashMismatch`] if it was altered; and those of
/// [`sign`].
pub fn cosign(package: &[u8], keys: &[&SigningKey]) -> Result<Vec<u8>, PackageError> {
    let package = UntrustedPackage::parse(package.to_vec())?;
    package.checked_hash()?;
    let (bytes, signed_from, data) = package.into_parts();
    wrap(bytes.get(signed_from..).unwrap_or_default(), data, keys)
}

fn wrap(
    signed: &[u8],
    mut data: SignatureData,
    keys: &[&SigningKey],
) -> Result<Vec<u8>, PackageError> {
    let message = message(&data.hash);
    for key in keys {
        let signature = key.sign(&message);
        // The same key gives the same signature.
        if data
            .signatures
            .iter()
            .any(|other| other.signature == signature)
        {
            return Err(PackageError::SignedTwice);
        }
        data.signatures.push(Signed {
            key_id: None,
            signature,
        });
    }
    let count = data.signatures.len();
    if count == 0 || count > SIGNATURES_MAX {
        return Err(PackageError::SignatureCount {
            found: count.try_into().unwrap_or(u32::MAX),
        });
    }
    let mut package = HEADER.to_vec();
    put_custom(&mut package, SIGNATURE_SECTION, &data.encode());
    package.extend_from_slice(signed);
    Ok(package)
}

fn has(module: &[u8], wanted: &str) -> Result<bool, PackageError> {
    let mut found = false;
    for section in sections(module)? {
        found |= section?.custom.is_some_and(|(name, _)| name == wanted);
    }
    Ok(found)
}

fn without(module: &[u8], remove: impl Fn(&str) -> bool) -> Result<Vec<u8>, PackageError> {
    let mut out = HEADER.to_vec();
    for section in sections(module)? {
        let section = section?;
        if !section.custom.is_some_and(|(name, _)| remove(name)) {
            out.extend_from_slice(module.get(section.range).unwrap_or_default());
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn foreign_functions_lose_their_export_and_nothing_else_changes() {
        let module = |foreign: &str| {
            wat::parse_str(format!(
                r#"(module (memory (export "memory") 1)
                    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local.get 0))
                    (func {foreign} (param i32 i32) (result i32) (local.get 1)))"#
            ))
            .unwrap()
        };
        let exported = module(r#"(export "__getrandom_v03_custom")"#);
        assert_eq!(strip_foreign_exports(&exported).unwrap(), module(""));
        assert_eq!(strip_foreign_exports(&module("")).unwrap(), module(""));
    }

    #[test]
    fn what_a_module_was_made_with_is_read_as_it_was_written() {
        let made = [("language", "Rust", ""), ("sdk", "smcp-sdk", "0.1.0")];
        let module = name_producers(&HEADER, &made);
        let read = crate::Contents::read(&module).unwrap();
        let written = made.map(|(role, name, version)| (role.into(), name.into(), version.into()));
        assert_eq!(read.producers, written);
        assert_eq!(read.code, crate::Contents::read(&HEADER).unwrap().code);
    }

    #[test]
    fn an_export_section_that_is_cut_is_an_error() {
        let mut module = HEADER.to_vec();
        module.extend([EXPORTS, 2, 5, 1]);
        assert!(strip_foreign_exports(&module).is_err());
    }
}
