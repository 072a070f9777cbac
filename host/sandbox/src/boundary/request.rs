//! What a suspended guest asks: flat arguments and memory to a [`Request`].

use smcp_capability::call::{LogLevel, Notice, Question, Request};
use smcp_capability::contract::{self, CLIENT, CONFIG, CONTEXT, HTTP, KV, NOTIFY};
use smcp_ids::limits;
use wasmi::Val;

use super::memory::GuestMemory;
use super::{http, kv};
use crate::fault::GuestFault;

/// The most flat parameters that an import of the contract has.
pub(crate) const PARAMS_MAX: usize = 12;

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

    pub(super) fn word(&self, index: usize) -> u32 {
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
    let called = contract::IMPORTS
        .get(raw.index)
        .map_or(("", ""), |function| (function.interface, function.name));
    let plain = |request| {
        Ok(Asked {
            request,
            return_address: None,
            size: 0,
        })
    };
    match called {
        (CONTEXT, "log") => lift_log(raw, memory),
        (CONTEXT, "progress") => lift_progress(raw, memory),
        (CONTEXT, "now") => plain(Request::Now),
        (CONTEXT, "random") => {
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
        (CONTEXT, "sleep") => plain(Request::Sleep(raw.word(0).min(limits::SLEEP_MAX_MILLIS))),
        (CONTEXT, "who") => Ok(returned(Request::Who, raw.word(0))),
        (CONTEXT, "request-origin") => Ok(returned(Request::Origin, raw.word(0))),
        (CONTEXT, "time-left") => plain(Request::TimeLeft),
        (CONTEXT, "begin-task") => plain(Request::BeginTask),
        (CLIENT, "ask") => lift_ask(raw, memory),
        (CLIENT, "capabilities") => Ok(returned(Request::Capabilities, raw.word(0))),
        (NOTIFY, "resource-updated") => {
            let uri = argument(memory, raw.word(0), raw.word(1), "notify.resource-updated")?;
            Ok(Asked {
                request: Request::Notify(Notice::ResourceUpdated(uri.to_owned())),
                return_address: None,
                size: uri.len(),
            })
        }
        (CONFIG, "get") => {
            let name = argument(memory, raw.word(0), raw.word(1), "config.get")?.to_owned();
            Ok(Asked {
                size: name.len(),
                request: Request::Setting(name),
                return_address: Some(raw.word(2)),
            })
        }
        (HTTP, "send") => http::lift(raw, memory),
        (KV, name) => kv::lift(name, raw, memory),
        (NOTIFY, "resource-list-changed") => plain(Request::Notify(Notice::ResourceListChanged)),
        // Admission and linking let no other import through.
        _ => Err(GuestFault::Trapped("unknown import")),
    }
}

fn returned(request: Request, address: u32) -> Asked {
    Asked {
        request,
        return_address: Some(address),
        size: 0,
    }
}

/// `list<question>`, of which each is two strings: 16 bytes.
fn lift_ask(raw: &RawImport, memory: GuestMemory<'_>) -> Result<Asked, GuestFault> {
    const WHAT: &str = "client.ask";
    const QUESTION_BYTES: u32 = 16;
    let (list, count) = (raw.word(0), raw.word(1));
    let too_large = |size: usize| GuestFault::ArgumentTooLarge {
        import: WHAT,
        size,
        limit: limits::QUESTION_BYTES_MAX,
    };
    if count as usize > limits::QUESTIONS_MAX {
        return Err(too_large(
            (count as usize).saturating_mul(QUESTION_BYTES as usize),
        ));
    }
    let mut questions = Vec::new();
    let mut size = 0;
    for index in 0..count {
        let address = list
            .checked_add(index * QUESTION_BYTES)
            .ok_or(GuestFault::BadPointer(WHAT))?;
        let record = memory.record::<16>(address, WHAT)?;
        let id = argument(memory, record.word(0)?, record.word(4)?, WHAT)?;
        let request = argument(memory, record.word(8)?, record.word(12)?, WHAT)?;
        size += id.len() + request.len();
        if size > limits::QUESTION_BYTES_MAX {
            return Err(too_large(size));
        }
        questions.push(Question {
            id: id.to_owned(),
            request: request.to_owned(),
        });
    }
    Ok(Asked {
        request: Request::Ask(questions),
        return_address: Some(raw.word(2)),
        size,
    })
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
pub(super) fn optional_text<'a>(
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
pub(super) fn argument<'a>(
    memory: GuestMemory<'a>,
    address: u32,
    len: u32,
    import: &'static str,
) -> Result<&'a str, GuestFault> {
    bounded(len, import)?;
    memory.text(address, len, import)
}

/// A `list<u8>`, likewise.
pub(super) fn bytes<'a>(
    memory: GuestMemory<'a>,
    address: u32,
    len: u32,
    import: &'static str,
) -> Result<&'a [u8], GuestFault> {
    bounded(len, import)?;
    memory.bytes(address, len, import)
}

fn bounded(len: u32, import: &'static str) -> Result<(), GuestFault> {
    let (size, limit) = (len as usize, limits::IMPORT_ARGUMENT_MAX);
    if size > limit {
        return Err(GuestFault::ArgumentTooLarge {
            import,
            size,
            limit,
        });
    }
    Ok(())
}
