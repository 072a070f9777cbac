//! Why the command failed, with a stable code for scripts and the status it exits with.
//!
//! The exit statuses are a promise: they are in the help text and in the documentation.

use std::io;
use std::path::{Path, PathBuf};

use smcp_ids::{Fuel, ReleaseDigest};
use smcp_package::PackageError;
use smcp_protocol::CatalogueError;
use smcp_sandbox::{Fault, LoadError};
use smcp_tape::RecordingError;
use smcp_tenant::audit::ChainError;
use smcp_tenant::receipt::ReceiptError;
use smcp_tenant::schemas::SettingSchemaError;

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// A file or directory cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Something is there already that must not be overwritten.
    #[error("{} is there already; choose another name, or remove it first", .0.display())]
    Exists(PathBuf),
    /// A file that should hold what a server keeps, and does not.
    #[error("{} does not hold what a server keeps; choose another file, or remove it", .0.display())]
    NotAStore(PathBuf),
    /// Standard output or input failed.
    #[error("standard input or output: {0}")]
    Stdio(io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// An argument is not what it should be, in a way that clap cannot see.
    #[error("{0}")]
    Argument(String),
    /// A key file or a public key cannot be used.
    #[error("{0}")]
    Key(String),
    /// A package that is to be signed has signatures.
    #[error("{} is signed already; give --add to add a signature, or --replace", .0.display())]
    AlreadySigned(PathBuf),
    /// A package is refused.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The engine does not take the module.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// `describe` of a module failed.
    #[error("describe failed: {0}")]
    Describe(Fault),
    /// The catalogue is not one that a host serves.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The schema of a setting cannot be checked against.
    #[error(transparent)]
    Setting(#[from] SettingSchemaError),
    /// `describe` did not return the catalogue of the manifest.
    #[error("the module does not describe itself as its manifest says: build and sign it again")]
    CatalogueDiffers,
    /// A program that the command runs is not there.
    #[error("{program} cannot be run: {source}; install Rust with rustup, or put it on the PATH")]
    Program {
        /// Which one.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// cargo ended with an error, which it has told already.
    #[error("cargo failed; what it says is above")]
    Cargo,
    /// cargo answered with something that is not as documented.
    #[error("cargo gave an answer that this version does not understand: {0}")]
    CargoAnswer(String),
    /// The crate cannot be built as a server.
    #[error("{0}")]
    Crate(String),
    /// The toolchain has no standard library for the target.
    #[error(
        "this Rust toolchain cannot build for wasm32-unknown-unknown; run `rustup target add wasm32-unknown-unknown`"
    )]
    NoTarget,
    /// The server has no such tool.
    #[error("the server has no tool {tool:?}; it has: {tools}")]
    NoTool {
        /// What was asked for.
        tool: String,
        /// What there is.
        tools: String,
    },
    /// A call of a tool ended without a result, or with one that says it failed.
    #[error("{0}")]
    Call(String),
    /// A file is not a recording.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A call cannot be recorded.
    #[error("not recorded: {0}")]
    NotRecorded(&'static str),
    /// The recording is of another module.
    #[error("the recording is of release {recorded}; the module is {given}")]
    ReplayRelease {
        /// The recording's.
        recorded: ReleaseDigest,
        /// The module's.
        given: ReleaseDigest,
    },
    /// The recording was made under another engine profile.
    #[error(
        "the recording was made under engine profile {recorded}; this version has {known}: replay it with the version that recorded it"
    )]
    ReplayProfile {
        /// The recording's.
        recorded: u32,
        /// This version's.
        known: u32,
    },
    /// The recording allows more than any host does.
    #[error("the recording allows its call more {0} than any host does: it is not from a host")]
    ReplayBounds(&'static str),
    /// The call asked for something that the tape does not have.
    #[error("the call goes another way than its tape: {0}")]
    ReplayDiverged(String),
    /// The replay gave another result.
    #[error("the result differs from byte {at} on: recorded {recorded} bytes, replayed {replayed}")]
    ReplayResult {
        /// The first byte that differs.
        at: usize,
        /// Bytes of the recorded result.
        recorded: usize,
        /// Bytes of the replayed result.
        replayed: usize,
    },
    /// The replay ended otherwise.
    #[error("the call ended otherwise: recorded {recorded}, replayed {replayed}")]
    ReplayEnd {
        /// The recorded end.
        recorded: String,
        /// The replay's.
        replayed: String,
    },
    /// A receipt is not of the recording.
    #[error("the receipt is not of this call: its {0} is another")]
    ReplayReceipt(&'static str),
    /// The replay used other fuel.
    #[error("the result is the same, but not the fuel: recorded {recorded}, replayed {replayed}")]
    ReplayFuel {
        /// The recording's.
        recorded: Fuel,
        /// The replay's.
        replayed: Fuel,
    },
    /// A shadow run came to something else than the recorded calls.
    #[error("{differ} of {of} calls come to something else with this release")]
    ShadowDiffers {
        /// How many.
        differ: usize,
        /// How many were compared.
        of: usize,
    },
    /// There is nothing to run a shadow on.
    #[error("there are no tapes of the live release; keep them for a while: smcp tape keep all")]
    ShadowEmpty,
    /// A file has no receipt in it.
    #[error("{} has no receipt; a call gets one if its `_meta` has \"smcp/receipt\": true", .0.display())]
    ReceiptMissing(PathBuf),
    /// A receipt is not believed.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// A receipt is of another release.
    #[error("the receipt is of release {receipt}; the module is {given}")]
    ReceiptModule {
        /// The receipt's.
        receipt: ReleaseDigest,
        /// The module's.
        given: ReleaseDigest,
    },
    /// A receipt is of another request.
    #[error("the receipt is not of the request in {}, byte by byte", .0.display())]
    ReceiptRequest(PathBuf),
    /// A receipt is of another result.
    #[error("the receipt is not of the result in {}, byte by byte", .0.display())]
    ReceiptResult(PathBuf),
    /// A record of what was done is not whole.
    #[error(transparent)]
    Audit(ChainError),
    /// No tape is kept that was asked for.
    #[error(
        "no such tape is kept: tapes are of calls that failed, the newest 20 of a server, for 7 days; `smcp tape list` shows them"
    )]
    NoTape,
    /// There was no answer from the host.
    #[error("{host} cannot be reached: {reason}; is it running, and is SMCP_HOST right?")]
    Unreachable {
        /// The base address.
        host: String,
        /// What the client says.
        reason: String,
    },
    /// The host refused the request.
    #[error("{message} ({code}, HTTP {status})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The host's code.
        code: String,
        /// The host's message.
        message: String,
        /// Of a release that is refused: for which findings.
        findings: Vec<serde_json::Value>,
    },
    /// The host answered with something that is not of the admin API.
    #[error("{host} answered with HTTP {status}, but not as an SMCP host does: {reason}")]
    NotAHost {
        /// The base address.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        reason: String,
    },
}

impl Failure {
    /// A file that cannot be read or written.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// A stable name of the kind of failure. A host's refusal has the host's own.
    pub fn code(&self) -> &str {
        match self {
            Self::File { .. } => "file",
            Self::Exists(_) => "exists",
            Self::NotAStore(_) => "not_a_store",
            Self::Stdio(_) => "stdio",
            Self::Random(_) => "random",
            Self::Argument(_) => "argument",
            Self::Key(_) => "key",
            Self::AlreadySigned(_) => "already_signed",
            Self::Package(error) => error.code(),
            Self::Load(error) => error.code(),
            Self::Describe(fault) => fault.code(),
            Self::Catalogue(error) => error.code(),
            Self::Setting(error) => error.code(),
            Self::CatalogueDiffers => "catalogue_mismatch",
            Self::Program { .. } => "program",
            Self::Cargo => "cargo",
            Self::CargoAnswer(_) => "cargo_answer",
            Self::Crate(_) => "crate",
            Self::NoTarget => "no_wasm_target",
            Self::NoTool { .. } => "no_tool",
            Self::Call(_) => "call_failed",
            Self::Recording(error) => error.code(),
            Self::NotRecorded(_) => "not_recorded",
            Self::ReplayRelease { .. } => "replay_release",
            Self::ReplayProfile { .. } => "replay_profile",
            Self::ReplayBounds(_) => "replay_bounds",
            Self::ReplayDiverged(_) => "replay_diverged",
            Self::ReplayResult { .. } => "replay_result",
            Self::ReplayFuel { .. } => "replay_fuel",
            Self::ReplayEnd { .. } => "replay_end",
            Self::ReplayReceipt(_) => "replay_receipt",
            Self::ShadowDiffers { .. } => "shadow_differs",
            Self::ShadowEmpty => "shadow_empty",
            Self::ReceiptMissing(_) => "receipt_missing",
            Self::Receipt(error) => error.code(),
            Self::ReceiptModule { .. } => "receipt_module",
            Self::ReceiptRequest(_) => "receipt_request",
            Self::ReceiptResult(_) => "receipt_result",
            Self::Audit(_) => "audit_broken",
            Self::NoTape => "no_tape",
            Self::Unreachable { .. } => "unreachable",
            Self::Refused { code, .. } => code,
            Self::NotAHost { .. } => "not_a_host",
        }
    }

    /// For which findings a release is refused, where it is that.
    pub(crate) fn findings(&self) -> &[serde_json::Value] {
        match self {
            Self::Refused { findings, .. } => findings,
            _ => &[],
        }
    }

    /// The status that the command exits with. 2 is wrong usage, as clap has it.
    pub fn exit(&self) -> u8 {
        match self {
            Self::Argument(_) => 2,
            Self::Unreachable { .. } | Self::NotAHost { .. } => 3,
            Self::Call(_) => 4,
            _ => 1,
        }
    }
}
