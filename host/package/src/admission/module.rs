//! The sections of a module, all but the functions' bodies.
//!
//! Each count is compared with its limit before the validator sees the section: it reserves memory for
//! what a section claims to hold.

use std::collections::BTreeSet;

use smcp_ids::limits;
use wasmparser::{
    DataSectionReader, ElementItems, ElementSectionReader, MemorySectionReader, Parser, Payload,
    TableSectionReader, ValidPayload, Validator,
};

use super::surface::Surface;
use super::{FEATURES, Pending};
use crate::error::{Limit, PackageError, at_most};
use crate::policy::{CallLimits, Policy};
use crate::{MANIFEST_SECTION, SIGNATURE_SECTION};

const PAGE: u64 = 65_536;

/// What is known of a module whose sections are as they should be.
pub(super) struct CheckedModule {
    /// The interfaces that it imports functions of.
    pub(super) interfaces: BTreeSet<String>,
    /// Its functions, still to be looked at.
    pub(super) pending: Vec<Pending>,
}

/// Checks every section.
pub(super) fn check(
    bytes: &[u8],
    policy: &Policy,
    granted: &CallLimits,
) -> Result<CheckedModule, PackageError> {
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    let mut validator = Validator::new_with_features(FEATURES);
    let mut walk = Walk {
        policy,
        granted,
        surface: Surface::default(),
        custom: 0,
    };
    let mut pending = Vec::new();
    let mut types = None;
    for payload in parser.parse_all(bytes) {
        let payload = payload?;
        walk.look(&payload)?;
        match validator.payload(&payload)? {
            ValidPayload::Func(function, body) => {
                let range = body.range();
                pending.push(Pending { function, range });
            }
            ValidPayload::End(all) => types = Some(all),
            ValidPayload::Ok | ValidPayload::Parser(_) => {}
        }
    }
    let types = types.ok_or(PackageError::NotAModule)?;
    walk.surface.check_types(types.as_ref())?;
    Ok(CheckedModule {
        interfaces: walk.surface.interfaces(),
        pending,
    })
}

struct Walk<'a> {
    policy: &'a Policy,
    granted: &'a CallLimits,
    surface: Surface,
    /// Bytes of custom sections so far.
    custom: u64,
}

impl Walk<'_> {
    fn look(&mut self, payload: &Payload<'_>) -> Result<(), PackageError> {
        match payload {
            Payload::TypeSection(types) => count(Limit::Types, types.count(), limits::TYPES_MAX),
            Payload::ImportSection(imports) => {
                count(Limit::Functions, imports.count(), limits::FUNCTIONS_MAX)?;
                self.surface.imports(imports)
            }
            Payload::FunctionSection(functions) => {
                let all = u64::from(functions.count()) + self.surface.imported() as u64;
                at_most(Limit::Functions, all, limits::FUNCTIONS_MAX as u64)
            }
            Payload::TableSection(tables) => table(tables),
            Payload::MemorySection(memories) => self.memory(memories),
            Payload::GlobalSection(globals) => {
                count(Limit::Globals, globals.count(), limits::GLOBALS_MAX)
            }
            Payload::ExportSection(exports) => {
                count(Limit::Exports, exports.count(), limits::EXPORTS_MAX)?;
                self.surface.exports(exports)
            }
            Payload::StartSection { .. } => Err(PackageError::StartFunction),
            Payload::ElementSection(segments) => elements(segments),
            Payload::DataCountSection {
                count: segments, ..
            } => count(Limit::DataSegments, *segments, limits::SEGMENTS_MAX),
            Payload::DataSection(segments) => self.data(segments),
            Payload::CodeSectionStart { count: bodies, .. } => {
                count(Limit::Functions, *bodies, limits::FUNCTIONS_MAX)
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = body.as_bytes().len() as u64;
                at_most(
                    Limit::FunctionBody,
                    bytes,
                    self.policy.limits().function_body as u64,
                )
            }
            Payload::CustomSection(section)
                if ![SIGNATURE_SECTION, MANIFEST_SECTION].contains(&section.name()) =>
            {
                let range = section.range();
                self.custom += (range.end - range.start) as u64;
                at_most(
                    Limit::CustomSections,
                    self.custom,
                    limits::CUSTOM_SECTIONS_MAX as u64,
                )
            }
            // The validator knows what to make of the rest: it refuses what is of other proposals.
            _ => Ok(()),
        }
    }

    fn memory(&self, memories: &MemorySectionReader<'_>) -> Result<(), PackageError> {
        count(Limit::Memories, memories.count(), 1)?;
        for memory in memories.clone() {
            let bytes = memory?.initial.saturating_mul(PAGE);
            at_most(Limit::Memory, bytes, self.granted.memory as u64)?;
        }
        Ok(())
    }

    fn data(&self, segments: &DataSectionReader<'_>) -> Result<(), PackageError> {
        count(Limit::DataSegments, segments.count(), limits::SEGMENTS_MAX)?;
        let mut bytes = 0;
        for segment in segments.clone() {
            bytes += segment?.data.len() as u64;
            at_most(Limit::Data, bytes, self.granted.memory as u64)?;
        }
        Ok(())
    }
}

fn table(tables: &TableSectionReader<'_>) -> Result<(), PackageError> {
    count(Limit::Tables, tables.count(), limits::TABLES_MAX)?;
    for table in tables.clone() {
        at_most(
            Limit::TableElements,
            table?.ty.initial,
            limits::TABLE_ELEMENTS_MAX,
        )?;
    }
    Ok(())
}

fn elements(segments: &ElementSectionReader<'_>) -> Result<(), PackageError> {
    count(
        Limit::ElementSegments,
        segments.count(),
        limits::SEGMENTS_MAX,
    )?;
    let mut all = 0;
    for segment in segments.clone() {
        all += u64::from(match segment?.items {
            ElementItems::Functions(items) => items.count(),
            ElementItems::Expressions(_, items) => items.count(),
        });
        at_most(Limit::Elements, all, limits::TABLE_ELEMENTS_MAX)?;
    }
    Ok(())
}

fn count(what: Limit, found: u32, limit: usize) -> Result<(), PackageError> {
    at_most(what, u64::from(found), limit as u64)
}
