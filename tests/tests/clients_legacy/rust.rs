//! The official Rust client in a session of MCP 2025-11-25, and what its host would add: answers to
//! questions, and ears. It is told and heard like the scripts in `tests/clients`.

// Of sampling, roots, the log and subscriptions, which belong to the versions that are spoken here.
#![allow(deprecated, reason = "what is deprecated is served too")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientConfig, ClientRequest,
    CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams, ElicitResult,
    ElicitationAction, GetPromptRequestParams, Implementation, ListRootsResult,
    LoggingMessageNotificationParam, ProgressNotificationParam, ReadResourceRequestParams,
    ResourceUpdatedNotificationParam, Root, SamplingMessage, SetLevelRequestParams,
    SubscribeRequestParams, UnsubscribeRequestParams,
};
use rmcp::service::{NotificationContext, PeerRequestOptions, RequestContext, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, ErrorData, RoleClient};
use serde_json::{Value, json};
use smcp_tests::driven::Driven;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

const WATCHED: &str = "test://static-text";

/// The client on a thread.
pub(crate) fn start(endpoint: &str, key: &str) -> Driven {
    let (tell, words) = mpsc::channel();
    let (say, said) = mpsc::channel();
    let (endpoint, key) = (endpoint.to_owned(), key.to_owned());
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(run(endpoint, key, Words::new(words), say));
    });
    Driven::on_thread(tell, said)
}

async fn run(endpoint: String, key: String, words: Words, say: Sender<Value>) {
    let config = StreamableHttpClientTransportConfig::with_uri(endpoint).auth_header(key);
    let host = Host {
        waits: Arc::default(),
        words: words.clone(),
        say: say.clone(),
        heard: Arc::default(),
    };
    let (waits, heard) = (host.waits.clone(), host.heard.clone());
    let transport = StreamableHttpClientTransport::from_config(config);
    let client = host.serve_with_lifecycle(transport, ClientLifecycleMode::Initialize);
    let session = Session {
        client: client.await.unwrap(),
        words: words.clone(),
        say: say.clone(),
        waits,
        heard,
    };
    while let Some(word) = words.next().await {
        if let Err(why) = session.act(&word).await {
            say.send(json!({"failed": word, "message": why})).unwrap();
        }
    }
    session.client.cancel().await.unwrap();
}

/// The words that come, waited for without holding up the runtime.
#[derive(Clone)]
struct Words(Arc<Mutex<Receiver<String>>>);

impl Words {
    fn new(words: Receiver<String>) -> Self {
        Self(Arc::new(Mutex::new(words)))
    }

    async fn next(&self) -> Option<String> {
        let words = self.0.clone();
        let next = spawn_blocking(move || words.lock().unwrap().recv().ok());
        next.await.unwrap()
    }
}

/// What was heard since a call began.
#[derive(Default)]
struct Heard {
    progress: Mutex<Vec<u64>>,
    begun: Notify,
    log: Mutex<Vec<Value>>,
}

/// Answers each question, and hears what is said beside results.
struct Host {
    /// Whether a question to the user is told, and answered at a word only.
    waits: Arc<AtomicBool>,
    words: Words,
    say: Sender<Value>,
    heard: Arc<Heard>,
}

type Context = NotificationContext<RoleClient>;

impl ClientHandler for Host {
    fn get_info(&self) -> ClientConfig {
        let capabilities = json!({"elicitation": {}, "sampling": {}, "roots": {}});
        let capabilities: ClientCapabilities = serde_json::from_value(capabilities).unwrap();
        ClientConfig::new(capabilities, Implementation::new("smcp-tests", "1.0.0"))
    }

    async fn create_elicitation(
        &self,
        asked: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let asked = json!(asked);
        if self.waits.load(Ordering::SeqCst) {
            self.say.send(json!({"asked": asked["message"]})).unwrap();
            self.words.next().await;
        }
        let content = if asked["requestedSchema"]["properties"]["name"].is_object() {
            json!({"name": "Ada"})
        } else {
            json!({"username": "ada", "email": "ada@example.com"})
        };
        Ok(ElicitResult::new(ElicitationAction::Accept).with_content(content))
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

    async fn on_progress(&self, told: ProgressNotificationParam, _: Context) {
        let mut progress = self.heard.progress.lock().unwrap();
        progress.push(told.progress as u64);
        self.heard.begun.notify_one();
    }

    async fn on_logging_message(&self, told: LoggingMessageNotificationParam, _: Context) {
        self.heard.log.lock().unwrap().push(told.data);
    }

    async fn on_resource_updated(&self, told: ResourceUpdatedNotificationParam, _: Context) {
        let _ = self.say.send(json!({"updated": told.uri}));
    }

    async fn on_tool_list_changed(&self, _: Context) {
        let _ = self.say.send(json!({"changed": "tools"}));
    }
}

struct Session {
    client: RunningService<RoleClient, Host>,
    words: Words,
    say: Sender<Value>,
    waits: Arc<AtomicBool>,
    heard: Arc<Heard>,
}

/// One field of each item of a list.
fn column(list: &Value, field: &str) -> Value {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item[field].clone()).collect()
}

fn why(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Session {
    /// Does what a word says.
    async fn act(&self, word: &str) -> Result<(), String> {
        let (act, rest) = word.split_once(' ').unwrap_or((word, ""));
        let said = match act {
            "surface" => self.surface().await?,
            "ping" => self.ping().await?,
            "elicit" => {
                let given = json!({"message": "Who are you?"});
                json!({"elicited": self.call("test_elicitation", given).await?})
            }
            "sample" => {
                let given = json!({"prompt": "The capital?"});
                json!({"sampled": self.call("test_sampling", given).await?})
            }
            "roots" => {
                let roots = self.call("test_input_required_result_list_roots", json!({}));
                json!({"roots": roots.await?})
            }
            "level" => {
                let level = serde_json::from_value(json!(rest)).map_err(why)?;
                let level = SetLevelRequestParams::new(level);
                self.client.set_level(level).await.map_err(why)?;
                json!({"level": rest})
            }
            "log" => self.log().await?,
            "subscribe" => {
                let watched = SubscribeRequestParams::new(WATCHED);
                self.client.subscribe(watched).await.map_err(why)?;
                json!({"subscribed": true})
            }
            "unsubscribe" => {
                let watched = UnsubscribeRequestParams::new(WATCHED);
                self.client.unsubscribe(watched).await.map_err(why)?;
                json!({"unsubscribed": true})
            }
            "count" => self.count(rest).await?,
            "long" => self.long().await?,
            "question" => {
                self.waits.store(true, Ordering::SeqCst);
                let given = json!({"message": "Who are you?"});
                let text = self.call("test_elicitation", given).await;
                self.waits.store(false, Ordering::SeqCst);
                json!({"elicited": text?})
            }
            other => return Err(format!("no such word: {other}")),
        };
        self.say.send(said).map_err(why)
    }

    async fn surface(&self) -> Result<Value, String> {
        let client = &self.client;
        let name = "test_prompt_with_arguments";
        let arguments = json!({"arg1": "one", "arg2": "two"});
        let prompt = GetPromptRequestParams::new(name)
            .with_arguments(arguments.as_object().unwrap().clone());
        let prompt = json!(client.get_prompt(prompt).await.map_err(why)?);
        let completed = client.complete_prompt_argument(name, "arg1", "par", None);
        let version = client.peer_info().map(|info| info.protocol_version.clone());
        let templates = client.list_all_resource_templates().await.map_err(why)?;
        let resources = client.list_all_resources().await.map_err(why)?;
        let prompts = client.list_all_prompts().await.map_err(why)?;
        let tools = client.list_all_tools().await.map_err(why)?;
        Ok(json!({
            "version": version,
            "tools": column(&json!(tools), "name"),
            "resources": column(&json!(resources), "uri"),
            "templates": column(&json!(templates), "uriTemplate"),
            "prompts": column(&json!(prompts), "name"),
            "called": self.call("test_simple_text", json!({})).await?,
            "text": self.read("test://static-text").await?["text"],
            "bytes": self.read("test://static-binary").await?["blob"],
            "prompt": prompt["messages"][0]["content"]["text"],
            "completed": completed.await.map_err(why)?.values,
        }))
    }

    async fn ping(&self) -> Result<Value, String> {
        let ping = ClientRequest::PingRequest(Default::default());
        self.client.send_request(ping).await.map_err(why)?;
        Ok(json!({"pong": {}}))
    }

    async fn call(&self, name: &'static str, given: Value) -> Result<Value, String> {
        let call = CallToolRequestParams::new(name);
        let call = call.with_arguments(given.as_object().unwrap().clone());
        let result = self.client.call_tool(call).await.map_err(why)?;
        Ok(json!(result)["content"][0]["text"].take())
    }

    async fn read(&self, uri: &str) -> Result<Value, String> {
        let read = ReadResourceRequestParams::new(uri);
        let result = self.client.read_resource(read).await.map_err(why)?;
        Ok(json!(result)["contents"][0].take())
    }

    /// Calls what writes to the log, and waits a little for what comes another way than the result.
    async fn log(&self) -> Result<Value, String> {
        self.heard.log.lock().unwrap().clear();
        self.call("test_tool_with_logging", json!({})).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let logged = self.heard.log.lock().unwrap().clone();
        Ok(json!({"logged": logged}))
    }

    /// Waits until a call has said how far it is, and says that it runs.
    async fn begun(&self, said: Value) -> Result<(), String> {
        let begun = self.heard.begun.notified();
        let begun = tokio::time::timeout(Duration::from_secs(30), begun);
        begun.await.map_err(why)?;
        self.say.send(said).map_err(why)
    }

    /// Counts to a number, and says that it has begun, and then what it was told.
    async fn count(&self, to: &str) -> Result<Value, String> {
        self.heard.progress.lock().unwrap().clear();
        let to: u64 = to.parse().map_err(why)?;
        let call = self.call("test_counting", json!({"to": to, "pauseMillis": 200}));
        let (begun, result) = tokio::join!(self.begun(json!({"counting": true})), call);
        begun?;
        let result = result?;
        let counted = self.heard.progress.lock().unwrap().clone();
        Ok(json!({"counted": counted, "result": result}))
    }

    /// Calls what takes long, and gives it up at a word.
    async fn long(&self) -> Result<Value, String> {
        let call = CallToolRequestParams::new("test_long_call");
        let call = ClientRequest::CallToolRequest(CallToolRequest::new(call));
        let options = PeerRequestOptions::no_options();
        let call = self.client.send_cancellable_request(call, options);
        let call = call.await.map_err(why)?;
        self.begun(json!({"running": true})).await?;
        self.words.next().await;
        let given_up = call.cancel(None).await.is_ok();
        Ok(json!({"ended": if given_up { "given up" } else { "failed" }}))
    }
}
