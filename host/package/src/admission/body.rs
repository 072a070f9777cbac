//! One function's body: valid, and within the limits on what it may make the engine do.

use smcp_ids::limits;
use wasmparser::{
    FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator, ValidatorResources,
};

use super::estimate::Estimate;
use crate::error::{Limit, PackageError, at_most};

/// A function that is as it should be.
pub(super) struct CheckedBody {
    /// To be used again for the next function.
    pub(super) allocations: FuncValidatorAllocations,
    /// How many bytes it is translated to, estimated.
    pub(super) translated: u64,
}

/// Checks a body, which is no longer than a body may be.
pub(super) fn check(
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    allocations: FuncValidatorAllocations,
) -> Result<CheckedBody, PackageError> {
    let mut validator = function.into_validator(allocations);
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    at_most(
        Limit::Locals,
        validator.len_locals().into(),
        limits::LOCALS_MAX.into(),
    )?;
    let mut estimate = Estimate::new();
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        look(&operator, offset as u64)?;
        estimate.add(&operator, &validator);
        validator.op(offset, &operator)?;
        let nested = validator.control_stack_height().saturating_sub(1);
        at_most(
            Limit::Nesting,
            nested.into(),
            limits::BLOCK_NESTING_MAX as u64,
        )?;
        let height = validator.operand_stack_height();
        at_most(
            Limit::OperandHeight,
            height.into(),
            limits::OPERAND_HEIGHT_MAX as u64,
        )?;
    }
    validator.finish(operators.original_position())?;
    Ok(CheckedBody {
        allocations: validator.into_allocations(),
        translated: estimate.bytes(),
    })
}

fn look(operator: &Operator<'_>, offset: u64) -> Result<(), PackageError> {
    match operator {
        Operator::TableGrow { .. } => Err(PackageError::TableGrow { offset }),
        Operator::BrTable { targets } => at_most(
            Limit::BrTable,
            targets.len().into(),
            limits::BR_TABLE_TARGETS_MAX.into(),
        ),
        _ => Ok(()),
    }
}
