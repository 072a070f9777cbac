//! A person with a browser and a client, before the object that answers them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use serde_json::{Value, json};

use crate::world::{BASE, Outcome, World};

pub const OBJECT: &str = "tenant:acme";
pub const CALLBACK: &str = "http://127.0.0.1:7777/callback";
/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const RESOURCE: &str = "https://mcp.example/t/acme/hello/mcp";

/// Parameters as they are sent.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let escaped = |text: &str| -> String {
        let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        text.bytes()
            .map(|byte| {
                if keep(byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect()
    };
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The same with one of them changed; without it, if the value is empty.
pub fn with<'a>(
    pairs: &[(&'a str, &'a str)],
    name: &'a str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let mut changed: Vec<_> = pairs
        .iter()
        .copied()
        .filter(|(known, _)| *known != name)
        .collect();
    if !value.is_empty() {
        changed.push((name, value));
    }
    changed
}

impl World {
    /// Sends what a browser or client without a credential in a header does.
    pub fn anonymous(&mut self, object: &str, method: &str, path: &str, body: &str) -> Outcome {
        let mut frame = self.frame(method, path, "", body.as_bytes().to_vec());
        frame.headers.retain(|(name, _)| name != "authorization");
        self.send(object, frame)
    }

    /// A member of acme: its id and its access code, got through its invitation.
    pub fn member(&mut self, body: Value) -> (String, String) {
        let invited = self.admin("POST", "/tenants/acme/members", body);
        assert_eq!(invited.status(), 201, "{}", invited.text());
        let invited = invited.json();
        let link = invited["invitation"].as_str().unwrap().to_owned();
        let code = self.accept(&link);
        (invited["id"].as_str().unwrap().to_owned(), code)
    }

    /// Follows an invitation to its access code.
    pub fn accept(&mut self, link: &str) -> String {
        let path = link.strip_prefix(BASE).unwrap();
        let shown = self.anonymous(OBJECT, "GET", path, "");
        assert_eq!(shown.status(), 200, "{}", shown.text());
        let (path, invitation) = path.split_once('?').unwrap();
        let given = self.anonymous(OBJECT, "POST", path, invitation);
        assert_eq!(given.status(), 200, "{}", given.text());
        let text = given.text();
        let code = text.split("id=\"access-code\">").nth(1).unwrap();
        code.split('<').next().unwrap().to_owned()
    }

    /// Lets a public client register itself: its id.
    pub fn register(&mut self) -> String {
        let told = self.registered(&json!({
            "client_name": "Editor", "redirect_uris": ["http://127.0.0.1/callback"],
            "token_endpoint_auth_method": "none",
        }));
        told["client_id"].as_str().unwrap().to_owned()
    }

    pub fn registered(&mut self, document: &Value) -> Value {
        let told = self.anonymous("platform", "POST", "/register", &document.to_string());
        assert_eq!(told.status(), 201, "{}", told.text());
        told.json()
    }

    /// Agrees to a request, as a person with that access code: where the browser is sent.
    pub fn agree(&mut self, request: &[(&str, &str)], access_code: &str) -> Outcome {
        let path = format!("/authorize?{}", form(request));
        let answer = form(&[("access_code", access_code), ("decision", "agree")]);
        self.anonymous(OBJECT, "POST", &path, &answer)
    }

    /// Asks for tokens.
    pub fn token(&mut self, request: &[(&str, &str)]) -> Outcome {
        self.anonymous(OBJECT, "POST", "/token", &form(request))
    }

    /// Tokens for a code.
    pub fn connect(&mut self, client: &str, access_code: &str) -> Value {
        let sent = self.agree(&authorization(client), access_code);
        let code = parameter(&location(&sent), "code").unwrap();
        let told = self.token(&exchange(client, &code));
        assert_eq!(told.status(), 200, "{}", told.text());
        told.json()
    }
}

/// A tenant with a server, a member who may use it, and a client that registered itself.
pub struct Setting {
    pub world: World,
    pub access_code: String,
    pub client: String,
}

impl Setting {
    pub fn new() -> Self {
        let mut world = World::new();
        world.acme(include_str!("../../../../../tests/guests/greet.wat"));
        let (_, access_code) = world.member(json!({"name": "Ada"}));
        let client = world.register();
        Self {
            world,
            access_code,
            client,
        }
    }
}

/// A good request to authorize.
pub fn authorization(client: &str) -> Vec<(&str, &str)> {
    vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "xyz"),
        ("resource", RESOURCE),
    ]
}

/// A good request for tokens.
pub fn exchange<'a>(client: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("resource", RESOURCE),
    ]
}

pub fn refresh<'a>(client: &'a str, token: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "refresh_token"),
        ("client_id", client),
        ("refresh_token", token),
    ]
}

/// Where a browser is sent.
pub fn location(outcome: &Outcome) -> String {
    assert_eq!(outcome.status(), 303, "{}", outcome.text());
    header(outcome, "location").unwrap()
}

pub fn header(outcome: &Outcome, name: &str) -> Option<String> {
    let mut headers = outcome.reply.head.headers.iter();
    headers
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.clone())
}

/// A parameter of a URL, as far as it needs no decoding.
pub fn parameter(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?')?.1;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}
