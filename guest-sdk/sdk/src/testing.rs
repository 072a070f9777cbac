//! Calls the tools, prompts and resources of a server natively, in `cargo test`, without WebAssembly.
//!
//! The same code answers as in a module, JSON in and JSON out; only the host is another: a
//! recorder with a clock that moves when the tool sleeps, randomness from a seed, a log that the
//! test reads, storage that it reads and writes, and other hosts that answer what the test says. It checks no limits
//! but those of storage and of requests: fuel, memory and sizes are the host's.
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
use crate::context::{Caller, Context, LoggingLevel, Origin};
use crate::error::ProtocolError;
use crate::handler::{self, ServerHandler};
use crate::router::TaskSupport;

mod asks;
mod http;
mod kv;
mod outcome;
mod recorder;
mod task;

pub use crate::http::HttpFailure;
pub use asks::AskedQuestion;
pub use http::{HttpAnswer, SentRequest};
pub use outcome::{Outcome, PromptOutcome, ResourceOutcome};
pub(crate) use recorder::Recorder;

/// When the recorder's clock starts: 2026-01-01T00:00:00Z, in milliseconds.
pub const START_MILLIS: u64 = 1_767_225_600_000;
/// How many milliseconds a call may take, unless the test says otherwise.
const ALLOWED_MILLIS: u64 = 30_000;

/// A client of the server `S`. Each call meets a fresh server, as in production; log, clock,
/// randomness and what is stored go on from call to call.
#[derive(Debug)]
pub struct Client<S> {
    host: Rc<Recorder>,
    meta: JsonObject,
    server: PhantomData<S>,
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

/// An announcement of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// The resource at this URI has changed.
    ResourceUpdated(String),
    /// Resources came or went.
    ResourceListChanged,
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
            notifications: RefCell::default(),
            questions: RefCell::default(),
            answers: RefCell::default(),
            capabilities: RefCell::new(json!({
                "elicitation": { "form": {}, "url": {} },
                "sampling": { "tools": {} },
                "roots": {},
            })),
            now: Cell::new(START_MILLIS),
            slept: Cell::new(0),
            seed: Cell::new(0),
            caller: RefCell::new(caller),
            origin: RefCell::default(),
            allowed: Cell::new(ALLOWED_MILLIS),
            began: Cell::new(START_MILLIS),
            store: kv::Store::default(),
            web: http::Web::default(),
            settings: RefCell::default(),
            tasks: task::Tasks::default(),
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
        self.host.caller.replace(caller);
        self
    }

    /// Sets where the calls come from.
    #[must_use]
    pub fn with_origin(self, origin: Origin) -> Self {
        self.host.origin.replace(origin);
        self
    }

    /// Sets how many milliseconds a call may take; 30,000 else.
    #[must_use]
    pub fn with_time_millis(self, millis: u64) -> Self {
        self.host.allowed.set(millis);
        self
    }

    /// Gives the server a setting, as its admin would.
    #[must_use]
    pub fn with_setting(self, name: &str, value: Value) -> Self {
        let mut settings = self.host.settings.borrow_mut();
        settings.insert(name.to_owned(), value.to_string());
        drop(settings);
        self
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
        expect(tool, self.try_call(tool, arguments))
    }

    /// Calls a tool.
    ///
    /// # Errors
    ///
    /// The error of the protocol, such as for a tool that does not exist or for arguments that
    /// do not fit.
    pub fn try_call(&self, tool: &str, arguments: Value) -> Result<Outcome, ProtocolError> {
        let request = json!({ "name": tool, "arguments": arguments, "_meta": self.meta });
        let tools = S::tools();
        self.host.tasks.begin(tools.task_support(tool))?;
        let is_read_only = tools.is_read_only(tool);
        let result = self.run(handler::call_tool::<S>, &request, is_read_only)?;
        Ok(Outcome { result })
    }

    /// Reads a resource.
    ///
    /// # Panics
    ///
    /// When the answer is an error: for a test of that, there is
    /// [`try_read_resource`](Self::try_read_resource).
    #[track_caller]
    pub fn read_resource(&self, uri: &str) -> ResourceOutcome {
        expect(uri, self.try_read_resource(uri))
    }

    /// Reads a resource.
    ///
    /// # Errors
    ///
    /// The error of the protocol, such as for a resource that does not exist.
    pub fn try_read_resource(&self, uri: &str) -> Result<ResourceOutcome, ProtocolError> {
        let request = json!({ "uri": uri, "_meta": self.meta });
        let result = self.send(handler::read_resource::<S>, &request)?;
        Ok(ResourceOutcome { result })
    }

    /// Expands a prompt.
    ///
    /// # Panics
    ///
    /// When the answer is an error: for a test of that, there is
    /// [`try_get_prompt`](Self::try_get_prompt).
    #[track_caller]
    pub fn get_prompt(&self, prompt: &str, arguments: Value) -> PromptOutcome {
        expect(prompt, self.try_get_prompt(prompt, arguments))
    }

    /// Expands a prompt.
    ///
    /// # Errors
    ///
    /// The error of the protocol, such as for a prompt that does not exist.
    pub fn try_get_prompt(
        &self,
        prompt: &str,
        arguments: Value,
    ) -> Result<PromptOutcome, ProtocolError> {
        let request = json!({ "name": prompt, "arguments": arguments, "_meta": self.meta });
        let result = self.send(handler::get_prompt::<S>, &request)?;
        Ok(PromptOutcome { result })
    }

    /// What may complete an argument of a prompt.
    ///
    /// # Panics
    ///
    /// When the answer is an error: for a test of that, there is
    /// [`try_complete`](Self::try_complete), which completes a resource's variables too.
    #[track_caller]
    pub fn complete_prompt(&self, prompt: &str, argument: &str, value: &str) -> Vec<String> {
        let params = json!({
            "ref": { "type": "ref/prompt", "name": prompt },
            "argument": { "name": argument, "value": value },
        });
        let result = expect(prompt, self.try_complete(params));
        let values = result
            .get("completion")
            .and_then(|found| found.get("values"));
        let values = values.and_then(Value::as_array).into_iter().flatten();
        values
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// Sends `completion/complete`: its parameters and its result.
    ///
    /// # Errors
    ///
    /// The error of the protocol.
    pub fn try_complete(&self, params: Value) -> Result<JsonObject, ProtocolError> {
        self.send(handler::complete::<S>, &params)
    }

    /// The tools of the catalogue.
    pub fn list_tools(&self) -> Vec<Value> {
        self.list("tools")
    }

    /// The prompts of the catalogue.
    pub fn list_prompts(&self) -> Vec<Value> {
        self.list("prompts")
    }

    /// The resource templates of the catalogue.
    pub fn list_resource_templates(&self) -> Vec<Value> {
        self.list("resourceTemplates")
    }

    /// The resources: those of the catalogue, or of this moment where they come and go (the first
    /// page).
    ///
    /// # Panics
    ///
    /// When the server answers an error.
    #[track_caller]
    pub fn list_resources(&self) -> Vec<Value> {
        if !S::DYNAMIC_RESOURCES {
            return self.list("resources");
        }
        let result = self.try_list_resources(json!({}));
        take(&expect("resources/list", result), "resources")
    }

    /// Sends `resources/list` to a server whose resources come and go.
    ///
    /// # Errors
    ///
    /// The error of the protocol.
    pub fn try_list_resources(&self, params: Value) -> Result<JsonObject, ProtocolError> {
        self.send(handler::list_resources::<S>, &params)
    }

    fn list(&self, key: &str) -> Vec<Value> {
        take(&self.catalogue(), key)
    }

    /// The announcements that all calls so far have made.
    pub fn notifications(&self) -> Vec<Notification> {
        self.host.notifications.borrow().clone()
    }

    /// The catalogue: an object with `tools`, `prompts`, `resources`, `instructions`, ...
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
        Duration::from_millis(self.host.slept.get())
    }

    fn send(
        &self,
        function: fn(&str, &Context) -> Result<String, ProtocolError>,
        request: &Value,
    ) -> Result<JsonObject, ProtocolError> {
        self.host.tasks.begin(TaskSupport::Forbidden)?;
        self.run(function, request, false)
    }

    fn run(
        &self,
        function: fn(&str, &Context) -> Result<String, ProtocolError>,
        request: &Value,
        is_read_only: bool,
    ) -> Result<JsonObject, ProtocolError> {
        let context = Context::new(Rc::clone(&self.host));
        let _running = Running::start(&context);
        let transaction = self.host.store.begin(is_read_only);
        self.host.web.begin();
        self.host.began.set(self.host.now.get());
        let answer = function(&request.to_string(), &context)?;
        transaction.commit();
        Ok(object(&answer))
    }
}

impl<S: ServerHandler> Default for Client<S> {
    fn default() -> Self {
        Self::new()
    }
}

#[track_caller]
fn expect<T>(what: &str, answer: Result<T, ProtocolError>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => panic!("{what}: protocol error {}: {}", error.code, error.message),
    }
}

fn take(object: &JsonObject, key: &str) -> Vec<Value> {
    let items = object.get(key).and_then(Value::as_array);
    items.cloned().unwrap_or_default()
}

#[expect(clippy::expect_used, reason = "the SDK wrote the text itself")]
fn object(json: &str) -> JsonObject {
    serde_json::from_str(json).expect("the SDK answers with an object")
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
