//! How many bytes a function is translated to: an estimate from above.

use wasmparser::{BlockType, FuncValidator, Operator, WasmModuleResources};

const OP: u64 = 24;

/// What a function costs before its first operator.
pub(super) fn function(_locals: u32) -> u64 {
    OP
}

/// What an operator costs, before it is validated.
pub(super) fn operator<R: WasmModuleResources>(
    operator: &Operator<'_>,
    _validator: &FuncValidator<R>,
) -> u64 {
    match operator {
        Operator::Nop => 0,
        Operator::BrTable { targets } => OP * (1 + u64::from(targets.len())),
        Operator::Block {
            blockty: BlockType::Empty,
        } => 0,
        _ => OP,
    }
}
