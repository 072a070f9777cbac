//! Any module that has the imports and exports of a server, made of the input: whatever the interpreter runs.

use arbitrary::{Result, Unstructured};
use smcp_capability::contract::{CoreType, EXPORTS, Function, IMPORTS};
use smcp_ids::limits;
use wasm_smith::{Config, Module};

/// A valid module of the proposals that the engine has, which imports and exports what a server does.
pub(crate) fn module(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let config = Config {
        available_imports: Some(crate::guest::module(&surface(IMPORTS, false))),
        exports: Some(crate::guest::module(&surface(EXPORTS, true))),
        max_imports: 6,
        max_funcs: 20,
        // The one that is exported comes on top.
        max_memories: 0,
        max_memory32_bytes: limits::MEMORY_MAX as u64,
        max_tables: limits::TABLES_MAX,
        max_table_elements: 100,
        max_instructions: 60,
        allow_start_export: false,
        exceptions_enabled: false,
        gc_enabled: false,
        multi_value_enabled: false,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        extended_const_enabled: false,
        memory64_enabled: false,
        compact_imports_enabled: false,
        ..Config::default()
    };
    Ok(Module::new(config, input)?.to_bytes())
}

/// A module with these functions, as imports or as exports, in the text format.
fn surface(functions: &[Function], exported: bool) -> String {
    let name = |ty: &CoreType| match ty {
        CoreType::I32 => "i32",
        CoreType::I64 => "i64",
        CoreType::F64 => "f64",
    };
    let types = |types: &[CoreType]| types.iter().map(name).collect::<Vec<_>>().join(" ");
    let mut text = String::from("(module ");
    for function in functions {
        let signature = format!(
            "(param {}) (result {})",
            types(function.params),
            types(function.results)
        );
        text += &if exported {
            let name = function.core_name();
            format!("(func (export {name:?}) {signature} unreachable)")
        } else {
            let (interface, name) = (function.interface, function.name);
            format!("(import {interface:?} {name:?} (func {signature}))")
        };
    }
    if exported {
        text += r#"(memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)"#;
    }
    text + ")"
}
