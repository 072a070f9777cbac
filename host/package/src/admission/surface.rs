//! What a module imports and exports, against the contract.

use std::collections::BTreeSet;

use smcp_capability::contract::{self, CoreType, Function, Status};
use wasmparser::types::TypesRef;
use wasmparser::{ExportSectionReader, ExternalKind, ImportSectionReader, TypeRef, ValType};

use crate::error::PackageError;

const MEMORY: &str = "memory";
const REALLOC: &str = "cabi_realloc";
/// Before the name of an export: what the canonical ABI would have called when its result was read.
/// The host never does: it discards the instance.
const POST: &str = "cabi_post_";
/// Whatever else belongs to the canonical ABI's machinery, such as a binding generator's own name for
/// its allocator.
const MACHINERY: &str = "cabi_";
/// What the linker says of the memory's layout.
const LAYOUT: [&str; 2] = ["__data_end", "__heap_base"];

/// The imports and exports of a module.
#[derive(Default)]
pub(super) struct Surface {
    imports: Vec<&'static Function>,
    exports: Vec<Export>,
}

struct Export {
    name: String,
    kind: ExternalKind,
    index: u32,
}

impl Surface {
    /// Takes the imports: functions of the contract that are hosted.
    pub(super) fn imports(
        &mut self,
        imports: &ImportSectionReader<'_>,
    ) -> Result<(), PackageError> {
        for import in imports.clone() {
            let import = import?;
            let named = || (import.module.to_owned(), import.name.to_owned());
            let Some(function) = contract::import(import.module, import.name) else {
                let (interface, name) = named();
                return Err(PackageError::ImportUnknown { interface, name });
            };
            let TypeRef::Func(_) = import.ty else {
                let (interface, name) = named();
                return Err(PackageError::ImportKind { interface, name });
            };
            self.imports.push(function);
        }
        Ok(())
    }

    /// Takes the exports, whose types are not known yet.
    pub(super) fn exports(
        &mut self,
        exports: &ExportSectionReader<'_>,
    ) -> Result<(), PackageError> {
        for export in exports.clone() {
            let export = export?;
            let name = export.name.to_owned();
            self.exports.push(Export {
                name,
                kind: export.kind,
                index: export.index,
            });
        }
        Ok(())
    }

    /// How many functions are imported.
    pub(super) fn imported(&self) -> usize {
        self.imports.len()
    }

    /// The interfaces of the imports.
    pub(super) fn interfaces(&self) -> BTreeSet<String> {
        self.imports
            .iter()
            .map(|function| function.interface.to_owned())
            .collect()
    }

    /// Compares all types with the contract, once the module's are known and valid.
    pub(super) fn check_types(&self, types: TypesRef<'_>) -> Result<(), PackageError> {
        for (index, function) in (0..).zip(&self.imports) {
            if !has_type(types, index, function.params, function.results) {
                return Err(PackageError::ImportType {
                    interface: function.interface.to_owned(),
                    name: function.name.to_owned(),
                });
            }
        }
        for export in &self.exports {
            self.check_export(export, types)?;
        }
        let required = contract::EXPORTS
            .iter()
            .filter(|function| function.status == Status::Hosted)
            .map(Function::core_name)
            .chain([MEMORY.to_owned(), REALLOC.to_owned()]);
        for name in required {
            if !self.exports.iter().any(|export| export.name == name) {
                return Err(PackageError::ExportMissing { name });
            }
        }
        Ok(())
    }

    fn check_export(&self, export: &Export, types: TypesRef<'_>) -> Result<(), PackageError> {
        let name = export.name.clone();
        let right = if name == MEMORY {
            export.kind == ExternalKind::Memory
        } else if LAYOUT.contains(&name.as_str()) {
            export.kind == ExternalKind::Global && {
                let global = types.global_at(export.index);
                global.content_type == ValType::I32 && !global.mutable
            }
        } else {
            let Some(wanted) = function_export(&name) else {
                return Err(PackageError::ExportUnknown { name });
            };
            if export.kind == ExternalKind::Func && (export.index as usize) < self.imports.len() {
                return Err(PackageError::ExportedImport { name });
            }
            export.kind == ExternalKind::Func
                && wanted
                    .is_none_or(|(params, results)| has_type(types, export.index, params, results))
        };
        if right {
            Ok(())
        } else {
            Err(PackageError::ExportType { name })
        }
    }
}

/// Parameters and results.
type Signature = (&'static [CoreType], &'static [CoreType]);

/// Whether a function may be exported under this name.
pub(crate) fn may_export(name: &str) -> bool {
    function_export(name).is_some()
}

/// Whether a function may be exported under this name, and what type it then must have, if any.
fn function_export(name: &str) -> Option<Option<Signature>> {
    use CoreType::I32;
    if let Some(function) = contract::export(name) {
        return Some(Some((function.params, function.results)));
    }
    if name == REALLOC {
        return Some(Some((&[I32, I32, I32, I32], &[I32])));
    }
    if let Some(of) = name.strip_prefix(POST) {
        return contract::export(of).map(|_| Some(([I32].as_slice(), [].as_slice())));
    }
    name.starts_with(MACHINERY).then_some(None)
}

fn has_type(types: TypesRef<'_>, function: u32, params: &[CoreType], results: &[CoreType]) -> bool {
    if function >= types.function_count() {
        return false;
    }
    let ty = types[types.core_function_at(function)].unwrap_func();
    let same = |found: &[ValType], wanted: &[CoreType]| {
        found.len() == wanted.len()
            && found
                .iter()
                .zip(wanted)
                .all(|(found, wanted)| *found == core_type(*wanted))
    };
    same(ty.params(), params) && same(ty.results(), results)
}

const fn core_type(ty: CoreType) -> ValType {
    match ty {
        CoreType::I32 => ValType::I32,
        CoreType::I64 => ValType::I64,
        CoreType::F64 => ValType::F64,
    }
}
