//! The server as its clients see it, with a site that the tests play.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use smcp_sdk::HttpResponse;
use smcp_sdk::testing::{Client, HttpAnswer, HttpFailure};

use crate::Crawler;

const SITE: &str = "https://example.com";

/// A client, and a site of these pages: a path, the type, and the body; all else is not there.
fn client(pages: &[(&str, &str, &str)]) -> Client<Crawler> {
    let client = Client::new().with_tasks();
    let pages: BTreeMap<String, HttpResponse> = pages
        .iter()
        .map(|(path, kind, body)| {
            let answer = HttpResponse::new(200)
                .with_header("content-type", *kind)
                .with_body(*body);
            (format!("{SITE}{path}"), answer)
        })
        .collect();
    client.http(move |request| {
        let missing = || HttpResponse::new(404);
        Some(pages.get(&request.url).cloned().unwrap_or_else(missing))
    });
    client
}

const HTML: &str = "text/html; charset=utf-8";

fn small() -> Client<Crawler> {
    client(&[
        (
            "/",
            HTML,
            "<title>Home</title><a href=a>A</a> <a href='/b#x'>B</a> <a href=https://other.com/>out</a>",
        ),
        ("/a", HTML, "<a href='/'>back</a><a href=/gone>gone</a>"),
        (
            "/b",
            "text/plain",
            "Plain\nhttps://example.com/c and https://example.com/a.",
        ),
        ("/c", "image/png", "<a href=/never>"),
    ])
}

fn crawl(client: &Client<Crawler>, more: Value) -> Value {
    let mut arguments = json!({ "start": format!("{SITE}/") });
    for (name, value) in more.as_object().unwrap() {
        arguments[name] = value.clone();
    }
    client.call("crawl", arguments).structured().clone()
}

fn asked(client: &Client<Crawler>) -> Vec<String> {
    let sent = client.http_requests();
    sent.into_iter().map(|request| request.url).collect()
}

fn page(path: &str, title: Option<&str>, depth: u32, links: u32) -> Value {
    let mut page = json!({ "url": format!("{SITE}{path}"), "depth": depth, "links": links });
    if let Some(title) = title {
        page["title"] = json!(title);
    }
    page
}

#[test]
fn a_site_is_read_each_page_once_and_no_other_host() {
    let client = small();
    let found = crawl(&client, json!({ "pause_millis": 250 }));
    let expected = json!({
        "pages": [
            page("/", Some("Home"), 0, 2),
            page("/a", None, 1, 2),
            page("/b", Some("Plain"), 1, 2),
            page("/c", None, 2, 0),
        ],
        "broken": [{ "url": "https://example.com/gone", "on": "https://example.com/a", "why": "status 404" }],
        "unread": 0,
        "ended": "complete",
        "tookMillis": 1000,
    });
    assert_eq!(found, expected);
    let paths = ["/", "/a", "/b", "/gone", "/c"];
    assert_eq!(asked(&client), paths.map(|path| format!("{SITE}{path}")));
    assert_eq!(client.slept(), Duration::from_secs(1));
    for request in client.http_requests() {
        assert_eq!(
            (request.method.as_str(), request.timeout.is_some()),
            ("GET", true)
        );
        assert_eq!(request.header("user-agent"), Some("smcp-crawl"));
    }
}

#[test]
fn it_goes_on_as_a_task_when_it_has_read_the_first_page() {
    let client = small();
    crawl(&client, json!({}));
    assert!(client.became_task());
    let refused = client.call("crawl", json!({ "start": "https://example.com/gone" }));
    assert!(
        refused.is_error() && refused.text().contains("404"),
        "{}",
        refused.text()
    );
    assert!(!client.became_task());
    // Who takes no tasks waits for the same.
    let waits = Client::<Crawler>::new();
    waits.on_http("GET", "https://example.com/", HttpResponse::new(200));
    assert_eq!(crawl(&waits, json!({}))["ended"], "complete");
    assert!(!waits.became_task());
}

#[test]
fn it_tells_how_far_it_is() {
    let client = small();
    crawl(&client, json!({}));
    let told: Vec<_> = client
        .progress()
        .into_iter()
        .map(|told| (told.progress, told.total.unwrap(), told.message.unwrap()))
        .collect();
    let numbers: Vec<_> = told.iter().map(|(done, of, _)| (*done, *of)).collect();
    let expected = [(1.0, 3.0), (2.0, 4.0), (3.0, 5.0), (4.0, 5.0), (5.0, 5.0)];
    assert_eq!(numbers, expected);
    assert_eq!(told[0].2, "1 read; next is https://example.com/a");
    assert_eq!(told[4].2, "4 read");
}

#[test]
fn it_ends_where_its_bounds_are() {
    let endless = || {
        let client = Client::<Crawler>::new();
        client.http(|request| {
            let links: String = (0..3).map(|n| format!("<a href='x{n}/'>")).collect();
            let answer = HttpResponse::new(200)
                .with_header("content-type", "text/html")
                .with_body(links);
            request.url.starts_with(SITE).then_some(answer)
        });
        client
    };
    for (more, pages, ended) in [
        (json!({}), 20, "pages"),
        (json!({ "max_pages": 1 }), 1, "pages"),
        (json!({ "max_pages": 60, "max_depth": 0 }), 1, "complete"),
        (json!({ "max_pages": 60, "max_depth": 2 }), 13, "complete"),
        // 30 seconds, of which it keeps what it needs to answer.
        (
            json!({ "max_pages": 60, "pause_millis": 10_000 }),
            3,
            "time",
        ),
    ] {
        let client = endless();
        let found = crawl(&client, more.clone());
        assert_eq!(found["ended"], ended, "{more}");
        assert_eq!(found["pages"].as_array().unwrap().len(), pages, "{more}");
        assert_eq!(client.http_requests().len(), pages, "{more}");
    }
}

#[test]
fn a_request_too_many_ends_it_and_what_was_found_is_kept() {
    let client = Client::<Crawler>::new();
    client.http(|request| {
        let answer = match request.url.strip_prefix(SITE).unwrap() {
            "/" => {
                let links: String = (10..90).map(|n| format!("<a href=/{n}>")).collect();
                HttpResponse::new(200)
                    .with_header("content-type", "text/html")
                    .with_body(links)
            }
            _ => HttpResponse::new(410),
        };
        Some(answer)
    });
    let found = crawl(&client, json!({ "pause_millis": 0 }));
    assert_eq!(found["ended"], "requests");
    assert_eq!(found["broken"].as_array().unwrap().len(), 63);
    assert_eq!(found["unread"], 80 - 63);
}

#[test]
fn what_cannot_be_reached_is_said_in_words() {
    for (failure, why) in [
        (HttpFailure::Denied, "this server may not go there"),
        (HttpFailure::Timeout, "no answer in time"),
        (HttpFailure::TooLarge, "too large to be read"),
        (
            HttpFailure::Redirected,
            "redirected too often, or to where this server may not go",
        ),
    ] {
        let client = client(&[("/", HTML, "<a href=/x>")]);
        client.on_http("GET", "https://example.com/x", HttpAnswer::from(failure));
        assert_eq!(crawl(&client, json!({}))["broken"][0]["why"], why);
    }
    // The first page is not one of many: there is no crawl without it.
    let client = client(&[]);
    client.on_http("GET", "https://example.com/", HttpFailure::Denied);
    let refused = client.call("crawl", json!({ "start": "https://example.com" }));
    assert!(refused.is_error() && refused.text().contains("may not reach example.com"));
    for start in ["example.com", "ftp://example.com/", ""] {
        let refused = client.call("crawl", json!({ "start": start }));
        assert!(
            refused.is_error() && refused.text().contains("is no URL"),
            "{start}"
        );
    }
}
