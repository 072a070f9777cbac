//! What an author and a stranger try: each is refused, or answered within the limits.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smcp_ids::limits;
use smcp_schema::{Schema, SchemaError};

fn code(schema: &Value) -> &'static str {
    code_of_text(&schema.to_string())
}

fn code_of_text(schema: &str) -> &'static str {
    Schema::compile(schema)
        .err()
        .as_ref()
        .map_or("taken", SchemaError::code)
}

fn schema(value: &Value) -> Schema {
    Schema::compile(&value.to_string()).unwrap()
}

/// Generous: debug builds on busy machines. Without the limits these would run for years.
fn in_time<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    done
}

fn nested(levels: usize, keyword: &str) -> Value {
    // By hand: `json!` would copy the inside at each level, recursively.
    (0..levels).fold(json!({}), |inner, _| {
        Value::Object([(keyword.to_owned(), inner)].into_iter().collect())
    })
}

#[test]
fn references_out_of_the_document_are_refused() {
    for target in [
        "https://example.com/schema.json",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "//example.com/a",
        "other.json",
        "other.json#/a",
        "https://json-schema.org/draft/2020-12/schema",
    ] {
        for keyword in ["$ref", "$dynamicRef"] {
            let schema = json!({ "$id": "https://here.example/a", "items": { keyword: target } });
            assert_eq!(code(&schema), "schema_ref_outside", "{keyword} {target}");
        }
    }
}

#[test]
fn references_in_a_circle_are_refused() {
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } }, "$ref": "#/$defs/a" }),
        json!({ "allOf": [{ "anyOf": [{ "$ref": "#" }] }] }),
        json!({ "if": { "not": { "$ref": "#" } } }),
        json!({ "dependentSchemas": { "a": { "$ref": "#" } } }),
        json!({ "$dynamicAnchor": "a", "$dynamicRef": "#a" }),
    ] {
        assert_eq!(code(&schema), "schema_circular", "{schema}");
    }
}

#[test]
fn a_circle_that_only_a_check_can_see_ends() {
    let schema = schema(&json!({
        "$id": "https://a.example/root", "$dynamicAnchor": "x", "$ref": "inner",
        "$defs": { "inner": { "$id": "inner", "$dynamicRef": "#x",
            "$defs": { "x": { "$dynamicAnchor": "x" } } } }
    }));
    assert!(schema.check(&json!(1)).unwrap_err().is_exhausted());
}

#[test]
fn a_schema_that_describes_itself_is_fine_on_deep_values() {
    let schema = schema(&json!({ "type": "object", "additionalProperties": { "$ref": "#" } }));
    assert!(
        schema
            .check(&nested(limits::JSON_NESTING_MAX - 1, "a"))
            .is_ok()
    );
    let too_deep = nested(2_000, "a");
    assert!(schema.check(&too_deep).unwrap_err().is_exhausted());
}

#[test]
fn deep_schemas_are_refused() {
    for keyword in ["not", "items", "additionalProperties", "if"] {
        assert_eq!(code(&nested(70, keyword)), "schema_over_limit", "{keyword}");
    }
    let brackets = "[".repeat(10_000);
    assert_eq!(code_of_text(&brackets), "schema_not_json");
    assert_eq!(
        code_of_text(&format!(r#"{{"enum":{brackets}"#)),
        "schema_not_json"
    );
}

#[test]
fn long_chains_of_references_are_refused() {
    let defs: serde_json::Map<String, Value> = (0..1_000)
        .map(|n| {
            (
                format!("d{n}"),
                json!({ "$ref": format!("#/$defs/d{}", n + 1) }),
            )
        })
        .chain([("d1000".to_owned(), json!(true))])
        .collect();
    let schema = json!({ "$defs": defs, "$ref": "#/$defs/d0" });
    assert_eq!(code(&schema), "schema_over_limit");
}

#[test]
fn large_schemas_are_refused() {
    let many: Vec<Value> = vec![json!({}); limits::SCHEMA_NODES_MAX];
    assert_eq!(code(&json!({ "anyOf": many })), "schema_over_limit");
    let long = json!({ "description": "a".repeat(limits::SCHEMA_MAX) });
    assert_eq!(code(&long), "schema_too_large");
    let ids: Vec<Value> = (0..200)
        .map(|n| json!({ "$id": format!("a{n}") }))
        .collect();
    assert_eq!(code(&json!({ "anyOf": ids })), "schema_over_limit");
}

#[test]
fn branches_that_double_at_every_level_end() {
    for keyword in ["anyOf", "oneOf", "allOf"] {
        let last = if keyword == "allOf" {
            json!(true)
        } else {
            json!(false)
        };
        let mut defs = serde_json::Map::new();
        defs.insert("d0".to_owned(), last);
        for n in 1..28 {
            let inner = json!({ "$ref": format!("#/$defs/d{}", n - 1) });
            defs.insert(format!("d{n}"), json!({ keyword: [inner, inner] }));
        }
        let schema = json!({ "$defs": defs, "$ref": "#/$defs/d25" });
        let schema = self::schema(&schema);
        let answer = in_time(|| schema.check(&json!(1)));
        assert!(answer.unwrap_err().is_exhausted(), "{keyword}");
    }
}

#[test]
fn the_limit_of_steps_is_never_taken_for_an_answer() {
    let mut defs = serde_json::Map::new();
    defs.insert("d0".to_owned(), json!(true));
    for n in 1..30 {
        let inner = json!({ "$ref": format!("#/$defs/d{}", n - 1) });
        defs.insert(format!("d{n}"), json!({ "allOf": [inner, inner] }));
    }
    // Were an exhausted branch just false, `not` would make it true.
    let schema = schema(&json!({ "$defs": defs, "not": { "$ref": "#/$defs/d28" } }));
    let answer = in_time(|| schema.check(&json!(1)));
    assert!(answer.unwrap_err().is_exhausted());
}

#[test]
fn patterns_that_cost_more_than_linear_time_are_refused() {
    for pattern in [
        r"(a)\1",
        r"(?<x>a)\k<x>",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        r"\p{L}",
        "(a{999}){999}",
        "a{99999999999}",
        "(?:){4294967295}",
        "((((a{9}){9}){9}){9}){9}",
        "(((a|b){20}c{20}){20}){20}",
        "(?i)a",
        "a**",
        "*",
        "[b-a]",
        "[",
        "(",
        ")",
        r"\",
        r"\y",
        "a{3,2}",
        r"\u{110000}",
        r"\uD800",
        r"[\d-a",
    ] {
        assert_eq!(
            code(&json!({ "pattern": pattern })),
            "schema_pattern",
            "{pattern}"
        );
        let names = json!({ "patternProperties": { pattern: true } });
        assert_eq!(code(&names), "schema_pattern", "{pattern}");
    }
    assert_eq!(
        code(&json!({ "pattern": "(".repeat(500) })),
        "schema_pattern"
    );
    assert_eq!(
        code(&json!({ "pattern": "a".repeat(2_000) })),
        "schema_pattern"
    );
    let many: Vec<Value> = vec![json!({ "pattern": "a{1000}" }); 20];
    assert_eq!(code(&json!({ "anyOf": many })), "schema_pattern");
}

#[test]
fn a_pattern_made_to_backtrack_answers_at_once() {
    for pattern in [
        "^(a+)+$",
        "^(a|a)*$",
        "^(.*a){12}$",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
    ] {
        let schema = schema(&json!({ "pattern": pattern }));
        let text = format!("{}!", "a".repeat(10_000));
        assert!(in_time(|| schema.check(&json!(text))).is_err(), "{pattern}");
    }
}

#[test]
fn a_long_text_for_a_heavy_pattern_is_not_matched_at_all() {
    let schema = schema(&json!({ "pattern": "^(a|b|[c-z]){300}$" }));
    let text = json!("a".repeat(1_000_000));
    assert!(in_time(|| schema.check(&text)).unwrap_err().is_exhausted());
}

#[test]
fn large_lists_to_choose_from_cost_no_more_than_the_limit() {
    let numbers: Vec<u32> = (0..9_000).collect();
    let schema = schema(&json!({ "items": { "enum": numbers } }));
    assert!(schema.check(&json!([8_999])).is_ok());
    let items = vec![json!(-1); 100_000];
    assert!(in_time(|| schema.check(&Value::Array(items))).is_err());
    let names: Vec<String> = (0..5_000).map(|n| format!("n{n}")).collect();
    let schema = self::schema(&json!({ "items": { "enum": names } }));
    let items = vec![json!("n4999"); 100_000];
    assert!(in_time(|| schema.check(&Value::Array(items))).is_ok());
}

#[test]
fn unique_items_are_found_without_comparing_all_pairs() {
    let schema = schema(&json!({ "uniqueItems": true }));
    let items: Vec<Value> = (0..200_000).map(|n| json!(n)).collect();
    assert!(in_time(|| schema.check(&Value::Array(items))).is_ok());
    let long = "a".repeat(1_000);
    let items: Vec<Value> = (0..20_000).map(|n| json!([format!("{long}{n}")])).collect();
    assert!(
        in_time(|| schema.check(&Value::Array(items)))
            .unwrap_err()
            .is_exhausted()
    );
}

#[test]
fn giant_numbers_are_read_exactly_or_refused() {
    let integer = schema(&json!({ "type": "integer" }));
    for (value, wanted) in [
        ("18446744073709551615", true),
        ("123456789012345678901234567890", true),
        ("1e308", true),
        ("1e309", false),
        ("-1e99999999999999999999", false),
        ("1e-99999999999", false),
    ] {
        let answer = integer.check_text(value);
        // A number too small for a float is 0, which is an integer.
        let wanted = wanted || value == "1e-99999999999";
        assert_eq!(answer.is_ok(), wanted, "{value}");
    }
    assert_eq!(code_of_text(r#"{"minimum":1e999}"#), "schema_not_json");
    let multiple = Schema::compile(r#"{"multipleOf":5e-324}"#).unwrap();
    assert!(multiple.check_text("1.7976931348623157e308").is_ok());
}

#[test]
fn nothing_large_comes_back() {
    let long = "x".repeat(50_000);
    for schema in [
        json!({ "type": "null" }),
        json!({ "enum": [format!("{long}1")] }),
        json!({ "const": { "a": format!("{long}1") } }),
        json!({ "additionalProperties": false, "type": "object" }),
        json!({ "required": [long], "type": "object" }),
    ] {
        let schema = self::schema(&schema);
        for value in [json!(long), json!({ long.clone(): 1, "\n": 2 })] {
            if let Err(mismatch) = schema.check(&value) {
                assert!(mismatch.to_string().len() < 1_500, "{mismatch}");
            }
        }
    }
    let deep = json!({ "properties": { long.as_str(): { "type": "nonsense" } } });
    let error = Schema::compile(&deep.to_string()).unwrap_err().to_string();
    assert!(error.len() < 1_000, "{error}");
}
