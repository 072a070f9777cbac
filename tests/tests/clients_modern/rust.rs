//! The official Rust client, and what its host would add: answers to questions.

// Of sampling and roots, which servers may ask for still.
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
    ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams, Root, SamplingMessage,
    ServerNotification, SubscriptionFilter,
};
use rmcp::service::{NotificationContext, PeerRequestOptions, RequestContext, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, ErrorData, RoleClient};
use serde_json::{Value, json};
use smcp_tests::driven::Driven;
use smcp_tests::everything::Served;
use tokio::task::spawn_blocking;

/// The client on a thread, told and heard like the scripts.
pub(crate) fn start(served: &Served) -> Driven {
    let (tell, words) = mpsc::channel();
    let (say, said) = mpsc::channel();
    let (endpoint, key) = (served.endpoint.clone(), served.key.clone());
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(run(endpoint, key, Words::new(words), say));
    });
    Driven::on_thread(tell, said)
}

async fn run(endpoint: String, key: String, words: Words, say: Sender<Value>) {
    let config = StreamableHttpClientTransportConfig::with_uri(endpoint).auth_header(key);
    let lifecycle = ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    };
    let (begun, has_begun) = mpsc::channel();
    let answers = Answers {
        begun,
        waits: Arc::default(),
        words: words.clone(),
        say: say.clone(),
    };
    let waits = answers.waits.clone();
    let transport = StreamableHttpClientTransport::from_config(config);
    let client = answers.serve_with_lifecycle(transport, lifecycle).await;
    let client = client.unwrap();
    let has_begun = Words::new(has_begun);
    while let Some(word) = words.next().await {
        match word.as_str() {
            "surface" => say.send(surface(&client).await).unwrap(),
            "listen" => listen(&client, &say).await,
            "long" => long(&client, &has_begun, &words, &say).await,
            "question" => {
                waits.store(true, Ordering::SeqCst);
                let text = call(&client, "test_input_required_result_elicitation").await;
                say.send(json!({"elicited": text})).unwrap();
            }
            other => panic!("{other}"),
        }
    }
    client.cancel().await.unwrap();
}

/// What comes through a channel, waited for without holding up the runtime.
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

/// Answers each question, and says when a call says how far it is.
struct Answers {
    begun: Sender<String>,
    /// Whether a question to the user is told, and answered at a word only.
    waits: Arc<AtomicBool>,
    words: Words,
    say: Sender<Value>,
}

impl ClientHandler for Answers {
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
        if self.waits.load(Ordering::SeqCst) {
            let asked = json!({"asked": json!(asked)["message"]});
            self.say.send(asked).unwrap();
            self.words.next().await;
        }
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

    async fn on_progress(&self, _: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let _ = self.begun.send("begun".to_owned());
    }
}

type Client = RunningService<RoleClient, Answers>;

/// What it is given, in the shape that the scripts write.
async fn surface(client: &Client) -> Value {
    let name = "test_prompt_with_arguments";
    let arguments = json!({"arg1": "one", "arg2": "two"});
    let prompt =
        GetPromptRequestParams::new(name).with_arguments(arguments.as_object().unwrap().clone());
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
    })
}

/// One field of each item of a list.
fn column(list: &Value, field: &str) -> Value {
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

async fn listen(client: &Client, say: &Sender<Value>) {
    let filter = SubscriptionFilter::builder()
        .tools_list_changed()
        .resource_subscriptions(["test://static-text"])
        .build();
    let mut subscription = client.listen(filter).await.unwrap();
    let listening = json!({"listening": subscription.acknowledged()});
    say.send(listening).unwrap();
    match subscription.next().await.unwrap().unwrap() {
        ServerNotification::ResourceUpdatedNotification(told) => {
            say.send(json!({"updated": told.params.uri})).unwrap();
        }
        other => panic!("{other:?}"),
    }
    match subscription.next().await.unwrap().unwrap() {
        ServerNotification::ToolListChangedNotification(_) => {}
        other => panic!("{other:?}"),
    }
    let tools = column(&json!(client.list_all_tools().await.unwrap()), "name");
    say.send(json!({"tools": tools})).unwrap();
    subscription.cancel().await.unwrap();
}

/// Calls what takes long, and gives it up at a word.
async fn long(client: &Client, begun: &Words, words: &Words, say: &Sender<Value>) {
    let call = CallToolRequestParams::new("test_long_call");
    let call = ClientRequest::CallToolRequest(CallToolRequest::new(call));
    let call = client
        .send_cancellable_request(call, PeerRequestOptions::no_options())
        .await
        .unwrap();
    let wait = tokio::time::timeout(Duration::from_secs(30), begun.next());
    wait.await.unwrap().unwrap();
    say.send(json!({"running": true})).unwrap();
    words.next().await;
    let given_up = call.cancel(None).await.is_ok();
    let ended = if given_up { "given up" } else { "failed" };
    say.send(json!({"ended": ended})).unwrap();
}
