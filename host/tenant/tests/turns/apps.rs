//! What the host must not touch on its way between a server and a client: the parts of MCP Apps, and
//! the trace context of a request.

use crate::world::World;
use serde_json::{Value, json};

const GUEST: &str = include_str!("../../../../tests/guests/apps.wat");
const MODERN: &str = "2026-07-28";
const LEGACY: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

/// Sends a request, its `_meta` as it is written here, and gives the response as text.
fn answer(
    world: &mut World,
    key: &str,
    version: &str,
    method: &str,
    (params, meta): (&str, &str),
) -> String {
    let comma = if params.is_empty() { "" } else { "," };
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{{params}{comma}"_meta":{meta}}}}}"#
    );
    let named: Value = serde_json::from_str(&format!("{{{params}}}")).unwrap();
    let mut frame = world.frame("POST", "/t/acme/hello/mcp", key, body.into_bytes());
    let mut header = |name: &str, value: &str| {
        frame.headers.push((name.to_owned(), value.to_owned()));
    };
    header("mcp-protocol-version", version);
    header("mcp-method", method);
    if let Some(name) = named["name"].as_str().or(named["uri"].as_str()) {
        header("mcp-name", name);
    }
    let outcome = world.send("tenant:acme", frame);
    assert_eq!(outcome.status(), 200, "{}", outcome.text());
    let text = outcome.text().to_owned();
    smcp_official::sent(version, method, &text).unwrap();
    text
}

/// A request's `_meta` of that version, with more members in it.
fn meta(version: &str, more: &str) -> String {
    if version != MODERN {
        return format!("{{{more}}}");
    }
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{{more}{comma}"io.modelcontextprotocol/protocolVersion":"{MODERN}","io.modelcontextprotocol/clientCapabilities":{{"extensions":{{"io.modelcontextprotocol/ui":{{"mimeTypes":["text/html;profile=mcp-app"]}}}}}}}}"#
    )
}

/// The extension MCP Apps, 2026-01-26, "UI Resource Format" and "Resource Discovery".
#[test]
fn an_app_passes_whole_in_lists_and_when_it_is_read() {
    let mut world = World::new();
    let key = world.acme(GUEST);
    for version in [MODERN, LEGACY[0], LEGACY[1], LEGACY[2]] {
        let meta = meta(version, "");
        // As the author wrote it, to the byte: numbers and white space too.
        for (method, list) in [
            (
                "tools/list",
                r#""tools":[{"name":"show","inputSchema":{"type":"object"},"_meta":{"ui":{"resourceUri":"ui://clock/face","visibility":["model","app"]},"com.example/own":[1, 2.50]}}]"#,
            ),
            (
                "resources/list",
                r#""resources":[{"uri":"ui://clock/face","name":"face","mimeType":"text/html;profile=mcp-app","_meta":{"ui":{"prefersBorder":true}}}]"#,
            ),
        ] {
            let listed = answer(&mut world, &key, version, method, ("", &meta));
            assert!(listed.contains(list), "{version} {listed}");
        }
        let asked = (r#""uri":"ui://clock/face""#, meta.as_str());
        let read = answer(&mut world, &key, version, "resources/read", asked);
        let contents = r#""contents":[{"uri":"ui://clock/face","mimeType":"text/html;profile=mcp-app","text":"<!doctype html><p>12:00</p>","_meta":{"ui":{"csp":{"connectDomains":["https://time.example"],"resourceDomains":[]}}}}]"#;
        assert!(read.contains(contents), "{version} {read}");
    }
}

/// 2026-07-28, basic/index, "General fields", `_meta`: the keys of OpenTelemetry go without a prefix.
#[test]
fn trace_context_reaches_the_guest_unchanged() {
    let trace = r#""traceparent":"00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01","tracestate":"vendor=a\u002fb, other=1","baggage":"user=Ad%C3%A9le;p=1 , n=2","com.example/own":{ "n":1.50 }"#;
    let mut world = World::new();
    let key = world.acme(GUEST);
    for version in [MODERN, LEGACY[0], LEGACY[1], LEGACY[2]] {
        let meta = meta(version, trace);
        let asked = (r#""name":"show","arguments":{}"#, meta.as_str());
        let seen = answer(&mut world, &key, version, "tools/call", asked);
        let given =
            format!(r#""structuredContent":{{"name":"show","arguments":{{}},"_meta":{meta}}}"#);
        assert!(seen.contains(&given), "{version} {seen}");
        let seen: Value = serde_json::from_str(&seen).unwrap();
        let seen = &seen["result"]["structuredContent"]["_meta"];
        assert_eq!(seen["tracestate"], "vendor=a/b, other=1");
        assert_eq!(seen["com.example/own"], json!({"n": 1.5}));
    }
}
