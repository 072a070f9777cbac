//! What a module is made of, for people to read: nothing here is proof of anything.

use std::collections::BTreeSet;

use serde::Serialize;
use smcp_ids::Digest;
use wasmparser::{ExternalKind, Parser, Payload};

use crate::error::PackageError;
use crate::sections::sections;
use crate::untrusted::{UntrustedPackage, read_manifest};

/// A module, signed or not, admissible or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Bytes of the file.
    pub bytes: usize,
    /// The release that the signature section claims, if there is a well-formed one.
    pub claimed_release: Option<Digest>,
    /// How many signatures it has, valid or not.
    pub signatures: usize,
    /// Name and version in the manifest, if there is a well-formed one.
    pub manifest: Option<(String, String)>,
    /// The sections in order.
    pub sections: Vec<SectionSummary>,
    /// The imports as `interface#name`, in order.
    pub imports: Vec<String>,
    /// The names of the exports, in order.
    pub exports: Vec<String>,
    /// Functions that the module defines.
    pub functions: u32,
    /// Bytes of the largest function body.
    pub largest_function: usize,
    /// Pages (64 KiB each) that the memory starts with, and the most that the module itself allows.
    pub memory_pages: Option<(u64, Option<u64>)>,
}

/// One section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionSummary {
    /// What it is; a custom section's own name in quotes.
    pub name: String,
    /// Its bytes, its head included.
    pub bytes: usize,
}

/// Describes a module.
///
/// # Errors
/// [`PackageError::NotAModule`], [`PackageError::Framing`] or [`PackageError::Invalid`] if it cannot be
/// read.
pub fn inspect(module: &[u8]) -> Result<Summary, PackageError> {
    let signed = UntrustedPackage::parse(module.to_vec()).ok();
    let manifest = read_manifest(module).ok();
    let mut summary = Summary {
        bytes: module.len(),
        claimed_release: signed.as_ref().map(UntrustedPackage::claimed_release),
        signatures: signed.as_ref().map_or(0, UntrustedPackage::signature_count),
        manifest: manifest.map(|it| (it.name().to_string(), it.version().to_owned())),
        sections: Vec::new(),
        imports: Vec::new(),
        exports: Vec::new(),
        functions: 0,
        largest_function: 0,
        memory_pages: None,
    };
    for section in sections(module)? {
        let section = section?;
        let name = match section.custom {
            Some((name, _)) => format!("{name:?}"),
            None => section_name(section.id).to_owned(),
        };
        summary.sections.push(SectionSummary {
            name,
            bytes: section.range.len(),
        });
    }
    for payload in Parser::new(0).parse_all(module) {
        summary.look(&payload?)?;
    }
    Ok(summary)
}

/// The interfaces that a module imports, by their full names: what its manifest must ask for.
///
/// # Errors
/// Those of [`inspect`].
pub fn capabilities(module: &[u8]) -> Result<BTreeSet<String>, PackageError> {
    let mut interfaces = BTreeSet::new();
    sections(module)?;
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(imports) = payload? {
            for import in imports {
                interfaces.insert(import?.module.to_owned());
            }
        }
    }
    Ok(interfaces)
}

impl Summary {
    fn look(&mut self, payload: &Payload<'_>) -> Result<(), PackageError> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.clone() {
                    let import = import?;
                    self.imports
                        .push(format!("{}#{}", import.module, import.name));
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    let mark = if export.kind == ExternalKind::Func {
                        ""
                    } else {
                        " (not a function)"
                    };
                    self.exports.push(format!("{}{mark}", export.name));
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    let memory = memory?;
                    self.memory_pages = Some((memory.initial, memory.maximum));
                }
            }
            Payload::CodeSectionEntry(body) => {
                self.functions += 1;
                self.largest_function = self.largest_function.max(body.as_bytes().len());
            }
            _ => {}
        }
        Ok(())
    }
}

const fn section_name(id: u8) -> &'static str {
    match id {
        1 => "type",
        2 => "import",
        3 => "function",
        4 => "table",
        5 => "memory",
        6 => "global",
        7 => "export",
        8 => "start",
        9 => "element",
        10 => "code",
        11 => "data",
        12 => "data count",
        _ => "unknown",
    }
}
