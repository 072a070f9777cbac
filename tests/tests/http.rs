//! Requests to other hosts on real workerd: they leave with what the guest gave, every hop is looked at, and
//! what comes back is bounded. All other hosts are one server on this machine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smcp_tests::admin::Admin;
use smcp_tests::mcp::{Client, MODERN};
use smcp_tests::outside::{Answer, Outside, Received};
use smcp_tests::schema::messages;
use smcp_tests::{Stage, Tenant};

const GUEST: &str = include_str!("../guests/kv.wat");

/// What the other host answers; its paths have eight characters.
fn answer(request: &Received) -> Answer {
    match &*request.path {
        "/redirect" => Answer::new(302, "r").with("location", "/arrived!"),
        "/tometada" => Answer::new(302, "r").with("location", "http://169.254.169.254/latest/"),
        "/elsewher" => Answer::new(307, "r").with("location", "https://other.example.com/"),
        "/for-ever" => Answer::new(302, "r").with("location", "/for-ever"),
        "/toolarge" => Answer::new(200, vec![b'x'; 2 << 20]),
        "/justfits" => Answer::new(200, vec![b'x'; 1 << 20]),
        "/nobody-x" => Answer::new(200, Vec::new()),
        "/not-here" => Answer::new(404, "n"),
        "/slow-one" => {
            thread::sleep(Duration::from_secs(20));
            Answer::new(200, "s")
        }
        _ => Answer::new(200, "a"),
    }
}

struct World {
    stage: Stage,
    outside: Outside,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let outside = Outside::start(answer).unwrap();
        let stage = Stage::sending_to(outside.port()).unwrap();
        World { stage, outside }
    })
}

/// A tenant whose guest may reach one host.
fn tenant() -> (Tenant, Client) {
    let stage = &world().stage;
    let tenant = stage.tenant_with(GUEST).unwrap();
    let platform = stage.platform();
    Admin::new(platform.url(), platform.admin_token())
        .grant(&tenant.name, "guest", "api.example.com", &["GET", "POST"])
        .unwrap();
    let endpoint = platform.endpoint(&tenant.name, "guest");
    let client = Client::new(&endpoint, &tenant.key, MODERN).that_answers();
    (tenant, client)
}

fn params(program: &str, carried: &Value) -> Value {
    let mut params = json!({"name": "run", "arguments": {"program": format!("!{program}")}});
    for (name, value) in carried.as_object().unwrap() {
        params[name] = value.clone();
    }
    params
}

fn call(client: &Client, program: &str, carried: Value) -> Value {
    client
        .call("tools/call", params(program, &carried))
        .unwrap()
}

#[track_caller]
fn run(client: &Client, program: &str) -> String {
    let answer = call(client, program, json!({}));
    let text = answer["result"]["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("{program}: {answer}"))
        .to_owned()
}

/// How many requests came for a path.
fn received(path: &str) -> usize {
    let all = world().outside.received();
    all.iter().filter(|request| request.path == path).count()
}

#[test]
fn what_comes_back_reaches_the_guest_and_what_is_too_much_does_not() {
    let (_, client) = tenant();
    for (program, shown) in [
        ("w", "a"),
        ("W", "a"),
        ("Predirect", "a"),
        ("Pnot-here", "n"),
        ("Pjustfits", "x"),
        ("Ptoolarge", "!5"),
        ("Ptometada", "!4"),
        ("Pelsewher", "!4"),
        ("Pfor-ever", "!4"),
    ] {
        assert_eq!(run(&client, program), shown, "{program}");
    }
    // The first, and five redirects; a POST that is redirected so goes on as GET.
    assert_eq!(received("/for-ever"), 6);
    let all = world().outside.received();
    let methods = |path: &str| -> Vec<&str> {
        let of_path = all.iter().filter(|request| request.path == path);
        of_path.map(|request| &*request.method).collect()
    };
    assert_eq!(
        (methods("/redirect"), methods("/arrived!")),
        (vec!["POST"], vec!["GET"])
    );
    let one = all.iter().find(|request| request.path == "/w").unwrap();
    assert_eq!(one.header("host"), "api.example.com");
    assert_eq!(one.header("x-forwarded-proto"), "https");
}

#[test]
fn a_host_that_is_not_granted_gets_nothing() {
    let stage = &world().stage;
    let tenant = stage.tenant_with(GUEST).unwrap();
    let endpoint = stage.platform().endpoint(&tenant.name, "guest");
    let client = Client::new(&endpoint, &tenant.key, MODERN);
    assert_eq!(run(&client, "Pno-grant"), "!1");
    assert_eq!(received("/no-grant"), 0);
}

#[test]
fn a_state_sent_a_hundred_times_at_once_sends_and_commits_once() {
    let (_, client) = tenant();
    let program = "?Pexactly1#n";
    let asked = call(&client, program, json!({}));
    let state = asked["result"]["requestState"].as_str().unwrap();
    let ends: Vec<Value> = thread::scope(|scope| {
        let client = &client;
        let calls: Vec<_> = (0..100)
            .map(|number| {
                let content = json!({"number": number});
                let carried = json!({
                    "requestState": state,
                    "inputResponses": {"who": {"action": "accept", "content": content}},
                });
                scope.spawn(move || {
                    loop {
                        // The queue has room for 48 of one caller.
                        let answer = client
                            .send("tools/call", params(program, &carried))
                            .unwrap();
                        if answer.status != 429 {
                            return messages(&answer).pop().unwrap();
                        }
                        thread::sleep(Duration::from_millis(20));
                    }
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let done = ends.iter().filter(|end| end["result"].is_object()).count();
    let used = |end: &&Value| end["error"]["data"]["code"] == "request_state_used";
    assert_eq!(
        (done, ends.iter().filter(used).count()),
        (1, 99),
        "{ends:?}"
    );
    assert_eq!(received("/exactly1"), 1);
    assert_eq!(run(&client, "vn"), "00000001");
}

#[test]
fn a_client_that_goes_takes_its_request_along_and_others_need_not_wait() {
    let (_, client) = tenant();
    let message = client.message(
        "tools/call",
        json!({"name": "run", "arguments": {"program": "!Pslow-one+k"}}),
    );
    let began = Instant::now();
    let mut calls: Vec<_> = (0..4)
        .map(|_| {
            client
                .ask(&message)
                .open(message.to_string().as_bytes())
                .unwrap()
        })
        .collect();
    while received("/slow-one") < 4 {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "nothing was sent"
        );
        thread::sleep(Duration::from_millis(20));
    }
    // All four places for requests are taken until their callers go.
    calls.clear();
    assert_eq!(run(&client, "Pafterall"), "a");
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(run(&client, "gk"), "-");
}
