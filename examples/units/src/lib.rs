//! Converts between units, exactly: decimal arithmetic from `rust_decimal`, no floating point.
//!
//! Results are structured: a client gets numbers and units, and the model the same as text.

mod table;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smcp_sdk::{Json, Parameters, ServerHandler, tool, tool_handler, tool_router};

use table::{Quantity, UNITS, Unit};

/// The server.
#[derive(Default)]
pub struct Units;

#[derive(Deserialize, JsonSchema)]
struct Convert {
    /// The number to convert. Text keeps digits that a JSON number would lose.
    value: Decimal,
    /// The symbol of the unit it is in, such as `km`.
    from: String,
    /// The symbol of the unit to convert it to, such as `mi`.
    to: String,
}

/// A converted value.
#[derive(Serialize, JsonSchema)]
struct Conversion {
    /// The value in the new unit.
    value: Decimal,
    /// The symbol of the new unit.
    unit: &'static str,
    /// Whether no digit was lost.
    exact: bool,
}

#[derive(Deserialize, JsonSchema)]
struct List {
    /// Only the units of this quantity.
    quantity: Option<Quantity>,
}

/// Units that can be converted.
#[derive(Serialize, JsonSchema)]
struct Listing {
    /// The units, by quantity.
    units: Vec<Listed>,
}

/// One unit.
#[derive(Serialize, JsonSchema)]
struct Listed {
    /// What `convert` takes.
    symbol: &'static str,
    /// Its name.
    name: &'static str,
    /// What it measures.
    quantity: Quantity,
}

/// Why a conversion is not possible. The model reads it, and can try again.
#[derive(Debug, thiserror::Error)]
enum Impossible {
    #[error("there is no unit `{0}`; `list_units` shows the symbols")]
    Unknown(String),
    #[error("{0} measures {1:?} and {2} measures {3:?}: convert between units of one quantity")]
    Unlike(&'static str, Quantity, &'static str, Quantity),
    #[error("the result has more digits than the 28 that fit")]
    TooLarge,
}

#[tool_router]
impl Units {
    /// Converts a value from one unit to another of the same quantity.
    #[tool(
        title = "Convert units",
        annotations(read_only_hint, open_world_hint = false)
    )]
    fn convert(
        &self,
        Parameters(Convert { value, from, to }): Parameters<Convert>,
    ) -> Result<Json<Conversion>, Impossible> {
        let (from, to) = (find(&from)?, find(&to)?);
        if from.quantity != to.quantity {
            return Err(Impossible::Unlike(
                from.symbol,
                from.quantity,
                to.symbol,
                to.quantity,
            ));
        }
        let (value, exact) = table::convert(value, from, to).ok_or(Impossible::TooLarge)?;
        Ok(Json(Conversion {
            value,
            unit: to.symbol,
            exact,
        }))
    }

    /// Lists the units that `convert` knows.
    #[tool(
        title = "List units",
        annotations(read_only_hint, open_world_hint = false)
    )]
    fn list_units(&self, Parameters(List { quantity }): Parameters<List>) -> Json<Listing> {
        let wanted = |unit: &&Unit| quantity.is_none_or(|quantity| unit.quantity == quantity);
        let units = UNITS.iter().filter(wanted).map(
            |&Unit {
                 symbol,
                 name,
                 quantity,
                 ..
             }| {
                Listed {
                    symbol,
                    name,
                    quantity,
                }
            },
        );
        Json(Listing {
            units: units.collect(),
        })
    }
}

#[tool_handler(instructions = "Units are named by their symbols, which are case-sensitive.")]
impl ServerHandler for Units {}

smcp_sdk::serve!(Units);

fn find(symbol: &str) -> Result<&'static Unit, Impossible> {
    let unit = UNITS.iter().find(|unit| unit.symbol == symbol);
    unit.ok_or_else(|| Impossible::Unknown(symbol.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smcp_sdk::testing::Client;

    use super::Units;

    #[test]
    fn conversions_are_exact_where_decimals_can_be() {
        let client = Client::<Units>::new();
        let table = [
            (json!(1), "in", "mm", "25.4", true),
            (json!("0.1"), "km", "m", "100", true),
            (json!(100), "degC", "degF", "212", true),
            (json!(-40), "degF", "degC", "-40", true),
            (json!(0), "K", "degC", "-273.15", true),
            (json!(1), "MiB", "kB", "1048.576", true),
            (json!(1), "h", "s", "3600", true),
            (json!(1), "m", "ft", "3.2808398950131233595800524934", false),
        ];
        for (value, from, to, expected, exact) in table {
            let arguments = json!({ "value": value, "from": from, "to": to });
            let outcome = client.call("convert", arguments);
            let expected = json!({ "value": expected, "unit": to, "exact": exact });
            assert_eq!(outcome.structured(), &expected, "{value} {from}");
        }
    }

    #[test]
    fn impossible_conversions_tell_the_model_why() {
        let client = Client::<Units>::new();
        let huge = "79228162514264337593543950335";
        let table = [
            (
                json!(1),
                "parsec",
                "m",
                "there is no unit `parsec`; `list_units` shows the symbols",
            ),
            (
                json!(1),
                "kg",
                "m",
                "kg measures Mass and m measures Length: convert between units of one quantity",
            ),
            (
                json!(huge),
                "km",
                "m",
                "the result has more digits than the 28 that fit",
            ),
        ];
        for (value, from, to, why) in table {
            let arguments = json!({ "value": value, "from": from, "to": to });
            let outcome = client.call("convert", arguments);
            assert!(outcome.is_error());
            assert_eq!(outcome.text(), why);
        }
    }

    #[test]
    fn units_are_listed_by_quantity() {
        let client = Client::<Units>::new();
        let outcome = client.call("list_units", json!({ "quantity": "temperature" }));
        let units = &outcome.structured()["units"];
        assert_eq!(
            units[0],
            json!({"symbol": "K", "name": "kelvin", "quantity": "temperature"})
        );
        assert_eq!(units[3], json!(null));
        assert!(client.call("list_units", json!({})).text().len() > outcome.text().len());
    }

    #[test]
    fn the_catalogue_describes_the_structured_result() {
        let catalogue = Client::<Units>::new().catalogue();
        let schema = &catalogue["tools"][0]["outputSchema"];
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["required"], json!(["value", "unit", "exact"]));
    }
}
