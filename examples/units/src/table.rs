//! The units, and the arithmetic between them. A unit is a number of base units, after an offset.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Quantity {
    Length,
    Mass,
    Time,
    Temperature,
    Data,
}

/// A unit: `base = (value + offset) * numerator / denominator`.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) symbol: &'static str,
    pub(crate) name: &'static str,
    pub(crate) quantity: Quantity,
    offset: Decimal,
    numerator: Decimal,
    denominator: Decimal,
}

/// A unit that is `mantissa / 10^scale` base units.
const fn unit(
    symbol: &'static str,
    name: &'static str,
    quantity: Quantity,
    mantissa: i64,
    scale: u32,
) -> Unit {
    let numerator = decimal(mantissa, scale);
    Unit {
        symbol,
        name,
        quantity,
        offset: Decimal::ZERO,
        numerator,
        denominator: Decimal::ONE,
    }
}

/// `mantissa / 10^scale`, before the program runs.
const fn decimal(mantissa: i64, scale: u32) -> Decimal {
    let magnitude = mantissa.unsigned_abs();
    Decimal::from_parts(
        magnitude as u32,
        (magnitude >> 32) as u32,
        0,
        mantissa < 0,
        scale,
    )
}

use Quantity::{Data, Length, Mass, Temperature, Time};

/// All units, by quantity. The first of each quantity is the base.
pub(crate) const UNITS: &[Unit] = &[
    unit("m", "metre", Length, 1, 0),
    unit("mm", "millimetre", Length, 1, 3),
    unit("cm", "centimetre", Length, 1, 2),
    unit("km", "kilometre", Length, 1_000, 0),
    unit("in", "inch", Length, 254, 4),
    unit("ft", "foot", Length, 3_048, 4),
    unit("yd", "yard", Length, 9_144, 4),
    unit("mi", "mile", Length, 1_609_344, 3),
    unit("nmi", "nautical mile", Length, 1_852, 0),
    unit("kg", "kilogram", Mass, 1, 0),
    unit("g", "gram", Mass, 1, 3),
    unit("t", "tonne", Mass, 1_000, 0),
    unit("oz", "ounce", Mass, 28_349_523_125, 12),
    unit("lb", "pound", Mass, 45_359_237, 8),
    unit("s", "second", Time, 1, 0),
    unit("min", "minute", Time, 60, 0),
    unit("h", "hour", Time, 3_600, 0),
    unit("d", "day", Time, 86_400, 0),
    unit("K", "kelvin", Temperature, 1, 0),
    Unit {
        offset: decimal(27_315, 2),
        ..unit("degC", "degree Celsius", Temperature, 1, 0)
    },
    Unit {
        offset: decimal(45_967, 2),
        denominator: decimal(9, 0),
        ..unit("degF", "degree Fahrenheit", Temperature, 5, 0)
    },
    unit("B", "byte", Data, 1, 0),
    unit("kB", "kilobyte", Data, 1_000, 0),
    unit("MB", "megabyte", Data, 1_000_000, 0),
    unit("GB", "gigabyte", Data, 1_000_000_000, 0),
    unit("KiB", "kibibyte", Data, 1 << 10, 0),
    unit("MiB", "mebibyte", Data, 1 << 20, 0),
    unit("GiB", "gibibyte", Data, 1 << 30, 0),
];

/// The value in the other unit, and whether no digit was lost; nothing when it does not fit.
pub(crate) fn convert(value: Decimal, from: &Unit, to: &Unit) -> Option<(Decimal, bool)> {
    // All multiplications come before the one division, so that only it can lose digits.
    let dividend = value
        .checked_add(from.offset)?
        .checked_mul(from.numerator)?
        .checked_mul(to.denominator)?;
    let divisor = from.denominator.checked_mul(to.numerator)?;
    let quotient = dividend.checked_div(divisor)?;
    let exact = is_product(
        quotient.normalize(),
        divisor.normalize(),
        dividend.normalize(),
    );
    Some((quotient.checked_sub(to.offset)?.normalize(), exact))
}

/// Whether `a * b` is `product` to the last digit, where `Decimal` would round.
fn is_product(a: Decimal, b: Decimal, product: Decimal) -> bool {
    let Some(mut mantissa) = a.mantissa().checked_mul(b.mantissa()) else {
        return false;
    };
    let mut scale = a.scale() + b.scale();
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    (mantissa, scale) == (product.mantissa(), product.scale())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_gives_the_same_where_it_was_exact() {
        for from in UNITS {
            for to in UNITS.iter().filter(|to| to.quantity == from.quantity) {
                for value in [
                    Decimal::ZERO,
                    Decimal::ONE,
                    decimal(-125, 1),
                    decimal(1_000_001, 3),
                ] {
                    let there = convert(value, from, to);
                    if let Some((there, true)) = there {
                        let back = convert(there, to, from);
                        let names = (from.symbol, to.symbol);
                        assert_eq!(back, Some((value, true)), "{value} {names:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn symbols_name_one_unit_each() {
        let mut symbols: Vec<_> = UNITS.iter().map(|unit| unit.symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        assert_eq!(symbols.len(), UNITS.len());
    }
}
