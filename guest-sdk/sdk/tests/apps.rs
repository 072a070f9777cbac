//! An author's way to MCP Apps and to trace context: what is declared is listed and read whole, and
//! the request's `_meta` is there to read.

#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};
use smcp_sdk::testing::Client;
use smcp_sdk::{
    JsonObject, Meta, ResourceContents, ServerHandler, resource, resource_handler, resource_router,
    tool, tool_handler, tool_router,
};

const FACE: &str = "ui://clock/face";
const APP: &str = "text/html;profile=mcp-app";

#[derive(Default)]
struct Clock;

#[tool_router]
impl Clock {
    /// Shows the time.
    #[tool(meta = json!({ "ui": { "resourceUri": FACE } }))]
    fn show(&self) -> &'static str {
        "12:00"
    }

    /// Says which trace it is in.
    #[tool]
    fn trace(&self, Meta(meta): Meta) -> String {
        ["traceparent", "tracestate", "baggage"]
            .map(|key| meta.get(key).and_then(Value::as_str).unwrap_or("-"))
            .join(" ")
    }
}

#[resource_router]
impl Clock {
    /// The face of the clock.
    #[resource(
        uri = "ui://clock/face",
        mime_type = "text/html;profile=mcp-app",
        meta = r#"{"ui":{"prefersBorder":true}}"#
    )]
    fn face(&self) -> ResourceContents {
        let csp = json!({ "csp": { "connectDomains": ["https://time.example"] } });
        ResourceContents::text(FACE, "<!doctype html><p>12:00</p>")
            .with_mime_type(APP)
            .with_meta(JsonObject::from_iter([("ui".to_owned(), csp)]))
    }
}

#[tool_handler]
#[resource_handler]
impl ServerHandler for Clock {}

#[test]
fn an_app_is_declared_listed_and_read_whole() {
    let client = Client::<Clock>::new();
    assert_eq!(
        client.list_tools()[0]["_meta"],
        json!({ "ui": { "resourceUri": FACE } })
    );
    let listed = json!({
        "uri": FACE,
        "name": "face",
        "description": "The face of the clock.",
        "mimeType": APP,
        "_meta": { "ui": { "prefersBorder": true } },
    });
    assert_eq!(client.list_resources(), [listed]);
    let read = json!({
        "uri": FACE,
        "mimeType": APP,
        "text": "<!doctype html><p>12:00</p>",
        "_meta": { "ui": { "csp": { "connectDomains": ["https://time.example"] } } },
    });
    assert_eq!(client.read_resource(FACE).contents(), [read]);
}

#[test]
fn trace_context_is_in_the_meta_of_the_request() {
    let client = Client::<Clock>::new();
    assert_eq!(client.call("trace", json!({})).text(), "- - -");
    let meta = [
        ("traceparent", "00-a-b-01"),
        ("tracestate", "v=1"),
        ("baggage", "n=2"),
    ];
    let meta = meta.map(|(key, value)| (key.to_owned(), json!(value)));
    let client = client.with_meta(JsonObject::from_iter(meta));
    let said = client.call("trace", json!({}));
    assert_eq!(said.text(), "00-a-b-01 v=1 n=2");
}
