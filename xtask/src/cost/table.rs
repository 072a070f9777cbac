//! Costs as a table for people.

use std::fmt::Write;

use super::measured::Measured;
use super::{Cost, Prices};

/// All of it: figures first, then a table for each load with the lines that cost something or use much of what is included.
pub(super) fn text(prices: &Prices, measured: &Measured, costs: &[Cost]) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut text, prices, measured, costs);
    text
}

fn write(
    text: &mut String,
    prices: &Prices,
    measured: &Measured,
    costs: &[Cost],
) -> std::fmt::Result {
    writeln!(text, "prices of {}, US dollars a month, from", prices.read)?;
    for source in &prices.sources {
        writeln!(text, "  {source}")?;
    }
    let Measured {
        call_millis,
        cpu_millis,
        waking_millis,
        nanos_per_fuel,
    } = measured;
    writeln!(
        text,
        "measured by cargo xtask bench: a call {call_millis} ms, {cpu_millis} ms of CPU; waking an object {waking_millis} ms; \
         {nanos_per_fuel} ns a unit of fuel"
    )?;
    for cost in costs {
        writeln!(text, "\n{}: {}", cost.name, cost.what)?;
        writeln!(
            text,
            "  {:<26}{:>16}{:>16}{:>12}",
            "", "used", "included", "$"
        )?;
        for line in &cost.lines {
            let what = line.what.replace('_', " ");
            writeln!(
                text,
                "  {what:<26}{:>16}{:>16}{:>12.2}",
                number(line.used),
                number(line.included),
                line.dollars
            )?;
        }
        writeln!(text, "  {:<26}{:>44.2}", "the plan", prices.plan)?;
        writeln!(text, "  {:<26}{:>44.2}", "together", cost.total)?;
        writeln!(
            text,
            "  {:<26}{:>44.2}",
            "of a million calls", cost.per_million_calls
        )?;
    }
    Ok(())
}

/// With separators if large, with decimals if small.
fn number(value: f64) -> String {
    if value > 0.0 && value < 10.0 && value.fract() != 0.0 {
        return format!("{value:.3}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_legible() {
        for (value, shown) in [
            (0.0, "0"),
            (0.0256, "0.026"),
            (7.0, "7"),
            (123.4, "123"),
            (1_234.0, "1,234"),
            (25_000_000_000.0, "25,000,000,000"),
        ] {
            assert_eq!(number(value), shown);
        }
    }
}
