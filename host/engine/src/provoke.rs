//! Faults on request, so that tests can show how far one reaches; and slices of a given size, so that
//! a benchmark can show what they cost.
//!
//! Only an engine whose `Boot` says `provoke_faults` calls this, and `wrangler.toml` never sets it.

use smcp_capability::turn::Frame;
use smcp_ids::Fuel;

/// The header that names the fault.
const HEADER: &str = "x-smcp-provoke";

/// The size of every slice that a benchmark asks for: `slice=FUEL`.
pub(crate) fn slice(frame: &Frame) -> Option<Fuel> {
    let fuel = frame.header(HEADER)?.strip_prefix("slice=")?;
    fuel.parse().ok().map(Fuel)
}

/// Fails as the frame asks, if it does.
#[expect(clippy::panic, reason = "to fail is what it is for")]
pub(crate) fn obey(frame: &Frame) {
    match frame.header(HEADER) {
        Some("engine-panic") => panic!("a panic was asked for"),
        Some("engine-stack") => {
            overflow(0);
        }
        Some("engine-memory") => exhaust(),
        _ => {}
    }
}

/// Calls itself until the stack ends.
#[expect(unconditional_recursion, reason = "to overflow is what it is for")]
fn overflow(depth: u64) -> u64 {
    let room = core::hint::black_box([depth; 64]);
    let below = overflow(depth.wrapping_add(room.iter().sum()));
    below ^ core::hint::black_box(room).iter().sum::<u64>()
}

/// Allocates until there is no more.
fn exhaust() {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(vec![1; 1 << 20]);
        core::hint::black_box(&hoard);
    }
}
