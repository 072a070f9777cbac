//! JSON Schema: whether a value is what its author asked for.
//!
//! A schema is compiled once ([`Schema::compile`]) and then checks any number of values. It knows
//! 2020-12, which is what a schema without `$schema` is, and draft 7. All vocabularies are there:
//! core, applicator, unevaluated, validation. `format` and `content*` only say something, as 2020-12
//! has it, and are not checked.
//!
//! Both sides are hostile: an author wrote the schema, a stranger the value. Refused when compiling:
//! other dialects, references that leave the document (nothing is ever fetched), references that go
//! in circles, patterns that cannot be matched in linear time, and all over the limits. A check
//! counts its steps and stops at a limit. This crate must not know MCP, tenants or wasm.

mod check;
mod compile;
mod cycles;
mod equal;
mod error;
mod node;
mod number;
mod pattern;
mod places;
mod uri;

use serde_json::Value;
use smcp_ids::limits;

pub use error::{Mismatch, Problem, SchemaError};

/// A compiled schema. It holds no reference to its text.
#[derive(Debug)]
pub struct Schema {
    program: node::Program,
}

impl Schema {
    /// Reads and compiles a schema.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn compile(json: &str) -> Result<Self, SchemaError> {
        if json.len() > limits::SCHEMA_MAX {
            return Err(SchemaError::TooLarge {
                bytes: json.len(),
                most: limits::SCHEMA_MAX,
            });
        }
        let document: Value =
            serde_json::from_str(json).map_err(|error| SchemaError::Json(error.to_string()))?;
        Ok(Self {
            program: compile::compile(&document)?,
        })
    }

    /// Checks a value that is still text.
    ///
    /// # Errors
    /// The first problems, or that the text cannot be read: it is not JSON, nests too deep or has a
    /// number that no machine number holds.
    pub fn check_text(&self, json: &str) -> Result<(), Mismatch> {
        let value: Value =
            serde_json::from_str(json).map_err(|error| Mismatch::unreadable(&error))?;
        self.check(&value)
    }

    /// Checks a value.
    ///
    /// # Errors
    /// The first problems, each with its place in the value; or that checking it costs too much.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        check::check(&self.program, value)
    }
}
