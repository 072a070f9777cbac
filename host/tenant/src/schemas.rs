//! The schemas of a release's tools, compiled when they are first needed and kept with it.
//!
//! Arguments are checked before the guest runs, structured results after. That every schema can be
//! compiled was seen when the release was published.

use core::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use smcp_protocol::{Catalogue, GuestResult, ResultError, Tool};
use smcp_schema::{Mismatch, Schema, SchemaError};

/// What one tool takes and gives.
#[derive(Debug, Default)]
pub struct ToolSchemas {
    input: Option<Schema>,
    output: Option<Schema>,
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
