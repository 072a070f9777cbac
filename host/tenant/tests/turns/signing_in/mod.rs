//! A tenant whose members can sign in at a provider, and a client that one of them connects.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests"
)]

use serde_json::{Value, json};

use crate::browser::*;
use crate::provider::{self, says};
use crate::world::{Outcome, World};

const TOOL: &str = include_str!("../../../../../tests/guests/greet.wat");
const BACK: &str = "https://mcp.example/t/acme/signed-in";

/// Good claims of somebody, in answer to the question that a browser was sent with.
pub fn claims(url: &str, now: u64, subject: &str, email: &str) -> Value {
    provider::claims(parameter(url, "nonce"), now, subject, email)
}

pub struct Scene {
    pub world: World,
    pub client: String,
}

impl Scene {
    pub fn new() -> Self {
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
    pub fn set(&mut self, other: Value) -> Outcome {
        let mut body = provider::set("smcp-at-login");
        for (name, value) in other.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.world.admin("PUT", "/tenants/acme/provider", body)
    }

    pub fn get(&mut self, path: &str) -> Outcome {
        self.world.anonymous(OBJECT, "GET", path, "")
    }

    /// Follows the link of the consent page: where the browser is sent.
    pub fn begins(&mut self) -> String {
        let request = form(&authorization(&self.client));
        let page = self.get(&format!("/authorize?{request}"));
        assert!(page.text().contains("Sign in at login.example"));
        let sent = self.get(&format!("/authorize?{request}&sign_in=yes"));
        location(&sent)
    }

    /// Comes back from there: the page.
    pub fn comes_back(&mut self, url: &str) -> Outcome {
        let state = parameter(url, "state").unwrap();
        self.get(&format!("/t/acme/signed-in?code=a-code&state={state}"))
    }

    /// Signs in as somebody whom the provider knows.
    pub fn signs_in(&mut self, subject: &str, email: &str) -> Outcome {
        let url = self.begins();
        let now = self.world.now();
        says(|said| said.claims = claims(&url, now, subject, email));
        self.comes_back(&url)
    }

    /// Agrees, by the proof in a page.
    pub fn agrees(&mut self, proof: &str) -> Outcome {
        let path = format!("/authorize?{}", form(&authorization(&self.client)));
        let answer = form(&[("signed_in", proof), ("decision", "agree")]);
        self.world.anonymous(OBJECT, "POST", &path, &answer)
    }
}

/// The proof in the form of a page.
pub fn proof(page: &Outcome) -> String {
    assert_eq!(page.status(), 200, "{}", page.text());
    let text = page.text();
    let proof = text.split("name=\"signed_in\" value=\"").nth(1);
    let proof = proof.unwrap_or_else(|| panic!("{text}"));
    proof.split('"').next().unwrap().to_owned()
}
