//! How a call can fail. What the guest did wrong and what the host could not do share no type.

use smcp_ids::{Fuel, limits};
use wasmi::errors::{ErrorKind, InstantiationError};

/// Why a call ended without an output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The guest did it.
    #[error(transparent)]
    Guest(#[from] GuestFault),
    /// The host did it: the same call may succeed later.
    #[error(transparent)]
    Host(#[from] HostFault),
}

impl Fault {
    /// A stable name of the kind of fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Guest(fault) => fault.code(),
            Self::Host(fault) => fault.code(),
        }
    }
}

/// What the guest did wrong. The texts are for its author and its callers; none tells anything of
/// the host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuestFault {
    /// All fuel is spent.
    #[error("the server used up its {0} units of fuel; it loops, or needs a higher limit")]
    OutOfFuel(Fuel),
    /// It took longer than the deadline allows.
    #[error("the server did not finish within {0} ms")]
    Deadline(u64),
    /// It reached `unreachable`: in Rust, a panic.
    #[error("the server panicked; its log says why")]
    Panicked,
    /// Calls nested too deep.
    #[error(
        "the server's calls nested deeper than {} levels, or its stack grew too large",
        limits::RECURSION_MAX
    )]
    StackOverflow,
    /// Another trap of WebAssembly.
    #[error("the server trapped: {0}")]
    Trapped(&'static str),
    /// It named memory that it does not have, or that is not aligned.
    #[error("the server returned an invalid pointer for {0}")]
    BadPointer(&'static str),
    /// It named text that is not UTF-8.
    #[error("the server returned text that is not UTF-8 for {0}")]
    NotUtf8(&'static str),
    /// It gave a number that stands for nothing.
    #[error("the server returned an invalid discriminant for {0}")]
    BadDiscriminant(&'static str),
    /// It returned more than it may.
    #[error("the server returned {size} bytes; the limit is {limit}")]
    OutputTooLarge {
        /// What it returned.
        size: usize,
        /// What it may return.
        limit: usize,
    },
    /// It gave an import more than it takes.
    #[error("the server passed {size} bytes to {import}; the limit is {limit}")]
    ArgumentTooLarge {
        /// Which import.
        import: &'static str,
        /// What it passed.
        size: usize,
        /// What it may pass.
        limit: usize,
    },
    /// It called an import while the host was placing an answer in its memory.
    #[error("the server called an import from cabi_realloc")]
    ImportWhileReallocating,
    /// `describe` called an import.
    #[error("the server called an import from describe, which may use none")]
    ImportInDescribe,
    /// It read more from storage than a call may.
    #[error("the server read more than {0} bytes of what it keeps in one call")]
    ReadTooMuch(usize),
    /// What it would store is more than it may keep.
    #[error("the server would keep more than the {0} bytes that it may; remove something first")]
    StoreFull(u64),
    /// It asked more of its host than a call may.
    #[error("the server asked its host for more than {0} things in one call")]
    TooManyEffects(usize),
}

impl GuestFault {
    /// A stable name of the kind of fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfFuel(_) => "guest_out_of_fuel",
            Self::Deadline(_) => "guest_deadline",
            Self::Panicked => "guest_panicked",
            Self::StackOverflow => "guest_stack_overflow",
            Self::Trapped(_) => "guest_trapped",
            Self::BadPointer(_) => "guest_bad_pointer",
            Self::NotUtf8(_) => "guest_not_utf8",
            Self::BadDiscriminant(_) => "guest_bad_discriminant",
            Self::OutputTooLarge { .. } => "guest_output_too_large",
            Self::ArgumentTooLarge { .. } => "guest_argument_too_large",
            Self::ImportWhileReallocating => "guest_import_while_reallocating",
            Self::ImportInDescribe => "guest_import_in_describe",
            Self::ReadTooMuch(_) => "guest_read_too_much",
            Self::StoreFull(_) => "guest_store_full",
            Self::TooManyEffects(_) => "guest_too_many_effects",
        }
    }
}

/// What the host could not do. Retryable; says nothing of the inside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    /// There was no memory for the guest.
    #[error("the host is out of memory; try again")]
    OutOfMemory,
    /// What the call read was changed by others each time it ran.
    #[error("other calls changed what this one read, again and again; try again")]
    Contended,
    /// What the call read was changed by another after it had sent something to another host.
    #[error(
        "another call changed what this one had read, after it had sent a request to another host: what was sent \
         is sent, and nothing was stored; look before you try again"
    )]
    Overtaken,
    /// The engine did what it should not.
    #[error("the host failed; try again")]
    Engine,
}

impl HostFault {
    /// A stable name of the kind of fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfMemory => "host_out_of_memory",
            Self::Contended => "host_contended",
            Self::Overtaken => "host_overtaken",
            Self::Engine => "host_fault",
        }
    }
}

/// What a wasmi error means. An import's suspension is not an error and never comes here.
pub(crate) fn from_wasmi(error: &wasmi::Error, budget: Fuel) -> Fault {
    use wasmi::TrapCode;
    if let ErrorKind::Instantiation(error) = error.kind() {
        return from_instantiation(error);
    }
    match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => GuestFault::Panicked.into(),
        Some(TrapCode::MemoryOutOfBounds) => {
            GuestFault::Trapped("memory access out of bounds").into()
        }
        Some(TrapCode::TableOutOfBounds) => {
            GuestFault::Trapped("table access out of bounds").into()
        }
        Some(TrapCode::IndirectCallToNull) => {
            GuestFault::Trapped("indirect call of a null function").into()
        }
        Some(TrapCode::IntegerDivisionByZero) => {
            GuestFault::Trapped("integer division by zero").into()
        }
        Some(TrapCode::IntegerOverflow) => GuestFault::Trapped("integer overflow").into(),
        Some(TrapCode::BadConversionToInteger) => {
            GuestFault::Trapped("invalid conversion to integer").into()
        }
        Some(TrapCode::BadSignature) => {
            GuestFault::Trapped("indirect call of a function of another type").into()
        }
        Some(TrapCode::StackOverflow) => GuestFault::StackOverflow.into(),
        Some(TrapCode::OutOfFuel) => GuestFault::OutOfFuel(budget).into(),
        Some(TrapCode::OutOfSystemMemory | TrapCode::GrowthOperationLimited) => {
            HostFault::OutOfMemory.into()
        }
        _ => HostFault::Engine.into(),
    }
}

/// Why there is no instance. Admission has seen that imports and sizes are right; whether elements
/// fit their table is only known now, and whether the host has the memory.
fn from_instantiation(error: &InstantiationError) -> Fault {
    match error {
        InstantiationError::ElementSegmentDoesNotFit { .. } => {
            GuestFault::Trapped("table access out of bounds").into()
        }
        InstantiationError::FailedToInstantiateMemory(_)
        | InstantiationError::FailedToInstantiateTable(_) => HostFault::OutOfMemory.into(),
        _ => HostFault::Engine.into(),
    }
}
