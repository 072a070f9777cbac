//! The official Rust client with its own OAuth, and what its program adds, as its documentation has it: the program
//! sends its person where the client says, and begins anew when the client hands it a challenge. All else is the
//! client's: discovery, registration, PKCE, tokens, their renewal, and which scopes to ask for.

use std::sync::mpsc;
use std::thread;

use rmcp::model::{CallToolRequestParams, ProtocolVersion};
use rmcp::service::{RunningService, ServiceError};
use rmcp::transport::auth::{AuthorizationCallback, OAuthState};
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransportConfig, StreamableHttpError,
};
use rmcp::transport::{
    AuthClient, AuthorizationManager, AuthorizationRequest, CredentialStore as _,
    InMemoryCredentialStore, StreamableHttpClientTransport,
};
use rmcp::{ClientLifecycleMode, ClientServiceExt as _, RoleClient};
use serde_json::{Value, json};
use smcp_tests::driven::Driven;
use smcp_tests::person;

use crate::Place;

const CALLBACK: &str = "http://127.0.0.1:7777/callback";

/// The client on a thread, told and heard like the scripts.
pub(crate) fn start(place: &Place) -> Driven {
    let (tell, words) = mpsc::channel::<String>();
    let (say, said) = mpsc::channel();
    let mut program = Program {
        url: place.url(),
        access_code: place.access_code.clone(),
        kept: InMemoryCredentialStore::new(),
        asked: 0,
        asked_for: None,
        connected: None,
    };
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for word in words {
            say.send(runtime.block_on(program.act(&word))).unwrap();
        }
    });
    Driven::on_thread(tell, said)
}

/// A program that uses the client.
struct Program {
    url: String,
    access_code: String,
    /// Tokens, and as which client they were given.
    kept: InMemoryCredentialStore,
    /// How often its person was asked, and for what the last time.
    asked: u32,
    asked_for: Option<String>,
    connected: Option<Connected>,
}

struct Connected {
    http: AuthClient<reqwest::Client>,
    client: RunningService<RoleClient, ()>,
}

/// What the host says a request needs.
enum Challenge {
    /// Another credential.
    Anew(String),
    /// These scopes too.
    More(String),
}

impl Program {
    async fn act(&mut self, word: &str) -> Value {
        let (word, given) = word.split_once(' ').unwrap_or((word, ""));
        match word {
            "connect" => self.connect(given).await,
            "list" => {
                let client = &self.connected().client;
                // As it is now: a client keeps a list for as long as that says.
                client.clear_response_cache().await;
                let tools = client.list_all_tools().await.unwrap();
                json!({"tools": tools.iter().map(|tool| &tool.name).collect::<Vec<_>>()})
            }
            "call" => self.call(given.to_owned()).await,
            "spoil" => self.spoil().await,
            other => panic!("{other}"),
        }
    }

    fn connected(&self) -> &Connected {
        self.connected.as_ref().unwrap()
    }

    /// Connects without a credential, is told where to get one, and connects with that.
    async fn connect(&mut self, scope: &str) -> Value {
        let manager = AuthorizationManager::new(&*self.url).await.unwrap();
        let Err(challenge) = self.connect_by(manager).await else {
            panic!("it needs no credential");
        };
        let manager = self.authorized(&challenge, scope).await;
        let connected = self.connect_by(manager).await;
        self.connected = Some(connected.unwrap());
        self.told().await
    }

    /// A connection, or the challenge with which it was refused.
    async fn connect_by(&self, manager: AuthorizationManager) -> Result<Connected, String> {
        let http = AuthClient::new(reqwest::Client::new(), manager);
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.clone());
        let transport = StreamableHttpClientTransport::with_client(http.clone(), config);
        let lifecycle = ClientLifecycleMode::Discover {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        };
        match ().serve_with_lifecycle(transport, lifecycle).await {
            Ok(client) => Ok(Connected { http, client }),
            Err(error) => match error.auth_challenge() {
                Some(challenge) => Err(challenge.to_owned()),
                None => panic!("{error}"),
            },
        }
    }

    /// The whole flow, from the challenge to tokens. It is registered once.
    async fn authorized(&mut self, challenge: &str, scope: &str) -> AuthorizationManager {
        let mut manager = AuthorizationManager::new(&*self.url).await.unwrap();
        manager.set_credential_store(self.kept.clone());
        let mut request = AuthorizationRequest::new(CALLBACK)
            .with_client_name("smcp-tests")
            .with_challenge(challenge)
            .with_scopes(scope.split_whitespace());
        if let Some(kept) = self.kept.load().await.unwrap() {
            request = request.with_preregistered_client(kept.client_id);
        }
        let mut state = OAuthState::Unauthorized(manager);
        state.start_authorization(request).await.unwrap();
        let there = state.get_authorization_url().await.unwrap();
        let callback = self.ask(&there);
        state.handle_callback_url(&callback).await.unwrap();
        state.into_authorization_manager().unwrap()
    }

    /// Sends its person there; gives where they come back.
    fn ask(&mut self, there: &str) -> String {
        self.asked += 1;
        let query = there.split_once('?').unwrap().1;
        let scope = query
            .split('&')
            .find_map(|part| part.strip_prefix("scope="));
        self.asked_for = scope.map(|scope| {
            let scope = scope.replace('+', " ").replace("%3A", ":");
            scope.replace("%2F", "/")
        });
        person::agree(there, &self.access_code).unwrap()
    }

    /// Calls a tool. Of a token that is good no more it hears only if it cannot be renewed: then the client's program
    /// is handed the challenge, asks its person, and calls again in the same connection.
    async fn call(&mut self, tool: String) -> Value {
        let result = loop {
            let params = CallToolRequestParams::new(tool.clone());
            match self.connected().client.call_tool(params).await {
                Ok(result) => break json!(result),
                Err(error) => self.meet(challenge(error)).await,
            }
            assert!(self.asked < 5, "it asks for ever");
        };
        let content = &result["content"][0];
        let text = content.get("text").unwrap_or(&content["name"]);
        let mut told = self.told().await;
        told["text"] = text.clone();
        told
    }

    async fn meet(&mut self, challenge: Challenge) {
        let manager = self.connected().http.auth_manager.clone();
        match challenge {
            Challenge::Anew(challenge) => {
                let authorized = self.authorized(&challenge, "").await;
                *manager.lock().await = authorized;
            }
            Challenge::More(scope) => {
                let manager = manager.lock().await;
                let there = manager.request_scope_upgrade(&scope).await.unwrap();
                let callback = self.ask(&there);
                let callback = AuthorizationCallback::from_redirect_url(&callback).unwrap();
                let exchanged = manager.exchange_code_for_token_with_issuer(
                    &callback.code,
                    &callback.csrf_token,
                    callback.issuer.as_deref(),
                );
                exchanged.await.unwrap();
            }
        }
    }

    /// What a client does when time has passed: its access token is not good any more.
    async fn spoil(&self) -> Value {
        let mut kept = json!(self.kept.load().await.unwrap());
        let access = &mut kept["token_response"]["access_token"];
        *access = json!(format!("{}x", access.as_str().unwrap()));
        let spoilt = serde_json::from_value(kept).unwrap();
        self.kept.save(spoilt).await.unwrap();
        json!({"spoiled": true})
    }

    async fn told(&self) -> Value {
        let kept = self.kept.load().await.unwrap().unwrap();
        let access = json!(kept.token_response)["access_token"].take();
        let scope = kept.granted_scopes.join(" ");
        let (asked, asked_for) = (self.asked, &self.asked_for);
        json!({"asked": asked, "askedFor": asked_for, "scope": scope, "access": access})
    }
}

/// What a call needs that failed.
fn challenge(error: ServiceError) -> Challenge {
    let ServiceError::TransportSend(error) = error else {
        panic!("{error}");
    };
    match *error.error.downcast().unwrap() {
        StreamableHttpError::<reqwest::Error>::AuthRequired(error) => {
            Challenge::Anew(error.www_authenticate_header)
        }
        StreamableHttpError::InsufficientScope(error) => {
            Challenge::More(error.required_scope.unwrap())
        }
        other => panic!("{other}"),
    }
}
