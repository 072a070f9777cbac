//! A guest that calls one import and shows the bytes of its answer, for tests of the boundary.

use smcp_capability::call::Request;
use smcp_sandbox::{Entry, Output};

use super::{BOUNDS, load, outcome, run};

/// A guest that calls one function, and returns the 32 bytes at 4096 as letters, two a byte.
pub fn guest(imports: &str, data: &str, call: &str) -> String {
    format!(
        r#"(module
{imports}
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 16384))
  (data (i32.const 64) "{{\"tools\":[]}}")
{data}
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 12))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (local $at i32)
    {call}
    (loop $next
      (i32.store8
        (i32.add (i32.const 8192) (i32.shl (local.get $at) (i32.const 1)))
        (i32.add (i32.const 65)
          (i32.shr_u (i32.load8_u offset=4096 (local.get $at)) (i32.const 4))))
      (i32.store8
        (i32.add (i32.const 8193) (i32.shl (local.get $at) (i32.const 1)))
        (i32.add (i32.const 65)
          (i32.and (i32.load8_u offset=4096 (local.get $at)) (i32.const 15))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 32))))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 8192))
    (i32.store (i32.const 24) (i32.const 64))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))"#
    )
}

/// Calls a function with constants: how the call ended, what was asked, and the bytes of the answer.
pub fn called(
    (imports, data): (&str, &str),
    function: &str,
    arguments: &[i64],
) -> (String, Vec<Request>, Vec<u8>) {
    let arguments: Vec<_> = arguments
        .iter()
        .map(|argument| format!("(i32.const {argument})"))
        .collect();
    let call = format!("(call ${function} {})", arguments.join(" "));
    let wat = guest(imports, data, &call);
    let (ended, requests) = run(&load(&wat), Entry::CallTool("{}".into()), BOUNDS, 1_000);
    let text = match &ended.result {
        Ok(Output::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let nibbles: Vec<u8> = text.bytes().map(|letter| letter - b'A').collect();
    let bytes = nibbles
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    (outcome(&ended).to_owned(), requests, bytes)
}
