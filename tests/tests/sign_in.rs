//! Members sign in at a real OpenID provider of their tenant (npm `oidc-provider`), whose keys, algorithms and ways differ
//! as those of providers do; the host asks it from workerd.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::process::Command;

use serde_json::{Value, json};
use smcp_tests::Stage;
use smcp_tests::admin::Admin;
use smcp_tests::driven::Driven;
use smcp_tests::http::{Answer, Ask, tool_call};
use smcp_xtask::paths;

const GREET: &str = include_str!("../guests/greet.wat");
const ISSUER: &str = "https://login.example";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "http://127.0.0.1:7777/callback";

/// A tenant whose members sign in at a provider, and a client.
struct Scene {
    stage: Stage,
    provider: Driven,
    tenant: String,
    client: String,
}

impl Scene {
    fn new() -> Self {
        let script = paths::root().join("tests/clients/provider.mjs");
        let mut provider = Driven::process(Command::new(paths::node()).arg(script)).unwrap();
        let port = said(&mut provider, "port").as_u64().unwrap();
        let stage = Stage::sending_to(port.try_into().unwrap()).unwrap();
        let tenant = stage.tenant_with(GREET).unwrap().name;
        let document = json!({
            "client_name": "Editor", "redirect_uris": ["http://127.0.0.1/callback"],
            "token_endpoint_auth_method": "none",
        });
        let url = stage.platform().url().to_owned();
        let registered = Ask::new("POST", &format!("{url}/register"))
            .header("content-type", "application/json")
            .send(document.to_string().as_bytes())
            .unwrap();
        let registered = registered.json().unwrap();
        let scene = Self {
            client: registered["client_id"].as_str().unwrap().to_owned(),
            stage,
            provider,
            tenant,
        };
        let ada = json!({"name": "Ada", "email": "ada@acme.example"});
        assert_eq!(scene.admin("POST", "/members", &ada).status, 201);
        scene
    }

    fn url(&self) -> &str {
        self.stage.platform().url()
    }

    fn admin(&self, method: &str, path: &str, body: &Value) -> Answer {
        let platform = self.stage.platform();
        let admin = Admin::new(platform.url(), platform.admin_token());
        let path = format!("/tenants/{}{path}", self.tenant);
        admin.send(method, &path, body).unwrap()
    }

    /// Has the provider sign and be asked so, and the tenant use it.
    fn uses(&mut self, algorithm: &str, method: &str) {
        let back = format!("{}/t/{}/signed-in", self.url(), self.tenant);
        said(
            &mut self.provider,
            &format!("use {algorithm} {method} {back}"),
        );
        let body = json!({"issuer": ISSUER, "client_id": "smcp", "client_secret": "a secret: of +/= the test"});
        let set = self.admin("PUT", "/provider", &body);
        assert_eq!(set.status, 200, "{}", set.text());
        assert_eq!(set.json().unwrap()["redirect_uri"], back);
    }

    /// Begins at the consent page and signs in at the provider: the page that the person sees then.
    fn signs_in(&mut self, login: &str) -> Answer {
        let resource = self.stage.platform().endpoint(&self.tenant, "guest");
        let query = [
            ("response_type", "code"),
            ("client_id", &self.client),
            ("redirect_uri", CALLBACK),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("state", "xyz"),
            ("resource", &resource),
        ];
        let pairs = query.map(|(name, value)| format!("{name}={}", value.replace(':', "%3A")));
        let page = get(&format!("{}/authorize?{}", self.url(), pairs.join("&")));
        assert_eq!(page.status, 200, "{}", page.text());
        let link = between(&page.text(), "<a class=\"button\" href=\"", "\"");
        let sent = get(&format!("{}{link}", self.url()));
        assert_eq!(sent.status, 303, "{}", sent.text());
        let url = sent.header("location").to_owned();
        let back = said(&mut self.provider, &format!("sign-in {login} {url}"));
        get(back.as_str().unwrap())
    }

    /// Agrees on a page, and lets the client use what it gets: what its call is answered.
    fn connects(&self, page: &Answer) -> Answer {
        let text = page.text();
        assert_eq!(page.status, 200, "{text}");
        let action = between(&text, "<form method=\"post\" action=\"", "\"");
        let proof = between(&text, "name=\"signed_in\" value=\"", "\"");
        let form = format!("signed_in={proof}&decision=agree");
        let sent = self.posts(&action, &form);
        assert_eq!(sent.status, 303, "{}", sent.text());
        let code = between(sent.header("location"), "code=", "&");
        let resource = self.stage.platform().endpoint(&self.tenant, "guest");
        let form = format!(
            "grant_type=authorization_code&client_id={}&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}&resource={resource}",
            self.client
        );
        let tokens = self.posts("/token", &form);
        assert_eq!(tokens.status, 200, "{}", tokens.text());
        let tokens = tokens.json().unwrap();
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let call = tool_call("greet", &json!({})).to_string();
        Ask::new("POST", &resource)
            .header("authorization", &bearer)
            .header("content-type", "application/json")
            .send(call.as_bytes())
            .unwrap()
    }

    fn posts(&self, path: &str, form: &str) -> Answer {
        Ask::new("POST", &format!("{}{path}", self.url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .send(form.as_bytes())
            .unwrap()
    }
}

fn said(provider: &mut Driven, word: &str) -> Value {
    let said = provider.ask(word).unwrap();
    let name = word.split(' ').next().unwrap();
    assert_eq!(said["failed"], Value::Null, "{word}: {said}");
    said[name].clone()
}

fn get(url: &str) -> Answer {
    Ask::new("GET", url).send(b"").unwrap()
}

/// What stands between two texts, as a browser reads it.
fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before}: {text}"))
        .1;
    rest.split(after).next().unwrap().replace("&amp;", "&")
}

/// All in one, since a platform and a provider take a while to start.
#[test]
fn members_sign_in_at_a_provider_whatever_its_algorithm_and_its_ways() {
    let mut scene = Scene::new();
    for (algorithm, method, place) in [
        ("RS256", "client_secret_basic", "token"),
        ("PS256", "client_secret_post", "token"),
        ("ES256", "client_secret_basic", "info"),
        ("EdDSA", "client_secret_post", "token"),
    ] {
        said(&mut scene.provider, &format!("say {place}"));
        // Each time it has another key, which the host knows nothing of yet.
        scene.uses(algorithm, method);
        let page = scene.signs_in("ada");
        let call = scene.connects(&page);
        assert_eq!(call.status, 200, "{algorithm}: {}", call.text());
    }
    let connections = scene
        .admin("GET", "/connections", &Value::Null)
        .json()
        .unwrap();
    assert_eq!(connections["connections"].as_array().unwrap().len(), 4);
    for login in ["eve", "unverified-ada"] {
        let page = scene.signs_in(login);
        assert_eq!(page.status, 403, "{login}: {}", page.text());
    }
}
