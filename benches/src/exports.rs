//! The exports of the wasm module, and all of its unsafe code.
//!
//! The caller reserves input with [`input`], writes an encoded setup there, calls [`prepare`], and
//! then [`repeat`] as often as it likes. It reads the clock itself: there is none here.
#![allow(
    unsafe_code,
    reason = "`no_mangle` names the exports; memory is shared by address"
)]

use std::cell::RefCell;

use crate::subject::{Bench, Subject};

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

/// There is more to do.
const MORE: u32 = 0;
/// All is done.
const DONE: u32 = 1;
/// It cannot be done.
const FAILED: u32 = 2;

/// Reserves `len` bytes of input and gives their address, good until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn input(len: u32) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        input.resize(len as usize, 0);
        input.as_mut_ptr()
    })
}

/// Takes the setup in the input.
#[unsafe(no_mangle)]
pub extern "C" fn prepare() -> u32 {
    let setup = INPUT.with_borrow(|input| postcard::from_bytes(input));
    let bench = setup.ok().and_then(|setup| Bench::new(setup).ok());
    let prepared = bench.is_some();
    BENCH.set(bench);
    if prepared { DONE } else { FAILED }
}

/// Does a subject that many times, or as many pieces of it; ends early after the last piece.
#[unsafe(no_mangle)]
pub extern "C" fn repeat(subject: u32, times: u32) -> u32 {
    BENCH.with_borrow_mut(|bench| {
        let subject = Subject::ALL.get(subject as usize);
        let (Some(bench), Some(subject)) = (bench, subject) else {
            return FAILED;
        };
        let mut last = MORE;
        for _ in 0..times {
            last = match bench.once(*subject) {
                Ok(true) => DONE,
                Ok(false) => MORE,
                Err(_) => return FAILED,
            };
        }
        last
    })
}
