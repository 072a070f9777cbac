//! Where no server may go, however it is spelled: nothing here is sent, and nothing is asked of DNS.
//!
//! Grants are as wide as an admin can make them where the trick needs one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use smcp_capability::http::{HostPattern, HttpErrorKind, Method, Sending, Sent};
use support::{access, answered, header, request};

/// Spellings and tricks. Each is denied as a URL, and as where a granted host redirects to.
const TRICKS: &[&str] = &[
    // Addresses of the machine, as they are and as C libraries read them.
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.127.127.127/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://0177.0.0.01/",
    "https://0x7f.0.0.1/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://00000177.0.0.1/",
    "https://127.0.0.1.:443/",
    "https://0/",
    "https://0.0.0.0/",
    "https://0x0/",
    // Private, shared, link-local, and what clouds keep there.
    "https://10.0.0.1/",
    "https://10.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://192.168.257/",
    "https://3232235521/",
    "https://0300.0250.0.1/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/latest/meta-data/",
    "https://0xa9fea9fe/",
    "https://0xa9.0xfe.0xa9.0xfe/",
    "https://0251.0376.0251.0376/",
    "https://169.254.43518/",
    "https://100.100.100.200/latest/meta-data/",
    "https://168.63.129.16/",
    "https://192.0.0.192/",
    // IPv6, and IPv4 in it.
    "https://[::1]/",
    "https://[::]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://[fc00::1]/",
    "https://[::ffff:169.254.169.254]/",
    // Names of the machine, its network and its cloud.
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://localhost.localdomain/",
    "https://printer.local/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://metadata.google.internal./",
    "https://metadata/",
    "https://metadata.goog/",
    "https://host.docker.internal/",
    "https://kubernetes.default.svc/",
    "https://kubernetes.default.svc.cluster.local/",
    "https://1.0.0.127.in-addr.arpa/",
    "https://router.home.arpa/",
    "https://127.0.0.1.nip.io/",
    "https://localtest.me/",
    // Who parses differently goes elsewhere.
    "https://api.example.com@127.0.0.1/",
    "https://127.0.0.1@api.example.com/",
    "https://user:word@api.example.com/",
    "https://api.example.com:443@127.0.0.1/",
    "https://api.example.com#@127.0.0.1/",
    "https://api.example.com\\@127.0.0.1/",
    "https://127.0.0.1\\.api.example.com/",
    "https://api.example.com%2f@127.0.0.1/",
    "https://api.example.com%00.evil.example/",
    "https://api.example.com\t.evil.example/",
    "https://api.example.com\n/",
    "https://api.example.com\r\nhost: 127.0.0.1/",
    "https:///api.example.com/",
    "https:api.example.com/",
    "https:/\\api.example.com/",
    "https://api.example.com /",
    "https:// api.example.com/",
    "https://ⓐpi.example.com/",
    "https://api。example.com/",
    "https://ａpi.example.com/",
    "https://api.example.com．evil.example/",
    "https://１２７.０.０.１/",
    "https://api.example.com%E3%80%82evil.example/",
    "https://api.example.com./",
    "https://api..example.com/",
    "https://.example.org/",
    "https://api.example.com:0/",
    "https://api.example.com:65536/",
    "https://api.example.com:+443/",
    "https://api.example.com:0443/",
    "https://api.example.com:/",
    "https://api.example.com:44 3/",
    // Names that no grant covers.
    "https://example.com/",
    "https://example.org/",
    "https://xapi.example.com/",
    "https://api.example.com.evil.example/",
    "https://evil-example.org/",
    "https://evil.example/?api.example.com",
    "https://evil.example/api.example.com",
    "https://www.api.example.com/",
    "https://api.example.comm/",
    // Nor other ports and schemes of those that one does.
    "http://api.example.com/",
    "https://api.example.com:444/",
    "https://api.example.com:22/",
    "https://plain.example.com/",
    "http://plain.example.com:8080/",
    "ftp://api.example.com/",
    "file:///etc/passwd",
    "file://api.example.com/etc/passwd",
    "gopher://api.example.com/_x",
    "data:text/plain,x",
    "javascript:alert(1)",
    "ws://api.example.com/",
    "wss://api.example.com/",
    "blob:https://api.example.com/x",
    "//127.0.0.1/",
];

#[test]
fn no_spelling_leads_where_no_grant_does() {
    let access = access();
    assert!(TRICKS.len() >= 60);
    for url in TRICKS {
        for method in ["GET", "POST"] {
            let refused = Sending::of(request(method, url), &access);
            let kind = refused.map(|_| panic!("{url} was let through"));
            let kind = kind.unwrap_or_else(|error: smcp_capability::http::HttpError| error.kind);
            assert!(
                matches!(kind, HttpErrorKind::Denied | HttpErrorKind::Invalid),
                "{url}: {kind:?}"
            );
        }
    }
}

/// Where a redirect leads that names another place on the same host, it may go.
fn is_relative(location: &str) -> bool {
    !location.starts_with("//") && !location.contains("://")
}

#[test]
fn no_redirect_leads_there_either() {
    let access = access();
    let mut tried = 0;
    for to in TRICKS {
        // What has no scheme and no host stays where it is; a browser's fragment is nothing to a server.
        if is_relative(to) || to.contains('#') {
            continue;
        }
        for status in [301, 302, 303, 307, 308] {
            let first = Sending::of(request("GET", "https://api.example.com/"), &access).unwrap();
            match first.answered(answered(status, &[("location", to)], ""), &access) {
                Sent::Over(Err(error)) => assert_eq!(error.kind, HttpErrorKind::Redirected, "{to}"),
                other => panic!("{to}: {other:?}"),
            }
        }
        tried += 1;
    }
    assert!(tried >= 60, "{tried}");
}

#[test]
fn no_pattern_of_an_admin_covers_them() {
    for pattern in [
        "127.0.0.1",
        "*.0.0.1",
        "[::1]",
        "localhost",
        "*.localhost",
        "*.local",
        "*.internal",
        "*.svc",
        "metadata.google.internal",
        "*.nip.io",
        "*",
        "*.*",
        "*.com",
        "api.*.com",
        "a*.example.com",
        "com",
        "2130706433",
        "0x7f.1",
        "user@api.example.com",
        "api.example.com/path",
        "api.example.com:0",
        "api.example.com:99999",
        "ftp://api.example.com",
        "api.example.com.",
        "",
        " api.example.com",
    ] {
        assert!(pattern.parse::<HostPattern>().is_err(), "{pattern}");
    }
}

#[test]
fn what_a_grant_covers_goes_through() {
    let access = access();
    for (url, sent) in [
        ("https://api.example.com", "https://api.example.com/"),
        ("HTTPS://API.Example.COM/A", "https://api.example.com/A"),
        ("https://api.example.com:443/", "https://api.example.com/"),
        (
            "https://api.example.com:8443/x",
            "https://api.example.com:8443/x",
        ),
        (
            "https://a.example.org/?q=a%20b&c",
            "https://a.example.org/?q=a%20b&c",
        ),
        ("https://a.b.c.example.org/", "https://a.b.c.example.org/"),
        (
            "http://plain.example.com/..//",
            "http://plain.example.com/..//",
        ),
        ("https://api.example.com?q", "https://api.example.com/?q"),
        (
            "https://xn--bcher-kva.example.org/",
            "https://xn--bcher-kva.example.org/",
        ),
    ] {
        let sending = Sending::of(request("GET", url), &access);
        let sending = sending.unwrap_or_else(|error| panic!("{url}: {error:?}"));
        assert_eq!(sending.fetch(&access, 1, 1).unwrap().url, sent);
    }
}

#[test]
fn redirects_go_where_a_grant_leads_and_end() {
    let access = access();
    for (to, leads) in [
        ("/a?b", "https://api.example.com/a?b"),
        ("c", "https://api.example.com/x/c"),
        ("?d", "https://api.example.com/x/y?d"),
        ("//a.example.org/z", "https://a.example.org/z"),
        ("https://a.example.org", "https://a.example.org/"),
        ("http://plain.example.com/#top", "http://plain.example.com/"),
    ] {
        let first = Sending::of(request("GET", "https://api.example.com/x/y?z"), &access).unwrap();
        match first.answered(answered(302, &[("location", to)], ""), &access) {
            Sent::Again(again) => assert_eq!(again.fetch(&access, 1, 1).unwrap().url, leads),
            other => panic!("{to}: {other:?}"),
        }
    }
    let mut sending = Sending::of(request("GET", "https://api.example.com/"), &access).unwrap();
    for redirects in 0.. {
        match sending.answered(answered(302, &[("location", "/")], ""), &access) {
            Sent::Again(again) => sending = again,
            Sent::Over(over) => {
                assert_eq!(redirects, 5);
                assert_eq!(over.unwrap_err().kind, HttpErrorKind::Redirected);
                break;
            }
        }
    }
}

#[test]
fn a_redirect_turns_into_get_as_with_all_clients() {
    let access = access();
    for (method, status, after, keeps) in [
        ("POST", 301, Method::Get, false),
        ("POST", 302, Method::Get, false),
        ("POST", 303, Method::Get, false),
        ("POST", 307, Method::Post, true),
        ("POST", 308, Method::Post, true),
        ("GET", 302, Method::Get, true),
    ] {
        let mut first = request(method, "https://api.example.com/");
        first.headers.push(header("content-type", "text/plain"));
        if method == "POST" {
            first.body = b"x".to_vec();
        }
        let sending = Sending::of(first, &access).unwrap();
        match sending.answered(answered(status, &[("location", "/to")], ""), &access) {
            Sent::Again(again) => {
                let fetch = again.fetch(&access, 1, 1).unwrap();
                assert_eq!(fetch.method, after, "{method} {status}");
                assert_eq!(!fetch.headers.is_empty(), keeps, "{method} {status}");
                assert_eq!(!fetch.body.is_empty(), keeps && method == "POST");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn headers_that_are_none_or_the_connections_own_are_refused() {
    let access = access();
    let long = "x".repeat(16 * 1024);
    for (name, value) in [
        ("host", "127.0.0.1"),
        ("Host", "127.0.0.1"),
        ("content-length", "0"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("upgrade", "h2c"),
        ("proxy-authorization", "x"),
        ("x-forwarded-for", "127.0.0.1"),
        ("cf-connecting-ip", "127.0.0.1"),
        ("x-smcp-provoke", "x"),
        ("a b", "x"),
        ("a:b", "x"),
        ("", "x"),
        ("ä", "x"),
        ("a", "x\r\nhost: y"),
        ("a", "x\ny"),
        ("a", "x\0"),
        ("a", "ü"),
        ("a", " x"),
        ("a", &long),
        ("a", "{{secret:TOKEN"),
    ] {
        let mut request = request("GET", "https://api.example.com/");
        request.headers.push(header(name, value));
        let refused = Sending::of(request, &access).unwrap_err();
        assert_eq!(refused.kind, HttpErrorKind::Invalid, "{name}: {value}");
    }
}

#[test]
fn methods_that_are_none_or_not_granted_are_refused() {
    let access = access();
    for (method, kind) in [
        ("CONNECT", HttpErrorKind::Invalid),
        ("TRACE", HttpErrorKind::Invalid),
        ("get", HttpErrorKind::Invalid),
        ("GET /x HTTP/1.1\r\n", HttpErrorKind::Invalid),
        ("", HttpErrorKind::Invalid),
        ("DELETE", HttpErrorKind::Denied),
        ("PUT", HttpErrorKind::Denied),
    ] {
        let refused = Sending::of(request(method, "https://api.example.com/"), &access);
        assert_eq!(refused.unwrap_err().kind, kind, "{method}");
    }
    let mut body = request("GET", "https://api.example.com/");
    body.body = b"x".to_vec();
    assert_eq!(
        Sending::of(body, &access).unwrap_err().kind,
        HttpErrorKind::Invalid
    );
}
