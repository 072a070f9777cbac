//! What the Worker calls for every request before it wakes any object, and what an object is told
//! when it wakes: the configuration of the deployment, held by one instance of the shell.
//!
//! One synchronous call per request: nothing here waits. It holds the master keys; no guest's or
//! client's body comes here.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::Array;
use js_sys::futures::spawn_local;
use smcp_auth::{AdminToken, AuthError, Credential, Keyring};
use smcp_capability::turn::{Boot, PublicConfig, RequestLog, Role};
use smcp_crypto::MasterKeys;
use smcp_ids::limits::{
    BODY_UNCHARGED_MAX, CHANGES_WAITING, EDGE_CACHE_MAX, ENGINE_MEMORY_IDLE_MAX,
    ISOLATE_MEMORY_MAX, KEEP_ALIVE_MILLIS, LISTEN_BODY_MAX, LISTENERS_MAX, MCP_BODY_MAX,
    RECONNECT_FIRST_MILLIS, RECONNECT_LAST_MILLIS, ROOM_POLL_MILLIS, ROOM_WAIT_MILLIS,
    STREAM_STALL_MILLIS, USAGE_BATCHES_SAVED, USAGE_REST_MILLIS,
};
use smcp_ids::{Digest, PublisherKey, TenantId, UnixMillis};
use smcp_oauth::Resource;
use wasm_bindgen::prelude::*;

use crate::bindings::{array, shell_fault};
use crate::refusal::{Answer, Refusal, cors, cors_for_all};
use crate::route::{
    Ask, Doorkeeper, Way, body_max, is_for_all, may_call, route, route_form, split_url, tenant_of,
};

/// The edge of one deployment.
#[wasm_bindgen]
pub struct Edge {
    development: bool,
    door: Door,
    provoke_faults: bool,
    request_log: RequestLog,
}

/// What proves a caller.
struct Door {
    keys: Option<Rc<MasterKeys>>,
    admin_token: Option<Digest>,
    allowed_origins: Vec<String>,
    version: String,
    /// Deriving a tenant's keys costs much more than proving one key with them.
    keyrings: RefCell<HashMap<TenantId, Keyring>>,
    /// Whoever asks for these shows nothing, so they are derived once.
    receipt_keys: OnceCell<Vec<PublisherKey>>,
}

#[wasm_bindgen]
impl Edge {
    /// Reads the deployment's variables; text that is not set is empty. Master keys that cannot be
    /// read are not an error here: every request is then told so. `version` is the platform's name for
    /// what was deployed.
    #[wasm_bindgen(constructor)]
    pub fn new(
        master_keys: &str,
        admin_token: &str,
        allowed_origins: &str,
        version: &str,
        provoke_faults: bool,
        request_log: &str,
    ) -> Self {
        std::panic::set_hook(Box::new(|info| shell_fault(&info.to_string())));
        let keys: Option<MasterKeys> = master_keys.parse().ok();
        let development = keys.as_ref().is_some_and(MasterKeys::is_development);
        let keys = keys.map(Rc::new);
        let door = Door {
            keys,
            admin_token: AdminToken::configured(admin_token),
            allowed_origins: allowed_origins
                .split(',')
                .map(str::trim)
                .filter(|origin| !origin.is_empty())
                .map(str::to_owned)
                .collect(),
            version: version.to_owned(),
            keyrings: RefCell::default(),
            receipt_keys: OnceCell::new(),
        };
        Self {
            development,
            door,
            provoke_faults,
            request_log: request_log.parse().unwrap_or_default(),
        }
    }

    /// What is wrong with the choice of the requests that are logged; nothing, if none is set. The default holds then.
    pub fn wrong_request_log(&self, text: &str) -> Option<String> {
        let parsed: Result<RequestLog, _> = text.parse();
        let error = parsed.err().filter(|_| !text.is_empty())?;
        Some(format!("{error}; {} holds", self.request_log))
    }

    /// Where a request goes, as text: `object:` and the name of the object that serves it; `form`, if its body says that;
    /// or `config:` and the key of what must be known first, to be given with the next call. Or, if the edge answers
    /// itself, the status, the headers as pairs, and the body.
    #[expect(
        clippy::too_many_arguments,
        reason = "an object of them would cost a trip for each"
    )]
    pub fn route(
        &self,
        method: &str,
        url: &str,
        origin: &str,
        accept: &str,
        authorization: &str,
        length: f64,
        in_session: bool,
        now: f64,
        config: Option<Vec<u8>>,
    ) -> JsValue {
        let ask = Ask {
            method,
            url,
            origin,
            accept,
            authorization,
            length,
            in_session,
            now: UnixMillis(now as u64),
        };
        let config = config.map(|bytes| config_of(&bytes));
        let way = self
            .usable(url)
            .map_err(Answer::from)
            .and_then(|()| route(ask, &self.door, config.as_ref()));
        match way {
            Ok(Way::Object(name)) => JsValue::from(format!("object:{name}")),
            Ok(Way::ByBody) => JsValue::from("form"),
            Ok(Way::Ask(tenant)) => JsValue::from(format!("config:{}", PublicConfig::key(&tenant))),
            Err(answer) if answer.is_for_all() => parts(answer, Array::new()),
            Err(answer) => parts(answer, self.cors_with(url, origin, config.as_ref())),
        }
    }

    /// The answer to a preflight, in the same parts. `requested` are the headers asked for.
    pub fn preflight(
        &self,
        url: &str,
        origin: &str,
        requested: &str,
        config: Option<Vec<u8>>,
    ) -> JsValue {
        let config = config.map(|bytes| config_of(&bytes));
        let answer = Answer::preflight(requested);
        parts(answer, self.cors_with(url, origin, config.as_ref()))
    }

    /// The key of the configuration that says whether pages of an origin may call that URL, if it is not known without.
    pub fn config_for(&self, url: &str, origin: &str) -> Option<String> {
        let is_known =
            origin.is_empty() || is_for_all(url) || may_call(origin, split_url(url).0, &self.door);
        if is_known {
            return None;
        }
        tenant_of(url).map(|tenant| PublicConfig::key(&tenant))
    }

    /// The name of the object that serves a form which was posted to the authorization server.
    pub fn route_form(&self, body: &[u8]) -> String {
        route_form(body)
    }

    /// The headers, as pairs, that any response to a request from `origin` must carry.
    pub fn cors(&self, url: &str, origin: &str, config: Option<Vec<u8>>) -> Array {
        let config = config.map(|bytes| config_of(&bytes));
        self.cors_with(url, origin, config.as_ref())
    }

    /// What the engine of the object of that name is told when it wakes: an encoded `Boot`. None
    /// if there is no such object, or no key to give it.
    pub fn boot(&self, object: &str) -> Option<Vec<u8>> {
        let role = Role::from_object_name(object)?;
        let master = self.door.keys.as_ref()?;
        let keys = match &role {
            Role::Platform => master.platform(),
            Role::Tenant(tenant) => master.tenant(tenant),
        };
        let boot = Boot {
            role,
            keys: postcard::to_allocvec(&keys).ok()?,
            clients: postcard::to_allocvec(&master.clients()).ok()?,
            admin_token: self.door.admin_token,
            provoke_faults: self.provoke_faults,
            request_log: self.request_log,
        };
        postcard::to_allocvec(&boot).ok()
    }
}

#[wasm_bindgen]
impl Edge {
    /// Fails as a test asks, where the deployment's variables allow it.
    #[expect(clippy::panic, reason = "to fail is what it is for")]
    pub fn provoke(&self, fault: &str) {
        if !self.provoke_faults {
            return;
        }
        match fault {
            "edge-panic" => panic!("a panic was asked for"),
            "shell-panic" => spawn_local(async { panic!("a panic in a task was asked for") }),
            _ => {}
        }
    }
}

impl Edge {
    /// What signs receipts. No object is given it.
    pub(crate) fn signer(&self) -> Option<Rc<MasterKeys>> {
        self.door.keys.clone()
    }

    fn cors_with(&self, url: &str, origin: &str, config: Option<&PublicConfig>) -> Array {
        if is_for_all(url) {
            return pairs(cors_for_all());
        }
        let is_own = config.is_some_and(|config| config.origins.iter().any(|own| own == origin));
        let is_own = is_own && tenant_of(url).is_some();
        if origin.is_empty() || !(is_own || may_call(origin, split_url(url).0, &self.door)) {
            return Array::new();
        }
        pairs(cors(origin))
    }

    /// Whether there are keys that may be used at that address.
    fn usable(&self, url: &str) -> Result<(), Refusal> {
        if self.door.keys.is_none() {
            return Err(Refusal::NotConfigured);
        }
        let origin = split_url(url).0;
        let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
            .iter()
            .any(|own| {
                origin
                    .strip_prefix(own)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
            });
        if self.development && !loopback {
            Err(Refusal::DevelopmentKey)
        } else {
            Ok(())
        }
    }
}

impl Door {
    /// Has the keyring of a tenant.
    fn with_keyring<T>(
        &self,
        tenant: &TenantId,
        prove: impl FnOnce(&Keyring) -> Result<T, AuthError>,
    ) -> Result<T, AuthError> {
        // Without master keys no request comes this far.
        let master = self.keys.as_ref().ok_or(AuthError::BadMac)?;
        let mut keyrings = self.keyrings.borrow_mut();
        if keyrings.len() >= EDGE_CACHE_MAX && !keyrings.contains_key(tenant) {
            keyrings.clear();
        }
        let keyring = keyrings
            .entry(tenant.clone())
            .or_insert_with(|| Keyring::new(tenant.clone(), &master.tenant(tenant)));
        prove(keyring)
    }
}

impl Doorkeeper for Door {
    fn prove_caller(
        &self,
        authorization: &str,
        endpoint: &Resource,
        now: UnixMillis,
    ) -> Result<(), AuthError> {
        let credential = Credential::parse(Some(authorization))?;
        self.with_keyring(&endpoint.tenant, |keyring| match credential {
            Credential::ApiKey(key) => {
                if keyring.verify(&key)?.is_over(now) {
                    return Err(AuthError::Expired);
                }
                Ok(())
            }
            Credential::AccessToken(token) => {
                let proven = keyring.open_token(&token)?;
                proven.check(endpoint.server.as_ref(), now)
            }
            Credential::AdminToken(_) => Err(AuthError::Malformed),
        })
    }

    fn prove_admin(&self, authorization: &str) -> Result<(), AuthError> {
        match Credential::parse(Some(authorization))? {
            Credential::AdminToken(token) => token.verify(self.admin_token.as_ref()).map(drop),
            Credential::AccessToken(_) => Err(AuthError::NoRole),
            Credential::ApiKey(_) => Err(AuthError::BadAdminToken),
        }
    }

    fn prove_administrator(&self, authorization: &str, tenant: &TenantId) -> Result<(), AuthError> {
        match Credential::parse(Some(authorization))? {
            // As its object would say: nobody with a key of another tenant learns whether there is this one.
            Credential::ApiKey(key) if key.tenant() != tenant => Err(AuthError::NotVisible),
            Credential::ApiKey(key) => {
                self.with_keyring(tenant, |keyring| keyring.verify(&key).map(drop))
            }
            Credential::AdminToken(_) | Credential::AccessToken(_) => {
                self.prove_admin(authorization)
            }
        }
    }

    fn is_allowed_origin(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|allowed| allowed == origin)
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn receipt_keys(&self) -> Vec<PublisherKey> {
        let derive = || self.keys.as_ref().map(|keys| keys.receipt_keys());
        let keys = self
            .receipt_keys
            .get_or_init(|| derive().unwrap_or_default());
        keys.clone()
    }
}

/// How large a body may be that goes to that path, in bytes.
#[wasm_bindgen]
pub fn body_limit(path: &str) -> u32 {
    u32::try_from(body_max(path).bytes()).unwrap_or(u32::MAX)
}

/// The limits that JavaScript enforces: the body of an MCP request, of one to listen, and the memory of
/// an idle engine in bytes; milliseconds between two keep-alives of a stream, and until a stalled one is
/// given up; ids kept; listening clients, and what waits for one; the first and the longest pause, in
/// milliseconds, before a lost connection is made again; the memory of an isolate, and of a body that is
/// not charged, in bytes; milliseconds that a body waits for memory, and between two looks.
#[wasm_bindgen]
pub fn limits() -> Vec<f64> {
    vec![
        MCP_BODY_MAX as f64,
        LISTEN_BODY_MAX as f64,
        ENGINE_MEMORY_IDLE_MAX as f64,
        KEEP_ALIVE_MILLIS as f64,
        STREAM_STALL_MILLIS as f64,
        EDGE_CACHE_MAX as f64,
        LISTENERS_MAX as f64,
        CHANGES_WAITING as f64,
        RECONNECT_FIRST_MILLIS as f64,
        RECONNECT_LAST_MILLIS as f64,
        ISOLATE_MEMORY_MAX as f64,
        BODY_UNCHARGED_MAX as f64,
        ROOM_WAIT_MILLIS as f64,
        f64::from(ROOM_POLL_MILLIS),
        USAGE_REST_MILLIS as f64,
        USAGE_BATCHES_SAVED as f64,
    ]
}

/// What is public of a tenant. What cannot be read was written by another version: nothing is allowed by it.
fn config_of(bytes: &[u8]) -> PublicConfig {
    postcard::from_bytes(bytes).unwrap_or_default()
}

fn parts(answer: Answer, cors: Array) -> JsValue {
    let headers = pairs(answer.headers).concat(&cors);
    Array::of3(&answer.status.into(), &headers, &answer.body.into()).into()
}

fn pairs(headers: impl IntoIterator<Item = (&'static str, String)>) -> Array {
    headers
        .into_iter()
        .map(|(name, value)| JsValue::from(array([name, &value])))
        .collect()
}
