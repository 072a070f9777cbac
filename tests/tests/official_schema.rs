//! All that `everything` offers, on real workerd, in every version: each message that is sent and
//! each that comes back is held against the official schema, where that is at hand
//! (`smcp_tests::mcp` and `smcp_tests::http` do so). Here is only what to call, and that no shape
//! was missed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::{Value, json};
use smcp_tests::mcp::{Client, LEGACY, MODERN};
use smcp_tests::{schema, stage};

const TENANT: &str = "official";

struct Released {
    first: PathBuf,
    next: PathBuf,
    key: String,
}

/// A server of a test's own with the first release of `everything`; gives its endpoint too.
fn served(name: &str) -> (String, &'static Released) {
    static RELEASED: OnceLock<Released> = OnceLock::new();
    let platform = stage().platform();
    let released = RELEASED.get_or_init(|| {
        platform.tenant(TENANT).unwrap();
        let package = |source, file| platform.package_as(TENANT, source, file).unwrap();
        Released {
            first: package("everything", "first.wasm"),
            next: package("everything/next", "next.wasm"),
            key: platform.key(TENANT).unwrap(),
        }
    });
    platform.publish(&released.first, TENANT, name).unwrap();
    (platform.endpoint(TENANT, name), released)
}

/// What the user, the model or the client's host answers to each sort of question.
fn answered(question: &Value) -> Value {
    match question["method"].as_str().unwrap() {
        "elicitation/create" => {
            let fields = question["params"]["requestedSchema"]["properties"].as_object();
            let content: serde_json::Map<_, _> = fields
                .unwrap()
                .iter()
                .map(|(name, field)| (name.clone(), filled_in(field)))
                .collect();
            json!({"action": "accept", "content": content})
        }
        "sampling/createMessage" => {
            json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "t"}})
        }
        "roots/list" => json!({"roots": [{"uri": "file:///home"}]}),
        other => panic!("{other}"),
    }
}

/// Something that fits a field of a form.
fn filled_in(field: &Value) -> Value {
    if let Some(choice) = field.pointer("/enum/0") {
        return choice.clone();
    }
    let choices = ["/oneOf/0/const", "/anyOf/0/const"];
    if let Some(choice) = choices.iter().find_map(|at| field.pointer(at)) {
        return choice.clone();
    }
    match field["type"].as_str().unwrap() {
        "boolean" => json!(true),
        "integer" | "number" => json!(1),
        "array" => json!([filled_in(&field["items"])]),
        _ => json!("text"),
    }
}

/// What came back in all, in one word for each shape.
#[derive(Default)]
struct Seen(BTreeSet<String>);

impl Seen {
    /// Makes a request, answers what is asked instead, and notes all that comes.
    fn exchange(&mut self, client: &Client, method: &str, mut params: Value) -> Value {
        for _ in 0..4 {
            let mut messages = schema::messages(&client.send(method, params.clone()).unwrap());
            let response = messages.pop().unwrap();
            for message in messages {
                self.0
                    .insert(message["method"].as_str().unwrap().to_owned());
            }
            let result = &response["result"];
            let Some(questions) = result["inputRequests"].as_object() else {
                let code = &response["error"]["code"];
                self.0.insert(if code.is_i64() {
                    format!("error {code}")
                } else {
                    method.to_owned()
                });
                return response;
            };
            for question in questions.values() {
                self.0
                    .insert(format!("asks {}", question["method"].as_str().unwrap()));
            }
            let answers = questions
                .iter()
                .map(|(id, asked)| (id.clone(), answered(asked)));
            params["inputResponses"] = Value::Object(answers.collect());
            params["requestState"] = result["requestState"].clone();
        }
        panic!("{method} {params} asks without end");
    }

    /// Lists all, calls all.
    fn everything(&mut self, client: &Client) {
        let mut list = |method: &str, member: &str| -> Vec<Value> {
            let mut response = self.exchange(client, method, json!({}));
            serde_json::from_value(response["result"][member].take()).unwrap()
        };
        let tools = list("tools/list", "tools");
        let prompts = list("prompts/list", "prompts");
        let resources = list("resources/list", "resources");
        assert_eq!(
            list("resources/templates/list", "resourceTemplates").len(),
            1
        );
        assert!(tools.len() > 15 && prompts.len() > 4 && resources.len() > 1);
        for tool in tools {
            // One wants its argument as a header too, which official clients see to; some are slow.
            let arguments = match tool["name"].as_str().unwrap() {
                "test_header_parameters" | "test_long_call" | "test_reconnection" => continue,
                "test_counting" => json!({"to": 2, "pauseMillis": 1}),
                "test_sampling" => json!({"prompt": "Greet me."}),
                "test_elicitation" => json!({"message": "Who are you?"}),
                "greet" => json!({"name": "Ada"}),
                "slow_compute" => json!({"seconds": 0}),
                "confirm_delete" => json!({"filename": "a"}),
                "json_schema_2020_12_tool" => json!({"email": "a@b.example"}),
                _ => json!({}),
            };
            let params = json!({"name": tool["name"], "arguments": arguments});
            self.exchange(client, "tools/call", params);
        }
        for prompt in prompts {
            let given = prompt["arguments"].as_array().into_iter().flatten();
            let given = given.map(|argument| {
                let name = argument["name"].as_str().unwrap();
                (name.to_owned(), json!("test://x"))
            });
            let given: serde_json::Map<_, _> = given.collect();
            let params = json!({"name": prompt["name"], "arguments": given});
            self.exchange(client, "prompts/get", params);
        }
        for resource in resources {
            self.exchange(client, "resources/read", json!({"uri": resource["uri"]}));
        }
        self.exchange(
            client,
            "resources/read",
            json!({"uri": "test://template/1/data"}),
        );
        self.exchange(client, "resources/read", json!({"uri": "test://nothing"}));
        let reference = json!({"type": "ref/prompt", "name": "test_prompt_with_arguments"});
        let argument = json!({"name": "arg1", "value": "par"});
        let params = json!({"ref": reference, "argument": argument});
        self.exchange(client, "completion/complete", params);
        self.exchange(client, "tools/call", json!({"name": "nothing"}));
        self.exchange(client, "tools/list", json!({"cursor": "x"}));
    }

    #[track_caller]
    fn must_be(&self, expected: &[&str]) {
        let expected: BTreeSet<_> = expected.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(self.0, expected);
    }
}

const IN_EACH_ERA: [&str; 11] = [
    "completion/complete",
    "error -32602",
    "error -32603",
    "notifications/progress",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "tools/call",
    "tools/list",
];

#[test]
fn every_message_of_the_modern_era_fits_the_official_schema() {
    let (endpoint, released) = served("modern");
    let client = Client::new(&endpoint, &released.key, MODERN)
        .with_meta("progressToken", json!("p"))
        .with_meta("io.modelcontextprotocol/logLevel", json!("debug"));
    let mut seen = Seen::default();
    seen.exchange(&client, "server/discover", json!({}));
    seen.everything(&client.clone().that_answers());
    // Who can be asked nothing is refused where that is needed.
    let params = json!({"name": "test_missing_capability"});
    seen.exchange(&client, "tools/call", params);
    seen.must_be(
        &[
            &IN_EACH_ERA[..],
            &[
                "asks elicitation/create",
                "asks roots/list",
                "asks sampling/createMessage",
                "error -32021",
                "notifications/message",
                "server/discover",
            ],
        ]
        .concat(),
    );
}

#[test]
fn every_message_of_the_legacy_era_fits_the_official_schema() {
    let (endpoint, released) = served("legacy");
    for version in LEGACY {
        let client =
            Client::new(&endpoint, &released.key, version).with_meta("progressToken", json!("p"));
        let plain = Client::new(&endpoint, &released.key, version);
        let mut seen = Seen::default();
        let info = json!({"name": "smcp-tests", "version": "1.0.0"});
        let hello = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": info});
        let response = seen.exchange(&plain, "initialize", hello);
        assert_eq!(response["result"]["protocolVersion"], version);
        seen.exchange(&plain, "ping", json!({}));
        seen.everything(&client);
        // What asks is answered with an error: legacy clients are not asked yet.
        seen.must_be(&[&IN_EACH_ERA[..], &["error -32021", "initialize", "ping"]].concat());
    }
}

#[test]
fn every_message_to_a_listener_fits_the_official_schema() {
    let (endpoint, released) = served("listened");
    let client = Client::new(&endpoint, &released.key, MODERN);
    let wish = json!({
        "toolsListChanged": true,
        "promptsListChanged": true,
        "resourcesListChanged": true,
        "resourceSubscriptions": ["test://static-text"],
    });
    let listen = client.message("subscriptions/listen", json!({"notifications": wish}));
    let text = listen.to_string();
    smcp_official::request(MODERN, &text).unwrap();
    let mut stream = client.ask(&listen).open(text.as_bytes()).unwrap();
    let acknowledged = stream.message().unwrap();
    assert_eq!(acknowledged["params"]["notifications"], wish);
    let platform = stage().platform();
    platform
        .publish(&released.next, TENANT, "listened")
        .unwrap();
    let told: BTreeSet<_> = [stream.message().unwrap(), stream.message().unwrap()]
        .map(|message| message["method"].to_string())
        .into();
    let expected =
        ["tools", "prompts"].map(|list| format!("\"notifications/{list}/list_changed\""));
    assert_eq!(told, expected.into());
}
