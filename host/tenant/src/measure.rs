//! What is known of a request while it is answered: what it is, who asks, what it takes and how it ends.
//!
//! It is filled in where each part is known, and read once, when the request is over: then it is counted
//! (`usage`). It holds no argument, no result and no text of a client or a guest.

use std::borrow::Cow;

use smcp_auth::Principal;
use smcp_capability::turn::{Frame, Listen};
use smcp_ids::{CallId, ReleaseDigest, ServerSlug};
use smcp_protocol::{Answer, ProtocolError};

use crate::audit::{ANYBODY, Act};
use crate::problem::Problem;
use crate::state::Scene;
use crate::usage::alert::{Alert, Kind};
use crate::usage::count::{Cost, End, Event};

/// The requests that are calls, and what they are called in the record of what was done.
const CALLS: [(&str, &str); 3] = [
    ("tools/call", "CallTool"),
    ("prompts/get", "GetPrompt"),
    ("resources/read", "ReadResource"),
];

/// What a request did, for the record: nothing that its client or its guest said.
fn act(event: &Event, code: &str) -> Act {
    let known = CALLS.iter().find(|(method, _)| *method == event.method);
    let did = known.map_or(event.method, |(_, did)| did);
    let to = match (&*event.server, &*event.name) {
        ("", _) => String::new(),
        (server, "") => format!("/servers/{server}"),
        (server, name) => format!("/servers/{server}/{name}"),
    };
    let by = if event.key.is_empty() {
        ANYBODY
    } else {
        &event.key
    };
    let act = Act::new(by, did, to);
    let act = match event.call {
        Some(call) => act.with(&serde_json::json!({ "call": call.to_string() })),
        None => act,
    };
    match event.end {
        End::Ok => act,
        _ => act.refused(code),
    }
}

/// The code of what a caller's scopes do not cover.
const INSUFFICIENT_SCOPE: &str = "insufficient_scope";

/// A request, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct Measure {
    /// None: all servers, or none.
    pub(crate) server: Option<ServerSlug>,
    /// Empty while it is not known.
    pub(crate) method: &'static str,
    /// The tool or prompt, if it is one of the server's.
    pub(crate) name: Option<String>,
    /// Who asks, once that is proven.
    pub(crate) caller: Option<String>,
    pub(crate) release: Option<ReleaseDigest>,
    pub(crate) call: Option<CallId>,
    pub(crate) cost: Cost,
    /// Whether its guest had all the memory that it may have.
    pub(crate) had_all_memory: bool,
    /// How it ended, with its code, if whoever ended it has said so.
    pub(crate) end: Option<(End, Cow<'static, str>)>,
    /// The trace that it belongs to, as `traceparent` says it.
    pub(crate) trace: Option<String>,
    /// How many requests of this turn were counted.
    pub(crate) counted: u32,
}

impl Measure {
    /// Says how it ends, unless that has been said.
    pub(crate) fn ends(&mut self, end: End, code: impl Into<Cow<'static, str>>) {
        self.end.get_or_insert_with(|| (end, code.into()));
    }

    /// Another request begins: of an earlier one, only who asks and in which trace is left.
    fn begin(&mut self, method: &'static str) {
        *self = Self {
            method,
            caller: self.caller.take(),
            cost: Cost {
                bytes_in: self.cost.bytes_in,
                ..Cost::default()
            },
            counted: self.counted,
            trace: self.trace.take(),
            ..Self::default()
        };
    }

    fn event(&self, end: End, micros: u64) -> Event {
        let server = self.server.as_ref();
        Event {
            server: server.map(ToString::to_string).unwrap_or_default(),
            method: self.method,
            name: self.name.clone().unwrap_or_default(),
            key: self.caller.clone().unwrap_or_default(),
            end,
            micros,
            cost: self.cost,
            call: self.call,
        }
    }
}

/// A request that is counted when it is over, however that comes.
pub(crate) struct Counted<'a> {
    scene: &'a Scene,
    began: f64,
    sent: u64,
    is_over: bool,
}

impl Scene {
    /// Who asks is proven.
    pub(crate) fn is_known(&self, principal: &Principal) {
        self.measure.borrow_mut().caller = Some(principal.to_string());
    }

    /// What the next request brings: so many bytes.
    pub(crate) fn received(&self, bytes: usize) {
        self.measure.borrow_mut().cost.bytes_in = bytes as u64;
    }

    /// A request begins.
    pub(crate) fn counts(&self, principal: &Principal, method: &'static str) -> Counted<'_> {
        self.is_known(principal);
        self.measure.borrow_mut().begin(method);
        Counted {
            scene: self,
            began: self.outside.now_precisely(),
            sent: self.outside.sent(),
            is_over: false,
        }
    }

    /// Ends the turn well, and leaves its stream to those who tell it something.
    pub(crate) async fn leaves(&self, listen: Listen) -> Problem {
        self.measure.borrow_mut().ends(End::Ok, "ok");
        self.outside.leave(listen).await
    }

    /// Counts a request that was refused before it was known what it is, by its caller's fault.
    pub(crate) fn count_unread(&self, error: &ProtocolError) {
        {
            let measure = &mut self.measure.borrow_mut();
            measure.begin("");
            measure.ends(End::Client, error.code());
        }
        self.measured(0);
    }

    /// The same where nothing but the refusal is known.
    pub(crate) fn refused(&self, frame: &Frame, problem: &Problem) {
        let is_mcp = frame.path.starts_with("/t/");
        {
            let measure = &mut self.measure.borrow_mut();
            if measure.counted > 0 {
                return;
            }
            measure.ends(End::of_status(problem.status), problem.code);
        }
        if is_mcp {
            self.measured(0);
        } else if problem.code == INSUFFICIENT_SCOPE {
            // The admin API has written it down.
            let alert = self.alert(&self.measure.borrow(), Kind::Denied, problem.code);
            self.raise(alert);
        }
    }

    /// Counts what is known by now, and raises what should be looked at.
    fn measured(&self, micros: u64) {
        let Ok(mut measure) = self.measure.try_borrow_mut() else {
            return;
        };
        measure.counted += 1;
        let Some((end, code)) = measure.end.clone() else {
            return;
        };
        let event = measure.event(end, micros);
        self.count(&event);
        self.notes_call(&event, &code);
        let kind = match end {
            End::Guest => Kind::of_fault(&code, measure.had_all_memory),
            End::Client if code == INSUFFICIENT_SCOPE => Kind::Denied,
            _ => return,
        };
        let alert = self.alert(&measure, kind, &code);
        if kind == Kind::Denied {
            self.notes_denial(&event.key, act(&event, &code));
        }
        self.raise(alert);
    }

    /// Has a call written down, if its tenant wants that.
    fn notes_call(&self, event: &Event, code: &str) {
        let is_wanted = match self.state.try_borrow() {
            Ok(state) => {
                let record = state.directory().ok();
                let record = record.and_then(|directory| directory.audit.as_ref());
                record.is_some_and(|record| record.calls)
            }
            Err(_) => false,
        };
        if is_wanted && CALLS.iter().any(|(method, _)| *method == event.method) {
            self.notes(act(event, code));
        }
    }

    /// Raises that something was denied to the call that is under way.
    pub(crate) fn denied(&self, code: &str) {
        let (alert, event) = {
            let measure = self.measure.borrow();
            let alert = self.alert(&measure, Kind::Denied, code);
            (alert, measure.event(End::Client, 0))
        };
        self.notes_denial(&event.key, act(&event, code));
        self.raise(alert);
    }

    fn alert(&self, measure: &Measure, kind: Kind, code: &str) -> Alert {
        let now = self.outside.now();
        Alert {
            kind,
            server: measure
                .server
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            name: measure.name.clone().unwrap_or_default(),
            code: code.to_owned(),
            by: measure.caller.clone().unwrap_or_default(),
            call: measure.call,
            first: now,
            last: now,
            count: 1,
            fuel: None,
        }
    }
}

impl Counted<'_> {
    /// The request is over, with that answer.
    pub(crate) fn end(mut self, answer: &Result<Answer, Problem>) {
        {
            let measure = &mut self.scene.measure.borrow_mut();
            match answer {
                Ok(answer) => {
                    measure.cost.bytes_out = answer.json().len() as u64;
                    if measure.end.is_none() {
                        let (end, code) = end_of(answer);
                        measure.ends(end, code);
                    }
                }
                Err(problem) => measure.ends(End::of_status(problem.status), problem.code),
            }
        }
        self.over();
    }

    fn over(&mut self) {
        self.is_over = true;
        let outside = &self.scene.outside;
        let sent = outside.sent().saturating_sub(self.sent);
        if let Ok(mut measure) = self.scene.measure.try_borrow_mut() {
            let bytes = &mut measure.cost.bytes_out;
            *bytes = bytes.saturating_add(sent);
        }
        let millis = (outside.now_precisely() - self.began).max(0.0);
        self.scene.measured((millis * 1_000.0) as u64);
    }
}

impl Drop for Counted<'_> {
    /// Its client has gone.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if let Ok(mut measure) = self.scene.measure.try_borrow_mut() {
            measure.ends(End::Cancelled, "cancelled");
        }
        self.over();
    }
}

/// How a request ended of which only the answer tells.
fn end_of(answer: &Answer) -> (End, Cow<'static, str>) {
    #[derive(serde::Deserialize)]
    struct Error {
        data: Option<Data>,
    }
    #[derive(serde::Deserialize)]
    struct Data {
        code: Option<String>,
    }
    let Err(error) = answer.outcome() else {
        return (End::Ok, "ok".into());
    };
    let error: Option<Error> = serde_json::from_str(error).ok();
    let code = error.and_then(|error| error.data?.code);
    let code = code.map_or(Cow::Borrowed("error"), Cow::Owned);
    (End::of_status(answer.status()), code)
}
