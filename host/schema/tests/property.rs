//! Whatever schema and value are, compiling and checking end, without a panic, and a mismatch is
//! short.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use smcp_schema::Schema;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3..4_i64).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c]", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_schema() -> impl Strategy<Value = Value> {
    let types = prop::sample::select(vec![
        "object", "array", "string", "integer", "number", "null",
    ]);
    let target = prop::sample::select(vec!["#", "#/$defs/a", "#a", "#/properties/b", "x", "a#b"]);
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        types.prop_map(|name| json!({ "type": name })),
        target.clone().prop_map(|target| json!({ "$ref": target })),
        target.prop_map(|target| json!({ "$dynamicRef": target, "$dynamicAnchor": "a" })),
        "[a-c.*+?()\\[\\]\\\\{}0-9,^$|dwsb-]{0,12}".prop_map(|text| json!({ "pattern": text })),
        any_value().prop_map(|value| json!({ "const": value })),
        (any_value(), 0..9_usize).prop_map(|(value, at)| {
            let keyword = [
                "enum",
                "minimum",
                "maxLength",
                "multipleOf",
                "required",
                "$id",
                "uniqueItems",
                "minContains",
                "dependentRequired",
            ][at];
            json!({ keyword: value })
        }),
        Just(json!({ "uniqueItems": true, "minItems": 1 })),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (
                prop::sample::select(vec![
                    "items",
                    "not",
                    "contains",
                    "if",
                    "then",
                    "else",
                    "additionalProperties",
                    "propertyNames",
                    "unevaluatedItems",
                    "unevaluatedProperties"
                ]),
                pair.clone()
            )
                .prop_map(|(keyword, (a, b))| json!({ keyword: a, "$defs": { "a": b } })),
            (
                prop::sample::select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]),
                pair.clone()
            )
                .prop_map(|(keyword, (a, b))| json!({ keyword: [a, b] })),
            (
                prop::sample::select(vec![
                    "properties",
                    "patternProperties",
                    "dependentSchemas",
                    "$defs"
                ]),
                pair.clone()
            )
                .prop_map(|(keyword, (a, b))| json!({ keyword: { "a": a, "b": b } })),
            pair.prop_map(|(a, b)| merged(a, b)),
        ]
    })
}

fn merged(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            Value::Object(left.into_iter().chain(right).collect::<Map<_, _>>())
        }
        (left, _) => left,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_check_ends_without_a_panic(schema in any_schema(), value in any_value()) {
        if let Ok(schema) = Schema::compile(&schema.to_string()) {
            let first = schema.check(&value);
            if let Err(mismatch) = &first {
                prop_assert!((1..=3).contains(&mismatch.problems().len()));
                prop_assert!(mismatch.to_string().len() < 1_500);
            }
            prop_assert_eq!(first, schema.check(&value));
        }
    }

    #[test]
    fn a_value_is_what_a_constant_of_it_allows(value in any_value()) {
        for schema in [json!({ "const": value }), json!({ "enum": [value] })] {
            let schema = Schema::compile(&schema.to_string()).unwrap();
            prop_assert!(schema.check_text(&value.to_string()).is_ok());
        }
    }

    #[test]
    fn any_text_is_a_schema_or_refused(text in "\\PC{0,64}") {
        let _ = Schema::compile(&text);
        let _ = Schema::compile(&json!({ "pattern": text, "$id": text }).to_string());
        let _ = Schema::compile(&json!({ "$ref": format!("#{text}"), "$anchor": text }).to_string());
    }
}
