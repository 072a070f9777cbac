//! The schema of a form: what MCP 2026-07-28 allows there, `ElicitRequestFormParams`.
//!
//! A form is a flat object of texts, numbers, booleans, choices, and lists of choices. What `T`
//! says in other words is put into these; what cannot be is refused with the field's name.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

type Schema = Map<String, Value>;

/// The schema of the form that fills in a `T`.
pub(super) fn of<T: JsonSchema>() -> Result<Value, String> {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let settings = settings.with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    of_schema(
        settings
            .into_generator()
            .into_root_schema_for::<T>()
            .to_value(),
    )
}

/// The schema of a form in the words of MCP.
pub(super) fn of_schema(schema: Value) -> Result<Value, String> {
    let Value::Object(mut schema) = schema else {
        return Err("its schema is not an object".to_owned());
    };
    for key in ["oneOf", "anyOf", "allOf", "$ref", "if", "patternProperties"] {
        if schema.contains_key(key) {
            return Err(format!(
                "its schema has `{key}`: a form is one struct with its own fields"
            ));
        }
    }
    let Some(Value::Object(properties)) = schema.remove("properties") else {
        return Err("it has no fields: ask for a struct with some".to_owned());
    };
    let mut fields = Schema::new();
    for (name, field) in properties {
        let field = of_field(field).map_err(|mistake| format!("field `{name}`: {mistake}"))?;
        fields.insert(name, Value::Object(field));
    }
    let mut form = json!({ "type": "object", "properties": fields });
    if let (Some(form), Some(required)) = (form.as_object_mut(), schema.remove("required")) {
        form.insert("required".to_owned(), required);
    }
    Ok(form)
}

const WHAT_FITS: &str = "a form takes texts, numbers, booleans, enums whose variants hold nothing, \
                         and lists of such enums";

fn of_field(field: Value) -> Result<Schema, String> {
    let Value::Object(field) = field else {
        return Err(format!("it takes any value; {WHAT_FITS}"));
    };
    let mut field = without_null(field);
    if field.get("default") == Some(&Value::Null) {
        field.remove("default");
    }
    if is_choice(&field, "oneOf") {
        as_titled(&mut field, "oneOf");
        return keep(field, &["oneOf", "default"]);
    }
    if let Some(Value::String(only)) = field.remove("const") {
        field.insert("enum".to_owned(), json!([only]));
    }
    match field.get("type").and_then(Value::as_str) {
        Some("string") if field.contains_key("enum") => {
            keep(field, &["enum", "enumNames", "default"])
        }
        Some("string") => {
            let format = field.get("format").and_then(Value::as_str);
            if let Some(format) = format
                && !["email", "uri", "date", "date-time"].contains(&format)
            {
                return Err(format!(
                    "its format is `{format}`; a form has `email`, `uri`, `date`, `date-time`"
                ));
            }
            keep(field, &["minLength", "maxLength", "format", "default"])
        }
        Some("number" | "integer") => {
            // How wide the number is in Rust, which `minimum` and `maximum` say too.
            field.remove("format");
            keep(field, &["minimum", "maximum", "default"])
        }
        Some("boolean") => keep(field, &["default"]),
        Some("array") => of_list(field),
        _ => Err(format!("it does not fit; {WHAT_FITS}")),
    }
}

/// A list of choices.
fn of_list(mut field: Schema) -> Result<Schema, String> {
    // A set is a list too, and a form offers each choice once anyway.
    field.remove("uniqueItems");
    let Some(Value::Object(mut items)) = field.remove("items") else {
        return Err(format!("its items can be anything; {WHAT_FITS}"));
    };
    let items = if is_choice(&items, "oneOf") || is_choice(&items, "anyOf") {
        if let Some(choices) = items.remove("oneOf") {
            items.insert("anyOf".to_owned(), choices);
        }
        as_titled(&mut items, "anyOf");
        json!({ "anyOf": items.remove("anyOf") })
    } else if let Some(choices) = items.remove("enum") {
        json!({ "type": "string", "enum": choices })
    } else {
        return Err(format!("its items are no enum; {WHAT_FITS}"));
    };
    field.insert("items".to_owned(), items);
    keep(field, &["items", "minItems", "maxItems", "default"])
}

/// Whether the schema chooses among texts, each with a schema of its own.
fn is_choice(schema: &Schema, key: &str) -> bool {
    let choices = schema.get(key).and_then(Value::as_array);
    choices.is_some_and(|choices| choices.iter().all(|choice| !texts_of(choice).is_empty()))
}

/// The texts that a choice stands for: enums put the variants without a doc comment together.
fn texts_of(choice: &Value) -> Vec<&str> {
    let one = choice.get("const").and_then(Value::as_str);
    let many = choice.get("enum").and_then(Value::as_array);
    let many = many.into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many).collect()
}

/// A form shows a title of each choice: the one it has, or its doc comment, or the text itself.
fn as_titled(schema: &mut Schema, key: &str) {
    let choices = schema.get(key).and_then(Value::as_array);
    let choices = choices.into_iter().flatten().flat_map(|choice| {
        let shown = ["title", "description"]
            .iter()
            .find_map(|&key| choice.get(key)?.as_str());
        texts_of(choice)
            .into_iter()
            .map(move |text| json!({ "const": text, "title": shown.unwrap_or(text) }))
    });
    let choices: Vec<_> = choices.collect();
    schema.insert(key.to_owned(), Value::Array(choices));
    schema.insert("type".to_owned(), json!("string"));
}

/// A field that may be left out is one that is not required; a form knows no null.
fn without_null(mut field: Schema) -> Schema {
    if let Some(Value::Array(choices)) = field.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type") != Some(&json!("null")));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            field.remove("anyOf");
            for (key, value) in only {
                field.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(types)) = field.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            field.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = field.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    field
}

/// The field with these keys and those of every field; another key would not be heeded by the
/// client, so it is a mistake.
fn keep(field: Schema, allowed: &[&str]) -> Result<Schema, String> {
    let of_every = ["type", "title", "description"];
    let extra = field
        .keys()
        .find(|key| !of_every.contains(&key.as_str()) && !allowed.contains(&key.as_str()));
    match extra {
        Some(key) => Err(format!(
            "its schema has `{key}`, which a form does not have; it may have {}",
            allowed.join(", ")
        )),
        None => Ok(field),
    }
}

#[cfg(test)]
mod tests;
