//! Times the numbers guest on plain wasmi: default dispatch, default configuration, no fuel.
//!
//! Prints two JSON arrays, one a line: the nanoseconds of every round of `fib(30)`, and of a loop of
//! ten million. `smcp-plain 11` makes eleven rounds.

use std::time::Instant;

use anyhow::{Context, Result};
use wasmi::{Engine, Linker, Module, Store};

const GUEST: &str = include_str!("../../../tests/guests/numbers.wat");
/// Where the request lies: the guest does not use this memory.
const REQUEST: i32 = 32_768;

fn main() -> Result<()> {
    let rounds = std::env::args()
        .nth(1)
        .map_or(Ok(11), |rounds| rounds.parse())
        .context("the argument is a number of rounds")?;
    for act in [b"a", b"b"] {
        let times = (0..rounds).map(|_| time(act)).collect::<Result<Vec<_>>>()?;
        // A list of numbers is printed as JSON has it.
        println!("{times:?}");
    }
    Ok(())
}

fn time(request: &[u8]) -> Result<u128> {
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(GUEST)?)?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
    let memory = instance
        .get_memory(&store, "memory")
        .context("the guest exports its memory")?;
    memory.write(&mut store, REQUEST as usize, request)?;
    let call = instance
        .get_typed_func::<(i32, i32), i32>(&store, "smcp:server/handler@0.1.0#call-tool")?;
    let begun = Instant::now();
    call.call(&mut store, (REQUEST, request.len() as i32))?;
    Ok(begun.elapsed().as_nanos())
}
