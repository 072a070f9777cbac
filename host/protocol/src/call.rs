//! A POST to the MCP endpoint as a call: which era it belongs to, whether its headers and its body
//! say the same, and what it asks.
//!
//! The only way to a [`Request`] is [`Call::read`], which checks everything that can be checked
//! without a catalogue. It knows nothing of tenants, tools or who is calling.

use std::borrow::Cow;

use crate::answer::Refusal;
use crate::catalogue::List;
use crate::error::ProtocolError;
use crate::guest_call::{self, GuestCall, Target};
use crate::head::{self, Head, ReplyForm};
use crate::json::{Json, Kind};
use crate::listen::{LISTEN_METHOD, Listen};
use crate::message::{Frame, Malformed, Message, Token};
use crate::meta::{Meta, VERSION_KEY};
use crate::reply::ReplyTo;
use crate::response::Response;
use crate::task::{LegacyTaskCall, TaskAsk, TaskCall};
use crate::version::{Era, Version};
use smcp_ids::LogLevel;
use smcp_ids::limits::SUBSCRIPTION_URI_MAX;

/// What came in a POST.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one lives at a time, and almost always the large one; smaller on wasm"
)]
pub enum Call<'a> {
    /// Something to answer.
    Request(Request<'a>),
    /// Something to take note of: 202 and no body.
    Notification(Notification<'a>),
    /// The answer to something that was asked in a session: 202 and no body too.
    Response(Response<'a>),
}

/// A request whose headers, version and parameters are in order.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    reply_to: ReplyTo,
    meta: Meta<'a>,
    method: Method<'a>,
}

/// What a request asks.
#[derive(Clone, Debug)]
pub enum Method<'a> {
    /// `server/discover`: who the server is and what it can do; modern only.
    Discover,
    /// `initialize`: the same in the legacy era.
    Initialize(Initialize<'a>),
    /// `ping`: whether the server is there; legacy only.
    Ping,
    /// `tools/list`, `resources/list`, `resources/templates/list` or `prompts/list`.
    List {
        /// Which list.
        list: List,
        /// Where to go on, as an earlier page said.
        cursor: Option<Cow<'a, str>>,
    },
    /// `tools/call`, `prompts/get`, `resources/read` or `completion/complete`.
    Guest(GuestCall<'a>),
    /// `subscriptions/listen`; modern only.
    Listen(Listen<'a>),
    /// `tasks/get`, `tasks/update` or `tasks/cancel`; modern only.
    Task(TaskCall<'a>),
    /// `tasks/get`, `tasks/result`, `tasks/cancel` or `tasks/list`; of 2025-11-25 only.
    LegacyTask(LegacyTaskCall<'a>),
    /// `logging/setLevel`: the least urgent log entry that a session is sent; legacy only.
    SetLevel(LogLevel),
    /// `resources/subscribe`: a session is to be told when the resource of that URI is another;
    /// legacy only.
    Subscribe(Cow<'a, str>),
    /// `resources/unsubscribe`: no more; legacy only.
    Unsubscribe(Cow<'a, str>),
}

/// The parameters of `initialize`.
#[derive(Clone, Debug)]
pub struct Initialize<'a> {
    /// The version the client asked for; the one it gets is the request's own.
    pub asked: Cow<'a, str>,
    /// What the client can do, an object, if it said so.
    pub client_capabilities: Option<Json<'a>>,
    /// Who the client says it is.
    pub client_info: Option<Json<'a>>,
}

/// A notification from a client.
#[derive(Clone, Debug)]
pub enum Notification<'a> {
    /// `notifications/initialized`: the legacy handshake is over.
    Initialized,
    /// `notifications/cancelled`: the client wants no answer to an earlier request. In the modern
    /// era closing the stream says so instead.
    Cancelled {
        /// The id of that request, if it is one.
        request: Option<Token<'a>>,
    },
    /// Any other: taken and passed over.
    Other,
}

/// The parameters that any method here looks at.
#[derive(Clone, Copy, Default)]
pub(crate) struct Params<'a> {
    pub(crate) meta: Option<Json<'a>>,
    pub(crate) name: Option<Json<'a>>,
    pub(crate) uri: Option<Json<'a>>,
    pub(crate) arguments: Option<Json<'a>>,
    pub(crate) input_responses: Option<Json<'a>>,
    pub(crate) request_state: Option<Json<'a>>,
    pub(crate) reference: Option<Json<'a>>,
    pub(crate) argument: Option<Json<'a>>,
    pub(crate) context: Option<Json<'a>>,
    pub(crate) notifications: Option<Json<'a>>,
    pub(crate) task_id: Option<Json<'a>>,
    pub(crate) task: Option<Json<'a>>,
    level: Option<Json<'a>>,
    cursor: Option<Json<'a>>,
    version: Option<Json<'a>>,
    capabilities: Option<Json<'a>>,
    client_info: Option<Json<'a>>,
    request_id: Option<Json<'a>>,
}

impl<'a> Params<'a> {
    pub(crate) fn read(params: Option<Json<'a>>) -> Self {
        let mut read = Self::default();
        for (name, value) in params.into_iter().flat_map(Json::members) {
            let place = match &*name {
                "_meta" => &mut read.meta,
                "name" => &mut read.name,
                "uri" => &mut read.uri,
                "arguments" => &mut read.arguments,
                "inputResponses" => &mut read.input_responses,
                "requestState" => &mut read.request_state,
                "ref" => &mut read.reference,
                "argument" => &mut read.argument,
                "context" => &mut read.context,
                "notifications" => &mut read.notifications,
                "taskId" => &mut read.task_id,
                "task" => &mut read.task,
                "level" => &mut read.level,
                "cursor" => &mut read.cursor,
                "protocolVersion" => &mut read.version,
                "capabilities" => &mut read.capabilities,
                "clientInfo" => &mut read.client_info,
                "requestId" => &mut read.request_id,
                _ => continue,
            };
            *place = Some(value);
        }
        read
    }
}

impl<'a> Call<'a> {
    /// Reads a POST.
    ///
    /// # Errors
    /// What is wrong with it, ready to be answered.
    pub fn read(head: &Head<'_>, body: &'a [u8]) -> Result<Self, Refusal> {
        let form = ReplyForm::of(head.accept);
        let refusal = |id: Option<Token<'_>>, era, error| Refusal::new(id, era, form, error);
        let unread = |error| refusal(None, Era::Modern, error);
        head.check_content_type().map_err(unread)?;
        let frame = Frame::read(body).map_err(unread)?;
        match Message::read(frame)
            .map_err(|Malformed { id, error }| refusal(id, Era::Modern, error))?
        {
            Message::Request { id, method, params } => {
                let params = Params::read(params);
                let version = version_of(head, &method, &params)
                    .map_err(|error| refusal(Some(id), Era::Modern, error))?;
                Request::read(head, id, version, &method, &params)
                    .map(Self::Request)
                    .map_err(|error| refusal(Some(id), version.era(), error))
            }
            Message::Notification { method, params } => {
                // 2025-11-25, basic/transports, "Protocol Version Header": 400 for an unsupported one.
                head.served_version().map_err(unread)?;
                Ok(Self::Notification(Notification::read(
                    &method,
                    &Params::read(params),
                )))
            }
            Message::Response { id, outcome } => {
                check_response(head).map_err(unread)?;
                Ok(Self::Response(Response::new(id, outcome)))
            }
        }
    }
}

/// 2026-07-28, "Sending Messages", item 4: clients send no responses. A legacy client does, to what
/// it was asked (2025-11-25, the same place, item 4); outside a session nobody is asked anything.
fn check_response(head: &Head<'_>) -> Result<(), ProtocolError> {
    if head.session_id.is_none() {
        return Err(ProtocolError::Response);
    }
    match head.served_version()? {
        Some(version) if version.era() == Era::Modern => Err(ProtocolError::Response),
        _ => Ok(()),
    }
}

/// Which version a request is made in.
///
/// Its own `_meta` decides (2026-07-28, basic/versioning, "Backward Compatibility with
/// Initialization-Based Versions"), and the header must agree (basic/transports/streamable-http,
/// "Protocol Version Header"). Without it the request is legacy, unless its header says otherwise
/// or its method is one that only modern clients know. `initialize` without it is legacy whatever
/// the header: clients of both eras send it after a modern attempt. What names no version anywhere is
/// in that of its session, and without one in `Version::UNSAID`.
fn version_of(
    head: &Head<'_>,
    method: &str,
    params: &Params<'_>,
) -> Result<Version, ProtocolError> {
    let missing = ProtocolError::MissingMeta {
        field: VERSION_KEY,
        kind: "a string",
    };
    let in_header = head.version();
    let Some(stated) = params.meta.and_then(|meta| meta.get(VERSION_KEY)) else {
        if method == "initialize" {
            let asked = params.version.and_then(Json::as_str).unwrap_or_default();
            return Ok(Version::negotiate(&asked));
        }
        return match head.served_version()? {
            Some(version) if version.era() == Era::Modern => Err(missing),
            None if method == "server/discover" => Err(missing),
            version => Ok(version.unwrap_or(Version::UNSAID)),
        };
    };
    let stated = stated.as_str().ok_or(missing)?;
    let mismatch = |why| ProtocolError::HeaderMismatch {
        header: head::PROTOCOL_VERSION,
        why,
    };
    if in_header.is_some_and(|given| given != stated) {
        return Err(mismatch(head::DIFFERS));
    }
    let version =
        Version::parse(&stated).ok_or_else(|| ProtocolError::unsupported_version(&stated))?;
    // The same page, "Server Validation": a required header that is missing is a mismatch.
    if version.era() == Era::Modern && in_header.is_none() {
        return Err(mismatch(head::MISSING));
    }
    Ok(version)
}

impl<'a> Request<'a> {
    fn read(
        head: &Head<'_>,
        id: Token<'a>,
        version: Version,
        method: &str,
        params: &Params<'a>,
    ) -> Result<Self, ProtocolError> {
        let era = version.era();
        if era == Era::Modern {
            check_mirrors(head, method, params)?;
        }
        let meta = Meta::read(params.meta, era)?;
        let method = Method::read(version, method, params, &meta)?;
        let form = ReplyForm::of(head.accept);
        let reply_to = ReplyTo::new(id, version, form, meta.progress_token, meta.log_level);
        Ok(Self {
            reply_to,
            meta,
            method,
        })
    }

    /// Where the answer goes: what must be kept of a request while it is worked on.
    pub fn reply_to(&self) -> &ReplyTo {
        &self.reply_to
    }

    /// The same, for what only a session knows: the level of its log.
    pub fn reply_to_mut(&mut self) -> &mut ReplyTo {
        &mut self.reply_to
    }

    /// The version it is made in; of `initialize`, the version that is agreed on.
    pub fn version(&self) -> Version {
        self.reply_to.version()
    }

    /// What it says about itself.
    pub fn meta(&self) -> &Meta<'a> {
        &self.meta
    }

    /// What it asks.
    pub fn method(&self) -> &Method<'a> {
        &self.method
    }
}

/// 2026-07-28, basic/transports/streamable-http, "Standard Request Headers": `Mcp-Method` of every
/// request, `Mcp-Name` of those that name one thing, a task too (extensions/tasks).
fn check_mirrors(head: &Head<'_>, method: &str, params: &Params<'_>) -> Result<(), ProtocolError> {
    head.check_method(method)?;
    let source = match method {
        "tools/call" | "prompts/get" => params.name,
        "resources/read" => params.uri,
        _ if TaskAsk::of_method(method).is_some() => params.task_id,
        _ => None,
    };
    match source.and_then(Json::as_str) {
        Some(name) => head.check_name(&name),
        None => Ok(()),
    }
}

impl<'a> Method<'a> {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Discover => "server/discover",
            Self::Initialize(_) => "initialize",
            Self::Ping => "ping",
            Self::List { list, .. } => list.method(),
            Self::Guest(call) => call.target().method(),
            Self::Listen(_) => LISTEN_METHOD,
            Self::Task(call) => call.ask.method(),
            Self::LegacyTask(LegacyTaskCall::Get(_)) => "tasks/get",
            Self::LegacyTask(LegacyTaskCall::Result(_)) => "tasks/result",
            Self::LegacyTask(LegacyTaskCall::Cancel(_)) => "tasks/cancel",
            Self::LegacyTask(LegacyTaskCall::List(_)) => "tasks/list",
            Self::SetLevel(_) => "logging/setLevel",
            Self::Subscribe(_) => "resources/subscribe",
            Self::Unsubscribe(_) => "resources/unsubscribe",
        }
    }

    /// Whether a guest is run for it, or may be.
    pub fn calls_guest(&self) -> bool {
        matches!(
            self,
            Self::Guest(_)
                | Self::List {
                    list: List::Resources,
                    ..
                }
        )
    }

    /// Whether its answer in a session may be a stream of its own: it may take long.
    pub fn may_stream(&self) -> bool {
        self.calls_guest() || matches!(self, Self::LegacyTask(LegacyTaskCall::Result(_)))
    }

    fn read(
        version: Version,
        method: &str,
        params: &Params<'a>,
        meta: &Meta<'a>,
    ) -> Result<Self, ProtocolError> {
        let era = version.era();
        if era == Era::Modern
            && let Some(ask) = TaskAsk::of_method(method)
        {
            return TaskCall::read(ask, params, meta).map(Self::Task);
        }
        if version == Version::V2025_11_25
            && let Some(call) = LegacyTaskCall::read(method, params)?
        {
            return Ok(Self::LegacyTask(call));
        }
        Ok(match (era, method) {
            (Era::Modern, "server/discover") => Self::Discover,
            (Era::Legacy, "initialize") => Self::Initialize(Initialize::read(params)?),
            (Era::Legacy, "ping") => Self::Ping,
            (Era::Modern, LISTEN_METHOD) => Self::Listen(Listen::read(params)?),
            (Era::Legacy, "logging/setLevel") => Self::SetLevel(level(params)?),
            (Era::Legacy, "resources/subscribe") => Self::Subscribe(subscribed(params)?),
            (Era::Legacy, "resources/unsubscribe") => Self::Unsubscribe(subscribed(params)?),
            _ => match (List::of_method(method), Target::of_method(method)) {
                (Some(list), _) => Self::List {
                    list,
                    cursor: cursor(params)?,
                },
                (None, Some(target)) => Self::Guest(GuestCall::read(target, params)?),
                (None, None) => return Err(ProtocolError::method_not_found(method)),
            },
        })
    }
}

/// server/utilities/pagination, "Request Format": a string. No cursor at all starts the list.
pub(crate) fn cursor<'a>(params: &Params<'a>) -> Result<Option<Cow<'a, str>>, ProtocolError> {
    params
        .cursor
        .map(|cursor| {
            cursor
                .as_str()
                .ok_or(ProtocolError::InvalidParams("\"cursor\" must be a string"))
        })
        .transpose()
}

/// 2025-11-25, server/utilities/logging, "Error Handling": an unknown level is refused with -32602.
fn level(params: &Params<'_>) -> Result<LogLevel, ProtocolError> {
    params
        .level
        .and_then(Json::as_str)
        .and_then(|text| LogLevel::parse(&text))
        .ok_or(ProtocolError::InvalidParams(
            "\"level\" must be a level of syslog, such as \"info\" or \"error\"",
        ))
}

/// 2025-11-25, server/resources, "Subscriptions". Checked as where it is read, and kept as long as a
/// modern subscription may be.
fn subscribed<'a>(params: &Params<'a>) -> Result<Cow<'a, str>, ProtocolError> {
    let (_, uri) = guest_call::resource(params)?;
    if uri.len() <= SUBSCRIPTION_URI_MAX {
        Ok(uri)
    } else {
        Err(ProtocolError::InvalidParams(
            "\"uri\" must be of at most 2048 bytes to be subscribed to",
        ))
    }
}

impl<'a> Initialize<'a> {
    /// 2025-11-25, basic/lifecycle, "Initialization". Capabilities and client info are required
    /// there; a client that leaves them out is served all the same.
    fn read(params: &Params<'a>) -> Result<Self, ProtocolError> {
        let asked = params.version.and_then(Json::as_str);
        let asked = asked.ok_or(ProtocolError::InvalidParams(
            "\"protocolVersion\" must be a string",
        ))?;
        let client_capabilities = params
            .capabilities
            .filter(|value| value.kind() == Kind::Object);
        Ok(Self {
            asked,
            client_capabilities,
            client_info: params.client_info,
        })
    }
}

impl<'a> Notification<'a> {
    fn read(method: &str, params: &Params<'a>) -> Self {
        match method {
            "notifications/initialized" => Self::Initialized,
            "notifications/cancelled" => Self::Cancelled {
                request: params.request_id.and_then(Token::of),
            },
            _ => Self::Other,
        }
    }
}
