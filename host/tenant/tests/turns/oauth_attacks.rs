//! What somebody tries who wants a token that is not theirs. Each is refused, and costs whoever it was theirs no more
//! than it must.

use crate::browser::*;
use crate::world::{World, tool_call};
use serde_json::{Value, json};
use smcp_capability::turn::Step;
use smcp_ids::limits;

const TOOL: &str = include_str!("../../../../tests/guests/greet.wat");

impl Setting {
    fn code(&mut self) -> String {
        let sent = self
            .world
            .agree(&authorization(&self.client), &self.access_code);
        parameter(&location(&sent), "code").unwrap()
    }

    fn tokens(&mut self) -> Value {
        self.world.connect(&self.client, &self.access_code)
    }

    fn calls(&mut self, tokens: &Value) -> u16 {
        let token = tokens["access_token"].as_str().unwrap();
        self.world
            .call(token, &tool_call(1, "greet", json!({})))
            .status()
    }

    /// The error that a request for tokens is answered.
    fn refused(&mut self, request: &[(&str, &str)]) -> String {
        let told = self.world.token(request);
        assert!(told.status() >= 400, "{}", told.text());
        told.json()["error"].as_str().unwrap().to_owned()
    }
}

fn next(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_code_that_comes_again_ends_all_that_it_led_to() {
    let mut scene = Setting::new();
    let (client, code) = (scene.client.clone(), scene.code());
    let tokens = scene.world.token(&exchange(&client, &code)).json();
    assert_eq!(scene.calls(&tokens), 200);
    assert_eq!(scene.refused(&exchange(&client, &code)), "invalid_grant");
    assert_eq!(scene.calls(&tokens), 401);
    assert_eq!(
        scene.refused(&refresh(&client, &next(&tokens))),
        "invalid_grant"
    );
}

#[test]
fn of_two_requests_with_one_code_at_once_none_is_left_with_a_token_that_holds() {
    let mut scene = Setting::new();
    let (client, code) = (scene.client.clone(), scene.code());
    let body = form(&exchange(&client, &code));
    let mut turns = Vec::new();
    for _ in 0..2 {
        let mut frame = scene
            .world
            .frame("POST", "/token", "", body.clone().into_bytes());
        frame.headers.retain(|(name, _)| name != "authorization");
        turns.push(scene.world.begin(OBJECT, frame));
    }
    // Both have read the connection before either has changed it.
    let mut answers = Vec::new();
    for turn in &turns {
        let Step::Need(effect) = scene.world.step(OBJECT, *turn, None) else {
            panic!()
        };
        answers.push(scene.world.perform(OBJECT, effect));
    }
    let mut replies = Vec::new();
    for (turn, answer) in turns.into_iter().zip(answers) {
        let mut step = scene.world.step(OBJECT, turn, Some(answer));
        loop {
            match step {
                Step::Need(effect) => {
                    let answer = scene.world.perform(OBJECT, effect);
                    step = scene.world.step(OBJECT, turn, Some(answer));
                }
                Step::Done(reply) => {
                    replies.push(reply);
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!([replies[0].head.status, replies[1].head.status], [200, 400]);
    let tokens: Value = serde_json::from_slice(&replies[0].body).unwrap();
    assert_eq!(scene.calls(&tokens), 401);
}

#[test]
fn a_code_is_of_no_use_without_what_belongs_to_it_and_is_not_used_up_by_trying() {
    let mut scene = Setting::new();
    let (client, code) = (scene.client.clone(), scene.code());
    let other = scene.world.registered(&json!({
        "client_name": "Thief", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
    }));
    let other = other["client_id"].as_str().unwrap().to_owned();
    let wrong_verifier = "x".repeat(43);
    for (name, value, error) in [
        ("code_verifier", wrong_verifier.as_str(), "invalid_grant"),
        ("code_verifier", "", "invalid_request"),
        ("code_verifier", CHALLENGE, "invalid_grant"),
        ("client_id", other.as_str(), "invalid_grant"),
        ("client_id", "", "invalid_request"),
        ("client_id", "unknown", "invalid_client"),
        (
            "redirect_uri",
            "http://127.0.0.1:1/callback",
            "invalid_grant",
        ),
        ("redirect_uri", "", "invalid_grant"),
        (
            "resource",
            "https://mcp.example/t/acme/mcp",
            "invalid_target",
        ),
        (
            "resource",
            "https://mcp.example/t/umbrella/hello/mcp",
            "invalid_target",
        ),
        ("resource", "https://evil.example/", "invalid_target"),
    ] {
        let request = exchange(&client, &code);
        assert_eq!(
            scene.refused(&with(&request, name, value)),
            error,
            "{name}={value}"
        );
    }
    for altered in [
        code.replace("smcpc_", "smcpr_"),
        code.replace("_0_", "_1_"),
        format!("{code}A"),
    ] {
        assert_eq!(
            scene.refused(&exchange(&client, &altered)),
            "invalid_grant",
            "{altered}"
        );
    }
    assert_eq!(scene.world.token(&exchange(&client, &code)).status(), 200);
}

#[test]
fn a_code_is_good_for_a_minute() {
    let mut scene = Setting::new();
    let (client, code) = (scene.client.clone(), scene.code());
    scene.world.pass(limits::CODE_MILLIS as f64);
    assert_eq!(scene.refused(&exchange(&client, &code)), "invalid_grant");
}

#[test]
fn a_refresh_token_that_was_used_gives_its_successor_for_a_moment_and_then_ends_everything() {
    let mut scene = Setting::new();
    let client = scene.client.clone();
    let first = scene.tokens();
    let second = scene.world.token(&refresh(&client, &next(&first))).json();
    // The answer was lost, or two asked at once.
    scene.world.pass((limits::REFRESH_AGAIN_MILLIS - 1) as f64);
    let again = scene.world.token(&refresh(&client, &next(&first))).json();
    assert_eq!(next(&again), next(&second));
    let third = scene.world.token(&refresh(&client, &next(&second))).json();
    assert_eq!(scene.calls(&third), 200);
    // The one before the last is nobody's lost answer.
    assert_eq!(
        scene.refused(&refresh(&client, &next(&first))),
        "invalid_grant"
    );
    assert_eq!(scene.calls(&third), 401);
    assert_eq!(
        scene.refused(&refresh(&client, &next(&third))),
        "invalid_grant"
    );

    let first = scene.tokens();
    let second = scene.world.token(&refresh(&client, &next(&first))).json();
    scene.world.pass(limits::REFRESH_AGAIN_MILLIS as f64);
    assert_eq!(
        scene.refused(&refresh(&client, &next(&first))),
        "invalid_grant"
    );
    assert_eq!(scene.calls(&second), 401);
}

#[test]
fn a_refresh_token_is_its_clients_and_lasts_thirty_days_unused() {
    let mut scene = Setting::new();
    let client = scene.client.clone();
    let tokens = scene.tokens();
    let other = scene.world.register();
    assert_eq!(
        scene.refused(&refresh(&other, &next(&tokens))),
        "invalid_grant"
    );
    let asked = next(&tokens);
    let request = refresh(&client, &asked);
    let elsewhere = with(&request, "resource", "https://mcp.example/t/acme/mcp");
    assert_eq!(scene.refused(&elsewhere), "invalid_target");
    let body = form(&[("client_id", &other), ("token", &asked)]);
    assert_eq!(
        scene
            .world
            .anonymous(OBJECT, "POST", "/revoke", &body)
            .status(),
        200
    );
    assert_eq!(
        scene.calls(&tokens),
        200,
        "what another client gives back is not taken"
    );
    scene.world.pass((limits::CONNECTION_MILLIS - 1) as f64);
    let tokens = scene.world.token(&request).json();
    scene.world.pass(limits::CONNECTION_MILLIS as f64);
    assert_eq!(
        scene.refused(&refresh(&client, &next(&tokens))),
        "invalid_grant"
    );
}

/// Whoever is not sent on sees a page, and nobody is told anything.
#[test]
fn no_browser_is_sent_where_no_client_registered_it_to_be() {
    let mut scene = Setting::new();
    let client = scene.client.clone();
    for (name, value) in [
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", "http://127.0.0.1.evil.example/callback"),
        ("redirect_uri", "http://127.0.0.1:7777/callback/../evil"),
        (
            "redirect_uri",
            "http://127.0.0.1:7777@evil.example/callback",
        ),
        ("redirect_uri", "//evil.example"),
        ("redirect_uri", "javascript:alert(1)"),
        ("client_id", "unknown"),
        ("client_id", "smcpd_AAAA"),
        ("client_id", "smcp-app_acme_nobody"),
        ("client_id", ""),
    ] {
        let request = authorization(&client);
        let sent = scene
            .world
            .agree(&with(&request, name, value), &scene.access_code.clone());
        assert_eq!(
            (sent.status(), header(&sent, "location")),
            (400, None),
            "{name}={value}"
        );
        assert!(!sent.text().contains("href"), "{}", sent.text());
    }
    let twice = format!(
        "/authorize?{}&redirect_uri=https://evil.example/",
        form(&authorization(&client))
    );
    let sent = scene.world.anonymous(OBJECT, "GET", &twice, "");
    assert_eq!((sent.status(), header(&sent, "location")), (400, None));
}

#[test]
fn a_client_without_pkce_or_with_a_weak_one_gets_no_code() {
    let mut scene = Setting::new();
    let client = scene.client.clone();
    for (name, value) in [
        ("code_challenge", ""),
        ("code_challenge_method", ""),
        ("code_challenge_method", "plain"),
    ] {
        let request = authorization(&client);
        let sent = scene
            .world
            .agree(&with(&request, name, value), &scene.access_code.clone());
        let url = location(&sent);
        assert_eq!(
            parameter(&url, "error").as_deref(),
            Some("invalid_request"),
            "{name}={value}"
        );
        assert_eq!(parameter(&url, "code"), None);
        assert!(
            parameter(&url, "iss").is_some(),
            "also an error says who it is from"
        );
    }
}

/// No cookie, so nothing that another page can have a browser send; and what is sent must have the code in it.
#[test]
fn nobody_agrees_without_an_access_code() {
    let mut scene = Setting::new();
    let client = scene.client.clone();
    let tokens = scene.tokens();
    let stolen = [
        String::new(),
        "x".to_owned(),
        scene.access_code.replace("_1_", "_2_"),
        scene.access_code.replace("smcpm_", "smcpi_"),
        scene.access_code.replace("smcpm_acme_", "smcpm_umbrella_"),
        next(&tokens),
        tokens["access_token"].as_str().unwrap().to_owned(),
    ];
    let mut pages = Vec::new();
    for wrong in stolen {
        let page = scene.world.agree(&authorization(&client), &wrong);
        assert_eq!(page.status(), 401, "{wrong}");
        assert!(
            !page.text().contains("smcpm_acme"),
            "what was typed is not shown again"
        );
        pages.push(page.text().to_owned());
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "all look alike");
    let path = format!("/authorize?{}", form(&authorization(&client)));
    let refused = scene
        .world
        .anonymous(OBJECT, "POST", &path, "decision=refuse");
    assert_eq!(
        parameter(&location(&refused), "error").as_deref(),
        Some("access_denied")
    );
}

#[test]
fn an_invitation_is_good_once_for_a_week_and_until_there_is_a_newer_one() {
    let mut world = World::new();
    world.acme(TOOL);
    let client = world.register();
    let invited = world
        .admin("POST", "/tenants/acme/members", json!({"name": "Ada"}))
        .json();
    let link = invited["invitation"].as_str().unwrap().to_owned();
    let path = link.strip_prefix(crate::world::BASE).unwrap().to_owned();
    let (page, invitation) = path.split_once('?').unwrap();
    // Whoever only looks, as mail programs do, uses nothing up.
    assert_eq!(world.anonymous(OBJECT, "GET", &path, "").status(), 200);
    let code = world.accept(&link);
    for (method, path, body) in [("GET", path.as_str(), ""), ("POST", page, invitation)] {
        assert_eq!(
            world.anonymous(OBJECT, method, path, body).status(),
            404,
            "{method}"
        );
    }
    let again = format!(
        "/tenants/acme/members/{}/invitation",
        invited["id"].as_str().unwrap()
    );
    let second = world.admin("POST", &again, Value::Null).json();
    let third = world.admin("POST", &again, Value::Null).json();
    let link_of = |value: &Value| value["invitation"].as_str().unwrap().to_owned();
    let query = |link: &str| link.split_once('?').unwrap().1.to_owned();
    assert_eq!(
        world
            .anonymous(OBJECT, "POST", page, &query(&link_of(&second)))
            .status(),
        404
    );
    assert_eq!(
        world.agree(&authorization(&client), &code).status(),
        303,
        "the old code is good until then"
    );
    let renewed = world.accept(&link_of(&third));
    assert_eq!(world.agree(&authorization(&client), &code).status(), 401);
    assert_eq!(world.agree(&authorization(&client), &renewed).status(), 303);
    let fourth = world.admin("POST", &again, Value::Null).json();
    world.pass(limits::INVITATION_MILLIS as f64);
    assert_eq!(
        world
            .anonymous(OBJECT, "POST", page, &query(&link_of(&fourth)))
            .status(),
        404
    );
}

#[test]
fn a_code_or_token_of_another_tenant_is_none_here() {
    let mut scene = Setting::new();
    assert_eq!(
        scene
            .world
            .admin("POST", "/tenants", json!({"tenant": "umbrella"}))
            .status(),
        201
    );
    let (client, code) = (scene.client.clone(), scene.code());
    let request = exchange(&client, &code);
    let request = with(&request, "resource", "");
    let told = scene
        .world
        .anonymous("tenant:umbrella", "POST", "/token", &form(&request));
    assert_eq!(told.json()["error"], "invalid_grant");
    let tokens = scene.world.token(&exchange(&client, &code)).json();
    let token = tokens["access_token"].as_str().unwrap();
    let body = tool_call(1, "greet", json!({})).to_string().into_bytes();
    for (object, path) in [
        ("tenant:umbrella", "/t/umbrella/hello/mcp"),
        ("tenant:umbrella", "/t/umbrella/mcp"),
    ] {
        let frame = scene.world.frame("POST", path, token, body.clone());
        assert_eq!(scene.world.send(object, frame).status(), 401, "{path}");
    }
}

#[test]
fn a_clock_that_goes_back_revives_nothing_that_was_used_or_ended() {
    let mut scene = Setting::new();
    let (client, code) = (scene.client.clone(), scene.code());
    let tokens = scene.world.token(&exchange(&client, &code)).json();
    let connections = scene
        .world
        .admin("GET", "/tenants/acme/connections", Value::Null)
        .json();
    let id = connections["connections"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let ended = scene.world.admin(
        "DELETE",
        &format!("/tenants/acme/connections/{id}"),
        Value::Null,
    );
    assert_eq!(ended.status(), 200);
    for back in [-1_000.0, -120_000.0, -86_400_000.0] {
        scene.world.pass(back);
        assert_eq!(scene.calls(&tokens), 401);
        for request in [exchange(&client, &code), refresh(&client, &next(&tokens))] {
            assert_eq!(scene.refused(&request), "invalid_grant");
        }
    }
}
