//! Tasks of 2025-11-25: who asks for one and how, what is asked of them, and what is answered.

use smcp_ids::UnixMillis;

use super::*;
use crate::{
    Answer, LegacyTaskCall, List, TaskStatus, TaskView, TaskWish, UnionPage, task_ask_message,
};

const VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];
const TOOLS: &str = r#"{"tools":[{"name":"a","inputSchema":{"type":"object"}} , {"name":"b","execution":{"taskSupport":"optional"},"inputSchema":{"type":"object"}},{"name":"c","execution":{"taskSupport":"forbidden"},"inputSchema":{"type":"object"}},{"name":"d","inputSchema":{"type":"object"},"outputSchema":{"type":"array"},"execution":{"taskSupport":"required"}}]}"#;

const TASK: TaskView<'static> = TaskView {
    id: "t-1",
    status: TaskStatus::Working,
    created: UnixMillis(1_767_225_600_000),
    updated: UnixMillis(1_767_225_601_500),
    ttl_millis: Some(60_000),
    poll_millis: 500,
    message: None,
};
const SAID: &str = r#"{"taskId":"t-1","status":"working","createdAt":"2026-01-01T00:00:00.000Z","lastUpdatedAt":"2026-01-01T00:00:01.500Z","ttl":60000,"pollInterval":500}"#;

fn body(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

fn head(version: &'static str) -> Head<'static> {
    Head {
        protocol_version: Some(version),
        ..LEGACY
    }
}

fn result(result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#)
}

#[test]
fn what_is_asked_of_tasks() {
    let id = || "t-1".into();
    for (method, params, expected) in [
        (
            "tasks/get",
            r#"{"taskId":"t-\u0031"}"#,
            LegacyTaskCall::Get(id()),
        ),
        (
            "tasks/result",
            r#"{"taskId":"t-1"}"#,
            LegacyTaskCall::Result(id()),
        ),
        (
            "tasks/cancel",
            r#"{"taskId":"t-1"}"#,
            LegacyTaskCall::Cancel(id()),
        ),
        ("tasks/list", "{}", LegacyTaskCall::List(None)),
        (
            "tasks/list",
            r#"{"cursor":"c"}"#,
            LegacyTaskCall::List(Some("c".into())),
        ),
    ] {
        let text = body(method, params);
        let request = official_request(&head("2025-11-25"), &text);
        let Method::LegacyTask(call) = request.method() else {
            panic!("{request:?}")
        };
        assert_eq!((call, call.method()), (&expected, method));
        assert!(!request.method().calls_guest());
        assert_eq!(request.method().may_stream(), method == "tasks/result");
    }
}

#[test]
fn what_is_no_request_about_tasks_is_refused_and_other_versions_know_none() {
    for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
        for params in ["{}", r#"{"taskId":7}"#, r#"{"taskId":null}"#] {
            let (status, json) = answered(&head("2025-11-25"), &body(method, params));
            assert_eq!(status, 200, "{json}");
            assert!(json.contains(r#""code":"invalid_params""#), "{json}");
        }
    }
    let (_, json) = answered(&head("2025-11-25"), &body("tasks/list", r#"{"cursor":1}"#));
    assert!(json.contains(r#""code":"invalid_params""#), "{json}");
    for (version, method) in [
        ("2025-11-25", "tasks/update"),
        ("2025-06-18", "tasks/get"),
        ("2025-06-18", "tasks/list"),
        ("2025-03-26", "tasks/result"),
    ] {
        let (status, json) = answered(&head(version), &body(method, r#"{"taskId":"t"}"#));
        assert_eq!(status, 200, "{json}");
        assert!(json.contains("-32601"), "{version} {method} {json}");
    }
}

#[test]
fn a_call_says_that_it_is_to_be_a_task_and_for_how_long() {
    let lasts = |millis| Ok(Some(TaskWish { ttl_millis: millis }));
    for (task, expected) in [
        ("", Ok(None)),
        (r#","task":{}"#, lasts(None)),
        (r#","task":{"ttl":null}"#, lasts(None)),
        (r#","task":{"ttl":60000,"more":1}"#, lasts(Some(60_000))),
        (r#","task":{"ttl":1.5e3}"#, lasts(Some(1_500))),
        (r#","task":{"ttl":1e300}"#, lasts(Some(u64::MAX))),
        (r#","task":{"ttl":-1}"#, Err("invalid_params")),
        (r#","task":{"ttl":1e999}"#, Err("invalid_params")),
        (r#","task":{"ttl":"long"}"#, Err("invalid_params")),
        (r#","task":true"#, Err("invalid_params")),
        (r#","task":null"#, Err("invalid_params")),
    ] {
        // Read whatever the version: only who serves tasks looks at it.
        for version in VERSIONS {
            let text = body("tools/call", &format!(r#"{{"name":"p"{task}}}"#));
            let request = request(&head(version), &text).unwrap();
            let Method::Guest(call) = request.method() else {
                panic!("{request:?}")
            };
            let seen = call.task_wish().map_err(|error| error.code());
            assert_eq!(seen, expected, "{task}");
            assert_eq!(call.guest_request(), r#"{"name":"p","arguments":{}}"#);
        }
    }
}

#[test]
fn a_server_declares_its_tasks_where_they_have_that_form() {
    let tasked = Catalogue::parse(TOOLS.as_bytes()).unwrap();
    let said = r#""tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}"#;
    for version in VERSIONS {
        let params = format!(
            r#"{{"protocolVersion":"{version}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}"#
        );
        let text = body("initialize", &params);
        let request = official_request(&LEGACY, &text);
        for (catalogue, has_tasks) in [(&tasked, true), (&catalogue(), false)] {
            let answer = request.reply_to().initialize(&server(), &catalogue.offer());
            let json = sent(&request, answer.json());
            let is_said = has_tasks && version == "2025-11-25";
            assert_eq!(json.contains(said), is_said, "{json}");
            assert_eq!(json.contains("tasks"), is_said, "{json}");
        }
    }
}

#[test]
fn a_list_says_which_tools_can_be_tasks_where_its_client_can_have_them() {
    let catalogue = Catalogue::parse(TOOLS.as_bytes()).unwrap();
    let united = || {
        let mut page = UnionPage::begin(List::Tools, None).unwrap();
        let server = "s".parse().unwrap();
        page.add(&server, &catalogue, crate::catalogue::Shown::All);
        page.finish(None)
    };
    let supports = |json: &str| -> Vec<_> {
        json.split("{\"name\":")
            .skip(1)
            .map(|tool| {
                let (_, after) = tool.split_once("taskSupport\":\"")?;
                after.split_once('"').map(|(support, _)| support.to_owned())
            })
            .collect()
    };
    let all = [
        None,
        Some("optional".to_owned()),
        None,
        Some("required".to_owned()),
    ];
    let text = body("tools/list", "{}");
    for version in VERSIONS {
        let request = official_request(&head(version), &text);
        for page in [catalogue.page(List::Tools, None).unwrap(), united()] {
            let said = request.reply_to().list(&server(), &page);
            let said = supports(sent(&request, said.json()));
            let expected = if version == "2025-11-25" {
                &all
            } else {
                &[const { None }; 4]
            };
            assert_eq!(&said, expected, "{version}");
            let without = request.reply_to().list(&server(), &page.without_tasks());
            assert_eq!(
                supports(sent(&request, without.json())),
                [const { None }; 4]
            );
        }
    }
    let text = modern_body("tools/list", "");
    let request = official_request(&modern("tools/list", None), &text);
    let page = catalogue.page(List::Tools, None).unwrap();
    let answer = request.reply_to().list(&server(), &page);
    assert!(!sent(&request, answer.json()).contains("taskSupport"));
}

#[test]
fn a_task_is_told_of_in_one_form() {
    let text = body("tools/call", r#"{"name":"p","task":{"ttl":60000}}"#);
    let request = official_request(&LEGACY, &text);
    let answer = request.reply_to().legacy_task_created(&TASK);
    let expected = result(&format!(r#"{{"task":{SAID}}}"#));
    assert_eq!(sent(&request, answer.json()), expected);
    for method in ["tasks/get", "tasks/cancel"] {
        let text = body(method, r#"{"taskId":"t-1"}"#);
        let request = official_request(&LEGACY, &text);
        let answer = request.reply_to().legacy_task(&TASK);
        assert_eq!(sent(&request, answer.json()), result(SAID));
        let task = TaskView {
            status: TaskStatus::InputRequired,
            ttl_millis: None,
            message: Some("\"a\""),
            ..TASK
        };
        let answer = request.reply_to().legacy_task(&task);
        let json = sent(&request, answer.json());
        for part in [
            r#""status":"input_required","statusMessage":"\"a\"""#,
            r#""ttl":null,"#,
        ] {
            assert!(json.contains(part), "{json}");
        }
    }
}

#[test]
fn a_list_of_tasks_says_whether_there_are_more() {
    let text = body("tasks/list", "{}");
    let request = official_request(&LEGACY, &text);
    let to = request.reply_to();
    for (count, next, expected) in [
        (0, None, r#"{"tasks":[]}"#.to_owned()),
        (2, None, format!(r#"{{"tasks":[{SAID},{SAID}]}}"#)),
        (
            1,
            Some("c"),
            format!(r#"{{"tasks":[{SAID}],"nextCursor":"c"}}"#),
        ),
    ] {
        let answer = to.legacy_tasks(core::iter::repeat_n(TASK, count), next);
        assert_eq!(sent(&request, answer.json()), result(&expected));
    }
}

/// "Related Task Metadata": the response of `tasks/result` must have it.
#[test]
fn the_end_of_a_task_is_what_its_call_would_have_been_answered_and_says_whose_it_is() {
    let text = body("tasks/result", r#"{"taskId":"t-1"}"#);
    let request = official_request(&LEGACY, &text);
    let id = request.reply_to().id();
    let related = r#""io.modelcontextprotocol/related-task":{"taskId":"t-1"}"#;
    for (kept, told) in [
        (
            r#"{"content":[]}"#.to_owned(),
            format!(r#"{{"content":[],"_meta":{{{related}}}}}"#),
        ),
        (
            r#"{"_meta":{"a":1,"io.modelcontextprotocol/related-task":"forged"},"content":[],"isError":true}"#
                .to_owned(),
            format!(r#"{{"content":[],"isError":true,"_meta":{{"a":1,{related}}}}}"#),
        ),
    ] {
        let answer = Answer::of_task(id, "t-1", &kept);
        assert_eq!(sent(&request, answer.json()), result(&told));
    }
    let error = r#"{"code":7,"message":"no","data":{"a":1}}"#;
    let answer = Answer::of_failed_task(id, error);
    let expected = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#);
    assert_eq!(
        (answer.status(), sent(&request, answer.json())),
        (200, &*expected)
    );
}

/// "Input Required Status", item 2: a question of a task says whose it is.
#[test]
fn a_question_of_a_task_says_whose_it_is() {
    let text = body("tasks/result", r#"{"taskId":"t-1"}"#);
    let request = official_request(&LEGACY, &text);
    let related = r#""io.modelcontextprotocol/related-task":{"taskId":"t-1"}"#;
    let form = r#""message":"?","requestedSchema":{"type":"object","properties":{}}"#;
    for (question, members) in [
        (
            r#"{"method":"roots/list"}"#.to_owned(),
            format!(r#""method":"roots/list","params":{{"_meta":{{{related}}}}}"#),
        ),
        (
            format!(
                r#"{{"id":"forged","method":"elicitation/create","params":{{{form},"_meta":{{"k":1}}}}}}"#
            ),
            format!(
                r#""method":"elicitation/create","params":{{{form},"_meta":{{"k":1,{related}}}}}"#
            ),
        ),
    ] {
        let message = task_ask_message("s:1:q", &question, "t-1");
        let expected = format!(r#"{{"jsonrpc":"2.0","id":"s:1:q",{members}}}"#);
        assert_eq!(sent(&request, &message), expected);
    }
}
