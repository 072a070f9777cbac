//! One server that answers: from its catalogue, or by a call of its guest.

use std::rc::Rc;

use smcp_ids::ServerSlug;
use smcp_protocol::{Answer, Era, GuestCall, Head, Method, ProtocolError, Request, Target};

use super::listen::Listening;
use super::scope::Need;
use super::{Asked, run};
use crate::lines::trace_parent;
use crate::modules::Ready;
use crate::problem::Problem;
use crate::usage::count::End;

/// A server that answers, and what it is asked.
pub(super) struct Hosted<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) server: &'a ServerSlug,
    pub(super) ready: &'a Rc<Ready>,
}

impl Hosted<'_> {
    pub(super) async fn answer(
        &self,
        head: &Head<'_>,
        request: &Request<'_>,
    ) -> Result<Answer, Problem> {
        let to = request.reply_to();
        let (catalogue, info) = (&self.ready.catalogue, &self.ready.info);
        self.is_measured();
        Need::of(request.method()).check(self.asked.principal, self.server, catalogue)?;
        Ok(match request.method() {
            Method::Discover => to.discover(info, &catalogue.offer()),
            Method::Initialize(_) => to.initialize(info, &catalogue.offer()),
            Method::Ping => to.pong(),
            Method::List { list, cursor } => self.list(request, *list, cursor.as_deref()).await?,
            Method::Guest(call) => self.call(head, request, call, None).await?,
            Method::Task(call) => self.asked.task(to, info, call).await?,
            Method::LegacyTask(call) => self.asked.legacy_task(to, call).await?,
            Method::Listen(listen) => {
                let listening = Listening(self.asked);
                listening.answer(to, listen, &catalogue.offer()).await?
            }
            method @ (Method::SetLevel(_) | Method::Subscribe(_) | Method::Unsubscribe(_)) => {
                self.asked
                    .in_session(to, method, &catalogue.offer())
                    .await?
            }
        })
    }

    /// What is answered now is of this server.
    fn is_measured(&self) {
        let measure = &mut self.asked.scene.measure.borrow_mut();
        measure.server = Some(self.server.clone());
        measure.release = Some(self.ready.release);
    }

    /// Calls the guest, which may know what is called by another name than the client. Its caller may: that has
    /// been checked by this catalogue.
    pub(super) async fn call(
        &self,
        head: &Head<'_>,
        request: &Request<'_>,
        call: &GuestCall<'_>,
        name: Option<&str>,
    ) -> Result<Answer, Problem> {
        let to = request.reply_to();
        let catalogue = &self.ready.catalogue;
        self.is_measured();
        if !call.target().is_of(&catalogue.offer()) {
            let method = call.target().method();
            return Ok(to.error(&ProtocolError::method_not_found(method)));
        }
        if !catalogue.has(call.target(), name.unwrap_or(call.name())) {
            return Ok(to.error(&ProtocolError::unknown(call.target(), call.name())));
        }
        if matches!(call.target(), Target::Tool | Target::Prompt) {
            // One of the catalogue's: no client can make up names without end.
            let name = name.unwrap_or(call.name()).to_owned();
            self.asked.scene.measure.borrow_mut().name = Some(name);
        }
        if call.target() == Target::Tool {
            let name = name.unwrap_or(call.name());
            if to.era() == Era::Modern
                && let Err(error) = catalogue.check_headers(head, name, call.arguments())
            {
                return Ok(to.error(&error));
            }
            match self.task_wish(request, call, name) {
                Ok(None) => {}
                Ok(Some(wish)) => return self.run(request).begins_at_once(call, name, wish).await,
                Err(error) => return Ok(to.error(&error)),
            }
            let schemas = self.ready.schemas.of(catalogue, name);
            if let Err(mismatch) = schemas.check_arguments(call.arguments()) {
                // server/tools, "Error Handling": the model reads it, and tries again.
                let text = format!("Invalid arguments for tool {name}: {mismatch}");
                let measure = &self.asked.scene.measure;
                measure.borrow_mut().ends(End::Client, "invalid_arguments");
                return Ok(to.tool_error(&self.ready.info, &text));
            }
        }
        self.run(request).call(call, name).await
    }

    pub(super) fn run<'r>(&'r self, request: &'r Request<'_>) -> run::Run<'r> {
        let (meta, agreed) = (request.meta(), self.asked.agreed());
        let mut origin = crate::origin::of(meta);
        if origin.trace_parent.is_none() {
            let header = |name| self.asked.frame.header(name);
            origin.trace_parent = header("traceparent")
                .and_then(trace_parent)
                .map(str::to_owned);
            let state = header("tracestate").filter(|_| origin.trace_parent.is_some());
            origin.trace_state = state.map(crate::origin::cut);
        }
        if let Some(agreed) = agreed {
            (origin.client, origin.version) = agreed.client.clone();
        }
        run::Run {
            scene: self.asked.scene,
            server: self.server,
            ready: self.ready,
            to: request.reply_to(),
            principal: self.asked.principal,
            capabilities: self.asked.capabilities(request),
            origin,
            wants_receipt: meta.receipt,
            takes_tasks: meta.takes_tasks,
            asked: self.asked,
        }
    }
}
