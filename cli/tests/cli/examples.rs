//! Examples as their authors build them, driven as a host drives them: what they ask for, and what comes of it.

use serde_json::{Value, json};
use smcp_capability::call::{Answer, Caller, Origin, Request};
use smcp_capability::http::{HttpAnswer, HttpError, HttpErrorKind, HttpRequest};
use smcp_ids::{Fuel, UnixMillis};
use smcp_package::{Admission, Policy, UntrustedPackage, sign};
use smcp_sandbox::{Bounds, LoadedModule, Output};
use smcp_tape::{Header, Tape};
use smcp_tenant::call::{Call, CallStep};

use crate::serve::{Client, modern};
use crate::support::{Bench, built};
use crate::world::publisher;

// ---- Another host is asked ----------------------------------------------------------------------

/// The example `github-issues`, as a host loads it.
fn github_issues() -> LoadedModule {
    let package = std::fs::read(built("github-issues")).unwrap();
    let signed = sign(&package, &[&publisher()]).unwrap();
    let untrusted = UntrustedPackage::parse(signed).unwrap();
    let verified = untrusted.verify(&[publisher().public()]).unwrap();
    let admission = Admission::start(verified, &Policy::default()).unwrap();
    LoadedModule::load(&admission.finish().unwrap()).unwrap()
}

/// Calls a tool, answers its requests one after the other, and gives these and the result.
fn call(
    loaded: &LoadedModule,
    tool: &str,
    arguments: &Value,
    answers: Vec<Result<HttpAnswer, HttpError>>,
) -> (Vec<HttpRequest>, String) {
    let header = Header {
        seed: [0; 32],
        start: UnixMillis(0),
        caller: Caller {
            tenant: "acme".to_owned(),
            server: "github-issues".to_owned(),
            principal: "ada".to_owned(),
            scopes: Vec::new(),
        },
        client_capabilities: "{}".to_owned(),
        origin: Origin::default(),
        deadline_millis: 30_000,
        read_only: false,
    };
    let bounds = Bounds {
        memory: 4 << 20,
        fuel: Fuel(2_000_000_000),
        output: 1 << 20,
    };
    let request = json!({ "name": tool, "arguments": arguments, "_meta": {} }).to_string();
    let entry = smcp_sandbox::Entry::CallTool(request);
    let mut call = Call::start(loaded, entry, bounds, Tape::blank(header)).unwrap();
    let (mut answers, mut sent) = (answers.into_iter(), Vec::new());
    loop {
        match call.step(Fuel(10_000_000)) {
            CallStep::Perform(Request::Http(request)) => {
                sent.push(request);
                let answer = answers.next().unwrap();
                call.performed(Answer::Http(answer), UnixMillis(0));
            }
            CallStep::Ended(ended) => match ended.result {
                Ok(Output::Text(text)) => return (sent, text),
                other => panic!("{other:?}"),
            },
            CallStep::Yield => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_server_of_the_sdk_says_to_its_host_what_it_says_in_its_tests() {
    let loaded = github_issues();
    let answer = |status, body: Value| HttpAnswer {
        status,
        headers: vec![smcp_capability::http::Header {
            name: "link".to_owned(),
            value: "<https://api.github.com/x>; rel=\"next\"".to_owned(),
        }],
        body: body.to_string().into_bytes(),
    };
    let issue = json!({ "number": 1, "title": "It is loud", "state": "open", "comments": 1, "body": "ä".repeat(40_000),
        "html_url": "https://github.com/ada/engine/issues/1", "updated_at": "1843-01-02T00:00:00Z" });
    let comments = json!([{ "user": { "login": "bob" }, "created_at": "", "body": "Indeed." }]);
    let read = json!({ "repository": "ada/engine", "number": 1 });
    let answers = vec![Ok(answer(200, issue.clone())), Ok(answer(200, comments))];
    let (sent, text) = call(&loaded, "get_issue", &read, answers);
    let urls: Vec<_> = sent.iter().map(|request| request.url.as_str()).collect();
    let url = "https://api.github.com/repos/ada/engine/issues/1";
    let of_comments = format!("{url}/comments?page=1&per_page=30");
    assert_eq!(urls, [url, &of_comments]);
    let header = |name: &str| {
        let mut headers = sent[0].headers.iter();
        headers
            .find(|header| header.name == name)
            .unwrap()
            .value
            .as_str()
    };
    assert_eq!(header("authorization"), "Bearer {{secret:GITHUB_TOKEN}}");
    assert_eq!(header("accept"), "application/vnd.github+json");
    assert_eq!((sent[0].timeout, sent[0].body.len()), (None, 0));
    let result: Value = serde_json::from_str(&text).unwrap();
    let whole = &result["structuredContent"];
    assert_eq!(whole["comments"][0]["text"], "Indeed.");
    assert_eq!(
        (&whole["nextPage"], &whole["issue"]["author"]),
        (&json!(2), &json!("ghost"))
    );

    let create = json!({ "repository": "ada/engine", "title": "It is slow" });
    let (sent, text) = call(
        &loaded,
        "create_issue",
        &create,
        vec![Ok(answer(201, issue))],
    );
    let body: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(
        (sent[0].method.as_str(), &body["title"]),
        ("POST", &json!("It is slow"))
    );
    assert!(text.contains("\"number\":1"), "{text}");

    for (kind, says) in [
        (
            HttpErrorKind::Invalid,
            "Nothing was sent to api.github.com: why",
        ),
        (HttpErrorKind::Denied, "its admin grants it api.github.com"),
        (
            HttpErrorKind::Secret,
            "its admin sets the secret GITHUB_TOKEN",
        ),
        (HttpErrorKind::TooMany, "Ask for the rest in another call"),
        (HttpErrorKind::TooLarge, "ask for fewer on a page"),
        (
            HttpErrorKind::Timeout,
            "Nothing came in time from api.github.com: why",
        ),
        (
            HttpErrorKind::Failed,
            "No answer came from api.github.com: why",
        ),
    ] {
        let answers = vec![Err(HttpError::new(kind, "why"))];
        let (_, text) = call(&loaded, "get_issue", &read, answers);
        assert!(
            text.contains("\"isError\":true") && text.contains(says),
            "{text}"
        );
    }
}

// ---- A person approves --------------------------------------------------------------------------

/// A client of the example `approve`, which numbers its requests.
struct Desk {
    client: Client,
    last: u32,
}

impl Desk {
    fn open(bench: &Bench) -> Self {
        std::fs::copy(built("approve"), bench.path("approve.wasm")).unwrap();
        let options = ["--store", "approve.store"];
        let client = Client::start_with(bench, "approve.wasm", &options);
        Self { client, last: 0 }
    }

    fn call(&mut self, params: Value) -> Value {
        self.last += 1;
        let answer = self.client.ask(&modern(self.last, "tools/call", params));
        answer["result"].clone()
    }

    fn propose(&mut self, amount: &str) -> Value {
        let arguments = json!({ "payee": "Grace", "amount": amount, "currency": "EUR", "purpose": "Compilers" });
        let proposed = self.call(json!({ "name": "propose", "arguments": arguments }));
        proposed["structuredContent"]["id"].clone()
    }

    /// Asks whether to pay: the question, and the state that an answer goes with.
    fn begin(&mut self, id: &Value) -> (String, Value) {
        let asked = self.call(json!({ "name": "approve", "arguments": { "id": id } }));
        assert_eq!(asked["resultType"], "input_required", "{asked}");
        let question = &asked["inputRequests"]["decision"]["params"]["message"];
        (
            question.as_str().unwrap().to_owned(),
            asked["requestState"].clone(),
        )
    }

    fn answer(&mut self, id: &Value, state: &Value, answer: Value) -> Value {
        self.call(
            json!({ "name": "approve", "arguments": { "id": id }, "requestState": state,
            "inputResponses": { "decision": answer } }),
        )
    }

    fn listed(&mut self) -> Value {
        let listed = self.call(json!({ "name": "list" }));
        listed["structuredContent"].clone()
    }
}

fn yes() -> Value {
    json!({ "action": "accept", "content": { "approve": true } })
}

#[test]
fn a_payment_is_booked_when_a_person_has_read_it_and_said_yes_and_not_before() {
    let bench = Bench::new();
    let mut desk = Desk::open(&bench);
    let id = desk.propose("120.50");
    let waiting = desk.listed();
    for no in [
        json!({ "action": "decline" }),
        json!({ "action": "cancel" }),
        json!({ "action": "accept", "content": { "approve": false } }),
    ] {
        let (question, state) = desk.begin(&id);
        assert!(
            question.starts_with("Pay 120.50 EUR to Grace?"),
            "{question}"
        );
        let answered = desk.answer(&id, &state, no);
        assert!(
            answered["content"][0]["text"]
                .to_string()
                .contains("nothing was paid"),
            "{answered}"
        );
        assert_eq!(desk.listed(), waiting);
    }
    let (_, state) = desk.begin(&id);
    assert_eq!(desk.listed(), waiting);
    let paid = desk.answer(&id, &state, yes());
    assert_eq!(
        paid["content"][0]["text"],
        "Paid 120.50 EUR to Grace for Compilers."
    );
    desk.client.end();
    // It is in the file.
    let listed = Desk::open(&bench).listed();
    assert_eq!(listed["payments"][0]["id"], id);
    assert_eq!(listed["proposals"], json!([]));
}

#[test]
fn two_who_say_yes_to_the_same_payment_pay_it_once() {
    let bench = Bench::new();
    let mut desk = Desk::open(&bench);
    let id = desk.propose("1.00");
    let (_, first) = desk.begin(&id);
    let (_, second) = desk.begin(&id);
    assert_eq!(desk.answer(&id, &first, yes())["isError"], Value::Null);
    let late = desk.answer(&id, &second, yes());
    assert_eq!(late["isError"], true);
    assert!(
        late["content"][0]["text"]
            .to_string()
            .contains("There is no proposal"),
        "{late}"
    );
    assert_eq!(desk.listed()["payments"].as_array().unwrap().len(), 1);
}

#[test]
fn whoever_says_yes_to_what_has_changed_meanwhile_is_asked_again() {
    let bench = Bench::new();
    let mut desk = Desk::open(&bench);
    let (one, other) = (desk.propose("1.00"), desk.propose("2.00"));
    let (question, state) = desk.begin(&one);
    assert!(
        question.contains("Paid so far: 0.00 EUR; with this: 1.00 EUR"),
        "{question}"
    );
    let (_, of_other) = desk.begin(&other);
    desk.answer(&other, &of_other, yes());
    // What was said yes to is not what would happen now.
    let asked = desk.answer(&one, &state, yes());
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let question = &asked["inputRequests"]["decision"]["params"]["message"];
    assert!(
        question
            .to_string()
            .contains("Paid so far: 2.00 EUR; with this: 3.00 EUR"),
        "{question}"
    );
    assert_eq!(desk.listed()["payments"].as_array().unwrap().len(), 1);
    let paid = desk.answer(&one, &asked["requestState"], yes());
    assert_eq!(
        paid["content"][0]["text"],
        "Paid 1.00 EUR to Grace for Compilers."
    );
}
