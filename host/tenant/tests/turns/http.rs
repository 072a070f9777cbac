//! Requests of guests to other hosts: sent at most once, only while what the call has read holds, and only
//! where a grant leads at that moment.

use crate::kv_world::{Kv, Running, text};
use serde_json::{Value, json};
use smcp_capability::http::{Header, HttpAnswer, Method};
use smcp_capability::turn::{Fetch, Fetched};

const OBJECT: &str = "tenant:acme";

/// What other hosts do.
type Web = fn(&Fetch) -> Fetched;

fn answer(status: u16, body: &str) -> Fetched {
    Fetched::Answer(HttpAnswer {
        status,
        headers: Vec::new(),
        body: body.into(),
    })
}

fn redirect(status: u16, to: &str) -> Fetched {
    Fetched::Answer(HttpAnswer {
        status,
        headers: vec![Header {
            name: "location".into(),
            value: to.into(),
        }],
        body: Vec::new(),
    })
}

/// A server that may send GET and POST to one host.
fn granted(web: Web) -> Kv {
    let mut kv = Kv::new();
    kv.world.web = web;
    kv.grant("api.example.com", &["GET", "POST"]);
    kv
}

/// The methods of what was sent.
fn sent(kv: &Kv) -> Vec<Method> {
    kv.world.fetched.iter().map(|fetch| fetch.method).collect()
}

#[track_caller]
fn state(reply: &Value) -> String {
    let state = reply["result"]["requestState"].as_str();
    state.unwrap_or_else(|| panic!("{reply}")).to_owned()
}

#[track_caller]
fn code(reply: &Value) -> &str {
    let code = reply["error"]["data"]["code"].as_str();
    code.unwrap_or_else(|| panic!("{reply}"))
}

#[test]
fn what_other_hosts_answer_reaches_the_guest() {
    let cases: [(Web, &str); 8] = [
        (|_| answer(200, "a"), "a"),
        // A status is an answer.
        (|_| answer(500, "f"), "f"),
        (|_| Fetched::TooLarge, "!5"),
        (|_| Fetched::TimedOut, "!6"),
        (|_| Fetched::Failed, "!7"),
        (|_| redirect(302, "https://other.example.com/"), "!4"),
        (|_| redirect(302, "https://127.0.0.1/"), "!4"),
        (|_| redirect(301, "/again"), "!4"),
    ];
    for (web, shown) in cases {
        assert_eq!(granted(web).run("w"), shown);
    }
}

#[test]
fn a_grant_holds_from_the_next_request_on_and_so_does_its_end() {
    let mut kv = Kv::new();
    kv.world.web = |_| answer(200, "a");
    assert_eq!(kv.run("w"), "!1");
    kv.grant("api.example.com", &["GET"]);
    assert_eq!(kv.run("wW"), "a!1");
    kv.revoke("api.example.com");
    assert_eq!(kv.run("w"), "!1");
    assert_eq!(sent(&kv), [Method::Get]);
}

#[test]
fn a_call_sends_no_more_than_it_may_redirects_counted() {
    let mut kv = granted(|fetch| match fetch.url.ends_with("/w") {
        true => redirect(307, "/next"),
        false => answer(200, "a"),
    });
    // 64 requests, of which half are redirects; then 64 effects are not used up yet.
    assert_eq!(kv.run(&"w".repeat(34)), "a".repeat(32) + "!3!3");
    assert_eq!(kv.world.fetched.len(), 64);
}

#[test]
fn all_answers_of_a_call_are_bounded_together_whatever_it_asks_in_between() {
    let program = "www?w?ww";
    let mut kv = granted(|fetch| answer(200, &"x".repeat(fetch.body_max as usize)));
    let first = state(&kv.call(program));
    kv.world.web = |_| answer(200, &"y".repeat(700_000));
    let frame = kv.frame(program, Some((&first, 1)));
    let second = state(&kv.world.send(OBJECT, frame).json());
    kv.world.web = |_| Fetched::TooLarge;
    let frame = kv.frame(program, Some((&second, 1)));
    assert_eq!(text(&kv.world.send(OBJECT, frame).json()), "xxxy!5!5");
    let most: Vec<_> = kv
        .world
        .fetched
        .iter()
        .map(|fetch| fetch.body_max)
        .collect();
    let left = (1 << 20) - 700_000;
    assert_eq!(most, [1 << 20, 1 << 20, 1 << 20, 1 << 20, left, left]);
}

/// Runs `first` up to its request, then `second` whole, and gives the end of the first.
fn overtake(kv: &mut Kv, first: &str, second: &str) -> Value {
    let frame = kv.frame(first, None);
    let mut running = Running::new(kv.world.begin(OBJECT, frame));
    assert!(running.advance(&mut kv.world).is_none());
    kv.run(second);
    running.finish(&mut kv.world)
}

#[test]
fn a_call_whose_reads_are_stale_is_run_again_before_it_sends() {
    let mut kv = granted(|_| answer(200, "a"));
    kv.run("sk1");
    // It stands still in its sleep, and has read by then.
    let reply = overtake(&mut kv, "gkzWgk", "sk2");
    assert_eq!(text(&reply), "2a2");
    assert_eq!(sent(&kv), [Method::Post]);
}

#[test]
fn a_call_that_only_asked_is_run_again_with_the_answer_it_had() {
    let mut kv = granted(|_| answer(200, "a"));
    kv.run("sk1");
    let reply = overtake(&mut kv, "gkw+k", "sk5");
    assert_eq!(text(&reply), "5a");
    assert_eq!(sent(&kv), [Method::Get]);
    assert_eq!(kv.run("gk"), "6");
}

#[test]
fn a_conflict_after_something_was_sent_stores_nothing_and_says_so() {
    let mut kv = granted(|_| answer(200, "a"));
    kv.run("sk1");
    for program in ["gkW+k", "gkWzW", "gkWzw"] {
        kv.world.fetched.clear();
        let reply = overtake(&mut kv, program, "sk5sjx");
        assert_eq!(code(&reply), "host_overtaken", "{program}");
        assert_eq!(kv.run("gk"), "5");
        assert_eq!(sent(&kv), [Method::Post], "{program}");
    }
}

#[test]
fn a_state_that_follows_a_request_goes_on_once() {
    for (program, sends) in [
        ("W?", 1),
        ("w?W", 2),
        ("W?skx", 1),
        ("W??", 1),
        ("?W", 1),
        ("??W", 1),
    ] {
        let mut kv = granted(|_| answer(200, "a"));
        let first = kv.call(program);
        let mut states = vec![state(&first)];
        let mut ends = 0;
        // Each state is sent three times, with different answers; so are all that come of them.
        while let Some(state) = states.pop() {
            for number in 0..3 {
                let frame = kv.frame(program, Some((&state, number)));
                let reply = kv.world.send(OBJECT, frame).json();
                match reply["result"]["requestState"].as_str() {
                    Some(next) => states.push(next.to_owned()),
                    None if reply["error"].is_object() => {
                        assert_eq!(code(&reply), "request_state_used", "{program}");
                    }
                    None => ends += 1,
                }
            }
        }
        assert_eq!(kv.world.fetched.len(), sends, "{program}");
        assert!(ends >= 1, "{program}");
    }
}

#[test]
fn answers_that_do_not_fit_do_not_use_a_state_up() {
    let mut kv = granted(|_| answer(200, "a"));
    let state = state(&kv.call("W?W"));
    let mut frame = kv.frame("W?W", Some((&state, 1)));
    let body = String::from_utf8(frame.body.clone()).unwrap();
    frame.body = body.replace("\"accept\"", "\"perhaps\"").into_bytes();
    let reply = kv.world.send(OBJECT, frame).json();
    assert_eq!(code(&reply), "input_response");
    let frame = kv.frame("W?W", Some((&state, 1)));
    assert_eq!(text(&kv.world.send(OBJECT, frame).json()), "aa");
    assert_eq!(sent(&kv), [Method::Post, Method::Post]);
}

#[test]
fn no_more_than_four_requests_of_a_tenant_are_under_way() {
    let mut kv = granted(|_| answer(200, "a"));
    let mut calls: Vec<_> = (0..6)
        .map(|_| {
            let frame = kv.frame("w", None);
            Running::new(kv.world.begin(OBJECT, frame))
        })
        .collect();
    for call in &mut calls {
        assert!(call.advance(&mut kv.world).is_none());
    }
    assert_eq!(kv.world.fetched.len(), 4);
    // One that is gone keeps no place.
    kv.world.cancel(OBJECT, calls.remove(0).turn);
    for mut call in calls {
        assert_eq!(text(&call.finish(&mut kv.world)), "a");
    }
    assert_eq!(kv.world.fetched.len(), 6);
}

#[test]
fn a_request_takes_no_longer_than_its_call_may() {
    let mut kv = granted(|fetch| answer(200, &format!("{}", fetch.timeout_millis / 10_000)));
    assert_eq!(kv.run("w"), "3");
    let reply = kv.call_tool("run", &("z".repeat(20) + "w"));
    assert_eq!(text(&reply), "2");
    assert_eq!(json!(kv.world.fetched.len()), 2);
}
