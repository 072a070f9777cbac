//! Servers that reach other hosts from this machine: what is allowed, sent, recorded and replayed.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};
use smcp_capability::call::{Answer, Caller, Request};
use smcp_capability::http::{HttpAnswer, HttpError, HttpErrorKind, HttpRequest};
use smcp_cli::call_with_hosts_at;
use smcp_ids::{Fuel, UnixMillis};
use smcp_package::{Admission, Policy, UntrustedPackage, sign};
use smcp_sandbox::{Bounds, LoadedModule, Output};
use smcp_tape::{Header, Recording, Tape};
use smcp_tenant::call::{Call, CallStep};

use crate::serve::{Client, modern};
use crate::support::{Bench, built};
use crate::world::{package, publisher};

const SEND: &str = include_str!("../../../tests/guests/send.wat");
const SECRET: &str = "a-secret-of-this-machine";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("send.wasm", package(SEND, "1.0.0"));
    bench.write("token", format!("{SECRET}\n"));
    bench
}

fn to(method: &str, url: &str) -> String {
    json!({ "to": format!("!{method} {url}!") }).to_string()
}

/// A host that answers what it was sent with: the first line, and its secret back.
fn echo() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (seen, heads) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let lines = lines.map_while(Result::ok);
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            let body = format!("{} {SECRET}", head[0]);
            let length = body.len();
            let answer = format!("HTTP/1.1 201 Created\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).unwrap();
            if seen.send(head.join("\n")).is_err() {
                return;
            }
        }
    });
    (address, heads)
}

#[test]
fn a_call_reaches_what_is_allowed_and_its_recording_replays_with_no_network_and_no_secret() {
    let bench = bench();
    let (address, heads) = echo();
    let path = |name: &str| bench.path(name).to_str().unwrap().to_owned();
    let (module, tape) = (path("send.wasm"), path("send.tape"));
    let secret = format!("TOKEN@{}", path("token"));
    for method in ["GET", "POST"] {
        let asked = to(method, "http://api.example.com/a?b=c");
        let allow = "http://api.example.com=GET,POST";
        call_with_hosts_at(
            &[
                &module, "send", &asked, "--allow", allow, "--secret", &secret, "--record", &tape,
            ],
            address,
        )
        .unwrap();
        let head = heads.recv().unwrap();
        let sent = format!("authorization: Bearer {SECRET}");
        assert!(head.contains(&sent), "{head}");
        let recording = Recording::from_bytes(&bench.read("send.tape")).unwrap();
        let expected = format!("201 {method} /a?b=c HTTP/1.1 {{{{secret:TOKEN}}}}");
        assert!(recording.result.contains(&expected), "{}", recording.result);
        let [entry] = &recording.tape.entries[..] else {
            panic!("{:?}", recording.tape.entries)
        };
        assert!(matches!(&entry.request, Request::Http(request) if request.method == method));
        assert!(matches!(&entry.answer, Answer::Http(Ok(answer)) if answer.status == 201));
        let bytes = bench.read("send.tape");
        assert!(
            !bytes
                .windows(SECRET.len())
                .any(|part| part == SECRET.as_bytes())
        );
        let replayed = bench.smcp(&["replay", "send.tape", "--module", "send.wasm"]);
        assert!(replayed.ok().contains("byte-equal"));
        // Nobody was asked again.
        assert!(heads.try_recv().is_err());
    }
    let mut recording = Recording::from_bytes(&bench.read("send.tape")).unwrap();
    if let Answer::Http(Ok(answer)) = &mut recording.tape.entries[0].answer {
        answer.status = 500;
    }
    bench.write("altered.tape", recording.to_bytes().unwrap());
    let altered = bench.smcp(&["--json", "replay", "altered.tape", "--module", "send.wasm"]);
    assert_eq!(altered.error(), (1, "replay_result".to_owned()));
}

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

#[test]
fn what_is_not_allowed_is_refused_and_the_user_is_told_which_option_allows_it() {
    let bench = bench();
    for (method, options, kind, hint) in [
        ("GET", &[][..], "E1 ", "give --allow HOST=METHODS"),
        (
            "POST",
            &["--allow", "api.example.com", "--secret", "TOKEN@token"],
            "E1 ",
            "give --allow HOST=METHODS",
        ),
        (
            "GET",
            &["--allow", "api.example.com"],
            "E2 ",
            "give --secret NAME",
        ),
        (
            "GET",
            &[
                "--allow",
                "api.example.com",
                "--secret",
                "TOKEN=other.example.com@token",
            ],
            "E2 ",
            "give --secret NAME",
        ),
    ] {
        let asked = to(method, "https://api.example.com/");
        let words = ["call", "send.wasm", "send", &asked];
        let ran = bench.smcp(&[&words[..], options].concat());
        assert!(ran.ok().starts_with(kind), "{options:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(hint), "{options:?}: {}", ran.stderr);
    }
}

#[test]
fn options_that_grant_nothing_sensible_are_wrong_usage() {
    let bench = bench();
    let asked = to("GET", "https://api.example.com/");
    for options in [
        &["--allow", "localhost"][..],
        &["--allow", "127.0.0.1=GET"],
        &["--allow", "api.example.com=TRACE"],
        &["--secret", "TOKEN@token"],
        &["--allow", "api.example.com", "--secret", "NOT_SET_ANYWHERE"],
        &["--allow", "api.example.com", "--secret", "TOKEN@nowhere"],
    ] {
        let words = ["--json", "call", "send.wasm", "send", &asked];
        let ran = bench.smcp(&[&words[..], options].concat());
        let expected = match options.last() {
            Some(&"TOKEN@nowhere") => (1, "file".to_owned()),
            _ => (2, "argument".to_owned()),
        };
        assert_eq!(ran.error(), expected, "{options:?}");
    }
}

#[test]
fn a_served_module_is_granted_what_the_command_is_given_and_no_more() {
    let bench = bench();
    let options = ["--allow", "api.example.com=GET"];
    let mut client = Client::start_with(&bench, "send.wasm", &options);
    let mut call = |id: u32, method: &str| {
        let arguments = json!({ "to": format!("!{method} https://api.example.com/!") });
        let params = json!({ "name": "send", "arguments": arguments });
        let called = client.ask(&modern(id, "tools/call", params));
        called["result"]["content"][0]["text"].to_string()
    };
    assert!(call(1, "POST").starts_with("\"E1 this server may not send POST"));
    assert!(call(2, "GET").starts_with("\"E2 the secret TOKEN is not set"));
    let told = client.end();
    assert!(
        told.contains("--allow HOST=METHODS") && told.contains("--secret NAME"),
        "{told}"
    );
}
