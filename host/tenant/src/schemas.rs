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
        check(self.input.as_ref(), arguments)
    }

    /// The result, if it is what the tool says that it gives (server/tools, "Output Schema").
    ///
    /// # Errors
    /// Structured content that the output schema does not allow.
    pub fn check_result<'t>(
        &self,
        result: GuestResult<'t>,
    ) -> Result<GuestResult<'t>, ResultError> {
        let Some(structured) = result.structured().filter(|_| !result.is_error()) else {
            return Ok(result);
        };
        match check(self.output.as_ref(), structured.text()) {
            Ok(()) => Ok(result),
            Err(mismatch) => Err(ResultError::Structured(mismatch.to_string())),
        }
    }
}

fn check(schema: Option<&Schema>, text: &str) -> Result<(), Mismatch> {
    schema.map_or(Ok(()), |schema| schema.check_text(text))
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
