//! The exports of the wasm module, and all of its unsafe code.
//!
//! The caller reserves input with [`input`], writes an encoded case there, calls [`run`], and reads
//! the encoded rows at [`output`]. A case that cannot be read gives no rows.
#![allow(
    unsafe_code,
    reason = "`no_mangle` names the exports; memory is shared by address"
)]

use std::cell::RefCell;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Reserves `len` bytes of input and gives their address, good until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn input(len: u32) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        input.resize(len as usize, 0);
        input.as_mut_ptr()
    })
}

/// Makes the rows of the case in the input; gives the length of the output.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> u32 {
    answer(|input| {
        let case = postcard::from_bytes(input);
        case.map(|case| crate::rows(&case)).unwrap_or_default()
    })
}

/// Makes the rows of the recorded call in the input; gives the length of the output.
#[unsafe(no_mangle)]
pub extern "C" fn replay() -> u32 {
    answer(|input| {
        let recorded = postcard::from_bytes(input);
        let rows = recorded.map(|recorded| crate::replays(&recorded));
        rows.unwrap_or_default()
    })
}

fn answer<T: serde::Serialize>(make: impl FnOnce(&[u8]) -> T) -> u32 {
    let rows = INPUT.with_borrow(|input| make(input));
    OUTPUT.with_borrow_mut(|output| {
        *output = postcard::to_allocvec(&rows).unwrap_or_default();
        output.len() as u32
    })
}

/// Where the output is, good until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    OUTPUT.with_borrow(|output| output.as_ptr())
}
