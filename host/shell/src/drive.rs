//! The visible loop of a turn that did not end with its first step.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use js_sys::Uint8Array;
use js_sys::futures::{JsFuture, future_to_promise};
use smcp_capability::turn::{Effect, Step};
use wasm_bindgen::prelude::*;

use crate::bindings::{Object, Turn};
use crate::edge::Edge;
use crate::effect::{Signer, durable, perform};

/// Carries a turn from its first step, encoded, to its end. The result is the encoded step `Done` or
/// `Listen`, or undefined if the turn was over before (its client has gone, or the engine has failed): at
/// once where nothing had to be waited for, else a promise.
///
/// The loop runs inside this call up to the first thing it must wait for, so that no other turn
/// comes between a step and an effect that is *at once*.
#[wasm_bindgen]
pub fn drive(edge: &Edge, object: Object, turn: Turn, first: Vec<u8>) -> JsValue {
    let mut run = Box::pin(run(edge.signer(), object, turn, first));
    match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done.unwrap_or_default(),
        Poll::Pending => future_to_promise(run).into(),
    }
}

/// Ends as soon as the turn does, whatever is still being waited for.
async fn run(
    signer: Signer,
    object: Object,
    turn: Turn,
    first: Vec<u8>,
) -> Result<JsValue, JsValue> {
    let mut gone = JsFuture::from(turn.gone());
    let mut steps = pin!(steps(&signer, &object, &turn, first));
    poll_fn(|cx| match steps.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(done),
        Poll::Pending => core::pin::Pin::new(&mut gone).poll(cx).map(|_| Ok(None)),
    })
    .await
    .map(|done| {
        done.map_or(JsValue::UNDEFINED, |bytes| {
            Uint8Array::from(bytes.as_slice()).into()
        })
    })
}

async fn steps(
    signer: &Signer,
    object: &Object,
    turn: &Turn,
    first: Vec<u8>,
) -> Result<Option<Vec<u8>>, JsValue> {
    let mut bytes = first;
    // Whether something was written that may not be on disk yet.
    let mut unsynced = false;
    loop {
        let step: Step = postcard::from_bytes(&bytes)
            .map_err(|_| JsValue::from_str("a step is garbled: engine and shell differ"))?;
        let mut answer = Vec::new();
        match step {
            Step::Need(effect) => {
                unsynced |= matches!(
                    effect,
                    Effect::Erase | Effect::Transact(_) | Effect::DeleteItems(_) | Effect::Wake(_)
                );
                let performed = perform(signer, object, turn, effect).await;
                answer = postcard::to_allocvec(&performed)
                    .map_err(|_| JsValue::from_str("an answer cannot be encoded"))?;
            }
            Step::Yield => drop(JsFuture::from(turn.pause()).await?),
            Step::Queued => drop(JsFuture::from(turn.queue()).await?),
            Step::Open(_) => turn.open(&bytes),
            Step::Emit(_) => {
                if core::mem::take(&mut unsynced) {
                    durable(&object.storage()).await?;
                }
                JsFuture::from(turn.emit(&bytes)).await?;
            }
            Step::Done(_) | Step::Listen(_) => {
                if unsynced && turn.streaming() {
                    durable(&object.storage()).await?;
                }
                // Before any other turn: it has read what is stored, and is told what comes after.
                turn.last(&bytes);
                return Ok(Some(bytes));
            }
        }
        match turn.step(&answer) {
            Some(next) => bytes = next,
            None => return Ok(None),
        }
    }
}
