//! What a suspended guest asks: flat arguments and memory to a [`Request`].

use smcp_capability::call::{LogLevel, Request};
use smcp_capability::contract::{self, CONTEXT};
use smcp_ids::limits;
use wasmi::Val;

use super::memory::GuestMemory;
use crate::fault::GuestFault;

/// The most flat parameters that an import of the contract has.
pub(crate) const PARAMS_MAX: usize = 8;

/// An import that a guest called: its place in the contract, and its arguments as bits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RawImport {
    pub(crate) index: usize,
    params: [u64; PARAMS_MAX],
}

impl RawImport {
    pub(crate) fn new(index: usize, values: &[Val]) -> Self {
        let mut params = [0; PARAMS_MAX];
        for (param, value) in params.iter_mut().zip(values) {
            *param = match value {
                Val::I32(value) => u64::from(*value as u32),
                Val::I64(value) => *value as u64,
                Val::F32(value) => u64::from(value.to_bits()),
                Val::F64(value) => value.to_bits(),
                _ => 0,
            };
        }
        Self { index, params }
    }

    fn word(&self, index: usize) -> u32 {
        self.params.get(index).map_or(0, |param| *param as u32)
    }

    fn float(&self, index: usize) -> f64 {
        f64::from_bits(self.params.get(index).copied().unwrap_or_default())
    }
}

/// A request, and where its answer goes if it does not fit a core value.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) return_address: Option<u32>,
    /// Bytes that were read from the guest.
    pub(crate) size: usize,
}

/// Reads what the guest asked.
pub(crate) fn lift(raw: &RawImport, memory: GuestMemory<'_>) -> Result<Asked, GuestFault> {
    let name = contract::IMPORTS
        .get(raw.index)
        .filter(|function| function.interface == CONTEXT)
        .map(|function| function.name);
    let plain = |request| {
        Ok(Asked {
            request,
            return_address: None,
            size: 0,
        })
    };
    match name {
        Some("log") => lift_log(raw, memory),
        Some("progress") => lift_progress(raw, memory),
        Some("now") => plain(Request::Now),
        Some("random") => {
            let length = raw.word(0);
            if length > limits::RANDOM_MAX {
                return Err(GuestFault::ArgumentTooLarge {
                    import: "context.random",
                    size: length as usize,
                    limit: limits::RANDOM_MAX as usize,
                });
            }
            Ok(Asked {
                request: Request::Random(length),
                return_address: Some(raw.word(1)),
                size: length as usize,
            })
        }
        Some("sleep") => plain(Request::Sleep(raw.word(0).min(limits::SLEEP_MAX_MILLIS))),
        Some("who") => Ok(Asked {
            request: Request::Who,
            return_address: Some(raw.word(0)),
            size: 0,
        }),
        // Admission and linking let no other import through.
        _ => Err(GuestFault::Trapped("unknown import")),
    }
}

fn lift_log(raw: &RawImport, memory: GuestMemory<'_>) -> Result<Asked, GuestFault> {
    let level = LogLevel::ALL
        .get(raw.word(0) as usize)
        .copied()
        .ok_or(GuestFault::BadDiscriminant("the level of context.log"))?;
    let logger = optional_text(
        memory,
        [raw.word(1), raw.word(2), raw.word(3)],
        "context.log",
    )?;
    let data = argument(memory, raw.word(4), raw.word(5), "context.log")?;
    let size = data.len() + logger.map_or(0, str::len);
    Ok(Asked {
        request: Request::Log {
            level,
            logger: logger.map(str::to_owned),
            data: data.to_owned(),
        },
        return_address: None,
        size,
    })
}

fn lift_progress(raw: &RawImport, memory: GuestMemory<'_>) -> Result<Asked, GuestFault> {
    let total = match raw.word(1) {
        0 => None,
        1 => Some(raw.float(2)),
        _ => return Err(GuestFault::BadDiscriminant("the total of context.progress")),
    };
    let message = optional_text(
        memory,
        [raw.word(3), raw.word(4), raw.word(5)],
        "context.progress",
    )?;
    Ok(Asked {
        request: Request::Progress {
            progress: raw.float(0),
            total,
            message: message.map(str::to_owned),
        },
        return_address: None,
        size: message.map_or(0, str::len),
    })
}

/// An `option<string>` as three flat values.
fn optional_text<'a>(
    memory: GuestMemory<'a>,
    [tag, address, len]: [u32; 3],
    import: &'static str,
) -> Result<Option<&'a str>, GuestFault> {
    match tag {
        0 => Ok(None),
        1 => argument(memory, address, len, import).map(Some),
        _ => Err(GuestFault::BadDiscriminant(import)),
    }
}

/// A `string`, refused by its length before it is looked at.
fn argument<'a>(
    memory: GuestMemory<'a>,
    address: u32,
    len: u32,
    import: &'static str,
) -> Result<&'a str, GuestFault> {
    let (size, limit) = (len as usize, limits::IMPORT_ARGUMENT_MAX);
    if size > limit {
        return Err(GuestFault::ArgumentTooLarge {
            import,
            size,
            limit,
        });
    }
    memory.text(address, len, import)
}
