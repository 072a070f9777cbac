//! One `tools/call`: waits for its turn, runs the guest, streams what it tells, answers.

use core::cell::RefCell;
use std::rc::Rc;

use smcp_auth::Principal;
use smcp_capability::call::{Answer as GuestAnswer, Caller, Request as GuestRequest};
use smcp_capability::turn::{Effect, Head, Performed};
use smcp_ids::{ServerSlug, UnixMillis, limits};
use smcp_protocol::{
    Answer, INTERNAL_ERROR, MetaEntry, Notifier, ReplyTo, SSE_HEADERS, ToolResult, Wire, sse,
};
use smcp_sandbox::{Ended, Entry, Fault, GuestFault, HostFault, Output};
use smcp_tape::{Header, Tape};

use crate::call::{Call, CallStep, Telling};
use crate::modules::Ready;
use crate::pace::Pace;
use crate::problem::Problem;
use crate::state::{Scene, State};

/// All that a call of a tool needs.
pub(super) struct Run<'a> {
    pub(super) scene: &'a Scene,
    pub(super) server: &'a ServerSlug,
    pub(super) ready: &'a Ready,
    pub(super) to: &'a ReplyTo,
    pub(super) principal: &'a Principal,
}

/// When a call began, and when it must be over.
#[derive(Clone, Copy)]
struct Times {
    began: UnixMillis,
    deadline: UnixMillis,
}

impl Run<'_> {
    /// Runs the guest's `call-tool` on `request`.
    pub(super) async fn tool(&self, request: String) -> Result<Answer, Problem> {
        let _permit = Permit::acquire(self.scene).await?;
        let ended = self.execute(request).await;
        Ok(self.answer(ended))
    }

    async fn execute(&self, request: String) -> Ended {
        let began = self.scene.outside.now();
        let deadline = began.plus(self.ready.limits.deadline_millis);
        let tape = Tape::blank(self.header(began));
        let entry = Entry::CallTool(request);
        let started = Call::start(&self.ready.loaded, entry, self.ready.bounds(), tape);
        match started {
            Ok(call) => self.drive(call, Times { began, deadline }).await,
            Err(fault) => Ended {
                result: Err(fault),
                fuel: Default::default(),
                memory: 0,
            },
        }
    }

    fn header(&self, start: UnixMillis) -> Header {
        let caller = Caller {
            tenant: self
                .principal
                .tenant()
                .map(ToString::to_string)
                .unwrap_or_default(),
            server: self.server.to_string(),
            principal: self.principal.to_string(),
            scopes: self
                .principal
                .scopes()
                .iter()
                .map(|scope| scope.as_str().to_owned())
                .collect(),
        };
        Header {
            seed: self.scene.draw(),
            start,
            caller,
        }
    }

    async fn drive(&self, mut call: Call, times: Times) -> Ended {
        let outside = &self.scene.outside;
        let mut pace = Pace::new();
        let mut notifier = Notifier::new();
        loop {
            match call.step(pace.slice()) {
                CallStep::Ended(ended) => return ended,
                CallStep::Tell(telling) => self.tell(&mut notifier, telling).await,
                CallStep::Yield => {
                    pace.pause(outside).await;
                    self.open_if_late(times).await;
                }
                CallStep::Perform(GuestRequest::Sleep(millis)) => {
                    if let Err(fault) = self.sleep(millis, times).await {
                        return ended(call.fail(fault));
                    }
                    call.performed(GuestAnswer::Done, outside.now());
                }
                CallStep::Perform(_) => return ended(call.fail(HostFault::Engine.into())),
            }
            if outside.now() > times.deadline {
                let allowed = self.ready.limits.deadline_millis;
                return ended(call.fail(GuestFault::Deadline(allowed).into()));
            }
        }
    }

    /// Sleeps, but not beyond the deadline.
    async fn sleep(&self, millis: u32, times: Times) -> Result<(), Fault> {
        let outside = &self.scene.outside;
        if u64::from(millis) >= limits::STREAM_AFTER_MILLIS {
            self.open().await;
        }
        // One more millisecond than is left: so the deadline has passed when it comes back.
        let left = times.deadline.since(outside.now()).saturating_add(1);
        let millis = u32::try_from(left).unwrap_or(u32::MAX).min(millis);
        match outside.perform(Effect::Wait(millis)).await {
            Performed::Done => Ok(()),
            _ => Err(HostFault::Engine.into()),
        }
    }

    /// A call that takes long is answered as a stream, so that its client, and everybody on the
    /// way, sees that it is alive.
    async fn open_if_late(&self, times: Times) {
        let elapsed = self.scene.outside.now().since(times.began);
        if elapsed >= limits::STREAM_AFTER_MILLIS {
            self.open().await;
        }
    }

    async fn open(&self) {
        let outside = &self.scene.outside;
        if outside.is_open() || !self.to.form().may_stream() {
            return;
        }
        outside
            .open(Head {
                status: 200,
                headers: super::headers(SSE_HEADERS),
            })
            .await;
        outside.emit(sse::KEEP_ALIVE.as_bytes().to_vec()).await;
    }

    async fn tell(&self, notifier: &mut Notifier, telling: Telling) {
        let message = match &telling {
            Telling::Progress {
                progress,
                total,
                message,
            } => notifier.progress(self.to, *progress, *total, message.as_deref()),
            Telling::Log {
                level,
                logger,
                data,
            } => notifier.log(self.to, *level, logger.as_deref(), data),
        };
        if let Some(message) = message {
            self.open().await;
            self.scene
                .outside
                .emit(sse::event(&message).into_bytes())
                .await;
        }
    }

    /// The one place that maps the end of a call to the wire.
    fn answer(&self, ended: Ended) -> Answer {
        let info = &self.ready.info;
        match &ended.result {
            Ok(Output::Text(text)) => match ToolResult::parse(text) {
                Ok(result) => {
                    let usage = MetaEntry::usage(ended.fuel, ended.memory as u64);
                    self.to.tool_result(info, &result, vec![usage])
                }
                Err(error) => {
                    let message = format!("the server's result is not one: {error}");
                    self.to.wire(&internal(200, &message, error.code(), &ended))
                }
            },
            Ok(Output::Refused(refusal)) => {
                let data = refusal.data.as_deref();
                self.to
                    .wire(&Wire::of_guest(refusal.code, &refusal.message, data))
            }
            Err(Fault::Guest(fault)) => {
                self.to
                    .wire(&internal(200, &fault.to_string(), fault.code(), &ended))
            }
            Err(Fault::Host(fault)) => {
                self.to
                    .wire(&internal(503, &fault.to_string(), fault.code(), &ended))
            }
        }
    }
}

/// An internal error of JSON-RPC, with our own code and what the call cost.
fn internal(status: u16, message: &str, code: &str, ended: &Ended) -> Wire {
    let data = serde_json::json!({
        "code": code,
        "help": format!("docs/errors.md#{code}"),
        "fuel": ended.fuel.0,
        "memory": ended.memory,
    });
    let data = Some(data.to_string());
    Wire {
        status,
        code: INTERNAL_ERROR,
        message: message.to_owned(),
        data,
    }
}

fn ended(step: CallStep) -> Ended {
    match step {
        CallStep::Ended(ended) => ended,
        _ => Ended {
            result: Err(HostFault::Engine.into()),
            fuel: Default::default(),
            memory: 0,
        },
    }
}

/// The right to compute, of which a tenant has a few at a time. Given back when dropped, so that
/// a turn that is cancelled keeps none.
struct Permit(Rc<RefCell<State>>);

impl Permit {
    /// Waits for one, behind those who wait already.
    async fn acquire(scene: &Scene) -> Result<Self, Problem> {
        let state = &scene.state;
        if let Some(permit) = Self::take(state, 0) {
            return Ok(permit);
        }
        if state.borrow().waiting >= limits::CALLS_WAITING {
            return Err(Problem::busy());
        }
        let waiting = Waiting::new(state);
        loop {
            scene.outside.queue().await;
            if let Some(permit) = Self::take(state, usize::MAX) {
                drop(waiting);
                return Ok(permit);
            }
        }
    }

    /// A permit, if there is one and no more than `waiting` wait for theirs.
    fn take(state: &Rc<RefCell<State>>, waiting: usize) -> Option<Self> {
        let mut borrowed = state.borrow_mut();
        if borrowed.running >= limits::CALLS_AT_ONCE || borrowed.waiting > waiting {
            return None;
        }
        borrowed.running += 1;
        Some(Self(state.clone()))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.borrow_mut().running -= 1;
    }
}

/// A place among those who wait.
struct Waiting(Rc<RefCell<State>>);

impl Waiting {
    fn new(state: &Rc<RefCell<State>>) -> Self {
        state.borrow_mut().waiting += 1;
        Self(state.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.borrow_mut().waiting -= 1;
    }
}
