//! The allocator of a module: made for an instance that answers one request and is gone.
//!
//! Memory is handed out from the lower end of what is free at the top, in classes of sizes; what is
//! given back waits in a list of its class. Nothing is split or merged: an instance does not live long
//! enough for that to pay.
//!
//! Invariants: every block starts at a multiple of [`UNIT`] and is a whole number of them; blocks
//! lie below `top`, each in use or in one list; what a block is long enough for is known from the
//! layout alone, so there are no headers.
#![allow(
    unsafe_code,
    reason = "an allocator hands out raw memory; this file is all of it"
)]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr;

/// Bytes; the alignment of all blocks, and the least size of one.
const UNIT: usize = 16;
/// Up to this size a class is twice the one before: most requests are small, and this is the quickest
/// to reckon. Above, there are four classes to a doubling, so that at most a fifth of a block is waste.
const FINE_FROM: usize = 1024;
/// The first class of those.
const FIRST_FINE: usize = FINE_FROM.ilog2() as usize - UNIT.ilog2() as usize + 1;
const CLASSES: usize = FIRST_FINE + 4 * (usize::BITS - FINE_FROM.ilog2() - 1) as usize;
const PAGE: usize = 64 * 1024;

/// The memory that the allocator has to itself.
///
/// # Safety
///
/// `start` always gives the same pointer, valid for as many bytes as the last `grow` or `len` gave,
/// and no one else uses them.
pub(crate) unsafe trait Pages {
    fn start(&self) -> *mut u8;
    /// Bytes from `start` that are there.
    fn len(&self) -> usize;
    /// Adds whole pages, and gives the new length; `None` changes nothing.
    fn grow(&self, pages: usize) -> Option<usize>;
}

/// What is free, in bytes from the start.
struct State {
    /// Everything from here on was never handed out, or was given back last.
    top: usize,
    /// Where the memory ends; 0 until the first request.
    end: usize,
    /// The first free block of each class. Its first word names the next; 0 is none.
    free: [usize; CLASSES],
}

pub(crate) struct Allocator<P> {
    pages: P,
    state: UnsafeCell<State>,
}

/// The class whose blocks are the least that hold so many bytes.
const fn class_of(size: usize) -> usize {
    let last = size.wrapping_sub(1);
    if size <= FINE_FROM {
        return (last | (UNIT - 1)).ilog2() as usize + 1 - UNIT.ilog2() as usize;
    }
    let doubling = (last.ilog2() - FINE_FROM.ilog2()) as usize;
    let quarter = last >> (doubling + FINE_FROM.ilog2() as usize - 2);
    FIRST_FINE + 4 * doubling + quarter - 4
}

/// The size of the blocks of a class, in bytes.
const fn size_of(class: usize) -> usize {
    if class < FIRST_FINE {
        return UNIT << class;
    }
    let fine = class - FIRST_FINE;
    (fine % 4 + 5) << (fine / 4 + FINE_FROM.ilog2() as usize - 2)
}

impl<P: Pages> Allocator<P> {
    pub(crate) const fn new(pages: P) -> Self {
        Self {
            pages,
            state: UnsafeCell::new(State {
                top: UNIT,
                end: 0,
                free: [0; CLASSES],
            }),
        }
    }

    #[allow(clippy::mut_from_ref, reason = "the cell of an allocator")]
    fn state(&self) -> &mut State {
        // SAFETY: there is one thread (the only instance outside of tests is for wasm32 without
        // threads), and no function of this file calls another while it holds what this gives,
        // but to pass it on.
        unsafe { &mut *self.state.get() }
    }

    fn at(&self, offset: usize) -> *mut u8 {
        self.pages.start().wrapping_add(offset)
    }

    fn offset(&self, block: *mut u8) -> usize {
        block.addr() - self.pages.start().addr()
    }

    /// Sees to it that the memory reaches to `end`.
    fn reach(&self, state: &mut State, end: usize) -> bool {
        if state.end == 0 {
            state.end = self.pages.len();
        }
        if end <= state.end {
            return true;
        }
        let need = (end - state.end).div_ceil(PAGE);
        // Growing costs a copy of what there is: more at a time, as there is more.
        let plenty = need.max(state.end / PAGE / 4);
        let grown = self.pages.grow(plenty).or_else(|| self.pages.grow(need));
        grown.is_some_and(|len| {
            state.end = len;
            true
        })
    }

    /// A block from the top, at a multiple of `align`.
    fn fresh(&self, state: &mut State, size: usize, align: usize) -> *mut u8 {
        let past = self.at(state.top).addr() & (align - 1);
        let begin = state.top + if past == 0 { 0 } else { align - past };
        match begin.checked_add(size) {
            Some(end) if self.reach(state, end) => {
                state.top = end;
                self.at(begin)
            }
            _ => ptr::null_mut(),
        }
    }

    /// Takes back the block at `offset`.
    fn release(&self, state: &mut State, offset: usize, class: usize) {
        if offset + size_of(class) == state.top {
            state.top = offset;
            return;
        }
        // SAFETY: the block is below `top` and no longer in use; it has at least `UNIT` bytes, at a
        // multiple of `UNIT`.
        unsafe { self.at(offset).cast::<usize>().write(state.free[class]) };
        state.free[class] = offset;
    }
}

/// Blocks with a greater alignment than all have are rare. They are never taken back.
const fn is_common(layout: Layout) -> bool {
    layout.align() <= UNIT
}

/// So large that rounding it up could overflow; no memory holds it.
const fn is_absurd(size: usize) -> bool {
    size > isize::MAX as usize / 2
}

// SAFETY: a block is valid for the size of its class, at least that of the layout, at an address that
// fits; it is in no list and below `top` while it is in use, so it is handed out once. Failure is null.
unsafe impl<P: Pages> GlobalAlloc for Allocator<P> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_absurd(layout.size()) {
            return ptr::null_mut();
        }
        let state = self.state();
        let class = class_of(layout.size());
        let found = state.free[class];
        if found == 0 || !is_common(layout) {
            return self.fresh(state, size_of(class), layout.align().max(UNIT));
        }
        let block = self.at(found);
        // SAFETY: a block in a list begins with the next one's offset (`release`).
        state.free[class] = unsafe { block.cast::<usize>().read() };
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if is_common(layout) {
            let class = class_of(layout.size());
            self.release(self.state(), self.offset(block), class);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if is_absurd(new_size) {
            return ptr::null_mut();
        }
        let (old, new) = (
            size_of(class_of(layout.size())),
            size_of(class_of(new_size)),
        );
        if old == new {
            return block;
        }
        if is_common(layout) {
            let state = self.state();
            let begin = self.offset(block);
            if begin + old == state.top && self.reach(state, begin + new) {
                state.top = begin + new;
                return block;
            }
        }
        // Smaller, it moves too: what is cut off a block would not be found by who asks for a whole one.
        // SAFETY: the caller's promise on `layout` and `new_size`; the two blocks are both in use,
        // so they do not overlap.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if moved.is_null() {
                return if new < old { block } else { moved };
            }
            ptr::copy_nonoverlapping(block, moved, layout.size().min(new_size));
            self.dealloc(block, layout);
            moved
        }
    }
}

#[cfg(all(
    feature = "allocator",
    target_arch = "wasm32",
    not(target_feature = "atomics")
))]
mod module {
    use core::arch::wasm32::{memory_grow, memory_size};

    use super::{Allocator, PAGE, Pages};

    /// The memory of the module, above its stack and its data.
    struct Heap;

    unsafe extern "C" {
        /// The linker's: where stack and data end.
        static __heap_base: u8;
    }

    fn base() -> *mut u8 {
        (&raw const __heap_base).cast_mut()
    }

    // SAFETY: nothing else of a Rust module uses what lies above `__heap_base`; memory never shrinks.
    unsafe impl Pages for Heap {
        fn start(&self) -> *mut u8 {
            base().wrapping_sub(base().addr() % super::UNIT)
        }

        fn len(&self) -> usize {
            (memory_size(0) * PAGE).saturating_sub(self.start().addr())
        }

        fn grow(&self, pages: usize) -> Option<usize> {
            (memory_grow(0, pages) != usize::MAX).then(|| self.len())
        }
    }

    // SAFETY: without atomics there is one thread.
    unsafe impl Sync for Allocator<Heap> {}

    #[global_allocator]
    static ALLOCATOR: Allocator<Heap> = Allocator::new(Heap);
}

#[cfg(test)]
mod tests;
