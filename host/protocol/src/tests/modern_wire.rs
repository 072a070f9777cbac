//! What else a modern client is sent: results of each kind, questions, what it listens for.

use super::*;
use crate::listen::Change;
use crate::{Offer, Target};

const META: &str =
    r#""_meta":{"io.modelcontextprotocol/serverInfo":{"name":"echo","version":"1.2.0"}}"#;

fn asked(method: &str, name: Option<&str>, more: &str, check: impl FnOnce(&Request<'_>)) {
    let body = modern_body(method, more);
    check(&official_request(&modern(method, name), &body));
}

/// A guest's result as a modern client is sent it.
fn result_of(target: Target, output: &str) -> String {
    let name = match target {
        Target::Completion => None,
        Target::Resource => Some("a:p"),
        Target::Tool | Target::Prompt => Some("p"),
    };
    let more = match target {
        Target::Resource => r#""uri":"a:p","#,
        Target::Completion => {
            r#""ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":""},"#
        }
        Target::Tool | Target::Prompt => r#""name":"p","#,
    };
    let mut json = String::new();
    asked(target.method(), name, more, |request| {
        let result = GuestResult::parse(target, output).unwrap();
        let answer = request
            .reply_to()
            .guest_result(&server(), &result, Vec::new());
        json = sent(request, answer.json()).to_owned();
    });
    json
}

#[test]
fn results_of_each_kind() {
    for (target, output, sent) in [
        (
            Target::Tool,
            r#"{"content":[],"structuredContent":[1]}"#,
            r#""content":[],"structuredContent":[1],"#,
        ),
        (Target::Prompt, r#"{"messages":[]}"#, r#""messages":[],"#),
        // 2026-07-28, server/utilities/caching: how long it may be kept is always said.
        (
            Target::Resource,
            r#"{"contents":[]}"#,
            r#""contents":[],"ttlMs":0,"cacheScope":"private","#,
        ),
        (
            Target::Resource,
            r#"{"contents":[],"ttlMs":5}"#,
            r#""contents":[],"ttlMs":5,"cacheScope":"private","#,
        ),
        (
            Target::Completion,
            r#"{"completion":{"values":[]}}"#,
            r#""completion":{"values":[]},"#,
        ),
    ] {
        let expected = format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"complete",{sent}{META}}}}}"#
        );
        assert_eq!(result_of(target, output), expected);
    }
}

#[test]
fn results_of_another_kind_are_refused() {
    for (target, output) in [
        (Target::Tool, r#"{"messages":[]}"#),
        (Target::Prompt, r#"{"content":[]}"#),
        (Target::Resource, r#"{"contents":{}}"#),
        (Target::Completion, r#"{"completion":[]}"#),
        (
            Target::Prompt,
            r#"{"messages":[],"resultType":"input_required"}"#,
        ),
    ] {
        assert!(GuestResult::parse(target, output).is_err(), "{output}");
    }
    assert!(GuestResult::parse_resources(r#"{"resources":[]}"#).is_ok());
    assert!(GuestResult::parse_resources(r#"{"tools":[]}"#).is_err());
}

/// 2026-07-28, basic/patterns/mrtr, "InputRequiredResult": each kind of question, for each kind of
/// call that may ask.
#[test]
fn questions() {
    let form = r#"{"method":"elicitation/create","params":{"mode":"form","message":"Who?","requestedSchema":{"type":"object","properties":{"name":{"type":"string","minLength":1},"many":{"type":"array","items":{"type":"string","enum":["a","b"]}}},"required":["name"]}}}"#;
    let page = r#"{"method":"elicitation/create","params":{"mode":"url","message":"Pay.","url":"https://pay.example/"}}"#;
    let model = r#"{"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"Why?"}}],"maxTokens":9}}"#;
    let roots = r#"{"method":"roots/list"}"#;
    for (target, name, more) in [
        (Target::Tool, "p", r#""name":"p","#),
        (Target::Prompt, "p", r#""name":"p","#),
        (Target::Resource, "a:p", r#""uri":"a:p","#),
    ] {
        for asks in [
            vec![("q1", form)],
            vec![("q1", page)],
            vec![("q1", model)],
            vec![("q1", roots)],
            vec![("who", form), ("q2", model), ("q \"3\"", roots)],
        ] {
            asked(target.method(), Some(name), more, |request| {
                let answer = request
                    .reply_to()
                    .input_required(&server(), asks.clone(), "a-b_c");
                let quoted = |text: &str| crate::json::quoted(text);
                let listed: Vec<_> = asks
                    .iter()
                    .map(|(id, question)| format!("{}:{question}", quoted(id)))
                    .collect();
                let expected = format!(
                    r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"input_required","inputRequests":{{{}}},"requestState":"a-b_c",{META}}}}}"#,
                    listed.join(",")
                );
                assert_eq!(sent(request, answer.json()), expected);
                assert_eq!(answer.status(), 200);
            });
        }
    }
}

/// server/tools, "Error Handling": what the model is to read is a result.
#[test]
fn a_tools_failure_without_a_guest() {
    asked("tools/call", Some("p"), r#""name":"p","#, |request| {
        let answer = request.reply_to().tool_error(&server(), "not \"so\"");
        let expected = format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"complete","content":[{{"type":"text","text":"not \"so\""}}],"isError":true,{META}}}}}"#
        );
        assert_eq!(sent(request, answer.json()), expected);
    });
}

/// 2026-07-28, basic/patterns/subscriptions.
#[test]
fn what_a_client_listens_for() {
    const SUBSCRIPTION: &str = r#""_meta":{"io.modelcontextprotocol/subscriptionId":1}"#;
    let more = r#""notifications":{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":false,"resourceSubscriptions":["a:b","a:b"]},"#;
    asked("subscriptions/listen", None, more, |request| {
        let Method::Listen(listen) = request.method() else {
            panic!("{request:?}")
        };
        let to = request.reply_to().subscription();
        let offer = Offer {
            tools: true,
            resources: true,
            ..Offer::default()
        };
        let filter = listen.filter(&offer).unwrap();
        let notification = |method: &str, more: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/{method}","params":{{{SUBSCRIPTION}{more}}}}}"#
            )
        };
        assert_eq!(
            sent(request, &to.acknowledged(&filter)),
            notification(
                "subscriptions/acknowledged",
                r#","notifications":{"toolsListChanged":true,"resourceSubscriptions":["a:b"]}"#
            )
        );
        for (change, wanted, method, more) in [
            (Change::Tools, true, "tools/list_changed", ""),
            (Change::Prompts, false, "prompts/list_changed", ""),
            (Change::Resources, false, "resources/list_changed", ""),
            (
                Change::Resource("a:b".into()),
                true,
                "resources/updated",
                r#","uri":"a:b""#,
            ),
            (
                Change::Resource("a:c".into()),
                false,
                "resources/updated",
                r#","uri":"a:c""#,
            ),
        ] {
            assert_eq!(filter.wants(&change), wanted, "{change:?}");
            assert_eq!(
                sent(request, &to.change(&change)),
                notification(method, more)
            );
        }
        assert_eq!(
            sent(request, to.ended().json()),
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"complete",{SUBSCRIPTION}}}}}"#
            )
        );
    });
}

/// The same page, "Acknowledgment": all that can be heard, and nothing.
#[test]
fn acknowledgments() {
    const ALL: &str = r#"{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["a:\"b\"","a:c"]}"#;
    let everything = Offer {
        tools: true,
        resources: true,
        prompts: true,
        ..Offer::default()
    };
    for (offer, honoured) in [(everything, ALL), (Offer::default(), "{}")] {
        let more = format!(r#""notifications":{ALL},"#);
        asked("subscriptions/listen", None, &more, |request| {
            let Method::Listen(listen) = request.method() else {
                panic!("{request:?}")
            };
            let to = request.reply_to();
            let expected = format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{{"_meta":{{"io.modelcontextprotocol/subscriptionId":1}},"notifications":{honoured}}}}}"#
            );
            let acknowledged = to
                .subscription()
                .acknowledged(&listen.filter(&offer).unwrap());
            assert_eq!(sent(request, &acknowledged), expected);
            let event = crate::sse::event(&acknowledged);
            assert_eq!(event, format!("event: message\ndata: {expected}\n\n"));
        });
    }
}

#[test]
fn a_wish_to_listen_that_makes_no_sense_is_refused() {
    let many: Vec<String> = (0..257).map(|number| format!("\"a:{number}\"")).collect();
    let long = "x".repeat(2_049);
    for notifications in [
        "1".to_owned(),
        r#"{"toolsListChanged":1}"#.to_owned(),
        r#"{"resourceSubscriptions":"a:b"}"#.to_owned(),
        r#"{"resourceSubscriptions":[1]}"#.to_owned(),
        format!(r#"{{"resourceSubscriptions":[{}]}}"#, many.join(",")),
        format!(r#"{{"resourceSubscriptions":["{long}"]}}"#),
    ] {
        let body = modern_body(
            "subscriptions/listen",
            &format!("\"notifications\":{notifications},"),
        );
        let head = modern("subscriptions/listen", None);
        let refused = request(&head, &body).unwrap_err();
        assert_eq!(refused.error().code(), "invalid_params");
    }
}
