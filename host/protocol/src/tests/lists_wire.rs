//! Lists whose items have all that the specification knows, and who offers them: in both eras.

use super::*;
use crate::json::Json;

const TOOL: &str = r#"{"name":"t","title":"T","description":"d","inputSchema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"a":{"type":"string"}},"required":["a"]},"outputSchema":{"type":"object","properties":{}},"annotations":{"title":"T","readOnlyHint":true,"destructiveHint":false,"idempotentHint":true,"openWorldHint":false},"icons":[{"src":"https://icons.example/t.png","mimeType":"image/png","sizes":["48x48"],"theme":"dark"}],"_meta":{"com.example/own":[1]}}"#;
const RESOURCE: &str = r#"{"uri":"a:r","name":"r","title":"R","description":"d","mimeType":"text/plain","size":3,"annotations":{"audience":["user","assistant"],"priority":0.5,"lastModified":"2026-01-01T00:00:00Z"},"_meta":{}}"#;
const TEMPLATE: &str =
    r#"{"uriTemplate":"a:{b}","name":"m","title":"M","description":"d","mimeType":"text/plain"}"#;
const PROMPT: &str = r#"{"name":"p","title":"P","description":"d","arguments":[{"name":"a","title":"A","description":"d","required":true},{"name":"b"}]}"#;
const META: &str =
    r#""_meta":{"io.modelcontextprotocol/serverInfo":{"name":"echo","version":"1.2.0"}}"#;

fn full() -> Catalogue {
    let text = format!(
        r#"{{"instructions":"i","completions":true,"tools":[{TOOL}],"resources":[{RESOURCE}],"resourceTemplates":[{TEMPLATE}],"prompts":[{PROMPT}]}}"#
    );
    Catalogue::parse(text.as_bytes()).unwrap()
}

fn listed(head: &Head<'_>, body: &str, catalogue: &Catalogue) -> String {
    let request = official_request(head, body);
    let Method::List { list, cursor } = request.method() else {
        panic!("{body}")
    };
    let page = catalogue.page(*list, cursor.as_deref()).unwrap();
    let answer = request.reply_to().list(&server(), &page);
    sent(&request, answer.json()).to_owned()
}

/// server/tools, server/resources and server/prompts, "Listing ...".
#[test]
fn lists_are_what_the_author_wrote_in_each_version() {
    for (method, member, item) in [
        ("tools/list", "tools", TOOL),
        ("resources/list", "resources", RESOURCE),
        ("resources/templates/list", "resourceTemplates", TEMPLATE),
        ("prompts/list", "prompts", PROMPT),
    ] {
        let body = modern_body(method, "");
        let expected = format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"complete","{member}":[{item}],"ttlMs":60000,"cacheScope":"private",{META}}}}}"#
        );
        assert_eq!(listed(&modern(method, None), &body, &full()), expected);
        for version in ["2025-11-25", "2025-06-18", "2025-03-26"] {
            let head = Head {
                protocol_version: Some(version),
                ..LEGACY
            };
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#);
            let expected =
                format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"{member}":[{item}]}}}}"#);
            assert_eq!(listed(&head, &body, &full()), expected, "{version}");
        }
    }
}

/// server/utilities/pagination, "Request Format" and "Response Format", of the modern era.
#[test]
fn a_page_after_another() {
    let tools: Vec<String> = (0..150)
        .map(|n| format!(r#"{{"name":"t{n}","inputSchema":{{"type":"object"}}}}"#))
        .collect();
    let catalogue =
        Catalogue::parse(format!(r#"{{"tools":[{}]}}"#, tools.join(",")).as_bytes()).unwrap();
    let head = modern("tools/list", None);
    let first = listed(&head, &modern_body("tools/list", ""), &catalogue);
    let next = format!(r#"],"nextCursor":"t100","ttlMs":60000,"cacheScope":"private",{META}}}}}"#);
    assert!(first.ends_with(&next), "{first}");
    let last = modern_body("tools/list", r#""cursor":"t100","#);
    let last = listed(&head, &last, &catalogue);
    let end = format!(r#"],"ttlMs":60000,"cacheScope":"private",{META}}}}}"#);
    assert!(last.ends_with(&end) && last.contains("\"t149\""), "{last}");
}

/// 2026-07-28, server/discover, "Response"; 2025-11-25, basic/lifecycle, "Capability Negotiation".
#[test]
fn a_server_says_all_that_it_offers_and_who_it_is() {
    let icons = Json::parse(br#"[{"src":"https://icons.example/s.png"}]"#).unwrap();
    let info = ServerInfo::new("echo", "1.2.0", Some("An \"Echo\""), Some(icons));
    let implementation = r#"{"name":"echo","title":"An \"Echo\"","version":"1.2.0","icons":[{"src":"https://icons.example/s.png"}]}"#;

    let body = modern_body("server/discover", "");
    let request = official_request(&modern("server/discover", None), &body);
    let answer = request.reply_to().discover(&info, &full().offer());
    assert_eq!(
        sent(&request, answer.json()),
        [
            r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","#,
            r#""supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26"],"#,
            r#""capabilities":{"completions":{},"logging":{},"prompts":{"listChanged":true},"#,
            r#""resources":{"subscribe":true,"listChanged":true},"tools":{"listChanged":true}},"#,
            r#""instructions":"i","ttlMs":60000,"cacheScope":"private","#,
            r#""_meta":{"io.modelcontextprotocol/serverInfo":"#,
            implementation,
            "}}}",
        ]
        .concat()
    );

    for version in ["2025-11-25", "2025-06-18", "2025-03-26"] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"{version}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
        );
        let request = official_request(&LEGACY, &body);
        let answer = request.reply_to().initialize(&info, &full().offer());
        let expected = format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"protocolVersion":"{version}","capabilities":{{"completions":{{}},"logging":{{}},"prompts":{{"listChanged":true}},"resources":{{"subscribe":true,"listChanged":true}},"tools":{{"listChanged":true}}}},"serverInfo":{implementation},"instructions":"i"}}}}"#
        );
        assert_eq!(sent(&request, answer.json()), expected);
    }
}

/// server/resources, "Listing Resources", where the server itself says which there are.
#[test]
fn resources_that_come_and_go() {
    let output = format!(r#"{{"resources":[{RESOURCE}],"nextCursor":"c"}}"#);
    let result = GuestResult::parse_resources(&output).unwrap();
    let members = format!(r#""resources":[{RESOURCE}],"nextCursor":"c""#);

    let body = r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#;
    let request = official_request(&LEGACY, body);
    let answer = request
        .reply_to()
        .guest_result(&server(), &result, Vec::new());
    let expected = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{{members}}}}}"#);
    assert_eq!(sent(&request, answer.json()), expected);

    let body = modern_body("resources/list", "");
    let request = official_request(&modern("resources/list", None), &body);
    let answer = request
        .reply_to()
        .guest_result(&server(), &result, Vec::new());
    let expected = format!(
        r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"complete",{members},"ttlMs":0,"cacheScope":"private",{META}}}}}"#
    );
    assert_eq!(sent(&request, answer.json()), expected);
}
