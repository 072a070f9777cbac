//! Where a call rests: with its client, which carries it; in the object, for a client that is asked on a stream;
//! or as a task, which goes on by itself, waits or sleeps. What rests is a tape; its instance is dropped.

use smcp_capability::call::Question;
use smcp_ids::{UnixMillis, limits};
use smcp_protocol::{Era, GuestCall, ProtocolError, Target, TaskSupport};
use smcp_tape::Tape;

use super::ask::Carried;
use super::attempt::Attempt;
use super::kv::Settled;
use super::run::{RoundEnd, Run};
use crate::call::Call;
use crate::problem::Problem;
use crate::questions::Round;

impl Run<'_> {
    /// Ends a round with the questions that have no answer yet.
    pub(super) async fn asks(
        &self,
        running: Call,
        mut attempt: Attempt<'_, '_>,
        questions: Vec<Question>,
    ) -> Result<RoundEnd, Problem> {
        if let Some(refused) = self.may_rest(&running, &mut attempt).await? {
            return Ok(refused);
        }
        let call = attempt.call.ok_or_else(Problem::host)?;
        let carried = self.rests(running, attempt.round);
        let missing: Vec<_> = questions
            .into_iter()
            .filter(|question| !carried.round.given.contains_key(&question.id))
            .collect();
        let release = self.ready.release;
        if let Some(going) = self.asked.going {
            going.asks(self.scene, release, carried, missing).await?;
            return Ok(RoundEnd::Parks);
        }
        if let Some(outlet) = self.asked.outlet {
            outlet
                .park(self.scene, self.to, release, carried, &missing)
                .await?;
            return Ok(RoundEnd::Parks);
        }
        let state = self.seal(call, &carried, self.capabilities).await?;
        Ok(RoundEnd::Asks { missing, state })
    }

    /// Whether the call is a task, or becomes one where its guest wants that: if its client takes a task for an
    /// answer, and the tool says that it can be one.
    pub(super) fn may_become_task(&self, call: &GuestCall<'_>, name: &str) -> bool {
        let tool = self.ready.catalogue.tool(name);
        let can = tool.is_some_and(|tool| tool.task_support() != TaskSupport::Forbidden);
        call.target() == Target::Tool && can && self.takes_tasks
    }

    /// Makes the call a task.
    pub(super) async fn begins(
        &self,
        running: Call,
        mut attempt: Attempt<'_, '_>,
    ) -> Result<RoundEnd, Problem> {
        if let Some(refused) = self.may_rest(&running, &mut attempt).await? {
            return Ok(refused);
        }
        let tool = attempt.witness.name();
        let carried = self.rests(running, attempt.round);
        let terms = (Era::Modern, limits::TASK_MILLIS);
        let begun = self
            .asked
            .begin_task(self.server, tool, self.ready.release, carried, terms);
        Ok(RoundEnd::Begins(Box::new(begun.await?)))
    }

    /// Lets a task sleep.
    pub(super) async fn sleeps(
        &self,
        running: Call,
        attempt: Attempt<'_, '_>,
        until: UnixMillis,
    ) -> Result<RoundEnd, Problem> {
        let going = self.asked.going.ok_or_else(Problem::host)?;
        // Not another round: nobody was asked anything.
        let carried = self.carried(attempt.round, running.into_tape());
        going
            .sleeps(self.scene, self.ready.release, carried, until)
            .await?;
        Ok(RoundEnd::Parks)
    }

    /// A call that has sent something rests once.
    async fn may_rest(
        &self,
        running: &Call,
        attempt: &mut Attempt<'_, '_>,
    ) -> Result<Option<RoundEnd>, Problem> {
        // Of a task there is one turn, and no state that could be sent again.
        let may_be_twice = attempt.had_sent && !attempt.is_task;
        let is_spent = may_be_twice && self.check(running, attempt, false).await? == Settled::Spent;
        Ok(is_spent.then_some(RoundEnd::Refused(ProtocolError::RequestStateUsed)))
    }

    fn rests(&self, running: Call, round: Round) -> Carried {
        let used = running.fuel_used();
        self.carried(round.next(used), running.into_tape())
    }

    pub(super) fn carried(&self, round: Round, tape: Tape) -> Carried {
        Carried {
            round,
            tape,
            expires: self.scene.outside.now().plus(limits::REQUEST_STATE_MILLIS),
        }
    }
}
