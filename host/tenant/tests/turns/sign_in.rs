//! Members who sign in at a provider of their tenant: how it goes.

use crate::browser::*;
use crate::provider::{ISSUER, says};
use crate::signing_in::*;
use crate::world::tool_call;
use serde_json::{Value, json};
use smcp_capability::turn::{Fetch, Fetched};

#[test]
fn a_member_signs_in_there_agrees_here_and_the_client_is_connected() {
    let mut scene = Scene::new();
    let url = scene.begins();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "smcp-at-login"),
        ("tenant", "x"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(parameter(&url, name).as_deref(), Some(value), "{url}");
    }
    let now = scene.world.now();
    says(|said| said.claims = claims(&url, now, "subject-1", "Ada@Acme.example"));
    let page = scene.comes_back(&url);
    assert!(
        page.text()
            .contains("You are signed in as <strong>Ada</strong>")
    );
    assert!(!page.text().contains("access_code"));
    let sent = scene.agrees(&proof(&page));
    let code = parameter(&location(&sent), "code").unwrap();
    let tokens = scene.world.token(&exchange(&scene.client, &code)).json();
    let token = tokens["access_token"].as_str().unwrap();
    let call = scene.world.call(token, &tool_call(1, "greet", json!({})));
    assert_eq!(call.status(), 200, "{}", call.text());
    let exchanged = scene
        .world
        .fetched
        .iter()
        .find(|fetch| fetch.url.ends_with("/token"))
        .unwrap();
    let header = |name: &str| {
        let mut headers = exchanged.headers.iter();
        headers
            .find(|header| header.name == name)
            .map(|header| header.value.as_str())
    };
    // RFC 6749, section 2.3.1: `smcp-at-login:a+%2Bsecret`.
    assert_eq!(
        header("authorization"),
        Some("Basic c21jcC1hdC1sb2dpbjphKyUyQnNlY3JldA==")
    );
    let body = std::str::from_utf8(&exchanged.body).unwrap();
    assert!(
        body.contains("code=a-code&") && body.contains("code_verifier="),
        "{body}"
    );
}

#[test]
fn who_has_signed_in_once_is_known_by_the_providers_name_whatever_the_address_is_then() {
    let mut scene = Scene::new();
    proof(&scene.signs_in("subject-1", "ada@acme.example"));
    let again = scene.signs_in("subject-1", "ada@elsewhere.example");
    assert!(again.text().contains("<strong>Ada</strong>"));
    // Who has the address now is another.
    let other = scene.signs_in("subject-2", "ada@acme.example");
    assert_eq!(other.status(), 403, "{}", other.text());
    // Ada's name with Bob's address is still Ada.
    let again = scene.signs_in("subject-1", "bob@acme.example");
    assert!(again.text().contains("<strong>Ada</strong>"));
}

#[test]
fn with_another_provider_members_are_known_by_their_addresses_once_more() {
    let mut scene = Scene::new();
    proof(&scene.signs_in("subject-1", "ada@acme.example"));
    const OTHER: &str = "https://other.example";
    fn web(fetch: &Fetch) -> Fetched {
        let url = fetch.url.replace(OTHER, ISSUER);
        crate::provider::web(&Fetch {
            url,
            ..fetch.clone()
        })
    }
    says(|said| {
        let text = said.description.to_string().replace(ISSUER, OTHER);
        said.description = serde_json::from_str(&text).unwrap();
    });
    scene.world.web = web;
    let before = scene.begins();
    assert_eq!(scene.set(json!({"issuer": OTHER})).status(), 200);
    // Who was under way to the one before comes back in vain.
    assert_eq!(scene.comes_back(&before).status(), 401);
    let request = form(&authorization(&scene.client));
    let url = location(&scene.get(&format!("/authorize?{request}&sign_in=yes")));
    assert!(url.starts_with(OTHER));
    let mut said = claims(&url, scene.world.now(), "subject-9", "ada@acme.example");
    said["iss"] = json!(OTHER);
    says(|now| now.claims = said);
    assert!(
        scene
            .comes_back(&url)
            .text()
            .contains("<strong>Ada</strong>")
    );
}

#[test]
fn an_address_may_be_said_in_the_user_info_of_the_same_person() {
    for (subject, verified, status) in [
        ("subject-1", json!(true), 200),
        ("subject-2", json!(true), 403),
        ("subject-1", json!(false), 403),
    ] {
        let mut scene = Scene::new();
        let url = scene.begins();
        let mut claims = claims(&url, scene.world.now(), "subject-1", "");
        claims["email"] = Value::Null;
        says(|said| {
            said.claims = claims;
            said.user_info =
                json!({"sub": subject, "email": "ada@acme.example", "email_verified": verified});
        });
        let page = scene.comes_back(&url);
        assert_eq!(page.status(), status, "{subject} {verified}");
        let asked = scene.world.fetched.last().unwrap();
        let bearer = asked
            .headers
            .iter()
            .find(|header| header.name == "authorization");
        assert_eq!(asked.url, format!("{ISSUER}/me"));
        assert_eq!(bearer.unwrap().value, "Bearer x");
        crate::provider::reset();
    }
}

#[test]
fn a_provider_at_which_nobody_could_sign_in_is_not_set() {
    let mut scene = Scene::new();
    for (other, says) in [
        (json!({"issuer": "http://login.example"}), "an issuer is"),
        (
            json!({"issuer": "https://login.example/?x"}),
            "an issuer is",
        ),
        (json!({"issuer": "https://127.0.0.1"}), "gave no answer"),
        (json!({"issuer": "https://localhost"}), "gave no answer"),
        (
            json!({"issuer": "https://metadata.google.internal"}),
            "gave no answer",
        ),
        (
            json!({"issuer": "https://login.example/x"}),
            "gave no answer",
        ),
        (json!({"client_id": ""}), "client_id has"),
        (json!({"client_secret": "a\nb"}), "client_id has"),
        (json!({"more": 1}), "unknown field"),
    ] {
        let refused = scene.set(other.clone());
        assert_eq!(refused.status(), 400, "{other}");
        assert!(refused.text().contains(says), "{other}: {}", refused.text());
    }
    let fetched: Vec<&str> = scene
        .world
        .fetched
        .iter()
        .map(|fetch| fetch.url.as_str())
        .collect();
    assert!(
        fetched.iter().all(|url| url.starts_with(ISSUER)),
        "{fetched:?}"
    );
    for (name, value) in [
        ("issuer", json!("https://other.example")),
        ("issuer", json!("https://login.example/")),
        ("token_endpoint", json!("http://login.example/token")),
        ("jwks_uri", Value::Null),
        ("response_types_supported", json!(["id_token"])),
        ("code_challenge_methods_supported", json!(["plain"])),
        (
            "token_endpoint_auth_methods_supported",
            json!(["private_key_jwt"]),
        ),
    ] {
        let mut scene = Scene::new();
        scene.world.pass(86_400_000.0);
        crate::provider::says(|said| said.description[name] = value.clone());
        let refused = scene.set(json!({}));
        assert_eq!(refused.status(), 400, "{name}: {value}");
        assert_eq!(refused.json()["error"]["code"], "invalid_provider");
        crate::provider::reset();
    }
}

#[test]
fn without_a_provider_nobody_is_sent_anywhere_and_its_secret_is_never_told() {
    let mut scene = Scene::new();
    let shown = scene
        .world
        .admin("GET", "/tenants/acme/provider", Value::Null);
    assert!(!shown.text().contains("secret"), "{}", shown.text());
    assert_eq!(shown.json()["issuer"], ISSUER);
    let url = scene.begins();
    assert_eq!(
        scene
            .world
            .admin("DELETE", "/tenants/acme/provider", Value::Null)
            .status(),
        200
    );
    assert_eq!(
        scene
            .world
            .admin("DELETE", "/tenants/acme/provider", Value::Null)
            .status(),
        404
    );
    let request = form(&authorization(&scene.client));
    let page = scene.get(&format!("/authorize?{request}&sign_in=yes"));
    assert_eq!(page.status(), 200);
    assert!(!page.text().contains("Sign in at"));
    let now = scene.world.now();
    says(|said| said.claims = claims(&url, now, "subject-1", "ada@acme.example"));
    assert_eq!(scene.comes_back(&url).status(), 401);
}
