//! A server that runs little programs on its key-value storage, and calls of it beside each other.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use serde_json::{Value, json};
use smcp_capability::items::{Transacted, Transaction};
use smcp_capability::turn::{Effect, Frame, Performed, Step};
use smcp_crypto::SEAL_OVERHEAD;
use smcp_ids::limits;
use smcp_tenant::TurnId;
use smcp_tenant::item::Space;

use crate::world::World;

pub const GUEST: &str = include_str!("../../../../../tests/guests/kv.wat");
const OBJECT: &str = "tenant:acme";

/// A tenant whose server is the guest.
pub struct Kv {
    pub world: World,
    pub key: String,
    /// What the `_meta` of requests has besides.
    pub meta: Value,
}

impl Kv {
    pub fn new() -> Self {
        let mut world = World::new();
        let key = world.acme(GUEST);
        let meta = json!({});
        Self { world, key, meta }
    }

    /// Runs a program to its end; gives its text.
    #[track_caller]
    pub fn run(&mut self, program: &str) -> String {
        text(&self.call(program))
    }

    pub fn run_as(&mut self, key: &str, program: &str) -> Value {
        let own = std::mem::replace(&mut self.key, key.to_owned());
        let reply = self.call(program);
        self.key = own;
        reply
    }

    /// The answer to a call that runs a program.
    pub fn call(&mut self, program: &str) -> Value {
        self.call_tool("run", program)
    }

    pub fn call_tool(&mut self, tool: &str, program: &str) -> Value {
        let frame = self.frame_of("hello", tool, program, None);
        self.world.send(OBJECT, frame).json()
    }

    pub fn call_at(&mut self, server: &str, program: &str) -> Value {
        let frame = self.frame_of(server, "run", program, None);
        self.world.send(OBJECT, frame).json()
    }

    /// A request that runs a program; with a state, and the number of an answer, it goes on with one.
    pub fn frame(&mut self, program: &str, carried: Option<(&str, usize)>) -> Frame {
        self.frame_of("hello", "run", program, carried)
    }

    fn frame_of(
        &mut self,
        server: &str,
        tool: &str,
        program: &str,
        carried: Option<(&str, usize)>,
    ) -> Frame {
        let mut params = meta();
        for (name, value) in self.meta.as_object().unwrap() {
            params["_meta"][name] = value.clone();
        }
        params["name"] = json!(tool);
        params["arguments"] = json!({"program": format!("!{program}")});
        if let Some((state, number)) = carried {
            params["requestState"] = json!(state);
            params["inputResponses"] =
                json!({"who": {"action": "accept", "content": {"number": number}}});
        }
        let path = format!("/t/acme/{server}/mcp");
        self.modern(&path, "tools/call", Some(tool), params)
    }

    /// Lets the guest send requests to a host.
    pub fn grant(&mut self, host: &str, methods: &[&str]) {
        let grant = json!({"host": host, "methods": methods});
        let path = "/tenants/acme/servers/hello/grants";
        let outcome = self.world.admin("PUT", path, grant);
        assert_eq!(outcome.status(), 200, "{}", outcome.json());
    }

    /// Lets it no longer.
    pub fn revoke(&mut self, host: &str) {
        let path = "/tenants/acme/servers/hello/grants";
        let path = format!("{path}?host={host}");
        let outcome = self.world.admin("DELETE", &path, Value::Null);
        assert_eq!(outcome.status(), 200, "{}", outcome.json());
    }

    /// Puts bytes where the guest's server keeps a key, past the host.
    pub fn store(&mut self, key: &str, bytes: Vec<u8>) {
        let space = Space::of_server(&"hello".parse().unwrap());
        let write = space.write(space.place(key), Some(bytes), None);
        let went = self.world.items(OBJECT).transact(&Transaction {
            writes: vec![write],
            ..Transaction::default()
        });
        assert_eq!(went, Transacted::Done);
    }

    /// Nothing is stored of the tenant but what was done, and what is done each day.
    #[track_caller]
    pub fn assert_nothing_is_kept(&mut self) {
        let items = self.world.items(OBJECT);
        let own = items.len_of("audit") + items.len_of("due");
        assert_eq!(items.len(), own);
    }

    /// Fills what the server may keep, but for so many pairs of single characters.
    pub fn leave_room(&mut self, pairs: usize) {
        // A character, and a sealed one.
        let pair = 1 + SEAL_OVERHEAD + 1;
        let principal = "nobody";
        let space = Space::of_caller(&"hello".parse().unwrap(), principal);
        let left = limits::KV_STORE_MAX - (pair * pairs + pair / 2) as u64;
        // No single row is that large on the platform; here one may be.
        let filler = vec![0; usize::try_from(left).unwrap() - 1];
        let write = space.write(space.place("f"), Some(filler), None);
        let went = self.world.items(OBJECT).transact(&Transaction {
            writes: vec![write],
            ..Transaction::default()
        });
        assert_eq!(went, Transacted::Done);
    }

    /// Listens for changes of the guest's one resource.
    pub fn listen(&mut self) -> usize {
        let mut params = meta();
        params["notifications"] = json!({"resourceSubscriptions": ["a:b"]});
        let frame = self.modern("/t/acme/hello/mcp", "subscriptions/listen", None, params);
        self.world.listen(OBJECT, "hello", frame).unwrap()
    }

    fn modern(&mut self, path: &str, method: &str, name: Option<&str>, params: Value) -> Frame {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let body = body.to_string().into_bytes();
        let mut frame = self.world.frame("POST", path, &self.key, body);
        let headers = [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", method),
        ];
        for (header, value) in headers
            .into_iter()
            .chain(name.map(|name| ("mcp-name", name)))
        {
            frame.headers.push((header.to_owned(), value.to_owned()));
        }
        frame
    }
}

fn meta() -> Value {
    json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
    }})
}

/// The text of a program's result.
#[track_caller]
pub fn text(reply: &Value) -> String {
    let text = reply["result"]["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("{reply}")).to_owned()
}

/// A call in progress, driven as the shell drives it: what is at once lets nobody else run.
pub struct Running {
    pub turn: TurnId,
    answer: Option<Performed>,
}

impl Running {
    pub fn new(turn: TurnId) -> Self {
        Self { turn, answer: None }
    }

    /// Runs until it lets others run, or ends: then it gives the reply.
    pub fn advance(&mut self, world: &mut World) -> Option<Value> {
        loop {
            match world.step(OBJECT, self.turn, self.answer.take()) {
                Step::Done(reply) => {
                    let body = String::from_utf8(reply.body).unwrap();
                    let json = body.rsplit("data: ").next().unwrap();
                    return Some(serde_json::from_str(json).unwrap());
                }
                Step::Need(effect) => {
                    let waits = matches!(effect, Effect::Wait(_) | Effect::Fetch(_));
                    self.answer = Some(world.perform(OBJECT, effect));
                    if waits {
                        return None;
                    }
                }
                Step::Yield | Step::Queued => return None,
                Step::Open(_) | Step::Emit(_) => {}
                Step::Listen(_) => panic!("listens"),
            }
        }
    }

    pub fn finish(&mut self, world: &mut World) -> Value {
        loop {
            if let Some(reply) = self.advance(world) {
                return reply;
            }
        }
    }
}
