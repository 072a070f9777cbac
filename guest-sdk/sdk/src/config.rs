//! Settings that the admin of a tenant gave this server, as types of the author.
//!
//! It decides nothing of what a setting may be: the type does, and says what is wrong.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::ProtocolError;
use crate::parameters::Arguments;
use crate::schema;

/// Settings that are missing or do not fit. It displays what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    message: String,
}

impl ConfigError {
    fn new(what: fmt::Arguments<'_>, error: &serde_json::Error) -> Self {
        Self {
            message: format!(
                "{what} not as this server needs it: {error}. Its admin sets it with `smcp config set`"
            ),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

impl From<ConfigError> for ProtocolError {
    fn from(error: ConfigError) -> Self {
        Self::internal_error(error, None)
    }
}

impl From<ConfigError> for String {
    fn from(error: ConfigError) -> Self {
        error.message
    }
}

impl Context {
    /// All settings that `T` has fields for: `ctx.config::<Settings>()?`. A field with
    /// `#[serde(default)]`, or an `Option`, may be left unset. The same for all of a call: a change by
    /// the admin holds from the next one on.
    ///
    /// # Errors
    ///
    /// When a setting is missing or is not of the field's type.
    pub fn config<T: Arguments>(&self) -> Result<T, ConfigError> {
        let schema = schema::of_input::<T>();
        let fields = schema.get("properties").and_then(Value::as_object);
        let mut settings = Map::new();
        for name in fields.into_iter().flat_map(Map::keys) {
            if let Some(value) = self.setting::<Value>(name)? {
                settings.insert(name.clone(), value);
            }
        }
        serde_json::from_value(Value::Object(settings))
            .map_err(|error| ConfigError::new(format_args!("The configuration is"), &error))
    }

    /// One setting, if there is one: `ctx.setting::<u32>("limit")?`.
    ///
    /// # Errors
    ///
    /// When it is not of that type.
    pub fn setting<V: DeserializeOwned>(&self, name: &str) -> Result<Option<V>, ConfigError> {
        let Some(json) = self.setting_json(name) else {
            return Ok(None);
        };
        serde_json::from_str(&json)
            .map(Some)
            .map_err(|error| ConfigError::new(format_args!("The setting `{name}` is"), &error))
    }
}
