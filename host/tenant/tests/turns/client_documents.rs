//! Clients that describe themselves at a URL of theirs, and URLs that lead where none should.

use crate::browser::*;
use crate::world::{World, tool_call};
use serde_json::{Value, json};
use smcp_capability::http::{Header, HttpAnswer};
use smcp_capability::turn::{Fetch, Fetched};

const TOOL: &str = include_str!("../../../../tests/guests/greet.wat");

struct Scene {
    world: World,
    access_code: String,
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new();
        world.acme(TOOL);
        let (_, access_code) = world.member(json!({"name": "Ada"}));
        Self { world, access_code }
    }

    fn calls(&mut self, tokens: &Value) -> u16 {
        let token = tokens["access_token"].as_str().unwrap();
        let call = tool_call(1, "greet", json!({}));
        self.world.call(token, &call).status()
    }
}

fn document(fetch: &Fetch) -> Fetched {
    let body = json!({
        "client_id": fetch.url, "client_name": "Own", "redirect_uris": ["http://127.0.0.1/callback"],
    });
    Fetched::Answer(HttpAnswer {
        status: 200,
        headers: vec![Header {
            name: "cache-control".into(),
            value: "max-age=3600".into(),
        }],
        body: body.to_string().into_bytes(),
    })
}

#[test]
fn a_client_describes_itself_at_its_url_which_is_asked_once_an_hour() {
    let mut scene = Scene::new();
    scene.world.web = document;
    let client = "https://app.example/oauth/client.json";
    let tokens = scene.world.connect(client, &scene.access_code.clone());
    assert_eq!(scene.calls(&tokens), 200);
    assert_eq!(scene.world.fetched.len(), 1);
    scene.world.pass(3_600_000.0);
    scene.world.connect(client, &scene.access_code.clone());
    assert_eq!(scene.world.fetched.len(), 2);
}

/// URLs that lead inside, or are no documents: nothing is sent, or nothing comes of it.
#[test]
fn a_document_that_points_inside_is_not_fetched() {
    let mut scene = Scene::new();
    scene.world.web = document;
    for client in [
        "http://app.example/client.json",
        "https://localhost/client.json",
        "https://127.0.0.1/client.json",
        "https://2130706433/client.json",
        "https://0x7f000001/client.json",
        "https://[::1]/client.json",
        "https://169.254.169.254/latest/meta-data",
        "https://metadata.google.internal/x",
        "https://app.internal/client.json",
        "https://router.lan/client.json",
        "https://127.0.0.1.nip.io/client.json",
        "https://user@app.example/client.json",
        "https://app.example",
        "https://app.example/a/../client.json",
        "https://app.example/client.json?url=http://localhost",
        "https://app.example/client.json#x",
    ] {
        let request = authorization(client);
        let page = scene.world.agree(&request, &scene.access_code.clone());
        assert_eq!(
            (page.status(), scene.world.fetched.len()),
            (400, 0),
            "{client}"
        );
    }
}

#[test]
fn a_document_that_redirects_lies_or_is_not_there_is_none_and_is_not_asked_for_at_once_again() {
    let moved: fn(&Fetch) -> Fetched = |_| {
        Fetched::Answer(HttpAnswer {
            status: 302,
            headers: vec![Header {
                name: "location".into(),
                value: "https://other.example/client.json".into(),
            }],
            body: Vec::new(),
        })
    };
    let lies: fn(&Fetch) -> Fetched = |fetch| {
        let other = Fetch {
            url: "https://trusted.example/client.json".into(),
            ..fetch.clone()
        };
        document(&other)
    };
    let gone: fn(&Fetch) -> Fetched = |_| Fetched::Failed;
    let late: fn(&Fetch) -> Fetched = |_| Fetched::TimedOut;
    for web in [moved, lies, gone, late] {
        let mut scene = Scene::new();
        scene.world.web = web;
        let request = authorization("https://app.example/client.json");
        for _ in 0..3 {
            assert_eq!(
                scene
                    .world
                    .agree(&request, &scene.access_code.clone())
                    .status(),
                400
            );
        }
        assert_eq!(scene.world.fetched.len(), 1);
    }
}
