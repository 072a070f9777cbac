//! `resources/list` of a server that says itself which there are: a call of its guest, answered as it is or
//! taken into a list that has others' too.

use smcp_ids::UnixMillis;
use smcp_protocol::{Answer, GuestResult};
use smcp_sandbox::{Ended, Entry, Output};
use smcp_tape::Tape;

use super::permit::Permit;
use super::run::{RoundEnd, Run};
use super::witness::Witness;
use crate::problem::Problem;
use crate::questions::Round;

impl Run<'_> {
    /// Answers with what the guest lists.
    pub(super) async fn list_resources(&self, cursor: Option<&str>) -> Result<Answer, Problem> {
        let permit = Permit::acquire(self.scene, self.principal).await?;
        let (began, tape) = self.blank();
        let witness = self.lists(&tape, began);
        match self.listed(permit, tape, began, cursor, &witness).await {
            Ok(ended) => Ok(self
                .told(&witness, &ended, None, GuestResult::parse_resources)
                .await),
            Err(problem) => witness.broke(problem).await,
        }
    }

    /// What the guest lists, for a list that has others' too. `None` if it fails, which its author finds in
    /// its log.
    ///
    /// # Errors
    /// The host failed, or is busy.
    pub(super) async fn made_resources(
        &self,
        cursor: Option<&str>,
    ) -> Result<Option<String>, Problem> {
        let permit = Permit::acquire(self.scene, self.principal).await?;
        let (began, tape) = self.blank();
        let witness = self.lists(&tape, began);
        let listed = self.listed(permit, tape, began, cursor, &witness).await;
        let ended = match listed {
            Ok(ended) => ended,
            Err(problem) => {
                witness.given_up(&problem).await;
                return Err(problem);
            }
        };
        // Nobody is told this; it is noted.
        self.told(&witness, &ended, None, GuestResult::parse_resources)
            .await;
        Ok(match ended.result {
            Ok(Output::Text(text)) => Some(text),
            _ => None,
        })
    }

    fn blank(&self) -> (UnixMillis, Tape) {
        let began = self.scene.outside.now();
        (began, Tape::blank(self.header(began, false)))
    }

    fn lists(&self, tape: &Tape, began: UnixMillis) -> Witness<'_> {
        Witness::new(self, &tape.header.seed, "resources/list", "", began)
    }

    async fn listed(
        &self,
        permit: Permit,
        tape: Tape,
        began: UnixMillis,
        cursor: Option<&str>,
        witness: &Witness<'_>,
    ) -> Result<Ended, Problem> {
        let request = match cursor {
            Some(cursor) => serde_json::json!({ "cursor": cursor }).to_string(),
            None => "{}".to_owned(),
        };
        let attempt = self.attempt(permit, None, Round::first(None), false, began, witness);
        let is_result = |text: &str| GuestResult::parse_resources(text).is_ok();
        let entry = Entry::ListResources(request);
        match self.execute(entry, tape, attempt, is_result).await? {
            RoundEnd::Ended(ended) => Ok(ended),
            // It can ask nobody, and lists have no receipts.
            _ => Err(Problem::host()),
        }
    }
}
