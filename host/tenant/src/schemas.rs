//! The schemas of a release's tools, compiled when they are first needed and kept with it, and those of its settings.
//!
//! Arguments are checked before the guest runs, structured results after. That every schema can be
//! compiled was seen when the release was published.

use core::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use smcp_package::Asks;
use smcp_protocol::{Catalogue, GuestResult, ResultError, Tool};
use smcp_schema::{Mismatch, Schema, SchemaError};

/// What one tool takes and gives.
#[derive(Debug, Default)]
pub struct ToolSchemas {
    input: Option<Schema>,
    output: Option<Schema>,
}

/// The schemas of a server's settings, as its release declares them. None: it says nothing of its settings.
#[derive(Debug, Default)]
pub struct SettingSchemas(BTreeMap<String, Schema>);

/// The schema of a setting that cannot be checked against.
#[derive(Debug, thiserror::Error)]
#[error("the setting {name}: {error}")]
pub struct SettingSchemaError {
    name: String,
    error: SchemaError,
}

impl SettingSchemaError {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        self.error.code()
    }
}

/// Why a value is not one of a setting.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// There is no such setting.
    #[error("there is no such setting")]
    Unknown,
    /// The value is another.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

impl SettingSchemas {
    /// Compiles what a release declares.
    ///
    /// # Errors
    /// A schema that cannot be checked against.
    pub fn compile(asks: &Asks) -> Result<Self, SettingSchemaError> {
        let declared = asks.config().iter();
        let compiled = declared.map(|(name, schema)| {
            let compiled = Schema::compile(&schema.to_string());
            let compiled = compiled.map_err(|error| SettingSchemaError {
                name: name.clone(),
                error,
            })?;
            Ok((name.clone(), compiled))
        });
        compiled.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a setting is as it is declared; all are, where none is declared.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check(&self, name: &str, value: &str) -> Result<(), SettingError> {
        match self.0.get(name) {
            Some(schema) => Ok(schema.check_text(value)?),
            None if self.0.is_empty() => Ok(()),
            None => Err(SettingError::Unknown),
        }
    }
}

/// The schemas of a catalogue, by the name of the tool.
#[derive(Debug, Default)]
pub(crate) struct Schemas(RefCell<BTreeMap<Box<str>, Rc<ToolSchemas>>>);

impl ToolSchemas {
    /// Compiles them.
    ///
    /// # Errors
    /// A schema that cannot be checked against.
    pub fn compile(tool: Tool<'_>) -> Result<Self, SchemaError> {
        let compiled = |schema: Option<smcp_protocol::json::Json<'_>>| {
            schema
                .map(|schema| Schema::compile(schema.text()))
                .transpose()
        };
        Ok(Self {
            input: compiled(tool.input_schema())?,
            output: compiled(tool.output_schema())?,
        })
    }

    /// Whether the tool takes these arguments.
    ///
    /// # Errors
    /// Where they differ from the input schema.
    pub fn check_arguments(&self, arguments: &str) -> Result<(), Mismatch> {
        let input = self.input.as_ref();
        input.map_or(Ok(()), |schema| schema.check_text(arguments))
    }

    /// The result, if it is what the tool says that it gives (server/tools, "Output Schema").
    ///
    /// # Errors
    /// Structured content that the output schema does not allow, or none where there is a schema.
    pub fn check_result<'t>(
        &self,
        result: GuestResult<'t>,
    ) -> Result<GuestResult<'t>, ResultError> {
        let Some(schema) = self.output.as_ref().filter(|_| !result.is_error()) else {
            return Ok(result);
        };
        let structured = result
            .structured()
            .ok_or_else(|| ResultError::Structured("there is none".to_owned()))?;
        match schema.check_text(structured.text()) {
            Ok(()) => Ok(result),
            Err(mismatch) => Err(ResultError::Structured(mismatch.to_string())),
        }
    }
}

impl Schemas {
    /// Those of a tool.
    pub(crate) fn of(&self, catalogue: &Catalogue, name: &str) -> Rc<ToolSchemas> {
        if let Some(found) = self.0.borrow().get(name) {
            return found.clone();
        }
        let compiled = catalogue
            .tool(name)
            .and_then(|tool| ToolSchemas::compile(tool).ok());
        let compiled = Rc::new(compiled.unwrap_or_default());
        self.0.borrow_mut().insert(name.into(), compiled.clone());
        compiled
    }
}
