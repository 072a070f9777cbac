//! Schemas of a tool's input and output, in JSON Schema 2020-12, for the catalogue.
//!
//! They are made when the catalogue is described, never when a tool is called. A tool's
//! arguments and structured results are JSON objects in every version of MCP, so a type that is
//! something else is refused there, which is when the module is packed and in `cargo test`.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// The schema of what a client sends.
pub(crate) fn of_input<T: JsonSchema>() -> Schema {
    of::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// The schema of what a client gets.
pub(crate) fn of_output<T: JsonSchema>() -> Schema {
    of::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// The schema of a tool without arguments.
pub(crate) fn of_nothing() -> Schema {
    schemars::json_schema!({ "type": "object", "additionalProperties": false })
}

fn of<T: JsonSchema>(settings: SchemaSettings) -> Schema {
    // 2020-12 is what MCP takes a schema without `$schema` for.
    let settings = settings.with(|settings| settings.meta_schema = None);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    // The name of a Rust type tells a model nothing; a title that the author chose stays.
    if schema.get("title").and_then(Value::as_str) == Some(&*T::schema_name()) {
        schema.remove("title");
    }
    if !schema
        .as_object()
        .is_some_and(|object| object.contains_key("type"))
        && is_choice_of_objects(&schema)
    {
        schema.insert("type".to_owned(), json!("object"));
    }
    schema
}

/// An enum is a choice without a `type` of its own; MCP wants one at the root.
fn is_choice_of_objects(schema: &Schema) -> bool {
    ["oneOf", "anyOf"].iter().any(|&key| {
        schema
            .get(key)
            .and_then(Value::as_array)
            .is_some_and(|choices| {
                choices
                    .iter()
                    .all(|choice| choice.get("type").is_some_and(|kind| kind == "object"))
            })
    })
}

/// Refuses a schema that is not one of an object.
///
/// # Panics
///
/// With the tool's name and the mend, for the author to read.
pub(crate) fn assert_object(schema: &Schema, tool: &str, what: &str) {
    assert!(
        schema.get("type").is_some_and(|kind| kind == "object"),
        "tool `{tool}`: MCP wants {what} to be a JSON object. Put the value into a field of a \
         struct that derives `JsonSchema`"
    );
}
