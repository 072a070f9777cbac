//! What somebody tries who wants to be a member that signs in at a provider, and is none.

use crate::browser::*;
use crate::provider::{ISSUER, says};
use crate::signing_in::*;
use serde_json::{Value, json};

/// Whatever is wrong with what the provider says, or with how it is signed: nobody has signed in.
#[test]
fn a_token_that_is_not_the_answer_to_this_question_signs_nobody_in() {
    type Spoil = fn(&mut crate::provider::Says, u64);
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
        crate::provider::reset();
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
