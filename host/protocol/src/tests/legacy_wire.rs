//! What a legacy client is sent by guests: results of each kind, in the shapes that its version knows.

use super::*;

const VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

fn legacy(version: &'static str) -> Head<'static> {
    Head {
        protocol_version: Some(version),
        ..LEGACY
    }
}

#[test]
fn results_of_each_kind() {
    let content = r#""content":[{"type":"text","text":"t"},{"type":"image","data":"AAAA","mimeType":"image/png"},{"type":"resource","resource":{"uri":"a:b","blob":"AAAA"}}]"#;
    let messages =
        r#""description":"d","messages":[{"role":"user","content":{"type":"text","text":"t"}}]"#;
    let contents = r#""contents":[{"uri":"a:p","mimeType":"text/plain","text":"t"},{"uri":"a:q","blob":"AAAA"}]"#;
    let completion = r#""completion":{"values":["v"],"total":1,"hasMore":false}"#;
    for (target, params, members) in [
        (Target::Tool, r#"{"name":"p"}"#, content),
        (Target::Prompt, r#"{"name":"p"}"#, messages),
        (Target::Resource, r#"{"uri":"a:p"}"#, contents),
        (
            Target::Completion,
            r#"{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":""}}"#,
            completion,
        ),
    ] {
        let method = target.method();
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        for version in VERSIONS {
            let head = legacy(version);
            let request = official_request(&head, &body);
            let output = format!("{{{members}}}");
            let result = GuestResult::parse(target, &output).unwrap();
            let answer = request
                .reply_to()
                .guest_result(&server(), &result, Vec::new());
            let expected = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{{members}}}}}"#);
            assert_eq!(sent(&request, answer.json()), expected, "{version}");
        }
    }
}

#[test]
fn a_tools_failure_without_a_guest() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"p"}}"#;
    for version in VERSIONS {
        let head = legacy(version);
        let request = official_request(&head, body);
        let answer = request.reply_to().tool_error(&server(), "no");
        assert_eq!(
            sent(&request, answer.json()),
            r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"no"}],"isError":true}}"#
        );
    }
}

/// 2025-11-25 and 2025-06-18, schema, `CallToolResult` and `Tool`: structured content is an object,
/// and so says its schema. Since 2026-07-28 both may be anything. A client of an earlier version
/// that is given more refuses the result, or the whole list.
#[test]
fn structured_content_that_is_no_object_is_left_out_with_its_schema() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"p"}}"#;
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    for (structured, schema, is_kept) in [
        (r#"{"a":1}"#, r#"{"type":"object"}"#, true),
        (
            r#"{"a":1}"#,
            r#"{"$schema":"s","type":"\u006fbject"}"#,
            true,
        ),
        ("[1]", r#"{"type":"array"}"#, false),
        ("1", r#"{"type":["integer","null"]}"#, false),
        ("null", "{}", false),
    ] {
        let output =
            format!(r#"{{"content":[],"structuredContent":{structured},"isError":false}}"#);
        let result = GuestResult::parse(Target::Tool, &output).unwrap();
        let first = r#"{"name":"a","inputSchema":{"type":"object"}}"#;
        let tool = format!(
            r#"{{"name":"b", "outputSchema" : {schema} ,"inputSchema":{{"type":"object"}}}}"#
        );
        let catalogue = format!(r#"{{"tools":[{first} , {tool}]}}"#);
        let catalogue = Catalogue::parse(catalogue.as_bytes()).unwrap();
        for version in VERSIONS {
            let head = legacy(version);
            let request = official_request(&head, body);
            let answer = request
                .reply_to()
                .guest_result(&server(), &result, Vec::new());
            let json = sent(&request, answer.json());
            assert_eq!(json.contains("structuredContent"), is_kept, "{json}");

            let request = official_request(&head, list);
            let page = catalogue.page(crate::List::Tools, None).unwrap();
            let answer = request.reply_to().list(&server(), &page);
            let json = sent(&request, answer.json());
            let shorter = r#"{"name":"b","inputSchema":{"type":"object"}}"#;
            let items = if is_kept {
                format!("{first} , {tool}")
            } else {
                format!("{first},{shorter}")
            };
            let expected = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":[{items}]}}}}"#);
            assert_eq!(json, expected);
        }
    }
}
