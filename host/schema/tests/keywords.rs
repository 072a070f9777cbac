//! Each keyword: a schema, values that it allows and values that it does not. The whole of the
//! specification is in `official.rs`; here is what a reader wants to see, and what we say.

#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::Value;
use smcp_schema::{Mismatch, Schema, SchemaError};

fn schema(text: &str) -> Schema {
    Schema::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> SchemaError {
    match Schema::compile(text) {
        Ok(_) => panic!("{text} is taken"),
        Err(error) => error,
    }
}

fn problems(text: &str, value: &str) -> String {
    schema(text).check_text(value).unwrap_err().to_string()
}

#[test]
fn keywords_allow_what_they_say_and_nothing_else() {
    for (text, good, bad) in [
        ("true", "1 null {}", ""),
        ("false", "", "1 null {}"),
        (r#"{"type":"integer"}"#, "1 1.0 1e300", r#"1.5 "1" null"#),
        (r#"{"type":"number"}"#, "1 1.5", r#"true "1""#),
        (r#"{"type":["string","null"]}"#, r#""a" null"#, "1 {}"),
        (
            r#"{"enum":["a",1,[2]]}"#,
            r#""a" 1.0 [2]"#,
            r#""b" 2 [] {}"#,
        ),
        (
            r#"{"const":{"a":[1]}}"#,
            r#"{"a":[1.0]}"#,
            r#"{"a":[2]} {}"#,
        ),
        (r#"{"minimum":1,"maximum":3}"#, r#"1 3 "9""#, "0.5 4"),
        (r#"{"exclusiveMinimum":1,"exclusiveMaximum":3}"#, "2", "1 3"),
        (r#"{"multipleOf":0.01}"#, "0.07 19.99 3", "0.075"),
        (
            r#"{"minLength":2,"maxLength":3}"#,
            r#""ab" "äöü" 1"#,
            r#""a" "abcd""#,
        ),
        (r#"{"pattern":"^a+$"}"#, r#""a" "aa" 1"#, r#""" "ab""#),
        (
            r#"{"items":{"type":"null"}}"#,
            "[] [null] 1",
            "[1] [null,1]",
        ),
        (
            r#"{"prefixItems":[true,{"type":"null"}],"items":false}"#,
            "[1] [1,null]",
            "[1,2] [1,null,1]",
        ),
        (r#"{"minItems":1,"maxItems":2}"#, "[1] [1,2]", "[] [1,2,3]"),
        (
            r#"{"uniqueItems":true}"#,
            "[1,2] [[1],[2]] [0,false]",
            r#"[1,1.0] [{"a":1,"b":2},{"b":2,"a":1}]"#,
        ),
        (
            r#"{"contains":{"const":1},"maxContains":1}"#,
            "[1] [0,1]",
            "[] [0] [1,1]",
        ),
        (r#"{"required":["a"]}"#, r#"{"a":1} 1"#, "{}"),
        (
            r#"{"properties":{"a":{"type":"null"}},"additionalProperties":false}"#,
            r#"{} {"a":null}"#,
            r#"{"a":1} {"b":1}"#,
        ),
        (
            r#"{"patternProperties":{"^x-":{"type":"null"}}}"#,
            r#"{"x-a":null} {"y":1}"#,
            r#"{"x-a":1}"#,
        ),
        (
            r#"{"propertyNames":{"maxLength":1}}"#,
            r#"{"a":1}"#,
            r#"{"ab":1}"#,
        ),
        (
            r#"{"minProperties":1,"maxProperties":1}"#,
            r#"{"a":1}"#,
            r#"{} {"a":1,"b":2}"#,
        ),
        (
            r#"{"dependentRequired":{"a":["b"]}}"#,
            r#"{} {"a":1,"b":1}"#,
            r#"{"a":1}"#,
        ),
        (
            r#"{"dependentSchemas":{"a":{"required":["b"]}}}"#,
            r#"{} {"a":1,"b":1}"#,
            r#"{"a":1}"#,
        ),
        (r#"{"allOf":[{"minimum":1},{"maximum":2}]}"#, "1 2", "0 3"),
        (
            r#"{"anyOf":[{"minimum":3},{"type":"null"}]}"#,
            "3 null",
            "2",
        ),
        (r#"{"oneOf":[{"minimum":1},{"minimum":2}]}"#, "1", "0 2"),
        (r#"{"not":{"type":"null"}}"#, "1", "null"),
        (
            r#"{"if":{"type":"string"},"then":{"minLength":1},"else":{"type":"null"}}"#,
            r#""a" null"#,
            r#""" 1"#,
        ),
        (
            r##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"null"}}}"##,
            "null",
            "1",
        ),
        (
            r#"{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}"#,
            r#"{"a":1}"#,
            r#"{"b":1}"#,
        ),
        (
            r#"{"allOf":[{"prefixItems":[true]}],"unevaluatedItems":false}"#,
            "[1]",
            "[1,2]",
        ),
        (r#"{"format":"email"}"#, r#""not an address""#, ""),
        (r#"{"unheard-of":1}"#, "1", ""),
    ] {
        let schema = schema(text);
        let values = |list: &str| -> Vec<String> {
            serde_json::Deserializer::from_str(list)
                .into_iter::<Value>()
                .map(|value| value.unwrap().to_string())
                .collect()
        };
        for value in values(good) {
            let answer = schema.check_text(&value);
            assert!(answer.is_ok(), "{text} {value}: {answer:?}");
        }
        for value in values(bad) {
            assert!(schema.check_text(&value).is_err(), "{text} {value}");
        }
    }
}

#[test]
fn patterns_are_those_of_ecma_262() {
    for (pattern, text, wanted) in [
        ("b", "abc", true),
        (r"^\d{3}$", "123", true),
        (r"^\d$", "\u{0661}", false),
        (r"^\w\s\S$", "a\u{00A0}b", true),
        (r"^.$", "\n", false),
        (r"^[^]$", "\n", true),
        (r"[]", "a", false),
        (r"^[\w-]+$", "a-b", true),
        (r"^[a&&b~~]+$", "&~", true),
        (r"^\/[[]$", "/[", true),
        (r"^(?<year>\d+)-(?:a|b)$", "12-b", true),
        (r"^\u{1F432}\uD83D\uDC32$", "\u{1F432}\u{1F432}", true),
        (r"^\cA\x41\0$", "\u{1}A\0", true),
        (r"^a{$", "a{", true),
        (r"^a{2,}?$", "aa", true),
        (r"^[\b]$", "\u{8}", true),
        (r"\bfoo\b", "a foo b", true),
        ("^a$", "a\n", false),
    ] {
        let document = serde_json::json!({ "pattern": pattern });
        let answer = schema(&document.to_string()).check(&text.into());
        assert_eq!(answer.is_ok(), wanted, "{pattern} {text:?}");
    }
}

#[test]
fn problems_say_where_and_what_in_few_words() {
    let object = r#"{"type":"object","properties":{"count":{"type":"integer","minimum":1},
        "tags":{"type":"array","items":{"enum":["a","b"]}},
        "note":{"anyOf":[{"type":"string","maxLength":2},{"type":"null"}]}},
        "required":["count"],"additionalProperties":false}"#;
    for (value, wanted) in [
        (r#"{"count":"x"}"#, "/count: must be an integer"),
        (r#"{"count":0}"#, "/count: must be at least 1"),
        ("{}", r#"must have the member "count""#),
        ("[]", "must be an object"),
        (
            r#"{"count":1,"tags":["a","c"]}"#,
            r#"/tags/1: must be one of "a", "b""#,
        ),
        (
            r#"{"count":1,"note":"long"}"#,
            "/note: must have at most 2 characters",
        ),
        (
            r#"{"count":1,"note":1}"#,
            "/note: must be one of the forms that are allowed",
        ),
        (
            r#"{"count":1,"a/b~":1}"#,
            "/a~1b~0: is not a member that is known here",
        ),
        (
            r#"{"count":null,"tags":1,"x":1,"y":1}"#,
            "/count: must be an integer; /tags: must be an array; /x: is not a member that is known here",
        ),
    ] {
        assert_eq!(problems(object, value), wanted, "{value}");
    }
}

#[test]
fn both_dialects_are_known_and_no_other() {
    let draft7 = r##"{"$schema":"http://json-schema.org/draft-07/schema#",
        "definitions":{"n":{"type":"null"}},
        "properties":{"a":{"$ref":"#/definitions/n","minimum":1},"b":{"items":[true],"additionalItems":false}},
        "dependencies":{"b":["a"]},"unevaluatedProperties":false}"##;
    let schema = schema(draft7);
    for (value, wanted) in [
        (r#"{"a":null,"b":[1],"c":1}"#, true),
        (r#"{"a":1}"#, false),
        (r#"{"a":null,"b":[1,2]}"#, false),
        (r#"{"b":[]}"#, false),
    ] {
        assert_eq!(schema.check_text(value).is_ok(), wanted, "{value}");
    }
    for name in [
        "http://json-schema.org/draft-04/schema#",
        "https://json-schema.org/draft/2019-09/schema",
        "https://example.com/mine",
    ] {
        let error = refused(&serde_json::json!({ "$schema": name }).to_string());
        assert_eq!(error.code(), "schema_dialect_unsupported", "{name}");
    }
}

#[test]
fn a_schema_that_is_not_one_is_refused_with_its_place() {
    for (text, code, place) in [
        ("{", "schema_not_json", ""),
        ("1", "schema_invalid", "object, true or false"),
        (r#"{"type":"int"}"#, "schema_invalid", "/type"),
        (r#"{"type":[]}"#, "schema_invalid", "/type"),
        (
            r#"{"properties":{"a":{"minLength":-1}}}"#,
            "schema_invalid",
            "/properties/a/minLength",
        ),
        (
            r#"{"properties":{"a":1}}"#,
            "schema_invalid",
            "/properties/a",
        ),
        (r#"{"required":"a"}"#, "schema_invalid", "/required"),
        (r#"{"anyOf":[]}"#, "schema_invalid", "/anyOf"),
        (r#"{"enum":1}"#, "schema_invalid", "/enum"),
        (r#"{"multipleOf":0}"#, "schema_invalid", "/multipleOf"),
        (r#"{"multipleOf":-2}"#, "schema_invalid", "/multipleOf"),
        (
            r##"{"$ref":"#/nowhere"}"##,
            "schema_ref_dangling",
            "#/nowhere",
        ),
        (
            r##"{"items":{"$ref":"#anchor"}}"##,
            "schema_ref_dangling",
            "/items",
        ),
        (r#"{"pattern":"("}"#, "schema_pattern", "/pattern"),
    ] {
        let error = refused(text);
        assert_eq!(error.code(), code, "{text}");
        assert!(error.to_string().contains(place), "{text}: {error}");
    }
}

#[test]
fn a_mismatch_is_never_without_a_problem() {
    for (text, value) in [
        ("false", "1"),
        ("true", "1e999"),
        (r#"{"not":{}}"#, "1"),
        ("true", ""),
    ] {
        let mismatch: Mismatch = schema(text).check_text(value).unwrap_err();
        assert!(!mismatch.problems().is_empty(), "{text} {value}");
    }
}
