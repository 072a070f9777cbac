//! What the host calls in a guest, and what it returns.

use smcp_capability::contract;

use super::memory::GuestMemory;
use crate::fault::GuestFault;

/// An export of the contract with its argument: a JSON text, as `wit/server.wit` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `describe`. It may use no import.
    Describe,
    /// `call-tool`.
    CallTool(String),
    /// `read-resource`.
    ReadResource(String),
    /// `get-prompt`.
    GetPrompt(String),
    /// `complete`.
    Complete(String),
    /// `list-resources`. Only of a module that exports it.
    ListResources(String),
}

impl Entry {
    /// The name of the core export.
    pub(crate) fn core_name(&self) -> String {
        let name = match self {
            Self::Describe => "describe",
            Self::CallTool(_) => "call-tool",
            Self::ReadResource(_) => "read-resource",
            Self::GetPrompt(_) => "get-prompt",
            Self::Complete(_) => "complete",
            Self::ListResources(_) => {
                return format!("{}#list-resources", contract::RESOURCE_LIST);
            }
        };
        format!("{}#{name}", contract::HANDLER)
    }

    pub(crate) fn argument(&self) -> Option<&str> {
        match self {
            Self::Describe => None,
            Self::CallTool(text)
            | Self::ReadResource(text)
            | Self::GetPrompt(text)
            | Self::Complete(text)
            | Self::ListResources(text) => Some(text),
        }
    }
}

/// A guest's refusal of a request: an error of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A JSON-RPC error code.
    pub code: i32,
    /// What to do.
    pub message: String,
    /// A JSON value, unchecked.
    pub data: Option<String>,
}

/// What an export returned: UTF-8, and nothing more is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A text, JSON if the guest keeps the contract.
    Text(String),
    /// An error of the protocol.
    Refused(Refusal),
}

/// Reads the return value of an export at `address`.
pub(crate) fn lift(
    entry: &Entry,
    address: u32,
    memory: GuestMemory<'_>,
    limit: usize,
) -> Result<Output, GuestFault> {
    let text = |address, len, what| {
        let size = len as usize;
        if size > limit {
            return Err(GuestFault::OutputTooLarge { size, limit });
        }
        memory.text(address, len, what).map(str::to_owned)
    };
    if *entry == Entry::Describe {
        let record = memory.record::<8>(address, "the result")?;
        return text(record.word(0)?, record.word(4)?, "the catalogue").map(Output::Text);
    }
    // `result<string, protocol-error>`: the tag, then the payload at the alignment of both.
    const WHAT: &str = "the result";
    match memory.record::<4>(address, WHAT)?.byte(0)? {
        0 => {
            let record = memory.record::<12>(address, WHAT)?;
            text(record.word(4)?, record.word(8)?, "the result").map(Output::Text)
        }
        1 => {
            let record = memory.record::<28>(address, WHAT)?;
            let data = match record.byte(16)? {
                0 => None,
                1 => Some(text(
                    record.word(20)?,
                    record.word(24)?,
                    "the error's data",
                )?),
                _ => return Err(GuestFault::BadDiscriminant("the error's data")),
            };
            let message = text(record.word(8)?, record.word(12)?, "the error's message")?;
            Ok(Output::Refused(Refusal {
                code: record.word(4)? as i32,
                message,
                data,
            }))
        }
        _ => Err(GuestFault::BadDiscriminant(WHAT)),
    }
}
