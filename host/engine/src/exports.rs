//! The exports of the wasm module, and all of its unsafe code.
//!
//! The caller reserves the input buffer with [`input`], writes the message there, and names its
//! length in the call that consumes it. Results are read at [`output`] before the next call. A
//! message that cannot be read, or a call before [`boot`], panics: for the caller that is a trap
//! like any other, after which the instance is dropped; [`fault`] holds the reason.
#![allow(
    unsafe_code,
    reason = "`no_mangle` names the exports; memory is shared by address"
)]
#![expect(
    clippy::panic,
    reason = "a panic is how this module reports a fault of its own"
)]

use core::cell::{Cell, RefCell};

use crate::engine::{Engine, Garbled};

/// Bytes kept of a panic's message.
const FAULT_MAX: usize = 1_024;

/// What the module holds. One instance serves one caller at a time: wasm has one thread here, and
/// the module imports nothing that could call back in.
struct Module {
    input: RefCell<Vec<u8>>,
    engine: RefCell<Option<Engine>>,
}

thread_local! {
    static MODULE: Module =
        const { Module { input: RefCell::new(Vec::new()), engine: RefCell::new(None) } };
    /// Written by the panic hook, read after the trap, when nothing else can be relied on: so it is
    /// neither on the heap nor behind a lock.
    static FAULT: (Cell<[u8; FAULT_MAX]>, Cell<usize>) =
        const { (Cell::new([0; FAULT_MAX]), Cell::new(0)) };
}

/// Runs `call` with the engine and the first `len` bytes of input.
fn with_engine<T>(len: u32, call: impl FnOnce(&mut Engine, &[u8]) -> Result<T, Garbled>) -> T {
    MODULE.with(|module| {
        let input = module.input.borrow();
        let mut engine = module.engine.borrow_mut();
        let (Some(engine), Some(bytes)) = (engine.as_mut(), input.get(..len as usize)) else {
            panic!("called before boot, or with more input than was reserved");
        };
        match call(engine, bytes) {
            Ok(result) => result,
            Err(Garbled) => panic!("the input is no message: engine and shell differ in version"),
        }
    })
}

/// Reserves `len` bytes of input and gives their address, good until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn input(len: u32) -> *mut u8 {
    MODULE.with(|module| {
        let mut input = module.input.borrow_mut();
        let len = len as usize;
        if input.len() < len {
            input.resize(len, 0);
        }
        input.as_mut_ptr()
    })
}

/// Wakes the engine with an encoded `Boot`: 0, or 1 if it is none.
#[unsafe(no_mangle)]
pub extern "C" fn boot(len: u32) -> u32 {
    std::panic::set_hook(Box::new(|info| note_fault(&info.to_string())));
    MODULE.with(|module| {
        let booted = Engine::boot(
            module
                .input
                .borrow()
                .get(..len as usize)
                .unwrap_or_default(),
        );
        let failed = booted.is_err();
        *module.engine.borrow_mut() = booted.ok();
        u32::from(failed)
    })
}

/// Takes in an encoded `Frame`; gives the turn's name.
#[unsafe(no_mangle)]
pub extern "C" fn begin(len: u32) -> u32 {
    with_engine(len, Engine::begin)
}

/// Steps a turn with an encoded `Performed`, or without one if `len` is 0; gives the length of the
/// encoded step at [`output`].
#[unsafe(no_mangle)]
pub extern "C" fn step(turn: u32, len: u32, now: f64) -> u32 {
    with_engine(len, |engine, bytes| {
        engine.step(turn, bytes, now).map(|step| step.len() as u32)
    })
}

/// Where the last step is, good until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    with_engine(0, |engine, _| Ok(engine.output().as_ptr()))
}

/// Takes out what is for the platform's log: gives the length of the text at [`lines_at`], nearly always 0.
#[unsafe(no_mangle)]
pub extern "C" fn lines() -> u32 {
    with_engine(0, |engine, _| Ok(engine.take_lines().len() as u32))
}

/// Where that text is, good until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn lines_at() -> *const u8 {
    with_engine(0, |engine, _| Ok(engine.lines().as_ptr()))
}

/// 1 if something was counted that is not stored yet, else 0.
#[unsafe(no_mangle)]
pub extern "C" fn has_usage() -> u32 {
    with_engine(0, |engine, _| Ok(u32::from(engine.has_usage())))
}

/// What was counted and is not stored: gives the length of its bytes at [`output`].
#[unsafe(no_mangle)]
pub extern "C" fn usage() -> u32 {
    with_engine(0, |engine, _| Ok(engine.usage().len() as u32))
}

/// The client of a turn has gone: 1 if the turn is over by that, 0 if it goes on.
#[unsafe(no_mangle)]
pub extern "C" fn cancel(turn: u32) -> u32 {
    with_engine(0, |engine, _| Ok(u32::from(engine.cancel(turn))))
}

/// Ends a turn, whatever it wants.
#[unsafe(no_mangle)]
pub extern "C" fn stop(turn: u32) {
    with_engine(0, |engine, _| {
        engine.stop(turn);
        Ok(())
    });
}

/// Where the last panic's message is. May be called after a trap.
#[unsafe(no_mangle)]
pub extern "C" fn fault() -> *const u8 {
    FAULT.with(|(text, _)| text.as_ptr().cast())
}

/// The length of the last panic's message. May be called after a trap.
#[unsafe(no_mangle)]
pub extern "C" fn fault_len() -> u32 {
    FAULT.with(|(_, len)| len.get() as u32)
}

fn note_fault(message: &str) {
    FAULT.with(|(text, len)| {
        let mut bytes = [0; FAULT_MAX];
        let kept = message.floor_char_boundary(FAULT_MAX);
        bytes
            .iter_mut()
            .zip(&message.as_bytes()[..kept])
            .for_each(|(to, from)| *to = *from);
        text.set(bytes);
        len.set(kept);
    });
}
