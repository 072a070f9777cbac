//! One request from frame to outcome, as steps, without I/O.
//!
//! [`Tenant`] is what one engine instance holds: the records of its object, its compiled modules and
//! the turns in progress. It performs nothing: what it needs it says in a [`Step`], and what was
//! done comes back with the next one. Time and randomness are arguments.
//!
//! The order a request passes through: [`Tenant::begin`] takes the frame; the door proves who
//! calls; the admin API or MCP answers; a call of a guest goes through [`call`].

mod admin;
mod asks;
pub mod audit;
pub mod budget;
pub mod call;
mod catalogues;
mod daily;
pub mod describe;
mod door;
mod examine;
mod hexadecimal;
mod holding;
pub mod item;
mod journal;
mod life;
mod lines;
mod listed;
mod listeners;
mod mcp;
mod measure;
pub mod memory_items;
mod metrics;
mod modules;
mod oauth;
pub mod origin;
pub mod outcome;
mod outside;
mod pace;
mod places;
pub mod probe;
mod problem;
pub mod questions;
pub mod receipt;
mod record;
mod release;
pub mod replay;
mod reseal;
mod root;
pub mod schemas;
mod session;
mod state;
mod tapes;
pub mod usage;
pub mod workspace;

pub use admin::{ACTIONS, Entry};

use core::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use smcp_capability::turn::{Boot, Frame, Performed, Step};
use smcp_ids::Fuel;

use crate::outside::Turn;
use crate::problem::Problem;
use crate::state::{Scene, State};
use crate::usage::report::Reports;

/// Names a turn in progress. Not used twice by one [`Tenant`] in any time that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TurnId(pub u32);

/// The state of one object: of a tenant, or of the platform.
pub struct Tenant {
    state: Rc<RefCell<State>>,
    turns: BTreeMap<TurnId, Turn>,
    last: u32,
}

impl core::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Tenant")
            .field("turns", &self.turns.len())
            .finish_non_exhaustive()
    }
}

impl Tenant {
    /// The state of an object that has just woken; its records are loaded by its first turn.
    pub fn new(boot: Boot) -> Self {
        Self {
            state: Rc::new(RefCell::new(State::new(boot))),
            turns: BTreeMap::new(),
            last: 0,
        }
    }

    /// Lets all slices from now on be of one size, whatever time they take, or follow the time again.
    /// Only what measures the cost of slices asks for it.
    pub fn fix_slices(&mut self, slice: Option<Fuel>) {
        self.state.borrow_mut().fixed_slice = slice;
    }

    /// Takes in a request. Nothing is done until the first [`Tenant::step`].
    pub fn begin(&mut self, frame: Frame) -> TurnId {
        self.last = self.last.wrapping_add(1).max(1);
        let turn = TurnId(self.last);
        let state = self.state.clone();
        let begun = Turn::new(|outside| {
            let scene = Scene::new(state, outside, turn.0, frame.entropy);
            door::answer(scene, frame)
        });
        self.turns.insert(turn, begun);
        turn
    }

    /// Goes on with a turn until it needs something. `answer` is that to the [`Step::Need`] of the
    /// step before. `now` is milliseconds since 1970, with fractions where the clock has them.
    /// A turn that is over, or was never begun, is answered as a fault of the host.
    pub fn step(&mut self, turn: TurnId, answer: Option<Performed>, now: f64) -> Step {
        let step = self
            .turns
            .get_mut(&turn)
            .and_then(|running| running.step(answer, now));
        match step {
            Some(last @ (Step::Done(_) | Step::Listen(_))) => {
                self.turns.remove(&turn);
                last
            }
            Some(step) => step,
            None => {
                self.turns.remove(&turn);
                Step::Done(Problem::host().reply(None))
            }
        }
    }

    /// The client of a turn has gone: ends the turn and drops all it holds, unless it goes on without its
    /// client. Whether it is over.
    pub fn cancel(&mut self, turn: TurnId) -> bool {
        if self.turns.get(&turn).is_some_and(Turn::survives) {
            return false;
        }
        self.turns.remove(&turn);
        true
    }

    /// Ends a turn, whatever it wants: drops all it holds.
    pub fn stop(&mut self, turn: TurnId) {
        self.turns.remove(&turn);
    }

    /// Lines for the platform's log, one below the other, each a JSON object; they are given once. Take them between
    /// steps.
    pub fn take_lines(&mut self) -> String {
        self.state.borrow_mut().lines.take()
    }

    /// Whether something was counted that is not stored: then a turn of the object's own at [`usage::STORE_PATH`] is
    /// wanted, soon.
    pub fn has_usage(&self) -> bool {
        let state = self.state.borrow();
        state.usage.is_any() || state.reports.as_ref().is_some_and(Reports::is_any)
    }

    /// What was counted and is not stored, for the body of such a turn of another engine of the same object.
    pub fn usage(&self) -> Vec<u8> {
        self.state.borrow().usage.to_bytes()
    }

    /// How many turns are in progress.
    pub fn turns(&self) -> usize {
        self.turns.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use smcp_capability::turn::Role;

    use super::*;

    /// A turn that yields once, and may survive its client; what it drops with itself is counted.
    fn begun(tenant: &mut Tenant, survives: bool) -> (TurnId, Rc<()>) {
        let held = Rc::new(());
        let kept = held.clone();
        let turn = Turn::new(|outside| async move {
            if survives {
                outside.survive();
            }
            outside.pause().await;
            drop(kept);
            Problem::host().reply(None)
        });
        tenant.last += 1;
        let id = TurnId(tenant.last);
        tenant.turns.insert(id, turn);
        assert!(matches!(tenant.step(id, None, 0.0), Step::Yield));
        (id, held)
    }

    #[test]
    fn a_turn_whose_client_has_gone_is_over_unless_it_survives_that_and_a_stopped_one_is_over() {
        let mut tenant = Tenant::new(Boot {
            role: Role::Platform,
            keys: Vec::new(),
            clients: Vec::new(),
            admin_token: None,
            provoke_faults: false,
            request_log: Default::default(),
        });
        let (mortal, held) = begun(&mut tenant, false);
        assert!(tenant.cancel(mortal));
        assert_eq!((Rc::strong_count(&held), tenant.turns()), (1, 0));
        assert!(tenant.cancel(mortal), "a turn that is over is over");

        let (survivor, held) = begun(&mut tenant, true);
        assert!(!tenant.cancel(survivor));
        assert_eq!((Rc::strong_count(&held), tenant.turns()), (2, 1));
        tenant.stop(survivor);
        assert_eq!((Rc::strong_count(&held), tenant.turns()), (1, 0));

        let (survivor, _held) = begun(&mut tenant, true);
        assert!(!tenant.cancel(survivor));
        assert!(matches!(tenant.step(survivor, None, 1.0), Step::Done(_)));
        assert!(tenant.cancel(survivor));
    }
}
