//! Members who sign in at a provider of their tenant: how it goes, and what somebody tries who wants to be one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod browser;
mod provider;
mod world;

use browser::*;
use provider::{ISSUER, says};
use serde_json::{Value, json};
use smcp_capability::turn::{Fetch, Fetched};
use world::{Outcome, World, tool_call};

const TOOL: &str = include_str!("../../../tests/guests/greet.wat");
const BACK: &str = "https://mcp.example/t/acme/signed-in";

/// Good claims of somebody, in answer to the question that a browser was sent with.
fn claims(url: &str, now: u64, subject: &str, email: &str) -> Value {
    provider::claims(parameter(url, "nonce"), now, subject, email)
}

struct Scene {
    world: World,
    client: String,
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new();
        world.web = provider::web;
        world.verifies = provider::verified;
        world.acme(TOOL);
        for (name, email) in [("Ada", "ada@acme.example"), ("Bob", "bob@acme.example")] {
            let member = json!({"name": name, "email": email});
            let invited = world.admin("POST", "/tenants/acme/members", member);
            assert_eq!(invited.status(), 201);
        }
        let client = world.register();
        let mut scene = Self { world, client };
        let set = scene.set(json!({}));
        assert_eq!(set.status(), 200, "{}", set.text());
        assert_eq!(set.json()["redirect_uri"], BACK);
        scene
    }

    /// Sets the provider, with other members than usual.
    fn set(&mut self, other: Value) -> Outcome {
        let mut body = provider::set("smcp-at-login");
        for (name, value) in other.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.world.admin("PUT", "/tenants/acme/provider", body)
    }

    fn get(&mut self, path: &str) -> Outcome {
        self.world.anonymous(OBJECT, "GET", path, "")
    }

    /// Follows the link of the consent page: where the browser is sent.
    fn begins(&mut self) -> String {
        let request = form(&authorization(&self.client));
        let page = self.get(&format!("/authorize?{request}"));
        assert!(page.text().contains("Sign in at login.example"));
        let sent = self.get(&format!("/authorize?{request}&sign_in=yes"));
        location(&sent)
    }

    /// Comes back from there: the page.
    fn comes_back(&mut self, url: &str) -> Outcome {
        let state = parameter(url, "state").unwrap();
        self.get(&format!("/t/acme/signed-in?code=a-code&state={state}"))
    }

    /// Signs in as somebody whom the provider knows.
    fn signs_in(&mut self, subject: &str, email: &str) -> Outcome {
        let url = self.begins();
        let now = self.world.now();
        says(|said| said.claims = claims(&url, now, subject, email));
        self.comes_back(&url)
    }

    /// Agrees, by the proof in a page.
    fn agrees(&mut self, proof: &str) -> Outcome {
        let path = format!("/authorize?{}", form(&authorization(&self.client)));
        let answer = form(&[("signed_in", proof), ("decision", "agree")]);
        self.world.anonymous(OBJECT, "POST", &path, &answer)
    }
}

/// The proof in the form of a page.
fn proof(page: &Outcome) -> String {
    assert_eq!(page.status(), 200, "{}", page.text());
    let text = page.text();
    let proof = text.split("name=\"signed_in\" value=\"").nth(1);
    let proof = proof.unwrap_or_else(|| panic!("{text}"));
    proof.split('"').next().unwrap().to_owned()
}

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
        provider::web(&Fetch {
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

/// Whatever is wrong with what the provider says, or with how it is signed: nobody has signed in.
#[test]
fn a_token_that_is_not_the_answer_to_this_question_signs_nobody_in() {
    type Spoil = fn(&mut provider::Says, u64);
    let spoils: [(&str, Spoil); 19] = [
        ("another nonce", |said, _| {
            said.claims["nonce"] = json!("another")
        }),
        ("no nonce", |said, _| said.claims["nonce"] = Value::Null),
        ("another issuer", |said, _| {
            said.claims["iss"] = json!("https://evil.example")
        }),
        ("a slash more", |said, _| {
            said.claims["iss"] = json!("https://login.example/")
        }),
        ("for another", |said, _| {
            said.claims["aud"] = json!("another")
        }),
        ("for nobody", |said, _| said.claims["aud"] = json!([])),
        ("for two, given to neither", |said, _| {
            said.claims["aud"] = json!(["smcp-at-login", "another"]);
        }),
        ("given to another", |said, _| {
            said.claims["azp"] = json!("another")
        }),
        ("too old", |said, now| {
            said.claims["exp"] = json!(now / 1_000 - 61)
        }),
        ("of tomorrow", |said, now| {
            said.claims["iat"] = json!(now / 1_000 + 61)
        }),
        ("not yet", |said, now| {
            said.claims["nbf"] = json!(now / 1_000 + 61)
        }),
        ("of nobody", |said, _| said.claims["sub"] = json!("")),
        ("signed by another", |said, _| said.signs = 2),
        ("a key that there is not", |said, _| {
            said.header["kid"] = json!("two")
        }),
        ("not signed", |said, _| said.header["alg"] = json!("none")),
        ("signed with what all know", |said, _| {
            said.header["alg"] = json!("HS256")
        }),
        ("another algorithm than the key's", |said, _| {
            said.header["alg"] = json!("ES256")
        }),
        ("with demands", |said, _| {
            said.header["crit"] = json!(["b64"])
        }),
        ("no claims", |said, _| said.claims = json!({})),
    ];
    for (name, spoil) in spoils {
        let mut scene = Scene::new();
        let url = scene.begins();
        let now = scene.world.now();
        says(|said| {
            said.claims = claims(&url, now, "subject-1", "ada@acme.example");
            spoil(said, now);
        });
        let page = scene.comes_back(&url);
        assert_eq!(page.status(), 401, "{name}: {}", page.text());
        assert!(!page.text().contains("name=\"signed_in\""), "{name}");
        provider::reset();
    }
}

#[test]
fn an_address_that_is_nobodys_or_not_verified_is_no_member() {
    type Spoil = fn(&mut Value);
    let spoils: [Spoil; 5] = [
        |claims| claims["email"] = json!("eve@acme.example"),
        |claims| claims["email"] = Value::Null,
        |claims| claims["email_verified"] = json!(false),
        |claims| claims["email_verified"] = json!("false"),
        |claims| claims["email_verified"] = Value::Null,
    ];
    for spoil in spoils {
        let mut scene = Scene::new();
        let url = scene.begins();
        let mut said = claims(&url, scene.world.now(), "subject-1", "ada@acme.example");
        spoil(&mut said);
        says(|now| now.claims = said.clone());
        assert_eq!(scene.comes_back(&url).status(), 403, "{said}");
    }
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
        provider::reset();
    }
}

#[test]
fn what_a_person_carries_is_good_for_ten_minutes_here_and_unaltered_only() {
    let mut scene = Scene::new();
    let url = scene.begins();
    let now = scene.world.now();
    says(|said| said.claims = claims(&url, now, "subject-1", "ada@acme.example"));
    let state = parameter(&url, "state").unwrap();
    for at in 0..state.len() {
        let mut altered = state.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        let page = scene.get(&format!("/t/acme/signed-in?code=a-code&state={altered}"));
        assert_eq!(page.status(), 400, "{at}");
    }
    for query in ["", "?code=a-code", "?state=x", "?code=a&code=b&state=x"] {
        assert_eq!(
            scene.get(&format!("/t/acme/signed-in{query}")).status(),
            400,
            "{query}"
        );
    }
    // The provider's answer is not this one's.
    let state = format!("state={state}");
    for query in [
        "error=access_denied",
        "code=a-code&iss=https://evil.example",
        "iss=https://login.example",
    ] {
        let page = scene.get(&format!("/t/acme/signed-in?{query}&{state}"));
        assert_eq!(page.status(), 401, "{query}");
    }
    let page = scene.get(&format!(
        "/t/acme/signed-in?code=a-code&iss={ISSUER}&{state}"
    ));
    proof(&page);
    scene.world.pass(600_000.0);
    assert_eq!(scene.comes_back(&url).status(), 400);
}

/// What the form says of who has signed in is good for the request that it was made for, for a while.
#[test]
fn a_proof_is_good_for_its_request_for_ten_minutes_and_unaltered_only() {
    let mut scene = Scene::new();
    let proof = proof(&scene.signs_in("subject-1", "ada@acme.example"));
    for at in 0..proof.len() {
        let mut altered = proof.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert_eq!(scene.agrees(&altered).status(), 401, "{at}");
    }
    let client = scene.client.clone();
    let request = authorization(&client);
    for (name, value) in [
        ("state", "another"),
        ("scope", "mcp:read"),
        ("redirect_uri", "http://127.0.0.1:9/callback"),
        ("resource", "https://mcp.example/t/acme/mcp"),
    ] {
        let path = format!("/authorize?{}", form(&with(&request, name, value)));
        let answer = form(&[("signed_in", &proof), ("decision", "agree")]);
        let page = scene.world.anonymous(OBJECT, "POST", &path, &answer);
        assert_eq!(page.status(), 401, "{name}");
    }
    // What was carried is no proof.
    let url = scene.begins();
    let carried = parameter(&url, "state").unwrap();
    assert_eq!(scene.agrees(&carried).status(), 401);
    assert_eq!(scene.agrees(&proof).status(), 303);
    scene.world.pass(600_000.0);
    assert_eq!(scene.agrees(&proof).status(), 401);
}

#[test]
fn a_member_who_was_removed_meanwhile_is_none() {
    let mut scene = Scene::new();
    let proof = proof(&scene.signs_in("subject-1", "ada@acme.example"));
    let members = scene
        .world
        .admin("GET", "/tenants/acme/members", Value::Null)
        .json();
    let ada = members["members"]
        .as_array()
        .unwrap()
        .iter()
        .find(|member| member["name"] == "Ada");
    let path = format!(
        "/tenants/acme/members/{}",
        ada.unwrap()["id"].as_str().unwrap()
    );
    assert_eq!(
        scene.world.admin("DELETE", &path, Value::Null).status(),
        200
    );
    assert_eq!(scene.agrees(&proof).status(), 401);
    let again = scene.signs_in("subject-1", "ada@acme.example");
    assert_eq!(again.status(), 403, "{}", again.text());
}

#[test]
fn a_provider_may_change_its_key_and_who_makes_one_up_has_it_asked_once_a_minute() {
    let mut scene = Scene::new();
    let asked = |scene: &Scene| {
        let fetched = scene.world.fetched.iter();
        fetched.filter(|fetch| fetch.url.ends_with("/keys")).count()
    };
    proof(&scene.signs_in("subject-1", "ada@acme.example"));
    proof(&scene.signs_in("subject-1", "ada@acme.example"));
    assert_eq!(asked(&scene), 1, "it is kept");
    says(|said| {
        said.header["kid"] = json!("two");
    });
    for _ in 0..5 {
        assert_eq!(
            scene.signs_in("subject-1", "ada@acme.example").status(),
            401
        );
    }
    assert_eq!(asked(&scene), 1, "it is a minute old at most");
    scene.world.pass(60_000.0);
    for _ in 0..5 {
        assert_eq!(
            scene.signs_in("subject-1", "ada@acme.example").status(),
            401
        );
    }
    assert_eq!(asked(&scene), 2);
    says(|said| (said.kid, said.publishes, said.signs) = ("two", 3, 3));
    scene.world.pass(60_000.0);
    proof(&scene.signs_in("subject-1", "ada@acme.example"));
    assert_eq!(asked(&scene), 3);
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
        provider::says(|said| said.description[name] = value.clone());
        let refused = scene.set(json!({}));
        assert_eq!(refused.status(), 400, "{name}: {value}");
        assert_eq!(refused.json()["error"]["code"], "invalid_provider");
        provider::reset();
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
