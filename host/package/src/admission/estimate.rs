//! How many bytes of the engine's code a function is translated to, estimated from above.
//!
//! The weights were measured on wasmi 2.0.0 with eight-byte operators (on wasm32 they are smaller): by
//! how much its memory grows for each operator in its dearest form, in modules of 48 equal functions
//! against 16, rounded up. They matter where code is small and its translation large: branches and
//! calls that move values, and values that are saved because others would overwrite them.

use wasmparser::{
    BlockType, CompositeInnerType, FrameKind, FuncValidator, Operator, WasmModuleResources,
};

/// A function itself.
const FUNCTION: u64 = 160;
/// Any operator that computes, and saving its result.
const PLAIN: u64 = 24;
/// Moving one value, besides what the value itself costs if it is a constant.
const COPY: u64 = 16;
/// A call, besides its parameters.
const CALL: u64 = 32;
/// One target of a `br_table`.
const TARGET: u64 = 5;

/// What a function is translated to, as far as it was read.
pub(super) struct Estimate {
    bytes: u64,
    /// How many values at the bottom of the operand stack have been saved: that happens once to each,
    /// when something comes that could overwrite the local or register in which it lives.
    saved: u32,
}

impl Estimate {
    pub(super) const fn new() -> Self {
        Self {
            bytes: FUNCTION,
            saved: 0,
        }
    }

    /// Bytes so far.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes an operator that is read, but not validated yet.
    pub(super) fn add<R: WasmModuleResources>(
        &mut self,
        operator: &Operator<'_>,
        validator: &FuncValidator<R>,
    ) {
        let height = validator.operand_stack_height();
        self.saved = self.saved.min(height);
        let (cost, saves) = cost(operator, validator);
        if let Some(taken) = saves {
            let held = height.saturating_sub(taken);
            self.bytes += COPY * u64::from(held.saturating_sub(self.saved));
            self.saved = self.saved.max(held);
        }
        self.bytes += cost;
    }
}

/// What an operator costs; and if it makes the engine save what is on the operand stack, how many
/// values it takes off first.
fn cost<R: WasmModuleResources>(
    operator: &Operator<'_>,
    validator: &FuncValidator<R>,
) -> (u64, Option<u32>) {
    let label = |depth: u32| COPY * label_values(validator, depth);
    let results = || COPY * frame_results(validator);
    match operator {
        Operator::Nop | Operator::Drop | Operator::LocalGet { .. } => (0, None),
        Operator::I32Const { .. } | Operator::F32Const { .. } => (8, None),
        Operator::I64Const { .. } | Operator::F64Const { .. } => (16, None),
        Operator::LocalSet { .. } | Operator::LocalTee { .. } => (8, Some(1)),
        Operator::Block { .. } => (0, Some(0)),
        Operator::Loop { .. } => (24, Some(0)),
        Operator::If { .. } => (48, Some(1)),
        Operator::Else => (40 + results(), None),
        Operator::End => (results(), None),
        Operator::Br { relative_depth } => (PLAIN + label(*relative_depth), None),
        Operator::BrIf { relative_depth } => (32 + 2 * label(*relative_depth), Some(1)),
        Operator::BrTable { targets } => {
            let all = u64::from(targets.len()) + 1;
            (PLAIN + COPY + TARGET * all + label(targets.default()), None)
        }
        Operator::Return => (PLAIN + COPY, None),
        Operator::Call { function_index } => {
            let ty = validator
                .resources()
                .type_index_of_function(*function_index);
            call(validator, ty, 0)
        }
        Operator::CallIndirect { type_index, .. } => call(validator, Some(*type_index), 1),
        Operator::MemoryCopy { .. }
        | Operator::MemoryFill { .. }
        | Operator::MemoryInit { .. }
        | Operator::TableCopy { .. }
        | Operator::TableFill { .. }
        | Operator::TableInit { .. } => (PLAIN + 3 * COPY, None),
        _ => (PLAIN, None),
    }
}

fn call<R: WasmModuleResources>(
    validator: &FuncValidator<R>,
    ty: Option<u32>,
    more: u32,
) -> (u64, Option<u32>) {
    let ty = ty.and_then(|ty| validator.resources().sub_type_at(ty));
    // A call of nothing, or of what is no function, is refused by the validator.
    let params = match ty.map(|ty| &ty.composite_type.inner) {
        Some(CompositeInnerType::Func(function)) => function.params().len() as u32,
        _ => 0,
    };
    (CALL + COPY * u64::from(params + more), Some(params + more))
}

/// How many values a branch to a label carries: none to a loop, or else what the block results in,
/// which is one value at most.
fn label_values<R>(validator: &FuncValidator<R>, depth: u32) -> u64
where
    R: WasmModuleResources,
{
    match validator.get_control_frame(depth as usize) {
        Some(frame) if frame.kind != FrameKind::Loop => values(frame.block_type),
        _ => 0,
    }
}

/// How many values the innermost block results in.
fn frame_results<R: WasmModuleResources>(validator: &FuncValidator<R>) -> u64 {
    validator
        .get_control_frame(0)
        .map_or(0, |frame| values(frame.block_type))
}

/// Of a function's own frame only that it is at most one is known without looking further.
const fn values(block: BlockType) -> u64 {
    match block {
        BlockType::Empty => 0,
        BlockType::Type(_) | BlockType::FuncType(_) => 1,
    }
}
