//! Numbers compared by what they are, not by how they are written: `1.0` is `1`, and no integer
//! loses digits on the way.

use std::cmp::Ordering;

use serde_json::Number;

/// A number of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Num {
    /// An integer, or a float that is one and has its size.
    Integer(i128),
    /// Any other.
    Float(f64),
}

/// Every float below it in size that is an integer is one of `i128`.
const INTEGER_FLOATS_END: f64 = 1.0e38;

impl Num {
    pub(crate) fn of(number: &Number) -> Self {
        if let Some(integer) = number.as_i64() {
            return Self::Integer(i128::from(integer));
        }
        if let Some(integer) = number.as_u64() {
            return Self::Integer(i128::from(integer));
        }
        let float = number.as_f64().unwrap_or(f64::MAX);
        if float.fract() == 0.0 && float.abs() < INTEGER_FLOATS_END {
            #[allow(clippy::cast_possible_truncation)] // in range and whole, as was just asked
            return Self::Integer(float as i128);
        }
        Self::Float(float)
    }

    /// Whether it has no fraction, however large it is.
    pub(crate) fn is_integer(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Float(float) => float.fract() == 0.0,
        }
    }

    pub(crate) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(&right),
            (Self::Float(left), Self::Float(right)) => left.total_cmp(&right),
            (Self::Integer(left), Self::Float(right)) => integer_to_float(left, right),
            (Self::Float(left), Self::Integer(right)) => integer_to_float(right, left).reverse(),
        }
    }
}

/// The float is not an integer of our size: it has a fraction, or is larger than all of them.
fn integer_to_float(integer: i128, float: f64) -> Ordering {
    if float.abs() >= INTEGER_FLOATS_END {
        return if float > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        };
    }
    #[allow(clippy::cast_possible_truncation)] // smaller than `i128` can be
    let below = float.floor() as i128;
    if integer <= below {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// A number as it is written: `digits` times ten to `exponent`. The sign does not matter here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal {
    digits: u128,
    exponent: i32,
}

impl Decimal {
    pub(crate) fn of(number: &Number) -> Option<Self> {
        let text = number.to_string();
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
        let mut exponent: i32 = exponent.parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let fraction = fraction.trim_end_matches('0');
        exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        let whole = whole.trim_start_matches('-');
        Some(Self {
            digits: format!("{whole}{fraction}").parse().ok()?,
            exponent,
        })
    }

    pub(crate) fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Whether this is `divisor` times an integer, exactly.
    pub(crate) fn is_multiple_of(self, divisor: Self) -> bool {
        if self.digits == 0 {
            return true;
        }
        if divisor.digits == 0 {
            return false;
        }
        let mut shift = self.exponent - divisor.exponent;
        if shift < 0 {
            // Too many digits after the point unless they end in zeros.
            let scaled = (0..-shift).try_fold(divisor.digits, |sum, _| sum.checked_mul(10));
            return scaled.is_some_and(|scaled| self.digits.is_multiple_of(scaled));
        }
        let mut rest = self.digits % divisor.digits;
        while shift > 0 && rest != 0 {
            match rest.checked_mul(10) {
                Some(larger) => rest = larger % divisor.digits,
                None => return false,
            }
            shift -= 1;
        }
        rest == 0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn multiples_are_exact() {
        for (value, divisor, wanted) in [
            ("10", "2", true),
            ("7", "2", false),
            ("4.5", "1.5", true),
            ("35", "1.5", false),
            ("0.0075", "0.0001", true),
            ("0.00751", "0.0001", false),
            ("1e308", "0.123456789", false),
            ("1e308", "0.5", true),
            ("-0.3", "0.1", true),
            ("0", "0.1", true),
            ("18446744073709551615", "5", true),
            ("1e-7", "1e-9", true),
            ("1e-9", "1e-7", false),
        ] {
            let (left, right) = (number(value), number(divisor));
            let (left, right) = (Decimal::of(&left).unwrap(), Decimal::of(&right).unwrap());
            assert_eq!(left.is_multiple_of(right), wanted, "{value} by {divisor}");
        }
    }

    #[test]
    fn comparison_loses_no_digits() {
        for (left, right, wanted) in [
            ("1", "1.0", Ordering::Equal),
            ("9007199254740993", "9007199254740992.0", Ordering::Greater),
            ("18446744073709551615", "1e300", Ordering::Less),
            ("-1", "-1.5", Ordering::Greater),
            ("-2", "-1.5", Ordering::Less),
            ("2", "1.5", Ordering::Greater),
            ("0", "-0.0", Ordering::Equal),
        ] {
            let (left, right) = (number(left), number(right));
            assert_eq!(Num::of(&left).compare(Num::of(&right)), wanted);
        }
    }
}
