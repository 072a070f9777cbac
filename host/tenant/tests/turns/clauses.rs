//! Clauses of MCP 2026-07-28 that only a whole tenant shows: what an answer must not depend on, which
//! headers and methods are refused, what a structured result must be.

use crate::world::{Outcome, World};
use serde_json::{Value, json};
use smcp_ids::limits;

const GREET: &str = include_str!("../../../../tests/guests/greet.wat");
const HERE: &str = "/t/acme/hello/mcp";
const UNION: &str = "/t/acme/mcp";

/// The guest that greets, but with these lists and that answer.
fn guest(catalogue: &str, output: &str) -> String {
    let quoted = |text: &str| text.replace('"', "\\\"");
    let line = |at: u32, text: &str| format!("(data (i32.const {at}) \"{}\")", quoted(text));
    assert!(catalogue.len() <= 448, "{}", catalogue.len());
    let old = r#"{"tools":[{"name":"greet","inputSchema":{"type":"object"}}]}"#;
    let said = r#"{"content":[{"type":"text","text":"hello"}]}"#;
    GREET
        .replace(&line(64, old), &line(64, catalogue))
        .replace(&line(512, said), &line(512, output))
        .replace(
            "(i32.store (i32.const 20) (i32.const 60))",
            &format!("(i32.store (i32.const 20) (i32.const {}))", catalogue.len()),
        )
        .replace(
            "(i32.store (i32.const 24) (i32.const 44))",
            &format!("(i32.store (i32.const 24) (i32.const {}))", output.len()),
        )
}

/// A modern request, with more headers and more in its `_meta`.
struct Ask<'a> {
    path: &'a str,
    method: &'a str,
    params: Value,
    headers: Vec<(&'a str, &'a str)>,
    meta: Value,
}

impl<'a> Ask<'a> {
    fn new(method: &'a str, params: Value) -> Self {
        Self {
            path: HERE,
            method,
            params,
            headers: Vec::new(),
            meta: json!({}),
        }
    }

    fn send(mut self, world: &mut World, key: &str) -> Outcome {
        self.params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        for (name, value) in self.meta.as_object().unwrap() {
            self.params["_meta"][name] = value.clone();
        }
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": self.method, "params": self.params});
        let mut frame = world.frame("POST", self.path, key, body.to_string().into_bytes());
        let name = self.params["name"].as_str().unwrap_or_default();
        let name = self.params["uri"].as_str().unwrap_or(name);
        for (name, value) in [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", self.method),
            ("mcp-name", name),
        ]
        .into_iter()
        .chain(self.headers)
        {
            frame.headers.push((name.to_owned(), value.to_owned()));
        }
        world.send("tenant:acme", frame)
    }
}

/// basic/index, "Statelessness"; server/tools, "Capabilities": not by connection, nor by what was asked
/// before. Nor by who asks, as long as they see the server.
#[test]
fn a_list_is_the_same_for_everybody_and_after_anything() {
    let mut world = World::new();
    let key = world.acme(&guest(
        r#"{"tools":[{"name":"b","inputSchema":{"type":"object"}},{"name":"a","inputSchema":{"type":"object"}}]}"#,
        r#"{"content":[]}"#,
    ));
    let other = world.key("acme", json!({}));
    let list = |world: &mut World, key: &str| {
        let listed = Ask::new("tools/list", json!({})).send(world, key);
        listed.text().to_owned()
    };
    let first = list(&mut world, &key);
    assert!(first.find(r#""b""#) < first.find(r#""a""#), "{first}");
    Ask::new("tools/call", json!({"name": "a"})).send(&mut world, &key);
    assert_eq!(list(&mut world, &key), first, "after a call");
    assert_eq!(list(&mut world, &other), first, "with another key");
    world.evict();
    assert_eq!(list(&mut world, &key), first, "in another process");
}

/// basic/index, "Per-request protocol fields": who a client says it is changes nothing.
/// basic/versioning, "Extension Negotiation": neither does an extension that we do not have.
/// basic/transports/streamable-http, "Earlier Streamable HTTP Revisions": neither do a session's
/// header nor that of a stream to resume, and no session is begun.
#[test]
fn what_a_client_says_of_itself_and_of_sessions_changes_no_answer() {
    let mut world = World::new();
    let key = world.acme(GREET);
    for (method, params) in [
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("tools/call", json!({"name": "greet"})),
        ("tools/call", json!({"name": "nothing"})),
    ] {
        let ask = || Ask::new(method, params.clone());
        let plain = ask().send(&mut world, &key);
        let expected = plain.text();
        let client = json!({"name": "someone else", "version": "9"});
        let named = Ask {
            meta: json!({"io.modelcontextprotocol/clientInfo": client}),
            ..ask()
        };
        // The guest is given the whole `_meta`: what it makes of that costs other fuel.
        let named = named.send(&mut world, &key);
        let without_usage = |text: &str| {
            let mut json: Value = serde_json::from_str(text).unwrap();
            json["result"]["_meta"]["smcp/usage"] = json!(null);
            json
        };
        assert_eq!(without_usage(named.text()), without_usage(expected));
        let capabilities = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        let extended = Ask {
            meta: json!({"io.modelcontextprotocol/clientCapabilities": capabilities}),
            ..ask()
        };
        let extended = extended.send(&mut world, &key);
        assert_eq!(without_usage(extended.text()), without_usage(expected));
        let resumed = Ask {
            headers: vec![("mcp-session-id", "s1"), ("last-event-id", "e1")],
            ..ask()
        };
        let resumed = resumed.send(&mut world, &key);
        assert_eq!(resumed.text(), expected);
        let names = resumed.reply.head.headers.iter().map(|(name, _)| name);
        assert!(names.into_iter().all(|name| name != "mcp-session-id"));
    }
}

/// basic/transports/streamable-http, "Server Behavior for Custom Headers": the lists of both addresses
/// say which arguments are mirrored, so both are checked.
#[test]
fn mirrored_arguments_are_compared_at_either_address() {
    let mut world = World::new();
    let key = world.acme(&guest(
        r#"{"tools":[{"name":"greet","inputSchema":{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"R"}}}}]}"#,
        r#"{"content":[]}"#,
    ));
    for (path, name) in [(HERE, "greet"), (UNION, "hello__greet")] {
        let listed = Ask {
            path,
            ..Ask::new("tools/list", json!({}))
        };
        let listed = listed.send(&mut world, &key);
        assert!(listed.text().contains("x-mcp-header"), "{path}");
        for (headers, arguments, status) in [
            (vec![("mcp-param-r", "us")], json!({"r": "us"}), 200),
            (vec![], json!({}), 200),
            (vec![], json!({"r": null}), 200),
            (vec![("mcp-param-r", "eu")], json!({"r": "us"}), 400),
            (vec![], json!({"r": "us"}), 400),
            (vec![("mcp-param-r", "us")], json!({}), 400),
        ] {
            let called = Ask {
                path,
                headers: headers.clone(),
                ..Ask::new("tools/call", json!({"name": name, "arguments": arguments}))
            };
            let called = called.send(&mut world, &key);
            assert_eq!(called.status(), status, "{path} {headers:?} {arguments}");
            if status == 400 {
                assert_eq!(called.json()["error"]["code"], -32020);
            }
        }
    }
}

/// server/tools, server/prompts, server/resources, server/utilities/completion and
/// server/utilities/logging, "Capabilities".
#[test]
fn a_server_declares_what_it_has_and_nothing_else() {
    let changes = json!({"listChanged": true});
    let resources = json!({"listChanged": true, "subscribe": true});
    for (catalogue, declared) in [
        ("{}", json!({"logging": {}})),
        (r#"{"tools":[]}"#, json!({"logging": {}, "tools": changes})),
        (
            r#"{"prompts":[]}"#,
            json!({"logging": {}, "prompts": changes}),
        ),
        (
            r#"{"resources":[]}"#,
            json!({"logging": {}, "resources": resources}),
        ),
        (
            r#"{"resourceTemplates":[]}"#,
            json!({"logging": {}, "resources": resources}),
        ),
        (
            r#"{"completions":true}"#,
            json!({"logging": {}, "completions": {}}),
        ),
    ] {
        let mut world = World::new();
        let key = world.acme(&guest(catalogue, r#"{"content":[]}"#));
        let found = Ask::new("server/discover", json!({})).send(&mut world, &key);
        let capabilities = &found.json()["result"]["capabilities"];
        assert_eq!(*capabilities, declared, "{catalogue}");
    }
}

/// basic/transports/streamable-http, "Protocol Version Header"; schema, `MethodNotFoundError`: what is
/// behind a capability that the server does not declare, it does not have.
#[test]
fn a_method_whose_capability_is_not_declared_is_not_there() {
    let reference = json!({"type": "ref/prompt", "name": "p"});
    let complete = json!({"ref": reference, "argument": {"name": "a", "value": ""}});
    let prompts = r#"{"prompts":[{"name":"p"}]}"#;
    let tools = r#"{"tools":[{"name":"t","inputSchema":{"type":"object"}}]}"#;
    for (catalogue, absent) in [
        (
            tools,
            vec![
                ("prompts/list", json!({})),
                ("prompts/get", json!({"name": "p"})),
                ("resources/list", json!({})),
                ("resources/templates/list", json!({})),
                ("resources/read", json!({"uri": "a:b"})),
                ("completion/complete", complete),
            ],
        ),
        (
            prompts,
            vec![
                ("tools/list", json!({})),
                ("tools/call", json!({"name": "t"})),
            ],
        ),
    ] {
        let mut world = World::new();
        let key = world.acme(&guest(catalogue, r#"{"content":[]}"#));
        for (method, params) in absent {
            let refused = Ask::new(method, params).send(&mut world, &key);
            assert_eq!(refused.status(), 404, "{method}");
            assert_eq!(refused.json()["error"]["code"], -32601, "{method}");
        }
    }
}

/// server/tools, "Output Schema": a structured result that fits, unless the tool says that it failed.
#[test]
fn a_tool_with_an_output_schema_gives_what_it_says_or_the_call_fails() {
    const TOOL: &str = r#"{"tools":[{"name":"t","inputSchema":{"type":"object"},"outputSchema":{"type":"object","required":["n"]}}]}"#;
    for (output, good) in [
        (r#"{"content":[],"structuredContent":{"n":1}}"#, true),
        (r#"{"content":[],"structuredContent":{"m":1}}"#, false),
        (r#"{"content":[],"structuredContent":null}"#, false),
        (r#"{"content":[]}"#, false),
        (r#"{"content":[],"isError":true}"#, true),
    ] {
        let mut world = World::new();
        let key = world.acme(&guest(TOOL, output));
        let called = Ask::new("tools/call", json!({"name": "t"})).send(&mut world, &key);
        let answer = called.json();
        assert_eq!(answer["result"].is_object(), good, "{output} {answer}");
        if !good {
            assert_eq!(answer["error"]["data"]["code"], "result_structured");
            assert_eq!(answer["error"]["code"], -32603);
        }
    }
}

/// basic/patterns/progress, "Implementation Notes"; server/utilities/logging, "Security": what a call
/// tells is limited, and nothing is told that was not asked for.
#[test]
fn a_call_tells_so_much_and_no_more() {
    const IMPORTS: &str = r#"
  (import "smcp:server/context@0.1.0" "progress" (func $progress (param f64 i32 f64 i32 i32 i32)))
  (import "smcp:server/context@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))"#;
    let loops = |call: &str| {
        let body = format!(
            "(param i32 i32) (result i32)\n    (local $n f64)\n    (loop $more\n      (local.set $n (f64.add (local.get $n) (f64.const 1)))\n      \
             {call}\n      (br_if $more (f64.lt (local.get $n) (f64.const 1000))))\n    (call $ok)))"
        );
        GREET
            .replacen("(module", &format!("(module{IMPORTS}"), 1)
            .replace("(param i32 i32) (result i32)\n    (call $ok)))", &body)
    };
    let progress = loops(
        "(call $progress (local.get $n) (i32.const 0) (f64.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
    );
    // A kilobyte each, of what is zero in memory.
    let log = loops(
        "(call $log (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024) (i32.const 1024))",
    );
    let kibibytes = limits::LOG_MAX / 1_024;
    for (wat, meta, method, told) in [
        (
            &progress,
            json!({"progressToken": "p"}),
            "notifications/progress",
            limits::NOTIFICATIONS_MAX,
        ),
        (&progress, json!({}), "notifications/", 0),
        (
            &log,
            json!({"io.modelcontextprotocol/logLevel": "debug"}),
            "notifications/message",
            // One more says that the rest is dropped.
            kibibytes + 1,
        ),
        (
            &log,
            json!({"io.modelcontextprotocol/logLevel": "critical"}),
            "notifications/message",
            0,
        ),
        (&log, json!({}), "notifications/", 0),
    ] {
        let mut world = World::new();
        let key = world.acme(wat);
        let called = Ask {
            meta: meta.clone(),
            ..Ask::new("tools/call", json!({"name": "greet"}))
        };
        let called = called.send(&mut world, &key);
        let stream = called.stream.as_deref().unwrap_or_default();
        assert_eq!(stream.matches(method).count(), told, "{meta}");
        assert!(called.text().contains("hello"), "{}", called.text());
    }
}
