//! The host of a test: what it records, and what it answers.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::http::Web;
use super::kv::Store;
use super::task::Tasks;
use super::{AskedQuestion, LogEntry, Notification, Progress};
use crate::ask::{AskError, ClientCapabilities};
use crate::context::{Caller, Host, LoggingLevel, Origin, RANDOM_MAX, WireQuestion};
use crate::http::{HttpResponse, Unanswered, WireRequest};
use crate::kv::{Refused, Space};

/// The host of a test: it keeps what it is told, and answers the same every time.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(super) logs: RefCell<Vec<LogEntry>>,
    pub(super) progress: RefCell<Vec<Progress>>,
    pub(super) notifications: RefCell<Vec<Notification>>,
    pub(super) questions: RefCell<Vec<AskedQuestion>>,
    /// The answers that the test set: the method of the question, and the result.
    pub(super) answers: RefCell<Vec<(&'static str, Value)>>,
    pub(super) capabilities: RefCell<Value>,
    pub(super) now: Cell<u64>,
    /// In milliseconds.
    pub(super) slept: Cell<u64>,
    pub(super) seed: Cell<u64>,
    pub(super) caller: RefCell<Caller>,
    pub(super) origin: RefCell<Origin>,
    /// How many milliseconds a call may take, and when this one began.
    pub(super) allowed: Cell<u64>,
    pub(super) began: Cell<u64>,
    pub(super) store: Store,
    pub(super) web: Web,
    /// As JSON, by name.
    pub(super) settings: RefCell<BTreeMap<String, String>>,
    pub(super) tasks: Tasks,
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
        for clock in [&self.now, &self.slept] {
            clock.set(clock.get().saturating_add(u64::from(milliseconds)));
        }
    }

    fn who(&self) -> Caller {
        self.caller.borrow().clone()
    }

    fn origin(&self) -> Origin {
        self.origin.borrow().clone()
    }

    fn time_left(&self) -> u64 {
        let deadline = self.began.get().saturating_add(self.allowed.get());
        deadline.saturating_sub(self.now.get())
    }

    fn begin_task(&self) -> bool {
        self.tasks.ask()
    }

    fn ask(&self, questions: Vec<WireQuestion>) -> Result<Vec<String>, AskError> {
        let questions: Vec<_> = questions.iter().map(read).collect();
        for question in &questions {
            let same = |other: &&AskedQuestion| other.id == question.id;
            assert!(
                questions.iter().filter(same).count() == 1,
                "two questions that are asked together have the id `{}`",
                question.id
            );
            self.refuse_missing_capability(question)?;
        }
        self.questions
            .borrow_mut()
            .extend(questions.iter().cloned());
        Ok(questions
            .iter()
            .map(|question| self.answer(question))
            .collect())
    }

    fn capabilities(&self) -> String {
        self.capabilities.borrow().to_string()
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.settings.borrow().get(name).cloned()
    }

    fn kv_get(&self, space: Space, key: &str) -> Result<Option<Vec<u8>>, Refused> {
        self.get(space, key)
    }

    fn kv_set(
        &self,
        space: Space,
        key: &str,
        value: &[u8],
        ttl: Option<u32>,
    ) -> Result<(), Refused> {
        self.set(space, key, Some(value), ttl)
    }

    fn kv_delete(&self, space: Space, key: &str) -> Result<(), Refused> {
        self.set(space, key, None, None)
    }

    fn kv_swap(
        &self,
        space: Space,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
        ttl: Option<u32>,
    ) -> Result<bool, Refused> {
        self.swap(space, key, expected, value, ttl)
    }

    fn kv_keys(
        &self,
        space: Space,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, Refused> {
        Ok(self.keys(space, prefix, after, limit))
    }

    fn http_send(&self, request: WireRequest) -> Result<HttpResponse, Unanswered> {
        self.send_http(request)
    }

    fn resource_updated(&self, uri: &str) {
        let notification = Notification::ResourceUpdated(uri.to_owned());
        self.notifications.borrow_mut().push(notification);
    }

    fn resource_list_changed(&self) {
        self.notifications
            .borrow_mut()
            .push(Notification::ResourceListChanged);
    }
}

impl Recorder {
    /// As the host does: MCP 2026-07-28, basic, a missing capability is -32021.
    fn refuse_missing_capability(&self, question: &AskedQuestion) -> Result<(), AskError> {
        let client = ClientCapabilities::parse(&self.capabilities.borrow().to_string());
        let is_url = question.params.get("mode") == Some(&Value::from("url"));
        let has_tools = question.params.get("tools").is_some();
        let (is_there, required) = match question.method.as_str() {
            "elicitation/create" if is_url => (
                client.supports_url_elicitation(),
                json!({ "elicitation": { "url": {} } }),
            ),
            "elicitation/create" => (
                client.supports_elicitation(),
                json!({ "elicitation": { "form": {} } }),
            ),
            "sampling/createMessage" if has_tools => (
                client.supports_sampling_tools(),
                json!({ "sampling": { "tools": {} } }),
            ),
            "sampling/createMessage" => (client.supports_sampling(), json!({ "sampling": {} })),
            "roots/list" => (client.supports_roots(), json!({ "roots": {} })),
            method => panic!("there is no question `{method}`"),
        };
        if is_there {
            return Ok(());
        }
        Err(AskError {
            code: AskError::MISSING_CAPABILITY,
            message: "The client lacks a capability that this request needs".to_owned(),
            data: Some(json!({ "requiredCapabilities": required })),
        })
    }

    fn answer(&self, question: &AskedQuestion) -> String {
        let mut answers = self.answers.borrow_mut();
        let place = answers
            .iter()
            .position(|(method, _)| question.method == *method);
        let Some(place) = place else {
            panic!(
                "the server asked `{}` ({}), and the test has no answer left: set one with \
                 `client.answer_elicitation(...)`, `answer_sampling` or `answer_roots`",
                question.id, question.method
            );
        };
        answers.remove(place).1.to_string()
    }
}

#[expect(clippy::expect_used, reason = "the SDK wrote the text itself")]
fn read(question: &WireQuestion) -> AskedQuestion {
    let id = question.id.clone();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    assert!(
        (1..=64).contains(&id.len()) && id.bytes().all(allowed),
        "`{id}` cannot name a question: take 1 to 64 of the characters A-Z, a-z, 0-9, `_`, `-`, `.`"
    );
    let request: Value = serde_json::from_str(&question.request).expect("a request is an object");
    AskedQuestion {
        id,
        method: request["method"].as_str().unwrap_or_default().to_owned(),
        params: request["params"].clone(),
    }
}
