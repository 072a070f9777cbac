//! The only way out of a turn: what it needs goes out as a [`Step`], what was done comes back.
//!
//! A turn is a future that awaits nothing but these. So its code reads from top to bottom, and
//! still performs nothing: whoever steps it decides when, and with which answer, it goes on.

use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::rc::Rc;

use smcp_capability::turn::{Effect, Head, Listen, Performed, Reply, Step};
use smcp_ids::UnixMillis;

use crate::problem::Problem;

/// What lies between a turn and whoever steps it.
#[derive(Debug, Default)]
struct Exchange {
    out: Option<Step>,
    back: Option<Performed>,
    now: f64,
    opened: bool,
    survives: bool,
    sent: u64,
}

/// A turn's end of the exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outside(Rc<RefCell<Exchange>>);

impl Outside {
    /// The time of this step.
    pub(crate) fn now(&self) -> UnixMillis {
        UnixMillis(self.0.borrow().now as u64)
    }

    /// The same, with fractions where the clock has them.
    pub(crate) fn now_precisely(&self) -> f64 {
        self.0.borrow().now
    }

    /// Whether the reply is a stream by now.
    pub(crate) fn is_open(&self) -> bool {
        self.0.borrow().opened
    }

    /// Has an effect performed.
    pub(crate) async fn perform(&self, effect: Effect) -> Performed {
        self.post(Step::Need(effect))
            .await
            .unwrap_or(Performed::Failed("no answer".into()))
    }

    /// Lets others run.
    pub(crate) async fn pause(&self) {
        self.post(Step::Yield).await;
    }

    /// Waits until another turn has ended.
    pub(crate) async fn queue(&self) {
        self.post(Step::Queued).await;
    }

    /// Answers as a stream from now on.
    pub(crate) async fn open(&self, head: Head) {
        self.0.borrow_mut().opened = true;
        self.post(Step::Open(head)).await;
    }

    /// Writes to the stream.
    pub(crate) async fn emit(&self, bytes: Vec<u8>) {
        self.0.borrow_mut().sent += bytes.len() as u64;
        self.post(Step::Emit(bytes)).await;
    }

    /// Bytes that were written to the stream.
    pub(crate) fn sent(&self) -> u64 {
        self.0.borrow().sent
    }

    /// From now on the turn goes on without its client: that it has gone does not end it.
    pub(crate) fn survive(&self) {
        self.0.borrow_mut().survives = true;
    }

    /// Ends the turn, and leaves its stream to those who tell it something. A turn that is stepped
    /// after that is a fault of whoever drives it.
    pub(crate) async fn leave(&self, listen: Listen) -> Problem {
        self.post(Step::Listen(listen)).await;
        Problem::host()
    }

    fn post(&self, step: Step) -> Post<'_> {
        Post {
            outside: self,
            step: Some(step),
        }
    }
}

/// A step on its way out, then its answer.
struct Post<'a> {
    outside: &'a Outside,
    step: Option<Step>,
}

impl Future for Post<'_> {
    type Output = Option<Performed>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let outside = self.outside;
        let mut exchange = outside.0.borrow_mut();
        match self.step.take() {
            Some(step) => {
                exchange.out = Some(step);
                Poll::Pending
            }
            None => Poll::Ready(exchange.back.take()),
        }
    }
}

/// A turn in progress.
pub(crate) struct Turn {
    outside: Outside,
    future: Pin<Box<dyn Future<Output = Reply>>>,
}

impl Turn {
    /// A turn that has not begun.
    pub(crate) fn new<F>(begin: impl FnOnce(Outside) -> F) -> Self
    where
        F: Future<Output = Reply> + 'static,
    {
        let outside = Outside::default();
        Self {
            future: Box::pin(begin(outside.clone())),
            outside,
        }
    }

    /// Whether it goes on when its client has gone.
    pub(crate) fn survives(&self) -> bool {
        self.outside.0.borrow().survives
    }

    /// Runs until the next step. `None` if the turn waits for something else than a step, which
    /// none does.
    pub(crate) fn step(&mut self, answer: Option<Performed>, now: f64) -> Option<Step> {
        {
            let mut exchange = self.outside.0.borrow_mut();
            exchange.back = answer;
            exchange.now = now;
        }
        match self
            .future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(reply) => Some(Step::Done(reply)),
            Poll::Pending => self.outside.0.borrow_mut().out.take(),
        }
    }
}
