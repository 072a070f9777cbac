//! The fetcher against a small server of this machine, which a test's own resolver leads to, and the policy above it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use smcp_capability::call::{Caller, Origin};
use smcp_capability::http::{Header, Secret, Secrets};
use smcp_ids::UnixMillis;
use smcp_tape::{Entry, Header as Fixed};

use super::*;

const SECRET: &str = "a-secret-of-the-server";

/// A server that answers each request by its path, and keeps what it was sent.
struct Web {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Web {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = heads.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let seen = seen.clone();
                thread::spawn(move || serve(stream.unwrap(), &seen));
            }
        });
        Self { address, heads }
    }

    fn outbound(&self, allow: &[&str]) -> Outbound {
        let hosts = vec!["http://api.example.com".parse().unwrap()];
        let secret = Secret::new("TOKEN", SECRET, hosts).unwrap();
        let given = Given::allowing(allow);
        let mut access = given.access().unwrap();
        access.secrets = Secrets(vec![secret]);
        Outbound {
            access,
            fetcher: Fetcher::with(Everything(self.address)),
            ui: Ui { json: false },
        }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    head.push_str(&String::from_utf8(body).unwrap());
    seen.lock().unwrap().push(head.clone());
    let path = head.split(' ').nth(1).unwrap().to_owned();
    // A client that has heard enough closes.
    drop(answer(stream, &path));
}

fn answer(mut stream: TcpStream, path: &str) -> std::io::Result<()> {
    let sized = |status: &str, more: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{more}\r\n{body}",
            body.len()
        )
    };
    match path {
        "/slow" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")?;
            thread::sleep(Duration::from_secs(5));
            Ok(())
        }
        "/endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            let chunk = [b"10000\r\n", &[b'a'; 65_536][..], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk)?;
            }
        }
        "/cut" => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nab"),
        "/none" => Ok(()),
        "/whole" => stream.write_all(sized("200 OK", "", &"a".repeat(1_048_576)).as_bytes()),
        "/over" => stream.write_all(sized("200 OK", "", &"a".repeat(1_048_577)).as_bytes()),
        "/heads" => {
            let more = format!("x-long: {}\r\n", "a".repeat(100_000));
            stream.write_all(sized("200 OK", &more, "").as_bytes())
        }
        "/zipped" => {
            let more = "content-encoding: gzip\r\n";
            stream.write_all(sized("200 OK", more, "abc").as_bytes())
        }
        "/loop" => stream.write_all(sized("302 Found", "location: /loop\r\n", "").as_bytes()),
        "/moved" => {
            let more = "location: http://other.example.com/echo\r\n";
            stream.write_all(sized("307 Temporary Redirect", more, "").as_bytes())
        }
        "/away" => {
            let more = "location: http://elsewhere.example.org/echo\r\n";
            stream.write_all(sized("302 Found", more, "").as_bytes())
        }
        "/missing" => stream.write_all(sized("404 Not Found", "", "none").as_bytes()),
        _ => {
            let more = "X-Kind: echo\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n";
            stream.write_all(sized("200 OK", more, &format!("here {SECRET}")).as_bytes())
        }
    }
}

fn request(method: &str, path: &str) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        url: format!("http://api.example.com{path}"),
        headers: vec![Header {
            name: "Authorization".to_owned(),
            value: "Bearer {{secret:TOKEN}}".to_owned(),
        }],
        body: Vec::new(),
        timeout: None,
    }
}

fn send(
    outbound: &Outbound,
    request: HttpRequest,
    spent: &mut Spent,
) -> Result<HttpAnswer, HttpErrorKind> {
    let ready = outbound.check(request).map_err(|error| error.kind)?;
    outbound
        .send(ready, spent, Duration::from_secs(60))
        .map_err(|error| error.kind)
}

#[test]
fn a_request_goes_out_with_its_secret_and_nothing_besides_and_the_answer_comes_without() {
    let web = Web::start();
    let outbound = web.outbound(&["http://api.example.com=GET,POST,DELETE"]);
    let mut spent = Spent::default();
    let answer = send(&outbound, request("GET", "/echo?a=%20"), &mut spent).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, b"here {{secret:TOKEN}}");
    let header = |name: &str| {
        let fields = answer.headers.iter().filter(|header| header.name == name);
        fields.map(|field| field.value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(header("x-kind"), ["echo"]);
    assert_eq!(header("set-cookie"), ["a=1", "b=2"]);
    let mut lines: Vec<_> = web.heads()[0].lines().map(str::to_owned).collect();
    lines.sort();
    let expected = [
        "GET /echo?a=%20 HTTP/1.1".to_owned(),
        "accept-encoding: identity".to_owned(),
        format!("authorization: Bearer {SECRET}"),
        "host: api.example.com".to_owned(),
    ];
    assert_eq!(lines, expected);
    for (method, body, length) in [
        ("POST", "", Some("0")),
        ("POST", "text", Some("4")),
        ("DELETE", "", None),
    ] {
        let sent = HttpRequest {
            body: body.into(),
            ..request(method, "/echo")
        };
        send(&outbound, sent, &mut spent).unwrap();
        let head = web.heads().pop().unwrap();
        let lengths = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(lengths, length, "{head}");
        assert!(head.ends_with(body), "{head}");
    }
}

#[test]
fn what_goes_wrong_is_told_apart() {
    let web = Web::start();
    let outbound = web.outbound(&["http://api.example.com", "http://other.example.com"]);
    for (path, expected) in [
        ("/missing", Ok(404)),
        ("/whole", Ok(200)),
        ("/over", Err(HttpErrorKind::TooLarge)),
        ("/endless", Err(HttpErrorKind::TooLarge)),
        ("/heads", Err(HttpErrorKind::TooLarge)),
        ("/zipped", Err(HttpErrorKind::Failed)),
        ("/cut", Err(HttpErrorKind::Failed)),
        ("/none", Err(HttpErrorKind::Failed)),
        ("/slow", Err(HttpErrorKind::Timeout)),
        ("/loop", Err(HttpErrorKind::Redirected)),
        ("/away", Err(HttpErrorKind::Redirected)),
    ] {
        let asked = HttpRequest {
            timeout: Some(1_500),
            ..request("GET", path)
        };
        let answer = send(&outbound, asked, &mut Spent::default());
        assert_eq!(answer.map(|answer| answer.status), expected, "{path}");
    }
}

#[test]
fn nothing_is_sent_that_was_not_granted() {
    let web = Web::start();
    let outbound = web.outbound(&["http://api.example.com"]);
    for (asked, expected) in [
        (request("POST", "/echo"), HttpErrorKind::Denied),
        (request("get", "/echo"), HttpErrorKind::Invalid),
        (
            HttpRequest {
                url: "https://api.example.com/echo".to_owned(),
                ..request("GET", "")
            },
            HttpErrorKind::Denied,
        ),
        (
            HttpRequest {
                headers: vec![Header {
                    name: "x-key".to_owned(),
                    value: "{{secret:OTHER}}".to_owned(),
                }],
                ..request("GET", "/echo")
            },
            HttpErrorKind::Secret,
        ),
    ] {
        let answer = send(&outbound, asked, &mut Spent::default());
        assert_eq!(answer.unwrap_err(), expected);
    }
    assert!(web.heads().is_empty());
}

#[test]
fn a_redirect_is_followed_where_the_grant_leads_and_takes_no_secret_elsewhere() {
    let web = Web::start();
    let outbound = web.outbound(&["http://api.example.com", "http://other.example.com"]);
    let mut spent = Spent::default();
    assert_eq!(
        send(&outbound, request("GET", "/moved"), &mut spent)
            .unwrap()
            .status,
        200
    );
    let heads = web.heads();
    assert!(heads[0].contains(SECRET) && !heads[1].contains(SECRET));
    assert!(heads[1].contains("host: other.example.com"), "{}", heads[1]);
    assert_eq!(spent.requests, 2);
}

#[test]
fn requests_and_what_is_answered_are_counted_over_the_whole_call() {
    let web = Web::start();
    let outbound = web.outbound(&["http://api.example.com"]);
    let mut spent = Spent::default();
    for _ in 0..4 {
        assert!(send(&outbound, request("GET", "/whole"), &mut spent).is_ok());
    }
    // All that there may be has come: not a byte more.
    let answer = send(&outbound, request("GET", "/echo"), &mut spent);
    assert_eq!(answer.unwrap_err(), HttpErrorKind::TooLarge);
    let mut spent = Spent {
        requests: limits::HTTP_REQUESTS_MAX - 1,
        ..Spent::default()
    };
    assert!(send(&outbound, request("GET", "/echo"), &mut spent).is_ok());
    let answer = send(&outbound, request("GET", "/echo"), &mut spent);
    assert_eq!(answer.unwrap_err(), HttpErrorKind::TooMany);
}

#[test]
fn a_call_that_has_no_time_left_waits_for_nobody() {
    let web = Web::start();
    let outbound = web.outbound(&["http://api.example.com"]);
    let ready = outbound.check(request("GET", "/echo")).unwrap();
    let answer = outbound.send(ready, &mut Spent::default(), Duration::ZERO);
    assert_eq!(answer.unwrap_err().kind, HttpErrorKind::Timeout);
    assert!(web.heads().is_empty());
}

#[test]
fn the_command_itself_connects_to_no_address_of_this_machine() {
    let web = Web::start();
    let mut outbound = web.outbound(&["http://api.example.com=POST"]);
    outbound.fetcher = Fetcher::with(address::Public(Everything(web.address)));
    let mut spent = Spent::default();
    let answer = send(&outbound, request("POST", "/echo"), &mut spent);
    assert_eq!(answer.unwrap_err(), HttpErrorKind::Denied);
    assert!(web.heads().is_empty() && !spent.has_changed());
}

#[test]
fn what_a_tape_has_of_requests_is_counted_where_its_call_goes_on() {
    let fixed = Fixed {
        seed: [0; 32],
        start: UnixMillis(0),
        caller: Caller {
            tenant: String::new(),
            server: String::new(),
            principal: String::new(),
            scopes: Vec::new(),
        },
        client_capabilities: "{}".to_owned(),
        origin: Origin::default(),
        deadline_millis: 30_000,
        read_only: false,
    };
    let entry = |method: &str, answer| Entry {
        request: Request::Http(request(method, "/echo")),
        answer: Answer::Http(answer),
        at: UnixMillis(0),
    };
    let answered = || {
        Ok(HttpAnswer {
            status: 200,
            headers: Vec::new(),
            body: vec![0; 10],
        })
    };
    let failed = |kind| Err(HttpError::new(kind, ""));
    for (entries, requests, bytes, has_changed) in [
        (vec![], 0, 0, false),
        (vec![entry("GET", answered())], 1, 10, false),
        (
            vec![entry("POST", answered()), entry("GET", answered())],
            2,
            20,
            true,
        ),
        (
            vec![entry("POST", failed(HttpErrorKind::Denied))],
            0,
            0,
            false,
        ),
        (
            vec![entry("POST", failed(HttpErrorKind::Timeout))],
            1,
            0,
            true,
        ),
    ] {
        let mut tape = Tape::blank(fixed.clone());
        tape.entries = entries;
        for tape in [tape.clone(), tape.rerun()] {
            let spent = Spent::of(&tape);
            assert_eq!(
                (spent.requests, spent.bytes, spent.has_changed()),
                (requests, bytes, has_changed)
            );
        }
    }
}
