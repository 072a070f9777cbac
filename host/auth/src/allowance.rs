//! How much a principal may use: fuel a day, calls a minute. What was used is counted elsewhere.

use core::fmt;
use core::num::NonZeroU64;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use smcp_ids::limits::{CALLS_PER_MINUTE_MAX, FUEL_PER_DAY_MAX};

use crate::restriction::Restrictions;

/// A number from 1 to `MOST`. Its one text is decimal, without sign and leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Amount<const MOST: u64>(NonZeroU64);

/// Fuel of all calls of a day.
pub type FuelPerDay = Amount<FUEL_PER_DAY_MAX>;

/// Calls, and other requests of MCP, of a minute.
pub type CallsPerMinute = Amount<CALLS_PER_MINUTE_MAX>;

/// Not an amount that there can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a whole number from 1 to {most}")]
pub struct AmountError {
    most: u64,
}

impl<const MOST: u64> Amount<MOST> {
    /// The number.
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

impl<const MOST: u64> TryFrom<u64> for Amount<MOST> {
    type Error = AmountError;

    fn try_from(number: u64) -> Result<Self, AmountError> {
        let fits = NonZeroU64::new(number).filter(|number| number.get() <= MOST);
        fits.map(Self).ok_or(AmountError { most: MOST })
    }
}

impl<const MOST: u64> From<Amount<MOST>> for u64 {
    fn from(amount: Amount<MOST>) -> Self {
        amount.get()
    }
}

impl<const MOST: u64> FromStr for Amount<MOST> {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let error = AmountError { most: MOST };
        let amount = Self::try_from(text.parse::<u64>().map_err(|_| error)?)?;
        // A number has one text here: what is signed must not be said in two ways.
        (amount.to_string() == text).then_some(amount).ok_or(error)
    }
}

impl<const MOST: u64> fmt::Display for Amount<MOST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a key, a member or a tenant may use; none: as much as there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Fuel a day.
    #[serde(default)]
    pub fuel_per_day: Option<FuelPerDay>,
    /// Requests a minute.
    #[serde(default)]
    pub calls_per_minute: Option<CallsPerMinute>,
}

impl Allowance {
    /// Whether it limits nothing.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }
}

/// An allowance, and who shares it: all that go by the same name use it up together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Whose it is: `key:<id>`, `member:<id>`, or of a narrowed key `key:<id>/<digest>`. At most 160 characters.
    pub name: String,
    /// Whether it is that of a narrowed key: there may be as many as whoever has a key likes.
    pub is_narrowed: bool,
    /// What it allows.
    pub allowance: Allowance,
}

impl Budget {
    /// Those of a principal: its record's, and those of the restrictions.
    pub(crate) fn all(
        allowance: &Allowance,
        restrictions: &Restrictions,
        name: impl Fn() -> String,
    ) -> Vec<Self> {
        if allowance.is_unlimited() && restrictions.is_empty() {
            return Vec::new();
        }
        let own = (!allowance.is_unlimited()).then(|| Self {
            name: name(),
            is_narrowed: false,
            allowance: *allowance,
        });
        let narrowed = restrictions.budgets(&name());
        own.into_iter().chain(narrowed).collect()
    }
}
