//! Key-value storage at the boundary: what a guest passes is checked before it is believed, and what it
//! is answered stands where the canonical ABI puts it.

#![allow(clippy::unwrap_used, reason = "tests")]

#[macro_use]
mod support;

use smcp_capability::call::{KvKey, KvRequest, KvSpace, Request};
use smcp_ids::limits;
use support::probe;

/// Imports, and what is in the guest's memory.
const GUEST: (&str, &str) = (
    r#"  (import "smcp:server/kv@0.1.0" "get" (func $get (param i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "set" (func $set (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "delete" (func $delete (param i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "swap"
    (func $swap (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "keys" (func $keys (param i32 i32 i32 i32 i32 i32 i32 i32)))"#,
    r#"  (data (i32.const 128) "key")
  (data (i32.const 136) "\ff")"#,
);

fn called(function: &str, arguments: &[i64]) -> (String, Vec<Request>, Vec<u8>) {
    probe::called(GUEST, function, arguments)
}

const KEY: [i64; 2] = [128, 3];

#[test]
fn what_a_guest_passes_is_checked() {
    let large = limits::IMPORT_ARGUMENT_MAX as i64 + 1;
    let (pointer, number) = ("guest_bad_pointer", "guest_bad_discriminant");
    let cases: &[(&str, &[i64], &str)] = &[
        ("get", &[2, 128, 3, 4096], number),
        ("get", &[-1, 128, 3, 4096], number),
        ("get", &[0, 65_534, 3, 4096], pointer),
        ("get", &[0, -1, 3, 4096], pointer),
        ("get", &[0, 136, 1, 4096], "guest_not_utf8"),
        ("get", &[0, 128, large, 4096], "guest_argument_too_large"),
        ("get", &[0, 128, 3, 65_530], pointer),
        ("get", &[0, 128, 3, 4097], pointer),
        ("set", &[0, 128, 3, 65_535, 2, 0, 0, 4096], pointer),
        (
            "set",
            &[0, 128, 3, 128, large, 0, 0, 4096],
            "guest_argument_too_large",
        ),
        ("set", &[0, 128, 3, 128, 3, 2, 0, 4096], number),
        ("set", &[0, 128, 3, 128, 3, 0, 0, 65_536], pointer),
        ("delete", &[3, 128, 3, 4096], number),
        ("swap", &[0, 128, 3, 2, 128, 3, 0, 0, 0, 0, 0, 4096], number),
        ("swap", &[0, 128, 3, 1, -9, 3, 0, 0, 0, 0, 0, 4096], pointer),
        (
            "swap",
            &[0, 128, 3, 0, 0, 0, 1, 128, -1, 0, 0, 4096],
            "guest_argument_too_large",
        ),
        ("swap", &[0, 128, 3, 0, 0, 0, 0, 0, 0, 9, 0, 4096], number),
        ("keys", &[0, 136, 1, 0, 0, 0, 9, 4096], "guest_not_utf8"),
        ("keys", &[0, 128, 3, 1, 136, 1, 9, 4096], "guest_not_utf8"),
        ("keys", &[0, 128, 3, 5, 0, 0, 9, 4096], number),
    ];
    for (function, arguments, expected) in cases {
        let (found, _, _) = called(function, arguments);
        assert_eq!(found, *expected, "{function} {arguments:?}");
    }
}

#[test]
fn what_a_guest_asks_arrives_whole() {
    let [at, len] = KEY;
    let key = || KvKey {
        space: KvSpace::Caller,
        key: "key".into(),
    };
    let cases = [
        ("get", vec![1, at, len, 4096], KvRequest::Get(key())),
        ("delete", vec![1, at, len, 4096], KvRequest::Delete(key())),
        (
            "set",
            vec![1, at, len, 136, 1, 1, 7, 4096],
            KvRequest::Set {
                key: key(),
                value: vec![0xff],
                ttl: Some(7),
            },
        ),
        (
            "swap",
            vec![1, at, len, 1, 136, 1, 0, 0, 0, 0, 7, 4096],
            KvRequest::Swap {
                key: key(),
                expected: Some(vec![0xff]),
                value: None,
                ttl: None,
            },
        ),
        (
            "keys",
            vec![1, at, len, 1, at, 1, 9, 4096],
            KvRequest::Keys {
                space: KvSpace::Caller,
                prefix: "key".into(),
                after: Some("k".into()),
                limit: 9,
            },
        ),
    ];
    for (function, arguments, expected) in cases {
        let (_, requests, _) = called(function, &arguments);
        assert_eq!(requests, [Request::Kv(expected)], "{function}");
    }
}

#[test]
fn answers_stand_where_the_contract_puts_them() {
    let [at, len] = KEY;
    let word = |bytes: &[u8], offset: usize| {
        u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
    };
    // A value of one byte: the case, the option at the alignment of the list, and the list.
    let (_, _, bytes) = called("get", &[0, at, len, 4096]);
    assert_eq!((bytes[0], bytes[4], word(&bytes, 12)), (0, 1, 1));
    assert!(word(&bytes, 8) >= 16_384);
    // Two keys.
    let (_, _, bytes) = called("keys", &[0, at, len, 0, 0, 0, 9, 4096]);
    assert_eq!((bytes[0], word(&bytes, 8)), (0, 2));
    // That it swapped; and that it is done.
    let (_, _, bytes) = called("swap", &[0, at, len, 0, 0, 0, 0, 0, 0, 0, 0, 4096]);
    assert_eq!(bytes[..2], [0, 1]);
    let (_, _, bytes) = called("delete", &[0, at, len, 4097]);
    assert_eq!(bytes[1], 0, "a result of bytes needs no alignment");
}
