//! Settings as they are given on a command line: `NAME=VALUE`, or a value alone.

use std::collections::BTreeMap;

use serde_json::Value;
use smcp_package::Asks;
use smcp_tenant::schemas::SettingSchemas;

use crate::failure::Failure;

/// What a value stands for: JSON, or text that is none.
pub(crate) fn value(given: &str) -> Value {
    serde_json::from_str(given).unwrap_or_else(|_| Value::from(given))
}

/// Settings for a call on this machine, by name, as JSON: such as the server declares.
pub(crate) fn settings(given: &[String], asks: &Asks) -> Result<BTreeMap<String, String>, Failure> {
    let settings = pairs(given)?;
    let schemas = SettingSchemas::compile(asks)?;
    for (name, value) in &settings {
        schemas
            .check(name, value)
            .map_err(|error| Failure::Argument(format!("the setting {name}: {error}")))?;
    }
    Ok(settings)
}

fn pairs(given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    given
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((name, text)) => Ok((name.to_owned(), value(text).to_string())),
            None => Err(Failure::Argument(format!(
                "{pair:?} is not a setting: give NAME=VALUE"
            ))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_value_that_is_json_is_taken_as_that_and_any_other_as_text() {
        for (given, json) in [
            ("5", "5"),
            ("true", "true"),
            ("[1]", "[1]"),
            ("\"5\"", "\"5\""),
            ("Good day", "\"Good day\""),
            ("", "\"\""),
        ] {
            assert_eq!(value(given).to_string(), json);
            let found = settings(&[format!("name={given}")], &Asks::default()).unwrap();
            assert_eq!(found["name"], json);
        }
        assert!(settings(&["name".to_owned()], &Asks::default()).is_err());
    }

    #[test]
    fn a_setting_is_what_the_server_declares() {
        let asks = Asks::parse(r#"{"config":{"limit":{"type":"integer"}}}"#).unwrap();
        for (given, is_one) in [("limit=5", true), ("limit=five", false), ("limt=5", false)] {
            assert_eq!(
                settings(&[given.to_owned()], &asks).is_ok(),
                is_one,
                "{given}"
            );
        }
    }
}
