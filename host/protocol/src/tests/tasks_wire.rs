//! Tasks: what is asked of them, by whom, and what is answered.

use smcp_ids::UnixMillis;

use super::*;
use crate::{TaskAsk, TaskMore, TaskStatus, TaskView, Wire};

const META: &str =
    r#""_meta":{"io.modelcontextprotocol/serverInfo":{"name":"echo","version":"1.2.0"}}"#;

/// A request of a client that takes tasks.
fn body(method: &str, more: &str) -> String {
    let taken = r#"/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#;
    modern_body(method, more).replace(r#"/clientCapabilities":{}"#, taken)
}

const TASK: TaskView<'static> = TaskView {
    id: "t-1",
    status: TaskStatus::Working,
    created: UnixMillis(1_767_225_600_000),
    updated: UnixMillis(1_767_225_601_500),
    ttl_millis: Some(60_000),
    poll_millis: 500,
    message: None,
};

#[test]
fn what_is_asked_of_a_task() {
    for (ask, more, responses) in [
        (TaskAsk::Get, "", ""),
        (TaskAsk::Cancel, r#""inputResponses":1,"#, ""),
        (TaskAsk::Update, r#""inputResponses":{},"#, ""),
        (
            TaskAsk::Update,
            r#""inputResponses":{"q\u0031":{"action":"accept"},"unknown-key":{"ignored":true}},"#,
            r#"q1 {"action":"accept"};unknown-key {"ignored":true};"#,
        ),
    ] {
        let text = body(ask.method(), &format!(r#""taskId":"t-\u0031",{more}"#));
        let request = official_request(&modern(ask.method(), Some("t-1")), &text);
        let Method::Task(call) = request.method() else {
            panic!("{request:?}")
        };
        assert_eq!((call.ask, &*call.id), (ask, "t-1"));
        let seen = call
            .responses()
            .map(|(id, value)| format!("{id} {};", value.text()));
        assert_eq!(seen.collect::<String>(), responses);
        assert!(request.meta().takes_tasks && !request.method().calls_guest());
    }
}

/// extensions/tasks: the extension is looked at before the task is, and its methods are three.
#[test]
fn what_is_wrong_with_it_is_said_in_this_order() {
    let named = r#""taskId":"t","#;
    let refused = |head: &Head<'_>, text: &str, status: u16, part: &str| {
        let (seen, json) = answered(head, text);
        assert_eq!(seen, status, "{text} {json}");
        assert!(json.contains(part), "{text} {json}");
    };
    let missing = r#""code":-32021,"#;
    let required = r#""data":{"code":"missing_extension","requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}"#;
    for ask in TaskAsk::ALL {
        let method = ask.method();
        let head = modern(method, Some("t"));
        for part in [missing, required] {
            refused(&head, &modern_body(method, named), 400, part);
            refused(&modern(method, None), &modern_body(method, ""), 400, part);
        }
        for wrong in [
            modern(method, Some("u")),
            modern(method, None),
            modern("tools/call", Some("t")),
        ] {
            refused(&wrong, &body(method, named), 400, r#""code":-32020,"#);
        }
        let params = r#""code":"invalid_params""#;
        refused(&modern(method, None), &body(method, ""), 200, params);
        refused(
            &modern(method, None),
            &body(method, r#""taskId":7,"#),
            200,
            params,
        );
    }
    for responses in ["", r#""inputResponses":[],"#, r#""inputResponses":null,"#] {
        let text = body("tasks/update", &format!("{named}{responses}"));
        let head = modern("tasks/update", Some("t"));
        refused(&head, &text, 200, r#""code":"invalid_params""#);
    }
    for gone in ["tasks/result", "tasks/list"] {
        refused(&modern(gone, None), &body(gone, named), 404, "-32601");
    }
}

#[test]
fn a_task_is_told_of_in_the_form_that_belongs_to_its_status() {
    const MOMENTS: &str =
        r#""createdAt":"2026-01-01T00:00:00.000Z","lastUpdatedAt":"2026-01-01T00:00:01.500Z""#;
    let text = body("tasks/get", r#""taskId":"t-1","#);
    let request = official_request(&modern("tasks/get", Some("t-1")), &text);
    let wire = ProtocolError::InvalidParams("x").wire(Version::V2026_07_28.era());
    let failed = crate::Answer::failed("1", &wire);
    let error = failed.outcome().unwrap_err();
    let question = r#"{"method":"roots/list"}"#;
    let result = r#"{"resultType":"complete","content":[],"isError":true}"#;
    for (status, message, more, said) in [
        (TaskStatus::Working, None, TaskMore::None, String::new()),
        (
            TaskStatus::Completed,
            Some("\"done\""),
            TaskMore::Result(result),
            format!(r#","result":{result}"#),
        ),
        (
            TaskStatus::Failed,
            None,
            TaskMore::Error(error),
            format!(r#","error":{error}"#),
        ),
        (
            TaskStatus::InputRequired,
            None,
            TaskMore::Questions(vec![("a\"b", question), ("c", question)]),
            format!(r#","inputRequests":{{"a\"b":{question},"c":{question}}}"#),
        ),
        (TaskStatus::Cancelled, None, TaskMore::None, String::new()),
    ] {
        let task = TaskView {
            status,
            message,
            ttl_millis: None,
            ..TASK
        };
        let answer = request.reply_to().task(&server(), &task, more);
        let message = message.map_or(String::new(), |text| {
            format!(r#""statusMessage":{},"#, crate::json::quoted(text))
        });
        let expected = format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"complete","taskId":"t-1","status":"{}",{message}{MOMENTS},"ttlMs":null,"pollIntervalMs":500{said},{META}}}}}"#,
            status.as_str()
        );
        assert_eq!(sent(&request, answer.json()), expected);
        assert_eq!(answer.status(), 200);
    }
}

#[test]
fn a_call_that_becomes_a_task_is_answered_flat() {
    let text = body("tools/call", r#""name":"p","#);
    let request = official_request(&modern("tools/call", Some("p")), &text);
    let answer = request.reply_to().task_created(&server(), &TASK);
    assert_eq!(
        sent(&request, answer.json()),
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"task","taskId":"t-1","status":"working","createdAt":"2026-01-01T00:00:00.000Z","lastUpdatedAt":"2026-01-01T00:00:01.500Z","ttlMs":60000,"pollIntervalMs":500,{META}}}}}"#
        )
    );
}

#[test]
fn what_is_taken_is_acknowledged_and_nothing_more_is_said() {
    for ask in [TaskAsk::Update, TaskAsk::Cancel] {
        let text = body(ask.method(), r#""taskId":"t","inputResponses":{},"#);
        let request = official_request(&modern(ask.method(), Some("t")), &text);
        let answer = request.reply_to().task_taken(&server());
        let expected =
            format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"complete",{META}}}}}"#);
        assert_eq!(sent(&request, answer.json()), expected);
    }
}

/// basic/versioning, "Extension Negotiation".
#[test]
fn a_server_says_whether_its_calls_may_become_tasks() {
    let tasked = br#"{"tools":[{"name":"t","execution":{"taskSupport":"optional"},"inputSchema":{"type":"object"}}]}"#;
    let tasked = Catalogue::parse(tasked).unwrap();
    let said = r#""extensions":{"io.modelcontextprotocol/tasks":{}}"#;
    let text = modern_body("server/discover", "");
    let request = official_request(&modern("server/discover", None), &text);
    for (catalogue, is_said) in [(&tasked, true), (&catalogue(), false)] {
        let answer = request.reply_to().discover(&server(), &catalogue.offer());
        let json = sent(&request, answer.json());
        assert_eq!(json.contains(said), is_said, "{json}");
        assert!(!json.contains(r#""tasks":"#), "{json}");
    }
}

#[test]
fn how_a_call_ended_can_be_kept_for_later() {
    let text = body("tools/call", r#""name":"p","#);
    let request = official_request(&modern("tools/call", Some("p")), &text);
    let to = request.reply_to();
    let output = r#"{"content":[],"error":"\"result\"","result":[1, 2]}"#;
    let parsed = GuestResult::parse(Target::Tool, output).unwrap();
    let answer = to.guest_result(&server(), &parsed, Vec::new());
    let kept = format!(
        r#"{{"resultType":"complete","content":[],"error":"\"result\"","result":[1, 2],{META}}}"#
    );
    assert_eq!(answer.outcome(), Ok(kept.as_str()));
    let wire = Wire::of_guest(7, "no \"result\":{}", Some(r#"{"result":1}"#));
    let answer = to.wire(&wire);
    assert_eq!(
        answer.outcome(),
        Err(r#"{"code":7,"message":"no \"result\":{}","data":{"result":1}}"#)
    );
}
