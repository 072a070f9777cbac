//! Requests: bytes to JSON-RPC to a message, and a whole HTTP frame through a tenant's turn.
//!
//! An input is a request as one would write it: a line with method and path, lines of headers, an empty line, the body. `$KEY`
//! and `$ADMIN` in a header stand for credentials that hold. Who has none changes nothing; whoever asks, the host does not fail,
//! and the next call works.

use std::sync::OnceLock;

use serde_json::{Value, json};
use smcp_capability::turn::{Frame, Listen, Reply, Step};
use smcp_protocol::json::Json;
use smcp_protocol::{Call, Head, Version, batch};

use crate::world::{ADMIN, BASE, Stored, World, tool_call};
use crate::{Seed, Target};

pub(crate) const TARGET: Target = Target {
    name: "frame",
    check,
    stages: &[
        "no request",
        "refused",
        "accepted",
        "answered",
        "an error",
        "streamed",
        "administered",
    ],
    seeds,
};

/// A turn that takes more steps does not end.
const STEPS: usize = 20_000;

fn check(input: &[u8]) -> &'static str {
    let Some(request) = Request::read(input) else {
        return "no request";
    };
    request.is_a_message();
    request.goes_through_a_turn()
}

/// A request as it is written.
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    headers: Vec<(String, String)>,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    fn read(input: &'a [u8]) -> Option<Self> {
        let end = input.windows(2).position(|pair| pair == b"\n\n")?;
        let head = std::str::from_utf8(&input[..end]).ok()?;
        let mut lines = head.lines();
        let (method, path) = lines.next()?.split_once(' ')?;
        let field = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_ascii_lowercase(), value.to_owned()))
        };
        // What the edge passes on: a path, and no more headers than a request has.
        Some(Self {
            method,
            path: Some(path).filter(|path| path.starts_with('/'))?,
            headers: lines.take(40).map(field).collect::<Option<_>>()?,
            body: &input[end + 2..],
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let field = self.headers.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value.as_str())
    }

    /// Reads the body as the protocol does, without a tenant.
    fn is_a_message(&self) {
        if let Ok(json) = Json::parse(self.body) {
            assert_eq!(json.text().as_bytes(), self.body.trim_ascii());
            serde_json::from_slice::<&serde_json::value::RawValue>(self.body)
                .expect("what is taken for JSON is JSON");
        }
        let head = Head {
            protocol_version: self.header("mcp-protocol-version"),
            mcp_method: self.header("mcp-method"),
            mcp_name: self.header("mcp-name"),
            accept: self.header("accept"),
            content_type: self.header("content-type"),
            session_id: self.header("mcp-session-id"),
            session_version: None,
            all: &self.headers,
        };
        match Call::read(&head, self.body) {
            Ok(Call::Request(request)) => {
                assert!(Version::ALL.contains(&request.version()));
                let pong = request.reply_to().pong();
                assert_json(pong.json().as_bytes());
            }
            Ok(_) => {}
            Err(refusal) => {
                let reply = refusal.answer();
                assert!((400..500).contains(&refusal.reply().status) || reply.status() == 200);
                assert_json(reply.json().as_bytes());
            }
        }
        if let Some(Ok(messages)) = batch(&head, self.body) {
            assert!(!messages.is_empty(), "an empty batch is none");
        }
    }

    /// Sends it to an object that has just woken.
    fn goes_through_a_turn(&self) -> &'static str {
        let stage = stage();
        let mut world = stage.stored.wake();
        let before = world.all_rows().into_iter().map(owned).collect::<Vec<_>>();
        let object = self.object();
        let reply = ended(&mut world, object, self.frame(&stage.key));
        let status = reply.head.status;
        assert!((200..600).contains(&status), "{status}");
        assert_ne!(
            status,
            500,
            "a request made the host fail: {}",
            text(&reply.body)
        );
        assert_form(&reply);
        let path = self.path.split('?').next().unwrap_or_default();
        let is_guarded = path.starts_with("/t/") || path.starts_with("/admin/");
        if is_guarded && !self.has_credential() {
            let after = world.all_rows().into_iter().map(owned).collect::<Vec<_>>();
            assert_eq!(before, after, "who has no credential has changed something");
            assert!(
                status >= 400 || self.method == "OPTIONS",
                "let in without a credential: {status}"
            );
        }
        if !self
            .headers
            .iter()
            .any(|(_, value)| value.contains("$ADMIN"))
        {
            the_next_call_works(&mut world, &stage.key);
        }
        self.stage(&reply)
    }

    fn stage(&self, reply: &Reply) -> &'static str {
        let is_stream =
            field(reply, "content-type").is_some_and(|form| form.starts_with("text/event"));
        match reply.head.status {
            200 if is_stream => "streamed",
            200..300 if self.path.starts_with("/admin/") => "administered",
            202 => "accepted",
            200 if text(&reply.body).contains("\"error\":") => "an error",
            200..300 => "answered",
            _ => "refused",
        }
    }

    /// The object that the edge sends it to.
    fn object(&self) -> &'static str {
        if self.path.contains("/acme") {
            "tenant:acme"
        } else {
            "platform"
        }
    }

    fn has_credential(&self) -> bool {
        self.header("authorization")
            .is_some_and(|value| value.contains('$'))
    }

    fn frame(&self, key: &str) -> Frame {
        let value = |value: &str| value.replace("$KEY", key).replace("$ADMIN", ADMIN);
        let fields = self.headers.iter();
        Frame {
            entropy: [9; 32],
            method: self.method.to_ascii_uppercase(),
            base: BASE.to_owned(),
            path: self.path.to_owned(),
            headers: fields
                .map(|(name, text)| (name.clone(), value(text)))
                .collect(),
            body: self.body.to_vec(),
        }
    }
}

/// Drives a turn to its end: the head, and all that was sent after it.
fn ended(world: &mut World, object: &str, frame: Frame) -> Reply {
    let turn = world.begin(object, frame);
    let (mut answer, mut stream, mut head) = (None, Vec::new(), None);
    for _ in 0..STEPS {
        match world.step(object, turn, answer.take()) {
            Step::Need(effect) => answer = Some(world.perform(object, effect)),
            Step::Yield => world.pass(1.0),
            Step::Open(opened) => head = Some(opened),
            Step::Emit(bytes) => stream.extend(bytes),
            Step::Done(reply) => {
                stream.extend(reply.body);
                let head = head.unwrap_or(reply.head);
                return Reply { head, body: stream };
            }
            Step::Listen(Listen { head, first, .. }) => return Reply { head, body: first },
            Step::Queued => panic!("it waits for others, and there are none"),
        }
    }
    panic!("a turn that does not end")
}

fn the_next_call_works(world: &mut World, key: &str) {
    let said = world.call(key, &tool_call(1, "look", json!({}))).json();
    assert_eq!(
        said["result"]["isError"],
        Value::Null,
        "the next call fails: {said}"
    );
    assert!(said.get("result").is_some(), "the next call fails: {said}");
}

/// What says that it is JSON is JSON, and so is every event of a stream.
fn assert_form(reply: &Reply) {
    let form = field(reply, "content-type").unwrap_or_default();
    if form.starts_with("application/json") && !reply.body.is_empty() {
        assert_json(&reply.body);
    }
    if form.starts_with("text/event-stream") {
        let events = text(&reply.body);
        for line in events
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
        {
            assert_json(line.as_bytes());
        }
    }
}

fn assert_json(bytes: &[u8]) {
    let read = serde_json::from_slice::<Value>(bytes);
    assert!(
        read.is_ok(),
        "said to be JSON: {}",
        String::from_utf8_lossy(bytes)
    );
}

fn field<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    let found = reply.head.headers.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn owned<T>((name, rows): (&str, T)) -> (String, T) {
    (name.to_owned(), rows)
}

/// A tenant with a server and a key.
struct Stage {
    stored: Stored,
    key: String,
}

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let mut world = World::new();
        let key = world.acme(SERVER);
        Stage {
            stored: world.stored(),
            key,
        }
    })
}

/// It has all that a server can have; its tool `look` is always there.
const SERVER: &str = include_str!("../../guests/desk.wat");

fn seeds() -> Vec<Seed> {
    let modern = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    let with_key = "content-type: application/json\naccept: application/json, text/event-stream\nauthorization: Bearer $KEY";
    let rpc = |method: &str, params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}}}}}"#)
    };
    let legacy = |method: &str, params: &str| {
        let body = rpc(method, params);
        format!("POST /t/acme/hello/mcp\n{with_key}\nmcp-protocol-version: 2025-11-25\n\n{body}")
    };
    let new = |method: &str, name: &str, params: &str| {
        let body = rpc(method, &format!("{params}{modern}"));
        let name = if name.is_empty() {
            String::new()
        } else {
            format!("\nmcp-name: {name}")
        };
        format!(
            "POST /t/acme/hello/mcp\n{with_key}\nmcp-protocol-version: 2026-07-28\nmcp-method: {method}{name}\n\n{body}"
        )
    };
    let admin = |line: &str, body: &str| {
        format!("{line}\ncontent-type: application/json\nauthorization: Bearer $ADMIN\n\n{body}")
    };
    let call = r#""name":"look","arguments":{"text":"\u00e9"},"#;
    let plain = call.trim_end_matches(',');
    let seeds = [
        ("nothing", String::new()),
        ("call", legacy("tools/call", plain)),
        ("call-modern", new("tools/call", "look", call)),
        ("call-unknown", legacy("tools/call", r#""name":"none""#)),
        ("initialize", legacy("initialize", r#""protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c","version":"1"}"#)),
        ("discover", new("server/discover", "", "")),
        ("list", legacy("tools/list", r#""cursor":"x""#)),
        ("list-modern", new("tools/list", "", "")),
        ("ping", legacy("ping", "")),
        ("read", new("resources/read", "desk:it", r#""uri":"desk:it","#)),
        ("complete", legacy("completion/complete", r#""ref":{"type":"ref/prompt","name":"ask"},"argument":{"name":"a","value":"v"}"#)),
        ("prompt", legacy("prompts/get", r#""name":"ask""#)),
        (
            "subscribe",
            legacy("resources/subscribe", r#""uri":"desk:it""#),
        ),
        ("listen", new("subscriptions/listen", "", r#""notifications":{"toolsListChanged":true},"#)),
        ("task", new("tasks/get", "abc", r#""taskId":"abc","#)),
        ("state", new("tools/call", "look", r#""name":"look","requestState":"AAAA","inputResponses":{"q":{"action":"accept"}},"#)),
        ("notification", format!("POST /t/acme/hello/mcp\n{with_key}\n\n{}", r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)),
        ("response", format!("POST /t/acme/hello/mcp\n{with_key}\nmcp-session-id: x\n\n{}", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#)),
        ("batch", format!("POST /t/acme/hello/mcp\n{with_key}\nmcp-protocol-version: 2025-03-26\n\n[{},{}]", rpc("ping", ""), rpc("tools/list", ""))),
        ("union", legacy("tools/list", "").replace("/acme/hello/mcp", "/acme/mcp")),
        ("no-credential", legacy("tools/call", plain).replace("$KEY", "smcp_acme_k1_AAAA")),
        ("get", format!("GET /t/acme/hello/mcp\n{with_key}\n\n")),
        ("delete", format!("DELETE /t/acme/hello/mcp\n{with_key}\nmcp-session-id: x\n\n")),
        ("options", "OPTIONS /t/acme/hello/mcp\norigin: https://a.example\naccess-control-request-method: POST\n\n".to_owned()),
        ("admin-list", admin("GET /admin/v1/tenants/acme/keys?limit=1", "")),
        ("admin-key", admin("POST /admin/v1/tenants/acme/keys", r#"{"name":"n","scopes":["mcp:read"]}"#)),
        ("admin-grant", admin("PUT /admin/v1/tenants/acme/servers/hello/grants", r#"{"host":"*.example.com","methods":["GET"]}"#)),
        ("admin-tenant", admin("POST /admin/v1/tenants", r#"{"tenant":"second"}"#)),
        ("admin-by-key", admin("GET /admin/v1/tenants/acme/keys", "").replace("$ADMIN", "$KEY")),
        ("admin-by-nobody", admin("DELETE /admin/v1/tenants/acme/servers/hello", "").replace("Bearer $ADMIN", "Bearer x")),
        ("token", "POST /token\ncontent-type: application/x-www-form-urlencoded\n\ngrant_type=authorization_code&code=smcpc_acme_g1_1_AAAA&resource=https://mcp.example/t/acme/hello/mcp".to_owned()),
        ("register", "POST /register\ncontent-type: application/json\n\n{\"redirect_uris\":[\"http://127.0.0.1/cb\"]}".to_owned()),
    ];
    let named = |(name, text): (&str, String)| (name.to_owned(), text.into_bytes());
    seeds.into_iter().map(named).collect()
}
