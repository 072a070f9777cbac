//! What is known to be worth an entry where nothing can be written: in the middle of a call, or when its client has gone.
//! It waits in memory, and is written before the request is answered; what no answer waited for, with what is written next.

use smcp_capability::items::{Transacted, Transaction};
use smcp_ids::limits;

use super::{Act, Told};
use crate::problem::Problem;
use crate::state::Scene;

/// What waits to be written down.
#[derive(Debug, Default)]
pub(crate) struct Noted(Vec<Told>);

impl Noted {
    /// Whether anything waits.
    pub(crate) fn is_any(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Scene {
    /// Has something written down soon. What comes to an object that is of no tenant leaves no trace.
    pub(crate) fn notes(&self, act: Act) {
        let told = self.told(act);
        // Where storage fails for long, the first that was not written is worth more than the last.
        if let Ok(mut state) = self.state.try_borrow_mut()
            && state.is_of_a_tenant()
            && state.noted.0.len() < limits::AUDIT_WAITING
        {
            state.noted.0.push(told);
        }
    }

    /// Has written down soon what was denied to somebody, but not without end.
    pub(crate) fn notes_denial(&self, who: &str, act: Act) {
        if self.takes_refusal(who) {
            self.notes(act);
        }
    }

    /// Writes down what waits. What cannot be written waits still.
    pub(crate) async fn write_noted(&self) -> Result<(), Problem> {
        let told = {
            let mut state = self.state.borrow_mut();
            if !state.noted.is_any() || state.directory().is_err() {
                return Ok(());
            }
            core::mem::take(&mut state.noted.0)
        };
        let transaction = Transaction {
            now: self.outside.now(),
            ..Transaction::default()
        };
        match self.transact_told(transaction, Vec::new(), &told).await {
            Ok(Transacted::Done) => Ok(()),
            _ => {
                self.state.borrow_mut().noted.0.splice(..0, told);
                Err(Problem::host())
            }
        }
    }
}
