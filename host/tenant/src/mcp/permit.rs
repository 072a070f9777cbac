//! The right to compute, of which a tenant has a few at a time (see `places.rs`), and what it costs.

use core::cell::RefCell;
use std::rc::Rc;

use smcp_auth::Principal;

use super::charge::Meter;
use crate::places::Ticket;
use crate::problem::Problem;
use crate::state::{Scene, State};

/// Given back when dropped, so that a turn that is cancelled keeps none.
pub(super) struct Permit {
    place: Taken,
    /// What the call uses.
    pub(super) meter: Meter,
}

impl Permit {
    /// Waits for one, behind those who have a better right to it. There must be fuel then: who waited with many
    /// others may come when it is used up.
    pub(super) async fn acquire(scene: &Scene, principal: &Principal) -> Result<Self, Problem> {
        let place = Taken::acquire(scene, principal).await?;
        Ok(Self {
            place,
            meter: Meter::begin(scene, principal).await?,
        })
    }

    /// How many the caller has, this one among them: what it computes in one slice is less the more
    /// they are, so that callers come to the same share of time.
    pub(super) fn held(&self) -> usize {
        self.place.held()
    }
}

/// A place that was taken.
struct Taken {
    state: Rc<RefCell<State>>,
    caller: String,
}

impl Taken {
    async fn acquire(scene: &Scene, principal: &Principal) -> Result<Self, Problem> {
        let state = scene.state.clone();
        let caller = principal.to_string();
        if state.borrow_mut().places.take(&caller) {
            return Ok(Self { state, caller });
        }
        let ticket = state.borrow_mut().places.queue(&caller);
        let ticket = ticket.map_err(|_| Problem::busy())?;
        let waiting = Waiting {
            state: state.clone(),
            ticket,
        };
        loop {
            scene.outside.queue().await;
            if state.borrow_mut().places.take_in_turn(ticket) {
                drop(waiting);
                return Ok(Self { state, caller });
            }
        }
    }

    fn held(&self) -> usize {
        self.state.borrow().places.of(&self.caller).max(1)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.state.borrow_mut().places.give_back(&self.caller);
    }
}

/// A place in the queue.
struct Waiting {
    state: Rc<RefCell<State>>,
    ticket: Ticket,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.state.borrow_mut().places.leave(self.ticket);
    }
}
