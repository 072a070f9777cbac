//! The right to compute, of which a tenant has a few at a time.

use core::cell::RefCell;
use std::rc::Rc;

use smcp_ids::limits;

use crate::problem::Problem;
use crate::state::{Scene, State};

/// Given back when dropped, so that a turn that is cancelled keeps none.
pub(super) struct Permit(Rc<RefCell<State>>);

impl Permit {
    /// Waits for one, behind those who wait already.
    pub(super) async fn acquire(scene: &Scene) -> Result<Self, Problem> {
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
