//! Where proposals and payments are: in the server's storage, which all its callers share.
//!
//! Ids are random, and keys of payments begin with their time, so that they are in its order.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smcp_sdk::{Context, Kv, KvError};

/// A call may read 512 times, and a list reads them all.
const PROPOSALS_MAX: usize = 100;
/// How many payments a list shows: the last ones.
const SHOWN: usize = 100;
/// The most that one payment can be, in cents: sums stay far below what a `u64` holds.
const CENTS_MAX: u64 = 100_000_000_000;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Amount {
    /// In hundredths.
    cents: u64,
    currency: String,
}

impl Amount {
    /// Reads an amount with two decimals or none, and its currency.
    pub(crate) fn parse(amount: &str, currency: &str) -> Result<Self, String> {
        let (whole, decimals) = amount.split_once('.').unwrap_or((amount, "00"));
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let cents = (is_number(whole) && is_number(decimals) && decimals.len() == 2)
            .then(|| format!("{whole}{decimals}").parse().ok())
            .flatten()
            .filter(|cents| (1..=CENTS_MAX).contains(cents));
        let Some(cents) = cents else {
            return Err(format!(
                "{amount:?} is not an amount: write it as in `120.50`, from 0.01 to 1000000000.00."
            ));
        };
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(format!(
                "{currency:?} is not a currency: write its three letters, as in `EUR`."
            ));
        }
        let currency = currency.to_owned();
        Ok(Self { cents, currency })
    }

    pub(crate) fn currency(&self) -> &str {
        &self.currency
    }

    /// Both together, which are of one currency.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self {
            cents: self.cents.saturating_add(other.cents),
            currency: other.currency.clone(),
        }
    }

    /// Whether it is more than so many whole units.
    pub(crate) fn exceeds(&self, units: u64) -> bool {
        self.cents > units.saturating_mul(100)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, cents) = (self.cents / 100, self.cents % 100);
        write!(f, "{units}.{cents:02} {}", self.currency)
    }
}

/// A payment that waits for somebody to approve it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proposal {
    pub(crate) id: String,
    pub(crate) payee: String,
    pub(crate) amount: Amount,
    pub(crate) purpose: String,
    /// Who proposed it.
    pub(crate) proposed_by: String,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payment {
    /// The id of its proposal.
    pub(crate) id: String,
    pub(crate) payee: String,
    pub(crate) amount: Amount,
    pub(crate) purpose: String,
    /// Who proposed it.
    pub(crate) proposed_by: String,
    /// Who approved it.
    pub(crate) approved_by: String,
    /// When, in milliseconds since 1970.
    pub(crate) at: u64,
}

/// What was proposed and paid.
pub(crate) struct Ledger<'a> {
    ctx: &'a Context,
    kv: Kv<'a>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn of(ctx: &'a Context) -> Self {
        Self { ctx, kv: ctx.kv() }
    }

    pub(crate) fn new_id(&self) -> Result<String, String> {
        if self.kv.keys("proposal/").count() >= PROPOSALS_MAX {
            return Err(format!(
                "{PROPOSALS_MAX} proposals wait already: approve or withdraw some first."
            ));
        }
        Ok(format!("{:016x}", u64::from_le_bytes(self.ctx.random())))
    }

    pub(crate) fn proposal(&self, id: &str) -> Result<Option<Proposal>, KvError> {
        // What cannot be an id need not be a key either.
        if id.len() != 16 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        self.kv.get_json(&waiting(id))
    }

    pub(crate) fn propose(&self, proposal: &Proposal) -> Result<(), KvError> {
        self.kv.set_json(&waiting(&proposal.id), proposal)
    }

    pub(crate) fn withdraw(&self, proposal: &Proposal) -> Result<(), KvError> {
        self.kv.delete(&waiting(&proposal.id))
    }

    /// What was paid in a currency.
    pub(crate) fn total(&self, currency: &str) -> Result<Amount, KvError> {
        let total = self.kv.get_json(&sum(currency))?;
        Ok(total.unwrap_or(Amount {
            cents: 0,
            currency: currency.to_owned(),
        }))
    }

    /// Books a proposal that somebody has approved.
    pub(crate) fn book(
        &self,
        proposal: Proposal,
        approved_by: &str,
        at: u64,
    ) -> Result<Payment, KvError> {
        self.withdraw(&proposal)?;
        let total = self
            .total(proposal.amount.currency())?
            .plus(&proposal.amount);
        self.kv.set_json(&sum(total.currency()), &total)?;
        let payment = Payment {
            id: proposal.id,
            payee: proposal.payee,
            amount: proposal.amount,
            purpose: proposal.purpose,
            proposed_by: proposal.proposed_by,
            approved_by: approved_by.to_owned(),
            at,
        };
        self.kv.set_json(&paid(&payment), &payment)?;
        Ok(payment)
    }

    pub(crate) fn proposals(&self) -> Result<Vec<Proposal>, KvError> {
        let keys: Vec<_> = self.kv.keys("proposal/").collect::<Result<_, _>>()?;
        let read = keys.iter().map(|key| self.kv.get_json(key));
        Ok(read
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    pub(crate) fn payments(&self) -> Result<Vec<Payment>, KvError> {
        let keys: Vec<_> = self.kv.keys("payment/").collect::<Result<_, _>>()?;
        let last = &keys[keys.len().saturating_sub(SHOWN)..];
        let read = last.iter().map(|key| self.kv.get_json(key));
        Ok(read
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }
}

fn waiting(id: &str) -> String {
    format!("proposal/{id}")
}

fn sum(currency: &str) -> String {
    format!("total/{currency}")
}

fn paid(payment: &Payment) -> String {
    format!("payment/{:013}/{}", payment.at, payment.id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_amount_is_read_and_shown_to_the_cent() {
        for (amount, currency, expected) in [
            ("120.50", "EUR", Some("120.50 EUR")),
            ("7", "CHF", Some("7.00 CHF")),
            ("0.01", "USD", Some("0.01 USD")),
            ("007.05", "USD", Some("7.05 USD")),
            ("1000000000.00", "EUR", Some("1000000000.00 EUR")),
            ("1000000000.01", "EUR", None),
            ("0.00", "EUR", None),
            ("1.5", "EUR", None),
            ("1.505", "EUR", None),
            ("1,50", "EUR", None),
            ("-1.00", "EUR", None),
            ("1.-0", "EUR", None),
            ("", "EUR", None),
            ("99999999999999999999", "EUR", None),
            ("1", "eur", None),
            ("1", "EURO", None),
        ] {
            let found = Amount::parse(amount, currency).ok();
            let shown = found.map(|amount| amount.to_string());
            assert_eq!(shown.as_deref(), expected, "{amount} {currency}");
        }
        let amount = |text: &str| Amount::parse(text, "EUR").unwrap();
        assert_eq!(amount("0.99").plus(&amount("0.02")), amount("1.01"));
        assert!(amount("100.01").exceeds(100) && !amount("100.00").exceeds(100));
    }
}
