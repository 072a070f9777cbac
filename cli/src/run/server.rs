//! The server that a client has started: what it knows of the client, and who answers what.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use smcp_protocol::json::Json;
use smcp_protocol::{
    Answer, Call, Catalogue, Change, Era, Filter, GuestCall, INTERNAL_ERROR, INVALID_REQUEST, List,
    Listen, LogLevel, Method, Notification, Offer, ProtocolError, ReplyTo, Request, ServerInfo,
    Subscription, Target, Version, Wire, change_message,
};
use smcp_tenant::schemas::ToolSchemas;

use super::asked::Asked;
use super::hears::Hears;
use super::rounds::Rounds;
use super::running::{Place, Refused, Running};
use super::turn::Turn;
use super::wire::{Out, Stated};
use crate::failure::Failure;
use crate::local::Local;
use crate::outbound::Outbound;
use crate::store::Store;
use crate::ui::Ui;

/// How long calls in progress may take when the input has ended: clients wait about twice as long.
const GRACE: Duration = Duration::from_secs(1);
/// How many subscriptions a client may have.
const LISTENERS_MAX: usize = 64;
/// As that of a program's first thread.
const STACK: usize = 8 << 20;

/// A module, and the client that it is served to.
pub(super) struct Server {
    pub(super) local: Local,
    pub(super) store: Store,
    pub(super) outbound: Outbound,
    pub(super) info: ServerInfo,
    pub(super) out: Out,
    pub(super) rounds: Rounds,
    pub(super) asked: Asked,
    pub(super) ui: Ui,
    catalogue: Catalogue,
    /// By the name of the tool.
    schemas: BTreeMap<String, ToolSchemas>,
    running: Arc<Running>,
    session: Mutex<Session>,
    hears: Mutex<Hears>,
    listeners: Mutex<Vec<Listener>>,
}

/// What `initialize` agreed upon, for the messages of a legacy client after it.
#[derive(Clone, Debug, Default)]
struct Session {
    version: Option<Version>,
    log_level: Option<LogLevel>,
    capabilities: Option<String>,
}

/// What is done with a request at once.
#[allow(clippy::large_enum_variant, reason = "one lives at a time")]
enum Now {
    Answer(Answer),
    /// Nothing more, until there is something to tell.
    Listens,
    /// The guest must run.
    Compute,
}

/// A subscription.
struct Listener {
    subscription: Subscription,
    filter: Filter,
}

impl Server {
    pub(super) fn new(
        local: Local,
        store: Store,
        outbound: Outbound,
        ui: Ui,
    ) -> Result<Self, Failure> {
        let catalogue = local.catalogue()?;
        let manifest = local.admitted.manifest();
        let (name, version) = (manifest.name().as_str(), manifest.version());
        let mut schemas = BTreeMap::new();
        for tool in catalogue.tools() {
            let name = tool.name();
            match ToolSchemas::compile(tool) {
                Ok(compiled) => drop(schemas.insert(name.to_owned(), compiled)),
                Err(error) => ui.warn(format_args!(
                    "the schemas of the tool {name} are not checked, and a host refuses them: {error}"
                )),
            }
        }
        Ok(Self {
            info: ServerInfo::new(name, version, None, catalogue.icons()),
            out: Out::new(std::io::stdout()),
            rounds: Rounds::default(),
            asked: Asked::default(),
            ui,
            schemas,
            running: Arc::default(),
            session: Mutex::default(),
            hears: Mutex::default(),
            listeners: Mutex::default(),
            catalogue,
            local,
            store,
            outbound,
        })
    }

    /// The schemas of the tool that is called.
    pub(super) fn schemas(&self, call: &GuestCall<'_>) -> Option<&ToolSchemas> {
        let is_tool = call.target() == Target::Tool;
        self.schemas.get(call.name()).filter(|_| is_tool)
    }

    /// Takes in a message. What computes is answered later, from a thread of its own.
    pub(super) fn take(self: &Arc<Self>, line: Vec<u8>) {
        let session = self.session().clone();
        let stated = Stated::read(&line, session.version);
        let request = match Call::read(&stated.head(), &line) {
            Ok(Call::Request(request)) => request,
            Ok(Call::Notification(Notification::Cancelled {
                request: Some(request),
            })) => return self.cancel(request.json()),
            // A response is refused, since there is no session header here.
            Ok(Call::Notification(_) | Call::Response(_)) => return,
            Err(refusal) if stated.is_response() => {
                // Nobody waits for an answer to an answer.
                if !self.asked.take(&line) {
                    self.ui.note(refusal.error());
                }
                return;
            }
            Err(refusal) => return self.out.send(&refusal.reply().body),
        };
        let to = request.reply_to();
        let answer = match self.at_once(&request) {
            Now::Answer(answer) => Some(answer),
            Now::Listens => None,
            Now::Compute => match self.running.enter(to.id()) {
                Ok(place) => {
                    let to = to.clone();
                    self.spawn(to, place, line, session)
                }
                Err(refused) => Some(to.wire(&refused.wire())),
            },
        };
        if let Some(answer) = answer {
            self.out.send(answer.json());
        }
    }

    /// The input has ended: nobody will ask more. What is nearly done may be.
    pub(super) fn end(&self) {
        for Listener { subscription, .. } in self.listeners().drain(..) {
            self.out.send(&taken_down(subscription.id()));
            self.out.send(subscription.ended().json());
        }
        self.running.drain(GRACE);
        self.out.close();
    }

    /// Tells those who listen.
    pub(super) fn announce(&self, change: &Change) {
        if self.hears().of(change) {
            self.out.send(&change_message(change));
        }
        for listener in self.listeners().iter() {
            if listener.filter.wants(change) {
                self.out.send(&listener.subscription.change(change));
            }
        }
    }

    /// Answers what can be answered without the guest.
    fn at_once(&self, request: &Request<'_>) -> Now {
        let to = request.reply_to();
        // A call that is run here goes on no longer than its client.
        let offer = Offer {
            tasks: false,
            ..self.catalogue.offer()
        };
        Now::Answer(match request.method() {
            Method::Discover => to.discover(&self.info, &offer),
            Method::Initialize(initialize) => {
                *self.session() = Session {
                    version: Some(to.version()),
                    log_level: None,
                    capabilities: initialize
                        .client_capabilities
                        .map(|capabilities| capabilities.text().to_owned()),
                };
                *self.hears() = Hears::new(&offer);
                to.initialize(&self.info, &offer)
            }
            Method::Ping => to.pong(),
            Method::List {
                list: List::Resources,
                ..
            } if self.catalogue.dynamic_resources() => return Now::Compute,
            Method::List { list, cursor } => match self.catalogue.page(*list, cursor.as_deref()) {
                Ok(page) => to.list(&self.info, &page.without_tasks()),
                Err(error) => to.error(&error),
            },
            Method::Guest(call) => return self.refuses(to, call).map_or(Now::Compute, Now::Answer),
            Method::Listen(listen) => {
                return self.listen(to, listen).map_or(Now::Listens, Now::Answer);
            }
            Method::Task(_) => to.error(&ProtocolError::UnknownTask),
            Method::LegacyTask(call) => to.error(&ProtocolError::method_not_found(call.method())),
            Method::SetLevel(level) => {
                self.session().log_level = Some(*level);
                to.empty()
            }
            Method::Subscribe(_) if !offer.resources => {
                to.error(&ProtocolError::method_not_found("resources/subscribe"))
            }
            Method::Subscribe(uri) => {
                if self.hears().subscribe(uri) {
                    to.empty()
                } else {
                    to.wire(&failed("there are 256 subscriptions; end one first"))
                }
            }
            Method::Unsubscribe(uri) => {
                self.hears().unsubscribe(uri);
                to.empty()
            }
        })
    }

    /// Why the guest is not even run.
    fn refuses(&self, to: &ReplyTo, call: &GuestCall<'_>) -> Option<Answer> {
        if !call.target().is_of(&self.catalogue.offer()) {
            let method = call.target().method();
            return Some(to.error(&ProtocolError::method_not_found(method)));
        }
        if !self.catalogue.has(call.target(), call.name()) {
            return Some(to.error(&ProtocolError::unknown(call.target(), call.name())));
        }
        let mismatch = self
            .schemas(call)?
            .check_arguments(call.arguments())
            .err()?;
        // server/tools, "Error Handling": the model reads it, and tries again.
        let text = format!("Invalid arguments for tool {}: {mismatch}", call.name());
        Some(to.tool_error(&self.info, &text))
    }

    fn spawn(
        self: &Arc<Self>,
        to: ReplyTo,
        place: Place,
        line: Vec<u8>,
        session: Session,
    ) -> Option<Answer> {
        let server = self.clone();
        let spawned = thread::Builder::new()
            .stack_size(STACK)
            .spawn(move || server.work(place, &line, &session));
        let error = spawned.err()?;
        Some(to.wire(&failed(&format!("no thread can be had: {error}"))))
    }

    /// Answers a request that was looked at before.
    fn work(&self, mut place: Place, line: &[u8], session: &Session) {
        let stated = Stated::read(line, session.version);
        let Ok(Call::Request(mut request)) = Call::read(&stated.head(), line) else {
            return;
        };
        if request.version().era() == Era::Legacy {
            request.reply_to_mut().set_log_level(session.log_level);
        }
        if !place.begin() {
            return;
        }
        let to = request.reply_to();
        let own = request.meta().client_capabilities.map(Json::text);
        let turn = Turn {
            server: self,
            place: &place,
            to,
            origin: smcp_tenant::origin::of(request.meta()),
            capabilities: own.or(session.capabilities.as_deref()).unwrap_or("{}"),
        };
        let answer = match request.method() {
            Method::Guest(call) => turn.call(call),
            Method::List { cursor, .. } => turn.list_resources(cursor.as_deref()),
            _ => return,
        };
        let answer = answer.unwrap_or_else(|error| Some(to.wire(&failed(&error.to_string()))));
        if let Some(answer) = answer.filter(|_| !place.is_cancelled()) {
            self.out.send(answer.json());
        }
    }

    /// A subscription lasts until it is cancelled; its first message says what of it is honoured.
    fn listen(&self, to: &ReplyTo, listen: &Listen<'_>) -> Option<Answer> {
        let filter = match listen.filter(&self.catalogue.offer()) {
            Ok(filter) => filter,
            Err(error) => return Some(to.error(&error)),
        };
        let mut listeners = self.listeners();
        if listeners.len() >= LISTENERS_MAX {
            return Some(to.wire(&Refused::Busy.wire()));
        }
        let subscription = to.subscription();
        self.out.send(&subscription.acknowledged(&filter));
        listeners.push(Listener {
            subscription,
            filter,
        });
        None
    }

    /// Whether a tool says of itself that it changes nothing.
    pub(super) fn says_it_only_reads(&self, tool: &str) -> bool {
        let tool = self.catalogue.tool(tool);
        tool.is_some_and(|tool| tool.read_only())
    }

    fn cancel(&self, id: &str) {
        self.running.cancel(id);
        self.listeners()
            .retain(|listener| listener.subscription.id() != id);
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hears(&self) -> MutexGuard<'_, Hears> {
        self.hears.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refused {
    fn wire(self) -> Wire {
        match self {
            Self::Busy => failed("too many requests wait already; try again in a second"),
            Self::IdInUse => Wire {
                code: INVALID_REQUEST,
                ..failed("a request with this id is in progress; give each its own")
            },
        }
    }
}

/// That a subscription is no more, while its request is still open (2026-07-28, basic/patterns/cancellation:
/// a server says so, and says so of nothing else; schema, `CancelledNotification`: over stdio).
fn taken_down(id: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id},"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}}}}}}"#
    )
}

fn failed(message: &str) -> Wire {
    Wire {
        status: 200,
        code: INTERNAL_ERROR,
        message: message.to_owned(),
        data: None,
    }
}
