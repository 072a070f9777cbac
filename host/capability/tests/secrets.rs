//! Secrets go where they are bound, and come back from nowhere.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use smcp_capability::http::{HostPattern, HttpErrorKind, HttpRequest, Secret, Sending, Sent};
use support::{access, answered, header, request};

fn with_token(url: &str) -> HttpRequest {
    let mut with = request("GET", url);
    with.headers
        .push(header("Authorization", "Bearer {{secret:TOKEN}}"));
    with.headers.push(header("x-plain", "p"));
    with
}

#[test]
fn a_secret_goes_only_where_it_is_bound() {
    let access = access();
    let sending = Sending::of(with_token("https://api.example.com/"), &access).unwrap();
    let fetch = sending.fetch(&access, 1, 1).unwrap();
    assert_eq!(
        fetch.headers,
        [
            header("authorization", "Bearer s3cret-t0ken\"+/"),
            header("x-plain", "p")
        ]
    );
    assert!(!format!("{fetch:?} {access:?}").contains("s3cret"));
    for url in [
        "https://a.example.org/",
        "https://api.example.com:8443/",
        "http://plain.example.com/",
    ] {
        let refused = Sending::of(with_token(url), &access).unwrap_err();
        assert_eq!(refused.kind, HttpErrorKind::Secret, "{url}");
        assert!(!refused.message.contains("s3cret"));
    }
    let mut unknown = request("GET", "https://api.example.com/");
    unknown.headers.push(header("a", "{{secret:OTHER}}"));
    let refused = Sending::of(unknown, &access).unwrap_err();
    assert_eq!(refused.kind, HttpErrorKind::Secret);
    let in_url = request("GET", "https://api.example.com/?{{secret:TOKEN}}");
    let refused = Sending::of(in_url, &access).unwrap_err();
    assert_eq!(refused.kind, HttpErrorKind::Invalid);
}

#[test]
fn a_redirect_to_another_origin_takes_no_credential_along() {
    let access = access();
    for (to, keeps) in [
        ("/other", true),
        ("https://a.example.org/", false),
        ("https://api.example.com:8443/", false),
        ("http://plain.example.com/", false),
    ] {
        let mut with = with_token("https://api.example.com/");
        with.headers.push(header("cookie", "c=1"));
        let sending = Sending::of(with, &access).unwrap();
        match sending.answered(answered(307, &[("location", to)], ""), &access) {
            Sent::Again(again) => {
                let fetch = again.fetch(&access, 1, 1).unwrap();
                let names: Vec<_> = fetch.headers.iter().map(|header| &*header.name).collect();
                let expected: &[&str] = if keeps {
                    &["authorization", "x-plain", "cookie"]
                } else {
                    &["x-plain"]
                };
                assert_eq!(names, expected, "{to}");
            }
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn a_secret_that_comes_back_is_taken_out_in_every_usual_form() {
    let access = access();
    for (form, what) in [
        ("s3cret-t0ken\"+/", "as it is"),
        ("s3cret-t0ken\\\"+/", "in JSON"),
        ("s3cret-t0ken%22%2B%2F", "in a URL"),
        ("czNjcmV0LXQwa2VuIisv", "in base64"),
    ] {
        let sending = Sending::of(with_token("https://api.example.com/"), &access).unwrap();
        let body = format!("{form} {form}s3cre {form}");
        let back = answered(200, &[("x-echo", form), ("x-other", "s3cret")], &body);
        match sending.answered(back, &access) {
            Sent::Over(Ok(answer)) => {
                let shown = String::from_utf8(answer.body).unwrap();
                let name = "{{secret:TOKEN}}";
                assert_eq!(shown, format!("{name} {name}s3cre {name}"), "{what}");
                assert_eq!(answer.headers[0].value, name, "{what}");
                assert_eq!(answer.headers[1].value, "s3cret", "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn what_is_no_secret_is_refused() {
    let host = || vec!["api.example.com".parse::<HostPattern>().unwrap()];
    for (name, value) in [
        ("", "long-enough"),
        ("a b", "long-enough"),
        ("A", "short"),
        ("A", " long-enough"),
        ("A", "long\nenough"),
        ("A", "länger-als-acht"),
        ("A", &"x".repeat(5_000)),
    ] {
        assert!(Secret::new(name, value, host()).is_err(), "{name} {value}");
    }
    assert!(Secret::new("A", "long-enough", Vec::new()).is_err());
    assert!(Secret::new("A-b_c.1", "long enough", host()).is_ok());
}
