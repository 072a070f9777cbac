//! The beginning of a run: a fresh instance, its first slice, and memory for the rest.
//!
//! All guests of an isolate share its memory, and the shell keeps the account. A call whose first slice is
//! all of it is charged nothing: until it is over nobody else computes, so there is one of them at a time. A
//! call that goes on is charged before it does. If there is no memory its instance is given up, so that
//! who waits holds none, and the call begins again when there is: nothing was performed yet.

use smcp_capability::turn::{Effect, Performed};
use smcp_ids::limits;
use smcp_sandbox::{Bounds, Entry, Fault};
use smcp_tape::Tape;

use super::attempt::Attempt;
use super::run::Run;
use crate::call::{Call, CallStep, Telling};
use crate::pace::Pace;
use crate::problem::Problem;

/// A run that has begun, and how its first slice ended; or why there is no instance.
type Begun = Result<(Call, CallStep), Fault>;

impl Run<'_> {
    /// Begins a run.
    pub(super) async fn begin(
        &self,
        entry: Entry,
        bounds: Bounds,
        tape: Tape,
        attempt: &mut Attempt<'_, '_>,
    ) -> Result<Begun, Problem> {
        if !attempt.has_room && bounds.memory > limits::MEMORY_UNCHARGED_MAX {
            self.wait_for_room(attempt).await?;
        }
        let slice = Pace::new().slice(self.scene, attempt.permit.held());
        let mut running = match Call::start(&self.ready.loaded, entry, bounds, tape) {
            Ok(running) => running,
            Err(fault) => return Ok(Err(fault)),
        };
        let first = running.step(slice);
        if attempt.has_room || matches!(first, CallStep::Ended(_)) {
            return Ok(Ok((running, first)));
        }
        if self.reserve().await? {
            attempt.has_room = true;
            return Ok(Ok((running, first)));
        }
        // It has used that, although it begins again.
        let meter = &mut attempt.permit.meter;
        meter.begin_run(self.scene);
        meter.used(self.scene, running.fuel_used());
        let (entry, tape) = running.into_start();
        self.wait_for_room(attempt).await?;
        let again = Call::start(&self.ready.loaded, entry, bounds, tape);
        Ok(again.map(|mut running| match first {
            // On the tape it is told, and does not come again.
            CallStep::Tell(telling) if !matches!(telling, Telling::Notice(_)) => {
                (running, CallStep::Tell(telling))
            }
            _ => {
                let first = running.step(slice);
                (running, first)
            }
        }))
    }

    /// Waits until there is memory; after a while its client is told to come again.
    async fn wait_for_room(&self, attempt: &mut Attempt<'_, '_>) -> Result<(), Problem> {
        let outside = &self.scene.outside;
        let until = outside.now().plus(limits::ROOM_WAIT_MILLIS);
        while !self.reserve().await? {
            if outside.now() >= until {
                return Err(Problem::no_room());
            }
            let wait = Effect::Wait(limits::ROOM_POLL_MILLIS);
            if outside.perform(wait).await != Performed::Done {
                return Err(Problem::host());
            }
        }
        attempt.has_room = true;
        Ok(())
    }

    async fn reserve(&self) -> Result<bool, Problem> {
        let guest = self.ready.limits.memory * limits::GUEST_MEMORY_FACTOR;
        let kept = {
            let state = self.scene.state.borrow();
            state.modules.memory() + state.catalogues.memory()
        };
        let effect = Effect::Reserve {
            bytes: guest as u64,
            kept: kept as u64,
        };
        match self.scene.outside.perform(effect).await {
            Performed::Reserved(is_there) => Ok(is_there),
            _ => Err(Problem::host()),
        }
    }
}
