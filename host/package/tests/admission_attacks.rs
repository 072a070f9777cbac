//! Attacks by a module that is properly packed and signed: a publisher may be trusted and still be
//! careless or robbed of the key. Each test is one attack and says what it is answered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use smcp_package::PackageError;
use support::{
    IMPORTS, REQUIRED, admit, admitted, code, function, importing, module, refusal, server, usual,
};

// ---- Proposals that the host does not have ---------------------------------------------------

#[test]
fn proposals_that_the_engine_has_not_are_refused() {
    let cases = [
        (
            "several results",
            "(func (result i32 i32) i32.const 0 i32.const 0)",
        ),
        (
            "a block with parameters",
            "(func i32.const 0 (block (param i32) drop))",
        ),
        (
            "tail calls",
            "(func $f (param i32) local.get 0 return_call $f)",
        ),
        (
            "indirect tail calls",
            "(table 1 funcref) (func i32.const 0 return_call_indirect)",
        ),
        (
            "longer constants",
            "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
        ),
        ("vectors", "(func v128.const i32x4 0 0 0 0 drop)"),
        (
            "relaxed vectors",
            "(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
        ),
        ("threads", "(func (drop (i32.atomic.load (i32.const 0))))"),
        ("a fence", "(func atomic.fence)"),
        ("exceptions", "(tag) (func (throw 0))"),
        ("old exceptions", "(func try catch_all end)"),
        (
            "typed references",
            "(type $t (func)) (func (param (ref null $t)))",
        ),
        ("garbage collection", "(type (struct (field i32)))"),
        ("a 64-bit table", "(table i64 1 funcref)"),
        (
            "wide arithmetic",
            "(func (param i64) (result i64) local.get 0 local.get 0 i64.mul_wide_u drop)",
        ),
        (
            "control of memory",
            "(func i32.const 0 i32.const 0 memory.discard)",
        ),
    ];
    for (what, fields) in cases {
        assert_eq!(code(fields), "module_invalid", "{what}");
    }
}

#[test]
fn memories_other_than_the_plain_one_are_refused() {
    let cases = [
        ("(memory (export \"memory\") i64 1)", "module_invalid"),
        ("(memory (export \"memory\") 1 1 shared)", "module_invalid"),
        (
            "(memory (export \"memory\") 1 (pagesize 1))",
            "module_invalid",
        ),
        (
            "(memory (export \"memory\") 1) (memory 1)",
            "limit_memories",
        ),
    ];
    for (memory, code) in cases {
        let fields = REQUIRED.replace("(memory (export \"memory\") 1)", memory);
        assert_eq!(refusal(&module(&[&fields])).code(), code, "{memory}");
    }
}

#[test]
fn what_rust_compiles_to_is_admitted() {
    let fields = r#"
        (table 4 4 funcref) (elem (i32.const 1) func 0 1 2)
        (global $stack (mut i32) (i32.const 1024))
        (data "passive")
        (func (param i32) (result i32)
            global.get $stack i32.const 16 i32.sub global.set $stack
            local.get 0 i32.extend8_s f32.convert_i32_s i32.trunc_sat_f32_s drop
            i32.const 0 i32.const 0 i32.const 4 memory.copy
            i32.const 0 i32.const 0 i32.const 4 memory.fill
            i32.const 0 i32.const 0 i32.const 4 memory.init 0 data.drop 0
            i32.const 1 i32.const 0 i32.const 0 i32.const 0 i32.const 1 call_indirect (param i32 i32 i32 i32) (result i32)
            memory.size drop i32.const 1 memory.grow drop)
    "#;
    assert!(admitted(fields));
    assert!(admit(&usual()).is_ok());
}

#[test]
fn a_module_that_is_not_valid_is_refused() {
    // `wat` does not validate types.
    let cases = [
        "i64.const 0",
        "local.get 7",
        "call 99",
        "br 9 i32.const 0",
        "i32.const 0 i32.const 0",
    ];
    for body in cases {
        assert_eq!(function(body).code(), "module_invalid", "{body}");
    }
}

// ---- The start function, imports, exports ----------------------------------------------------

#[test]
fn a_start_function_is_refused() {
    let fields = "(func $start) (start $start)";
    assert_eq!(refusal(&server(fields)), PackageError::StartFunction);
}

#[test]
fn imports_that_are_not_in_the_contract_are_refused() {
    let cases = [
        ("wasi_snapshot_preview1", "fd_write"),
        ("env", "now"),
        ("smcp:server/context@0.1.0", "unknown"),
        ("smcp:server/context@0.2.0", "now"),
        ("smcp:server/context", "now"),
        ("SMCP:server/context@0.1.0", "now"),
        ("smcp:server/context@0.1.0", "now "),
        ("smcp:server/handler@0.1.0", "call-tool"),
        ("", ""),
    ];
    for (interface, name) in cases {
        let import = format!(r#"(import "{interface}" "{name}" (func (result i64)))"#);
        let refused = refusal(&importing(&import));
        let (interface, name) = (interface.to_owned(), name.to_owned());
        assert_eq!(refused, PackageError::ImportUnknown { interface, name });
    }
}

#[test]
fn imports_of_another_type_are_refused() {
    for ty in [
        "",
        "(result i32)",
        "(result f64)",
        "(param i32) (result i64)",
        "(param i64)",
    ] {
        let import = format!(r#"(import "smcp:server/context@0.1.0" "now" (func {ty}))"#);
        assert_eq!(refusal(&importing(&import)).code(), "import_type", "{ty}");
    }
    // The second import of a name is compared as well as the first.
    let twice = r#"(import "smcp:server/context@0.1.0" "now" (func (result i64)))
                   (import "smcp:server/context@0.1.0" "now" (func))"#;
    assert_eq!(refusal(&importing(twice)).code(), "import_type");
}

#[test]
fn imports_that_are_no_functions_are_refused() {
    for kind in [
        "(global i64)",
        "(global (mut i64))",
        "(memory 1)",
        "(table 1 funcref)",
    ] {
        let import = format!(r#"(import "smcp:server/context@0.1.0" "now" {kind})"#);
        assert_eq!(refusal(&importing(&import)).code(), "import_kind", "{kind}");
    }
}

#[test]
fn an_import_handed_on_as_an_export_is_refused() {
    let fields = r#"(export "cabi_now" (func 2))"#;
    let name = "cabi_now".to_owned();
    let refused = refusal(&module(&[IMPORTS, REQUIRED, fields]));
    assert_eq!(refused, PackageError::ExportedImport { name });
}

#[test]
fn an_import_called_in_the_tail_is_refused() {
    let fields = "(func (param i32) local.get 0 return_call 4)";
    assert_eq!(
        refusal(&module(&[IMPORTS, REQUIRED, fields])).code(),
        "module_invalid"
    );
}

#[test]
fn exports_that_a_server_may_not_have_are_refused() {
    let cases = [
        r#"(func (export "_start"))"#,
        r#"(func (export "_initialize"))"#,
        r#"(func (export ""))"#,
        r#"(func (export "smcp:server/handler@0.1.0#other"))"#,
        r#"(func (export "smcp:server/handler@0.2.0#describe") (result i32) i32.const 0)"#,
        r#"(func (export "smcp:server/resource-list@0.1.0#other") (param i32 i32) (result i32) i32.const 0)"#,
        r#"(func (export "cabi_post_") (param i32))"#,
        r#"(func (export "cabi_post_other") (param i32))"#,
        r#"(global (export "other") i32 (i32.const 0))"#,
        r#"(table (export "__indirect_function_table") 1 funcref)"#,
        r#"(export "memory2" (memory 0))"#,
    ];
    for fields in cases {
        assert_eq!(code(fields), "export_unknown", "{fields}");
    }
}

#[test]
fn exports_of_another_kind_or_type_are_refused() {
    let cases = [
        r#"(func (export "__data_end"))"#,
        r#"(global (export "__data_end") (mut i32) (i32.const 0))"#,
        r#"(global (export "__heap_base") i64 (i64.const 0))"#,
        r#"(global (export "cabi_thing") i32 (i32.const 0))"#,
        r#"(func (export "cabi_post_smcp:server/handler@0.1.0#describe"))"#,
        r#"(func (export "cabi_post_smcp:server/handler@0.1.0#describe") (param i32) (result i32) local.get 0)"#,
    ];
    for fields in cases {
        assert_eq!(code(fields), "export_type", "{fields}");
    }
    let swapped = [
        (
            "(param i32 i32 i32 i32) (result i32)",
            "(param i32 i32 i32) (result i32)",
        ),
        (
            "#describe\") (result i32)",
            "#describe\") (param i32) (result i32)",
        ),
        (
            "#call-tool\") (param i32 i32)",
            "#call-tool\") (param i32 i64)",
        ),
    ];
    for (right, wrong) in swapped {
        let fields = REQUIRED.replace(right, wrong);
        assert_eq!(
            refusal(&module(&[&fields])).code(),
            "export_type",
            "{wrong}"
        );
    }
}

#[test]
fn a_server_without_one_of_its_exports_is_refused() {
    for line in REQUIRED.lines().filter(|line| line.contains("export")) {
        let fields = REQUIRED.replace(line, "");
        // Without the memory the module is still valid: nothing in it touches memory.
        assert_eq!(
            refusal(&module(&[&fields])).code(),
            "export_missing",
            "{line}"
        );
    }
}
