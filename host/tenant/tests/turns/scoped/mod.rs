//! Clients of each era, at one server and at all as one, with keys that may not all do the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use serde_json::{Value, json};
use smcp_capability::turn::{Frame, Reply};

use crate::world::{self, Outcome, World, package_as, publisher};

pub const GUEST: &str = include_str!("../../../../../tests/guests/desk.wat");
pub const SHELF: &str = include_str!("../../../../../tests/guests/shelf.wat");
pub const OBJECT: &str = "tenant:acme";

/// One way to ask: of a server or of all, in one of the eras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    pub is_union: bool,
    pub is_modern: bool,
}

/// All of them.
pub const WAYS: [Way; 4] = [
    way(false, false),
    way(false, true),
    way(true, false),
    way(true, true),
];

const fn way(is_union: bool, is_modern: bool) -> Way {
    Way {
        is_union,
        is_modern,
    }
}

/// A tenant with the servers `desk` and `hello`, which are the same.
pub fn world() -> World {
    let mut world = World::new();
    world.acme(GUEST);
    publish(&mut world, "desk", GUEST);
    world
}

pub fn publish(world: &mut World, server: &str, wat: &str) {
    publish_as(world, server, wat, "1.0.0");
}

pub fn publish_as(world: &mut World, server: &str, wat: &str, version: &str) {
    let package = package_as(wat, version, &world::catalogue(wat), &publisher());
    let path = format!("/tenants/acme/servers/{server}/releases");
    let published = world.admin_bytes("POST", &path, package);
    assert_eq!(published.status(), 201, "{}", published.text());
}

pub fn key(world: &mut World, scopes: &str) -> String {
    world.key("acme", json!({"scopes": scopes}))
}

/// A client: its key, its way, the server that it means, and in the legacy era its session.
pub struct Client<'a> {
    pub key: &'a str,
    pub way: Way,
    pub server: &'a str,
    pub session: Option<String>,
}

impl<'a> Client<'a> {
    pub fn new(world: &mut World, key: &'a str, way: Way, server: &'a str) -> Self {
        let mut client = Self {
            key,
            way,
            server,
            session: None,
        };
        if !way.is_modern {
            let params = json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "tester", "version": "1"},
            });
            let begun = client.send(world, "initialize", params);
            assert_eq!(begun.status(), 200, "{}", begun.text());
            client.session = Some(header(&begun.reply, "mcp-session-id").unwrap());
        }
        client
    }

    pub fn path(&self) -> String {
        match self.way.is_union {
            true => "/t/acme/mcp".to_owned(),
            false => format!("/t/acme/{}/mcp", self.server),
        }
    }

    /// A name as it is called there.
    pub fn name(&self, own: &str) -> String {
        match self.way.is_union {
            true => format!("{}__{own}", self.server),
            false => own.to_owned(),
        }
    }

    /// A URI as it is called there.
    pub fn uri(&self, own: &str) -> String {
        match self.way.is_union {
            true => format!("smcp+{}+{own}", self.server),
            false => own.to_owned(),
        }
    }

    fn frame(&self, world: &mut World, method: &str, mut params: Value) -> Frame {
        let mut headers = Vec::new();
        if self.way.is_modern {
            let name = params.get("name").or(params.get("uri")).cloned();
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            });
            headers.push(("mcp-protocol-version", "2026-07-28".to_owned()));
            headers.push(("mcp-method", method.to_owned()));
            if let Some(name) = name {
                headers.push(("mcp-name", name.as_str().unwrap().to_owned()));
            }
        }
        if let Some(session) = &self.session {
            headers.push(("mcp-protocol-version", "2025-11-25".to_owned()));
            headers.push(("mcp-session-id", session.clone()));
        }
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let body = body.to_string().into_bytes();
        let mut frame = world.frame("POST", &self.path(), self.key, body);
        let headers = headers.into_iter();
        frame
            .headers
            .extend(headers.map(|(name, value)| (name.to_owned(), value)));
        frame
    }

    pub fn send(&self, world: &mut World, method: &str, params: Value) -> Outcome {
        let frame = self.frame(world, method, params);
        world.send(OBJECT, frame)
    }

    /// How a request ends, in a word or two.
    pub fn ends(&self, world: &mut World, method: &str, params: Value) -> String {
        let outcome = self.send(world, method, params);
        if outcome.status() == 403 {
            return refused(&outcome.reply);
        }
        let answer = outcome.json();
        match answer["error"]["data"]["code"].as_str() {
            Some(code) => code.to_owned(),
            None if answer["result"].is_object() => "done".to_owned(),
            None => panic!("{answer}"),
        }
    }

    pub fn calls(&self, world: &mut World, tool: &str) -> String {
        let params = json!({"name": self.name(tool), "arguments": {}});
        self.ends(world, "tools/call", params)
    }

    /// The names or URIs of a list.
    pub fn lists(&self, world: &mut World, method: &str) -> Vec<String> {
        let answer = self.send(world, method, json!({})).json();
        let result = answer["result"].as_object().unwrap();
        assert!(!result.contains_key("nextCursor"), "{answer}");
        let items = result.values().find_map(Value::as_array);
        let key = |item: &Value| {
            let keys = [&item["uri"], &item["uriTemplate"], &item["name"]];
            keys.into_iter().find_map(Value::as_str).unwrap().to_owned()
        };
        items.unwrap().iter().map(key).collect()
    }

    /// Begins to listen for a resource: the stream, or how that was refused.
    pub fn listens(&self, world: &mut World) -> Result<usize, String> {
        let uri = self.uri("desk:it");
        if !self.way.is_modern {
            let params = json!({"uri": uri});
            return match self.ends(world, "resources/subscribe", params) {
                done if done == "done" => Ok(self.opens(world)),
                refused => Err(refused),
            };
        }
        let params = json!({"notifications": {"resourceSubscriptions": [uri]}});
        let frame = self.frame(world, "subscriptions/listen", params);
        let tag = if self.way.is_union { "*" } else { self.server };
        let listened = world.listen(OBJECT, tag, frame);
        listened.map_err(|reply| refused(&reply))
    }

    /// Opens the stream of its session.
    pub fn opens(&self, world: &mut World) -> usize {
        let session = self.session.as_deref().unwrap();
        let mut frame = world.frame("GET", &self.path(), self.key, Vec::new());
        for (name, value) in [
            ("mcp-session-id", session),
            ("mcp-protocol-version", "2025-11-25"),
        ] {
            frame.headers.push((name.to_owned(), value.to_owned()));
        }
        world
            .listen(OBJECT, session, frame)
            .unwrap_or_else(|reply| panic!("{reply:?}"))
    }
}

fn header(reply: &Reply, name: &str) -> Option<String> {
    let mut headers = reply.head.headers.iter();
    let found = headers.find(|(own, _)| own == name);
    found.map(|(_, value)| value.clone())
}

/// The scope that a refusal asks for.
pub fn refused(reply: &Reply) -> String {
    assert_eq!(reply.head.status, 403);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["error"]["code"], "insufficient_scope");
    let challenge = header(reply, "www-authenticate").unwrap();
    assert!(challenge.contains(r#"error="insufficient_scope""#));
    let (_, rest) = challenge.split_once(r#"scope=""#).unwrap();
    format!("403 {}", rest.split_once('"').unwrap().0)
}

/// What a stream was told since this was last asked.
pub fn told(world: &mut World, stream: usize) -> String {
    std::mem::take(&mut world.streams[stream].told)
}
