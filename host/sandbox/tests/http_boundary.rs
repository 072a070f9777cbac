//! Requests to other hosts at the boundary: what a guest passes is checked before it is believed, and what it
//! is answered stands where the canonical ABI puts it.

#![allow(clippy::unwrap_used, reason = "tests")]

#[macro_use]
mod support;

use smcp_capability::call::Request;
use smcp_capability::http::{Header, HttpRequest};
use smcp_ids::limits;
use smcp_sandbox::Entry;
use support::{BOUNDS, load, outcome, probe, run};

/// Imports, and what is in the guest's memory.
const GUEST: (&str, &str) = (
    r#"  (import "smcp:server/http@0.1.0" "send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/context@0.1.0" "request-origin" (func $origin (param i32)))"#,
    r#"  (data (i32.const 128) "GET")
  (data (i32.const 132) "POST")
  (data (i32.const 136) "\ff")
  (data (i32.const 144) "https://a.b/")
  ;; Two headers: `G: ET` and `T: GET`; one that is outside.
  (data (i32.const 160) "\80\00\00\00\01\00\00\00\81\00\00\00\02\00\00\00")
  (data (i32.const 176) "\82\00\00\00\01\00\00\00\80\00\00\00\03\00\00\00")
  (data (i32.const 192) "\80\00\00\00\01\00\00\00\ff\ff\00\00\03\00\00\00")"#,
);

fn called(function: &str, arguments: &[i64]) -> (String, Vec<Request>, Vec<u8>) {
    probe::called(GUEST, function, arguments)
}

const URL: [i64; 2] = [144, 12];

/// Arguments of `send`.
fn send(
    method: [i64; 2],
    url: [i64; 2],
    headers: [i64; 2],
    body: [i64; 2],
    rest: [i64; 3],
) -> Vec<i64> {
    [&method[..], &url, &headers, &body, &rest].concat()
}

#[test]
fn what_a_guest_passes_is_checked() {
    let (get, none, end) = ([128, 3], [0, 0], [0, 0, 4096]);
    let large = limits::IMPORT_ARGUMENT_MAX as i64 + 1;
    let (pointer, text) = ("guest_bad_pointer", "guest_not_utf8");
    for (arguments, code) in [
        (send([65_535, 2], URL, none, none, end), pointer),
        (send([-1, 2], URL, none, none, end), pointer),
        (send([136, 1], URL, none, none, end), text),
        (send(get, [136, 1], none, none, end), text),
        (
            send(get, [144, large], none, none, end),
            "guest_argument_too_large",
        ),
        (send(get, URL, [161, 1], none, end), pointer),
        (send(get, URL, [-16, 2], none, end), pointer),
        (send(get, URL, [65_532, 1], none, end), pointer),
        (send(get, URL, [192, 1], none, end), pointer),
        (
            send(get, URL, [160, 129], none, end),
            "guest_argument_too_large",
        ),
        (
            send(get, URL, [160, -1], none, end),
            "guest_argument_too_large",
        ),
        (
            send(get, URL, none, [0, large], end),
            "guest_argument_too_large",
        ),
        (send(get, URL, none, [65_535, 2], end), pointer),
        (
            send(get, URL, none, none, [2, 0, 4096]),
            "guest_bad_discriminant",
        ),
        (send(get, URL, none, none, [0, 0, 65_520]), pointer),
        (send(get, URL, none, none, [0, 0, 4097]), pointer),
    ] {
        assert_eq!(called("send", &arguments).0, code, "{arguments:?}");
    }
}

#[test]
fn headers_that_add_up_to_more_than_a_request_may_have_end_the_call() {
    // 100 times the same header of 192 bytes.
    let wat = probe::guest(
        GUEST.0,
        GUEST.1,
        r#"(loop $more
      (i32.store (i32.add (i32.const 16384) (i32.shl (local.get $at) (i32.const 4))) (i32.const 128))
      (i32.store offset=4 (i32.add (i32.const 16384) (i32.shl (local.get $at) (i32.const 4))) (i32.const 1))
      (i32.store offset=8 (i32.add (i32.const 16384) (i32.shl (local.get $at) (i32.const 4))) (i32.const 1024))
      (i32.store offset=12 (i32.add (i32.const 16384) (i32.shl (local.get $at) (i32.const 4))) (i32.const 192))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $at) (i32.const 100))))
    (call $send (i32.const 128) (i32.const 3) (i32.const 144) (i32.const 12) (i32.const 16384) (i32.const 100)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4096))"#,
    );
    let (ended, _) = run(&load(&wat), Entry::CallTool("{}".into()), BOUNDS, 1_000);
    assert_eq!(outcome(&ended), "guest_argument_too_large");
}

#[test]
fn a_request_is_read_whole_and_an_answer_stands_where_it_should() {
    let arguments = send([128, 3], URL, [160, 2], [128, 2], [1, 7, 4096]);
    let (_, requests, bytes) = called("send", &arguments);
    let field = |name: &str, value: &str| Header {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let expected = HttpRequest {
        method: "GET".into(),
        url: "https://a.b/".into(),
        headers: vec![field("G", "ET"), field("T", "GET")],
        body: b"GE".to_vec(),
        timeout: Some(7),
    };
    assert_eq!(requests, [Request::Http(expected)]);
    // The first case; 404; two headers; four bytes of body.
    assert_eq!(bytes[..8], [0, 0, 0, 0, 0x94, 1, 0, 0]);
    assert_eq!(bytes[12..16], [2, 0, 0, 0]);
    assert_eq!(bytes[20..24], [4, 0, 0, 0]);
}

#[test]
fn an_error_stands_where_it_should() {
    let arguments = send([132, 4], URL, [0, 0], [0, 0], [0, 0, 4096]);
    let (_, _, bytes) = called("send", &arguments);
    // The second case; the seventh kind; four bytes of message.
    assert_eq!(bytes[..8], [1, 0, 0, 0, 6, 0, 0, 0]);
    assert_eq!(bytes[12..16], [4, 0, 0, 0]);
}

#[test]
fn an_origin_stands_where_it_should() {
    let (_, requests, bytes) = called("origin", &[4096]);
    assert_eq!(requests, [Request::Origin]);
    // No name; a version of three bytes; no trace.
    assert_eq!(
        bytes[..16],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    );
    assert_eq!(bytes[20..24], [3, 0, 0, 0]);
    assert_eq!(bytes[24..28], [0, 0, 0, 0]);
    assert_eq!(called("origin", &[65_500]).0, "guest_bad_pointer");
}
