//! `smcp run` as a client meets it that starts it: lines in, lines out.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Bench, smcp};
use crate::world::package;

const ASK: &str = include_str!("../../../tests/guests/ask.wat");
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
const TELL: &str = include_str!("../../../tests/guests/tell.wat");
const NAP: &str = include_str!("../../../tests/guests/nap.wat");

/// A client, and the server that it started.
pub(crate) struct Client {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Client {
    fn start(bench: &Bench, module: &str) -> Self {
        Self::start_with(bench, module, &[])
    }

    pub(crate) fn start_with(bench: &Bench, module: &str, options: &[&str]) -> Self {
        let mut child = smcp(&bench.path(""))
            .args(["run", module])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (told, lines) = channel();
        std::thread::spawn(move || {
            output
                .lines()
                .for_each(|line| told.send(line.unwrap()).unwrap())
        });
        let input = child.stdin.take();
        Self {
            child,
            input,
            lines,
        }
    }

    fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next message. Whatever is not JSON does not belong there.
    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(60)).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"))
    }

    pub(crate) fn ask(&mut self, message: &Value) -> Value {
        self.send(&message.to_string());
        let answer = self.next();
        assert_eq!(answer["id"], message["id"], "{answer}");
        answer
    }

    /// Closes the input: the server ends by itself, and says no more. What it said on standard error.
    pub(crate) fn end(mut self) -> String {
        drop(self.input.take());
        let more = self.lines.recv_timeout(Duration::from_secs(60));
        assert_eq!(more, Err(RecvTimeoutError::Disconnected));
        let output = self.child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stderr).unwrap()
    }
}

fn legacy(id: u32, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

pub(crate) fn modern(id: u32, method: &str, params: Value) -> Value {
    let mut message = legacy(id, method, params);
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
        "io.modelcontextprotocol/logLevel": "debug",
    });
    message
}

fn initialize(version: &str) -> Value {
    let client = json!({"name": "test", "version": "1"});
    let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
    legacy(1, "initialize", params)
}

#[test]
fn a_legacy_client_shakes_hands_lists_and_calls() {
    let bench = Bench::with_hello();
    for (version, agreed) in [
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2024-11-05", "2025-11-25"),
    ] {
        let mut client = Client::start(&bench, "hello.wasm");
        let welcome = client.ask(&initialize(version));
        assert_eq!(welcome["result"]["protocolVersion"], agreed);
        assert_eq!(welcome["result"]["serverInfo"]["name"], "hello");
        client.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        assert_eq!(
            client.ask(&legacy(2, "ping", json!({})))["result"],
            json!({})
        );
        let listed = client.ask(&legacy(3, "tools/list", json!({})));
        assert!(listed["result"]["tools"].as_array().unwrap().len() >= 2);
        let params = json!({"name": "greet", "arguments": {"name": "Ada"}});
        let called = client.ask(&legacy(4, "tools/call", params));
        assert_eq!(called["result"]["content"][0]["text"], "Hello, Ada!");
        assert_eq!(called["result"].get("resultType"), None);
        client.end();
    }
}

#[test]
fn a_modern_client_discovers_lists_and_calls_without_a_handshake() {
    let bench = Bench::with_hello();
    let mut client = Client::start(&bench, "hello.wasm");
    let found = client.ask(&modern(1, "server/discover", json!({})));
    assert_eq!(found["result"]["supportedVersions"][0], "2026-07-28");
    let listed = client.ask(&modern(2, "tools/list", json!({})));
    assert_eq!(listed["result"]["resultType"], "complete");
    let params = json!({"name": "echo", "arguments": {"text": "ä\n😀"}});
    let called = client.ask(&modern(3, "tools/call", params));
    assert_eq!(called["result"]["content"][0]["text"], "ä\n😀");
    assert_eq!(called["result"]["resultType"], "complete");
    client.end();
}

#[test]
fn what_is_wrong_is_answered_and_the_server_goes_on() {
    let bench = Bench::with_hello();
    let mut client = Client::start(&bench, "hello.wasm");
    client.ask(&initialize("2025-11-25"));
    for (line, code) in [
        ("{", -32700),
        ("[]", -32600),
        (r#"{"jsonrpc":"2.0","id":2}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":2,"method":"no/such"}"#, -32601),
        (
            r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"shout"}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":2,"method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1999-01-01"}}}"#,
            -32022,
        ),
    ] {
        client.send(line);
        assert_eq!(client.next()["error"]["code"], code, "{line}");
    }
    // Neither a blank line nor what needs no answer gets one.
    client.send("\n \r");
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}"#);
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/x","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1999-01-01"}}}"#);
    client.send(r#"{"jsonrpc":"2.0","id":9,"result":{}}"#);
    // An answer to an answer could go on for ever.
    client.send(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}"#);
    client.send(r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"?"}}"#);
    let unfit = client.ask(&legacy(3, "tools/call", json!({"name": "greet"})));
    assert_eq!(unfit["result"]["isError"], true);
    client.end();
}

#[test]
fn a_question_is_asked_in_one_round_and_answered_in_the_next() {
    let bench = Bench::new();
    bench.write("ask.wasm", package(ASK, "1.0.0"));
    let mut client = Client::start(&bench, "ask.wasm");
    client.send(&modern(1, "tools/call", json!({"name": "ask"})).to_string());
    assert_eq!(client.next()["params"]["data"], "told");
    let asked = client.next();
    let state = &asked["result"]["requestState"];
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let answer = json!({"name": {"action": "accept", "content": {"name": "Ada"}}});
    let again = |id, name: &str, state: &Value| {
        let params = json!({"name": name, "requestState": state, "inputResponses": answer});
        modern(id, "tools/call", params)
    };
    let refused = client.ask(&again(2, "ask", &json!("made up")));
    assert_eq!(refused["error"]["code"], -32602);
    client.send(&again(3, "ask", state).to_string());
    // What was told before the question is not told again.
    assert_eq!(client.next()["params"]["data"], "told");
    let answered = client.next();
    assert_eq!(
        answered["result"]["structuredContent"]["content"]["name"], "Ada",
        "{answered}"
    );
    assert!(client.end().contains("told"));
}

#[test]
fn a_legacy_client_is_asked_while_its_call_waits() {
    let bench = Bench::new();
    bench.write("ask.wasm", package(ASK, "1.0.0"));
    let mut client = Client::start(&bench, "ask.wasm");
    let call = |id| legacy(id, "tools/call", json!({"name": "ask"}));
    let mut hello = initialize("2025-11-25");
    client.ask(&hello);
    let refused = client.ask(&call(2));
    assert!(refused.to_string().contains("elicitation"), "{refused}");
    hello["params"]["capabilities"] = json!({"elicitation": {}});
    client.ask(&hello);
    for (id, said, expected) in [
        (
            3,
            json!({"result": {"action": "accept", "content": {"name": "Ada"}}}),
            "Ada",
        ),
        (
            4,
            json!({"error": {"code": -1, "message": "not now"}}),
            "not now",
        ),
        (5, json!({"result": {"action": "perhaps"}}), "does not fit"),
    ] {
        client.send(&call(id).to_string());
        let asked = client.next();
        assert_eq!(asked["method"], "elicitation/create", "{asked}");
        assert_eq!(asked["params"]["message"], "Who?");
        let mut response = json!({"jsonrpc": "2.0", "id": asked["id"]});
        for (name, value) in said.as_object().unwrap() {
            response[name] = value.clone();
        }
        client.send(&response.to_string());
        let called = client.next();
        assert_eq!(called["id"], id);
        assert!(called.to_string().contains(expected), "{called}");
    }
    // A question whose call is cancelled is taken back.
    client.send(&call(6).to_string());
    let asked = client.next();
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":6}}"#);
    let taken_back = client.next();
    assert_eq!(taken_back["method"], "notifications/cancelled");
    assert_eq!(taken_back["params"]["requestId"], asked["id"]);
    client.end();
}

/// 2025-11-25, server/utilities/logging, "Setting Log Level".
#[test]
fn a_legacy_client_is_sent_the_log_that_it_asks_for() {
    let bench = Bench::new();
    bench.write("ask.wasm", package(ASK, "1.0.0"));
    let mut client = Client::start(&bench, "ask.wasm");
    let welcome = client.ask(&initialize("2025-11-25"));
    assert_eq!(welcome["result"]["capabilities"]["logging"], json!({}));
    let call = |id| legacy(id, "tools/call", json!({"name": "ask"}));
    // Nothing yet; its question fails, since the client cannot be asked.
    client.ask(&call(2));
    for (id, level, is_told) in [(3, "debug", true), (5, "emergency", false)] {
        let set = client.ask(&legacy(id, "logging/setLevel", json!({"level": level})));
        assert_eq!(set["result"], json!({}), "{set}");
        client.send(&call(id + 1).to_string());
        if is_told {
            let told = client.next();
            assert_eq!(told["method"], "notifications/message");
            assert_eq!(told["params"]["data"], "told");
        }
        assert_eq!(client.next()["id"], id + 1);
    }
    let refused = client.ask(&legacy(7, "logging/setLevel", json!({"level": "loud"})));
    assert_eq!(refused["error"]["code"], -32602);
    client.end();
}

/// 2025-11-25, server/resources, "Subscriptions".
#[test]
fn a_legacy_client_is_told_of_the_resources_that_it_subscribes_to() {
    let bench = Bench::new();
    bench.write("tell.wasm", package(TELL, "1.0.0"));
    let mut client = Client::start(&bench, "tell.wasm");
    let welcome = client.ask(&initialize("2025-11-25"));
    let declared = &welcome["result"]["capabilities"]["resources"];
    assert_eq!(*declared, json!({"subscribe": true, "listChanged": true}));
    let call = |id| legacy(id, "tools/call", json!({"name": "tell"}));
    client.ask(&call(2));
    let subscription = json!({"uri": "test:it"});
    let done = client.ask(&legacy(3, "resources/subscribe", subscription.clone()));
    assert_eq!(done["result"], json!({}), "{done}");
    client.send(&call(4).to_string());
    let (told, called) = (client.next(), client.next());
    let (told, called) = if told["id"] == 4 {
        (called, told)
    } else {
        (told, called)
    };
    assert_eq!(called["id"], 4);
    assert_eq!(told["method"], "notifications/resources/updated");
    assert_eq!(told["params"], subscription);
    client.ask(&legacy(5, "resources/unsubscribe", subscription));
    client.ask(&call(6));
    client.end();
}

#[test]
fn a_cancelled_call_ends_and_is_not_answered() {
    let bench = Bench::new();
    bench.write("nap.wasm", package(NAP, "1.0.0"));
    for message in [modern, legacy] {
        let mut client = Client::start(&bench, "nap.wasm");
        let began = Instant::now();
        client.send(&message(1, "tools/call", json!({"name": "nap"})).to_string());
        let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
        client.send(&cancel.to_string());
        // Its place is free again, and its id.
        let called = client.ask(&message(2, "tools/call", json!({"name": "nap"})));
        assert_eq!(called["result"]["content"][0]["text"], "rested");
        assert!(began.elapsed() >= Duration::from_millis(1_500));
        client.end();
    }
}

#[test]
fn who_listens_is_told_what_is_honoured_and_of_the_end() {
    let bench = Bench::with_hello();
    let mut client = Client::start(&bench, "hello.wasm");
    let params = json!({"notifications": {"toolsListChanged": true}});
    client.send(&modern(5, "subscriptions/listen", params).to_string());
    let acknowledged = client.next();
    assert_eq!(
        acknowledged["method"],
        "notifications/subscriptions/acknowledged"
    );
    assert_eq!(acknowledged["params"]["_meta"][SUBSCRIPTION], 5);
    // A second one, which the client ends itself, is not spoken of again.
    let params = json!({"notifications": {"promptsListChanged": true}});
    client.send(&modern(6, "subscriptions/listen", params).to_string());
    assert_eq!(client.next()["params"]["notifications"], json!({}));
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":6}}"#);
    drop(client.input.take());
    let cancelled = client.next();
    assert_eq!(cancelled["method"], "notifications/cancelled");
    assert_eq!(cancelled["params"]["requestId"], 5);
    assert_eq!(cancelled["params"]["_meta"][SUBSCRIPTION], 5);
    let ended = client.next();
    assert_eq!(ended["id"], 5);
    assert_eq!(ended["result"]["resultType"], "complete");
    client.end();
}

/// 2026-07-28, basic/index, "Error Codes" and "Per-request protocol fields": without headers too.
#[test]
fn a_modern_request_without_what_it_must_have_is_refused() {
    let bench = Bench::with_hello();
    let mut client = Client::start(&bench, "hello.wasm");
    let mut message = modern(1, "tools/list", json!({}));
    let meta = message["params"]["_meta"].as_object_mut().unwrap();
    meta.remove("io.modelcontextprotocol/clientCapabilities");
    assert_eq!(client.ask(&message)["error"]["code"], -32602);
    for (method, code) in [
        ("ping", -32601),
        ("prompts/get", -32601),
        ("no/such", -32601),
    ] {
        let refused = client.ask(&modern(2, method, json!({"name": "p"})));
        assert_eq!(refused["error"]["code"], code, "{method}");
    }
    client.end();
}

#[test]
fn what_cannot_be_served_is_said_before_anything_is_read() {
    let bench = Bench::new();
    bench.write("none.wasm", "no module");
    let ran = bench.smcp(&["--json", "run", "none.wasm"]);
    assert_eq!(ran.error(), (1, "not_a_module".to_owned()));
    assert_eq!(ran.stdout, "");
}
