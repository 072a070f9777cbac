//! A recording: a tape with all else that its call depended on, and how it ended. It can be
//! replayed anywhere.

use serde::{Deserialize, Serialize};
use smcp_ids::{Fuel, ReleaseDigest};

use crate::Tape;

/// The version of the encoding, in its first four bytes with a mark.
pub const FORMAT: u8 = 4;
const MARK: [u8; 3] = *b"smt";

/// Everything that a call's result depends on, and the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
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
    /// The request, as the guest's `call-tool` was given it.
    pub request: String,
    /// The answers.
    pub tape: Tape,
    /// The result as it was printed: the tool's result object, or the error.
    pub result: String,
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
