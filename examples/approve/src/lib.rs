//! A ledger of payments that a person approves: a model proposes, a person is shown exactly what will happen and says
//! yes, and only then is it booked.
//!
//! A call is a transaction, so there is nothing half done, and nobody approves what they have not read: if a proposal
//! is changed while somebody thinks about it, the call is run again, its question is another, and is asked anew.

mod ledger;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smcp_sdk::{
    CallToolResult, Content, Context, Elicit, Elicited, Json, Parameters, ProtocolError,
    ServerHandler, tool, tool_handler, tool_router,
};

use ledger::{Amount, Ledger, Payment, Proposal};

/// The server.
#[derive(Default)]
pub struct Approve;

#[derive(Deserialize, JsonSchema)]
struct Propose {
    /// Who is to be paid, in one line.
    payee: String,
    /// How much, with two decimals, such as `120.50`.
    amount: String,
    /// The currency, such as `EUR`.
    currency: String,
    /// What it is for, in one line.
    purpose: String,
}

#[derive(Deserialize, JsonSchema)]
struct ById {
    /// The id of the proposal.
    id: String,
}

/// What a person is asked.
#[derive(Deserialize, JsonSchema)]
struct Decision {
    /// Pay it.
    approve: bool,
}

#[derive(Serialize, JsonSchema)]
struct Proposed {
    id: String,
    /// What has to happen next.
    next: String,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    /// What waits for somebody to approve it.
    proposals: Vec<Proposal>,
    /// What was approved, the oldest first.
    payments: Vec<Payment>,
}

#[tool_router]
impl Approve {
    /// Proposes a payment. Nothing is paid before a person has approved it.
    #[tool(annotations(destructive_hint = false, open_world_hint = false))]
    fn propose(
        &self,
        ctx: &Context,
        Parameters(propose): Parameters<Propose>,
    ) -> Result<Json<Proposed>, String> {
        let amount = Amount::parse(&propose.amount, &propose.currency)?;
        let ledger = Ledger::of(ctx);
        let proposal = Proposal {
            id: ledger.new_id()?,
            payee: line("payee", &propose.payee)?,
            purpose: line("purpose", &propose.purpose)?,
            amount,
            proposed_by: ctx.caller().principal,
        };
        within_limit(ctx, &proposal.amount)?;
        ledger.propose(&proposal)?;
        Ok(Json(Proposed {
            next: format!("A person approves it with `approve`, id `{}`.", proposal.id),
            id: proposal.id,
        }))
    }

    /// Asks the user whether to pay what was proposed, and books it if they say yes.
    #[tool(annotations(destructive_hint, open_world_hint = false))]
    fn approve(
        &self,
        ctx: &Context,
        Parameters(ById { id }): Parameters<ById>,
    ) -> Result<CallToolResult, ProtocolError> {
        let ledger = Ledger::of(ctx);
        let Some(proposal) = ledger.proposal(&id)? else {
            return Ok(failed(unknown(&id)));
        };
        // What the admin allows may have shrunk since it was proposed.
        if let Err(why) = within_limit(ctx, &proposal.amount) {
            return Ok(failed(why));
        }
        let paid = ledger.total(proposal.amount.currency())?;
        let question = Elicit::<Decision>::new(consequences(&proposal, &paid)).id("decision");
        let said = match ctx.elicit(question)? {
            Elicited::Accept(Decision { approve: true }) => {
                let payment = ledger.book(proposal, &ctx.caller().principal, ctx.now_millis())?;
                format!(
                    "Paid {} to {} for {}.",
                    payment.amount, payment.payee, payment.purpose
                )
            }
            Elicited::Accept(Decision { approve: false }) | Elicited::Decline => format!(
                "The user said no: nothing was paid. The proposal `{id}` is still there; `withdraw` it if it is not \
                 wanted."
            ),
            Elicited::Cancel => format!(
                "The user did not decide: nothing was paid, and the proposal `{id}` is still there."
            ),
        };
        Ok(CallToolResult::success(vec![Content::text(said)]))
    }

    /// Withdraws a proposal that nobody has approved.
    #[tool(annotations(destructive_hint, idempotent_hint, open_world_hint = false))]
    fn withdraw(
        &self,
        ctx: &Context,
        Parameters(ById { id }): Parameters<ById>,
    ) -> Result<String, String> {
        let ledger = Ledger::of(ctx);
        let proposal = ledger.proposal(&id)?.ok_or_else(|| unknown(&id))?;
        ledger.withdraw(&proposal)?;
        Ok(format!("The proposal `{id}` is withdrawn."))
    }

    /// Lists what was proposed and what was paid.
    #[tool(annotations(read_only_hint, open_world_hint = false))]
    fn list(&self, ctx: &Context) -> Result<Json<Listed>, String> {
        let ledger = Ledger::of(ctx);
        Ok(Json(Listed {
            proposals: ledger.proposals()?,
            payments: ledger.payments()?,
        }))
    }
}

/// All that will be different afterwards: it is what a person says yes to.
fn consequences(proposal: &Proposal, paid: &Amount) -> String {
    let after = paid.plus(&proposal.amount);
    format!(
        "Pay {} to {}?\n\nFor: {}\nProposed by: {}\nPaid so far: {paid}; with this: {after}\nThis cannot be undone.",
        proposal.amount, proposal.payee, proposal.purpose, proposal.proposed_by
    )
}

fn failed(why: String) -> CallToolResult {
    CallToolResult::error(vec![Content::text(why)])
}

fn unknown(id: &str) -> String {
    format!("There is no proposal `{id}`: it may be paid or withdrawn already. See `list`.")
}

/// The admin's setting `limit`: the most that one payment may be, in whole units of its currency.
fn within_limit(ctx: &Context, amount: &Amount) -> Result<(), String> {
    match ctx.setting::<u64>("limit")? {
        Some(limit) if amount.exceeds(limit) => Err(format!(
            "{amount} is more than one payment may be here, which is {limit}: the admin of this server sets that."
        )),
        _ => Ok(()),
    }
}

/// A text that a person is shown as one line: nothing in it can look like another part of the question.
fn line(what: &str, text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_line = !text.is_empty() && text.chars().count() <= 100;
    if is_line && !text.chars().any(is_hidden) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "The {what} is one line of 1 to 100 characters: write another."
        ))
    }
}

/// Whether a character cannot be seen, begins a line, or turns the direction of others.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[tool_handler(
    instructions = "Propose a payment first. `approve` asks the user; do not ask them yourself before it."
)]
impl ServerHandler for Approve {}

smcp_sdk::serve!(Approve);
