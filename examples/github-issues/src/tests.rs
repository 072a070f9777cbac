//! The server as its clients see it, with a GitHub that the tests play.

#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};
use smcp_sdk::HttpResponse;
use smcp_sdk::testing::{Client, HttpFailure, START_MILLIS};

use crate::GitHubIssues;

const ISSUES: &str = "https://api.github.com/repos/ada/engine/issues";
const SEARCH: &str = "https://api.github.com/search/issues";
const NEXT: &str = "<https://api.github.com/x?page=2>; rel=\"next\", <https://api.github.com/x?page=9>; rel=\"last\"";

fn issue(number: u64, comments: u32) -> Value {
    json!({
        "number": number, "title": "It is loud", "state": "open", "comments": comments,
        "html_url": format!("https://github.com/ada/engine/issues/{number}"),
        "user": { "login": "ada", "id": 1 }, "labels": [{ "id": 7, "name": "bug", "color": "f00" }],
        "created_at": "1843-01-01T00:00:00Z", "updated_at": "1843-01-02T00:00:00Z", "body": "Very.",
    })
}

fn shown(number: u64, comments: u32) -> Value {
    json!({
        "url": format!("https://github.com/ada/engine/issues/{number}"), "number": number, "title": "It is loud",
        "state": "open", "labels": ["bug"], "author": "ada", "comments": comments, "updated": "1843-01-02T00:00:00Z",
    })
}

fn ok(json: Value) -> HttpResponse {
    HttpResponse::new(200).with_json(json)
}

fn found(issues: &[Value]) -> HttpResponse {
    ok(json!({ "total_count": 40, "incomplete_results": false, "items": issues }))
}

fn client() -> Client<GitHubIssues> {
    Client::new()
}

#[test]
fn a_search_asks_for_issues_with_the_token_and_shows_them() {
    for (arguments, query, rest) in [
        (
            json!({ "query": "loud" }),
            "loud%20is%3Aissue",
            "page=1&per_page=20",
        ),
        (
            json!({ "query": "loud", "repository": "ada/engine", "state": "open" }),
            "loud%20is%3Aissue%20repo%3Aada%2Fengine%20state%3Aopen",
            "page=1&per_page=20",
        ),
        (
            json!({ "query": "is:pr a&b", "state": "closed", "page": 3, "per_page": 5 }),
            "is%3Apr%20a%26b%20state%3Aclosed",
            "page=3&per_page=5",
        ),
        (json!({ "query": "" }), "is%3Aissue", "page=1&per_page=20"),
    ] {
        let client = client();
        client.on_http("GET", SEARCH, found(&[issue(1, 0), issue(2, 3)]));
        let outcome = client.call("search_issues", arguments);
        let expected = json!({ "total": 40, "issues": [shown(1, 0), shown(2, 3)] });
        assert_eq!(outcome.structured(), &expected);
        let [sent] = &client.http_requests()[..] else {
            panic!("one request")
        };
        assert_eq!(sent.url, format!("{SEARCH}?q={query}&{rest}"));
        for (name, value) in [
            ("authorization", "Bearer {{secret:GITHUB_TOKEN}}"),
            ("accept", "application/vnd.github+json"),
            ("x-github-api-version", "2022-11-28"),
        ] {
            assert_eq!(sent.header(name), Some(value));
        }
        assert!(
            sent.header("user-agent")
                .unwrap()
                .starts_with("smcp-github-issues/")
        );
    }
}

#[test]
fn a_list_says_whether_there_is_more_and_the_next_page_is_asked_for() {
    let client = client();
    client.on_http("GET", SEARCH, found(&[]).with_header("link", NEXT));
    client.on_http(
        "GET",
        &format!("{SEARCH}?q=a%20is%3Aissue&page=2&per_page=20"),
        found(&[]).with_header("link", "<https://api.github.com/x?page=1>; rel=\"prev\""),
    );
    let page = |page: u32| {
        let outcome = client.call("search_issues", json!({ "query": "a", "page": page }));
        outcome.structured().clone()
    };
    assert_eq!(page(1)["nextPage"], 2);
    assert_eq!(page(2).get("nextPage"), None);
    let url = "https://api.github.com/repos/ada/engine/labels";
    let labels = json!([{ "id": 1, "name": "bug", "description": "It is broken" },
        { "name": "idea", "description": null }]);
    client.on_http("GET", url, ok(labels).with_header("link", NEXT));
    let outcome = client.call("list_labels", json!({ "repository": "ada/engine" }));
    let expected = json!({ "labels": [{ "name": "bug", "description": "It is broken" }, { "name": "idea" }],
        "nextPage": 2 });
    assert_eq!(outcome.structured(), &expected);
    assert_eq!(
        client.http_requests()[2].url,
        format!("{url}?page=1&per_page=100")
    );
}

#[test]
fn an_issue_comes_with_its_comments_and_without_them_they_are_not_asked_for() {
    let client = client();
    let long = "ä".repeat(9_000);
    let comments = json!([{ "user": { "login": "bob" }, "created_at": "1843-01-03T00:00:00Z", "body": "Indeed." },
        { "user": null, "created_at": "1843-01-04T00:00:00Z", "body": long }]);
    client.on_http("GET", &format!("{ISSUES}/7"), ok(issue(7, 31)));
    client.on_http(
        "GET",
        &format!("{ISSUES}/7/comments"),
        ok(comments).with_header("link", NEXT),
    );
    let read = |number: u64| {
        client.call(
            "get_issue",
            json!({ "repository": "ada/engine", "number": number }),
        )
    };
    let outcome = read(7);
    let whole = outcome.structured();
    assert_eq!(whole["issue"], shown(7, 31));
    assert_eq!(
        (&whole["text"], &whole["nextPage"]),
        (&json!("Very."), &json!(2))
    );
    assert_eq!(
        whole["comments"][0],
        json!({ "author": "bob", "created": "1843-01-03T00:00:00Z", "text": "Indeed." })
    );
    assert_eq!(whole["comments"][1]["author"], "ghost");
    let cut = whole["comments"][1]["text"].as_str().unwrap();
    assert!(cut.starts_with(&"ä".repeat(8_000)) && cut.ends_with("(cut here)"));
    assert_eq!(
        client.http_requests()[1].url,
        format!("{ISSUES}/7/comments?page=1&per_page=30")
    );

    client.on_http("GET", &format!("{ISSUES}/8"), ok(issue(8, 0)));
    assert_eq!(read(8).structured()["comments"], json!([]));
    assert_eq!(client.http_requests().len(), 3);
}

#[test]
fn an_issue_is_opened_once_with_what_was_given() {
    let client = client();
    client.on_http(
        "POST",
        ISSUES,
        HttpResponse::new(201).with_json(issue(9, 0)),
    );
    let arguments = json!({ "repository": "ada/engine", "title": " It is loud ", "body": "Very.", "labels": ["bug"] });
    let outcome = client.call("create_issue", arguments);
    let expected = json!({ "number": 9, "url": "https://github.com/ada/engine/issues/9" });
    assert_eq!(outcome.structured(), &expected);
    let [sent] = &client.http_requests()[..] else {
        panic!("one request")
    };
    let expected = json!({ "title": "It is loud", "body": "Very.", "labels": ["bug"] });
    assert_eq!(sent.json::<Value>(), expected);
    assert_eq!(sent.header("content-type"), Some("application/json"));
}

#[test]
fn what_cannot_be_an_issue_is_not_sent() {
    let client = client();
    for (repository, title, body, begins) in [
        ("engine", "a", "", "\"engine\" is not a repository"),
        (
            "ada/engine/..",
            "a",
            "",
            "\"ada/engine/..\" is not a repository",
        ),
        ("ada/engine", " ", "", "A title is one line"),
        ("ada/engine", "a\nb", "", "A title is one line"),
        ("ada/engine", &*"a".repeat(257), "", "A title is one line"),
        (
            "ada/engine",
            "a",
            &*"a".repeat(65_537),
            "The body has more than",
        ),
    ] {
        let arguments = json!({ "repository": repository, "title": title, "body": body });
        let outcome = client.call("create_issue", arguments);
        assert!(
            outcome.is_error() && outcome.text().starts_with(begins),
            "{}",
            outcome.text()
        );
    }
    assert!(client.http_requests().is_empty());
}

#[test]
fn each_way_to_fail_says_who_can_mend_it() {
    let at = |status: u16| HttpResponse::new(status);
    let limited = |reset: u64| {
        let answer = at(403).with_header("x-ratelimit-remaining", "0");
        answer.with_header("x-ratelimit-reset", reset.to_string())
    };
    let invalid = at(422).with_json(json!({ "message": "Validation Failed",
        "errors": [{ "resource": "Issue", "field": "labels", "code": "invalid" }, { "message": "no such user" }] }));
    let now = START_MILLIS / 1_000;
    for (answer, says) in [
        (at(401), "its admin sets the secret GITHUB_TOKEN anew"),
        (at(403), "the permission \"Issues\""),
        (limited(now + 90), "for 90 seconds"),
        (limited(now - 5), "for 1 seconds"),
        (at(403).with_header("retry-after", "30"), "for 30 seconds"),
        (at(429), "for 60 seconds"),
        (at(404), "GitHub shows no issue 7 of ada/engine"),
        (at(410), "they are turned off"),
        (
            invalid,
            "Validation Failed; labels is invalid; no such user",
        ),
        (at(422), "it does not say why"),
        (
            at(400).with_json(json!({ "message": "Bad" })),
            "status 400: Bad",
        ),
        (at(502), "GitHub failed with status 502: try again later"),
        (ok(json!({ "number": "seven" })), "does not fit"),
    ] {
        let client = client();
        client.on_http("GET", &format!("{ISSUES}/7"), answer);
        let outcome = client.call(
            "get_issue",
            json!({ "repository": "ada/engine", "number": 7 }),
        );
        assert!(
            outcome.is_error() && outcome.text().contains(says),
            "{says}: {}",
            outcome.text()
        );
    }
    for (failure, says) in [
        (
            HttpFailure::Secret,
            "its admin sets the secret GITHUB_TOKEN, bound to api.github.com",
        ),
        (
            HttpFailure::Denied,
            "its admin grants it api.github.com with GET and POST",
        ),
        (HttpFailure::TooLarge, "ask for fewer on a page"),
        (
            HttpFailure::Timeout,
            "Nothing came in time from api.github.com",
        ),
    ] {
        let client = client();
        client.on_http("GET", SEARCH, failure);
        let outcome = client.call("search_issues", json!({ "query": "a" }));
        assert!(
            outcome.is_error() && outcome.text().contains(says),
            "{says}: {}",
            outcome.text()
        );
    }
}

#[test]
fn the_catalogue_says_what_each_tool_does_to_the_world() {
    let client = client();
    for tool in client.list_tools() {
        let creates = tool["name"] == "create_issue";
        let hints = &tool["annotations"];
        assert_eq!(hints["readOnlyHint"], !creates, "{tool}");
        assert_eq!(hints["openWorldHint"], true, "{tool}");
        assert_eq!(
            hints.get("destructiveHint"),
            creates.then_some(&json!(false)),
            "{tool}"
        );
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
    }
}
