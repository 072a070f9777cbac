//! The scanner against tables of texts, and against another reader of JSON.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it stands"
)]

use std::collections::BTreeSet;
use std::fmt;

use proptest::prelude::*;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use smcp_ids::limits::{JSON_MEMBERS_MAX, JSON_NESTING_MAX};

use super::*;

/// Another reader: serde_json's grammar, with names, nesting and surrogates checked by recursion.
#[derive(Clone, Copy)]
struct Peer {
    depth: usize,
}

impl Peer {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == JSON_NESTING_MAX {
            Err(E::custom("nesting"))
        } else {
            Ok(Self {
                depth: self.depth + 1,
            })
        }
    }
}

impl<'de> DeserializeSeed<'de> for Peer {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Peer {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while sequence.next_element_seed(inside)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(de::Error::custom("repeated"));
            }
            map.next_value_seed(inside)?;
        }
        Ok(())
    }
}

/// Whether the other reader takes it; None when it stops at a number too large for it, which we
/// leave as it is written.
fn peer_accepts(bytes: &[u8]) -> Option<bool> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = (Peer { depth: 0 }).deserialize(&mut deserializer);
    match read.and_then(|()| deserializer.end()) {
        Ok(()) => Some(true),
        Err(error) if error.to_string().starts_with("number out of range") => None,
        Err(_) => Some(false),
    }
}

/// Whether the scanner takes and refuses what the other reader does.
fn agrees_with_peer(bytes: &[u8]) -> bool {
    let accepted = Json::parse(bytes).is_ok();
    peer_accepts(bytes).is_none_or(|by_peer| by_peer == accepted)
}

/// Rebuilds a value from the walk alone.
fn rebuilt(json: Json<'_>) -> serde_json::Value {
    match json.kind() {
        Kind::Object => json
            .members()
            .map(|(name, value)| (name.into_owned(), rebuilt(value)))
            .collect(),
        Kind::Array => json.elements().map(rebuilt).collect(),
        Kind::String => json.as_str().unwrap().into(),
        _ => serde_json::from_str(json.text()).unwrap(),
    }
}

#[test]
fn accepts_json() {
    for text in [
        "{}",
        "[]",
        " [ ] ",
        "\"\"",
        "0",
        "-0",
        "-0.0e+10",
        "1E5",
        "true",
        "false",
        "null",
        "1e999",
        r#"{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}"#,
        "\t{ \"a\" :\r\n[1 , 2] } \n",
        r#""\"\\\/\b\f\n\r\tA\uD834\udd1e""#,
        "\"\u{7f}\u{2028}\u{10ffff}\"",
    ] {
        assert_eq!(
            Json::parse(text.as_bytes()).map(Json::text),
            Ok(text.trim()),
            "{text}"
        );
    }
}

#[test]
fn refuses_what_is_not_json() {
    for (text, at) in [
        ("", 0),
        (" ", 1),
        ("{", 1),
        ("[1", 2),
        ("[1,]", 3),
        ("[,1]", 1),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("{\"a\"}", 4),
        ("{\"a\" 1}", 5),
        ("{\"a\":}", 5),
        ("[}", 1),
        ("{]", 1),
        ("[1}", 2),
        ("1 2", 2),
        ("{}{}", 2),
        ("01", 1),
        ("1.", 2),
        (".5", 0),
        ("+1", 0),
        ("1e", 2),
        ("-", 1),
        ("tru", 0),
        ("nul", 0),
        ("NaN", 0),
        ("\"", 1),
        ("\"\\", 2),
        ("\"\\x\"", 2),
        ("\"\\u12\"", 2),
        ("\"\\u12g4\"", 2),
        ("\"\n\"", 1),
        ("'a'", 0),
        ("\u{feff}{}", 0),
        ("// c\n1", 0),
        ("]", 0),
        ("\"\\u+123\"", 2),
        ("{\"a\":1 \"b\":2}", 7),
    ] {
        assert_eq!(
            Json::parse(text.as_bytes()),
            Err(JsonError::Syntax { at }),
            "{text}"
        );
        assert_eq!(peer_accepts(text.as_bytes()), Some(false), "{text}");
    }
}

#[test]
fn refuses_bytes_that_are_not_utf8() {
    for (bytes, at) in [
        (&b"\"\xff\""[..], 1),
        (b"\xc0\x80", 0),
        (b"\"\xed\xa0\x80\"", 1),
        (b"{}\xf5", 2),
    ] {
        assert_eq!(Json::parse(bytes), Err(JsonError::Utf8 { at }));
    }
}

#[test]
fn refuses_lone_surrogates() {
    for text in [
        r#""\ud834""#,
        r#""\udd1e""#,
        r#""\ud834\n""#,
        r#""\ud834\u0041""#,
        r#"{"\ud834x":1}"#,
    ] {
        assert!(
            matches!(
                Json::parse(text.as_bytes()),
                Err(JsonError::Surrogate { .. })
            ),
            "{text}"
        );
    }
}

#[test]
fn refuses_a_repeated_name_at_any_depth_and_in_any_spelling() {
    let many = |last: &str| {
        let names: String = (0..40).map(|n| format!("\"n{n}\":0,")).collect();
        format!("{{{names}{last}:1}}")
    };
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":1}"#,
        r#"[{"b":{"a":1,"c":[],"a":{}}}]"#,
        r#"{"\n":1,"\u000a":2}"#,
        r#"{"":1,"":2}"#,
        r#"{"😀":1,"\ud83d\uDE00":2}"#,
        &many("\"n0\""),
        &many("\"n39\""),
        &many("\"n\\u00339\""),
        &format!("[{},{}]", many("\"z\""), many("\"n20\"")),
    ] {
        assert!(
            matches!(
                Json::parse(text.as_bytes()),
                Err(JsonError::Repeated { .. })
            ),
            "{text}"
        );
    }
    assert!(Json::parse(many("\"n40\"").as_bytes()).is_ok());
}

#[test]
fn nesting_ends_at_its_limit() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth| format!("{}0{}", open.repeat(depth), close.repeat(depth));
        assert!(Json::parse(nested(JSON_NESTING_MAX).as_bytes()).is_ok());
        assert!(matches!(
            Json::parse(nested(JSON_NESTING_MAX + 1).as_bytes()),
            Err(JsonError::Nesting { .. })
        ));
        assert!(matches!(
            Json::parse(open.repeat(1_000_000).as_bytes()),
            Err(JsonError::Nesting { .. })
        ));
    }
}

#[test]
fn members_of_one_object_end_at_their_limit() {
    let object = |members: usize| {
        let members: Vec<String> = (0..members).map(|n| format!("\"\\u0061{n}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert!(Json::parse(object(JSON_MEMBERS_MAX).as_bytes()).is_ok());
    assert!(matches!(
        Json::parse(object(JSON_MEMBERS_MAX + 1).as_bytes()),
        Err(JsonError::Members { .. })
    ));
}

#[test]
fn the_walk_finds_what_is_there() {
    let json =
        Json::parse(br#" { "a" : [1, "]}\"", {"x":[]}] , "\u0062\n":true,"c":"d\\" } "#).unwrap();
    assert_eq!(json.get("a").unwrap().text(), r#"[1, "]}\"", {"x":[]}]"#);
    let elements: Vec<&str> = json.get("a").unwrap().elements().map(Json::text).collect();
    assert_eq!(elements, ["1", r#""]}\"""#, r#"{"x":[]}"#]);
    assert_eq!(json.get("b\n").map(Json::text), Some("true"));
    assert_eq!(json.get("c").unwrap().as_str().unwrap(), "d\\");
    assert_eq!(json.get("d"), None);
    assert_eq!(json.elements().count(), 0);
    assert_eq!(json.get("a").unwrap().members().count(), 0);
}

#[test]
fn integers_have_neither_fraction_nor_exponent() {
    for (text, expected) in [
        ("0", true),
        ("-1", true),
        ("12345678901234567890123", true),
        ("1.0", false),
        ("1e2", false),
        ("\"1\"", false),
    ] {
        assert_eq!(
            Json::parse(text.as_bytes()).unwrap().is_integer(),
            expected,
            "{text}"
        );
    }
}

/// Texts that are nearly JSON, so that the scanner gets far into them.
fn nearly_json() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\"",
        "\"\\u0061\"",
        "\"\\ud834\"",
        "\"\\ud834\\udd1e\"",
        "1",
        "-0.5e3",
        "true",
        "null",
        " ",
        "\n",
        "\"\"",
        "{\"a\":1}",
        "[1,2]",
        "\"",
        "\\",
        "01",
        "é",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i16>().prop_map(|n| (f64::from(n) / 8.0).into()),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 24, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..24).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..24)
                .prop_map(|map| map.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn a_plain_run_ends_at_the_first_byte_that_means_something(bytes in prop::collection::vec(
        prop_oneof![8 => 0x20_u8..=0xff, 1 => Just(b'"'), 1 => Just(b'\\'), 1 => 0_u8..0x20], 0..40))
    {
        let expected = bytes.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
        prop_assert_eq!(walk::plain_run(&bytes), expected.unwrap_or(bytes.len()));
    }

    #[test]
    fn any_bytes_are_judged_as_the_other_reader_does(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(agrees_with_peer(&bytes));
    }

    #[test]
    fn nearly_json_is_judged_as_the_other_reader_does(text in nearly_json()) {
        prop_assert!(agrees_with_peer(text.as_bytes()), "{}", text);
    }

    #[test]
    fn walking_is_the_inverse_of_writing(value in json_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert_eq!(rebuilt(Json::parse(text.as_bytes()).unwrap()), value);
    }

    #[test]
    fn one_changed_byte_is_judged_as_the_other_reader_does(value in json_value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = serde_json::to_vec(&value).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        prop_assert!(agrees_with_peer(&bytes));
    }

    #[test]
    fn a_written_string_reads_back(text in any::<String>()) {
        let mut out = String::new();
        push_string(&mut out, &text);
        prop_assert_eq!(Json::parse(out.as_bytes()).unwrap().as_str().unwrap(), text);
    }
}
