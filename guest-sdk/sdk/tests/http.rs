//! Requests to other hosts as a tool sends them, and what a test knows of them.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use smcp_sdk::testing::{Client, HttpFailure, SentRequest};
use smcp_sdk::{
    Context, HttpError, HttpResponse, Json, Parameters, ProtocolError, tool, tool_router,
};

const HOST: &str = "https://api.example.com";

#[derive(Default)]
struct Caller;

#[derive(Deserialize, JsonSchema)]
struct To {
    method: String,
    url: String,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize, JsonSchema)]
struct Texts {
    texts: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    count: u32,
}

#[tool_router(server_handler)]
impl Caller {
    /// Sends a request, and says what came back.
    #[tool]
    fn send(&self, ctx: &Context, Parameters(to): Parameters<To>) -> Result<String, HttpError> {
        let request = ctx.http().request(&to.method, to.url).body(to.body);
        let answer = request.send()?.error_for_status()?;
        Ok(format!("{} {}", answer.status, answer.text()))
    }

    /// Sends all that a request may have.
    #[tool]
    fn send_all(&self, ctx: &Context) -> Result<String, HttpError> {
        let request = ctx
            .http()
            .post(format!("{HOST}/items?a=1"))
            .query(&[("page", 2)])
            .header("User-Agent", "test")
            .bearer_secret("TOKEN")
            .secret_header("x-key", "OTHER.KEY")
            .timeout(Duration::from_micros(1_500))
            .json(&json!({ "name": "Ada" }))?;
        let answer = request.send()?;
        Ok(answer.header("X-Kind").unwrap_or("none").to_owned())
    }

    /// Puts texts into a query.
    #[tool]
    fn ask(
        &self,
        ctx: &Context,
        Parameters(Texts { texts }): Parameters<Texts>,
    ) -> Result<(), HttpError> {
        let pairs: Vec<_> = texts.iter().map(|text| (text, text)).collect();
        ctx.http().get(HOST).query(&pairs).send()?;
        Ok(())
    }

    /// Reads a list of numbers.
    #[tool]
    fn numbers(&self, ctx: &Context) -> Result<Json<Vec<u32>>, HttpError> {
        let answer = ctx.http().get(format!("{HOST}/numbers")).send()?;
        Ok(Json(answer.json()?))
    }

    /// Sends many requests.
    #[tool]
    fn many(
        &self,
        ctx: &Context,
        Parameters(Count { count }): Parameters<Count>,
    ) -> Result<(), HttpError> {
        (0..count).try_for_each(|_| ctx.http().delete(HOST).send().map(drop))
    }

    /// Sends one, and makes no sense then.
    #[tool]
    fn refuse(&self, ctx: &Context) -> Result<(), ProtocolError> {
        ctx.http().put(HOST).body("sent").send()?;
        Err(ProtocolError::invalid_params("No.", None))
    }

    /// Sends what is no JSON.
    #[tool]
    fn no_json(&self, ctx: &Context) -> Result<(), String> {
        let no_object = BTreeMap::from([((1, 2), "a")]);
        ctx.http().post(HOST).json(&no_object)?.send()?;
        Ok(())
    }

    /// Says what kind an error is of.
    #[tool]
    fn kind(&self, ctx: &Context) -> String {
        let kind = match ctx.http().get(HOST).send() {
            Ok(_) => "none",
            Err(HttpError::Invalid(_)) => "invalid",
            Err(HttpError::Denied(_)) => "denied",
            Err(HttpError::Secret(_)) => "secret",
            Err(HttpError::TooMany(_)) => "too-many",
            Err(HttpError::TooLarge(_)) => "too-large",
            Err(HttpError::Timeout(_)) => "timeout",
            Err(HttpError::Failed(_)) => "failed",
            Err(_) => "other",
        };
        kind.to_owned()
    }
}

fn ok() -> HttpResponse {
    HttpResponse::new(200)
}

fn client() -> Client<Caller> {
    let client = Client::new();
    client.on_http("GET", HOST, ok());
    client
}

fn send(client: &Client<Caller>, method: &str, url: &str) -> (bool, String) {
    let outcome = client.call("send", json!({ "method": method, "url": url }));
    (outcome.is_error(), outcome.text())
}

#[test]
fn a_request_goes_out_as_it_was_built_and_its_secrets_stay_names() {
    let client = client();
    let answer = ok().with_header("X-Kind", "item");
    client.on_http("POST", &format!("{HOST}/items"), answer);
    assert_eq!(client.call("send_all", json!({})).text(), "item");
    let sent = &client.http_requests()[0];
    let SentRequest { method, url, .. } = sent;
    assert_eq!(
        (method.as_str(), url.as_str()),
        ("POST", "https://api.example.com/items?a=1&page=2")
    );
    let expected = [
        ("User-Agent", "test"),
        ("authorization", "Bearer {{secret:TOKEN}}"),
        ("x-key", "{{secret:OTHER.KEY}}"),
        ("content-type", "application/json"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(sent.headers, expected);
    assert_eq!(
        sent.header("AUTHORIZATION"),
        Some("Bearer {{secret:TOKEN}}")
    );
    assert_eq!(sent.json::<Value>(), json!({ "name": "Ada" }));
    // A part of a millisecond counts as a whole one.
    assert_eq!(sent.timeout, Some(2));
}

#[test]
fn a_query_is_percent_encoded_so_that_a_strict_host_takes_it() {
    for (text, encoded) in [
        ("a-Z_0.9~", "a-Z_0.9~"),
        ("a b+c", "a%20b%2Bc"),
        ("a&b=c?d#e/f", "a%26b%3Dc%3Fd%23e%2Ff"),
        ("é😀", "%C3%A9%F0%9F%98%80"),
        ("%41", "%2541"),
        ("", ""),
    ] {
        let client = client();
        client.call("ask", json!({ "texts": [text, "last"] }));
        let expected = format!("{HOST}?{encoded}={encoded}&last=last");
        assert_eq!(client.http_requests()[0].url, expected);
    }
}

#[test]
fn a_status_is_an_answer_until_it_is_made_an_error() {
    let client = client();
    for (status, begins) in [
        (200, None),
        (204, None),
        (304, None),
        (400, Some("the request is not as it wants it")),
        (401, Some("it wants to know who asks")),
        (403, Some("what is asked for is not allowed")),
        (404, Some("what is asked for is not there")),
        (422, Some("the request is not as it wants it")),
        (429, Some("it has too much to do")),
        (500, Some("it failed")),
        (503, Some("it has too much to do")),
    ] {
        client.on_http("GET", HOST, HttpResponse::new(status).with_body("text"));
        let expected = match begins {
            None => (false, format!("{status} text")),
            Some(begins) => (
                true,
                format!("api.example.com answered with status {status}: {begins}"),
            ),
        };
        let (is_error, text) = send(&client, "GET", HOST);
        assert_eq!(is_error, expected.0, "{status}");
        assert!(text.starts_with(&expected.1), "{text}");
    }
}

#[test]
fn each_kind_of_failure_is_an_error_of_its_own_that_names_the_host_and_says_what_to_do() {
    for (failure, kind, begins, ends) in [
        (HttpFailure::Invalid, "invalid", "Nothing was sent to ", ""),
        (
            HttpFailure::Denied,
            "denied",
            "This server may not reach ",
            "ask the tenant's admin for a grant",
        ),
        (
            HttpFailure::Secret,
            "secret",
            "Nothing was sent to ",
            "ask the tenant's admin to set it",
        ),
        (
            HttpFailure::TooMany,
            "too-many",
            "Nothing was sent to ",
            "Ask for the rest in another call",
        ),
        (
            HttpFailure::TooLarge,
            "too-large",
            "Too much came from ",
            "such as a shorter page",
        ),
        (
            HttpFailure::Timeout,
            "timeout",
            "Nothing came in time from ",
            "if it changes something",
        ),
        (
            HttpFailure::Failed,
            "failed",
            "No answer came from ",
            "if it changes something",
        ),
    ] {
        let client = client();
        client.on_http("GET", HOST, failure);
        assert_eq!(client.call("kind", json!({})).text(), kind);
        let (is_error, text) = send(&client, "GET", HOST);
        let begins = format!("{begins}api.example.com: ");
        assert!(
            is_error && text.starts_with(&begins) && text.ends_with(ends),
            "{text}"
        );
    }
}

#[test]
fn json_that_does_not_fit_is_an_error_of_either_side() {
    let client = client();
    let url = format!("{HOST}/numbers");
    client.on_http("GET", &url, ok().with_json(json!([1, 2])));
    assert_eq!(
        client.call("numbers", json!({})).structured(),
        &json!([1, 2])
    );
    client.on_http("GET", &url, ok().with_json(json!({ "a": 1 })));
    let outcome = client.call("numbers", json!({}));
    let begins = "The answer does not fit that came from api.example.com: invalid type: map";
    assert!(
        outcome.is_error() && outcome.text().starts_with(begins),
        "{}",
        outcome.text()
    );
    let outcome = client.call("no_json", json!({}));
    let begins = "What is to be sent does not become JSON: ";
    assert!(
        outcome.is_error() && outcome.text().starts_with(begins),
        "{}",
        outcome.text()
    );
}

#[test]
fn what_is_no_request_is_refused_and_is_not_sent() {
    for (method, url, body, why) in [
        ("get", HOST, "", "the method"),
        ("TRACE", HOST, "", "the method"),
        (
            "GET",
            "ftp://api.example.com",
            "",
            "does not begin with https://",
        ),
        ("GET", "/items", "", "does not begin with https://"),
        ("GET", "https://api.example.com/a b", "", "percent-encoded"),
        ("GET", "https://api.example.com/é", "", "percent-encoded"),
        ("GET", "https://api.example.com/#a", "", "a fragment"),
        (
            "GET",
            "https://api.example.com/{{secret:A}}",
            "",
            "never into a URL",
        ),
        ("GET", HOST, "text", "take no body"),
        ("POST", HOST, &*"a".repeat(1_048_577), "1048576 bytes"),
    ] {
        let client = client();
        let arguments = json!({ "method": method, "url": url, "body": body });
        let outcome = client.call("send", arguments);
        let text = outcome.text();
        assert!(
            outcome.is_error() && text.contains(why),
            "{method} {url}: {text}"
        );
        assert!(client.http_requests().is_empty());
    }
}

#[test]
fn a_call_sends_no_more_than_it_may_and_the_next_may_again() {
    let client = client();
    client.on_http("DELETE", HOST, ok());
    assert!(!client.call("many", json!({ "count": 64 })).is_error());
    let outcome = client.call("many", json!({ "count": 65 }));
    assert!(outcome.text().contains("64 requests"), "{}", outcome.text());
    assert_eq!(client.http_requests().len(), 128);
}

#[test]
fn what_was_sent_is_not_undone_by_how_the_call_ends() {
    let client = client();
    client.on_http("PUT", HOST, ok());
    assert!(client.try_call("refuse", json!({})).is_err());
    assert_eq!(client.http_requests()[0].body, b"sent");
}

#[test]
fn what_was_said_last_answers_first_and_a_query_can_be_told_apart() {
    let client = client();
    client.http(|request| {
        let number = request.url.rsplit('/').next()?.parse::<u32>().ok()?;
        Some(ok().with_body(format!("number {number}")))
    });
    let page = |number: u32| format!("{HOST}/pages?page={number}");
    client.on_http("GET", &format!("{HOST}/pages"), HttpResponse::new(404));
    client.on_http("GET", &page(2), ok().with_body("second"));
    client.on_http("GET", &page(3), HttpFailure::Timeout);
    client.http(|request| request.url.ends_with('9').then_some(HttpFailure::Failed));
    for (url, expected) in [
        (HOST.to_owned(), "200 "),
        (format!("{HOST}/7"), "200 number 7"),
        (page(1), "api.example.com answered with status 404"),
        (page(2), "200 second"),
        (page(3), "Nothing came in time"),
        (format!("{HOST}/9"), "No answer came"),
    ] {
        let (_, text) = send(&client, "GET", &url);
        assert!(text.starts_with(expected), "{url}: {text}");
    }
}

#[test]
fn a_request_that_the_test_does_not_plan_is_named() {
    let client = client();
    let call = || send(&client, "POST", "https://api.example.com/items?page=2");
    let panic = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    let message = panic.downcast::<String>().unwrap();
    assert!(
        message.contains("`POST https://api.example.com/items?page=2`")
            && message.contains("client.on_http(\"POST\", \"https://api.example.com/items\", ...)"),
        "{message}"
    );
}
