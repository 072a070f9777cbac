//! Calls the tools of a server natively, in `cargo test`, without WebAssembly.
//!
//! The same code answers as in a module, JSON in and JSON out; only the host is another: a
//! recorder with a clock that moves when the tool sleeps, randomness from a seed, and a log that
//! the test reads. It checks no limits: fuel, memory and sizes are the host's.
//!
//! ```
//! use smcp_sdk::testing::Client;
//! # use smcp_sdk::{tool, tool_router};
//! # #[derive(Default)]
//! # struct Hello;
//! # #[tool_router(server_handler)]
//! # impl Hello {
//! #     /// Says hello.
//! #     #[tool]
//! #     fn greet(&self) -> &'static str { log::info!("greeting"); "Hello!" }
//! # }
//!
//! let client = Client::<Hello>::new();
//! assert_eq!(client.call("greet", serde_json::json!({})).text(), "Hello!");
//! assert_eq!(client.logs()[0].data, "greeting");
//! ```

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::content::JsonObject;
use crate::context::{Caller, Context, Host, LoggingLevel, RANDOM_MAX};
use crate::error::ProtocolError;
use crate::handler::{self, ServerHandler};

/// When the recorder's clock starts: 2026-01-01T00:00:00Z, in milliseconds.
pub const START_MILLIS: u64 = 1_767_225_600_000;

/// A client of the server `S`. Each call meets a fresh server, as in production; log, clock and
/// randomness go on from call to call.
#[derive(Debug)]
pub struct Client<S> {
    host: Rc<Recorder>,
    meta: JsonObject,
    server: PhantomData<S>,
}

/// What `tools/call` answered with, when it was not an error of the protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    result: JsonObject,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// How urgent it is.
    pub level: LoggingLevel,
    /// Who logged it: for the macros of `log`, the module's path.
    pub logger: Option<String>,
    /// What was logged.
    pub data: Value,
}

/// One notification of progress.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// How far the call has come.
    pub progress: f64,
    /// How far it has to go.
    pub total: Option<f64>,
    /// What it is doing.
    pub message: Option<String>,
}

impl<S: ServerHandler> Client<S> {
    /// A client, called `test` in all that a caller has.
    pub fn new() -> Self {
        crate::logging::install();
        let caller = Caller {
            tenant: "test".to_owned(),
            server: "test".to_owned(),
            principal: "test".to_owned(),
            scopes: Vec::new(),
        };
        let host = Recorder {
            logs: RefCell::default(),
            progress: RefCell::default(),
            now: Cell::new(START_MILLIS),
            seed: Cell::new(0),
            caller,
        };
        Self {
            host: Rc::new(host),
            meta: JsonObject::new(),
            server: PhantomData,
        }
    }

    /// Sets who is calling.
    #[must_use]
    pub fn with_caller(self, caller: Caller) -> Self {
        let host = Recorder {
            caller,
            ..Recorder::clone(&self.host)
        };
        Self {
            host: Rc::new(host),
            ..self
        }
    }

    /// Sets the seed of the randomness.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        self.host.seed.set(seed);
        self
    }

    /// Sets the time of the next call, in milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn with_now_millis(self, millis: u64) -> Self {
        self.host.now.set(millis);
        self
    }

    /// Sets the `_meta` of the requests.
    #[must_use]
    pub fn with_meta(self, meta: JsonObject) -> Self {
        Self { meta, ..self }
    }

    /// Calls a tool.
    ///
    /// # Panics
    ///
    /// When the answer is an error of the protocol: for a test of that, there is
    /// [`try_call`](Self::try_call). When the tool panics.
    #[track_caller]
    pub fn call(&self, tool: &str, arguments: Value) -> Outcome {
        match self.try_call(tool, arguments) {
            Ok(outcome) => outcome,
            Err(error) => panic!("{tool}: protocol error {}: {}", error.code, error.message),
        }
    }

    /// Calls a tool.
    ///
    /// # Errors
    ///
    /// The error of the protocol, such as for a tool that does not exist or for arguments that
    /// do not fit.
    pub fn try_call(&self, tool: &str, arguments: Value) -> Result<Outcome, ProtocolError> {
        let request = json!({ "name": tool, "arguments": arguments, "_meta": self.meta });
        let answer = self.run(|context| handler::call_tool::<S>(&request.to_string(), context))?;
        Ok(Outcome {
            result: object(&answer),
        })
    }

    /// Sends `resources/read`.
    ///
    /// # Errors
    ///
    /// The error of the protocol.
    pub fn try_read_resource(&self, params: Value) -> Result<JsonObject, ProtocolError> {
        self.run(|context| handler::read_resource::<S>(&params.to_string(), context))
            .map(|answer| object(&answer))
    }

    /// Sends `prompts/get`.
    ///
    /// # Errors
    ///
    /// The error of the protocol.
    pub fn try_get_prompt(&self, params: Value) -> Result<JsonObject, ProtocolError> {
        self.run(|context| handler::get_prompt::<S>(&params.to_string(), context))
            .map(|answer| object(&answer))
    }

    /// Sends `completion/complete`.
    ///
    /// # Errors
    ///
    /// The error of the protocol.
    pub fn try_complete(&self, params: Value) -> Result<JsonObject, ProtocolError> {
        self.run(|context| handler::complete::<S>(&params.to_string(), context))
            .map(|answer| object(&answer))
    }

    /// The catalogue: an object with `tools` and `instructions`.
    ///
    /// # Panics
    ///
    /// When the author made a mistake that only shows here; the message names the mend.
    pub fn catalogue(&self) -> JsonObject {
        object(&handler::describe::<S>())
    }

    /// The entries that all calls so far have logged.
    pub fn logs(&self) -> Vec<LogEntry> {
        self.host.logs.borrow().clone()
    }

    /// The progress that all calls so far have told.
    pub fn progress(&self) -> Vec<Progress> {
        self.host.progress.borrow().clone()
    }

    /// How long all calls so far have slept.
    pub fn slept(&self) -> Duration {
        Duration::from_millis(self.host.now.get().saturating_sub(START_MILLIS))
    }

    fn run<T>(&self, work: impl FnOnce(&Context) -> T) -> T {
        let context = Context::new(Rc::clone(&self.host));
        let _running = Running::start(&context);
        work(&context)
    }
}

impl<S: ServerHandler> Default for Client<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl Outcome {
    /// The text of all text blocks, a line each.
    pub fn text(&self) -> String {
        let blocks = self.result.get("content").and_then(Value::as_array);
        let texts = blocks
            .into_iter()
            .flatten()
            .filter_map(|block| block.get("text")?.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The structured content; `null` when there is none.
    pub fn structured(&self) -> &Value {
        self.result.get("structuredContent").unwrap_or(&Value::Null)
    }

    /// Whether the tool failed.
    pub fn is_error(&self) -> bool {
        self.result.get("isError") == Some(&Value::Bool(true))
    }

    /// The result object of `tools/call`, as the client gets it.
    pub fn result(&self) -> &JsonObject {
        &self.result
    }
}

#[expect(clippy::expect_used, reason = "the SDK wrote the text itself")]
fn object(json: &str) -> JsonObject {
    serde_json::from_str(json).expect("the SDK answers with an object")
}

/// The host of a test: it keeps what it is told, and answers the same every time.
#[derive(Debug, Clone)]
pub struct Recorder {
    logs: RefCell<Vec<LogEntry>>,
    progress: RefCell<Vec<Progress>>,
    now: Cell<u64>,
    seed: Cell<u64>,
    caller: Caller,
}

impl Host for Recorder {
    fn log(&self, level: LoggingLevel, logger: Option<&str>, data: &str) {
        let logger = logger.map(str::to_owned);
        // Text that is not JSON is logged as a JSON string: the contract, `log`.
        let data = serde_json::from_str(data).unwrap_or_else(|_| Value::from(data));
        self.logs.borrow_mut().push(LogEntry {
            level,
            logger,
            data,
        });
    }

    fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        let message = message.map(str::to_owned);
        self.progress.borrow_mut().push(Progress {
            progress,
            total,
            message,
        });
    }

    fn now(&self) -> u64 {
        self.now.get()
    }

    /// SplitMix64: not random at all, but it looks so.
    fn random(&self, length: u32) -> Vec<u8> {
        assert!(
            length <= RANDOM_MAX,
            "the host gives {RANDOM_MAX} random bytes at a time"
        );
        let word = || {
            self.seed
                .set(self.seed.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mut word = self.seed.get();
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (word ^ (word >> 31)).to_le_bytes()
        };
        std::iter::repeat_with(word)
            .flatten()
            .take(length as usize)
            .collect()
    }

    fn sleep(&self, milliseconds: u32) {
        self.now
            .set(self.now.get().saturating_add(u64::from(milliseconds)));
    }

    fn who(&self) -> Caller {
        self.caller.clone()
    }
}

thread_local! {
    /// The calls that run on this thread, the innermost last.
    static RUNNING: RefCell<Vec<Context>> = const { RefCell::new(Vec::new()) };
}

/// Lets the macros of `log` find the call that runs on this thread, until it is dropped.
struct Running;

impl Running {
    fn start(context: &Context) -> Self {
        RUNNING.with_borrow_mut(|running| running.push(context.clone()));
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.with_borrow_mut(Vec::pop);
    }
}

/// Hands the context of the innermost call on this thread to `write`, if one runs.
pub(crate) fn with_current(write: impl FnOnce(&Context)) {
    let current = RUNNING.with_borrow(|running| running.last().cloned());
    if let Some(context) = current {
        write(&context);
    }
}
