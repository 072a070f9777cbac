//! The allocator on memory of a test: any sequence of requests gives blocks that are valid, apart
//! from each other, and keep what is written.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::{Cell, UnsafeCell};

use proptest::prelude::*;

use super::{Allocator, CLASSES, FINE_FROM, PAGE, Pages, UNIT, class_of, size_of};

const MOST: usize = 64;

#[repr(align(16))]
struct Bytes(UnsafeCell<[u8; MOST * PAGE]>);

/// Memory that begins with a page and ends with [`MOST`].
struct Stock {
    bytes: Box<Bytes>,
    pages: Cell<usize>,
}

impl Stock {
    #[allow(clippy::unwrap_used, reason = "a test")]
    fn new() -> Self {
        let bytes = vec![0_u128; MOST * PAGE / 16].into_boxed_slice();
        // SAFETY: the same size, an alignment that is no greater, and every value is one of bytes.
        let bytes = unsafe { Box::from_raw(Box::into_raw(bytes).cast::<Bytes>()) };
        Self {
            bytes,
            pages: Cell::new(1),
        }
    }
}

// SAFETY: the bytes are its own, and never move.
unsafe impl Pages for Stock {
    fn start(&self) -> *mut u8 {
        self.bytes.0.get().cast()
    }

    fn len(&self) -> usize {
        self.pages.get() * PAGE
    }

    fn grow(&self, pages: usize) -> Option<usize> {
        let grown = self.pages.get().checked_add(pages)?;
        (grown <= MOST).then(|| {
            self.pages.set(grown);
            self.len()
        })
    }
}

struct Held {
    block: *mut u8,
    layout: Layout,
    mark: u8,
}

/// An author's program: it owns blocks and looks after them.
struct Program {
    allocator: Allocator<Stock>,
    held: Vec<Held>,
    marks: u8,
}

#[derive(Debug, Clone)]
enum Act {
    Take { size: usize, align: u32 },
    Resize { which: usize, size: usize },
    Drop { which: usize },
}

impl Program {
    fn new() -> Self {
        Self {
            allocator: Allocator::new(Stock::new()),
            held: Vec::new(),
            marks: 0,
        }
    }

    fn mark(&mut self) -> u8 {
        self.marks = self.marks.wrapping_add(1);
        self.marks
    }

    fn assert_kept(held: &Held, size: usize) {
        for at in 0..size {
            // SAFETY: within the block, and written by `fill`.
            let found = unsafe { held.block.add(at).read() };
            assert_eq!(found, held.mark, "byte {at} of {:?}", held.layout);
        }
    }

    fn fill(held: &Held) {
        // SAFETY: the block is in use, for as many bytes as its layout has.
        unsafe { held.block.write_bytes(held.mark, held.layout.size()) };
    }

    #[allow(clippy::unwrap_used, reason = "a test")]
    fn act(&mut self, act: &Act) {
        match *act {
            Act::Take { size, align } => {
                let layout = Layout::from_size_align(size, 1 << align).unwrap();
                // SAFETY: the size is not zero.
                let block = unsafe { self.allocator.alloc(layout) };
                if block.is_null() {
                    return;
                }
                assert_eq!(block.addr() % layout.align(), 0);
                let mark = self.mark();
                let held = Held {
                    block,
                    layout,
                    mark,
                };
                Self::fill(&held);
                self.held.push(held);
            }
            Act::Resize { which, size } if !self.held.is_empty() => {
                let index = which % self.held.len();
                let held = &mut self.held[index];
                // SAFETY: the block is in use with this layout, and the size is not zero.
                let block = unsafe { self.allocator.realloc(held.block, held.layout, size) };
                if block.is_null() {
                    return;
                }
                assert_eq!(block.addr() % held.layout.align(), 0);
                let kept = held.layout.size().min(size);
                held.block = block;
                held.layout = Layout::from_size_align(size, held.layout.align()).unwrap();
                Self::assert_kept(held, kept);
                Self::fill(held);
            }
            Act::Drop { which } if !self.held.is_empty() => {
                let held = self.held.swap_remove(which % self.held.len());
                Self::assert_kept(&held, held.layout.size());
                // SAFETY: the block is in use with this layout, and is forgotten.
                unsafe { self.allocator.dealloc(held.block, held.layout) };
            }
            Act::Resize { .. } | Act::Drop { .. } => {}
        }
    }
}

fn act() -> impl Strategy<Value = Act> {
    let size = prop_oneof![4 => 1..200_usize, 2 => 1..5_000_usize, 1 => 1..400_000_usize];
    let resized = size.clone();
    prop_oneof![
        4 => (size, prop_oneof![9 => 0..5_u32, 1 => 5..13_u32]).prop_map(|(size, align)| Act::Take { size, align }),
        3 => (any::<usize>(), resized).prop_map(|(which, size)| Act::Resize { which, size }),
        3 => any::<usize>().prop_map(|which| Act::Drop { which }),
    ]
}

proptest! {
    #[test]
    fn blocks_keep_what_is_written(acts in prop::collection::vec(act(), 1..300)) {
        let mut program = Program::new();
        for act in &acts {
            program.act(act);
        }
        for held in &program.held {
            Program::assert_kept(held, held.layout.size());
        }
    }

    #[test]
    fn a_class_is_the_least_that_holds_a_size(size in 1..100_000_000_usize) {
        let class = class_of(size);
        prop_assert!(size_of(class) >= size);
        prop_assert!(class == 0 || size_of(class - 1) < size);
        prop_assert!(size <= FINE_FROM || (size_of(class) - size) * 5 < size_of(class));
        prop_assert!(size_of(class).is_multiple_of(UNIT));
    }
}

#[test]
fn classes_rise_without_a_gap() {
    for class in 1..CLASSES - 4 {
        assert!(size_of(class) > size_of(class - 1), "{class}");
        assert_eq!(class_of(size_of(class)), class);
        assert_eq!(class_of(size_of(class - 1) + 1), class);
    }
    assert!(class_of(isize::MAX as usize / 2) < CLASSES);
}

#[test]
fn what_no_memory_holds_is_refused_and_changes_nothing() {
    let mut program = Program::new();
    for size in [
        MOST * PAGE + 1,
        isize::MAX as usize / 2,
        isize::MAX as usize - 15,
    ] {
        program.act(&Act::Take { size, align: 0 });
        assert!(program.held.is_empty(), "{size}");
    }
    program.act(&Act::Take {
        size: 100,
        align: 4,
    });
    program.act(&Act::Resize {
        which: 0,
        size: isize::MAX as usize - 15,
    });
    Program::assert_kept(&program.held[0], 100);
}

/// What leaks a little each time ends a long call: these go round more often than memory holds.
#[test]
fn memory_is_used_again() {
    let rounds: [(&str, &[Act]); 3] = [
        (
            "in the order taken",
            &[
                Act::Take {
                    size: 50_000,
                    align: 3,
                },
                Act::Take {
                    size: 70_000,
                    align: 3,
                },
                Act::Drop { which: 0 },
                Act::Drop { which: 0 },
            ],
        ),
        (
            "grown by doubling beside another",
            &[
                Act::Take { size: 8, align: 3 },
                Act::Take { size: 8, align: 3 },
                Act::Resize {
                    which: 0,
                    size: 1_000,
                },
                Act::Resize {
                    which: 1,
                    size: 1_000,
                },
                Act::Resize {
                    which: 0,
                    size: 100_000,
                },
                Act::Resize {
                    which: 1,
                    size: 100_000,
                },
                Act::Drop { which: 1 },
                Act::Drop { which: 0 },
            ],
        ),
        (
            "shrunk to fit",
            &[
                Act::Take {
                    size: 500_000,
                    align: 0,
                },
                Act::Take { size: 10, align: 0 },
                Act::Resize {
                    which: 0,
                    size: 100,
                },
                Act::Drop { which: 0 },
                Act::Drop { which: 0 },
            ],
        ),
    ];
    for (name, acts) in rounds {
        let mut program = Program::new();
        for round in 0..2_000 {
            for act in acts {
                let before = program.held.len();
                program.act(act);
                let taken = matches!(act, Act::Take { .. });
                assert!(
                    !taken || program.held.len() > before,
                    "{name}: round {round}"
                );
            }
        }
    }
}
