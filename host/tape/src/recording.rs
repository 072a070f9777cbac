//! A recording: a tape with all else that its call depended on, and how it ended. It can be
//! replayed anywhere.

use serde::{Deserialize, Serialize};
use smcp_ids::{CallId, Fuel, ReleaseDigest};

use crate::Tape;

/// The version of the encoding, in its first four bytes with a mark.
pub const FORMAT: u8 = 5;
const MARK: [u8; 3] = *b"smt";

/// Which export was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// `call-tool`.
    Tool,
    /// `get-prompt`.
    Prompt,
    /// `read-resource`.
    Resource,
    /// `complete`.
    Completion,
    /// `list-resources`.
    List,
}

impl Kind {
    /// The method of MCP that calls it.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Tool => "tools/call",
            Self::Prompt => "prompts/get",
            Self::Resource => "resources/read",
            Self::Completion => "completion/complete",
            Self::List => "resources/list",
        }
    }
}

/// How a call ended, as the sandbox saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It returned this text.
    Returned(String),
    /// It refused its request.
    Refused {
        /// A code of JSON-RPC.
        code: i32,
        /// What it said.
        message: String,
        /// What it said more.
        data: Option<String>,
    },
    /// It failed, or was ended.
    Fault {
        /// The kind of fault.
        code: String,
        /// What its client was told.
        message: String,
        /// Whether a clock or the state of a machine brought it about: then no replay comes to it, and
        /// what can be repeated is all that went before.
        from_outside: bool,
    },
}

impl End {
    /// The name of the end: `returned`, `refused`, or the code of the fault.
    pub fn name(&self) -> &str {
        match self {
            Self::Returned(_) => "returned",
            Self::Refused { .. } => "refused",
            Self::Fault { code, .. } => code,
        }
    }
}

/// Everything that a call's result depends on, and the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The call, where it has a name: one on a host has.
    pub call: Option<CallId>,
    /// The release that ran.
    pub release: ReleaseDigest,
    /// The engine profile that it ran under.
    pub profile: u32,
    /// The bounds: linear memory in bytes.
    pub memory: u64,
    /// The bounds: fuel.
    pub fuel: Fuel,
    /// The bounds: bytes of output.
    pub output: u64,
    /// What was called.
    pub kind: Kind,
    /// The request, as the guest was given it.
    pub request: String,
    /// The answers.
    pub tape: Tape,
    /// How it ended.
    pub end: End,
    /// The code of the error that its client was told, where that is not the end itself: the host did not
    /// take what the guest had returned.
    pub told: Option<String>,
    /// The fuel that it used.
    pub fuel_used: Fuel,
}

/// Why bytes are not a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// They do not begin as one.
    #[error("this is not a recording of a call")]
    NotARecording,
    /// They are one of another version.
    #[error("this recording has format {0}; this version reads format {FORMAT}")]
    Format(u8),
    /// They begin as one, and go on as none.
    #[error("this recording is damaged")]
    Damaged,
}

impl RecordingError {
    /// A stable name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotARecording => "recording_unknown",
            Self::Format(_) => "recording_format",
            Self::Damaged => "recording_damaged",
        }
    }
}

impl Recording {
    /// The bytes of the recording.
    ///
    /// # Errors
    ///
    /// If it cannot be encoded; it always can.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RecordingError> {
        let mut bytes = MARK.to_vec();
        bytes.push(FORMAT);
        postcard::to_extend(self, bytes).map_err(|_| RecordingError::Damaged)
    }

    /// Reads the bytes of a recording.
    ///
    /// # Errors
    ///
    /// If they are not one, or one of another version, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordingError> {
        let rest = bytes
            .strip_prefix(&MARK)
            .ok_or(RecordingError::NotARecording)?;
        let (format, rest) = rest.split_first().ok_or(RecordingError::Damaged)?;
        if *format != FORMAT {
            return Err(RecordingError::Format(*format));
        }
        match postcard::take_from_bytes(rest) {
            Ok((recording, [])) => Ok(recording),
            _ => Err(RecordingError::Damaged),
        }
    }
}
