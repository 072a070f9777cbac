//! What a guest asks its client, its settings and those who listen: checked before it is believed, and answered where the
//! canonical ABI puts it.

#![allow(clippy::unwrap_used, reason = "tests")]

#[macro_use]
mod support;

use smcp_capability::call::{Answer, AskError, Notice, Question, Request};
use smcp_ids::{Fuel, limits};
use smcp_sandbox::{Entry, Execution, Output, Stop};
use support::{BOUNDS, load, probe};

/// Imports, and what is in the guest's memory.
const GUEST: (&str, &str) = (
    r#"  (import "smcp:server/client@0.1.0" "ask" (func $ask (param i32 i32 i32)))
  (import "smcp:server/client@0.1.0" "capabilities" (func $capabilities (param i32)))
  (import "smcp:server/config@0.1.0" "get" (func $setting (param i32 i32 i32)))
  (import "smcp:server/notify@0.1.0" "resource-updated" (func $updated (param i32 i32)))
  (import "smcp:server/notify@0.1.0" "resource-list-changed" (func $changed))"#,
    r#"  (data (i32.const 128) "q1")
  (data (i32.const 132) "{}")
  (data (i32.const 136) "\ff")
  ;; Two questions: `q1` that asks `{}`, and `1` that asks nothing; one that is not text; one that is outside.
  (data (i32.const 160) "\80\00\00\00\02\00\00\00\84\00\00\00\02\00\00\00")
  (data (i32.const 176) "\81\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 192) "\88\00\00\00\01\00\00\00\84\00\00\00\02\00\00\00")
  (data (i32.const 208) "\80\00\00\00\02\00\00\00\ff\ff\00\00\02\00\00\00")
  ;; One of 40 KiB: two of them are more than all questions may be.
  (data (i32.const 224) "\80\00\00\00\02\00\00\00\00\04\00\00\00\a0\00\00")
  (data (i32.const 240) "\80\00\00\00\02\00\00\00\00\04\00\00\00\a0\00\00")"#,
);

fn called(function: &str, arguments: &[i64]) -> (String, Vec<Request>, Vec<u8>) {
    probe::called(GUEST, function, arguments)
}

fn word(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
}

#[test]
fn what_a_guest_passes_is_checked() {
    let many = limits::QUESTIONS_MAX as i64 + 1;
    let long = limits::IMPORT_ARGUMENT_MAX as i64 + 1;
    let (pointer, text, large) = (
        "guest_bad_pointer",
        "guest_not_utf8",
        "guest_argument_too_large",
    );
    let cases: &[(&str, &[i64], &str)] = &[
        ("ask", &[160, many, 4096], large),
        ("ask", &[160, -1, 4096], large),
        ("ask", &[224, 2, 4096], large),
        ("ask", &[162, 1, 4096], pointer),
        ("ask", &[65_536, 1, 4096], pointer),
        ("ask", &[-16, 2, 4096], pointer),
        ("ask", &[208, 1, 4096], pointer),
        ("ask", &[192, 1, 4096], text),
        ("ask", &[160, 1, 65_535], pointer),
        ("ask", &[160, 1, 4098], pointer),
        ("capabilities", &[65_535], pointer),
        ("setting", &[136, 1, 4096], text),
        ("setting", &[65_535, 2, 4096], pointer),
        ("setting", &[128, long, 4096], large),
        ("setting", &[128, 2, 65_533], pointer),
        ("updated", &[136, 1], text),
        ("updated", &[65_535, 2], pointer),
        ("updated", &[128, long], large),
    ];
    for (function, arguments, expected) in cases {
        let (found, _, _) = called(function, arguments);
        assert_eq!(found, *expected, "{function} {arguments:?}");
    }
}

#[test]
fn what_a_guest_asks_arrives_whole() {
    let question = |id: &str, request: &str| Question {
        id: id.into(),
        request: request.into(),
    };
    let cases: &[(&str, &[i64], Request)] = &[
        ("ask", &[160, 0, 4096], Request::Ask(Vec::new())),
        (
            "ask",
            &[160, 2, 4096],
            Request::Ask(vec![question("q1", "{}"), question("1", "")]),
        ),
        ("capabilities", &[4096], Request::Capabilities),
        ("setting", &[128, 2, 4096], Request::Setting("q1".into())),
        (
            "updated",
            &[128, 2],
            Request::Notify(Notice::ResourceUpdated("q1".into())),
        ),
        ("changed", &[], Request::Notify(Notice::ResourceListChanged)),
    ];
    for (function, arguments, expected) in cases {
        let (_, requests, _) = called(function, arguments);
        assert_eq!(requests, std::slice::from_ref(expected), "{function}");
    }
}

#[test]
fn answers_stand_where_the_contract_puts_them() {
    // Two answers, of which the second is empty: the case, and the list at the alignment of both.
    let (_, _, bytes) = called("ask", &[160, 2, 4096]);
    assert_eq!((bytes[0], word(&bytes, 8)), (0, 2));
    assert!(word(&bytes, 4) >= 16_384);
    // A setting of one byte; what the client can do, of two.
    let (_, _, bytes) = called("setting", &[128, 2, 4096]);
    assert_eq!((bytes[0], word(&bytes, 8)), (1, 1));
    let (_, _, bytes) = called("capabilities", &[4096]);
    assert_eq!(word(&bytes, 4), 2);
}

/// The bytes at 4096 after a guest has asked one question and was answered so.
fn answered(function: &str, arguments: &[i64], answer: &Answer) -> Vec<u8> {
    let arguments = arguments
        .iter()
        .map(|argument| format!("(i32.const {argument})"));
    let call = format!(
        "(call ${function} {})",
        arguments.collect::<Vec<_>>().join(" ")
    );
    let loaded = load(&probe::guest(GUEST.0, GUEST.1, &call));
    let mut execution = Execution::start(&loaded, Entry::CallTool("{}".into()), BOUNDS).unwrap();
    assert!(matches!(execution.step(Fuel(u64::MAX)), Stop::Asks(_)));
    execution.answer(answer);
    match execution.step(Fuel(u64::MAX)) {
        Stop::Ended(ended) => assert!(matches!(ended.result, Ok(Output::Text(_))), "{ended:?}"),
        other => panic!("{other:?}"),
    }
    execution.memory()[4096..4128].to_vec()
}

#[test]
fn a_refusal_to_ask_stands_where_it_should_with_its_data_and_without() {
    for data in [None, Some("[1]")] {
        let error = AskError {
            code: -32_021,
            message: "no".into(),
            data: data.map(str::to_owned),
        };
        let bytes = answered("ask", &[160, 1, 4096], &Answer::Unasked(error));
        assert_eq!(
            (bytes[0], word(&bytes, 4) as i32, word(&bytes, 12)),
            (1, -32_021, 2)
        );
        assert_eq!(bytes[16], u8::from(data.is_some()));
        if data.is_some() {
            assert_eq!(word(&bytes, 24), 3);
        }
    }
}

#[test]
fn a_setting_that_there_is_not_is_none() {
    let bytes = answered("setting", &[128, 2, 4096], &Answer::Setting(None));
    assert_eq!(bytes[..12], [0; 12]);
}
