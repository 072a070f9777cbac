//! The schemas: read from the directory once, compiled by definition when first needed.
//!
//! It knows where definitions are in each version's document, and what closes them. It knows no
//! methods.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The newest versions of both eras: what they do not name, nobody sends.
const CLOSED: [&str; 2] = ["2026-07-28", "2025-11-25"];

/// Members that hold what the schema cannot know: others' own, and JSON Schemas.
const OPEN: [&str; 3] = ["_meta", "inputSchema", "outputSchema"];

/// The document of one version.
pub(crate) struct Document {
    /// Where its definitions are.
    at: &'static str,
    whole: Value,
    compiled: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// The document of a version; none where there are no schemas.
///
/// # Errors
///
/// If there should be one and it cannot be read.
pub(crate) fn document(version: &str) -> Result<Option<Arc<Document>>, String> {
    static DOCUMENTS: Mutex<BTreeMap<String, Arc<Document>>> = Mutex::new(BTreeMap::new());
    let Some(directory) = std::env::var_os("MCP_SCHEMA_DIR").map(PathBuf::from) else {
        return Ok(None);
    };
    let mut documents = DOCUMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = documents.get(version) {
        return Ok(Some(known.clone()));
    }
    let file = directory.join(version).join("schema.json");
    let text = std::fs::read_to_string(&file);
    let text = text.map_err(|error| format!("{}: {error}", file.display()))?;
    let whole = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let document = Arc::new(Document::new(whole, CLOSED.contains(&version))?);
    documents.insert(version.to_owned(), document.clone());
    Ok(Some(document))
}

impl Document {
    pub(crate) fn new(mut whole: Value, is_closed: bool) -> Result<Self, String> {
        let at = ["$defs", "definitions"]
            .into_iter()
            .find(|at| whole[at].is_object())
            .ok_or("the schema has no definitions")?;
        if is_closed && let Some(definitions) = whole[at].as_object_mut() {
            for (name, definition) in definitions {
                if !name.ends_with("MetaObject") {
                    close(definition);
                }
            }
        }
        Ok(Self {
            at,
            whole,
            compiled: Mutex::default(),
        })
    }

    /// A definition as it is written; null if there is none.
    pub(crate) fn definition(&self, name: &str) -> &Value {
        &self.whole[self.at][name]
    }

    /// All of them, by name.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.whole[self.at].as_object().into_iter().flatten()
    }

    /// Checks a value against a definition.
    ///
    /// # Errors
    ///
    /// Each thing that is wrong with it, and where.
    pub(crate) fn check(&self, definition: &str, value: &Value) -> Result<(), String> {
        let validator = self.validator(definition)?;
        let wrong: Vec<_> = validator
            .iter_errors(value)
            .map(|error| format!("at {:?}: {error}", error.instance_path().to_string()))
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!("no {definition}: {}", wrong.join("; ")))
    }

    fn validator(&self, definition: &str) -> Result<Arc<Validator>, String> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = compiled.get(definition) {
            return Ok(known.clone());
        }
        if self.definition(definition).is_null() {
            return Err(format!("the schema has no definition {definition}"));
        }
        let mut schema = Map::new();
        schema.insert("$schema".into(), self.whole["$schema"].clone());
        schema.insert(self.at.into(), self.whole[self.at].clone());
        // Draft 7 looks at nothing beside a reference: so it is not beside the definitions.
        let reference = format!("#/{}/{definition}", self.at);
        schema.insert("allOf".into(), json!([{ "$ref": reference }]));
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&Value::Object(schema))
            .map_err(|error| format!("{definition}: {error}"))?;
        let validator = Arc::new(validator);
        compiled.insert(definition.to_owned(), validator.clone());
        Ok(validator)
    }
}

/// Lets an object have what its schema names and nothing else, unless the schema says what else it
/// may have. What is put together of parts (`allOf`) stays as it is: no part knows the others.
fn close(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if members.contains_key("properties") && !members.contains_key("additionalProperties") {
        members.insert("additionalProperties".into(), Value::Bool(false));
    }
    for (keyword, value) in members {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(named)) => {
                for (name, schema) in named {
                    if !OPEN.contains(&name.as_str()) {
                        close(schema);
                    }
                }
            }
            ("anyOf" | "oneOf", Value::Array(choices)) => choices.iter_mut().for_each(close),
            ("items" | "additionalProperties", schema) => close(schema),
            _ => {}
        }
    }
}
