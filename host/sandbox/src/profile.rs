//! The engine profile: everything about wasmi that a call's result or fuel depends on.
//!
//! It is one constant. Changing anything here is a new profile with a new [`ID`]: tapes and
//! receipts name the profile under which they were made.

use smcp_ids::limits;
use wasmi::{CompilationMode, Config, CustomFuelCosts, EnforcedLimits, Engine, OperatorCost};

/// Names this profile in tapes and receipts.
pub const ID: u32 = 1;

/// Bytes that one unit of fuel moves, in the guest's bulk operations and across its boundary.
pub const BYTES_PER_FUEL: usize = 64;

/// What operators cost beyond the one unit of a plain one: measured against their time.
fn operator_cost() -> OperatorCost {
    OperatorCost {
        call: 8,
        call_indirect: 10,
        memory_grow: 32,
        memory_copy: 16,
        memory_fill: 16,
        memory_init: 16,
        table_copy: 16,
        table_fill: 16,
        table_init: 16,
        br_table: 4,
        i32_div_s: 3,
        i32_div_u: 3,
        i32_rem_s: 3,
        i32_rem_u: 3,
        i64_div_s: 3,
        i64_div_u: 3,
        i64_rem_s: 3,
        i64_rem_u: 3,
        f32_ceil: 3,
        f32_floor: 3,
        f32_trunc: 3,
        f32_nearest: 3,
        f32_sqrt: 3,
        f32_div: 3,
        f64_ceil: 3,
        f64_floor: 3,
        f64_trunc: 3,
        f64_nearest: 3,
        f64_sqrt: 3,
        f64_div: 3,
        ..OperatorCost::default()
    }
}

/// An engine of this profile. Each module has its own: an engine's code map only grows.
pub(crate) fn engine(mode: CompilationMode) -> Engine {
    let mut config = Config::default();
    config
        // Off: a tail-called import resumes into the wrong frame.
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_multi_value(false)
        .wasm_extended_const(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        // On: Rust's indirect calls are encoded with them.
        .wasm_reference_types(true)
        .allow_start_fn(false)
        .ignore_custom_sections(true)
        .consume_fuel(true)
        .operator_cost(operator_cost())
        // Translation costs no fuel: else the first caller would pay, and running out inside it
        // cannot be resumed. Admission bounds its time instead.
        .fuel_cost(CustomFuelCosts {
            bytes_copied_per_fuel: BYTES_PER_FUEL as u32,
            fuel_per_bytes_translated: 0,
            fuel_per_bytes_validated: 0,
        })
        .enforced_limits(EnforcedLimits::strict())
        .set_max_recursion_depth(limits::RECURSION_MAX)
        .set_max_stack_height(limits::VALUE_STACK_MAX)
        .set_max_cached_stacks(2)
        .compilation_mode(mode);
    Engine::new(&config)
}
