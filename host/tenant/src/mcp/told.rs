//! What a guest returned, as its client is told it: checked, named if it is a failure, and noted.

use smcp_protocol::{Answer, GuestResult, MetaEntry, ResultError, Target};
use smcp_sandbox::Ended;

use super::run::Run;
use super::witness::Witness;
use crate::outcome;

impl Run<'_> {
    /// The answer to a call that is over, when what is kept of it is stored.
    pub(super) async fn told<'t>(
        &self,
        witness: &Witness<'_>,
        ended: &'t Ended,
        receipt: Option<MetaEntry>,
        result: impl Fn(&'t str) -> Result<GuestResult<'t>, ResultError>,
    ) -> Answer {
        let (info, id) = (&self.ready.info, Some(witness.id()));
        let (answer, told) = outcome::answer_with(self.to, info, ended, id, receipt, result);
        witness.ended(ended, told).await;
        answer
    }

    /// What a guest returned, if it is a result that its client may be given.
    pub(super) fn result<'t>(
        &self,
        target: Target,
        name: &str,
        text: &'t str,
    ) -> Result<GuestResult<'t>, ResultError> {
        let result = GuestResult::parse(target, text)?;
        match target {
            Target::Tool => self.check_structured(name, result),
            Target::Prompt | Target::Resource | Target::Completion => Ok(result),
        }
    }

    /// server/tools, "Output Schema": a structured result is what the tool says that it gives.
    fn check_structured<'t>(
        &self,
        tool: &str,
        result: GuestResult<'t>,
    ) -> Result<GuestResult<'t>, ResultError> {
        self.ready
            .schemas
            .of(&self.ready.catalogue, tool)
            .check_result(result)
    }
}
