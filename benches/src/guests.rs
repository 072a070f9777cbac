//! The guests that are measured: an ordinary server, a trivial one, and some that are as dear to
//! the host as admission allows.

use std::fmt::Write;

use anyhow::Result;
use smcp_matrix::{pack, v8};

use crate::subject::Setup;

/// What an ordinary request looks like.
const ECHO: &str = r#"{"name":"echo","arguments":{"text":"What the client said."},"_meta":{}}"#;

/// Lines of each text of a diff.
const REAL_LINES: usize = 1_000;

macro_rules! wat {
    ($name:literal) => {
        include_str!(concat!("../../tests/guests/", $name, ".wat"))
    };
}

fn setup(package: Vec<u8>, request: &str) -> Setup {
    Setup {
        package,
        publisher: pack::publisher(),
        request: request.to_owned(),
    }
}

/// The example `hello`: JSON in, JSON out.
///
/// # Errors
/// If it cannot be built.
pub fn hello() -> Result<Setup> {
    let module = std::fs::read(v8::build_guest("smcp-hello")?)?;
    Ok(setup(pack::package(&module)?, ECHO))
}

/// A guest that returns its request as it is: what is left is the host's own cost.
///
/// # Errors
/// If it cannot be packed.
pub fn echo() -> Result<Setup> {
    Ok(setup(pack::package_wat(wat!("echo"))?, ECHO))
}

/// A guest that computes; `act` is `a` for `fib(30)`, `b` for a loop of ten million rounds.
///
/// # Errors
/// If it cannot be packed.
pub fn numbers(act: &str) -> Result<Setup> {
    Ok(setup(pack::package_wat(wat!("numbers"))?, act))
}

/// The loop of ten million rounds, of which eight follow each other in one block.
///
/// # Errors
/// If it cannot be packed.
pub fn eights() -> Result<Setup> {
    let wat = wat!("numbers");
    let start = wat.find("(local.set $mix").unwrap_or_default();
    let end = wat.find("(br_if $again").unwrap_or_default();
    let round = wat.get(start..end).unwrap_or_default().repeat(8);
    let wat = format!(
        "{}{round}{}",
        wat.get(..start).unwrap_or_default(),
        wat.get(end..).unwrap_or_default()
    );
    let wat = wat.replace("(i32.const 10000000)", "(i32.const 1250000)");
    Ok(setup(pack::package_wat(&wat)?, "b"))
}

/// What an author's code is like: a diff of two texts of a thousand lines, by a server written with the SDK.
///
/// # Errors
/// If it cannot be built.
pub fn real() -> Result<Setup> {
    let module = std::fs::read(v8::build_guest("smcp-textkit")?)?;
    let request = diff_of(REAL_LINES);
    Ok(setup(pack::package(&module)?, &request))
}

fn diff_of(lines: usize) -> String {
    let line = |line| format!("line {line}\n");
    let old: String = (0..lines).map(line).collect();
    let new: String = (0..lines).rev().map(line).collect();
    let arguments = serde_json::json!({ "old": old, "new": new });
    serde_json::json!({ "name": "diff", "arguments": arguments, "_meta": {} }).to_string()
}

/// As many bytes as a package may have, in functions as long as they may be, all of operators that
/// do nothing: dear to hash and to validate.
///
/// # Errors
/// If it cannot be packed.
pub fn bulky() -> Result<Setup> {
    large(31, &"nop ".repeat(65_000))
}

/// Functions as long as they may be, of operators that translate to much, until no more translated
/// code is allowed. A call enters each, which has it translated, and takes the short way through: it
/// pays next to nothing for that.
///
/// # Errors
/// If it cannot be packed.
pub fn dense() -> Result<Setup> {
    let work = "(local.set 0 (i32.rotl (local.get 0) (local.get 0)))".repeat(5_800);
    // In a branch of its own: the fuel of straight code is charged where its block begins.
    large(
        24,
        &format!("(if (i32.ge_u (local.get 0) (i32.const 100)) (then {work}))"),
    )
}

/// A server with many functions of the same body, each called once by `call-tool`.
fn large(functions: usize, body: &str) -> Result<Setup> {
    let mut fields = String::new();
    let mut calls = String::new();
    for index in 0..functions {
        write!(fields, "(func $f{index} (param i32) {body})")?;
        write!(calls, "(call $f{index} (i32.const {index}))")?;
    }
    // In place of what the guest's `call-tool` does first.
    let head =
        "(func (export \"smcp:server/handler@0.1.0#call-tool\") (param i32 i32) (result i32)";
    let wat = wat!("echo").replace(head, &format!("{fields}\n{head} {calls}"));
    Ok(setup(pack::package_wat(&wat)?, ECHO))
}
