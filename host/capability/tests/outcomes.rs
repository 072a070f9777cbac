//! What a guest is told when its request is not sent, or its answer not taken: whether it may have been acted upon, it must be
//! able to tell.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use smcp_capability::http::{
    HostGrant, HttpAnswer, HttpError, HttpErrorKind, Method, Sending, Sent,
};
use smcp_capability::turn::Fetched;
use smcp_ids::limits::{HTTP_BODY_MAX, HTTP_HEADERS_MAX};
use support::{access, header, request};

const URL: &str = "https://api.example.com/";

fn refused(request: smcp_capability::http::HttpRequest) -> HttpError {
    Sending::of(request, &access()).unwrap_err()
}

fn over(fetched: Fetched) -> Result<HttpAnswer, HttpError> {
    let sending = Sending::of(request("GET", URL), &access()).unwrap();
    match sending.answered(fetched, &access()) {
        Sent::Over(over) => over,
        again @ Sent::Again(_) => panic!("{again:?}"),
    }
}

#[test]
fn what_is_no_request_is_refused_before_anything_is_sent() {
    let with_body = |method: &str, bytes: usize| {
        let mut with = request(method, URL);
        with.body = vec![b'x'; bytes];
        with
    };
    let mut crowded = request("GET", URL);
    crowded.headers = vec![header("a", "b"); HTTP_HEADERS_MAX + 1];
    for (request, says) in [
        (request("CONNECT", URL), "expected one of GET"),
        (request("GET", "ftp://api.example.com/"), "https"),
        (
            with_body("POST", HTTP_BODY_MAX + 1),
            "the body has more than 1048576 bytes",
        ),
        (with_body("GET", 1), "GET takes no body"),
        (with_body("HEAD", 1), "HEAD takes no body"),
        (crowded, "more header fields than it may"),
    ] {
        let error = refused(request);
        assert_eq!(error.kind, HttpErrorKind::Invalid, "{}", error.message);
        assert!(!error.kind.may_be_sent());
        assert!(error.message.contains(says), "{}", error.message);
    }
    assert!(Sending::of(with_body("POST", HTTP_BODY_MAX), &access()).is_ok());
}

#[test]
fn an_answer_that_does_not_come_is_told_from_one_that_is_too_large() {
    for (fetched, kind) in [
        (Fetched::TimedOut, HttpErrorKind::Timeout),
        (Fetched::Failed, HttpErrorKind::Failed),
        (Fetched::TooLarge, HttpErrorKind::TooLarge),
    ] {
        let error = over(fetched).unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.kind.may_be_sent(), "it may have been acted upon");
    }
}

#[test]
fn as_many_header_fields_as_a_request_may_have_are_taken_and_no_more() {
    let answer = |count: usize| {
        Fetched::Answer(HttpAnswer {
            status: 200,
            headers: vec![header("x", "y"); count],
            body: Vec::new(),
        })
    };
    assert_eq!(
        over(answer(HTTP_HEADERS_MAX)).unwrap().headers.len(),
        HTTP_HEADERS_MAX
    );
    let error = over(answer(HTTP_HEADERS_MAX + 1)).unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::TooLarge);
}

#[test]
fn who_only_asks_is_told_from_who_changes() {
    for method in Method::ALL {
        let text = method.to_string();
        assert_eq!(text.parse(), Ok(method));
        let is_safe = matches!(method, Method::Get | Method::Head | Method::Options);
        assert_eq!(method.is_safe(), is_safe, "{text}");
        assert!(
            text.to_lowercase().parse::<Method>().is_err(),
            "case counts: {text}"
        );
    }
    let sending = Sending::of(request("POST", URL), &access()).unwrap();
    assert!(!sending.is_safe());
}

fn grant(host: &str, methods: &[Method]) -> HostGrant {
    HostGrant {
        host: host.parse().unwrap(),
        methods: methods.iter().copied().collect(),
    }
}

#[test]
fn what_is_missing_of_what_a_server_asks_for_is_what_no_grant_gives() {
    use Method::{Delete, Get, Post};
    let granted = [
        grant("*.example.com", &[Get]),
        grant("api.example.com", &[Post]),
    ];
    for (asked, missing) in [
        (grant("api.example.com", &[Get, Post]), None),
        (grant("www.example.com", &[Get]), None),
        (
            grant("www.example.com", &[Get, Post]),
            Some(grant("www.example.com", &[Post])),
        ),
        (
            grant("api.example.com", &[Delete]),
            Some(grant("api.example.com", &[Delete])),
        ),
        // All names of a domain are more than one of them.
        (
            grant("*.example.com", &[Get, Post]),
            Some(grant("*.example.com", &[Post])),
        ),
        (
            grant("example.org", &[Get]),
            Some(grant("example.org", &[Get])),
        ),
        (grant("example.org", &[]), None),
    ] {
        assert_eq!(HostGrant::missing(&granted, &asked), missing, "{asked:?}");
    }
}
