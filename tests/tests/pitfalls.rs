//! What clients are known to trip over, seen from the client's side on real
//! workerd: each test names what must hold so that none does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smcp_ids::limits::{CALLS_AT_ONCE, CALLS_WAITING, KEEP_ALIVE_MILLIS, MCP_BODY_MAX};
use smcp_tests::http::{Answer, Ask};
use smcp_tests::mcp::{Client, LEGACY, MODERN};
use smcp_tests::{schema, stage};

const TENANT: &str = "pitfalls";
/// On the stage's list of origins that may call.
const ORIGIN: &str = "https://app.example";

struct Served {
    endpoint: String,
    key: String,
    client: Client,
}

/// The example `everything`.
fn served() -> &'static Served {
    static SERVED: OnceLock<Served> = OnceLock::new();
    SERVED.get_or_init(|| {
        let platform = stage().platform();
        platform.tenant(TENANT).unwrap();
        let package = platform.package(TENANT, "everything").unwrap();
        platform.publish(&package, TENANT, "everything").unwrap();
        let key = platform.key(TENANT).unwrap();
        let endpoint = platform.endpoint(TENANT, "everything");
        Served {
            client: Client::new(&endpoint, &key, MODERN),
            endpoint,
            key,
        }
    })
}

fn tool(name: &str) -> Value {
    served().client.message("tools/call", json!({"name": name}))
}

fn send(message: &Value, alter: impl FnOnce(Ask) -> Ask) -> Answer {
    let ask = alter(served().client.ask(message));
    ask.send(message.to_string().as_bytes()).unwrap()
}

#[track_caller]
fn text(answer: &Answer) -> String {
    let last = schema::messages(answer).pop();
    let last = last.unwrap_or_else(|| panic!("{} {}", answer.status, answer.text()));
    last["result"]["content"][0]["text"]
        .as_str()
        .unwrap_or_else(|| panic!("{last}"))
        .to_owned()
}

// ---- Methods ------------------------------------------------------------------------------------

/// Any other status is fatal to some clients, which look for a stream before anything else.
#[test]
fn a_get_where_no_stream_is_offered_is_405_with_allow_whatever_it_accepts_and_whoever_asks() {
    let served = served();
    for accept in [
        None,
        Some("text/event-stream"),
        Some("application/json"),
        Some("application/json, text/event-stream"),
        Some("*/*"),
    ] {
        for authorization in [None, Some("Bearer wrong".to_owned()), Some(bearer())] {
            for method in ["GET", "DELETE"] {
                let mut ask = Ask::new(method, &served.endpoint);
                for (name, value) in [
                    ("accept", accept),
                    ("authorization", authorization.as_deref()),
                ] {
                    if let Some(value) = value {
                        ask = ask.header(name, value);
                    }
                }
                let answer = ask.send(b"").unwrap();
                assert_eq!(answer.status, 405, "{method} {accept:?} {authorization:?}");
                assert_eq!(answer.header("allow"), "POST, OPTIONS");
            }
        }
    }
}

fn bearer() -> String {
    format!("Bearer {}", served().key)
}

// ---- Accept -------------------------------------------------------------------------------------

/// Clients must list both forms, and many do not.
#[test]
fn every_spelling_of_accept_is_answered_in_a_form_that_it_takes() {
    const JSON: &str = "application/json";
    const EVENTS: &str = "text/event-stream";
    // What is accepted; then the form of an answer that comes at once, and of one that takes long.
    for (accept, quick, slow) in [
        (Some("application/json, text/event-stream"), JSON, EVENTS),
        (Some("text/event-stream, application/json"), JSON, EVENTS),
        (
            Some("application/json,text/event-stream;q=0.1"),
            JSON,
            EVENTS,
        ),
        (Some("application/json"), JSON, JSON),
        (Some("Application/JSON; charset=utf-8"), JSON, JSON),
        (Some("application/*"), JSON, JSON),
        (Some("text/event-stream"), EVENTS, EVENTS),
        (Some("*/*"), JSON, EVENTS),
        (Some("text/html, */*;q=0.8"), JSON, EVENTS),
        (Some("text/html"), JSON, EVENTS),
        (Some(""), JSON, EVENTS),
        (None, JSON, EVENTS),
    ] {
        for (name, form) in [
            ("test_simple_text", quick),
            ("test_tool_with_progress", slow),
        ] {
            let answer = send(&tool(name), |ask| match accept {
                Some(accept) => ask.header("accept", accept),
                None => ask.without("accept"),
            });
            assert_eq!(answer.status, 200, "{accept:?} {name}");
            assert_eq!(answer.header("content-type"), form, "{accept:?} {name}");
            assert!(!text(&answer).is_empty());
        }
    }
}

// ---- Streams ------------------------------------------------------------------------------------

/// Idle streams are cut on the way, by some after less than half a minute; and some hold a stream
/// back until its first byte.
#[test]
fn a_long_call_sends_a_byte_at_once_and_a_comment_every_fifteen_seconds() {
    let call = tool("test_long_call");
    let began = Instant::now();
    let ask = served().client.ask(&call);
    let mut stream = ask.open(call.to_string().as_bytes()).unwrap();
    assert_eq!(stream.head.status, 200);
    assert_eq!(stream.head.header("content-type"), "text/event-stream");
    assert_eq!(stream.head.header("x-accel-buffering"), "no");
    assert!(stream.head.header("cache-control").contains("no-transform"));
    let mut comments = Vec::new();
    loop {
        let line = stream.line().unwrap();
        match line.as_str() {
            "" | "event: message" => {}
            comment if comment.starts_with(':') => comments.push(began.elapsed()),
            data => {
                assert!(data.contains("At last."), "{data}");
                break;
            }
        }
    }
    let all = began.elapsed();
    assert!(all > Duration::from_secs(24), "{all:?}");
    let first = comments[0];
    assert!(first < Duration::from_secs(3), "{first:?}");
    // Within 15 s of each other, and of the end, give or take what a busy machine takes.
    let late = Duration::from_millis(KEEP_ALIVE_MILLIS) + Duration::from_secs(3);
    let ends = comments[1..].iter().copied().chain([all]);
    for (from, to) in comments.iter().zip(ends) {
        assert!(to - *from < late, "{comments:?}, then {all:?}");
    }
    assert!(comments.iter().any(|at| *at > Duration::from_secs(10)));
}

// ---- Browsers -----------------------------------------------------------------------------------

/// All that a browser may send, and all that it may show its page.
const ALLOWED: [&str; 9] = [
    "Authorization",
    "Content-Type",
    "Accept",
    "Mcp-Session-Id",
    "MCP-Protocol-Version",
    "Last-Event-ID",
    "Mcp-Method",
    "Mcp-Name",
    "Mcp-Param-Region",
];
const EXPOSED: [&str; 2] = ["Mcp-Session-Id", "WWW-Authenticate"];

/// The names in a header's list, in lower case.
fn names(list: &str) -> Vec<String> {
    let names = list.split(',');
    names.map(|name| name.trim().to_lowercase()).collect()
}

/// A preflight carries no credentials.
#[test]
fn a_preflight_is_answered_before_any_credential_is_looked_at() {
    let platform = stage().platform();
    for endpoint in [
        served().endpoint.clone(),
        platform.endpoint(TENANT, "nothing"),
        platform.endpoint("no-such-tenant", "nothing"),
    ] {
        for asked in ALLOWED {
            let answer = Ask::new("OPTIONS", &endpoint)
                .header("origin", ORIGIN)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", &asked.to_lowercase())
                .send(b"")
                .unwrap();
            assert_eq!(answer.status, 204, "{asked}");
            assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
            let methods = names(answer.header("access-control-allow-methods"));
            assert!(methods.contains(&"post".to_owned()), "{methods:?}");
            let allowed = names(answer.header("access-control-allow-headers"));
            assert!(allowed.contains(&asked.to_lowercase()), "{allowed:?}");
        }
    }
}

#[test]
fn a_preflight_of_an_unknown_origin_or_of_unknown_headers_allows_neither() {
    let preflight = |origin: &str| {
        Ask::new("OPTIONS", &served().endpoint)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "x-other, authorization")
            .send(b"")
            .unwrap()
    };
    let foreign = preflight("https://evil.example");
    assert_eq!(foreign.header("access-control-allow-origin"), "");
    let allowed = names(preflight(ORIGIN).header("access-control-allow-headers"));
    assert!(!allowed.contains(&"x-other".to_owned()), "{allowed:?}");
}

#[track_caller]
fn a_page_may_read(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(
        answer.header("access-control-allow-origin"),
        ORIGIN,
        "{status}"
    );
    assert!(
        names(answer.header("vary")).contains(&"origin".to_owned()),
        "{status}"
    );
    let exposed = names(answer.header("access-control-expose-headers"));
    for name in EXPOSED {
        assert!(
            exposed.contains(&name.to_lowercase()),
            "{status} {exposed:?}"
        );
    }
}

/// Without these headers on an error, a page is told that the network failed, and never why. A
/// refusal of the origin itself (403) carries none: that page may not read anything.
#[test]
fn a_page_that_may_call_may_read_every_answer_errors_too() {
    let platform = stage().platform();
    let quick = tool("test_simple_text");
    let from_page = |ask: Ask| ask.header("origin", ORIGIN);
    a_page_may_read(&send(&quick, from_page), 200);
    let slow = send(&tool("test_tool_with_progress"), from_page);
    assert_eq!(slow.header("content-type"), "text/event-stream");
    a_page_may_read(&slow, 200);
    // Of the protocol, in its own statuses.
    let unknown = served().client.message("no/such", json!({}));
    a_page_may_read(&send(&unknown, from_page), 404);
    let contradiction = |ask| from_page(ask).header("mcp-name", "other");
    a_page_may_read(&send(&quick, contradiction), 400);
    let form = |ask| from_page(ask).header("content-type", "text/plain");
    a_page_may_read(&send(&quick, form), 415);
    // Of the door.
    let stranger = send(&quick, |ask| from_page(ask).without("authorization"));
    a_page_may_read(&stranger, 401);
    assert!(stranger.header("www-authenticate").starts_with("Bearer"));
    let forger = |ask| from_page(ask).header("authorization", "Bearer wrong");
    a_page_may_read(&send(&quick, forger), 401);
    let elsewhere = platform.endpoint(TENANT, "nothing");
    a_page_may_read(&send(&quick, |ask| from_page(ask).to(&elsewhere)), 404);
    let nowhere = format!("{}/nowhere", platform.url());
    a_page_may_read(&send(&quick, |ask| from_page(ask).to(&nowhere)), 404);
    let get = from_page(Ask::new("GET", &served().endpoint));
    a_page_may_read(&get.send(b"").unwrap(), 405);
    // By what was read of it, and by its declared length alone: of that body nothing is sent.
    let large = std::io::Cursor::new(vec![b' '; MCP_BODY_MAX + 1]);
    let chunked = from_page(served().client.ask(&quick)).stream(large);
    a_page_may_read(&chunked.unwrap(), 413);
    a_page_may_read(&declaring(MCP_BODY_MAX + 1), 413);
}

/// The answer to the head of a request that says how long its body will be.
fn declaring(length: usize) -> Answer {
    let host = stage().platform().url().trim_start_matches("http://");
    let path = served().endpoint.split(host).nth(1).unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let authorization = bearer();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: {authorization}\r\n\
         origin: {ORIGIN}\r\ncontent-length: {length}\r\n\r\n"
    )
    .unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let status = lines.next().unwrap();
    let head = lines.take_while(|line| !line.is_empty());
    let pairs = head.map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_lowercase(), value.trim().to_owned())
    });
    Answer {
        status: status.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: pairs.collect(),
        body: Vec::new(),
    }
}

#[test]
fn a_page_that_may_call_may_read_that_it_must_try_again_later() {
    let tenant = stage().tenant().unwrap();
    let endpoint = stage().platform().endpoint(&tenant.name, "guest");
    let nap = smcp_tests::guests::package(include_str!("../guests/nap.wat"), "1.0.0").unwrap();
    let published = stage().publish(&tenant, "guest", &nap).unwrap();
    assert_eq!(published.status, 201, "{}", published.text());
    let client = Client::new(&endpoint, &tenant.key, MODERN);
    let call = client.message("tools/call", json!({"name": "nap"}));
    // More than may run and wait: until the first has rested, whoever comes then is sent away.
    let host = stage().platform().url().trim_start_matches("http://");
    let body = call.to_string();
    let request = format!(
        "POST /t/{}/guest/mcp HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\nmcp-protocol-version: {MODERN}\r\n\
         mcp-method: tools/call\r\nmcp-name: nap\r\norigin: {ORIGIN}\r\ncontent-length: {}\r\n\r\n{body}",
        tenant.name,
        tenant.key,
        body.len(),
    );
    let crowd: Vec<_> = (0..CALLS_AT_ONCE + CALLS_WAITING + 8)
        .map(|_| {
            let mut stream = TcpStream::connect(host).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    // One that finds a place, since the crowd is still on its way, goes again.
    let ask = client.ask(&call).header("origin", ORIGIN);
    let ask = ask.within(Duration::from_millis(200));
    let busy = (0..100).find_map(|_| ask.clone().send(body.as_bytes()).ok());
    let busy = busy.unwrap();
    a_page_may_read(&busy, 429);
    assert!(busy.header("retry-after").parse::<u32>().is_ok());
    drop(crowd);
}

// ---- Origin -------------------------------------------------------------------------------------

#[test]
fn no_origin_and_a_listed_one_may_call_and_any_other_is_403() {
    let call = tool("test_simple_text");
    let port = served().endpoint.split('/').nth(2).unwrap();
    let own = format!("http://{port}");
    for (origin, status) in [
        (None, 200),
        (Some(ORIGIN), 200),
        (Some(own.as_str()), 200),
        (Some("https://evil.example"), 403),
        (Some("https://app.example.evil.example"), 403),
        (Some("http://app.example"), 403),
        (Some("https://app.example:8443"), 403),
        (Some("null"), 403),
    ] {
        let answer = send(&call, |ask| match origin {
            Some(origin) => ask.header("origin", origin),
            None => ask,
        });
        assert_eq!(answer.status, status, "{origin:?} {}", answer.text());
        let shown = answer.header("access-control-allow-origin");
        let expected = origin.filter(|_| status == 200).unwrap_or_default();
        assert_eq!(shown, expected, "{origin:?}");
        if status == 403 {
            assert_eq!(smcp_tests::code(&answer).unwrap(), "origin_forbidden");
        }
    }
}

// ---- Arguments ----------------------------------------------------------------------------------

#[test]
fn arguments_that_are_left_out_are_none() {
    let client = &served().client;
    let bare = client.call("tools/call", json!({"name": "test_simple_text"}));
    let given = client.call(
        "tools/call",
        json!({"name": "test_simple_text", "arguments": {}}),
    );
    let (bare, given) = (bare.unwrap(), given.unwrap());
    assert!(bare["result"]["content"].is_array(), "{bare}");
    assert_eq!(bare["result"]["content"], given["result"]["content"]);
    // What needs some is told so by its schema, not by the protocol.
    let needs = json!({"name": "json_schema_2020_12_tool"});
    let told = client.call("tools/call", needs).unwrap();
    assert_eq!(told["result"]["isError"], true, "{told}");
    let prompt = json!({"name": "test_simple_prompt"});
    let prompt = client.call("prompts/get", prompt).unwrap();
    assert!(prompt["result"]["messages"].is_array(), "{prompt}");
}

// ---- Sessions -----------------------------------------------------------------------------------

fn legacy(version: &str, session: Option<&str>, message: &Value) -> Answer {
    let Served { endpoint, .. } = served();
    let ask = Ask::new("POST", endpoint)
        .header("authorization", &bearer())
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", version);
    let ask = match session {
        Some(session) => ask.header("mcp-session-id", session),
        None => ask,
    };
    ask.send(message.to_string().as_bytes()).unwrap()
}

/// Clients take 404 for the end of their session, and nothing else; many begin no other.
#[test]
fn only_a_session_that_is_not_there_is_404_and_one_that_is_stays() {
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for version in LEGACY {
        let params = json!({
            "protocolVersion": version, "capabilities": {},
            "clientInfo": {"name": "smcp-tests", "version": "1.0.0"},
        });
        let initialize =
            json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
        let begun = legacy(version, None, &initialize);
        let session = begun.header("mcp-session-id").to_owned();
        assert!(!session.is_empty(), "{version}: {}", begun.text());
        assert_eq!(legacy(version, Some(&session), &ping).status, 200);
        let unknown = json!({"jsonrpc": "2.0", "id": 2, "method": "no/such"});
        assert_eq!(legacy(version, Some(&session), &unknown).status, 200);
        let altered = format!("{}A", &session[1..]);
        for other in ["x", &altered] {
            assert_eq!(legacy(version, Some(other), &ping).status, 404, "{other}");
        }
        // A client that begins anew may still send the name of its last session.
        assert_eq!(legacy(version, Some(&altered), &initialize).status, 200);
        assert_eq!(
            legacy(version, None, &ping).status,
            200,
            "without a session"
        );
    }
}

/// The transport of 2024-11-05 begins with a GET that wants a stream, and its clients say so no other way.
#[test]
fn the_older_transport_is_not_served_and_the_answer_says_what_is() {
    let Served { endpoint, .. } = served();
    let get = Ask::new("GET", endpoint)
        .header("authorization", &bearer())
        .header("accept", "text/event-stream")
        .send(b"")
        .unwrap();
    assert_eq!((get.status, get.header("allow")), (405, "POST, OPTIONS"));
    let said = get.text();
    assert!(
        said.contains("POST") && said.contains("2024-11-05 is not served"),
        "{said}"
    );
}
