//! Servers that reach other hosts from this machine: what is allowed, sent, recorded and replayed.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::json;
use smcp_capability::call::{Answer, Request};
use smcp_cli::call_with_hosts_at;
use smcp_tape::{End, Recording};

use crate::serve::{Client, modern};
use crate::support::Bench;
use crate::world::package;

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
        let End::Returned(result) = &recording.end else {
            panic!("{:?}", recording.end)
        };
        assert!(result.contains(&expected), "{result}");
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
