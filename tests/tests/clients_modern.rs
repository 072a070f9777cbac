//! Every official client uses the whole surface of MCP 2026-07-28 on real workerd: it lists, calls,
//! reads, completes, answers questions, gives up a call, and listens. And a question outlives the
//! host that asked it.
//!
//! All three clients support all of that in this era, each by its own means: none is spared a part.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
// Of sampling and roots, which servers may ask for still.
#![allow(deprecated, reason = "what is deprecated is served too")]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use smcp_tests::http::Ask;
use smcp_tests::stage;
use smcp_xtask::dev::{self, Options};
use smcp_xtask::platform::Platform;
use smcp_xtask::{paths, python};

const TENANT: &str = "modern";
/// One red pixel, as a PNG, in Base64.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

/// Builds and signs a release of `everything`: a crate below its directory.
fn package(platform: &Platform, release: &str, file: &str) -> PathBuf {
    let package = platform.scratch(file);
    let source = paths::root().join("examples/everything").join(release);
    let arguments = [
        OsStr::new("build"),
        OsStr::new("--path"),
        source.as_os_str(),
        OsStr::new("--out"),
        package.as_os_str(),
    ];
    platform.smcp(arguments).unwrap();
    platform.sign(TENANT, &package).unwrap();
    package
}

/// A server of a client's own, with the first release of `everything`, and the next release.
struct Served {
    name: &'static str,
    endpoint: String,
    key: String,
    next: PathBuf,
}

impl Served {
    fn new(name: &'static str) -> Self {
        static MADE: OnceLock<(PathBuf, PathBuf, String)> = OnceLock::new();
        let platform = stage().platform();
        let (first, next, key) = MADE.get_or_init(|| {
            platform.tenant(TENANT).unwrap();
            let first = package(platform, ".", "first.wasm");
            let next = package(platform, "next", "next.wasm");
            (first, next, platform.key(TENANT).unwrap())
        });
        platform.publish(first, TENANT, name).unwrap();
        Self {
            name,
            endpoint: platform.endpoint(TENANT, name),
            key: key.clone(),
            next: next.clone(),
        }
    }

    fn publish_next(&self) {
        let platform = stage().platform();
        platform.publish(&self.next, TENANT, self.name).unwrap();
    }
}

/// What every client must have been given by the first release.
#[track_caller]
fn check(mut seen: Value) {
    let tools = seen["tools"].take();
    assert!(has(&tools, "test_simple_text"), "{tools}");
    assert!(has(&tools, "test_this_release"), "{tools}");
    for list in ["resources", "prompts"] {
        let list = seen[list].as_array_mut().unwrap();
        list.sort_by_key(ToString::to_string);
    }
    let expected = json!({
        "version": "2026-07-28",
        "tools": null,
        "resources": ["test://static-binary", "test://static-text"],
        "templates": ["test://template/{id}/data"],
        "prompts": [
            "test_input_required_result_prompt",
            "test_prompt_with_arguments",
            "test_prompt_with_embedded_resource",
            "test_prompt_with_image",
            "test_simple_prompt",
            "test_this_release_prompt",
        ],
        "called": "This is a simple text response for testing.",
        "text": "This is the content of the static text resource.",
        "bytes": PIXEL,
        "prompt": "Prompt with arguments: arg1='one', arg2='two'",
        "completed": ["paris", "park", "party"],
        "elicited": "Hello, Ada!",
        "sampled": "Paris",
        "roots": "The client lends file:///home",
        "cancelled": true,
        "afterwards": "This is a simple text response for testing.",
    });
    assert_eq!(seen, expected);
}

/// The tools must be those of the next release.
#[track_caller]
fn check_next(tools: &Value) {
    assert!(has(tools, "test_next_release"), "{tools}");
    assert!(!has(tools, "test_this_release"), "{tools}");
}

fn has(list: &Value, name: &str) -> bool {
    list.as_array().unwrap().contains(&json!(name))
}

/// Runs a client that is a script. When it listens, the next release is published.
#[track_caller]
fn script(mut command: Command, name: &'static str) {
    let served = Served::new(name);
    let mut child = command
        .args([&served.endpoint, &served.key])
        .current_dir(paths::root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || -> Value {
        let line = lines.next().unwrap_or_else(|| panic!("{name} ended early"));
        serde_json::from_str(&line.unwrap()).unwrap()
    };
    check(line());
    assert_eq!(line(), json!({"listening": true}));
    served.publish_next();
    check_next(&line()["tools"]);
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_javascript_client_uses_all_that_a_server_offers() {
    let mut command = Command::new(paths::node());
    command.arg(paths::root().join("tests/clients/surface.mjs"));
    script(command, "javascript");
}

#[test]
fn the_python_client_uses_all_that_a_server_offers() {
    let mut command = Command::new(python::python().unwrap());
    command.arg(paths::root().join("tests/clients/surface.py"));
    script(command, "python");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_client_uses_all_that_a_server_offers() {
    use rmcp::model::{ProtocolVersion, SubscriptionFilter};
    use rmcp::transport::StreamableHttpClientTransport;
    use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
    use rmcp::{ClientLifecycleMode, ClientServiceExt};

    // The stage starts processes and waits for them: not on the runtime's thread.
    let served = tokio::task::spawn_blocking(|| Served::new("rust"));
    let served = served.await.unwrap();
    let config = StreamableHttpClientTransportConfig::with_uri(served.endpoint.clone())
        .auth_header(served.key.clone());
    let lifecycle = ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    };
    let (begun, has_begun) = std::sync::mpsc::channel();
    let client = rust::Answers { begun }
        .serve_with_lifecycle(
            StreamableHttpClientTransport::from_config(config),
            lifecycle,
        )
        .await
        .unwrap();
    check(rust::surface(&client, has_begun).await);

    let filter = SubscriptionFilter::builder().tools_list_changed().build();
    let mut subscription = client.listen(filter).await.unwrap();
    assert_eq!(subscription.acknowledged().tools_list_changed, Some(true));
    let publish = tokio::task::spawn_blocking(move || served.publish_next());
    publish.await.unwrap();
    assert!(subscription.next().await.unwrap().is_some());
    let tools = rust::column(&json!(client.list_all_tools().await.unwrap()), "name");
    check_next(&tools);
    subscription.cancel().await.unwrap();
    client.cancel().await.unwrap();
}

/// The official Rust client, and what its host would add: answers to questions.
mod rust {
    use std::sync::mpsc::{Receiver, Sender};
    use std::time::Duration;

    use rmcp::model::{
        CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientConfig, ClientRequest,
        CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams, ElicitResult,
        ElicitationAction, GetPromptRequestParams, Implementation, ListRootsResult,
        ProgressNotificationParam, ReadResourceRequestParams, Root, SamplingMessage,
    };
    use rmcp::service::{NotificationContext, PeerRequestOptions, RequestContext, RunningService};
    use rmcp::{ClientHandler, ErrorData, RoleClient};
    use serde_json::{Value, json};

    /// Answers each question, and says when a call says how far it is.
    pub(super) struct Answers {
        pub(super) begun: Sender<()>,
    }

    impl ClientHandler for Answers {
        fn get_info(&self) -> ClientConfig {
            let capabilities = json!({"elicitation": {}, "sampling": {}, "roots": {}});
            let capabilities: ClientCapabilities = serde_json::from_value(capabilities).unwrap();
            ClientConfig::new(capabilities, Implementation::new("smcp-tests", "1.0.0"))
        }

        async fn create_elicitation(
            &self,
            _: ElicitRequestParams,
            _: RequestContext<RoleClient>,
        ) -> Result<ElicitResult, ErrorData> {
            Ok(ElicitResult::new(ElicitationAction::Accept).with_content(json!({"name": "Ada"})))
        }

        async fn create_message(
            &self,
            _: CreateMessageRequestParams,
            _: RequestContext<RoleClient>,
        ) -> Result<CreateMessageResult, ErrorData> {
            let message = SamplingMessage::assistant_text("Paris");
            Ok(CreateMessageResult::new(message, "a model".into()))
        }

        async fn list_roots(
            &self,
            _: RequestContext<RoleClient>,
        ) -> Result<ListRootsResult, ErrorData> {
            Ok(ListRootsResult::new(vec![Root::new("file:///home")]))
        }

        async fn on_progress(
            &self,
            _: ProgressNotificationParam,
            _: NotificationContext<RoleClient>,
        ) {
            let _ = self.begun.send(());
        }
    }

    type Client = RunningService<RoleClient, Answers>;

    /// What it is given, in the shape that the scripts write.
    pub(super) async fn surface(client: &Client, begun: Receiver<()>) -> Value {
        let name = "test_prompt_with_arguments";
        let arguments = json!({"arg1": "one", "arg2": "two"});
        let prompt = GetPromptRequestParams::new(name)
            .with_arguments(arguments.as_object().unwrap().clone());
        let prompt = json!(client.get_prompt(prompt).await.unwrap());
        let completed = client
            .complete_prompt_argument(name, "arg1", "par", None)
            .await
            .unwrap();
        let version = client.peer_info().map(|info| info.protocol_version.clone());
        json!({
            "version": version,
            "tools": column(&json!(client.list_all_tools().await.unwrap()), "name"),
            "resources": column(&json!(client.list_all_resources().await.unwrap()), "uri"),
            "templates":
                column(&json!(client.list_all_resource_templates().await.unwrap()), "uriTemplate"),
            "prompts": column(&json!(client.list_all_prompts().await.unwrap()), "name"),
            "called": call(client, "test_simple_text").await,
            "text": read(client, "test://static-text").await["text"],
            "bytes": read(client, "test://static-binary").await["blob"],
            "prompt": prompt["messages"][0]["content"]["text"],
            "completed": completed.values,
            "elicited": call(client, "test_input_required_result_elicitation").await,
            "sampled": call(client, "test_input_required_result_sampling").await,
            "roots": call(client, "test_input_required_result_list_roots").await,
            "cancelled": cancelled(client, begun).await,
            "afterwards": call(client, "test_simple_text").await,
        })
    }

    /// One field of each item of a list.
    pub(super) fn column(list: &Value, field: &str) -> Value {
        let items = list.as_array().unwrap().iter();
        items.map(|item| item[field].clone()).collect()
    }

    async fn call(client: &Client, name: &'static str) -> Value {
        let result = client.call_tool(CallToolRequestParams::new(name)).await;
        json!(result.unwrap())["content"][0]["text"].take()
    }

    async fn read(client: &Client, uri: &str) -> Value {
        let result = client
            .read_resource(ReadResourceRequestParams::new(uri))
            .await;
        json!(result.unwrap())["contents"][0].take()
    }

    /// Whether a call that had begun was given up, at its first word of how far it is.
    async fn cancelled(client: &Client, begun: Receiver<()>) -> bool {
        let call = CallToolRequestParams::new("test_tool_with_progress");
        let call = ClientRequest::CallToolRequest(CallToolRequest::new(call));
        let call = client
            .send_cancellable_request(call, PeerRequestOptions::no_options())
            .await
            .unwrap();
        let wait = move || begun.recv_timeout(Duration::from_secs(30));
        tokio::task::spawn_blocking(wait).await.unwrap().unwrap();
        call.cancel(None).await.is_ok()
    }
}

/// Calls a tool in the modern era and gives the result; `more` are further parameters.
fn call(platform: &Platform, key: &str, tool: &str, more: &Value) -> Value {
    let mut params = json!({
        "name": tool,
        "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "smcp-tests", "version": "1.0.0"},
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
        },
    });
    for (name, value) in more.as_object().unwrap() {
        params[name] = value.clone();
    }
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let answer = Ask::new("POST", &platform.endpoint(TENANT, "everything"))
        .header("authorization", &format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", tool)
        .send(message.to_string().as_bytes())
        .unwrap();
    // The host answers as a stream if the call had not ended soon.
    let text = answer.text();
    let json = text.lines().find_map(|line| line.strip_prefix("data: {"));
    let json = json.map_or(text.clone(), |rest| format!("{{{rest}"));
    let mut json: Value = serde_json::from_str(&json).unwrap_or_else(|_| panic!("{text}"));
    assert!(json["result"].is_object(), "{json}");
    json["result"].take()
}

/// Kills the runtime as if the machine had lost power, and waits until it is gone.
fn kill(mut platform: Platform) {
    let group = format!("-{}", platform.pid());
    let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
    assert!(killed.unwrap().success());
    let (_open, never) = std::sync::mpsc::channel();
    assert!(platform.running().wait(&never).is_err(), "it was killed");
}

#[test]
fn a_question_outlives_the_host_that_asked_it() {
    // Not the stage's: that one must live on.
    let home = paths::target()
        .join("e2e")
        .join(dev::random_hex(6).unwrap());
    std::fs::create_dir_all(&home).unwrap();
    let options = Options {
        log: Some(home.join("worker.log")),
        port: dev::free_port().unwrap(),
        ..Options::new(home.join("state"), dev::random_hex(16).unwrap())
    };
    let start = || Platform::start(options.clone(), home.join("files")).unwrap();
    let platform = start();
    platform.tenant(TENANT).unwrap();
    let release = package(&platform, ".", "first.wasm");
    platform.publish(&release, TENANT, "everything").unwrap();
    let key = platform.key(TENANT).unwrap();

    let tool = "test_input_required_result_elicitation";
    let asked = call(&platform, &key, tool, &json!({}));
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    assert!(asked["inputRequests"]["user_name"].is_object(), "{asked}");

    kill(platform);
    let platform = start();
    let given = json!({
        "requestState": asked["requestState"],
        "inputResponses": {"user_name": {"action": "accept", "content": {"name": "Ada"}}},
    });
    let done = call(&platform, &key, tool, &given);
    assert_eq!(done["content"][0]["text"], "Hello, Ada!", "{done}");
}
