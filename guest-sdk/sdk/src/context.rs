//! The handle through which a tool asks its host: log, progress, time, randomness, waiting,
//! who is calling, storage, requests to other hosts, questions to the client, announcements. What answers is the host in a
//! module, and a recorder in `cargo test`.
//!
//! The choice is made by the target and not by a trait object: a trait object would import every
//! function of the contract into every module, and an import is what an admin reads.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::ask::{
    AskError, ClientCapabilities, CreateMessageRequestParams, CreateMessageResult, Elicit,
    ElicitUrl, Elicited, ListRoots, Questions, Root, one,
};
use crate::http::{Http, HttpResponse, Unanswered, WireRequest};
use crate::kv::{Kv, Refused, Space};
use crate::parameters::Arguments;

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::boundary::Guest as Backing;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) type Backing = std::rc::Rc<crate::testing::Recorder>;

/// The most bytes that the contract gives at a time.
pub(crate) const RANDOM_MAX: u32 = 65_536;
/// The longest wait of the contract, in milliseconds.
pub(crate) const SLEEP_MAX_MILLIS: u32 = 30_000;

/// How urgent a log entry is: the levels of MCP, which are those of syslog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoggingLevel {
    /// What helps to find a fault.
    Debug,
    /// What happens.
    Info,
    /// What happens and is worth a look.
    Notice,
    /// What may become a fault.
    Warning,
    /// What failed.
    Error,
    /// What failed and takes more with it.
    Critical,
    /// What someone must mend now.
    Alert,
    /// Nothing works.
    Emergency,
}

/// Who is calling, as the host proved it. Nothing in it is the client's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant this server belongs to.
    pub tenant: String,
    /// The name of the server.
    pub server: String,
    /// The principal: the same text each time the same key or grant of the tenant calls.
    pub principal: String,
    /// What the principal may do.
    pub scopes: Vec<String>,
}

/// Where a call comes from, as its client says: nothing in it is proven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The name of the client's software.
    pub client: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// What trace the call is a part of: `traceparent` of W3C Trace Context, to be passed on.
    pub trace_parent: Option<String>,
    /// `tracestate` of W3C Trace Context.
    pub trace_state: Option<String>,
}

/// One question, as the contract has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WireQuestion {
    /// What names it among those that are asked together.
    pub(crate) id: String,
    /// A JSON object with `method` and `params`.
    pub(crate) request: String,
}

/// What a call may ask of whatever runs it. The functions are those of the contract.
pub(crate) trait Host {
    fn log(&self, level: LoggingLevel, logger: Option<&str>, data: &str);
    fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>);
    fn now(&self) -> u64;
    fn random(&self, length: u32) -> Vec<u8>;
    fn sleep(&self, milliseconds: u32);
    fn who(&self) -> Caller;
    fn origin(&self) -> Origin;
    fn time_left(&self) -> u64;
    fn begin_task(&self) -> bool;
    fn ask(&self, questions: Vec<WireQuestion>) -> Result<Vec<String>, AskError>;
    fn capabilities(&self) -> String;
    fn setting(&self, name: &str) -> Option<String>;
    fn kv_get(&self, space: Space, key: &str) -> Result<Option<Vec<u8>>, Refused>;
    fn kv_set(
        &self,
        space: Space,
        key: &str,
        value: &[u8],
        ttl: Option<u32>,
    ) -> Result<(), Refused>;
    fn kv_delete(&self, space: Space, key: &str) -> Result<(), Refused>;
    fn kv_swap(
        &self,
        space: Space,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
        ttl: Option<u32>,
    ) -> Result<bool, Refused>;
    fn kv_keys(
        &self,
        space: Space,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, Refused>;
    fn http_send(&self, request: WireRequest) -> Result<HttpResponse, Unanswered>;
    fn resource_updated(&self, uri: &str);
    fn resource_list_changed(&self);
}

/// The call's handle to its host. Take it as an argument of a tool, as `Context` or `&Context`.
#[derive(Clone)]
pub struct Context {
    host: Backing,
}

impl Context {
    pub(crate) fn new(host: Backing) -> Self {
        Self { host }
    }

    /// Writes to the log of this call. `data` becomes JSON: a text, or anything that serializes.
    /// A client that asked for this level or a lower one is sent it. The entries of a call total
    /// at most 64 KiB; the host drops what is over.
    pub fn log(&self, level: LoggingLevel, data: impl Serialize) {
        self.write(level, None, &data);
    }

    /// Like [`log`](Self::log), under the name of a logger.
    pub fn log_as(&self, level: LoggingLevel, logger: &str, data: impl Serialize) {
        self.write(level, Some(logger), &data);
    }

    fn write(&self, level: LoggingLevel, logger: Option<&str>, data: &impl Serialize) {
        match serde_json::to_string(data) {
            Ok(json) => self.host.log(level, logger, &json),
            Err(error) => {
                self.host.log(
                    level,
                    logger,
                    &format!("(log data that is not JSON: {error})"),
                );
            }
        }
    }

    /// Tells the client how far the call has come, if it asked to be told. `progress` must grow
    /// from one call to the next.
    pub fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        self.host.progress(progress, total, message);
    }

    /// The time of the call; use it instead of `SystemTime::now()`, which panics in a module. It
    /// stands still while the tool computes and moves when the host has answered something that
    /// takes time, such as [`sleep`](Self::sleep).
    pub fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.now_millis())
    }

    /// The time of the call in milliseconds since 1970-01-01T00:00:00Z.
    pub fn now_millis(&self) -> u64 {
        self.host.now()
    }

    /// Random bytes in an array, fit for keys and nonces.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill_random(&mut bytes);
        bytes
    }

    /// Random bytes in a vector, fit for keys and nonces.
    pub fn random_bytes(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill_random(&mut bytes);
        bytes
    }

    /// The contract gives so many bytes at a time: more are asked for in several portions.
    fn fill_random(&self, bytes: &mut [u8]) {
        for portion in bytes.chunks_mut(RANDOM_MAX as usize) {
            // A portion is at most RANDOM_MAX long.
            portion.copy_from_slice(&self.host.random(portion.len() as u32));
        }
    }

    /// Waits, without using up the call's fuel, but counting towards its deadline. Parts of a
    /// millisecond count as a whole one.
    pub fn sleep(&self, duration: Duration) {
        let mut left = duration.as_nanos().div_ceil(1_000_000);
        while left > 0 {
            let portion = left.min(u128::from(SLEEP_MAX_MILLIS));
            self.host.sleep(portion as u32);
            left -= portion;
        }
    }

    /// Who is calling.
    pub fn caller(&self) -> Caller {
        self.host.who()
    }

    /// Where the call comes from: the client's software and the trace that the call is a part of.
    pub fn origin(&self) -> Origin {
        self.host.origin()
    }

    /// How much time is left before the host ends the call. Waiting for the client or a person does not
    /// count, but in a task, which may take a day.
    pub fn time_left(&self) -> Duration {
        Duration::from_millis(self.host.time_left())
    }

    /// Lets the call go on without its client from here on, as a task: the client is answered at once that
    /// the call is one, and asks for the result when it likes. Says whether the call is a task now.
    ///
    /// For what takes longer than a client waits: many requests to other hosts, waiting, a question that a
    /// person answers tomorrow. The tool says beforehand that it may, with `#[tool(task = "optional")]`, or
    /// that it must, with `#[tool(task = "required")]`. Without that, and for a client that takes no
    /// tasks, the answer is `false`, and the call goes on as any other.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use smcp_sdk::{Context, tool, tool_router};
    /// # #[derive(Default)]
    /// # struct Builds;
    /// # #[tool_router(server_handler)]
    /// # impl Builds {
    /// /// Builds the project, which takes a while.
    /// #[tool(task = "optional")]
    /// fn build(&self, ctx: &Context) -> &'static str {
    ///     // What is wrong with the arguments is said before this line: at once, not by a task.
    ///     ctx.begin_task();
    ///     for step in 1..=20 {
    ///         ctx.sleep(Duration::from_secs(1));
    ///         ctx.progress(step.into(), Some(20.0), Some("building"));
    ///     }
    ///     "built"
    /// }
    /// # }
    /// ```
    ///
    /// Nothing else is different. A call that was interrupted with its host is run anew from its beginning,
    /// with the same answers to all it asked before, and comes to where it was. What it stores becomes
    /// visible when it returns. What it asks the client after this line waits in the task; what it asks
    /// before is asked as ever, and the task begins when that is answered. Asking again changes nothing.
    pub fn begin_task(&self) -> bool {
        self.host.begin_task()
    }

    /// What the server stores for all its callers: counters, caches, what they share.
    ///
    /// ```
    /// # use smcp_sdk::{Context, KvError};
    /// # fn counts(ctx: &Context) -> Result<u64, KvError> {
    /// let calls = ctx.kv().get_json::<u64>("calls")?.unwrap_or_default() + 1;
    /// ctx.kv().set_json("calls", &calls)?;
    /// # Ok(calls)
    /// # }
    /// ```
    pub fn kv(&self) -> Kv<'_> {
        Kv::new(&self.host, Space::Server)
    }

    /// What the server stores for this [caller](Self::caller) alone: no other caller's call can reach
    /// it.
    pub fn caller_kv(&self) -> Kv<'_> {
        Kv::new(&self.host, Space::Caller)
    }

    /// Sends requests to other hosts: those that the admin granted this server.
    ///
    /// ```
    /// # use smcp_sdk::{Context, HttpError};
    /// # fn stars(ctx: &Context) -> Result<u64, HttpError> {
    /// #[derive(serde::Deserialize)]
    /// struct Repository {
    ///     stargazers_count: u64,
    /// }
    ///
    /// let request = ctx.http().get("https://api.github.com/repos/rust-lang/rust");
    /// let request = request.header("user-agent", "stars").bearer_secret("GITHUB_TOKEN");
    /// let repository: Repository = request.send()?.error_for_status()?.json()?;
    /// # Ok(repository.stargazers_count)
    /// # }
    /// ```
    pub fn http(&self) -> Http<'_> {
        Http::new(&self.host)
    }

    /// Asks the user to fill in a form, whose fields are those of `T`, and waits for the answer:
    /// `ctx.elicit::<Login>("Who are you?")?`, or with an [`Elicit`] for more than the text.
    ///
    /// `T` is a flat struct of texts, numbers, booleans, enums of texts, and lists of such enums;
    /// the doc comments of its fields describe them. Never ask for a secret in this way: that is
    /// what [`elicit_url`](Self::elicit_url) is for.
    ///
    /// For each answer the call runs again from its beginning, and the fuel of all its runs is limited
    /// to three times that of one. So ask first and compute after, and put questions that belong
    /// together into one [`ask`](Self::ask).
    ///
    /// # Errors
    ///
    /// When the client has no forms (-32021), when `T` is not fit for one, and when the answer
    /// is not what was asked for. That the user declines or cancels is an answer.
    pub fn elicit<T: Arguments>(
        &self,
        question: impl Into<Elicit<T>>,
    ) -> Result<Elicited<T>, AskError> {
        one(self, question.into())
    }

    /// Asks the user to open a page, for what the client must not see, such as keys and payments.
    /// An answer that accepts says that the user agreed to go there, not that they are done.
    ///
    /// # Errors
    ///
    /// When the client opens no pages (-32021).
    pub fn elicit_url(
        &self,
        message: impl Into<String>,
        url: impl Into<String>,
    ) -> Result<Elicited<()>, AskError> {
        one(self, ElicitUrl::new(message, url))
    }

    /// Asks the client's model to write a message: `ctx.sample("Write a poem.")?`, or with
    /// [`CreateMessageRequestParams`] for more than one text.
    ///
    /// # Errors
    ///
    /// When the client lends no model (-32021), or no tools to it where the question has some.
    pub fn sample(
        &self,
        question: impl Into<CreateMessageRequestParams>,
    ) -> Result<CreateMessageResult, AskError> {
        one(self, question.into())
    }

    /// Asks the client for the directories and files that it lends to servers.
    ///
    /// # Errors
    ///
    /// When the client has none to lend (-32021).
    pub fn list_roots(&self) -> Result<Vec<Root>, AskError> {
        one(self, ListRoots::new())
    }

    /// Asks several questions together, so that the client is asked once: a tuple of up to six
    /// questions of any sorts, or a `Vec` of one sort. The answers have the same shape. A question
    /// without an id of its own is `q1`, `q2`, ... by its place.
    ///
    /// ```
    /// # use smcp_sdk::{AskError, Context, Elicit, Elicited, ListRoots};
    /// # #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// # struct Name { name: String }
    /// # fn asks(ctx: &Context) -> Result<(), AskError> {
    /// let name = Elicit::<Name>::new("Who are you?").id("user_name");
    /// let (name, roots) = ctx.ask((name, ListRoots::new()))?;
    /// if let Elicited::Accept(Name { name }) = name {
    ///     log::info!("{name} lends {} roots", roots.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the questions: if one cannot be asked, none is.
    pub fn ask<Q: Questions>(&self, questions: Q) -> Result<Q::Answers, AskError> {
        questions.ask(self)
    }

    pub(crate) fn ask_host(&self, questions: Vec<WireQuestion>) -> Result<Vec<String>, AskError> {
        self.host.ask(questions)
    }

    /// What the client can do, as it declared it.
    pub fn client_capabilities(&self) -> ClientCapabilities {
        ClientCapabilities::parse(&self.host.capabilities())
    }

    pub(crate) fn setting_json(&self, name: &str) -> Option<String> {
        self.host.setting(name)
    }

    /// Tells the clients that subscribed to the resource at `uri` that it has changed.
    pub fn notify_resource_updated(&self, uri: impl AsRef<str>) {
        self.host.resource_updated(uri.as_ref());
    }

    /// Tells the clients that resources came or went: for servers with a list of resources that
    /// changes, see [`ServerHandler::list_resources`](crate::ServerHandler::list_resources).
    pub fn notify_resource_list_changed(&self) {
        self.host.resource_list_changed();
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Context")
    }
}

#[cfg(test)]
mod tests {
    use smcp_ids::limits;

    use super::*;

    #[test]
    fn the_portions_are_those_that_the_host_allows() {
        assert_eq!(RANDOM_MAX, limits::RANDOM_MAX);
        assert_eq!(SLEEP_MAX_MILLIS, limits::SLEEP_MAX_MILLIS);
    }
}
