//! What a module holds, for those who look at it and do not run it: its data, its functions' digest, its tools.

use smcp_crypto::Sha256;
use smcp_ids::Digest;
use wasmparser::{BinaryReader, BinaryReaderError, Parser, Payload, ProducersSectionReader};

use crate::error::PackageError;
use crate::sections::sections;

/// What a module holds.
#[derive(Clone, Debug)]
pub struct Contents<'a> {
    /// The imports as `interface#name`, in order.
    pub imports: Vec<String>,
    /// Functions that it defines.
    pub functions: u32,
    /// Bytes of the largest.
    pub largest_function: usize,
    /// Bytes of memory that it starts with.
    pub memory: u64,
    /// Its data segments.
    pub data: Vec<&'a [u8]>,
    /// The digest of its sections that are not custom ones, data and all: packages that differ in what they say of
    /// themselves only have the same.
    pub code: Digest,
    /// What it was made with, as it says in the section of the tool conventions: role, name, version.
    pub producers: Vec<(String, String, String)>,
}

/// The section of the WebAssembly tool conventions (ProducersSection.md).
pub(crate) const PRODUCERS_SECTION: &str = "producers";
/// How many of its entries are read.
const PRODUCERS_MAX: usize = 32;

impl<'a> Contents<'a> {
    /// Reads a module.
    ///
    /// # Errors
    /// [`PackageError::NotAModule`], [`PackageError::Framing`] or [`PackageError::Invalid`].
    pub fn read(module: &'a [u8]) -> Result<Self, PackageError> {
        let mut code = Sha256::new();
        for section in sections(module)? {
            let section = section?;
            if section.custom.is_none() {
                code.update(module.get(section.range).unwrap_or_default());
            }
        }
        let mut contents = Self {
            imports: Vec::new(),
            functions: 0,
            largest_function: 0,
            memory: 0,
            data: Vec::new(),
            code: code.finish(),
            producers: Vec::new(),
        };
        for payload in Parser::new(0).parse_all(module) {
            contents.look(payload?)?;
        }
        Ok(contents)
    }

    fn look(&mut self, payload: Payload<'a>) -> Result<(), PackageError> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports {
                    let import = import?;
                    self.imports
                        .push(format!("{}#{}", import.module, import.name));
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.memory = memory?.initial.saturating_mul(65_536);
                }
            }
            Payload::CodeSectionEntry(body) => {
                self.functions += 1;
                self.largest_function = self.largest_function.max(body.as_bytes().len());
            }
            Payload::DataSection(segments) => {
                for segment in segments {
                    self.data.push(segment?.data);
                }
            }
            Payload::CustomSection(section) if section.name() == PRODUCERS_SECTION => {
                // A section that cannot be read says nothing.
                let reader = BinaryReader::new(section.data(), 0);
                self.producers = producers(reader).unwrap_or_default();
            }
            _ => {}
        }
        Ok(())
    }
}

fn producers(reader: BinaryReader<'_>) -> Result<Vec<(String, String, String)>, BinaryReaderError> {
    let mut found = Vec::new();
    for field in ProducersSectionReader::new(reader)? {
        let field = field?;
        for value in field.values {
            let value = value?;
            if found.len() < PRODUCERS_MAX {
                found.push((
                    field.name.to_owned(),
                    value.name.to_owned(),
                    value.version.to_owned(),
                ));
            }
        }
    }
    Ok(found)
}
