//! Drives the future of an `async fn` to its end, inside one call.
//!
//! Nothing in a module is really asynchronous: what takes time is a function of the host that
//! returns when it is done. So a future that waits for anything else would wait for ever, and
//! that is said instead.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Remembers that the future asked to be polled again.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls until the future is ready.
///
/// # Panics
///
/// When the future is pending and nothing has woken it: then nothing ever will.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&flag));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(
            flag.0.swap(false, Ordering::Relaxed),
            "this async tool waits for something that can never come: a module has no timers, \
             sockets or threads. Use the functions of `Context`, such as `ctx.sleep`, instead"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};

    use super::*;

    #[test]
    fn a_future_that_is_ready_is_returned() {
        assert_eq!(block_on(async { 1 + async { 2 }.await }), 3);
    }

    #[test]
    fn a_future_that_woke_itself_is_polled_again() {
        let mut polls = 0;
        let value = block_on(poll_fn(|context| {
            polls += 1;
            context.waker().wake_by_ref();
            if polls == 3 {
                Poll::Ready(polls)
            } else {
                Poll::Pending
            }
        }));
        assert_eq!(value, 3);
    }

    #[test]
    #[should_panic(expected = "can never come")]
    fn a_future_that_nothing_can_wake_panics_with_the_mend() {
        block_on(pending::<()>());
    }
}
