//! What a narrowed key may no longer do: lines that whoever has a key adds, without asking the host.
//!
//! `scopes=<scopes>`, `until=<unix seconds>`, `fuel=<fuel a day>`, `rate=<calls a minute>`. Each has one text: what a
//! MAC is over must not be said in two ways. What this version does not know is refused, since a restriction that is
//! passed over would be none. None of them gives anything; all of them hold together.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use smcp_crypto::{Sha256, chained_mac};
use smcp_ids::UnixMillis;
use smcp_ids::limits::RESTRICTIONS_MAX;

use crate::allowance::{Allowance, Budget, CallsPerMinute, FuelPerDay};
use crate::error::AuthError;
use crate::scope::Scopes;

/// What each link of the chain begins with.
const DOMAIN: &str = "smcp key restriction 1\n";

/// One restriction of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Restriction {
    /// Nothing but this; at least one scope.
    Scopes(Scopes),
    /// Not from this moment on, in seconds since 1970.
    Until(u64),
    /// No more fuel a day.
    Fuel(FuelPerDay),
    /// No more requests a minute.
    Rate(CallsPerMinute),
}

/// Why a key cannot be narrowed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NarrowError {
    /// No scopes: the key could do nothing.
    #[error("a key without any scope could do nothing")]
    Nothing,
    /// It has as many restrictions as a key can have.
    #[error(
        "the key has {RESTRICTIONS_MAX} restrictions already: narrow the key that it was made from"
    )]
    TooMany,
    /// Its text would be longer than a host reads.
    #[error("the key would be longer than a host reads: give fewer scopes")]
    TooLong,
}

impl FromStr for Restriction {
    type Err = AuthError;

    fn from_str(line: &str) -> Result<Self, AuthError> {
        const UNKNOWN: AuthError = AuthError::UnknownRestriction;
        let (name, value) = line.split_once('=').ok_or(UNKNOWN)?;
        let restriction = match name {
            "scopes" => Self::Scopes(value.parse().map_err(|_| UNKNOWN)?),
            "until" => Self::Until(value.parse().map_err(|_| UNKNOWN)?),
            "fuel" => Self::Fuel(value.parse().map_err(|_| UNKNOWN)?),
            "rate" => Self::Rate(value.parse().map_err(|_| UNKNOWN)?),
            _ => return Err(UNKNOWN),
        };
        let is_canonical = !restriction.is_empty() && restriction.to_string() == line;
        is_canonical.then_some(restriction).ok_or(UNKNOWN)
    }
}

impl fmt::Display for Restriction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scopes(scopes) => {
                // In the order of their bytes, which is the same in every language.
                let mut words: Vec<String> = scopes.iter().map(ToString::to_string).collect();
                words.sort_unstable();
                write!(f, "scopes={}", words.join(" "))
            }
            Self::Until(seconds) => write!(f, "until={seconds}"),
            Self::Fuel(fuel) => write!(f, "fuel={fuel}"),
            Self::Rate(rate) => write!(f, "rate={rate}"),
        }
    }
}

impl TryFrom<String> for Restriction {
    type Error = AuthError;

    fn try_from(line: String) -> Result<Self, AuthError> {
        line.parse()
    }
}

impl From<Restriction> for String {
    fn from(restriction: Restriction) -> Self {
        restriction.to_string()
    }
}

impl Restriction {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Scopes(scopes) if scopes.is_empty())
    }

    /// What the MAC of its link is over.
    fn link(&self) -> Vec<u8> {
        format!("{DOMAIN}{self}").into_bytes()
    }

    fn allowance(&self) -> Option<Allowance> {
        let none = Allowance::default();
        match *self {
            Self::Fuel(fuel) => Some(Allowance {
                fuel_per_day: Some(fuel),
                ..none
            }),
            Self::Rate(rate) => Some(Allowance {
                calls_per_minute: Some(rate),
                ..none
            }),
            Self::Scopes(_) | Self::Until(_) => None,
        }
    }
}

/// The restrictions of a key in the order in which they were added, at most [`RESTRICTIONS_MAX`]. None: the key
/// itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Restriction>", into = "Vec<Restriction>")]
pub struct Restrictions(Vec<Restriction>);

impl TryFrom<Vec<Restriction>> for Restrictions {
    type Error = NarrowError;

    fn try_from(restrictions: Vec<Restriction>) -> Result<Self, NarrowError> {
        if restrictions.iter().any(Restriction::is_empty) {
            return Err(NarrowError::Nothing);
        }
        if restrictions.len() > RESTRICTIONS_MAX {
            return Err(NarrowError::TooMany);
        }
        Ok(Self(restrictions))
    }
}

impl From<Restrictions> for Vec<Restriction> {
    fn from(restrictions: Restrictions) -> Self {
        restrictions.0
    }
}

impl Restrictions {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Restriction> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether these were narrowed further to come to the others, or are the same.
    pub fn begin(&self, others: &Self) -> bool {
        others.0.starts_with(&self.0)
    }

    /// From when on the key is refused: the earliest of what they say.
    pub fn until(&self) -> Option<UnixMillis> {
        let seconds = self.iter().filter_map(|restriction| match restriction {
            Restriction::Until(seconds) => Some(*seconds),
            _ => None,
        });
        let earliest = seconds.min()?;
        Some(UnixMillis(earliest.saturating_mul(1_000)))
    }

    /// Whether the time of the key is over.
    pub(crate) fn is_over(&self, now: UnixMillis) -> bool {
        self.until().is_some_and(|until| now >= until)
    }

    /// What each that restricts scopes allows: all of them must.
    pub fn scopes(&self) -> impl Iterator<Item = &Scopes> {
        self.iter().filter_map(|restriction| match restriction {
            Restriction::Scopes(scopes) => Some(scopes),
            _ => None,
        })
    }

    /// The budgets that a key of that name has by them, each named by all that led to it: who narrows further
    /// still uses it.
    pub(crate) fn budgets(&self, key: &str) -> Vec<Budget> {
        let mut digest = Sha256::new();
        let budgets = self.iter().filter_map(|restriction| {
            digest.update(&restriction.link());
            let allowance = restriction.allowance()?;
            Some(Budget {
                name: format!("{key}/{}", digest.clone().finish()),
                is_narrowed: true,
                allowance,
            })
        });
        budgets.collect()
    }

    /// What the MACs of their links are over, in order.
    pub(crate) fn links(&self) -> Vec<Vec<u8>> {
        self.iter().map(Restriction::link).collect()
    }

    /// One restriction more, and the tag that this takes a key to.
    pub(crate) fn with(
        &self,
        tag: [u8; 32],
        restriction: Restriction,
    ) -> Result<(Self, [u8; 32]), NarrowError> {
        let link = restriction.link();
        let restrictions = [self.0.clone(), vec![restriction]].concat().try_into()?;
        Ok((restrictions, chained_mac(tag, [link.as_slice()])))
    }
}
