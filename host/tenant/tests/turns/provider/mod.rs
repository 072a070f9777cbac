//! A provider where people sign in, as far as the object asks anything of it. It signs with Ed25519, whatever it is told
//! to say.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smcp_capability::http::{Header, HttpAnswer};
use smcp_capability::turn::{Fetch, Fetched, Verification};
use smcp_crypto::{SigningKey, verify_strict};
use smcp_ids::PublisherKey;

pub const ISSUER: &str = "https://login.example";

/// What it says.
#[derive(Clone)]
pub struct Says {
    pub header: Value,
    pub claims: Value,
    /// The seed of the key that it signs with, and of the one that it publishes.
    pub signs: u8,
    pub publishes: u8,
    /// The name of the one that it publishes.
    pub kid: &'static str,
    pub description: Value,
    /// What it says where more is said of a person.
    pub user_info: Value,
}

impl Says {
    fn new() -> Self {
        Self {
            header: json!({"alg": "EdDSA", "kid": "one"}),
            claims: Value::Null,
            signs: 1,
            publishes: 1,
            kid: "one",
            description: json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}/authorize?tenant=x"),
                "token_endpoint": format!("{ISSUER}/token"),
                "jwks_uri": format!("{ISSUER}/keys"),
                "userinfo_endpoint": format!("{ISSUER}/me"),
                "response_types_supported": ["code", "id_token"],
            }),
            user_info: Value::Null,
        }
    }
}

thread_local! {
    /// Each test has a thread of its own.
    static SAYS: RefCell<Says> = RefCell::new(Says::new());
}

/// Changes what it says.
pub fn says(change: impl FnOnce(&mut Says)) {
    SAYS.with_borrow_mut(change);
}

/// The body by which a tenant gets it.
pub fn set(client_id: &str) -> Value {
    json!({"issuer": ISSUER, "client_id": client_id, "client_secret": "a +secret"})
}

/// Has it say what it said at first.
pub fn reset() {
    says(|said| *said = Says::new());
}

/// Good claims of somebody, in answer to a question.
pub fn claims(nonce: Option<String>, now: u64, subject: &str, email: &str) -> Value {
    json!({
        "iss": ISSUER, "sub": subject, "aud": "smcp-at-login", "nonce": nonce,
        "iat": now / 1_000, "exp": now / 1_000 + 300, "email": email, "email_verified": true,
    })
}

/// What it answers.
pub fn web(fetch: &Fetch) -> Fetched {
    let said = SAYS.with_borrow(Clone::clone);
    let body = match fetch.url.strip_prefix(ISSUER) {
        Some("/.well-known/openid-configuration") => said.description,
        Some("/keys") => json!({"keys": [
            {"kty": "oct", "k": "AAAA", "kid": said.kid},
            {"kty": "OKP", "crv": "Ed25519", "x": text(key(said.publishes).public().as_bytes()), "kid": said.kid, "use": "sig"},
        ]}),
        Some("/me") => said.user_info,
        Some("/token") => {
            json!({"access_token": "x", "token_type": "Bearer", "id_token": token(&said)})
        }
        _ => return Fetched::Failed,
    };
    Fetched::Answer(HttpAnswer {
        status: 200,
        headers: vec![Header {
            name: "content-type".into(),
            value: "application/json".into(),
        }],
        body: body.to_string().into_bytes(),
    })
}

fn token(said: &Says) -> String {
    let part = |value: &Value| text(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&said.header), part(&said.claims));
    let signature = key(said.signs).sign(signed.as_bytes());
    format!("{signed}.{}", text(&signature))
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What the platform's algorithms say of a signature of this provider.
pub fn verified(asked: &Verification) -> bool {
    assert_eq!(asked.algorithm, "EdDSA");
    let key: Value = serde_json::from_str(&asked.key).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    let key = PublisherKey::new(bytes.try_into().unwrap());
    let signature = asked.signature.clone().try_into();
    signature.is_ok_and(|signature| verify_strict(&key, &asked.message, &signature).is_ok())
}
