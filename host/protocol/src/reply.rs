//! Answers: what a request's result or error looks like on the wire, in its era and its form.
//!
//! Everything is written by splicing JSON text; nothing big is parsed again. Knows no transport but
//! the status, the headers and the framing that MCP gives it.

use std::borrow::Cow;

use crate::answer::Answer;
use crate::capabilities::capabilities;
use crate::catalogue::{List, Offer, Page, legacy};
use crate::error::{MISSING_CLIENT_CAPABILITY, ProtocolError, Wire};
use crate::guest_result::{GuestResult, MetaEntry};
use crate::head::ReplyForm;
use crate::json::{Json, push_member, quoted};
use crate::message::Token;
use crate::version::{Era, Version};
use smcp_ids::LogLevel;

/// How long a client may take a list or a discovery for fresh, in milliseconds: a new release shows
/// within a minute.
const TTL_MILLIS: &str = "60000";
/// Lists are the same for all callers of a server, but only for them (2026-07-28,
/// server/utilities/caching, "Security Considerations": "public" would let a cache serve strangers).
const CACHE_SCOPE: &str = "\"private\"";

pub(crate) const SERVER_INFO_KEY: &str = "io.modelcontextprotocol/serverInfo";

/// What must be kept of a request until it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyTo {
    id: Box<str>,
    version: Version,
    form: ReplyForm,
    progress_token: Option<Box<str>>,
    log_level: Option<LogLevel>,
}

/// Who answers: name and version of the hosted server, written once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    json: Box<str>,
}

impl ServerInfo {
    /// Writes the identity of a server: its name for machines, its version, and its name for people
    /// and its icons if it has them (schema, `Implementation`).
    pub fn new(name: &str, version: &str, title: Option<&str>, icons: Option<Json<'_>>) -> Self {
        let mut json = String::from("{");
        push_member(&mut json, "name", &quoted(name));
        if let Some(title) = title {
            push_member(&mut json, "title", &quoted(title));
        }
        push_member(&mut json, "version", &quoted(version));
        if let Some(icons) = icons {
            push_member(&mut json, "icons", icons.text());
        }
        json.push('}');
        Self { json: json.into() }
    }

    /// The `_meta` of a modern result that has nothing else in its own.
    pub(crate) fn push_meta(&self, result: &mut String) {
        push_member(result, "_meta", "{");
        push_member(result, SERVER_INFO_KEY, &self.json);
        result.push('}');
    }

    fn meta_entry(&self) -> MetaEntry {
        MetaEntry {
            key: SERVER_INFO_KEY,
            json: self.json.to_string(),
        }
    }
}

impl ReplyTo {
    pub(crate) fn new(
        id: Token<'_>,
        version: Version,
        form: ReplyForm,
        progress_token: Option<Token<'_>>,
        log_level: Option<LogLevel>,
    ) -> Self {
        let progress_token = progress_token.map(|token| token.json().into());
        Self {
            id: id.json().into(),
            version,
            form,
            progress_token,
            log_level,
        }
    }

    /// The version to answer in.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The era of that version.
    pub fn era(&self) -> Era {
        self.version.era()
    }

    /// The request's id, as JSON text.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The form the client takes.
    pub fn form(&self) -> ReplyForm {
        self.form
    }

    /// The name for progress reports, as JSON text, if the client wants them.
    pub fn progress_token(&self) -> Option<&str> {
        self.progress_token.as_deref()
    }

    /// The same for one of several calls that answer the request together: each would count its progress
    /// from the beginning, and progress only goes up (2026-07-28, basic/patterns/progress, "Progress Flow").
    #[must_use]
    pub fn without_progress(&self) -> Self {
        Self {
            progress_token: None,
            ..self.clone()
        }
    }

    /// The least urgent log entry the client wants; None: none at all.
    pub fn log_level(&self) -> Option<LogLevel> {
        self.log_level
    }

    /// Whether the client can be asked something before its request is answered: it takes a stream.
    pub fn may_be_asked(&self) -> bool {
        self.form.may_stream()
    }

    /// Sets the least urgent log entry the client wants, where a session knows it: a legacy request
    /// does not say (2025-11-25, server/utilities/logging, "Setting Log Level").
    pub fn set_log_level(&mut self, level: Option<LogLevel>) {
        self.log_level = level;
    }

    /// The result of `server/discover` (2026-07-28, server/discover, "DiscoverResult").
    pub fn discover(&self, server: &ServerInfo, offer: &Offer<'_>) -> Answer {
        let mut result = String::from("{");
        push_member(&mut result, "resultType", "\"complete\"");
        push_member(&mut result, "supportedVersions", Version::LIST_JSON);
        push_member(
            &mut result,
            "capabilities",
            &capabilities(self.version, offer),
        );
        if let Some(instructions) = offer.instructions {
            push_member(&mut result, "instructions", instructions.text());
        }
        self.cacheable(server, TTL_MILLIS, result)
    }

    /// The result of `initialize` (2025-11-25, basic/lifecycle, "Initialization"). It begins a
    /// session, whose id goes with it in a header that is not known here (basic/transports, "Session
    /// Management", item 1).
    pub fn initialize(&self, server: &ServerInfo, offer: &Offer<'_>) -> Answer {
        let mut result = String::from("{");
        push_member(
            &mut result,
            "protocolVersion",
            &quoted(self.version.as_str()),
        );
        push_member(
            &mut result,
            "capabilities",
            &capabilities(self.version, offer),
        );
        push_member(&mut result, "serverInfo", &server.json);
        if let Some(instructions) = offer.instructions {
            push_member(&mut result, "instructions", instructions.text());
        }
        result.push('}');
        self.result(&result)
    }

    /// The result of `ping` (2025-11-25, basic/utilities/ping, "Behavior Requirements": empty).
    pub fn pong(&self) -> Answer {
        self.empty()
    }

    /// A result that says only that it was done (2025-11-25, schema, `EmptyResult`): of
    /// `logging/setLevel`, `resources/subscribe` and `resources/unsubscribe`.
    pub fn empty(&self) -> Answer {
        self.result("{}")
    }

    /// One page of a list (server/utilities/pagination, "Response Format").
    pub fn list(&self, server: &ServerInfo, page: &Page<'_>) -> Answer {
        let items = match (self.era(), page.list) {
            (Era::Legacy, List::Tools) => legacy::tools(self.version, page),
            _ => Cow::Borrowed(&*page.items),
        };
        let mut result = String::with_capacity(items.len() + 256);
        result.push('{');
        if self.era() == Era::Modern {
            push_member(&mut result, "resultType", "\"complete\"");
        }
        push_member(&mut result, page.list.member(), "[");
        result.push_str(&items);
        result.push(']');
        if let Some(next) = &page.next {
            push_member(&mut result, "nextCursor", &quoted(next));
        }
        let ttl = if page.is_made { "0" } else { TTL_MILLIS };
        self.cacheable(server, ttl, result)
    }

    /// No completions, of what a server proposes none for (server/utilities/completion, "Completion
    /// Results").
    pub fn no_completions(&self, server: &ServerInfo) -> Answer {
        let mut result = String::from("{");
        if self.era() == Era::Modern {
            push_member(&mut result, "resultType", "\"complete\"");
        }
        push_member(
            &mut result,
            "completion",
            r#"{"values":[],"hasMore":false}"#,
        );
        if self.era() == Era::Modern {
            push_member(&mut result, "_meta", "{");
            push_member(&mut result, SERVER_INFO_KEY, &server.json);
            result.push('}');
        }
        result.push('}');
        self.result(&result)
    }

    /// The result of a guest: its own, with the host's entries in its `_meta`; in the modern
    /// era the server's identity is one of them (2026-07-28, basic/index, "Per-response protocol
    /// fields").
    pub fn guest_result(
        &self,
        server: &ServerInfo,
        result: &GuestResult<'_>,
        mut entries: Vec<MetaEntry>,
    ) -> Answer {
        if self.era() == Era::Modern {
            entries.push(server.meta_entry());
        }
        self.result(&result.spliced(self.era(), &entries))
    }

    /// A tool's failure that the model is to read, when the guest was not even run (server/tools,
    /// "Error Handling").
    pub fn tool_error(&self, server: &ServerInfo, text: &str) -> Answer {
        let mut result = String::from("{");
        if self.era() == Era::Modern {
            push_member(&mut result, "resultType", "\"complete\"");
        }
        let content = format!("[{{\"type\":\"text\",\"text\":{}}}]", quoted(text));
        push_member(&mut result, "content", &content);
        push_member(&mut result, "isError", "true");
        if self.era() == Era::Modern {
            server.push_meta(&mut result);
        }
        result.push('}');
        self.result(&result)
    }

    /// Questions instead of a result: the client answers them and sends its request again, with what
    /// it is given to carry (2026-07-28, basic/patterns/mrtr, "InputRequiredResult").
    pub fn input_required<'q>(
        &self,
        server: &ServerInfo,
        questions: impl IntoIterator<Item = (&'q str, &'q str)>,
        state: &str,
    ) -> Answer {
        let mut result = String::from("{");
        push_member(&mut result, "resultType", "\"input_required\"");
        push_member(&mut result, "inputRequests", "{");
        for (id, request) in questions {
            push_member(&mut result, id, request);
        }
        result.push('}');
        push_member(&mut result, "requestState", &quoted(state));
        server.push_meta(&mut result);
        result.push('}');
        self.result(&result)
    }

    /// A protocol error.
    pub fn error(&self, error: &ProtocolError) -> Answer {
        self.wire(&error.wire(self.era()))
    }

    /// Any other error: of a guest, a host, a limit. Only the modern era has an error of a guest that
    /// goes with 400; a legacy client takes that for a failure of the transport, and never reads why.
    pub fn wire(&self, wire: &Wire) -> Answer {
        let mut answer = Answer::failed(&self.id, wire);
        if self.era() == Era::Legacy && wire.code == MISSING_CLIENT_CAPABILITY {
            answer = answer.with_status(200);
        }
        answer
    }

    /// Ends a result that clients may keep: in the modern era with how long and for whom (2026-07-28,
    /// server/utilities/caching, "Cacheable Results"), and the server's identity.
    fn cacheable(&self, server: &ServerInfo, ttl: &str, mut result: String) -> Answer {
        if self.era() == Era::Modern {
            push_member(&mut result, "ttlMs", ttl);
            push_member(&mut result, "cacheScope", CACHE_SCOPE);
            server.push_meta(&mut result);
        }
        result.push('}');
        self.result(&result)
    }

    /// basic/index, "Result Responses".
    pub(crate) fn result(&self, result: &str) -> Answer {
        Answer::result(&self.id, result)
    }
}
