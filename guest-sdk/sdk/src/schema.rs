//! Schemas of a tool's input and output, in JSON Schema 2020-12, for the catalogue.
//!
//! They are made when the catalogue is described, never when a tool is called. A tool's arguments
//! are a JSON object, and those of a prompt or a URI are texts; a type that is something else is
//! refused there, which is when the module is packed and in `cargo test`.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// The schema of what a client sends.
pub(crate) fn of_input<T: JsonSchema>() -> Schema {
    of::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// The schema of what a client gets.
pub(crate) fn of_output<T: JsonSchema>() -> Schema {
    let mut schema = of::<T>(SchemaSettings::draft2020_12().for_serialize());
    // The schema of any value is `true`; MCP wants an object there.
    schema.ensure_object();
    schema
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
pub(crate) fn assert_object(schema: &Schema, tool: &str) {
    assert!(
        schema.get("type").is_some_and(|kind| kind == "object"),
        "tool `{tool}`: MCP wants the arguments of a tool to be a JSON object. Put the value into \
         a field of a struct that derives `JsonSchema`"
    );
}

/// Refuses a schema with a field that is no text: a prompt's arguments and the variables of a URI
/// are texts.
///
/// # Panics
///
/// With the field's name and the mend, for the author to read.
pub(crate) fn assert_texts(schema: &Schema, of: &str, what: &str) {
    let fields = schema.get("properties").and_then(Value::as_object);
    for (name, field) in fields.into_iter().flatten() {
        assert!(
            is_text(field, schema, 0),
            "{of}: `{name}` is not a text, and each {what} is one. Take a `String`, an \
             `Option<String>` or an enum whose variants hold nothing, and parse it"
        );
    }
}

fn is_text(field: &Value, root: &Schema, depth: usize) -> bool {
    if let Some(Value::String(reference)) = field.get("$ref") {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer));
        return depth < 8 && target.is_some_and(|target| is_text(target, root, depth + 1));
    }
    let choices = ["oneOf", "anyOf"].map(|key| field.get(key).and_then(Value::as_array));
    if let Some(choices) = choices.into_iter().flatten().next() {
        return choices.iter().all(|choice| {
            choice.get("type").is_some_and(|kind| kind == "null") || is_text(choice, root, depth)
        });
    }
    match field.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().all(|kind| kind == "string" || kind == "null"),
        _ => field.get("const").is_some_and(Value::is_string),
    }
}
