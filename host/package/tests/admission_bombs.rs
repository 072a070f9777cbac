//! Bombs: modules that are small and cost much. Properly packed and signed; each test is one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use smcp_ids::limits::LOCALS_MAX;
use smcp_package::{Limit, PackageError, Policy, PolicyLimits};
use support::{
    REQUIRED, admit, admit_under, admitted, code, custom, function, importing, module, package,
    refusal, server, sign_only, unsigned,
};

fn too_many(what: Limit, found: u64, limit: u64) -> PackageError {
    PackageError::TooMany { what, found, limit }
}

#[test]
fn growing_the_table_is_refused() {
    let fields = "(table 1 funcref) (func (result i32) ref.null func i32.const 1 table.grow 0)";
    assert_eq!(code(fields), "table_grow");
    // Even where it is never reached.
    let fields = "(table 1 funcref) (func unreachable ref.null func i32.const 1 table.grow 0 drop)";
    assert_eq!(code(fields), "table_grow");
}

#[test]
fn ten_thousand_exports_are_refused() {
    let exports = |count: usize| {
        (0..count).fold(String::from("(func $f)"), |text, n| {
            text + &format!(r#"(export "cabi_{n}" (func $f))"#)
        })
    };
    assert_eq!(
        refusal(&server(&exports(10_000))),
        too_many(Limit::Exports, 10_007, 64)
    );
    assert!(admitted(&exports(64 - 7)));
    assert_eq!(code(&exports(64 - 6)), "limit_exports");
}

#[test]
fn a_hundred_thousand_segments_are_refused() {
    let data = "(data \"\")".repeat(100_000);
    assert_eq!(
        refusal(&server(&data)),
        too_many(Limit::DataSegments, 100_000, 256)
    );
    let elements = format!("(table 1 funcref){}", "(elem func 0)".repeat(100_000));
    assert_eq!(
        refusal(&server(&elements)),
        too_many(Limit::ElementSegments, 100_000, 256)
    );
    assert!(admitted(&"(data \"\")".repeat(256)));
    assert_eq!(code(&"(data \"\")".repeat(257)), "limit_data_segments");
}

#[test]
fn a_function_of_a_megabyte_is_refused() {
    let body = |bytes: usize| format!("{} i32.const 0", "nop ".repeat(bytes));
    let refused = function(&body(1 << 20));
    assert_eq!(refused.code(), "limit_function_body");
    // Locals, `i32.const 0` and `end` are four bytes more.
    assert_eq!(function(&body(65_536 - 3)).code(), "limit_function_body");
    assert!(admitted(&format!(
        "(func (result i32) {})",
        body(65_536 - 4)
    )));
}

#[test]
fn a_policy_may_allow_longer_functions_but_not_above_the_ceiling() {
    let long = package(&server(&format!("(func {})", "nop ".repeat(200_000))));
    let policy = |function_body| {
        Policy::new(PolicyLimits {
            function_body,
            ..Default::default()
        })
    };
    assert!(admit_under(&long, &policy(256 * 1024).unwrap()).is_ok());
    assert_eq!(policy(256 * 1024 + 1).unwrap_err().code(), "policy_ceiling");
}

#[test]
fn fifty_thousand_locals_are_refused() {
    let locals = |count: usize| format!("(func (param i32 i32) (local {}))", "i64 ".repeat(count));
    assert_eq!(
        refusal(&server(&locals(49_998))),
        too_many(Limit::Locals, 50_000, LOCALS_MAX.into())
    );
    assert!(admitted(&locals(LOCALS_MAX as usize - 2)));
    assert_eq!(code(&locals(LOCALS_MAX as usize - 1)), "limit_locals");
}

#[test]
fn deep_nesting_is_refused() {
    let nested =
        |depth: usize| format!("(func {}{})", "block ".repeat(depth), "end ".repeat(depth));
    assert_eq!(code(&nested(20_000)), "limit_nesting");
    assert!(admitted(&nested(512)));
    assert_eq!(
        refusal(&server(&nested(513))),
        too_many(Limit::Nesting, 513, 512)
    );
}

#[test]
fn a_high_operand_stack_is_refused() {
    let high = |height: usize| {
        format!(
            "(func {}{})",
            "i32.const 0 ".repeat(height),
            "drop ".repeat(height)
        )
    };
    assert!(admitted(&high(4_096)));
    assert_eq!(
        refusal(&server(&high(4_097))),
        too_many(Limit::OperandHeight, 4_097, 4_096)
    );
}

#[test]
fn a_jump_table_with_many_targets_is_refused() {
    let table = |targets: usize| format!("(func i32.const 0 br_table {} 0)", "0 ".repeat(targets));
    assert!(admitted(&table(4_096)));
    assert_eq!(
        refusal(&server(&table(4_097))),
        too_many(Limit::BrTable, 4_097, 4_096)
    );
}

/// A megabyte of conditional branches that carry a value, in functions of allowed size.
#[test]
fn code_that_grows_in_translation_is_refused() {
    let branch = "local.get 0 br_if 0 ".repeat(15_000);
    let one = format!("(func (param i32) (result i32) local.get 0 {branch})");
    assert!(admitted(&one));
    assert_eq!(code(&one.repeat(18)), "limit_translated_code");
}

/// Tables and branches out of conditions grow less: a package full of them is within the limit.
#[test]
fn code_that_grows_little_in_translation_is_admitted() {
    let table = format!("block i32.const 0 br_table {} 0 end ", "0 1 ".repeat(2_000));
    let tables = format!("(func {})", table.repeat(16));
    assert!(admitted(&tables.repeat(20)));
    let condition = format!(
        "(func (param i32) {})",
        "local.get 0 if end ".repeat(13_000)
    );
    assert!(admitted(&condition.repeat(20)));
}

/// Every held value is saved when a branch comes; each only once, so that it is not a bomb.
#[test]
fn held_operands_are_counted_once() {
    let held = format!(
        "(func (param i32) {} {} {})",
        "local.get 0 ".repeat(4_000),
        "block end ".repeat(10_000),
        "drop ".repeat(4_000)
    );
    assert!(admitted(&held.repeat(10)));
}

#[test]
fn many_functions_types_and_globals_are_refused() {
    let functions = "(func)".repeat(5_000 - 6);
    assert!(admitted(&functions));
    assert_eq!(code(&"(func)".repeat(5_000 - 5)), "limit_functions");
    assert_eq!(code(&"(func)".repeat(100_000)), "limit_functions");
    assert_eq!(
        code(&"(global i32 (i32.const 0))".repeat(1_001)),
        "limit_globals"
    );
    assert!(admitted(&"(global i32 (i32.const 0))".repeat(1_000)));
    let types = (0..1_001).map(|n| format!("(type (func (param {})))", "i32 ".repeat(n % 500)));
    assert_eq!(code(&types.collect::<String>()), "limit_types");
}

#[test]
fn imported_functions_count_too() {
    let imports = r#"(import "smcp:server/context@0.1.0" "now" (func (result i64)))"#;
    let refused = refusal(&importing(&imports.repeat(4_995)));
    assert_eq!(refused, too_many(Limit::Functions, 5_001, 5_000));
    let refused = refusal(&importing(&imports.repeat(5_001)));
    assert_eq!(refused, too_many(Limit::Functions, 5_001, 5_000));
}

#[test]
fn large_and_several_tables_are_refused() {
    assert!(admitted("(table 10000 funcref)"));
    assert_eq!(code("(table 10001 funcref)"), "limit_table_elements");
    assert_eq!(code("(table 4294967295 funcref)"), "limit_table_elements");
    assert_eq!(code("(table 1 funcref) (table 1 funcref)"), "limit_tables");
}

#[test]
fn elements_are_summed_over_the_segments() {
    let segment = |count: usize| format!("(elem func {})", "0 ".repeat(count));
    assert!(admitted(&segment(100).repeat(100)));
    assert_eq!(code(&segment(101).repeat(100)), "limit_elements");
    let expressions = format!("(elem funcref {})", "(ref.func 0) ".repeat(10_001));
    assert_eq!(code(&expressions), "limit_elements");
}

#[test]
fn data_is_summed_over_the_segments() {
    // A policy with one page of memory.
    let limits = PolicyLimits {
        memory: 65_536,
        ..Default::default()
    };
    let policy = Policy::new(limits).unwrap();
    let data = |bytes: usize| {
        package(&server(
            &format!("(data \"{}\")", "a".repeat(bytes)).repeat(8),
        ))
    };
    assert!(admit_under(&data(8_192), &policy).is_ok());
    assert_eq!(
        admit_under(&data(8_193), &policy).unwrap_err().code(),
        "limit_data"
    );
}

#[test]
fn more_memory_than_is_granted_is_refused() {
    let with = |pages: u32| {
        let memory = format!("(memory (export \"memory\") {pages})");
        module(&[&REQUIRED.replace("(memory (export \"memory\") 1)", &memory)])
    };
    assert!(admit(&package(&with(64))).is_ok());
    assert_eq!(
        refusal(&with(65)),
        too_many(Limit::Memory, 65 << 16, 64 << 16)
    );
    assert_eq!(refusal(&with(65_536)).code(), "limit_memory");
}

#[test]
fn custom_sections_are_summed() {
    let with = |bytes: usize| {
        let section = custom("name-of-it", &vec![0; bytes]);
        sign_only(&[unsigned(&server("")), section.repeat(4)].concat())
    };
    assert!(admit(&with(16 * 1024 - 11)).is_ok());
    assert_eq!(
        admit(&with(16 * 1024 - 10)).unwrap_err().code(),
        "limit_custom_sections"
    );
}

#[test]
fn a_package_longer_than_the_policy_allows_is_refused() {
    let limits = PolicyLimits {
        package: 1_024,
        ..Default::default()
    };
    let policy = Policy::new(limits).unwrap();
    let refused = admit_under(&package(&server(&"(func)".repeat(500))), &policy);
    assert_eq!(refused.unwrap_err().code(), "limit_package");
}

/// A section that claims to hold more than there is: the claim must not be believed.
#[test]
fn a_section_that_claims_four_billion_entries_is_refused_at_once() {
    for (section, code) in [
        (1, "limit_types"),
        (2, "limit_functions"),
        (3, "limit_functions"),
        (4, "limit_tables"),
        (5, "limit_memories"),
        (6, "limit_globals"),
        (7, "limit_exports"),
        (9, "limit_element_segments"),
        (10, "limit_functions"),
        (11, "limit_data_segments"),
        (12, "limit_data_segments"),
    ] {
        let claim = [section, 5, 0xff, 0xff, 0xff, 0xff, 0x0f];
        let bare = [b"\0asm\x01\0\0\0", claim.as_slice()].concat();
        let manifest = support::manifest(&module(&[]));
        let bytes = smcp_package::embed_manifest(&bare, &manifest).unwrap();
        assert_eq!(
            admit(&sign_only(&bytes)).unwrap_err().code(),
            code,
            "section {section}"
        );
    }
}
