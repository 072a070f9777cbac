//! What a form takes, and what it refuses with which words.

#![allow(clippy::unwrap_used, reason = "tests")]

use schemars::JsonSchema;
use serde_json::json;

use super::*;

#[allow(dead_code, reason = "only its schema is used")]
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

/// What it is like.
#[allow(dead_code, reason = "only its schema is used")]
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Size {
    /// Fits a pocket.
    Small,
    Large,
    Huge,
}

#[allow(dead_code, reason = "only its schema is used")]
#[derive(JsonSchema)]
struct Form {
    /// Your name.
    #[schemars(length(min = 1, max = 9))]
    name: String,
    #[schemars(extend("format" = "email"))]
    email: Option<String>,
    age: u8,
    height: Option<f64>,
    #[serde(default)]
    agrees: bool,
    colour: Colour,
    other: Option<Colour>,
    size: Size,
    #[schemars(length(min = 1))]
    colours: Vec<Colour>,
    sizes: Option<Vec<Size>>,
}

#[test]
fn a_form_is_put_in_the_words_of_mcp() {
    let titled = json!([
        { "const": "large", "title": "large" },
        { "const": "huge", "title": "huge" },
        { "const": "small", "title": "Fits a pocket." },
    ]);
    let expected = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "Your name.", "minLength": 1,
                "maxLength": 9 },
            "email": { "type": "string", "format": "email" },
            "age": { "type": "integer", "minimum": 0, "maximum": 255 },
            "height": { "type": "number" },
            "agrees": { "type": "boolean", "default": false },
            "colour": { "type": "string", "enum": ["red", "green"] },
            "other": { "type": "string", "enum": ["red", "green"] },
            "size": { "type": "string", "description": "What it is like.", "oneOf": titled },
            "colours": { "type": "array", "minItems": 1,
                "items": { "type": "string", "enum": ["red", "green"] } },
            "sizes": { "type": "array", "items": { "anyOf": titled } },
        },
        "required": ["name", "age", "colour", "size", "colours"],
    });
    assert_eq!(of::<Form>(), Ok(expected));
}

#[test]
fn what_is_in_the_words_of_mcp_stays_as_it_is() {
    let table = [
        json!({ "type": "string", "title": "Name", "default": "Ada", "format": "date-time" }),
        json!({ "type": "number", "minimum": 0, "maximum": 1, "default": 0.5 }),
        json!({ "type": "boolean", "default": true }),
        json!({ "type": "string", "enum": ["a"], "enumNames": ["A"], "default": "a" }),
        json!({ "type": "string", "oneOf": [{ "const": "a", "title": "A" }], "default": "a" }),
        json!({ "type": "array", "items": { "anyOf": [{ "const": "a", "title": "A" }] },
            "minItems": 1, "maxItems": 2, "default": ["a"] }),
    ];
    for field in table {
        let form = json!({ "type": "object", "properties": { "a": field }, "required": ["a"] });
        assert_eq!(of_schema(form.clone()), Ok(form));
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let table = [
        (json!({ "type": "string", "pattern": "a" }), "`pattern`"),
        (json!({ "type": "string", "format": "uuid" }), "`uuid`"),
        (json!({ "type": "object" }), "texts, numbers"),
        (
            json!({ "type": "array", "items": { "type": "string" } }),
            "no enum",
        ),
        (json!({ "type": "array" }), "its items can be anything"),
        (json!(true), "any value"),
        (json!({ "oneOf": [{ "type": "object" }] }), "texts, numbers"),
    ];
    for (field, expected) in table {
        let form = json!({ "type": "object", "properties": { "a": field } });
        let mistake = of_schema(form).unwrap_err();
        assert!(mistake.starts_with("field `a`: "), "{mistake}");
        assert!(mistake.contains(expected), "{mistake}");
    }
    for (form, expected) in [
        (json!({ "type": "object" }), "no fields"),
        (json!({ "oneOf": [] }), "`oneOf`"),
        (json!(true), "not an object"),
    ] {
        let mistake = of_schema(form).unwrap_err();
        assert!(mistake.contains(expected), "{mistake}");
    }
}
